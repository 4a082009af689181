"""Helpers of the end-to-end tests: the program under test, its directories, its report."""

import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

import pytest

BINARY = os.environ.get("LASTGOOD_BINARY", "")
SOURCE = pathlib.Path(__file__).resolve().parents[2]


def wait_until(condition, seconds=15, what="", step=0.02):
    """Returns the first true value of condition(); raises AssertionError after `seconds`."""
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
    """Skips the test because this machine lacks something. On CI the test fails instead: CI must have everything."""
    if os.environ.get("CI", "") not in ("", "0", "false"):
        pytest.fail(f"CI is set and a test cannot run: {reason}")
    pytest.skip(reason)


reserved_ports = []  # sockets that keep other pytest processes from taking the same ports


def free_port():
    """Returns a free port below the range of outgoing connections, reserved as long as this process lives."""
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
    """Returns status and text of http://127.0.0.1:port/path."""
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
    """Returns the ids of all living descendants of a process."""
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


def fill(directory):
    """Fills the filesystem of the directory by a file "filler" in it."""
    with open(directory / "filler", "wb", buffering=0) as file:
        with pytest.raises(OSError):
            while True:
                file.write(b"\0" * 4096)


def process_status(process_id):
    """/proc/PID/status as a dictionary."""
    lines = pathlib.Path(f"/proc/{process_id}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


class Report:
    """The parsed report.json."""

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
        """Returns the sum of the matching series; None if there is none."""
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
    """One lastgood with its own directories and configuration, and the processes started with them."""

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
        """Writes the configuration. `extra`: further top-level keys; `sections`: TOML to append."""
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
        """Runs a subcommand until it ends."""
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
        """Starts `lastgood SUBCOMMAND` and waits for its first report.

        With --root the report lies in a temporary directory; report_path is its path from then on.
        """
        marker = time.time()
        if "--root" in arguments:
            temporary = tempfile.mkdtemp(dir=self.directory)
            os.chmod(temporary, 0o755)
            options["env"] = options.get("env", os.environ) | {"TMPDIR": temporary}
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                self.command(subcommand, *arguments), stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options
            )
        self.processes.append(process)
        if "--root" in arguments:
            (made,) = wait_until(lambda: os.listdir(temporary), 10, "a directory for the recorded host's state")
            self.report_path = pathlib.Path(temporary) / made / "report.json"
        if wait:
            self.wait_for_report(lambda report: report.document["written_at"] >= marker - 0.001, process=process)
        return process

    def stop(self, process, seconds=15, number=signal.SIGTERM):
        """Stops the process by signal, as an administrator would. Returns the exit status."""
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"did not end within {seconds} s after signal {number}\n{self.log_text()}") from None

    def kill(self, process):
        """Kills the process by SIGKILL, and its children too: nobody else would clean them up."""
        process.kill()
        process.wait()

    def report(self):
        return Report(self.report_path.read_text())

    def wait_for_report(self, condition, seconds=20, what="a report as expected", process=None):
        """Returns the first report for which condition(report) is true."""

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
        # Children of a killed agent have our directory in their command line.
        for entry in os.listdir("/proc"):
            if entry.isdigit() and str(self.directory) in " ".join(command_line(entry)):
                try:
                    os.kill(int(entry), signal.SIGKILL)
                except ProcessLookupError:
                    pass
