"""Helpers of the end-to-end tests: the program under test, its directories, its report."""

import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

BINARY = os.environ.get("LASTGOOD_BINARY", "")
SOURCE = pathlib.Path(__file__).resolve().parents[2]


def wait_until(condition, seconds=15, what="", step=0.02):
    """The first true value of condition(), or an AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not: {what or condition}")
        time.sleep(step)


def lastgood(*arguments, text="", seconds=30):
    """Runs a command that needs no installation; `text` is its standard input."""
    return subprocess.run(
        [BINARY, *arguments],
        input=text.encode() if isinstance(text, str) else text,
        capture_output=True,
        timeout=seconds,
        check=False,
    )


def cannot_run(reason):
    """Skips the test: this machine lacks what it needs. A machine of CI lacks nothing."""
    if os.environ.get("CI", "") not in ("", "0", "false"):
        pytest.fail(f"CI is set and a test cannot run: {reason}")
    pytest.skip(reason)


reserved_ports = []  # sockets; each keeps other processes of pytest from taking the same port


def free_port():
    """One that nobody listens on, below the range of outgoing connections. Nobody else is given it while this process lives."""
    while True:
        port = random.SystemRandom().randrange(12000, 32000)
        reservation = socket.socket(socket.AF_UNIX)
        with socket.socket() as listener:
            try:
                reservation.bind(f"\0lastgood-test-port-{port}")
                listener.bind(("127.0.0.1", port))
            except OSError:
                reservation.close()
                continue
        reserved_ports.append(reservation)
        return port


def http_get(port, path, seconds=5):
    """Status and text of http://127.0.0.1:port/path."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def http_json(url, seconds=5):
    with urllib.request.urlopen(url, timeout=seconds) as answer:
        return json.load(answer)


def children(process_id):
    """Every living descendant of a process, as ids."""
    found = []
    try:
        threads = os.listdir(f"/proc/{process_id}/task")
    except OSError:
        return found
    for thread in threads:
        try:
            text = pathlib.Path(f"/proc/{process_id}/task/{thread}/children").read_text()
        except OSError:
            continue
        for child in map(int, text.split()):
            found += [child, *children(child)]
    return found


def is_running(process_id):
    try:
        stat = pathlib.Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def command_line(process_id):
    try:
        return pathlib.Path(f"/proc/{process_id}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def process_status(process_id):
    """/proc/PID/status as a dictionary."""
    lines = pathlib.Path(f"/proc/{process_id}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


class Report:
    """report.json, parsed."""

    def __init__(self, text):
        self.document = json.loads(text)
        self.observations = self.document["observations"]
        self.findings = self.document["findings"]
        self.problems = self.document.get("problems", [])

    def select(self, metric, subject=None, **labels):
        return [
            observation
            for observation in self.observations
            if observation["metric"] == f"lastgood_{metric}"
            and (subject is None or observation.get("subject") == subject)
            and all((observation.get("labels") or {}).get(key) == value for key, value in labels.items())
        ]

    def value(self, metric, subject=None, **labels):
        """The sum over the matching series; None when there is none."""
        found = self.select(metric, subject, **labels)
        return sum(observation["value"] for observation in found) if found else None

    def find(self, rule, subject=None):
        return [
            finding
            for finding in self.findings
            if finding["rule"] == rule and (subject is None or finding.get("subject") == subject)
        ]

    def rules(self):
        return sorted({finding["rule"] for finding in self.findings})


class Installation:
    """Directories and a config of its own for one lastgood, and the processes started with it."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.state = self.directory / "state"
        self.runtime = self.directory / "run"
        self.inbox = self.directory / "inbox"
        self.config = self.directory / "lastgood.toml"
        self.textfile = self.directory / "lastgood.prom"
        self.report_path = self.runtime / "report.json"
        self.port = free_port()
        self.processes = []
        self.log = self.directory / "lastgood.log"
        for path in (self.state, self.runtime, self.inbox):
            path.mkdir(parents=True)
        self.write_config()

    def write_config(self, extra="", state=None, sections=""):
        """`extra`: further top-level keys; `sections`: TOML that follows."""
        self.config.write_text(
            f'state_directory = "{state or self.state}"\n'
            f'runtime_directory = "{self.runtime}"\n'
            f'inbox_directory = "{self.inbox}"\n'
            f"{extra}\n"
            f'[serve]\nlisten = "127.0.0.1:{self.port}"\n'
            f'[textfile]\npath = "{self.textfile}"\n'
            f"{sections}\n"
        )

    def command(self, *arguments):
        return [BINARY, *arguments, "--config", str(self.config)]

    def call(self, *arguments, seconds=30, **options):
        """Runs a subcommand to its end."""
        return subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            **options,
        )

    def start(self, subcommand="agent", wait=True, arguments=(), **options):
        """Starts `lastgood SUBCOMMAND`; returns when it has written a report of its own."""
        marker = time.time()
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                self.command(subcommand, *arguments), stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options
            )
        self.processes.append(process)
        if wait:
            self.wait_for_report(lambda report: report.document["written_at"] >= marker - 0.001, process=process)
        return process

    def stop(self, process, seconds=15, number=signal.SIGTERM):
        """Ends it as an administrator would; its exit status."""
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"did not end within {seconds} s after signal {number}\n{self.log_text()}") from None

    def kill(self, process):
        """kill -9, and its children with it as init would not: they are ours to clean up."""
        process.kill()
        process.wait()

    def report(self):
        return Report(self.report_path.read_text())

    def wait_for_report(self, condition, seconds=20, what="a report as expected", process=None):
        """The first report for which condition(report) holds."""

        def look():
            assert process is None or process.poll() is None, f"lastgood ended: {self.log_text()}"
            try:
                report = self.report()
            except FileNotFoundError:
                return None
            return report if condition(report) else None

        try:
            return wait_until(look, seconds, what)
        except AssertionError as error:
            rules = self.report().rules() if self.report_path.exists() else "no report"
            raise AssertionError(f"{error}\nfindings: {rules}\nlog: {self.log_text()}") from None

    def log_text(self):
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def clean_up(self):
        for process in self.processes:
            family = [process.pid, *children(process.pid)] if process.poll() is None else []
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            for child in family:
                if is_running(child):
                    try:
                        os.kill(child, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
        # Children of an agent that was killed: they carry our config file in their command line or were started by it.
        for entry in os.listdir("/proc"):
            if entry.isdigit() and str(self.directory) in " ".join(command_line(entry)):
                try:
                    os.kill(int(entry), signal.SIGKILL)
                except ProcessLookupError:
                    pass
