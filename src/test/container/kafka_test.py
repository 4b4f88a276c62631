"""Two containers of the image with the plug-in for Kafka mounted, behind a real HAProxy that sends PROXY headers, before a
real broker. Called by kafka.sh."""

import collections
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from containers import Container, podman
from documents import the_one
from harness import ROOT, free_port, http, json_of, main, wait_for

# Of kafka.sh
BUILT = ROOT / "target" / "kafka"

JAVA = os.path.join(os.environ.get("JAVA_HOME", "/usr"), "bin", "java")

TOPIC = "records"

CLIENTS = 10

EACH = 10_000

# So small that peers wait as soon as the broker does not answer
BUFFER = 256 * 1024


class Started:
    """A process whose output goes to a file."""

    def __init__(self, log, *command):
        self.log = log
        with open(log, "ab") as output:
            self.process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL)

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Broker:
    """One node of KRaft."""

    def __init__(self, folder):
        self.folder = folder
        self.port, controller = free_port(), free_port()
        self.classpath = f"{BUILT}/test-classes:{BUILT}/broker/*"
        self.properties = folder / "broker.properties"
        self.properties.write_text(f"""
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{self.port}
controller.listener.names=CONTROLLER
log.dirs={folder}/broker
num.partitions=6
offsets.topic.replication.factor=1
""")
        subprocess.run([JAVA, "-cp", self.classpath, "kafka.tools.StorageTool", "format", "-t",
                        "MkU3OEVBNTcwNTJENDM2Qk", "-c", str(self.properties)], check=True, capture_output=True)
        self.start()

    def start(self):
        self.started = Started(self.folder / "broker.log", JAVA, "-Xmx384m", "-cp", self.classpath, "kafka.Kafka",
                               self.properties)
        wait_for(lambda: socket.create_connection(("127.0.0.1", self.port), timeout=1).close() or True, 120,
                 "the broker listens")

    def end(self, number=signal.SIGTERM):
        self.started.end(number)

    def messages(self, count):
        """Key and value of so many messages; of more if there are more, of fewer if they do not come within a minute."""
        found = self.folder / "messages"
        subprocess.run([JAVA, "-cp", self.classpath, "io.weir.kafka.TopicReader", f"127.0.0.1:{self.port}", TOPIC,
                        str(found), str(count), "60"], check=True, timeout=120)
        return [line.split("\t", 1) for line in found.read_text().splitlines()]


class PluginTests(unittest.TestCase):

    def test_it_has_the_jars_that_the_document_lists(self):
        self.assertEqual(sorted(os.listdir(BUILT / "plugins")), the_one("src/docs/records.md", "ls ").output.split())


class KafkaTests(unittest.TestCase):

    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.broker = Broker(self.folder)
        stack.callback(lambda: self.broker.end())
        plugins = self.folder / "plugins"
        shutil.copytree(BUILT / "plugins", plugins)
        # Readable for the image's user
        os.chmod(self.folder, 0o755)
        for path in (plugins, *plugins.iterdir()):
            os.chmod(path, 0o755)
        self.weirs = [stack.enter_context(Container("-v", f"{plugins}:/app/plugins:ro", environment={
            "TCP_SERVER_PROTOCOL": "record", "TCP_SERVER_RECORDFORMAT": "!IQ",
            "TCP_SERVER_RECORDS_FIELDS": "client,number",
            "TCP_SERVER_PROXYPROTOCOL_ENABLED": "true", "TCP_SERVER_PROXYPROTOCOL_TRUSTED": "127.0.0.1",
            # Shorter than the broker is away: a connection that waits for Kafka is not idle
            "TCP_SERVER_IDLETIMEOUT": "9s",
            "WEIR_KAFKA_BOOTSTRAPSERVERS": f"127.0.0.1:{self.broker.port}", "WEIR_KAFKA_TOPIC": TOPIC,
            "WEIR_KAFKA_PROPERTIES_BUFFER_MEMORY": BUFFER})) for _ in range(2)]
        for weir in self.weirs:
            weir.await_ready()
        self.front = free_port()
        servers = "\n".join(f"  server w{i} 127.0.0.1:{weir.tcp} send-proxy-v2" for i, weir in enumerate(self.weirs))
        configuration = self.folder / "haproxy.cfg"
        # Longer than a client waits, so that HAProxy ends no connection that Weir has not ended
        configuration.write_text(f"""
defaults
  mode tcp
  timeout connect 5s
  timeout client 300s
  timeout server 300s
frontend records
  bind 127.0.0.1:{self.front}
  default_backend weirs
backend weirs
  balance roundrobin
{servers}
""")
        proxy = Started(self.folder / "haproxy.log", "haproxy", "-db", "-f", configuration)
        stack.callback(proxy.end)
        # The port alone: a connection would reach a Weir
        wait_for(lambda: f"127.0.0.1:{self.front} " in subprocess.run(
            ["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout, 20, "HAProxy")

    def send(self, halfway=None):
        """Starts the clients, each with an address of its own; returns their threads and what goes wrong."""
        failures = []

        def run(client):
            try:
                with socket.create_connection(("127.0.0.1", self.front), timeout=120,
                                              source_address=(f"127.0.1.{client}", 0)) as connection:
                    for begin in range(0, EACH, 1000):
                        if halfway and begin == EACH // 2:
                            halfway.wait(120)
                        connection.sendall(b"".join(struct.pack("!IQ", client, number)
                                                    for number in range(begin, begin + 1000)))
                    connection.shutdown(socket.SHUT_WR)
                    if connection.recv(1) != b"":
                        failures.append(f"client {client} got something back")
            except OSError as error:
                failures.append(f"client {client}: {error!r}")

        threads = [threading.Thread(target=run, args=(client,)) for client in range(1, CLIENTS + 1)]
        for thread in threads:
            thread.start()
        return threads, failures

    def unpacked(self):
        return [json_of(weir.http, "/actuator/tcpserver")["records"]["unpacked"] for weir in self.weirs]

    def assert_ends(self):
        """Each connection ended as its client wished, with all its records taken."""
        for weir in self.weirs:
            # A client sees the end of the stream a moment before the connection counts as closed
            wait_for(lambda: json_of(weir.http, "/actuator/tcpserver")["connections"]["active"] == 0, 20, "ends")
            server = json_of(weir.http, "/actuator/tcpserver")
            closed = {reason: count for reason, count in server["connections"]["closed"].items() if count}
            self.assertEqual(closed, {"end_of_stream": CLIENTS // 2}, weir.log()[-3000:])
            self.assertEqual(server["records"]["unpacked"], CLIENTS // 2 * EACH)
            self.assertEqual(server["records"]["failed"], 0)

    def assert_messages(self):
        """Each record is in the topic once, in its connection's order, with its client's address as key."""
        messages = self.broker.messages(CLIENTS * EACH)
        last = collections.Counter()
        for key, value in messages:
            record = json.loads(value)
            self.assertEqual(set(record), {"at", "connection", "peer", "client", "number"})
            self.assertEqual(key, f"127.0.1.{record['client']}")
            self.assertEqual(record["peer"].rpartition(":")[0], key)
            # One client's records are in one partition
            self.assertEqual(record["number"], last[key], record)
            last[key] += 1
        self.assertEqual(last, {f"127.0.1.{client}": EACH for client in range(1, CLIENTS + 1)})

    def test_all_records_are_in_the_topic_with_their_clients_address(self):
        began = time.monotonic()
        threads, failures = self.send()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        took = time.monotonic() - began
        self.assert_ends()
        # What is not acknowledged yet is flushed by the drain
        for weir in self.weirs:
            podman("stop", "-t", "25", weir.name)
            self.assertEqual(weir.inspect("{{.State.ExitCode}}"), "143")
            self.assertNotIn("could not be flushed", weir.log())
        self.assert_messages()
        print(f"\n{CLIENTS * EACH} records through two replicas into a new topic: {took:.1f} s", flush=True)

    def test_broker_that_is_killed_for_ten_seconds_makes_peers_wait_and_loses_nothing(self):
        half = CLIENTS * EACH // 2
        halfway = threading.Event()
        threads, failures = self.send(halfway)
        wait_for(lambda: sum(self.unpacked()) == half, 60, "half of the records")
        halfway.set()
        wait_for(lambda: sum(self.unpacked()) > half, 60, "more than half")
        self.broker.end(signal.SIGKILL)
        away = time.monotonic()
        # Two buffers, and two records of each connection on its way
        at_most = sum(self.unpacked()) + 2 * BUFFER // 80 + 2 * CLIENTS
        while time.monotonic() < away + 10:
            self.assertTrue(any(thread.is_alive() for thread in threads))
            # Nobody else waits
            for weir in self.weirs:
                self.assertEqual(http(weir.http, "/actuator/health/readiness")[0], 200)
            time.sleep(0.2)
        # Those who wait in the sink are named, by the core and by the plug-in
        for weir in self.weirs:
            wait_for(lambda: any("no record could be written to the sink io.weir.kafka.KafkaRecordSink: "
                                 in finding["message"] for finding in json_of(weir.http, "/actuator/tcpserver")["findings"]),
                     20, "the finding")
            wait_for(lambda: "Kafka has acknowledged no record for " in weir.log(), 20, "the plug-in's warning")
        waiting = sum(thread.is_alive() for thread in threads)
        taken = sum(self.unpacked())
        self.assertLessEqual(taken, at_most)
        self.broker.start()
        back = time.monotonic()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        for weir in self.weirs:
            wait_for(lambda: "Kafka acknowledges records again" in weir.log(), 20, "the end of the plug-in's warning")
            wait_for(lambda: "records" not in (finding["setting"] for finding in json_of(
                weir.http, "/actuator/tcpserver")["findings"]), 20, "the end of the finding")
        print(f"\nbroker away for {back - away:.1f} s after {taken} of {CLIENTS * EACH} records: {waiting} peers waited, "
              f"the last until {time.monotonic() - back:.1f} s after its return", flush=True)
        self.assert_ends()
        self.assert_messages()


if __name__ == "__main__":
    main("kafka")
