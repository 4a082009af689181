"""Copies of copies: each hop has its own age and its lag, by the time of the content, and a late original is blamed itself."""

import json
import os
import time

from lies import lie

HOUR, DAY = 3600, 86400
DUMP = "--\n-- PostgreSQL database dump\n--\n--\n-- PostgreSQL database dump complete\n--\n"
FAST = '[collectors.backups]\ninterval = "1s"\n'


def dump(directory, age, arrived=None, dated=True):
    """A dump of `age` ago, dated in its name; `arrived`: it was copied here that long ago."""
    directory.mkdir(exist_ok=True)
    made = time.time() - age
    stamp = time.strftime("%Y-%m-%d_%H%M%S", time.gmtime(made)) if dated else "latest"
    path = directory / f"db-{stamp}.sql"
    path.write_text(DUMP)
    written = made if arrived is None else time.time() - arrived
    os.utime(path, (written, written))
    return path


def backup(name, **settings):
    lines = ["[[backup]]", f'name = "{name}"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def rules_of(report, subject):
    return {finding["rule"] for finding in report.findings if finding.get("subject") == subject} - {"backup_beside_source"}


def hops(tmp_path, **settings):
    """db on this host, copied to a NAS, copied off site."""
    return (
        FAST
        + backup("db", files=f"{tmp_path}/db/*.sql", covers=[str(tmp_path)], max_age="26h", settle_time="1ms")
        + backup("nas", files=f"{tmp_path}/nas/*.sql", copy_of="db", settle_time="1ms")
        + backup("off-site", files=f"{tmp_path}/off/*.sql", copy_of="nas", max_lag="2d", settle_time="1ms", **settings)
    )


@lie("rsync", "a sync of this night copies an old state")
def test_a_fresh_sync_of_a_stale_copy_is_stale(installation, tmp_path):
    dump(tmp_path / "db", HOUR)
    dump(tmp_path / "nas", 4 * DAY, arrived=60)
    dump(tmp_path / "off", 5 * DAY, arrived=30)
    installation.write_config(sections=hops(tmp_path))
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("backup_behind", "nas"), 30, "the lag")
    assert abs(report.value("backup_lag_seconds", "nas") - (4 * DAY - HOUR)) < HOUR
    (finding,) = report.find("backup_behind", "nas")
    assert "3 days 23 h behind its original db" in finding["summary"], finding
    assert rules_of(report, "db") == set()
    # One day behind the NAS is allowed; the age of its content is not.
    assert abs(report.value("backup_lag_seconds", "off-site") - DAY) < HOUR
    assert "backup_behind" not in rules_of(report, "off-site")
    shown = installation.call("status", "db").stdout
    assert "copied to" in shown and "nas" in shown and "4 d old" in shown, shown

    dump(tmp_path / "nas", HOUR)
    installation.wait_for_report(lambda report: not rules_of(report, "nas"), 30, "nothing of the NAS")


def test_the_original_that_is_late_is_blamed_alone(installation, tmp_path):
    for place in ("db", "nas", "off"):
        dump(tmp_path / place, 9 * DAY)
    installation.write_config(sections=hops(tmp_path))
    installation.start("agent")
    report = installation.wait_for_report(
        lambda report: report.find("backup_far_too_old", "db") and report.value("backup_original_late", "off-site") == 1, 30, "the age"
    )
    assert rules_of(report, "nas") == rules_of(report, "off-site") == set()
    shown = installation.call("status", "nas").stdout
    assert "CRITICAL" in shown and "the original itself is too old" in " ".join(shown.split()), shown


@lie("cp", "copies without their times look as new as the sync")
def test_times_of_arrival_are_no_times_of_content(installation, tmp_path):
    dump(tmp_path / "db", 9 * DAY, dated=False)
    dump(tmp_path / "nas", 9 * DAY, arrived=60, dated=False)
    stamp = tmp_path / "synced"
    stamp.touch()
    installation.write_config(sections=hops(tmp_path).split('[[backup]]\nname = "off-site"')[0] + backup("off-site", stamp=str(stamp), copy_of="nas"))
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.value("backup_original_late", "off-site") == 1, 30, "the age")
    for hop in ("nas", "off-site"):
        assert abs(report.value("backup_newest_timestamp_seconds", hop) - (time.time() - 9 * DAY)) < HOUR
        assert time.time() - report.value("backup_arrived_timestamp_seconds", hop) < HOUR
        assert rules_of(report, hop) == set()


def test_copies_within_a_backup_are_backups_of_their_own(installation, tmp_path):
    dump(tmp_path / "db", HOUR)
    dump(tmp_path / "nas", HOUR)
    (tmp_path / "usb").mkdir()
    copies = f'copies = [{{on = "{tmp_path}/nas", name = "db-nas"}}, {{on = "{tmp_path}/usb", name = "db-usb"}}]\n'
    installation.write_config(sections=FAST + backup("db", files=f"{tmp_path}/db/*.sql", covers=["/"], settle_time="1ms") + copies)
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("backup_never_made", "db-usb"), 30, "no copy")
    assert report.value("backup_lag_seconds", "db-nas") == 0 and rules_of(report, "db-nas") == set()
    assert report.value("backup_max_lag_seconds", "db-nas") == 26 * HOUR
    assert report.value("backup_max_age_seconds", "db-nas") == 52 * HOUR


def test_a_stream_that_is_not_copied_is_missed(installation, tmp_path):
    for stream in ("a", "b"):
        for age in (9 * DAY, HOUR):
            dump(tmp_path / "db", age).rename(tmp_path / "db" / f"{stream}-{time.strftime('%Y-%m-%d_%H%M%S', time.gmtime(time.time() - age))}.sql")
    dump(tmp_path / "nas", HOUR).rename(tmp_path / "nas" / f"a-{time.strftime('%Y-%m-%d_%H%M%S', time.gmtime(time.time() - HOUR))}.sql")
    streams = {"each": "name", "settle_time": "1ms"}
    installation.write_config(
        sections=FAST
        + backup("db", files=f"{tmp_path}/db/*.sql", **streams)
        + backup("nas", files=f"{tmp_path}/nas/*.sql", copy_of="db", **streams)
    )
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("backup_lacks_streams", "nas"), 30, "the missing stream")
    assert "lacks 1 stream of its original db" in report.find("backup_lacks_streams", "nas")[0]["summary"]
    assert report.value("backup_lag_seconds", "nas/a") == 0
