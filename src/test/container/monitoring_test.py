"""Lets a real Prometheus scrape Weir under load: a calm server, and one in trouble. Called by monitoring.sh."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

from harness import ROOT, connect, exchange, free_port, http, main, wait_for

SELECTOR = re.compile(r"\btcp_\w+(?:\{[^}]*\})?")


class Weir:
    """The application as its jar."""

    def __init__(self, folder, name, *settings):
        self.name, self.tcp, self.http = name, free_port(), free_port()
        self.instance = f"127.0.0.1:{self.http}"
        self.log = pathlib.Path(folder, f"{name}.log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [os.environ["WEIR_JAVA"], "-XX:+UseSerialGC", "-Xmx128m", "-jar", os.environ["WEIR_JAR"],
                 f"--tcp.server.port={self.tcp}", f"--server.port={self.http}", *settings],
                stdout=log, stderr=subprocess.STDOUT)

    def await_ready(self):
        wait_for(lambda: http(self.http, "/actuator/health/readiness")[0] == 200, 90, f"{self.name} is ready")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class MonitoringTests(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        try:
            cls.start(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        except BaseException:
            cls.stack.close()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    @classmethod
    def start(cls, folder):
        cls.calm = Weir(folder, "calm", "--tcp.server.backlog=128", "--tcp.server.receive-buffer-size=64KB",
                        "--tcp.server.send-buffer-size=64KB", "--tcp.server.drain.grace-period=4s")
        cls.stack.callback(cls.calm.end)
        cls.troubled = Weir(folder, "troubled", "--tcp.server.backlog=2", "--tcp.server.max-connections=3",
                            "--tcp.server.receive-buffer-size=1GB")
        cls.stack.callback(cls.troubled.end)
        cls.calm.await_ready()
        cls.troubled.await_ready()

        cls.port = free_port()
        config = pathlib.Path(folder, "prometheus.yml")
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ROOT / "src/prometheus/weir-rules.yml")],
            "scrape_configs": [{"job_name": "weir", "metrics_path": "/actuator/prometheus",
                                "static_configs": [{"targets": [cls.calm.instance, cls.troubled.instance]}]}]}))
        log = cls.stack.enter_context(pathlib.Path(folder, "prometheus.log").open("w"))
        prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{cls.port}"], stdout=log, stderr=subprocess.STDOUT)
        cls.stack.callback(lambda: (prometheus.terminate(), prometheus.wait(20)))
        wait_for(lambda: http(cls.port, "/-/ready")[0] == 200, 60, "Prometheus is ready")
        wait_for(lambda: len(cls.query("up == 1")) == 2, 30, "both are scraped")

        cls.stop = threading.Event()
        cls.problems = []
        load = [threading.Thread(target=cls.load) for _ in range(4)]
        for thread in load:
            thread.start()
        cls.stack.callback(lambda: (cls.stop.set(), [thread.join(10) for thread in load]))
        cls.open = connect(cls.calm.tcp)
        cls.stack.callback(cls.open.close)
        exchange(cls.open)
        # Three are served, three wait, and the rest finds the queue full
        for _ in range(12):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", cls.troubled.tcp))
            cls.stack.callback(waiting.close)
        wait_for(lambda: cls.query(f'increase(tcp_server_accept_queue_overflows_connections_total'
                                   f'{{instance="{cls.troubled.instance}"}}[5m]) > 0'), 30, "an overflow")
        # Of which the second half is under load as well
        time.sleep(20)

    @classmethod
    def load(cls):
        """Connections of 20 exchanges each, at most some 1,000 exchanges a second in all."""
        while not cls.stop.is_set():
            try:
                with connect(cls.calm.tcp) as client:
                    for _ in range(20):
                        if not exchange(client):
                            cls.problems.append("unanswered")
                        time.sleep(0.004)
            except OSError as error:
                if not cls.stop.is_set():
                    cls.problems.append(repr(error))
                return

    @classmethod
    def query(cls, expression):
        answer = json.loads(http(cls.port, "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))[1])
        if answer["status"] != "success":
            raise AssertionError(f"{expression}: {answer}")
        return answer["data"]["result"]

    def rules(self):
        groups = json.loads(http(self.port, "/api/v1/rules")[1])["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def firing(self, instance):
        """The alerts whose expression holds for an instance; how long it must hold is promtool's test."""
        # A SYN flood is that of the network namespace, which both servers and other tests share
        return {rule["name"] for rule in self.rules() if rule["name"] != "WeirSynFlood"
                and any(series["metric"].get("instance") == instance for series in self.query(rule["query"]))}

    def test_1_every_rule_is_sound_and_gets_data(self):
        rules = self.rules()
        self.assertGreaterEqual(len(rules), 8)
        for rule in rules:
            with self.subTest(rule["name"]):
                self.assertEqual(rule["health"], "ok", rule.get("lastError"))
                selectors = SELECTOR.findall(rule["query"])
                self.assertTrue(selectors)
                for selector in selectors:
                    self.assertTrue(self.query(selector), selector)

    def test_2_every_panel_gets_data(self):
        dashboard = json.loads((ROOT / "src/grafana/weir-dashboard.json").read_text())
        expressions = [(panel["title"], target["expr"]) for panel in dashboard["panels"]
                       for target in panel.get("targets", [])]
        self.assertGreater(len(expressions), 25)
        for title, expression in expressions:
            with self.subTest(title):
                for variable, value in (("$__rate_interval", "30s"), ("$job", ".*"), ("$instance", ".*")):
                    expression = expression.replace(variable, value)
                self.assertNotIn("$", expression)
                self.assertTrue(self.query(expression), expression)
        print(f"\n{len(expressions)} queries of the dashboard return data", flush=True)

    def test_2_every_query_of_the_operating_document_gets_data(self):
        document = (ROOT / "src/docs/operating.md").read_text()
        queries = re.findall(r"^```promql\n(.*?)^```$", document, re.DOTALL | re.MULTILINE)
        queries += re.findall(r"`(topk\([^`]+)`", document)
        self.assertGreaterEqual(len(queries), 2)
        for query in queries:
            with self.subTest(query):
                self.assertTrue(self.query(query.replace("[5m]", "[30s]")), query)

    def test_2_promtool_complains_only_of_names_that_are_not_weirs(self):
        scrape = http(self.calm.http, "/actuator/prometheus")[1]
        done = subprocess.run(["promtool", "check", "metrics"], input=scrape, capture_output=True, text=True, timeout=30)
        complaints = (done.stdout + done.stderr).splitlines()
        # As many as the document has, and no more
        document = (ROOT / "src/docs/monitoring.md").read_text()
        for complaint in complaints:
            with self.subTest(complaint):
                name = complaint.split()[0]
                self.assertFalse(name.startswith("tcp_"))
                self.assertIn(f"`{name}`", document)

    def test_3_nothing_fires_for_the_calm_server(self):
        self.assertEqual(self.problems, [])
        self.assertEqual(self.firing(self.calm.instance), set())

    def test_4_trouble_fires(self):
        self.assertEqual(self.firing(self.troubled.instance),
                         {"WeirAcceptQueueOverflow", "WeirAcceptQueueNearLimit", "WeirConnectionLimitReached",
                          "WeirConnectionsNearLimit", "WeirSettingClamped"})

    def test_5_drain_that_cuts_fires(self):
        # In the middle of a record, so that it is not between two exchanges
        self.open.sendall(b"data\n")
        time.sleep(2)
        self.stop.set()
        self.calm.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.calm.process.wait(30), 128 + signal.SIGTERM)
        self.assertIn("1 cut at the end of the grace period", self.calm.log.read_text())
        wait_for(lambda: "WeirDrainCutConnections" in self.firing(self.calm.instance), 15, "the alert")


if __name__ == "__main__":
    main("monitoring")
