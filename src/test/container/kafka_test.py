"""Two Weirs with the plug-in for Kafka, behind a real HAProxy that sends PROXY headers, before a real broker. Called by
kafka.sh."""

import collections
import contextlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from harness import ROOT, free_port, http, main, wait_for

PLUGIN = ROOT / "src" / "plugins" / "kafka" / "target"

TOPIC = "records"

CLIENTS = 10

EACH = 10_000

# So small that peers wait as soon as the broker does not answer
BUFFER = 256 * 1024


def java():
    home = os.environ.get("JAVA_HOME")
    if home and "-25" in home:
        return f"{home}/bin/java"
    found = [path for path in pathlib.Path("/usr/lib/jvm").glob("*/release")
             if path.read_text().startswith('IMPLEMENTOR') and 'JAVA_VERSION="25' in path.read_text()]
    return str(found[0].parent / "bin" / "java") if found else "java"


class Started:
    """A process whose output goes to a file, ended at the end of the test whatever happens."""

    def __init__(self, folder, name, *command):
        self.log = folder / f"{name}.log"
        self.output = open(self.log, "ab")
        self.process = subprocess.Popen([str(part) for part in command], stdout=self.output, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, cwd=folder)

    def end(self, number=signal.SIGTERM, seconds=30):
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.close()


class Broker:
    """One node of KRaft."""

    def __init__(self, folder):
        self.folder = folder
        self.port, controller = free_port(), free_port()
        self.classpath = (PLUGIN / "broker.classpath").read_text().strip()
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
        subprocess.run([java(), "-cp", self.classpath, "kafka.tools.StorageTool", "format", "-t",
                        "MkU3OEVBNTcwNTJENDM2Qk", "-c", str(self.properties)], check=True, capture_output=True)
        self.start()

    def start(self):
        self.started = Started(self.folder, "broker", java(), "-Xmx384m", "-cp", self.classpath, "kafka.Kafka",
                               self.properties)
        wait_for(self.accepts, 60, "the broker listens")

    def accepts(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True

    def end(self):
        self.started.end()

    def messages(self, count):
        """Key and value of so many messages, fewer if no more come."""
        done = subprocess.run([java(), "-cp", f"{PLUGIN / 'test-classes'}:{self.classpath}", "io.weir.kafka.TopicReader",
                               f"127.0.0.1:{self.port}", TOPIC, str(count)], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError(done.stderr[-3000:])
        return [line.split("\t", 1) for line in done.stdout.splitlines()]


class Weir:

    def __init__(self, folder, name, broker):
        self.tcp, self.http = free_port(), free_port()
        self.started = Started(
            folder, name, java(), "-Xmx256m", "--add-opens", "java.base/java.lang=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED", "-cp", f"{next((folder / 'weir').glob('weir-*.jar'))}:{PLUGIN}/plugins/*",
            "io.weir.WeirApplication", f"--tcp.server.port={self.tcp}", f"--server.port={self.http}",
            "--tcp.server.protocol=record", "--tcp.server.record-format=!IQ", "--tcp.server.records.fields=client,number",
            "--tcp.server.proxy-protocol.enabled=true", "--tcp.server.proxy-protocol.trusted=127.0.0.1",
            f"--weir.kafka.bootstrap-servers=127.0.0.1:{broker}", f"--weir.kafka.topic={TOPIC}",
            f"--weir.kafka.properties.buffer.memory={BUFFER}")

    def await_ready(self):
        try:
            wait_for(lambda: http(self.http, "/actuator/health/readiness")[0] == 200, 90, "ready")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.started.log.read_text()[-4000:]}") from None

    def records(self):
        return json.loads(http(self.http, "/actuator/tcpserver")[1])["records"]


class KafkaTests(unittest.TestCase):

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        jar = [path for path in (ROOT / "target").glob("weir-*.jar") if "plain" not in path.name][0]
        subprocess.run([java(), "-Djarmode=tools", "-jar", str(jar), "extract", "--destination",
                        str(self.folder / "weir")], check=True, capture_output=True)
        self.broker = Broker(self.folder)
        self.stack.callback(lambda: self.broker.end())
        self.weirs = []
        for name in ("weir-1", "weir-2"):
            weir = Weir(self.folder, name, self.broker.port)
            self.stack.callback(weir.started.end)
            self.weirs.append(weir)
        for weir in self.weirs:
            weir.await_ready()
        self.front = free_port()
        servers = "\n".join(f"  server w{i} 127.0.0.1:{weir.tcp} send-proxy-v2" for i, weir in enumerate(self.weirs))
        configuration = self.folder / "haproxy.cfg"
        configuration.write_text(f"""
defaults
  mode tcp
  timeout connect 5s
  timeout client 120s
  timeout server 120s
frontend records
  bind 127.0.0.1:{self.front}
  default_backend weirs
backend weirs
  balance roundrobin
{servers}
""")
        proxy = Started(self.folder, "haproxy", "haproxy", "-db", "-f", configuration)
        self.stack.callback(proxy.end)
        wait_for(lambda: socket.create_connection(("127.0.0.1", self.front), timeout=1).close() or True, 20, "HAProxy")

    def send(self, first, failures):
        """Starts the clients, each with an address of its own; returns their threads."""
        def run(client):
            try:
                with socket.create_connection(("127.0.0.1", self.front), timeout=120,
                                              source_address=(f"127.0.1.{client}", 0)) as connection:
                    for begin in range(0, EACH, 1000):
                        connection.sendall(b"".join(struct.pack("!IQ", client, first + number)
                                                    for number in range(begin, begin + 1000)))
                    connection.shutdown(socket.SHUT_WR)
                    if connection.recv(1) != b"":
                        failures.append(f"client {client} got something back")
            except OSError as error:
                failures.append(f"client {client}: {error}")

        threads = [threading.Thread(target=run, args=(client,)) for client in range(1, CLIENTS + 1)]
        for thread in threads:
            thread.start()
        return threads

    def check(self, count):
        messages = self.broker.messages(count)
        self.assertEqual(len(messages), count)
        seen = collections.Counter()
        last = {}
        for key, value in messages:
            record = json.loads(value)
            self.assertEqual(key, f"127.0.1.{record['client']}")
            self.assertEqual(record["peer"].rpartition(":")[0], key)
            # One client's records are in one partition, so in their order
            self.assertGreater(record["number"], last.get(key, -1))
            last[key] = record["number"]
            seen[record["client"], record["number"]] += 1
        self.assertEqual(len(seen), count)
        for weir in self.weirs:
            self.assertEqual(weir.records()["failed"], 0)

    def test_all_records_are_in_the_topic_with_their_clients_address(self):
        failures = []
        for thread in self.send(0, failures):
            thread.join()
        self.assertEqual(failures, [])
        self.check(CLIENTS * EACH)
        self.assertTrue(all(weir.records()["unpacked"] > 0 for weir in self.weirs))

    def test_broker_that_stops_for_ten_seconds_makes_peers_wait_and_loses_nothing(self):
        failures = []
        for thread in self.send(0, failures):
            thread.join()
        self.broker.end()
        threads = self.send(EACH, failures)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            self.assertTrue(any(thread.is_alive() for thread in threads))
            time.sleep(0.2)
        self.broker.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        # What is not acknowledged yet is flushed by the drain
        for weir in self.weirs:
            self.assertEqual(weir.records()["failed"], 0)
        messages = wait_for(lambda: len(found) == 2 * CLIENTS * EACH and found
                            if (found := self.broker.messages(2 * CLIENTS * EACH)) else None, 60, "all messages")
        self.assertEqual(len({(json.loads(value)["client"], json.loads(value)["number"]) for _, value in messages}),
                         2 * CLIENTS * EACH)


if __name__ == "__main__":
    main("kafka")
