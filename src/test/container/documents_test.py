"""Runs the commands of README.md and of src/docs/operating.md as they are written, and holds the outputs that they show
against what comes. Called by documents.sh."""

import contextlib
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import time
import unittest

from documents import commands
from harness import RECORD, ROOT, connect, http, json_of, main, receive, wait_for

README, OPERATING = "README.md", "src/docs/operating.md"

# What other tests run, and where it is seen that they do
ELSEWHERE = {
    r"\./mvnw spring-boot:run$": ("src/test/container/run_test.py", "the_one(\"README.md\", \"./mvnw spring-boot:run\")"),
    r"\./mvnw verify$": (".ci/run", "./mvnw -B -ntp verify"),
    r"docker build -t weir:[\d.]+ \.$": ("src/test/container/image.sh", "buildah bud "),
    r"docker run ": ("src/test/container/image_test.py", "words(the_one(\"README.md\", \"docker run \"))"),
    r"docker exec ": ("src/test/container/image_test.py", "startswith(\"docker exec \")"),
    r"kubectl apply -k src/kubernetes/base$": (
        "src/test/java/io/weir/deployment/KubernetesManifestTests.java", "List.of(\"kubectl\")"),
}


class Documents(contextlib.ExitStack):
    """Runs commands in a folder that has the build's target, against one server at a time on the default ports."""

    def __enter__(self):
        super().__enter__()
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory()))
        (self.folder / "target").symlink_to(ROOT / "target")
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("TCP_SERVER_")}
        self.environment["W"] = "http://localhost:8080/actuator"
        self.server, self.waiting = None, []
        self.callback(self.end)
        return self

    def end(self):
        """Ends what still runs."""
        for process in [*self.waiting, self.server]:
            if process is not None:
                process.kill()
                process.communicate(timeout=20)
        self.server, self.waiting = None, []

    def start(self, command, **environment):
        """Starts a server, and waits until it is ready."""
        self.end()
        self.output = self.folder / "output"
        with self.output.open("w") as output:
            self.server = subprocess.Popen(["bash", "-c", "exec " + command.text], cwd=self.folder, stdout=output,
                                           stderr=subprocess.STDOUT, env={**self.environment, **environment})

        def ready():
            if self.server.poll() is not None:
                raise AssertionError(f"{command}\n{self.output.read_text()}")
            return http(8080, "/actuator/health/readiness")[0] == 200
        wait_for(ready, 120, str(command))
        if command.output is not None:
            with connect(9999) as client:
                client.sendall(RECORD)
                wait_for(lambda: self.output.read_text().endswith("\n"), 10, f"an output of {command}")
            command.check(self.output.read_text())

    def wait(self, command):
        """Starts a command that waits for the Enter key."""
        process = subprocess.Popen(["bash", "-c", command.text], cwd=self.folder, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment)
        self.waiting.append(process)
        output = ""
        while True:
            with contextlib.suppress(AssertionError):
                command.check(output)
                return
            more = os.read(process.stdout.fileno(), 1000).decode()
            if not more:
                raise AssertionError(f"{command}\n{output}")
            output += more

    def run(self, command):
        """Runs a command that ends; one that shows an output again and again, until the server has come so far."""
        end = time.monotonic() + 20
        while True:
            done = subprocess.run(["bash", "-c", "set -o pipefail; " + command.text], cwd=self.folder,
                                  capture_output=True, text=True, timeout=60, env=self.environment)
            if done.returncode != 0 or done.stderr:
                raise AssertionError(f"{command}\n{done.stdout}{done.stderr}")
            try:
                command.check(done.stdout)
                return
            except AssertionError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.2)


def is_run_elsewhere(command):
    for pattern, (path, text) in ELSEWHERE.items():
        if re.match(pattern, command.text):
            if text not in (ROOT / path).read_text():
                raise AssertionError(f"{path} does not run {command} any more")
            return True
    return False


class DocumentTests(unittest.TestCase):

    def test_readme(self):
        # A backlog that the kernel does not grant, which is the finding that it shows
        environment = {"TCP_SERVER_BACKLOG": "8192"}
        count = 0
        with Documents() as documents:
            for command in commands(README):
                with self.subTest(command.text):
                    if is_run_elsewhere(command):
                        continue
                    count += 1
                    if command.text.startswith("java "):
                        documents.start(command, **environment)
                    elif "input(" in command.text:
                        documents.wait(command)
                    else:
                        documents.run(command)
        self.assertGreaterEqual(count, 5)

    def test_readme_is_of_this_version(self):
        version = re.search(r"<artifactId>weir</artifactId>\s*<version>(.*?)<", (ROOT / "pom.xml").read_text()).group(1)
        for document in (README, *(f"src/docs/{path.name}" for path in (ROOT / "src/docs").glob("*.md"))):
            with self.subTest(document):
                named = re.findall(r"\bweir[-:](\d+\.\d+\.\d+)", (ROOT / document).read_text())
                self.assertEqual(set(named) - {version}, set())
        self.assertIn(f"ARG VERSION={version}\n", (ROOT / "Dockerfile").read_text())

    def test_everyday_jobs(self):
        loggers = re.search(r"^```properties\n(.*?)^```$", (ROOT / OPERATING).read_text(), re.DOTALL | re.MULTILINE)
        settings = ["tcp.server.protocol=echo", "tcp.server.backlog=8192", "tcp.server.max-connections=3",
                    "tcp.server.write-timeout=1h", "management.endpoint.tcpconnections.access=unrestricted",
                    *loggers.group(1).split()]
        server = next(command for command in commands(README) if re.fullmatch(r"java -jar \S+", command.text))
        with Documents() as documents:
            server.text += "".join(f" --{setting}" for setting in settings)
            documents.start(server)
            with contextlib.ExitStack() as clients:
                # Two read nothing, and one of them is cut; one resets; then three of three places are taken
                for address in ("10.1.2.3", "10.1.2.4"):
                    clients.enter_context(self.client(address, flood=True))
                slow = wait_for(lambda: (lambda found: len(found) == 2 and found)(
                    json_of(8080, "/actuator/tcpconnections?diagnosed=true")["connections"]), 30, "diagnoses")
                other = next(connection["id"] for connection in slow if connection["peer"].startswith("10.1.2.4:"))
                subprocess.run(["curl", "-s", "-X", "DELETE", f"http://localhost:8080/actuator/tcpconnections/{other}"],
                               check=True)
                self.wait_for_active(1)
                with self.client("10.1.2.4") as resetting:
                    resetting.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.wait_for_active(1)
                for _ in range(2):
                    clients.enter_context(self.client("10.1.2.4"))
                for _ in range(2):
                    clients.enter_context(self.client("10.1.2.4", wait=False))
                count = 0
                for command in commands(OPERATING):
                    with self.subTest(command.text):
                        if not is_run_elsewhere(command):
                            count += 1
                            documents.run(command)
                self.assertGreaterEqual(count, 6)
            kicked = wait_for(lambda: json_of(8080, "/actuator/tcpconnections?state=closed&peer=10.1.2.3")["connections"],
                              10, "an end of the client that was kicked")
            self.assertEqual([connection["reason"] for connection in kicked], ["closed_by_operator"])
            wait_for(lambda: " DEBUG " in documents.output.read_text(), 10, "a line at DEBUG")

    @staticmethod
    def wait_for_active(count):
        wait_for(lambda: json_of(8080, "/actuator/tcpserver")["connections"]["active"] == count, 10, f"{count} active")

    @staticmethod
    @contextlib.contextmanager
    def client(address, flood=False, wait=True):
        with socket.create_connection(("127.0.0.1", 9999), 10, (address, 0)) as client:
            client.sendall(b"data\n")
            if wait and receive(client, 5) != b"data\n":
                raise AssertionError("unanswered")
            if flood:
                client.setblocking(False)
                refused = 0
                # Until nothing goes for half a second: neither side reads any more. Tries are counted, as a machine that
                # stands still passes any time
                while refused < 500:
                    try:
                        client.send(bytes(65536))
                        refused = 0
                    except BlockingIOError:
                        refused += 1
                    time.sleep(0.001)
            yield client


if __name__ == "__main__":
    main("documents")
