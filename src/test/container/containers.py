"""Containers of the image, for its tests. Not a test itself."""

import os
import pathlib
import re
import subprocess

from harness import free_port, http, wait_for

IMAGE = os.environ.get("WEIR_IMAGE", "localhost/weir")

PODMAN = ["podman", "--runtime", "runc", "--cgroup-manager=cgroupfs", "--events-backend=file"]


def podman(*arguments, check=True, timeout=120):
    done = subprocess.run([*PODMAN, *arguments], capture_output=True, text=True, timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError(f"podman {' '.join(arguments)}: {done.stderr}")
    return done


class Container:
    """One container of the image, on ports of its own of the host's network."""

    def __init__(self, *options, environment=None, memory="256m", cpus="1"):
        self.tcp, self.http = free_port(), free_port()
        self.name = f"weir-test-{self.tcp}"
        settings = {"TCP_SERVER_PORT": self.tcp, "SERVER_PORT": self.http, **(environment or {})}
        self.command = [
            "run", "-d", "--name", self.name, "--pull=never", "--network", "host",
            "--ulimit", "nofile=20000:20000", "--ulimit", "nproc=4096:4096", "--health-interval=disable",
            "--read-only", "--tmpfs", "/tmp", "--cap-drop", "all", "--security-opt", "no-new-privileges",
            "--memory", memory, "--cpus", cpus, *options,
            *[part for key, value in settings.items() for part in ("-e", f"{key}={value}")], IMAGE]

    def __enter__(self):
        podman(*self.command)
        return self

    def __exit__(self, *_):
        podman("rm", "-f", "-t", "0", self.name, check=False)

    def inspect(self, template):
        return podman("inspect", "-f", template, self.name).stdout.strip()

    def pid(self):
        return int(self.inspect("{{.State.Pid}}"))

    def log(self):
        done = podman("logs", self.name)
        return done.stdout + done.stderr

    def running(self):
        return self.inspect("{{.State.Running}}") == "true"

    def await_ready(self, seconds=90):
        try:
            wait_for(lambda: http(self.http, "/actuator/health/readiness")[0] == 200, seconds, "ready")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()}") from None
        return self

    def await_exit(self, seconds=60):
        wait_for(lambda: not self.running(), seconds, "end")
        return int(self.inspect("{{.State.ExitCode}}"))

    def status(self, key):
        """A line of the process's status, proc_pid_status(5)."""
        text = pathlib.Path(f"/proc/{self.pid()}/status").read_text()
        return re.search(rf"^{key}:\s*(.*)$", text, re.MULTILINE).group(1)
