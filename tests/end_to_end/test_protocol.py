"""What collectors and the inbox may print: no value, line or file of one hurts the report or another's values."""

import json
import os

from lastgood import http_get
from test_isolation import collector, script

ERRORS = '{"metric":"lastgood_drive_kernel_errors_total","subject":"d","labels":{"kind":"io"},%s}'


def observations(report, subject):
    return report.value("backup_count", subject)


def test_no_magnitude_breaks_the_report(installation):
    """Values near the end of what a double can hold, whose sum or difference would be infinite, twice."""
    sections = ""
    for number, line in enumerate(('"increment":1e308', '"value":-1.7e308', '"value":1.7e308', '"increment":9e18')):
        path = script(installation.directory, f"c{number}", f"#!/bin/sh\necho '{ERRORS % line}'\n")
        sections += collector(f"c{number}", path, interval="1s")
    installation.write_config(sections=sections)
    agent = installation.start("run", wait=False)
    report = installation.wait_for_report(
        lambda report: report.value("collector_rejected_lines_total", "c0")
        and report.value("collector_rejected_lines_total", "c0") >= 3
        and (report.value("drive_kernel_errors_total", "d") or 0) > 9.2e18,
        30,
        "three runs of each",
        process=agent,
    )
    assert report.value("drive_kernel_errors_total", "d") == 2**63, "the sum ends at the limit"
    text = installation.report_path.read_text()
    json.loads(text, parse_constant=lambda word: 1 / 0)
    status, metrics = http_get(installation.port, "/metrics")
    assert status == 200
    assert not any(line.lower().endswith(("inf", "nan")) for line in metrics.splitlines() if not line.startswith("#"))
    json.loads(installation.call("status", "--json").stdout)
    assert installation.stop(agent) == 0
    # Nor does the saved state have any of it.
    agent = installation.start("agent")
    assert not installation.report().find("state_lost")
    assert installation.stop(agent) == 0


def test_a_last_line_without_newline_counts(installation):
    path = script(
        installation.directory, "short", '#!/bin/sh\nprintf \'{"metric":"lastgood_backup_count","subject":"b","value":4}\'\n'
    )
    installation.write_config(sections=collector("short", path, interval="1s"))
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(lambda report: observations(report, "b") == 4, 15, "its value", process=agent)
    assert installation.stop(agent) == 0


def test_rubbish_is_stopped_early_and_told(installation):
    installation.write_config(sections=collector("yes", "/usr/bin/yes", interval="1s", deadline="20s"))
    agent = installation.start("agent", wait=False)
    report = installation.wait_for_report(
        lambda report: report.value("collector_success", "yes") == 0, 15, "it has failed", process=agent
    )
    assert any("printed 1000 lines that are not valid observations" in problem["message"] for problem in report.problems)
    assert installation.stop(agent) == 0


def test_one_file_of_the_inbox_hides_no_other(installation):
    good = '{"metric":"lastgood_backup_count","subject":"%s","value":1}\n'
    bad = {
        "b-long.jsonl": '{"metric":"lastgood_drive_info","subject":"x","labels":{"model":"' + "m" * 300_000 + '"},"value":1}\n',
        "c-rubbish.jsonl": "rubbish\n" * 9_000,
        "d-large.jsonl": "x" * (1 << 21),
        "e-problems.jsonl": '{"problem":"stuck"}\n' * 9_000,
    }
    for name, text in bad.items():
        (installation.inbox / name).write_text(text)
    os.mkfifo(installation.inbox / "f-fifo.jsonl")
    (installation.inbox / "g-link.jsonl").symlink_to("g-link.jsonl")
    (installation.inbox / "h-directory.jsonl").mkdir()
    for name in ("a", "z"):
        (installation.inbox / f"{name}.jsonl").write_text(good % name)
    agent = installation.start("agent", wait=False)
    report = installation.wait_for_report(
        lambda report: observations(report, "a") == 1 and observations(report, "z") == 1, 20, "both good files", process=agent
    )
    messages = [problem["message"] for problem in report.problems if problem["collector"] == "inbox"]
    assert len(messages) <= 100
    for name in (*bad, "f-fifo.jsonl", "g-link.jsonl", "h-directory.jsonl"):
        assert any(name in message for message in messages), f"{name} is not named in {messages}"
    assert installation.stop(agent) == 0


def test_thousands_of_problems_stay_a_short_report(installation):
    loops = installation.directory / "loops"
    loops.mkdir()
    for number in range(2000):
        (loops / f"l{number}").symlink_to(f"l{number}")
    installation.write_config(sections=f'[[backup]]\nname = "b"\nfiles = "{loops}/*"\n')
    agent = installation.start("agent", wait=False)
    report = installation.wait_for_report(
        lambda report: [problem for problem in report.problems if problem["subject"] == "b"], 30, "its problems", process=agent
    )
    assert len(report.problems) <= 60
    assert any(problem["message"] == "and 1951 problems more" for problem in report.problems)
    assert installation.stop(agent) == 0


def test_no_collector_speaks_for_the_agent(installation):
    """It would blame another collector, silence a finding, or pretend that the state is lost."""
    lines = (
        '{"metric":"lastgood_collector_success","subject":"drives","value":0}',
        '{"metric":"lastgood_accepted","labels":{"rule":"collector_failing","collector":"fails"},"value":1}',
        '{"metric":"lastgood_state_persisted","value":0}',
        '{"metric":"lastgood_drive_health","subject":"x","labels":{"state":"fine"},"value":1}',
    )
    path = script(installation.directory, "liar", "#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines))
    fails = script(installation.directory, "fails", "#!/bin/sh\nexit 1\n")
    installation.write_config(sections=collector("liar", path) + collector("fails", fails))
    agent = installation.start("agent", wait=False)
    report = installation.wait_for_report(
        lambda report: {one["subject"] for one in report.find("collector_failing")} == {"liar", "fails"},
        30,
        "both fail, and no other collector is blamed",
        process=agent,
    )
    assert report.value("collector_rejected_lines_total", "liar") >= len(lines)
    assert not report.find("state_not_persisted") and not report.select("drive_health")
    assert all("accepted_by" not in finding for finding in report.find("collector_failing"))
    assert any("only lastgood itself reports" in problem["message"] for problem in report.problems)


def test_a_forgotten_file_of_the_inbox_hides_nothing_new(installation):
    line = '{"metric":"lastgood_drive_smart_passed","subject":"wwn-x","value":%d}\n'
    (installation.inbox / "a.jsonl").write_text(line % 1)
    os.utime(installation.inbox / "a.jsonl", (1_700_000_000, 1_700_000_000))
    (installation.inbox / "b.jsonl").write_text(line % 0)
    installation.start("agent", wait=False)
    installation.wait_for_report(lambda report: report.find("drive_failing_verdict", "wwn-x"), 20, "the newer verdict counts")
