"""What is asked of a backup over time: schedules, spans, usual sizes, pauses, and records of tests."""

import json
import os
import subprocess
import time

import lastgood

HOUR, DAY = 3600, 86400
DUMP = "--\n-- PostgreSQL database dump\n--\n{}\n--\n-- PostgreSQL database dump complete\n--\n"
FAST = '[collectors.backups]\ninterval = "1s"\n'


def make_copy(directory, name, age=0, text="select 1;"):
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(DUMP.format(text))
    made = time.time() - age
    os.utime(path, (made, made))
    return path


def backup(directory, **settings):
    lines = ["[[backup]]", 'name = "db8"', f'files = "{directory}/*.sql"', 'settle_time = "1ms"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n" + FAST


def plan_rules(report):
    return {finding["rule"] for finding in report.findings if finding.get("subject") == "db8"} - {"backup_beside_source"}


def test_a_schedule_asks_for_the_copy_of_its_last_time(installation, tmp_path):
    copies = tmp_path / "copies"
    make_copy(copies, "a.sql", age=5 * DAY)
    installation.write_config(sections=backup(copies, schedule="0/1:00", grace="1s", time_zone="UTC"))
    installation.start("agent")
    report = installation.wait_for_report(lambda report: "backup_long_overdue" in report.rules(), 30, "long overdue")
    assert plan_rules(report) == {"backup_long_overdue"}
    due = report.value("backup_due_timestamp_seconds", "db8")
    assert due % HOUR == 0 and 0 <= time.time() - due <= 2 * HOUR
    assert report.value("backup_max_age_seconds", "db8") is None
    make_copy(copies, "b.sql", age=3 * HOUR)
    installation.wait_for_report(lambda report: plan_rules(report) == {"backup_overdue"}, 30, "overdue")
    shown = installation.call("status", "db8").stdout
    assert "a copy since " in shown, shown
    make_copy(copies, "c.sql")
    installation.wait_for_report(lambda report: not plan_rules(report), 30, "nothing")


def test_a_pause_is_shown_and_ends_with_a_finding(installation, tmp_path):
    copies = tmp_path / "copies"
    make_copy(copies, "a.sql", age=9 * DAY)

    def paused(days):
        day = time.strftime("%Y-%m-%d", time.localtime(time.time() + days * DAY))
        return backup(copies, paused_until=day, paused_by="anna", paused_reason="the server moves")

    installation.write_config(sections=paused(20))
    agent = installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("backup_far_too_old", "db8"), 30, "its age")
    (finding,) = report.find("backup_far_too_old", "db8")
    assert finding["accepted_until"] > time.time() and not report.find("backup_pause_ended")
    shown = installation.call("status")
    assert "anna" in shown.stdout and "the server moves" in shown.stdout and "9 days old" in shown.stdout, shown.stdout
    assert "paused until" in shown.stdout

    installation.write_config(sections=paused(-2))
    installation.stop(agent)
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("backup_pause_ended", "db8"), 30, "the end of the pause")
    assert "accepted_until" not in report.find("backup_far_too_old", "db8")[0]

    installation.write_config(sections=paused(100))
    refused = installation.call("config", "check")
    assert refused.returncode != 0 and "90 days at most" in refused.stderr + refused.stdout


def test_a_backup_that_shrinks_is_noticed_across_restarts(tmp_path):
    copies, state = tmp_path / "copies", tmp_path / "state"
    state.mkdir()
    state.chmod(0o755)
    config = tmp_path / "lastgood.toml"
    config.write_text(f'state_directory = "{state}"\nruntime_directory = "{tmp_path}"\n' + backup(copies, keep_span="7d"))

    def collect():
        done = subprocess.run(
            [lastgood.BINARY, "collect", "backups", "db8", "--config", str(config)],
            capture_output=True, text=True, timeout=60, check=True,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {line["metric"].removeprefix("lastgood_backup_"): line["value"] for line in lines if "metric" in line}

    for day in range(9, 1, -1):  # each look is a process of its own
        make_copy(copies, f"{day}.sql", age=day * DAY, text="x" * 10000)
        found = collect()
    assert 10000 < found["usual_size_bytes"] < 10200
    assert found["min_span_seconds"] == 7 * DAY - 26 * HOUR
    make_copy(copies, "1.sql", age=DAY, text="x" * 100)
    found = collect()
    assert found["size_bytes"] < found["shrunk_size_bytes"] < found["usual_size_bytes"]


def test_a_restore_is_recorded_as_evidence(installation, tmp_path):
    copies = tmp_path / "copies"
    make_copy(copies, "a.sql")
    installation.write_config(sections=backup(copies, restored_within="30d", verified_within="30d"))
    agent = installation.start("agent")
    both = {"backup_never_restored", "backup_never_verified"}
    installation.wait_for_report(lambda report: both <= set(report.rules()), 30, "both findings")
    done = installation.call("record", "restored", "db8", "--note", "table orders, on the test server")
    assert done.returncode == 0, done.stderr
    installation.wait_for_report(lambda report: "backup_never_restored" not in report.rules(), 30, "the record")
    shown = installation.call("status", "db8").stdout
    assert "table orders, on the test server" in " ".join(shown.split()), shown
    assert "table orders" in installation.call("record").stdout
    assert installation.call("record", "restored", "db9").returncode == 3

    installation.stop(agent)
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("backup_never_verified"), 30, "the report after a restart")
    assert not report.find("backup_never_restored")
    assert report.select("backup_record_timestamp_seconds", "db8", what="restored", note="table orders, on the test server")
