"""Probes: a write that takes long, one that cannot be done, a command, a connection; and who may make them."""

import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from lastgood import BINARY, cannot_run, lastgood, wait_until
from slow_filesystem import slow_filesystem

FAST = '[collectors.probes]\ninterval = "200ms"\n'


def probe(name, target, more=""):
    return f'[[probe]]\nname = "{name}"\n{target}\ninterval = "200ms"\n{more}\n'


@pytest.fixture
def prober(installation):
    """Starts the service's program; ends it after the test."""
    running = []

    def start(*arguments):
        if os.geteuid() != 0:
            cannot_run("not root")
        process = subprocess.Popen([BINARY, "probe", *arguments, "--config", str(installation.config)], stderr=subprocess.PIPE)
        running.append(process)
        return process

    yield start
    for process in running:
        assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def test_every_write_that_takes_seconds_is_told_with_what_is_usual(installation, prober, tmp_path):
    (tmp_path / "slow").mkdir()
    with slow_filesystem(tmp_path / "slow") as filesystem:
        installation.write_config(sections=FAST + probe("db", f'write = "{tmp_path}/slow"'))
        prober()
        installation.start("agent", wait=False)
        report = installation.wait_for_report(lambda report: report.select("probe_usual_seconds", "db"), 60, "what is usual")
        assert report.value("probe_last_seconds", "db") < 0.5 and not report.find("probe_slow")
        filesystem.delay = 2.5
        report = installation.wait_for_report(lambda report: report.find("probe_slow", "db"), 60, "it is slow")
        (finding,) = report.find("probe_slow", "db")
        assert re.search(r"takes [23] s; usual is [0-9.]+ (ms|us)", finding["summary"]), finding
        screen = installation.call("status").stdout
        assert "PROBE" in screen and f"a write on {tmp_path}/slow" in " ".join(screen.split()), screen
        filesystem.delay = 0
        installation.wait_for_report(lambda report: not report.find("probe_slow"), 60, "the end of the finding")
        assert not filesystem.files
    metrics = installation.textfile.read_text()
    assert 'lastgood_probe_attempts_total{' in metrics and 'up_to="+Inf"' in metrics


def test_a_write_that_cannot_be_done_is_not_slow(installation, prober, tmp_path):
    full, read_only = tmp_path / "full", tmp_path / "read-only"
    for point, options in ((full, "size=64k"), (read_only, "ro")):
        point.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", point], check=False).returncode != 0:
            cannot_run("no mount")
    try:
        with open(full / "filler", "wb", buffering=0) as filler, pytest.raises(OSError):
            while True:
                filler.write(b"\0" * 4096)
        installation.write_config(
            sections=FAST
            + probe("full", f'write = "{full}"')
            + probe("read-only", f'write = "{read_only}"')
            + probe("gone", f'write = "{tmp_path}/gone"')
        )
        prober()
        installation.start("agent", wait=False)
        report = installation.wait_for_report(lambda report: len(report.find("probe_failing")) == 3, 60, "all fail")
        words = {finding["subject"]: finding["summary"] for finding in report.find("probe_failing")}
        assert "No space left on device" in words["full"] and "Read-only file system" in words["read-only"], words
        assert "No such file or directory" in words["gone"]
        assert not report.find("probe_slow")
        assert sorted(os.listdir(full)) == ["filler"]
    finally:
        for point in (full, read_only):
            subprocess.run(["umount", "-l", point], check=False)


def test_a_command_runs_as_its_user_without_a_shell(installation, prober, tmp_path):
    tmp_path.chmod(0o755)
    program, seen = tmp_path / "ask", tmp_path / "seen"
    program.write_text(f'#!/bin/sh\necho "$(id -u) $# $1 $LD_PRELOAD" > {seen}/$1\n[ "$1" = good ] || {{ echo no rows >&2; head -c 1000000 /dev/zero >&2; exit 4; }}\n')
    program.chmod(0o755)
    seen.mkdir()
    seen.chmod(0o777)
    directory = tmp_path
    while directory != directory.parent and directory.stat().st_uid == os.geteuid() and directory != directory.parent:
        if not directory.stat().st_mode & 0o001:
            directory.chmod(directory.stat().st_mode | 0o011)
        directory = directory.parent
    command = lambda word: f'command = ["{program}", "{word}", "$(touch {seen}/shell)"]\nuser = "nobody"'  # noqa: E731
    installation.write_config(
        sections=FAST
        + probe("good", command("good"))
        + probe("bad", command("bad"))
        + probe("slow", 'command = ["/bin/sleep", "60"]\nuser = "nobody"', 'deadline = "300ms"')
    )
    prober()
    installation.start("agent", wait=False)
    report = installation.wait_for_report(
        lambda report: report.find("probe_failing", "bad") and report.find("probe_failing", "slow"), 60, "what fails"
    )
    assert "exit status 4" in report.find("probe_failing", "bad")[0]["summary"]
    assert "no rows" in installation.call("status", "bad").stdout
    assert "did not end within 300 ms" in report.find("probe_failing", "slow")[0]["summary"]
    assert not report.find("probe_failing", "good") and report.value("probe_last_seconds", "good") < 5
    words = (seen / "good").read_text().split()
    assert words[:3] == ["65534", "2", "good"] and not (seen / "shell").exists(), words


def test_a_connection_is_made_by_a_process_without_rights(installation, prober, tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    answer = {"delay": 0.0, "text": b"+PONG\r\n"}

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                if client.recv(16):
                    time.sleep(answer["delay"])
                    client.sendall(answer["text"])

    threading.Thread(target=serve, daemon=True).start()
    ask = f'address = "127.0.0.1:{port}"\nsend = "PING\\r\\n"\nexpect = "+PONG"'
    installation.write_config(
        sections=FAST + probe("redis", ask, 'max_time = "100ms"') + probe("refused", 'address = "127.0.0.1:1"')
    )
    prober("--remote")
    installation.start("agent", wait=False)
    report = installation.wait_for_report(
        lambda report: report.value("probe_last_seconds", "redis") is not None and report.find("probe_failing", "refused"), 60
    )
    assert "Connection refused" in report.find("probe_failing", "refused")[0]["summary"]
    answer["delay"] = 0.3
    report = installation.wait_for_report(lambda report: report.find("probe_slow", "redis"), 60, "it is slow")
    assert f"a connection to 127.0.0.1:{port}" in report.find("probe_slow", "redis")[0]["summary"]
    answer.update(delay=0, text=b"-ERR\r\n")
    installation.wait_for_report(lambda report: report.find("probe_failing", "redis"), 60, "the wrong answer")
    listener.close()


def test_a_probe_of_which_nobody_tells_is_not_fine(installation, prober, tmp_path):
    installation.write_config(sections=FAST + probe("db", f'write = "{tmp_path}"'))
    installation.start("agent", wait=False)
    installation.wait_for_report(lambda report: report.value("probe_reported", "db") == 0, 30)
    assert installation.call("status", "db").returncode == 3
    process = prober()
    installation.wait_for_report(lambda report: report.value("probe_last_seconds", "db") is not None, 30)
    assert installation.call("status", "db").returncode == 0
    process.send_signal(signal.SIGSTOP)
    try:
        directory = f"{installation.runtime}-probe"
        wait_until(lambda: os.listdir(directory) == ["probes.jsonl"], 5, "one file")
    finally:
        process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('write = "/srv"\naddress = "db1:5432"', "needs one of write, command and address"),
        ('command = ["/bin/true"]', "a command needs user"),
        ('command = ["/bin/true"]\nuser = "root"', "a probe does not run as root"),
        ('command = ["/bin/true"]\nuser = "no-such-user"', "there is no user"),
        ('address = "db1"', "address is HOST:PORT"),
        ('address = "db1:5432"\nsend = "x"', "send needs expect"),
        ('write = "/srv"\nintervall = "1min"', "did you mean interval?"),
    ],
)
def test_what_is_wrong_with_a_probe_is_told(installation, text, said):
    installation.write_config(sections=f'[[probe]]\nname = "p"\n{text}\n')
    checked = lastgood("config", "check", "--config", str(installation.config))
    assert checked.returncode != 0 and said in " ".join((checked.stdout + checked.stderr).decode().split()), checked
