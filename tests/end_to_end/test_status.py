"""`lastgood status`: exit codes, a dead agent, --json, one subject."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from test_isolation import collector, script


def test_no_agent_is_unknown_and_said_so(installation):
    done = installation.call("status")
    assert done.returncode == 3
    assert "agent" in (done.stdout + done.stderr).lower()


def test_a_killed_agent_is_noticed(installation):
    agent = installation.start("agent")
    alive = installation.call("status")
    assert alive.returncode in (0, 1, 2, 3), alive.stderr
    installation.kill(agent)
    time.sleep(0.2)
    dead = installation.call("status")
    assert dead.returncode == 3, dead.stdout
    assert "agent" in dead.stdout.lower() + dead.stderr.lower()
    assert "not running" in (dead.stdout + dead.stderr).lower() or "dead" in (dead.stdout + dead.stderr).lower()


def test_a_stopped_agent_is_noticed(installation):
    """After SIGSTOP the process still exists, but its report gets old and must not count as fresh."""
    agent = installation.start("agent")
    agent.send_signal(signal.SIGSTOP)
    try:
        document = json.loads(installation.report_path.read_text())
        document["written_at"] -= 3600
        for observation in document["observations"]:
            if observation["metric"] == "lastgood_report_timestamp_seconds":
                observation["value"] -= 3600
        installation.report_path.write_text(json.dumps(document))
        assert installation.call("status").returncode == 3
    finally:
        agent.send_signal(signal.SIGCONT)


def test_exit_code_follows_the_worst_finding(installation):
    failing = script(installation.directory, "failing", "#!/bin/sh\nexit 1\n")
    installation.write_config(sections=collector("failing", failing, interval="1s"))
    installation.start("agent", wait=False)
    report = installation.wait_for_report(
        lambda report: [finding for finding in report.findings if finding.get("subject") == "failing"], 30, "the finding"
    )
    done = installation.call("status", "--json")
    shown = json.loads(done.stdout)
    severities = {finding.get("certainty") or finding["severity"] for finding in shown["findings"]}
    worst = 2 if "critical" in severities else 1 if "warning" in severities else 3 if "unknown" in severities else 0
    assert done.returncode == worst
    assert report.document["host"] == shown["host"]


def test_text_has_no_colour_off_a_terminal(installation):
    installation.start("agent")
    done = installation.call("status")
    assert done.stdout
    assert "\033" not in done.stdout


def test_an_unknown_subject_is_an_error(installation):
    installation.start("agent")
    done = installation.call("status", "no-such-thing")
    assert done.returncode != 0
    assert "no-such-thing" in done.stderr + done.stdout


def test_watch_shows_the_top_of_a_long_screen(installation):
    """On a terminal with 24 rows the first lines, which are the worst, stay; the rest is counted."""
    findings = [
        {"rule": f"r{i}", "severity": "critical", "kind": "host", "subject": "", "summary": f"Number {i} is bad.", "steps": ["Look."],
         "since": time.time()}
        for i in range(30)
    ]
    path = installation.directory / "long.json"
    path.write_text(json.dumps({
        "host": "db8", "version": "1", "written_at": time.time(), "watched_since": 0, "observations": [], "findings": findings,
        "problems": [],
    }))
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = installation.command("status", "--watch", "--report", str(path))
    process = subprocess.Popen(command, stdin=end, stdout=end, stderr=end)
    try:
        printed = b""
        deadline = time.monotonic() + 20
        while b"more lines" not in printed and time.monotonic() < deadline:
            if select.select([terminal], [], [], 1)[0]:
                printed += os.read(terminal, 65536)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 2
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
        os.close(end)
    start = b"\x1b[H\x1b[2J"
    screen = printed.split(start)[1]
    assert b"db8" in screen.split(b"\n")[0] and b"CRITICAL" in screen.split(b"\n")[0]
    assert screen.count(b"\n") < 24
    assert b"Number 0 is bad." in screen
