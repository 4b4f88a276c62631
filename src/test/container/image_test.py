"""Runs the image under the confinement that the README recommends, and talks to it. Called by image.sh."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import zipfile

from containers import IMAGE, Container, podman
from documents import commands, the_one, words
from harness import ROOT, connect, exchange, http, json_of, main, median, receive, wait_for

# Of examples.sh
PLUGIN = ROOT / "target" / "examples" / "frames.jar"

MEMORY = 256 * 1024 * 1024


class ImageTests(unittest.TestCase):

    def test_what_the_image_says_of_itself(self):
        config = json.loads(podman("image", "inspect", IMAGE).stdout)[0]
        self.assertEqual(config["User"], "10001:10001")
        self.assertEqual(config["Config"]["Entrypoint"][0], "java")
        self.assertEqual(set(config["Config"]["ExposedPorts"]), {"9999/tcp", "8080/tcp"})
        labels = config["Labels"]
        for label in ("title", "description", "version", "revision", "created", "base.name"):
            self.assertTrue(labels.get(f"org.opencontainers.image.{label}"), label)
        print(f"\nimage: {config['Size'] / 1e6:.0f} MB", flush=True)
        self.assertLess(config["Size"], 265e6)
        for layer in podman("history", "--format", "{{.Size}}\t{{.CreatedBy}}", "--no-trunc", IMAGE).stdout.splitlines():
            if not layer.startswith("0 B"):
                print("  " + layer[:100])

    def test_cache_is_accepted_where_it_was_trained_and_with_the_other_collector(self):
        # AOTMode=on makes a refused cache fatal
        for memory, cpus, collector in (("256m", "1", "Copy"), ("2g", "2", "G1")):
            with self.subTest(collector), Container(environment={"JDK_JAVA_OPTIONS": "-XX:AOTMode=on"}, memory=memory,
                                                    cpus=cpus) as weir:
                weir.await_ready()
                scrape = http(weir.http, "/actuator/prometheus")[1]
                self.assertIn("G1" if collector == "G1" else "Tenured", scrape)
                maps = pathlib.Path(f"/proc/{weir.pid()}/maps").read_text()
                self.assertIn("/app/weir.aot", maps)

    def test_plug_in_serves_and_the_cache_is_accepted(self):
        with tempfile.TemporaryDirectory() as folder:
            # Readable for the image's user
            os.chmod(folder, 0o755)
            jar = shutil.copy(PLUGIN, folder)
            os.chmod(jar, 0o644)
            with Container("-v", f"{folder}:/app/plugins:ro", environment={
                    "JDK_JAVA_OPTIONS": "-XX:AOTMode=on", "TCP_SERVER_PROTOCOL": "frames"}) as weir:
                weir.await_ready()
                self.assertIn("/app/weir.aot", pathlib.Path(f"/proc/{weir.pid()}/maps").read_text())
                server = json_of(weir.http, "/actuator/tcpserver")
                self.assertEqual((server["protocol"], server["protocolSource"]), ("frames", "jar"))
                with connect(weir.tcp) as client:
                    client.sendall(struct.pack("!I", 32) + bytes(32))
                    self.assertEqual(receive(client, 4), struct.pack("!I", 0x8A9136AA))
                self.assertIn("Plug-ins: /app/plugins/frames.jar", weir.log())

    def test_records_go_to_a_new_volume_into_a_file_of_the_replicas_own(self):
        volume = f"weir-test-{os.getpid()}"
        podman("volume", "create", volume)
        try:
            with Container("-v", f"{volume}:/data", environment={
                    "TCP_SERVER_PROTOCOL": "record", "TCP_SERVER_RECORDFORMAT": "B", "TCP_SERVER_RECORDS_FIELDS": "x",
                    "TCP_SERVER_RECORDS_OUTPUT": "file", "TCP_SERVER_RECORDS_FILE": "/data/${HOSTNAME}.jsonl"}) as weir:
                weir.await_ready()
                with connect(weir.tcp) as client:
                    client.sendall(bytes([7]))
                wait_for(lambda: json_of(weir.http, "/actuator/tcpserver")["records"]["written"] == 1, 20, "a line")
                environment = pathlib.Path(f"/proc/{weir.pid()}/environ").read_bytes().split(b"\0")
                replica, = (entry[9:].decode() for entry in environment if entry.startswith(b"HOSTNAME="))
                folder = pathlib.Path(podman("volume", "inspect", "-f", "{{.Mountpoint}}", volume).stdout.strip())
                self.assertEqual(os.listdir(folder), [f"{replica}.jsonl"])
                self.assertEqual(json.loads((folder / f"{replica}.jsonl").read_text())["x"], 7)
        finally:
            podman("volume", "rm", volume)

    def test_broken_plug_in_ends_the_container_with_a_report_that_names_it(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            with zipfile.ZipFile(f"{folder}/broken.jar", "w") as jar:
                jar.writestr("META-INF/spring/org.springframework.boot.autoconfigure.AutoConfiguration.imports",
                             "com.example.Missing\n")
            os.chmod(f"{folder}/broken.jar", 0o644)
            with Container("-v", f"{folder}:/app/plugins:ro") as weir:
                self.assertEqual(weir.await_exit(), 1)
                self.assertIn("The plug-in /app/plugins/broken.jar could not be started: it needs the class "
                              "com.example.Missing", weir.log())

    def test_refused_cache_is_seen(self):
        # The test above can fail: with another collector the same option ends the JVM
        with Container(environment={"JDK_JAVA_OPTIONS": "-XX:AOTMode=on -XX:+UseZGC"}, memory="1g") as weir:
            self.assertNotEqual(weir.await_exit(), 0)
            self.assertIn("AOT", weir.log())

    def test_health_check_follows_the_server_and_ends_when_it_hangs(self):
        with Container() as weir:
            weir.await_ready()
            began = time.monotonic()
            self.assertEqual(podman("healthcheck", "run", weir.name, check=False).returncode, 0)
            calm = time.monotonic() - began
            os.kill(weir.pid(), signal.SIGSTOP)
            try:
                began = time.monotonic()
                failed = podman("healthcheck", "run", weir.name, check=False, timeout=30).returncode
                took = time.monotonic() - began
            finally:
                os.kill(weir.pid(), signal.SIGCONT)
            self.assertNotEqual(failed, 0)
            self.assertLess(took, 3 + 1 + 3 * calm, "the HEALTHCHECK's own timeout and podman's start")

    def test_settings_from_the_environment_and_from_a_mounted_file(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            pathlib.Path(folder, "application.yml").write_text("tcp.server:\n  protocol: echo\n  max-connections: 7\n")
            with Container("-v", f"{folder}:/config:ro", environment={"TCP_SERVER_MAXCONNECTIONS": 5}) as weir:
                server = json_of(weir.await_ready().http, "/actuator/tcpserver")
                self.assertEqual(server["protocol"], "echo")
                # The environment goes before the file
                self.assertEqual(server["settings"]["maxConnections"]["effective"], 5)
                info = json_of(weir.http, "/actuator/info")
                self.assertRegex(info["git"]["commit"]["id"], "^[0-9a-f]{7,40}$")
                self.assertEqual(info["build"]["version"], json.loads(podman("image", "inspect", IMAGE).stdout)[0]
                                 ["Labels"]["org.opencontainers.image.version"])

    def test_recipe_over_tls_with_mounted_files(self):
        with tempfile.TemporaryDirectory() as folder:
            # Readable for the image's user, as a mounted Secret is
            os.chmod(folder, 0o755)
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-subj", "/CN=weir", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "20",
                            "-keyout", f"{folder}/tls.key", "-out", f"{folder}/tls.crt"], check=True, capture_output=True)
            os.chmod(f"{folder}/tls.key", 0o644)
            with Container("-v", f"{folder}:/certs:ro", environment={
                    "SPRING_SSL_BUNDLE_PEM_WEIR_KEYSTORE_CERTIFICATE": "/certs/tls.crt",
                    "SPRING_SSL_BUNDLE_PEM_WEIR_KEYSTORE_PRIVATEKEY": "/certs/tls.key",
                    "TCP_SERVER_SSL_BUNDLE": "weir"}) as weir:
                server = json_of(weir.await_ready().http, "/actuator/tcpserver")
                self.assertEqual(server["ssl"]["subject"], "CN=weir")
                self.assertIn("max-connections", [finding["setting"] for finding in server["findings"]],
                              "half of 256 MB is too little for 8,192 peers that read nothing")
                context = ssl.create_default_context(cafile=f"{folder}/tls.crt")
                with context.wrap_socket(connect(weir.tcp), server_hostname="127.0.0.1",
                                         suppress_ragged_eofs=False) as client:
                    for _ in range(20):
                        self.assertTrue(exchange(client))
                    self.assertEqual(client.version(), "TLSv1.3")
                    # Fails unless close_notify is answered
                    client.unwrap().close()
                wait_for(lambda: json_of(weir.http, "/actuator/tcpserver")["connections"]["closed"]["end_of_stream"] == 1,
                         20, "end")
                self.assertEqual(json_of(weir.http, "/actuator/tcpserver")["records"]["unpacked"], 20)

    def test_bad_setting_ends_the_container_with_a_report(self):
        with Container(environment={"TCP_SERVER_MAXCONNECTIONS": 0}) as weir:
            self.assertEqual(weir.await_exit(), 1)
            log = weir.log()
            self.assertIn("APPLICATION FAILED TO START", log)
            self.assertIn("TCP_SERVER_MAXCONNECTIONS", log)
            self.assertNotIn("\tat ", log)


class ConfinedTests(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.weir = cls.stack.enter_context(Container(environment={"LOGGING_STRUCTURED_FORMAT_CONSOLE": "ecs",
                                                                  "LOGGING_LEVEL_IO_WEIR": "debug"}))
        try:
            cls.weir.await_ready()
        except AssertionError:
            cls.stack.close()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def test_confinement_is_real(self):
        weir = self.weir
        self.assertEqual(weir.status("Uid").split(), ["10001"] * 4)
        self.assertEqual(weir.status("Gid").split(), ["10001"] * 4)
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(weir.status(capabilities), 16), 0, capabilities)
        self.assertEqual(weir.status("NoNewPrivs"), "1")
        self.assertEqual(weir.status("Seccomp"), "2", "a filter")
        root = next(line for line in pathlib.Path(f"/proc/{weir.pid()}/mountinfo").read_text().splitlines()
                    if line.split()[4] == "/")
        self.assertIn("ro", root.split()[5].split(","))
        # cgroups(7): the memory controller's line (version 1), or the only one
        groups = [line.split(":", 2) for line in pathlib.Path(f"/proc/{weir.pid()}/cgroup").read_text().splitlines()]
        limits = [pathlib.Path(f"/sys/fs/cgroup/memory{path}/memory.limit_in_bytes") for _, controllers, path in groups
                  if controllers == "memory"] or [pathlib.Path(f"/sys/fs/cgroup{path}/memory.max") for *_, path in groups]
        self.assertEqual(int(limits[0].read_text()), MEMORY)

    def test_exchange_and_what_the_kernel_says_of_it(self):
        with connect(self.weir.tcp) as client:
            self.assertTrue(exchange(client))
            peer = "127.0.0.1:%d" % client.getsockname()[1]
            wait_for(lambda: json_of(self.weir.http, "/actuator/tcpserver")["records"]["unpacked"] >= 1, 20, "record")
            server = json_of(self.weir.http, "/actuator/tcpserver")
            self.assertEqual(server["state"], "accepting")
            self.assertEqual(server["settings"]["backlog"]["source"], "sock_diag")
            self.assertEqual(server["acceptQueue"]["source"], "sock_diag")
            kernel = {connection["peer"]: connection["kernel"]
                      for connection in json_of(self.weir.http, "/actuator/tcpconnections")["connections"]}[peer]
            self.assertEqual(kernel["source"], "sock_diag")
            self.assertGreater(kernel["rttMicros"], 0)
            wait_for(lambda: "tcp_server_rtt_seconds" in http(self.weir.http, "/actuator/prometheus")[1], 20, "RTT")

    def test_structured_lines_carry_connection_and_peer(self):
        with connect(self.weir.tcp) as client:
            exchange(client)
            peer = "127.0.0.1:%d" % client.getsockname()[1]

            def line():
                lines = [json.loads(text) for text in self.weir.log().splitlines() if text.startswith("{")]
                return [fields for fields in lines if fields.get("peer") == peer]
            fields = wait_for(line, 20, "a line of the connection")[0]
            self.assertIsInstance(fields["connection"], int)
            self.assertEqual(fields["service"]["name"], "weir")
            self.assertEqual(fields["log"]["level"], "DEBUG")

    def test_every_endpoint_answers(self):
        for path in ("health", "health/liveness", "health/readiness", "info", "metrics", "prometheus", "sbom",
                     "sbom/application", "tcpserver", "tcpconnections"):
            self.assertEqual(http(self.weir.http, f"/actuator/{path}")[0], 200, path)


class DocumentedTests(unittest.TestCase):
    """What the README and the operating document run with Docker, here with podman, in a network of the container's own."""

    def nsenter(self, name, command):
        pid = podman("inspect", "-f", "{{.State.Pid}}", name).stdout.strip()
        done = subprocess.run(["nsenter", "-n", "-t", pid, "bash", "-c", command], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_container_runs_as_the_readme_and_the_operating_document_say(self):
        docker, run, *arguments = words(the_one("README.md", "docker run "))
        self.assertEqual((docker, run, arguments.pop(0)), ("docker", "run", "-d"))
        image = arguments.pop()
        self.assertRegex(image, r"^weir:\d")
        # Nothing can be published without a bridge
        kept, published = [], []
        while arguments:
            option = arguments.pop(0)
            value = [] if option == "--read-only" else [arguments.pop(0)]
            (published if option == "-p" else kept).extend([option, *value])
        self.assertEqual(published, ["-p", "9999:9999", "-p", "127.0.0.1:8080:8080"])
        name = kept[kept.index("--name") + 1]
        podman("run", "-d", *kept, "--pull=never", "--network", "none", "--ulimit", "nproc=4096:4096",
               "--health-interval=disable", IMAGE)
        try:
            def ready():
                self.assertEqual(podman("inspect", "-f", "{{.State.Running}}", name).stdout.strip(), "true")
                return podman("healthcheck", "run", name, check=False).returncode == 0
            wait_for(ready, 90, "healthy")
            server = json.loads(self.nsenter(name, "curl -s localhost:8080/actuator/tcpserver"))
            # That is how a backlog is raised in a container
            self.assertEqual(server["settings"]["backlog"]["effective"], 8192)
            self.assertNotIn("backlog", [finding["setting"] for finding in server["findings"]])
            self.assertEqual(server["kernel"]["nofile.soft"], 20000)
            recorded = [command for command in commands("src/docs/operating.md")
                        if command.text.startswith("docker exec ")]
            outputs = []
            for command in recorded:
                outputs.append(podman(*words(command)[1:]).stdout)
                if " JFR.start " in command.text:
                    self.nsenter(name, "exec 3<>/dev/tcp/127.0.0.1/9999; printf x >&3; read -n 1 -u 3 x; [ $x = x ]")
                    wait_for(lambda: json.loads(self.nsenter(name, "curl -s localhost:8080/actuator/tcpserver"))
                             ["connections"]["closed"]["end_of_stream"] == 1, 10, "end")
            self.assertGreaterEqual(len(recorded), 4)
            self.assertIn("end_of_stream", outputs[-1])
        finally:
            podman("rm", "-f", "-t", "0", name, check=False)


class ShutdownTests(unittest.TestCase):

    CLIENTS = 32

    def test_sigterm_under_load(self):
        problems, answered, stop = [], [], threading.Event()

        def client(port):
            count = 0
            while not stop.is_set():
                try:
                    connection = connect(port, 5)
                except ConnectionRefusedError:
                    # The listener is closed
                    break
                except OSError as error:
                    problems.append(f"connect: {error!r}")
                    break
                try:
                    with connection:
                        for number in range(20):
                            sent = b"%064d" % number
                            connection.sendall(sent)
                            if receive(connection, 64) != sent:
                                problems.append("unanswered")
                                break
                            count += 1
                            time.sleep(0.002)
                except OSError as error:
                    problems.append(f"exchange: {error!r}")
            answered.append(count)

        with Container(environment={"TCP_SERVER_PROTOCOL": "echo"}) as weir:
            weir.await_ready()
            quiet = connect(weir.tcp, 30)
            threads = [threading.Thread(target=client, args=(weir.tcp,)) for _ in range(self.CLIENTS)]
            for thread in threads:
                thread.start()
            time.sleep(5)
            rss = weir.status("VmRSS")
            began = time.monotonic()
            podman("stop", "-t", "25", weir.name)
            took = time.monotonic() - began
            stop.set()
            for thread in threads:
                thread.join(20)
            with quiet:
                # Drained: end of stream, not a reset
                self.assertEqual(quiet.recv(1), b"")
            log = weir.log()
            print(f"\nSIGTERM under load of {self.CLIENTS} clients: {sum(answered)} exchanges, ended after {took:.1f} s, "
                  f"RSS {rss}; {log.splitlines()[-3:]}", flush=True)
            # Who came after the queue was counted, and before it was closed, meets a reset, and the log says how many did
            left = int(re.search(r"(\d+) connections left in the accept queue", log).group(1))
            resets = [problem for problem in problems if "ConnectionResetError" in problem]
            self.assertLessEqual(len(resets), left, problems)
            self.assertEqual([problem for problem in problems if problem not in resets], [])
            self.assertGreater(sum(answered), 1000)
            self.assertEqual(weir.inspect("{{.State.ExitCode}}"), "143")
            self.assertEqual(weir.inspect("{{.State.OOMKilled}}"), "false")
            self.assertLess(took, 10)
            self.assertRegex(log, r" 0 cut at the end of the grace period, 0 received bytes not answered")


class StartTests(unittest.TestCase):

    ROUNDS = 3

    def measure(self, options):
        """Seconds from the start of the process to the first answer on the port, its CPU seconds, and RSS in MB."""
        weir = Container(environment={"JDK_JAVA_OPTIONS": options})
        first = []

        def knock():
            end = time.monotonic() + 90
            while time.monotonic() < end and not first:
                with contextlib.suppress(OSError), connect(weir.tcp, 10) as client:
                    client.sendall(b"x")
                    if client.recv(1) == b"x":
                        first.append(time.clock_gettime(time.CLOCK_BOOTTIME))
                time.sleep(0.005)
        knocking = threading.Thread(target=knock)
        knocking.start()
        with weir:
            knocking.join()
            self.assertTrue(first, weir.log())
            stat = pathlib.Path(f"/proc/{weir.pid()}/stat").read_text().rpartition(")")[2].split()
            ticks = os.sysconf("SC_CLK_TCK")
            weir.await_ready()
            http(weir.http, "/actuator/prometheus")
            time.sleep(6)
            return (first[0] - int(stat[19]) / ticks, (int(stat[11]) + int(stat[12])) / ticks,
                    int(weir.status("VmRSS").split()[0]) / 1024)

    def test_start_and_memory_with_and_without_the_cache(self):
        with_cache, without = [], []
        # In turn, as the machine is not ours alone
        for _ in range(self.ROUNDS):
            with_cache.append(self.measure("-XX:AOTMode=on"))
            without.append(self.measure("-XX:AOTMode=off"))
        for name, runs in (("with the cache", with_cache), ("without", without)):
            start, cpu, rss = (median(figures) for figures in zip(*runs))
            print(f"\n{name}: first accepted connection after {start:.2f} s (best {min(runs)[0]:.2f}), "
                  f"{cpu:.2f} s of CPU, RSS {rss:.0f} MB", flush=True)
        # CPU time, as the clock on a shared machine says little
        self.assertLess(median([run[1] for run in with_cache]), 0.8 * median([run[1] for run in without]))
        self.assertLess(median([run[2] for run in with_cache]), 170)


if __name__ == "__main__":
    main("image")
