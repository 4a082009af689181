"""Snapshots made by snapper: info.xml has their time in UTC, and the kernel tells whether the snapshot is there and as it was."""

import datetime
import os
import pathlib
import re
import shutil
import time

import lastgood
import pytest
from btrfs import Btrfs, set_read_only
from conftest import needs_loop_devices
from lies import lie
from repositories import DAY, Expected, run

pytestmark = pytest.mark.xdist_group("btrfs")  # loop devices are few

NAME = "lastgood-test"


class Snapper:
    def __init__(self, filesystem):
        self.source = filesystem.subvolume("home")
        (self.source / "first").write_text("first")
        self.command("create-config", str(self.source))
        self.snapshots = self.source / ".snapshots"

    def command(self, *arguments, **environment):
        return run("snapper", "--no-dbus", "--config", NAME, *arguments, env={**os.environ, **environment})

    def create(self, *arguments, **environment):
        self.command("create", "--cleanup-algorithm", "timeline", *arguments, **environment)
        return max(self.snapshots.iterdir(), key=lambda path: int(path.name))

    def goes_by(self, seconds):
        for info in self.snapshots.glob("*/info.xml"):

            def earlier(match):
                then = datetime.datetime.fromisoformat(match.group(1)) - datetime.timedelta(seconds=seconds)
                return f"<date>{then}</date>"

            info.write_text(re.sub("<date>(.*)</date>", earlier, info.read_text()))


@pytest.fixture
def snapper(tmp_path, root):
    for program in ("snapper", "mkfs.btrfs"):
        if not shutil.which(program):
            lastgood.cannot_run(f"{program} is not installed")
    needs_loop_devices()
    listed = pathlib.Path("/etc/default/snapper")
    before = listed.read_text() if listed.exists() else None
    filesystem = Btrfs(tmp_path)
    try:
        filesystem.set_up()
        yield Snapper(filesystem)
    finally:
        pathlib.Path("/etc/snapper/configs", NAME).unlink(missing_ok=True)
        if before is not None:
            listed.write_text(before)
        filesystem.clean_up()


@pytest.fixture
def expected(tmp_path, snapper):
    return Expected(tmp_path, snapper=str(snapper.source), max_age="26h", covers=[str(snapper.source)])


def test_snapper_goes_stale_and_a_snapshot_clears_it(tmp_path, snapper, expected):
    assert expected.collect().readable, expected.error
    assert expected.value("count") == 0
    snapper.create()
    assert not expected.is_stale(), expected.lines
    assert expected.newest("exact") == pytest.approx(time.time(), abs=60)
    snapper.goes_by(3 * DAY)
    assert expected.is_stale()
    snapper.create()
    assert not expected.is_stale()
    assert expected.value("count") == 2
    assert expected.value("incomplete") == 0
    assert not expected.problems()
    (tmp_path / "below").mkdir()
    below = Expected(tmp_path / "below", snapper=str(snapper.snapshots), max_age="26h")
    assert not below.is_stale()


@pytest.mark.parametrize("damage", ["empty", "zeros", "cut", "unreadable"])
@lie("snapper", "an info.xml that is empty, zeroed, cut or unreadable looks like a snapshot that is gone")
def test_snapper_damaged_record(snapper, expected, damage):
    snapper.create()
    snapper.goes_by(3 * DAY)
    info = snapper.create() / "info.xml"
    assert not expected.is_stale()
    known, whole = expected.proven(), info.read_bytes()
    info.write_bytes({"empty": b"", "zeros": b"\0" * len(whole)}.get(damage, whole[: len(whole) * 2 // 3]))
    if damage == "unreadable":
        info.unlink()
        info.symlink_to(info.name)  # as a bad block does it, also for root
    expected.collect()
    assert expected.value("readable") == 0
    assert [expected.value(name) for name in ("copies_gone", "count", "incomplete", "went_back_from_timestamp_seconds")] == [None] * 4
    assert expected.proven() == pytest.approx(known)
    assert any(str(info) in problem for problem in expected.problems()), expected.lines


@lie("snapper", "a snapshot is on the drive of its source, and goes with it")
def test_snapper_domain_is_that_of_the_source(tmp_path, snapper, expected):
    snapper.create()
    (tmp_path / "bare").mkdir()
    bare = Expected(tmp_path / "bare", snapper=str(snapper.source), max_age="26h")
    for one in (expected, bare):
        one.collect()
        assert one.value("failure_domain", domain="same-filesystem") == 1


@lie("snapper", "info.xml outlives a snapshot that btrfs deleted")
def test_snapper_record_alone_is_no_snapshot(snapper, expected):
    snapper.create()
    snapper.goes_by(3 * DAY)
    made = snapper.create()
    run("btrfs", "subvolume", "delete", str(made / "snapshot"))
    assert (made / "info.xml").exists()
    assert expected.is_stale()
    assert expected.value("incomplete") == 1
    assert any("gone" in problem for problem in expected.problems())


@lie("snapper", "a writable snapshot is listed as the others are, and may have been changed")
def test_snapper_writable_snapshot_is_no_copy(snapper, expected):
    snapper.create()
    snapper.goes_by(3 * DAY)
    made = snapper.create("--read-write")
    (made / "snapshot" / "first").unlink()
    assert expected.is_stale()
    assert expected.value("incomplete") == 0, "after a rollback it is the system itself"
    assert expected.value("count") == 1
    set_read_only(snapper.create() / "snapshot", False)
    assert expected.is_stale()


@lie("snapper", "times in info.xml are in UTC, wherever the host is")
def test_snapper_times_are_utc(snapper, expected, monkeypatch):
    snapper.create(TZ="America/New_York")
    monkeypatch.setenv("TZ", "America/New_York")
    assert not expected.is_stale()
    assert expected.newest("exact") == pytest.approx(time.time(), abs=60)


@lie("snapper", "a snapshot has the time of its source, and a touched info.xml that of the touch")
def test_snapper_times_of_files_do_not_matter(snapper, expected):
    os.utime(snapper.source, (1546300800, 1546300800))  # 2019
    made = snapper.create()
    assert (made / "snapshot").stat().st_mtime == 1546300800
    assert not expected.is_stale()
    snapper.goes_by(3 * DAY)
    for path in (made, made / "info.xml"):
        path.touch()
    assert expected.is_stale()


@lie("snapper", "a date in info.xml that is later than the snapshot")
def test_snapper_date_of_later_does_not_count(snapper, expected):
    snapper.create()
    snapper.goes_by(-30 * DAY)
    assert not expected.is_stale()
    assert expected.newest("exact") == pytest.approx(time.time(), abs=60)


@lie("snapper", "a killed run leaves a snapshot without info.xml, which no cleanup removes")
def test_snapper_snapshot_without_record_is_none(snapper, expected):
    snapper.create()
    snapper.goes_by(3 * DAY)
    (snapper.create() / "info.xml").unlink()
    assert expected.is_stale()
    assert expected.value("count") == 1


def test_snapper_damaged_record_is_told(snapper, expected):
    made = snapper.create()
    (made / "info.xml").write_text("<?xml version")
    assert expected.is_stale()
    assert any("info.xml" in problem for problem in expected.problems())


@lie("snapper", "a snapshot of a subvolume whose data was not mounted is empty, with success")
def test_snapper_empty_snapshot_is_none(snapper, expected):
    snapper.create()
    snapper.goes_by(3 * DAY)
    (snapper.source / "first").unlink()
    # .snapshots is a subvolume in the source: it would be an empty directory in the snapshot.
    made = snapper.create()
    assert os.listdir(made / "snapshot") == [".snapshots"]
    assert expected.is_stale()
    assert any("mounted" in problem for problem in expected.problems())
