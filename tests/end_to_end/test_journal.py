"""What smartd, mdadm's monitor and zed write into systemd's journal reaches the report: once, and only from root's processes."""

import json
import pathlib
import random
import subprocess
import time

import pytest

from journal import WRITER, Journal
from lastgood import BINARY, cannot_run, process_status, wait_until

FAILED = "Device: /dev/sd{} [SAT], FAILED SMART self-check. BACK UP DATA NOW!"
PENDING = "Device: /dev/sd{} [SAT], 8 Currently unreadable (pending) sectors"
KICKED = "Fail event detected on md device /dev/md0, component device /dev/sd{}1"

HEALTHY = [
    ("smartd", "smartd 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0-18-amd64] (local build)"),
    ("smartd", "Device: /dev/sdzh [SAT], opened"),
    ("smartd", "Device: /dev/sdzh [SAT], SMART Usage Attribute: 194 Temperature_Celsius changed from 114 to 113"),
    ("mdadm", "RebuildStarted event detected on md device /dev/md0"),
    ("mdadm", "RebuildFinished event detected on md device /dev/md0"),
    ("zed", "eid=7 class=scrub_finish pool='tank'"),
    ("zed", "eid=8 class=history_event pool='tank'"),
]


@pytest.fixture
def journal(tmp_path):
    if not WRITER.exists():
        cannot_run("systemd-journal-remote is not installed")
    made = Journal(tmp_path / "journal")
    yield made
    made.close()


def follow(installation, directory):
    installation.write_config(sections=f'[journal]\ndirectory = "{directory}"\n')


def messages(report, **labels):
    return sum(one["value"] for one in report.select("drive_messages_total", **labels))


def charged(report):
    """The subjects of everything that came from the journal."""
    found = report.select("drive_messages_total")
    for metric in ("drive_kernel_errors_total", "array_kernel_errors_total"):
        found += report.select(metric, layer="zed")
    return sorted({one["subject"] for one in found})


def test_messages_become_findings(installation, journal):
    """Nobody else knows these drives, so each message has a finding of its own; healthy and forged ones have none."""
    for program, message in HEALTHY:
        journal.write(program, message)
    journal.write("smartd", FAILED.format("zv"))
    journal.write("smartd", PENDING.format("zp"))
    journal.write("mdadm", KICKED.format("zm"))
    journal.write("zed", "eid=12 class=statechange pool='tank' vdev=sdzf1 vdev_state=FAULTED", _COMM="logger")
    journal.write("zed", "eid=13 class=data pool='tank' priority=4 err=52", _COMM=None)
    # A user's logger, a container's output, a line written to /dev/kmsg, another program.
    journal.write("smartd", FAILED.format("zx"), _UID="1000", _COMM="logger")
    journal.write("smartd", FAILED.format("zx"), _COMM="dockerd", CONTAINER_NAME="smartd")
    journal.write("smartd", FAILED.format("zx"), _TRANSPORT="kernel", _COMM=None)
    journal.write("sshd", FAILED.format("zx"))
    journal.write("smartd", FAILED.format("z\x1b[31m\n\0"))
    journal.write("mdadm", b"\xff\xfe\n" + b"A" * 100_000)
    journal.write("smartd", PENDING.format("zlast"))
    journal.wait_for("sdzlast")
    follow(installation, journal.directory)
    agent = installation.start("agent", wait=False)
    report = installation.wait_for_report(
        lambda report: report.value("drive_messages_total", "unknown-sdzlast"), 30, "the last message", process=agent
    )
    found = {
        (finding["rule"], finding["subject"], finding["severity"])
        for finding in report.findings
        if finding.get("subject", "").startswith("unknown-sdz") or finding.get("subject") == "tank"
    }
    assert found == {
        ("drive_failing_smartd", "unknown-sdzv", "critical"),
        ("drive_suspect_smartd_sectors", "unknown-sdzp", "warning"),
        ("drive_suspect_smartd_sectors", "unknown-sdzlast", "warning"),
        ("drive_suspect_mdadm", "unknown-sdzm", "warning"),
        ("drive_failing_dropped", "unknown-sdzf", "critical"),
        ("array_kernel_data_loss", "tank", "critical"),
    }
    assert charged(report) == ["tank"] + sorted(f"unknown-sdz{name}" for name in ("f", "last", "m", "p", "v"))
    (dropped,) = report.find("drive_failing_dropped", "unknown-sdzf")
    assert any(step.endswith("zpool status -v") for step in dropped["steps"]), dropped["steps"]
    assert report.value("journal_followed") == 1
    assert not [problem for problem in report.problems if problem["collector"] == "journal"]
    text = installation.call("status", "unknown-sdzv")
    assert "smartd" in text.stdout, text


def test_each_message_counts_once_over_kill_9(installation, journal):
    follow(installation, journal.directory)
    agent = installation.start("agent")
    chance = random.Random(7)
    written = 0
    for _ in range(6):
        for _ in range(chance.randrange(1, 20)):
            written += 1
            journal.write("smartd", FAILED.format("zk"))
            journal.write("cron", f"other {written}")
        time.sleep(chance.uniform(0, 1))
        installation.kill(agent)
        agent = installation.start("agent", wait=False)
    journal.write("mdadm", KICKED.format("zend"))
    journal.wait_for("sdzend1")
    report = installation.wait_for_report(
        lambda report: messages(report, program="mdadm") == 1, 30, "the last message", process=agent
    )
    assert messages(report, program="smartd") == written
    assert installation.stop(agent) == 0
    agent = installation.start("agent")
    time.sleep(1)
    assert messages(installation.report()) == written + 1


def test_a_drive_behind_a_controller_has_the_identity_of_smartds_start(installation, journal):
    journal.write(
        "smartd",
        "Device: /dev/bus/9 [megaraid_disk_02] [SAT], EXAMPLE DISK, S/N:EX0001, WWN:5-000c50-0a1b2c3d4, FW:1, 4.00 TB",
    )
    journal.write("smartd", KICKED)  # no message of smartd's
    follow(installation, journal.directory)
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(lambda report: report.value("journal_followed") == 1, 20, "it follows", process=agent)
    time.sleep(1)
    installation.kill(agent)
    journal.write("smartd", "Device: /dev/bus/9 [megaraid_disk_02] [SAT], FAILED SMART self-check. BACK UP DATA NOW!")
    journal.wait_for("FAILED")
    agent = installation.start("agent", wait=False)
    report = installation.wait_for_report(messages, 30, "the message", process=agent)
    assert charged(report) == ["wwn-0x5000c500a1b2c3d4"]
    assert report.find("drive_failing_smartd", "wwn-0x5000c500a1b2c3d4")


def test_a_message_from_before_this_boot_is_of_an_unknown_drive(installation, journal):
    """Names may have changed since. At the first start such messages are not read at all."""
    earlier = "0123456789abcdef0123456789abcdef"
    start = next(
        int(line.split()[1]) for line in pathlib.Path("/proc/stat").read_text().splitlines() if line.startswith("btime")
    )
    journal.write("smartd", FAILED.format("za"), when=start - 60, _BOOT_ID=earlier)
    journal.write("smartd", FAILED.format("zb"))
    journal.wait_for("sdzb")
    follow(installation, journal.directory)
    installation.start("agent", wait=False)
    report = installation.wait_for_report(messages, 20, "a message")
    assert charged(report) == ["unknown-sdzb"]


def test_a_host_without_a_journal_has_no_finding(installation, tmp_path):
    follow(installation, tmp_path / "none")
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.value("journal_followed") == 0, 20, "no journal")
    assert not [finding for finding in report.findings if finding.get("subject") == "journal"]
    assert not [problem for problem in report.problems if problem["collector"] == "journal"]
    text = installation.call("status", "host")
    assert "this host has none" in text.stdout, text


@pytest.fixture
def collector(journal, tmp_path):
    """`lastgood collect journal`, which follows the journal."""
    config = tmp_path / "lastgood.toml"
    config.write_text(f'[journal]\ndirectory = "{journal.directory}"\n')
    with open(tmp_path / "lines", "wb") as lines:
        process = subprocess.Popen(
            [BINARY, "collect", "journal", "--config", str(config)], stdin=subprocess.DEVNULL, stdout=lines
        )
    process.lines = tmp_path / "lines"
    yield process
    process.kill()
    process.wait()


def test_other_programs_entries_cost_nearly_nothing(journal, collector):
    """They wake the collector now and then, whatever their number, and never the agent: nothing is printed."""

    def commits():
        return [json.loads(line) for line in collector.lines.read_text().splitlines() if '"commit"' in line]

    def wakes():
        return int(process_status(collector.pid)["voluntary_ctxt_switches"])

    journal.write("smartd", FAILED.format("zc"))
    wait_until(lambda: len(commits()) == 2, 20, "the first message is counted")
    before = wakes()
    for number in range(300):
        journal.write("cron", f"entry {number}")
        time.sleep(0.02)
    journal.wait_for("entry 299")
    assert wakes() - before <= 10
    assert len(commits()) == 2
    journal.write("smartd", FAILED.format("zd"))
    wait_until(lambda: len(commits()) == 3, 20, "the next message is counted")


def test_an_identity_of_an_earlier_boot_names_no_drive(installation, journal):
    """Behind a controller another drive may have the number now; neither reading on nor reading back may mix them up."""
    journal.write(
        "smartd",
        "Device: /dev/bus/9 [megaraid_disk_02] [SAT], EXAMPLE DISK, S/N:EX0001, WWN:5-000c50-0a1b2c3d4, FW:1, 4.00 TB",
        _BOOT_ID="0123456789abcdef0123456789abcdef",
    )
    journal.write("smartd", "Device: /dev/bus/9 [megaraid_disk_02] [SAT], FAILED SMART self-check. BACK UP DATA NOW!")
    journal.wait_for("FAILED")
    follow(installation, journal.directory)
    agent = installation.start("agent", wait=False)
    report = installation.wait_for_report(messages, 30, "the message", process=agent)
    assert [subject.startswith("unknown-") for subject in charged(report)] == [True], charged(report)


def test_what_was_left_over_a_long_stop_is_not_recent(installation, journal):
    follow(installation, journal.directory)
    journal.write("smartd", PENDING.format("zfirst"))
    journal.wait_for("sdzfirst")
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(messages, 30, "the first message", process=agent)
    installation.kill(agent)
    journal.write("smartd", FAILED.format("zold"), when=time.time() - 60 * 86400)
    journal.write("smartd", PENDING.format("zlast"))
    journal.wait_for("sdzlast")
    agent = installation.start("agent", wait=False)
    report = installation.wait_for_report(lambda report: messages(report) > 1, 30, "the last message", process=agent)
    assert charged(report) == ["unknown-sdzfirst", "unknown-sdzlast"]


def test_no_entry_is_lost_when_the_last_one_read_has_gone(installation, journal, tmp_path):
    journal.write("smartd", PENDING.format("zfirst"))
    journal.wait_for("sdzfirst")
    follow(installation, journal.directory)
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(messages, 30, "the first message", process=agent)
    installation.kill(agent)
    rotated = Journal(tmp_path / "rotated")
    try:
        rotated.write("smartd", FAILED.format("znext"))
        rotated.wait_for("sdznext")
        follow(installation, rotated.directory)
        agent = installation.start("agent", wait=False)
        report = installation.wait_for_report(
            lambda report: messages(report) > 1, 30, "the next message", process=agent
        )
        assert charged(report) == ["unknown-sdzfirst", "unknown-sdznext"]
    finally:
        rotated.close()
