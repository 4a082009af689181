"""Attacks on the listener: a good client is answered meanwhile, memory stays small, the watchdog is told.

Attackers come from 127.0.0.1, or from many addresses above it. They run with a lower priority than the listener, because on a real network they bring their own processors.
"""

import contextlib
import http.client
import json
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import time

import pytest

import lastgood
from lastgood import cannot_run, process_status, wait_until

ATTACK = pathlib.Path(__file__).with_name("attack.py")
OTHER_ADDRESS = "127.0.0.2"
DRIVES = 24


def made_up_drive(number, now):
    """The observations of a drive with 30 attributes, as a report has them."""
    subject = f"wwn-0x5000c50000000{number:03}"
    labels = {"device": f"sd{number}", "firmware": "EX01", "model": "EXAMPLE HD4000", "reader": "libatasmart",
              "rotational": "1", "serial": f"EX{number:06}", "transport": "sata", "wwn": subject}  # fmt: skip
    yield {"metric": "lastgood_drive_info", "subject": subject, "labels": labels, "value": 1, "observed_at": now}
    for name in ("present", "answering", "smart_passed", "temperature_celsius", "pending_sectors", "reallocated_sectors"):
        yield {"metric": f"lastgood_drive_{name}", "subject": subject, "value": 1, "observed_at": now}
    for attribute in range(30):
        for kind in ("normalized", "worst", "raw"):
            labels = {"id": str(attribute), "kind": kind, "name": f"attribute-{attribute}"}
            value = 100 + attribute
            yield {"metric": "lastgood_drive_attribute", "subject": subject, "labels": labels, "value": value, "observed_at": now}


def write_report(installation):
    now = time.time()
    observations = [one for number in range(DRIVES) for one in made_up_drive(number, now)]
    report = {"format": 1, "host": "db8", "version": "0.1.0", "written_at": now, "watched_since": now - 86400,
              "findings": [], "problems": [], "observations": observations}  # fmt: skip
    new = installation.runtime / "new"
    new.write_text(json.dumps(report, separators=(",", ":")))
    new.chmod(0o644)
    new.replace(installation.report_path)


class Watchdog:
    """Takes what a service tells systemd."""

    def __init__(self, directory):
        self.path = directory / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.path.chmod(0o666)
        self.socket.setblocking(False)

    def environment(self, seconds):
        return os.environ | {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": str(int(seconds * 1e6))}

    def count(self):
        """How often it was told since the last call that the service lives."""
        told = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                told += self.socket.recv(4096) == b"WATCHDOG=1"
        return told


@pytest.fixture
def watchdog(tmp_path):
    made = Watchdog(tmp_path)
    yield made
    made.socket.close()


@pytest.fixture
def listener(installation, watchdog):
    """`lastgood serve` with a report of 24 drives."""
    write_report(installation)
    process = installation.start("serve", wait=False, env=watchdog.environment(3))
    wait_until(lambda: ask(installation.port, OTHER_ADDRESS)[0] == 200, 10, "/metrics answers")
    return process


@contextlib.contextmanager
def attack(port, kinds, addresses=0):
    with subprocess.Popen([sys.executable, ATTACK, str(port), kinds, str(addresses)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline().startswith(b"open")
            yield process
        finally:
            process.stdin.close()
            process.stdout.read()


def ask(port, source, path="/metrics"):
    """Returns status, seconds and size of the answer; status 0: there was none."""
    start, status, text = time.monotonic(), 0, b""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5, source_address=(source, 0))
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        answer = connection.getresponse()
        text, status = answer.read(), answer.status
    connection.close()
    return status, time.monotonic() - start, len(text)


def assert_all_answered(port, source, count):
    answers = []
    for _ in range(count):
        answers.append(ask(port, source))
        time.sleep(0.05)
    late = [(status, round(seconds, 3)) for status, seconds, _ in answers if status != 200 or seconds > 1]
    assert not late, f"{len(late)} of {count}; median {statistics.median(seconds for _, seconds, _ in answers):.3f} s"


def needs_descriptors(count):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < count:
        cannot_run(f"a process here may not open {count} connections")


def most_memory(process):
    return int(process_status(process.pid)["VmHWM"].split()[0]) / 1024  # MB


@pytest.mark.alone
def test_half_headers_and_trickled_bodies(installation, listener, watchdog):
    needs_descriptors(10100)
    descriptors = len(os.listdir(f"/proc/{listener.pid}/fd"))
    watchdog.count()
    for _ in range(2):
        start = time.monotonic()
        with attack(installation.port, "half=10000,post=6,get_with_body=5,chunked=5"):
            assert_all_answered(installation.port, OTHER_ADDRESS, 100)
        assert watchdog.count() >= time.monotonic() - start - 2, "told each second"
        assert most_memory(listener) <= 20
    wait_until(lambda: len(os.listdir(f"/proc/{listener.pid}/fd")) <= descriptors, 10, "all connections are closed")
    assert_all_answered(installation.port, "127.0.0.1", 5)
    assert installation.stop(listener) == 0


@pytest.mark.alone
@pytest.mark.parametrize("kinds", ["trickled_head=3000", "connect=10000", "reads_nothing=1000", "pipelined=300", "half_closed=3000", "noise=1000"])
def test_other_attacks(installation, listener, kinds):
    needs_descriptors(10100)
    with attack(installation.port, kinds):
        assert_all_answered(installation.port, OTHER_ADDRESS, 30)
    assert most_memory(listener) <= 20
    assert_all_answered(installation.port, "127.0.0.1", 5)


@pytest.mark.alone
def test_a_client_of_the_attackers_address(installation, listener):
    """Best effort: its connection is among the newest, and the oldest ones are ended first."""
    needs_descriptors(10100)
    with attack(installation.port, "half=10000,post=6,get_with_body=5,chunked=5"):
        answers = [ask(installation.port, "127.0.0.1") for _ in range(50)]
    assert sum(status == 200 for status, _, _ in answers) >= 25


@pytest.mark.alone
@pytest.mark.parametrize("good", [OTHER_ADDRESS, "127.2.0.1"])  # below the attackers' addresses, and above
@pytest.mark.parametrize("kinds, addresses", [("half=1000", 500), ("reads_nothing=300", 300), ("connect=5000", 2500)])
def test_an_attack_from_many_addresses(installation, listener, good, kinds, addresses):
    """None of them has more connections than another: then the oldest is ended, whoever has it.

    Nearly all: a client that is kept waiting by its own machine before it sends its request may have the oldest one by then.
    """
    needs_descriptors(5100)
    with attack(installation.port, kinds, addresses):
        answers = []
        for _ in range(30):
            answers.append(ask(installation.port, good))
            time.sleep(0.05)
    assert sum(status == 200 and seconds < 1 for status, seconds, _ in answers) >= 24, answers
    assert most_memory(listener) <= 20


@pytest.mark.alone
def test_with_few_descriptors(installation):
    write_report(installation)
    command = ["prlimit", "--nofile=40:40", "--", *installation.command("serve")]
    with open(installation.log, "ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    installation.processes.append(process)
    wait_until(lambda: ask(installation.port, OTHER_ADDRESS)[0] == 200, 10, "/metrics answers")
    with attack(installation.port, "half=1000,post=16"):
        assert_all_answered(installation.port, OTHER_ADDRESS, 30)


def send(port, data, seconds=3):
    """Sends `data` and returns all that comes back until the server ends the connection, and how long that took."""
    start, answer = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(data)
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
    return answer, time.monotonic() - start


@pytest.mark.parametrize("request_head, status", [
    (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", 405),
    (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n", 405),
    (b"PUT /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 405),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", 413),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200),
])
def test_a_body_is_never_awaited(installation, listener, request_head, status):
    answer, seconds = send(installation.port, request_head)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in answer
    assert seconds < 2  # it does not wait for the limit of a request, 5 s


def test_a_head_that_is_too_long(installation, listener):
    answer, _ = send(installation.port, b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert lastgood.http_get(installation.port, "/metrics")[0] == 200


def test_only_the_first_of_several_requests_is_answered(installation, listener):
    request = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
    answer, _ = send(installation.port, request * 20)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_client_that_shuts_its_side_after_the_request_is_answered(installation, listener):
    with socket.create_connection(("127.0.0.1", installation.port), timeout=5) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 ") and len(answer) > 100_000
