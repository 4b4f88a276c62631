"""Starts the application by the README's ./mvnw spring-boot:run on a clean clone, and ends it as Ctrl-C in a terminal does.
Called by CI's script."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from documents import the_one
from harness import ROOT, connect, free_port, http, main, receive, wait_for


def processes(session):
    """The processes of a session, the zombies left out."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # Behind the name, which may hold anything
            state, _parent, _group, of = stat.read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state != "Z":
                found.append(int(stat.parent.name))
    return found


def heed_interrupts():
    """A shell lets its background jobs ignore Ctrl-C, and theirs inherit that: then nothing here could be interrupted."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def command(arguments):
    return [*the_one("README.md", "./mvnw spring-boot:run").text.split(), "-B", "-ntp",
            f"-Dspring-boot.run.arguments={arguments}"]


class RunTests(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.clone = pathlib.Path(folder.name, "weir")
        subprocess.run(["git", "clone", "-q", ROOT, self.clone], check=True)

    def test_interrupted_under_load(self):
        tcp, actuator = free_port(), free_port()
        with tempfile.NamedTemporaryFile() as log:
            # A session of its own, as a terminal has: Ctrl-C goes to all of its foreground group, Maven and its child
            began = time.monotonic()
            maven = subprocess.Popen(
                command(f"--tcp.server.port={tcp} --server.port={actuator} --tcp.server.protocol=echo"),
                cwd=self.clone, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
            try:
                wait_for(lambda: maven.poll() is not None or http(actuator, "/actuator/health/readiness")[0] == 200,
                         240, "it is ready")
                print(f"\nready {time.monotonic() - began:.1f} s after ./mvnw spring-boot:run", flush=True)
                self.assertGreaterEqual(len(processes(maven.pid)), 2, self.text(log))
                with connect(tcp) as busy, connect(tcp) as quiet:
                    quiet.sendall(b"data\n")
                    self.assertEqual(receive(quiet, 5), b"data\n")
                    os.killpg(maven.pid, signal.SIGINT)
                    end = time.monotonic() + 2
                    while time.monotonic() < end:
                        busy.sendall(b"data\n")
                        self.assertEqual(receive(busy, 5), b"data\n")
                        time.sleep(0.05)
                    self.assertEqual(quiet.recv(1), b"")
                    with self.assertRaises(ConnectionRefusedError):
                        connect(tcp)
                    # Now it is quiet, too
                    self.assertEqual(busy.recv(1), b"")
                wait_for(lambda: not processes(maven.pid) and maven.poll() is not None, 60, "all processes have ended")
                with socket.socket() as again:
                    again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    again.bind(("127.0.0.1", tcp))
                self.assertRegex(self.text(log), r"Stopped listening on \S+ after \d+ ms: 2 connections drained, "
                                                 r"0 cut at the end of the grace period, 0 received bytes not answered")
                # Neither the tests nor the SBOM are made for it
                self.assertNotRegex(self.text(log), "testCompile|makeAggregateBom")
            finally:
                for left in processes(maven.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(left, signal.SIGKILL)
                maven.wait()

    def test_failed_start(self):
        done = subprocess.run(command("--tcp.server.max-connections=0"), cwd=self.clone, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=240)
        self.assertNotEqual(done.returncode, 0)
        report, action, rest = done.stdout.partition("Correct what is named above")
        self.assertIn("Property: tcp.server.max-connections", report)
        self.assertTrue(action, done.stdout)
        # Maven has the last word, but nobody else
        self.assertRegex(rest, r"^(\s*\[(INFO|ERROR)\][^\n]*)*\s*$")

    def test_without_a_jdk_25(self):
        older = next((release.parent for release in pathlib.Path("/usr/lib/jvm").glob("*/release")
                      if 'JAVA_VERSION="17' in release.read_text()), None)
        if older is None:
            self.skipTest("there is no JDK 17 below /usr/lib/jvm to run Maven with")
        if os.geteuid() != 0:
            self.skipTest("only root hides the JDK 25 from a process")
        newer = [release.parent for release in pathlib.Path("/usr/lib/jvm").glob("*/release")
                 if 'JAVA_VERSION="17' not in release.read_text()]
        hide = "".join(f"mount -t tmpfs none {folder.resolve()} && " for folder in newer)
        for arguments in (command(""), ["./mvnw", "-B", "-ntp", "verify"]):
            done = subprocess.run(["unshare", "--mount", "sh", "-c", hide + 'exec "$@"', "sh", *arguments],
                                  cwd=self.clone, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240,
                                  env={**{key: value for key, value in os.environ.items() if not key.startswith("JAVA")},
                                       "JAVA_HOME": str(older)})
            with self.subTest(arguments):
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stdout, r"No JDK 25 or later was found: install one .*\. Looked in JAVA_HOME")
                self.assertNotIn("\tat ", done.stdout)

    @staticmethod
    def text(log):
        return pathlib.Path(log.name).read_text()


if __name__ == "__main__":
    heed_interrupts()
    main("run")
