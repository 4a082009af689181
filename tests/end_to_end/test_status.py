"""`lastgood status`: exit codes, a dead agent, --json, one subject."""

import json
import signal
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
