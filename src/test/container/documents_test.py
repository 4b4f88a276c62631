"""Runs the commands of README.md and of src/docs as they are written, and holds the outputs that they show against what
comes. Called by documents.sh."""

import contextlib
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import time
import unittest

from documents import Command, commands, the_block, the_one
from harness import RECORD, ROOT, connect, exchange, http, json_of, main, receive, wait_for

README, BALANCERS, ENDPOINTS, MONITORING, OPERATING, PROTOCOLS, RECORDS, TLS = (
    "README.md", *(f"src/docs/{name}.md" for name in (
        "balancers", "endpoints", "monitoring", "operating", "protocols", "records", "tls")))

# Their commands take an hour, or are those of the build itself
NOT_RUN = {"src/docs/benchmarks.md", "src/docs/contributing.md"}

# The files that run what does not run here, and a text in each by which it is seen that it does
TESTS = "src/test/container/"
ELSEWHERE = {
    r"\./mvnw spring-boot:run$": (TESTS + "run_test.py", "the_one(\"README.md\", \"./mvnw spring-boot:run\")"),
    r"\./mvnw verify$": (".ci/run", "./mvnw -B -ntp verify"),
    # As far as the plain jar goes, which is all that others need
    r"\./mvnw -q -DskipTests install$": (TESTS + "plain.sh", "cp pom.xml \"$work/repository/io/weir/weir/"),
    r"\./mvnw -q -f src/examples/frames/pom\.xml package$": (
        TESTS + "examples.sh", "against_plain -f \"$work/$example/pom.xml\" package"),
    r"\./mvnw -q -f src/plugins/kafka/pom\.xml package$": (TESTS + "kafka.sh", "-f \"$work/kafka/pom.xml\" verify"),
    r"docker build -t weir:[\d.]+ \.$": (TESTS + "image.sh", "buildah bud "),
    r"docker run -d --name weir ": (TESTS + "image_test.py", "words(the_one(\"README.md\", \"docker run \"))"),
    r"docker run --rm .* -v \$PWD/plugins:/app/plugins:ro -e TCP_SERVER_PROTOCOL=frames weir:[\d.]+$": (
        TESTS + "image_test.py", "Container(\"-v\", f\"{folder}:/app/plugins:ro\""),
    r"docker exec ": (TESTS + "image_test.py", "commands(\"src/docs/operating.md\")"),
    r"ls src/plugins/kafka/target/plugins$": (TESTS + "kafka_test.py", "the_one(\"src/docs/records.md\", \"ls \")"),
    r"docker run --network host -v \$PWD/src/plugins/kafka/": (
        TESTS + "kafka_test.py", "Container(\"-v\", f\"{plugins}:/app/plugins:ro\""),
    r"kcat -b .* -t records ": (TESTS + "kafka_test.py", "def messages(self, count)"),
    r"kubectl apply -k src/kubernetes/base(?: +#|$)": (
        "src/test/java/io/weir/deployment/KubernetesManifestTests.java", "strings = { \"base\", "),
    r"kubectl apply -k src/kubernetes/(overlays/[\w-]+) +#": (
        "src/test/java/io/weir/deployment/KubernetesManifestTests.java", r', "\1"'),
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

    def do(self, command):
        """Runs a command that ends, starts a server, or starts what waits for the Enter key."""
        if re.match(r"java (?!-Djarmode)", command.text):
            self.start(command)
        elif "input(" in command.text:
            self.wait(command)
        else:
            self.run(command)

    def start(self, command, is_ready=lambda: http(8080, "/actuator/health/readiness")[0] == 200):
        """Starts a server, and waits until it is ready."""
        self.end()
        self.output = self.folder / "output"
        with self.output.open("w") as output:
            # Variables may stand before a command
            self.server = subprocess.Popen(["bash", "-c", "exec env " + command.text], cwd=self.folder, stdout=output,
                                           stderr=subprocess.STDOUT, env=self.environment)

        def ready():
            if self.server.poll() is not None:
                raise AssertionError(f"{command}\n{self.output.read_text()}")
            return is_ready()
        wait_for(ready, 120, str(command))
        if command.output is not None:
            with connect(9999) as client:
                client.sendall(RECORD)
                wait_for(lambda: self.output.read_text().endswith("\n"), 10, f"an output of {command}")
            command.check(self.output.read_text())

    def wait(self, command, line=b""):
        """Starts a command that waits for input when it has shown its output, which may be that of a first line."""
        process = subprocess.Popen(["bash", "-c", command.text], cwd=self.folder, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment)
        self.waiting.append(process)
        process.stdin.write(line)
        process.stdin.flush()
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
        if found := re.match(pattern, command.text):
            if found.expand(text) not in (ROOT / path).read_text():
                raise AssertionError(f"{path} does not run {command} any more")
            for document in re.findall(r"README\.md|src/docs/\w+\.md", text):
                if command.text not in [other.text for other in commands(document)]:
                    raise AssertionError(f"{path} runs the command of {document}, and not {command}")
            return True
    return False


def run_here(document):
    """A test's mark that it runs each command of a document that no other test runs."""
    def mark(test):
        test.document = document
        return test
    return mark


def jar(*settings):
    """The README's command that starts the jar, with settings."""
    command = next(command for command in commands(README) if re.fullmatch(r"java -jar \S+", command.text))
    return Command(README, " ".join([command.text, *(f"--{setting}" for setting in settings)]))


def issue(folder):
    """Makes an authority, and the certificates of a server and of a client."""
    for file, name, more in (("ca", "authority", []), *((file, name, ["-CA", "ca.crt", "-CAkey", "ca.key", "-addext",
            "subjectAltName=DNS:localhost"]) for file, name in (("tls", "server"), ("client", "client")))):
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-subj", f"/CN={name}.example", "-days", "30", "-keyout", f"{file}.key", "-out", f"{file}.crt",
                        *more], cwd=folder, check=True, capture_output=True)


class DocumentTests(unittest.TestCase):

    def setUp(self):
        self.has_run = False

    def document(self):
        return getattr(getattr(self, self._testMethodName), "document", None)

    def tearDown(self):
        self.assertEqual(self.has_run, self.document() is not None)

    def each(self, documents, **special):
        """Runs each command of the test's document that no other test runs; in another way where one is given for its
        first word."""
        self.has_run = True
        for command in commands(self.document()):
            with self.subTest(command.text):
                if not is_run_elsewhere(command):
                    special.get(command.text.split()[0], documents.do)(command)

    def test_each_command_is_run(self):
        tested = {test.document for test in vars(DocumentTests).values() if hasattr(test, "document")}
        for path in [ROOT / README, *sorted((ROOT / "src/docs").glob("*.md"))]:
            document = str(path.relative_to(ROOT))
            with self.subTest(document):
                if document not in NOT_RUN:
                    here = [str(command) for command in commands(document) if not is_run_elsewhere(command)]
                    self.assertEqual(bool(here), document in tested, here)

    @run_here(README)
    def test_readme(self):
        with Documents() as documents:
            # A backlog that the kernel does not grant, which is the finding that it shows
            documents.environment["TCP_SERVER_BACKLOG"] = "8192"
            self.each(documents)

    @run_here(ENDPOINTS)
    def test_endpoints(self):
        with Documents() as documents, contextlib.ExitStack() as clients:
            def start(command):
                command.text = command.text.replace("./mvnw spring-boot:run", jar().text)
                documents.start(command)
                self.assertTrue(exchange(clients.enter_context(connect(9999))))
            self.each(documents, **{"TCP_SERVER_BACKLOG=8192": start})

    @run_here(MONITORING)
    def test_history(self):
        with Documents() as documents:
            documents.start(jar("tcp.server.protocol=echo", "tcp.server.idle-timeout=1s"))
            with self.client("10.1.2.3"):
                self.each(documents)

    def test_scrape_of_a_full_server(self):
        lines = the_block(MONITORING, "text", "tcp_server_state").splitlines()
        # What depends on the moment or the machine
        measured = re.compile(r"tcp_server_(rtt_seconds|accept_queue_overflows|socket_buffer_bytes.*effective)")

        def missing():
            scrape = dict(line.rsplit(" ", 1) for line in http(8080, "/actuator/prometheus")[1].splitlines())
            return [line for line in lines for series, value in [line.rsplit(" ", 1)]
                    if not (float(scrape.get(series, 0)) > 0 if measured.match(series) else scrape.get(series) == value)]

        with Documents() as documents, contextlib.ExitStack() as clients:
            documents.start(jar("tcp.server.protocol=echo", "tcp.server.backlog=2", "tcp.server.max-connections=3",
                                "tcp.server.receive-buffer-size=8MB"))
            for _ in range(9):
                client = clients.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", 9999))
            with contextlib.suppress(AssertionError):
                wait_for(lambda: not missing(), 30, "all series")
            self.assertEqual(missing(), [])

    @run_here(PROTOCOLS)
    def test_plug_in(self):
        with Documents() as documents:
            plugin = documents.folder / "src/examples/frames/target/frames-1.jar"
            plugin.parent.mkdir(parents=True)
            plugin.symlink_to(ROOT / "target/examples/frames.jar")
            self.each(documents)
            with connect(9999) as client:
                # RFC 3720, B.4: 32 bytes of zeros
                client.sendall(struct.pack("!I", 32) + bytes(32))
                self.assertEqual(receive(client, 4), struct.pack("!I", 0x8A9136AA))

    @run_here(TLS)
    def test_tls(self):
        with Documents() as documents:
            issue(documents.folder)
            for line in the_block(TLS, "env").splitlines():
                if not line.startswith("#"):
                    name, value = line.split("=", 1)
                    documents.environment[name] = value.replace("/certs/", f"{documents.folder}/")
            documents.start(jar(), lambda: subprocess.run(
                ["curl", "-sf", "--cacert", "ca.crt", "https://localhost:8080/actuator/health/readiness"],
                cwd=documents.folder, stdout=subprocess.DEVNULL, check=False).returncode == 0)

            def talk(command):
                command.output = "weir"
                documents.wait(command, b"weir\n")
            self.each(documents, openssl=talk)

    @run_here(RECORDS)
    def test_records_apart_from_the_log(self):
        with Documents() as documents:
            documents.environment["LOGGING_LEVEL_IO_WEIR"] = "debug"
            self.each(documents)
            with connect(9999) as client:
                self.assertTrue(exchange(client))
                record = the_block(RECORDS, "text", " stdout F ").rpartition(" stdout F ")[2]
                self.await_shown(RECORDS, record, documents.folder / "records.jsonl")
                log = documents.folder / "weir.log"
                self.await_shown(MONITORING, the_block(MONITORING, "json"), log)
            for line in log.read_text().splitlines():
                self.assertIn("ecs", json.loads(line))

    @staticmethod
    def await_shown(document, text, file):
        shown = Command(document, file.name, text)
        with contextlib.suppress(AssertionError):
            wait_for(lambda: shown.is_shown_by(file.read_text()), 10, file.name)
        shown.check(file.read_text())

    @run_here(BALANCERS)
    def test_behind_a_balancer(self):
        with Documents() as documents:
            (documents.folder / "config").mkdir()
            (documents.folder / "config/application.yml").write_text(the_block(BALANCERS, "yaml", "trusted: "))
            documents.start(jar())
            host, port = re.search(r'"peer":"(.*?):(\d+)"', the_one(BALANCERS, "curl ").output).groups()
            with socket.create_connection(("127.0.0.1", 9999), 10, ("10.1.2.3", 0)) as balancer:
                balancer.sendall(f"PROXY TCP4 {host} 127.0.0.1 {port} 9999\r\ndata\n".encode())
                self.assertEqual(receive(balancer, 5), b"data\n")
                self.each(documents)
                connection = json_of(8080, "/actuator/tcpconnections")["connections"][0]
                self.assertEqual(connection["peer"], f"{host}:{port}")
                self.assertEqual(connection["via"], f"10.1.2.3:{balancer.getsockname()[1]}")

    def test_readme_is_of_this_version(self):
        version = re.search(r"<artifactId>weir</artifactId>\s*<version>(.*?)<", (ROOT / "pom.xml").read_text()).group(1)
        for document in (README, *(f"src/docs/{path.name}" for path in (ROOT / "src/docs").glob("*.md"))):
            with self.subTest(document):
                named = re.findall(r"\bweir[-:](\d+\.\d+\.\d+)", (ROOT / document).read_text())
                self.assertEqual(set(named) - {version}, set())
        self.assertIn(f"ARG VERSION={version}\n", (ROOT / "Dockerfile").read_text())

    @run_here(OPERATING)
    def test_everyday_jobs(self):
        with Documents() as documents:
            documents.start(jar("tcp.server.protocol=echo", "tcp.server.backlog=8192", "tcp.server.max-connections=3",
                                "tcp.server.write-timeout=1h", "management.endpoint.tcpconnections.access=unrestricted",
                                *the_block(OPERATING, "properties").split()))
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
                self.each(documents)
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
