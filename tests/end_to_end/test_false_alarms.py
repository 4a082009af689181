"""What looked like an alarm and is none, on real mounts: each was one, or two at once, before."""

import os
import subprocess
import time

from test_domains import stack  # noqa: F401  a fixture

HOUR, DAY = 3600, 86400
DUMP = "-- PostgreSQL database dump\n--\n-- PostgreSQL database dump complete\n--\n"
FAST = '[drives]\nloop_devices = true\n[collectors.backups]\ninterval = "1s"\n'


def dump(directory, age=HOUR, name="shop", text=DUMP):
    directory.mkdir(parents=True, exist_ok=True)
    made = time.time() - age
    path = directory / f"{name}_{time.strftime('%Y-%m-%d_%H%M%S', time.gmtime(made))}.sql"
    path.write_text(text)
    os.utime(path, (made, made))
    return path


def backup(name, files, *lines):
    return "\n".join([f'[[backup]]\nname = "{name}"\nfiles = "{files}"\nsettle_time = "1ms"\ntime_zone = "UTC"', *lines]) + "\n"


def rules_of(report, name):
    return {finding["rule"] for finding in report.findings if finding.get("subject", "").split("/")[0] == name}


def test_a_dump_beside_its_source_is_no_fault_while_a_fresh_copy_lies_on_another_drive(installation, tmp_path, stack):  # noqa: F811
    here = stack.loop("here", tmp_path / "here.img")
    nas = stack.loop("nas", tmp_path / "nas.img")
    (here / "data").mkdir()
    dump(here / "dumps")
    copy = dump(nas / "dumps")
    config = FAST + backup("db", f"{here}/dumps/*.sql", f'covers = ["{here}/data"]') + backup("nas", f"{nas}/dumps/*.sql", 'copy_of = "db"')
    installation.write_config(sections=config)
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.value("backup_copied_elsewhere", "db") == 1, 20, "the copy")
    assert rules_of(report, "db") == rules_of(report, "nas") == set()
    # A stale copy, and none, end nothing.
    copy.unlink()
    dump(nas / "dumps", age=9 * DAY)
    installation.wait_for_report(lambda report: "backup_beside_source" in rules_of(report, "db"), 20, "the stale copy")


def test_a_place_that_is_not_mounted_is_unknown_and_an_emptied_one_has_lost_its_copies(installation, tmp_path, stack):  # noqa: F811
    """A critical "any loss is total" for each umount: at once five findings."""
    nas = stack.loop("nas", tmp_path / "nas.img")
    copy = dump(nas)
    installation.write_config(sections=FAST + backup("db", f"{nas}/*.sql", f'covers = ["{tmp_path}"]'))
    installation.start("agent")
    installation.wait_for_report(lambda report: report.value("backup_count", "db") == 1, 20, "the copy")
    newest = installation.report().value("backup_newest_timestamp_seconds", "db")
    device = subprocess.run(["findmnt", "-no", "SOURCE", nas], check=True, capture_output=True, text=True).stdout.strip()

    subprocess.run(["umount", nas], check=True)
    report = installation.wait_for_report(lambda report: any("not mounted" in problem["message"] for problem in report.problems), 30, "the umount")
    assert rules_of(report, "db") == {"backup_unreadable"}
    assert f"1. See whether it is mounted: findmnt -T {nas}" in " ".join(installation.call("status", "db").stdout.split())
    assert report.value("backup_newest_timestamp_seconds", "db") == newest
    by_hand = installation.call("collect", "backups", "db")
    assert '"lastgood_backup_readable","subject":"db","value":0' in by_hand.stdout and "is not mounted" in by_hand.stdout

    subprocess.run(["mount", device, nas], check=True)
    report = installation.wait_for_report(lambda report: report.value("backup_count", "db") == 1, 15, "the copy again")
    assert rules_of(report, "db") == set()

    copy.unlink()
    report = installation.wait_for_report(lambda report: rules_of(report, "db") == {"backup_gone"}, 20, "the loss")
    assert report.value("backup_newest_timestamp_seconds", "db") == newest
    assert "not fine" not in installation.call("status", "db").stdout


def test_a_wrong_pattern_and_a_stamp_that_is_not_there_yet_are_unknown(installation, tmp_path):
    dumps, empty = tmp_path / "dumps", tmp_path / "empty"
    dump(dumps)
    empty.mkdir()
    installation.write_config(
        sections=FAST
        + backup("xz", f"{dumps}/*.sql.xz", f'covers = ["{tmp_path}"]')
        + backup("braces", f"{dumps}/*.{{sql,gz}}")
        + backup("none", f"{empty}/*.sql", f'covers = ["{tmp_path}"]')
        + f'[[backup]]\nname = "off-site"\nstamp = "{tmp_path}/synced.ok"\ncovers = ["{tmp_path}"]\n'
    )
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("backup_never_made"), 20, "the looks")
    assert {name: rules_of(report, name) for name in ("xz", "braces", "none", "off-site")} == {
        "xz": {"backup_no_match"},
        "braces": {"backup_no_match"},
        "none": {"backup_never_made"},  # it is there and empty: that is proven
        "off-site": {"backup_stamp_missing"},
    }
    assert "1 other name is there" in report.find("backup_no_match", "xz")[0]["summary"]
    (tmp_path / "synced.ok").touch()
    installation.wait_for_report(lambda report: rules_of(report, "off-site") == set(), 20, "the stamp")


def test_a_wrong_name_in_slots_is_two_findings_for_all_streams(installation, tmp_path):
    for number in range(12):
        dump(tmp_path / "vms", name=f"vm{number}")
    lines = ('each = "name"', 'schedule = "03:00"', 'slots = {mon = ["vms/vm1"], wed = ["1"]}')
    installation.write_config(sections=FAST + backup("vms", f"{tmp_path}/vms/*.sql", *lines))
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("backup_no_slot"), 20, "the streams")
    assert rules_of(report, "vms") == {"backup_no_slot", "backup_slot_unknown"}
    summary = report.find("backup_no_slot", "vms")[0]["summary"]
    assert summary == "Backup vms has 11 streams in no slot: vm0, vm10, vm11, vm2, vm3 and 6 more.", summary
    assert report.value("backup_slots", "vms/vm1") == 1
