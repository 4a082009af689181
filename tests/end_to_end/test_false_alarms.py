"""What looked like an alarm and is none, on real mounts: each was one, or two at once, before."""

import os
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
