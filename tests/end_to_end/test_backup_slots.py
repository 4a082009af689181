"""A plan that staggers its streams over the nights of the week: each stream has its own due time."""

import os
import re
import time

HOUR, DAY = 3600, 86400
DUMP = "--\n-- PostgreSQL database dump\n--\n--\n-- PostgreSQL database dump complete\n--\n"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def midnight(days_ago):
    return (time.time() // DAY - days_ago) * DAY


def day_of(moment):
    return DAYS[time.gmtime(moment).tm_wday]


def copy(directory, stream, made):
    path = directory / f"{stream}-{time.strftime('%Y-%m-%d_%H%M%S', time.gmtime(made))}.sql"
    path.write_text(DUMP)
    os.utime(path, (made, made))


def config(directory, slots):
    days = ", ".join(f"{day} = [{', '.join(repr(stream) for stream in streams)}]" for day, streams in slots.items()).replace("'", '"')
    return (
        '[collectors.backups]\ninterval = "1s"\n[[backup]]\nname = "vms"\n'
        f'files = "{directory}/*.sql"\neach = "name"\nsettle_time = "1ms"\ntime_pattern = "%Y-%m-%d_%H%M%S"\n'
        f'schedule = "00:00"\ngrace = "1s"\ntime_zone = "UTC"\nslots = {{{days}}}\n'
    )


def findings(report):
    return {(finding["rule"], finding["subject"]) for finding in report.findings if finding["rule"] != "backup_beside_source"}


def test_a_missed_slot_is_one_finding_and_two_in_one_night_are_one(installation, tmp_path):
    copies = tmp_path / "copies"
    copies.mkdir()
    yesterday, before = midnight(1), midnight(2)
    slots = {day_of(yesterday): ["vm1", "vm2"], day_of(before): ["vm3", "vm4"]}
    # vm1 has missed yesterday's slot; a copy of last week is no copy of this one. vm4 was never made.
    copy(copies, "vm1", yesterday - 7 * DAY + HOUR)
    copy(copies, "vm2", yesterday + HOUR)
    copy(copies, "vm3", before + HOUR)
    installation.write_config(sections=config(copies, slots))
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("backup_slot_unknown", "vms"), 30, "the streams")
    assert findings(report) >= {("backup_overdue", "vms/vm1"), ("backup_slot_unknown", "vms")}
    assert not report.find("backup_never_made")
    assert report.find("backup_slot_unknown")[0]["summary"] == "Backup vms never had 1 stream that slots name: vm4."
    assert not report.find("backup_slots_missed")
    assert not {subject for _, subject in findings(report)} & {"vms/vm2", "vms/vm3"}
    assert report.value("backup_due_timestamp_seconds", "vms/vm2") == yesterday
    assert report.value("backup_due_timestamp_seconds", "vms/vm3") == before
    assert report.value("backup_missed_slots", "vms") == 1

    copy(copies, "vm4", before + HOUR)
    for path in copies.glob("vm2-*"):
        path.unlink()
    copy(copies, "vm2", yesterday - 7 * DAY + HOUR)
    copy(copies, "vm9", yesterday + HOUR)
    report = installation.wait_for_report(
        lambda report: report.find("backup_slots_missed", "vms") and report.find("backup_no_slot", "vms"), 30, "two in one night"
    )
    (finding,) = report.find("backup_slots_missed", "vms")
    night = time.strftime("%a %Y-%m-%d", time.gmtime(yesterday))
    assert finding["summary"] == f"Backup vms missed 2 slots of the night of {night}.", finding
    assert not report.find("backup_overdue") and not report.find("backup_slot_unknown")
    assert installation.call("status", "vms/vm2").returncode == 1


def test_two_backups_that_miss_the_same_night_have_a_common_cause(installation, tmp_path):
    # The last such evening; late in the evening an earlier hour, so that none comes while the test runs.
    hour = 23 if time.gmtime().tm_hour < 22 else 21
    night = midnight(0 if hour == 21 else 1) + hour * HOUR
    text = '[collectors.backups]\ninterval = "1s"\n'
    for name in ("db", "web", "mail"):
        (tmp_path / name).mkdir()
        copy(tmp_path / name, name, night - (2 * DAY if name == "db" else -60))
        text += (
            f'[[backup]]\nname = "{name}"\nfiles = "{tmp_path}/{name}/*.sql"\nsettle_time = "1ms"\n'
            f'schedule = "{hour}:00"\ngrace = "1s"\ntime_zone = "UTC"\ntime_pattern = "%Y-%m-%d_%H%M%S"\n'
        )
    installation.write_config(sections=text)
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.value("backups_missed") == 1, 30, "the backups")
    assert report.find("backup_overdue", "db") and not report.find("backups_missed_together")

    for path in (tmp_path / "web").iterdir():
        path.unlink()
    copy(tmp_path / "web", "web", night - DAY + 60)
    report = installation.wait_for_report(lambda report: report.find("backups_missed_together"), 30, "the night")
    (finding,) = report.find("backups_missed_together")
    ends = time.strftime("%a %Y-%m-%d", time.gmtime(night + 12 * HOUR))
    assert re.fullmatch(f"2 backups of .* missed the same night, the one to {ends}.", finding["summary"]), finding
