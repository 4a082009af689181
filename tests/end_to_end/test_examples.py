"""The stories of packaging/examples/backups, played: what is said while all is well, and what when it is not."""

import gzip
import os
import pathlib
import re
import subprocess
import time

import pytest
from conftest import needs_loop_devices
from lastgood import BINARY
from loop_device import run

EXAMPLES = pathlib.Path(__file__).parent.parent.parent / "packaging" / "examples" / "backups"
HOUR, DAY = 3600, 86400
DUMP = b"--\n-- PostgreSQL database dump\n--\nselect 1;\n--\n-- PostgreSQL database dump complete\n--\n"
FAST = '[collectors.backups]\ninterval = "1s"\n[collectors.filesystems]\ninterval = "1s"\n'


class Story:
    """An example whose directories lie below one of the test, and the agent that reads it."""

    def __init__(self, installation, directory, name, **other):
        self.installation, self.directory, self.name, self.other = installation, directory, name, other

    def path(self, path):
        made = self.directory / path.lstrip("/")
        made.mkdir(parents=True, exist_ok=True)
        return made

    def begin(self):
        text = (EXAMPLES / f"{self.name}.toml").read_text()
        text = re.sub(r'"(/(?:backup|var|mnt)/)', f'"{self.directory}\\1', text)
        for key, value in self.other.items():
            text, count = re.subn(rf"(?m)^({key} *= ).*$", rf"\g<1>{value}", text)
            assert count == 1, key
        self.installation.write_config(sections=text + FAST)
        return self.installation.start("agent", wait=False)

    def dump(self, made):
        """A dump that was made at this time, as its name and its modification time say."""
        path = self.path("/backup/db8") / time.strftime("db8-%Y-%m-%d_%H%M.sql.gz", time.localtime(made))
        path.write_bytes(gzip.compress(DUMP))
        os.utime(path, (made, made))
        return path

    def rules(self, report, subject):
        return {finding["rule"] for finding in report.findings if finding.get("subject") == str(subject)}

    def expect(self, subject, *rules, within=30):
        return self.installation.wait_for_report(
            lambda report: self.rules(report, subject) == set(rules) and report.select("backup_info"),
            within, f"{subject}: {rules}",
        )  # fmt: skip


@pytest.mark.parametrize("example", sorted(path.stem for path in EXAMPLES.glob("*.toml")))
def test_an_example_is_a_valid_configuration(example):
    done = subprocess.run(
        [BINARY, "config", "check", "--config", str(EXAMPLES / f"{example}.toml")],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    errors = [line for line in (done.stdout + done.stderr).splitlines() if "error" in line]
    assert done.returncode in (0, 1) and not errors, done.stdout + done.stderr


def test_six_hourly_and_kept_for_seven_days(installation, tmp_path):
    """The old copy: a full dump every six hours, an alarm if the newest is older, seven days kept, and what is older deleted."""
    story = Story(installation, tmp_path, "six-hourly")
    story.path("/var/lib/postgresql")
    slot = time.time() - time.time() % (6 * HOUR) - time.localtime().tm_gmtoff % (6 * HOUR)
    copies = [story.dump(slot - number * 6 * HOUR) for number in range(29)]  # back to seven days ago
    story.begin()
    beside = "backup_beside_source"  # the test has one drive
    story.expect("db8", beside)

    for path in copies[:2]:
        path.unlink()
    story.expect("db8", beside, "backup_overdue", "backup_went_back")
    for path in copies[2:6]:
        path.unlink()
    story.expect("db8", beside, "backup_long_overdue", "backup_went_back")
    for number in range(6):
        story.dump(slot - number * 6 * HOUR)
    story.expect("db8", beside)

    for path in copies[-8:]:
        path.unlink()
    story.expect("db8", beside, "backup_span_short")
    for number in range(21, 29):
        story.dump(slot - number * 6 * HOUR)
    story.dump(slot - 9 * DAY)
    story.expect("db8", beside, "backup_outlived")


def test_a_temporary_disk_is_not_silenced_by_the_root(installation, tmp_path, root):
    """The temporary disk: on day 0, when data is put on it."""
    needs_loop_devices()
    image, disk = tmp_path / "image", tmp_path / "mnt"
    disk.mkdir()
    run("truncate", "--size=32M", str(image))
    run("mkfs.ext4", "-q", "-F", str(image))
    run("mount", "-o", "loop", str(image), str(disk))
    try:
        (disk / "DATALOSS_WARNING_README.txt").write_text("Data on this disk is lost.\n")
        story = Story(installation, tmp_path, "temporary-disk")
        for name in ("snapshots", "keys", "index", "data"):
            story.path(f"/backup/restic/{name}")
        (story.path("/backup/restic") / "config").write_text("x")
        (disk / "shop").write_bytes(os.urandom(8 << 20))
        story.begin()
        report = story.expect(disk, "filesystem_ephemeral")
        assert report.value("filesystem_backed_up", str(disk)) == 0
    finally:
        run("umount", "--lazy", str(disk))


def test_dumps_beside_their_database(installation, tmp_path):
    story = Story(installation, tmp_path, "dumps-beside-database")
    story.path("/var/lib/postgresql")
    dump = story.path("/var/backups/db8") / "db8-dump.sql.gz"
    dump.write_bytes(gzip.compress(DUMP))
    os.utime(dump, (time.time() - HOUR, time.time() - HOUR))
    story.begin()
    story.expect("db8", "backup_beside_source")
    shown = installation.call("status").stdout
    assert "same drive" in shown, shown


def test_staggered_guests(installation, tmp_path):
    """The rebuild, later: a guest a night, a server that has all copies each day, and another place."""
    story = Story(installation, tmp_path, "staggered-guests")
    story.path("/var/lib/libvirt/images")
    today = time.mktime((*time.localtime()[:3], 22, 0, 0, 0, 0, -1))
    nights = {}  # the last one of each guest whose grace is over

    for back in range(1, 9):
        night = today - back * DAY
        guest = {0: "db", 1: "web", 2: "mail", 3: "files", 4: "build"}.get(time.localtime(night).tm_wday)
        if guest and night + 8 * HOUR < time.time():
            nights.setdefault(guest, night)

    def copy(place, guest, made):
        path = story.path(place) / time.strftime(f"{guest}-%Y-%m-%d_%H%M%S.vma.gz", time.localtime(made))
        path.write_bytes(gzip.compress(os.urandom(5000)))
        os.utime(path, (made, made))
        return path

    copies = {(place, guest): copy(place, guest, night + 600) for guest, night in nights.items() for place in ("/backup/guests", "/mnt/master/guests")}
    stamp = story.path("/var/lib/backup") / "guests-off-site"
    stamp.touch()
    story.begin()
    for guest in nights:
        for subject in (f"guests/{guest}", f"guests-master/{guest}", "guests-off-site"):
            report = story.expect(subject)
    assert report.value("backup_missed_slots", "guests") == 0

    # One guest misses its night, on the host and on the server: only the original is blamed.
    for place in ("/backup/guests", "/mnt/master/guests"):
        copies[place, "mail"].unlink()
        copy(place, "mail", nights["mail"] - 7 * DAY + 600)
    story.expect("guests/mail", "backup_overdue", "backup_went_back")
    report = story.expect("guests-master/mail", "backup_went_back")
    assert not report.find("backup_slots_missed") and not report.find("backups_missed_together")

    # The server gets nothing new of another one.
    copies["/mnt/master/guests", "db"].unlink()
    copy("/mnt/master/guests", "db", nights["db"] - 7 * DAY + 600)
    story.expect("guests-master/db", "backup_behind", "backup_went_back")
    # The sync to the other place has stopped, not long before a guest was due again.
    copy("/mnt/master/guests", "db", nights["db"] + 600)
    os.utime(stamp, (time.time() - 8 * DAY, time.time() - 8 * DAY))
    story.expect("guests-off-site", "backup_behind", "backup_went_back")


def test_backups_that_are_off_for_years(installation, tmp_path):
    """The rebuild: the pause ends with a finding, and two and a half years are told every day."""
    made = time.time() - 912 * DAY
    story = Story(installation, tmp_path, "off-for-years", paused_until=time.strftime("%Y-%m-%d", time.localtime(time.time() + 30 * DAY)))
    story.path("/var/lib/postgresql")
    story.dump(made)
    agent = story.begin()
    report = story.expect("db8", "backup_beside_source", "backup_far_too_old")
    (old,) = report.find("backup_far_too_old", "db8")
    assert "anna" in installation.call("status", "db8").stdout
    assert "912 d" in old["summary"]
    assert installation.stop(agent) == 0

    story.other["paused_until"] = time.strftime("%Y-%m-%d", time.localtime(time.time() - 2 * DAY))
    story.begin()
    report = story.expect("db8", "backup_beside_source", "backup_far_too_old", "backup_pause_ended")
    assert report.find("backup_far_too_old", "db8")[0]["severity"] == "critical"
