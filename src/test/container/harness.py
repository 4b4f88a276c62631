"""What the tests of the image and of the monitoring share. Not a test itself."""

import contextlib
import json
import os
import pathlib
import random
import re
import socket
import statistics
import struct
import sys
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]

RECORD = struct.pack("! I 2s Q 2h f", 1, b"ab", 2, 3, 3, 2.5)


FOUND = set()


def free_port():
    """One below Linux's range of ephemeral ports, so that no one who asks for any port gets it in the meantime."""
    while True:
        port = random.randrange(20_000, 32_000)
        if port not in FOUND:
            FOUND.add(port)
            with contextlib.suppress(OSError), socket.socket() as probe:
                probe.bind(("0.0.0.0", port))
                return port


def http(port, path, timeout=5):
    """The status and the text of a GET."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=timeout) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def json_of(port, path):
    return json.loads(http(port, path)[1])


def wait_for(condition, seconds, what):
    """Waits until a condition holds, an OSError being a no; returns what the condition did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if result := condition():
                return result
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def connect(port, timeout=10):
    return socket.create_connection(("127.0.0.1", port), timeout=timeout)


def receive(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            break
        data += part
    return data


def exchange(connection):
    """One exchange of the default protocol: some bytes that come back, and a record."""
    connection.sendall(b"data\n")
    echoed = receive(connection, 5)
    connection.sendall(RECORD)
    return echoed == b"data\n"


def median(numbers):
    return statistics.median(numbers)


def failed(result):
    """The names of the tests that failed, or of the classes whose set-up did."""
    names = set()
    for test, _ in result.errors + result.failures:
        name = getattr(test, "test_case", test).id()
        names.add(re.sub(r"^\w+ \((.*)\)$", r"\1", name))
    return sorted(names)


def main(name):
    """Runs the calling module's tests, those that fail a second time, and leaves their totals where CI adds them up."""
    program = unittest.main(module="__main__", verbosity=2, exit=False)
    first = last = program.result
    if again := failed(first):
        print(f"\nFlakes, unless they fail again: {', '.join(again)}", flush=True)
        last = unittest.main(module=None, argv=[name, *again], verbosity=2, exit=False).result
    left = failed(last)
    folder = pathlib.Path(os.environ.get("WEIR_REPORTS", ROOT / "target" / "container-reports"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"TEST-{name}.xml").write_text(
        f'<testsuite name="{name}" tests="{program.test.countTestCases()}" errors="0" skipped="{len(first.skipped)}"'
        f' failures="{len(left)}" flakes="{len(set(again) - set(left))}"/>\n')
    sys.exit(0 if last.wasSuccessful() else 1)
