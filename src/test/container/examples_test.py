"""Runs the examples: an application that has Weir as a library, and a plug-in behind the service's jar. Called by
examples.sh."""

import json
import os
import pathlib
import re
import struct
import subprocess
import tempfile
import unittest

from harness import ROOT, connect, free_port, http, json_of, main, receive, wait_for

JAVA = os.path.join(os.environ["JAVA_HOME"], "bin", "java")

EXAMPLES = ROOT / "target" / "examples"

WEIR = next(jar for jar in (ROOT / "target").glob("weir-*.jar") if not jar.name.endswith("-plain.jar"))


class Process:
    """A JVM whose log can be looked at, ended by SIGTERM."""

    def __init__(self, *command, environment=None, folder="/"):
        self.command = [JAVA, "-Xmx256m", *map(str, command)]
        self.environment = {**{key: value for key, value in os.environ.items() if not key.startswith("TCP_SERVER_")},
                            **(environment or {})}
        self.folder = folder

    def __enter__(self):
        self.output = tempfile.NamedTemporaryFile()
        self.process = subprocess.Popen(self.command, cwd=self.folder, env=self.environment, stdout=self.output,
                                        stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(20)
        self.output.close()

    def log(self):
        # Opened again: the process writes where this file's own position is
        return pathlib.Path(self.output.name).read_text(errors="replace")

    def await_log(self, text):
        def found():
            if self.process.poll() is not None:
                raise AssertionError(self.log())
            return text in self.log()
        wait_for(found, 60, text)
        return self

    def end(self):
        self.process.terminate()
        return self.process.wait(20)


class LibraryTests(unittest.TestCase):

    def test_lines_are_served_by_an_application_of_its_own(self):
        tcp, port = free_port(), free_port()
        with Process("-jar", EXAMPLES / "lines.jar", environment={
                "TCP_SERVER_PORT": str(tcp), "SERVER_PORT": str(port), "TCP_SERVER_COLOUR": "red"}) as lines:
            lines.await_log("Started LinesApplication")
            with connect(tcp) as client:
                client.sendall(b"one\ntw")
                client.sendall("ö\n".encode())
                self.assertEqual(receive(client, 9), "ONE\nTWÖ\n".encode())
                server = json_of(port, "/actuator/tcpserver")
                self.assertEqual((server["protocol"], server["protocolSource"]), ("lines", "bean"))
                self.assertEqual(server["connections"]["bytesReceived"], 9)
                client.sendall(b"bye\n")
                self.assertEqual(client.recv(1), b"")
            # The application's own settings, not the service's
            self.assertEqual(http(port, "/actuator/health")[0], 200)
            self.assertEqual(http(port, "/actuator/prometheus")[0], 404)
            self.assertEqual(http(port, "/actuator/tcpconnections")[0], 404)
            status, body = http(port, "/")
            self.assertEqual(status, 404)
            self.assertIn("timestamp", body, "Spring Boot's own error body")
            log = lines.log()
            self.assertIn(":: Spring Boot ::", log, "the banner, which the service turns off")
            self.assertEqual(len(re.findall(r"not on event loops", log)), 1, log)
            warnings = [line for line in log.splitlines() if " WARN " in line]
            self.assertEqual(len([line for line in warnings if "TCP_SERVER_COLOUR" in line]), 1, log)
            self.assertIn("native access", log)
            wait_for(lambda: json_of(port, "/actuator/tcpserver")["connections"]["closed"]["closed_by_handler"] == 1, 20,
                     "end")
            self.assertEqual(lines.end(), 143, "of SIGTERM")

    def test_a_value_that_is_not_valid_is_answered_for_its_list_only(self):
        tcp, port = free_port(), free_port()
        with Process("-jar", EXAMPLES / "lines.jar", environment={
                "TCP_SERVER_PORT": str(tcp), "SERVER_PORT": str(port),
                "MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE": "tcpconnections,metrics"}) as lines:
            lines.await_log("Started LinesApplication")
            for query, message in (("sort=nonsense", "sort: 'nonsense' is none of bytes, age, idle, rtt, retransmits, diagnosis"),
                                   ("limit=-1", "limit")):
                status, body = http(port, f"/actuator/tcpconnections?{query}")
                self.assertEqual(status, 400)
                self.assertIn(message, json.loads(body)["message"])
            status, body = http(port, "/actuator/metrics/jvm.memory.used?tag=nonsense")
            self.assertEqual(status, 400)
            self.assertNotIn("message", json.loads(body), "as without Weir")

    def test_an_application_can_turn_it_off(self):
        port = free_port()
        with Process("-jar", EXAMPLES / "lines.jar", environment={
                "TCP_SERVER_ENABLED": "false", "SERVER_PORT": str(port),
                "MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE": "*"}) as lines:
            lines.await_log("Started LinesApplication")
            self.assertEqual(http(port, "/actuator/health")[0], 200)
            self.assertEqual(http(port, "/actuator/tcpserver")[0], 404)
            self.assertNotIn("Listening on", lines.log())


class PluginTests(unittest.TestCase):

    def test_frames_are_served_by_the_service_with_the_plug_in(self):
        tcp, port = free_port(), free_port()
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([JAVA, "-Djarmode=tools", "-jar", WEIR, "extract", "--destination", folder], check=True,
                           capture_output=True)
            plugins = pathlib.Path(folder, "plugins")
            plugins.mkdir()
            (plugins / "frames.jar").symlink_to(EXAMPLES / "frames.jar")
            with Process("--add-opens", "java.base/java.lang=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
                         "-cp", f"{WEIR.name}:plugins/*", "io.weir.WeirApplication", folder=folder, environment={
                             "TCP_SERVER_PORT": str(tcp), "SERVER_PORT": str(port),
                             "TCP_SERVER_PROTOCOL": "FRAMES"}) as weir:
                weir.await_log("Started WeirApplication")
                with connect(tcp) as client:
                    # RFC 3720, B.4: 32 bytes of zeros
                    client.sendall(struct.pack("!I", 32) + bytes(32))
                    self.assertEqual(receive(client, 4), struct.pack("!I", 0x8A9136AA))
                with connect(tcp) as client:
                    client.sendall(struct.pack("!I", 32) + bytes(7))
                    client.shutdown(1)
                    self.assertEqual(client.recv(1), b"")
                server = wait_for(lambda: (lambda body: body["connections"]["active"] == 0 and body)(
                    json_of(port, "/actuator/tcpserver")), 20, "end")
                self.assertEqual((server["protocol"], server["protocolSource"]), ("frames", "jar"))
                closed = {reason: count for reason, count in server["connections"]["closed"].items() if count}
                self.assertEqual(closed, {"end_of_stream": 1, "partial_record": 1})
                log = weir.log()
                self.assertIn("frames.jar", log, "what is plugged in is said")
                self.assertNotIn("not on event loops", log)
                self.assertNotIn("native access", log)


if __name__ == "__main__":
    main("examples")
