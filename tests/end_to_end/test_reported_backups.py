"""Backups that other programs report: when nobody does any more, they are unknown, with the last known time."""

import json
import time

HOUR = 3600
CONFIG = '[collectors.inbox]\ninterval = "1s"\n[collectors.backups]\ninterval = "1s"\n[[backup]]\nname = "tape"\nmax_age = "26h"\n'


def report_tape(installation, made):
    line = {
        "metric": "lastgood_backup_newest_timestamp_seconds",
        "subject": "tape",
        "labels": {"confidence": "exact"},
        "value": made,
        "observed_at": time.time(),
    }
    (installation.inbox / "tape.jsonl").write_text(json.dumps(line) + "\n")


def test_an_inbox_file_that_goes_away_leaves_the_last_known_time(installation):
    made = time.time() - 5 * HOUR
    installation.write_config(sections=CONFIG)
    report_tape(installation, made)
    agent = installation.start("agent")
    installation.wait_for_report(lambda report: report.value("backup_readable", "tape") == 1, 30, "the file in the inbox")
    assert "fine" in installation.call("status", "tape").stdout.splitlines()[0]

    def is_known(report):
        newest = report.value("backup_newest_timestamp_seconds", "tape")
        return report.value("backup_readable", "tape") == 0 and newest is not None and abs(newest - made) < 1

    (installation.inbox / "tape.jsonl").unlink()
    installation.wait_for_report(is_known, 30, "the last known time")
    shown = installation.call("status", "tape").stdout
    assert "unknown" in shown.splitlines()[0] and "nobody reports it any more" in shown and "never made" not in shown, shown

    installation.stop(agent)
    installation.start("agent")
    report = installation.wait_for_report(is_known, 30, "the last known time after a restart")
    assert not {"backup_never_made", "backup_unreadable"} & set(report.rules())

    report_tape(installation, made + HOUR)
    installation.wait_for_report(lambda report: report.value("backup_readable", "tape") == 1, 30, "the new file in the inbox")
