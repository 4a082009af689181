"""Copies made by btrbk: the kernel tells whether one was received to its end, and its name when the snapshot was taken."""

import os
import re
import shutil
import subprocess
import time

import lastgood
import pytest
from btrfs import Btrfs, receive, send, set_read_only
from conftest import needs_loop_devices
from lies import lie
from repositories import DAY, Expected, run, write_random

pytestmark = pytest.mark.xdist_group("btrfs")  # loop devices are few


class Btrbk:
    """Snapshots in source/snapshots, and their copies in target/."""

    def __init__(self, directory, filesystem):
        self.directory = directory
        self.filesystem = filesystem
        self.source = filesystem.mount_point
        self.snapshots = self.source / "snapshots"
        self.target = self.source / "target"
        self.snapshots.mkdir()
        self.target.mkdir()
        self.subvolumes = []
        self.format = "long"
        self.add("home")

    def add(self, name):
        self.subvolumes.append(name)
        made = self.filesystem.subvolume(name)
        (made / "first").write_text("first")
        return made

    def run(self):
        lines = [f"timestamp_format {self.format}", f"volume {self.source}", "snapshot_dir snapshots", f"target {self.target}"]
        config = self.directory / "btrbk.conf"
        config.write_text("\n".join(lines + [f"subvolume {name}" for name in self.subvolumes]) + "\n")
        run("btrbk", "--config", str(config), "--quiet", "run", env={**os.environ, "TZ": "UTC"})
        return self.newest(self.target), self.newest(self.snapshots)

    def newest(self, directory, name="home"):
        return max(directory.glob(f"{name}.*"), default=None)

    def goes_by(self, days, *directories, name="*"):
        """Names tell the time. What is younger than its name must not count as older, so the names move only."""
        for directory in directories or (self.target, self.snapshots):
            for path in sorted(directory.glob(f"{name}.*")):

                def earlier(match):
                    then = time.mktime(time.strptime(match.group(), ".%Y%m%dT%H%M")) - days * DAY
                    return time.strftime(".%Y%m%dT%H%M", time.localtime(then))

                path.rename(path.with_name(re.sub(r"\.\d{8}T\d{4}", earlier, path.name)))


@pytest.fixture
def btrbk(tmp_path, root):
    for program in ("btrbk", "mkfs.btrfs"):
        if not shutil.which(program):
            lastgood.cannot_run(f"{program} is not installed")
    needs_loop_devices()
    filesystem = Btrfs(tmp_path)
    try:
        filesystem.set_up()
        yield Btrbk(tmp_path, filesystem)
    finally:
        filesystem.clean_up()


@pytest.fixture
def expected(tmp_path, btrbk, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield Expected(tmp_path, btrbk=str(btrbk.target), max_age="26h", covers=[str(btrbk.source / "home")])
    monkeypatch.undo()
    time.tzset()


def domain(expected):
    return [line["labels"]["domain"] for line in expected.lines if line.get("metric") == "lastgood_backup_failure_domain"]


def test_btrbk_goes_stale_and_a_copy_clears_it(btrbk, expected):
    assert expected.collect().readable, expected.error
    assert expected.value("count") == 0
    btrbk.run()
    assert not expected.is_stale(), expected.lines
    assert expected.newest("exact") == pytest.approx(time.time(), abs=90)
    btrbk.goes_by(3)
    assert expected.is_stale()
    btrbk.run()
    assert not expected.is_stale()
    assert expected.value("count") == 2
    assert expected.value("incomplete") == 0
    assert expected.value("in_progress") == 0
    assert not expected.problems()


@pytest.mark.parametrize("format", ("short", "long", "long-iso"))
def test_btrbk_formats_of_names(btrbk, expected, format):
    btrbk.format = format
    btrbk.run()
    assert not expected.is_stale(), expected.lines
    assert expected.newest("exact") == pytest.approx(time.time(), abs=90)


def test_btrbk_subvolumes_are_streams(btrbk, expected):
    btrbk.add("var.lib")
    btrbk.run()
    assert not expected.is_stale()
    assert {line["subject"] for line in expected.lines if "/" in line.get("subject", "")} == {"it/home", "it/var.lib"}
    btrbk.goes_by(3, name="var.lib")
    assert expected.is_stale()
    for path in btrbk.target.glob("var.lib.*"):
        run("btrfs", "subvolume", "delete", str(path))
    assert expected.is_stale(), "the stream is missed"


@lie("btrbk", "a copy that cannot be looked at seems to be gone")
def test_btrbk_copy_that_cannot_be_looked_at(btrbk, expected):
    btrbk.run()
    btrbk.goes_by(3)
    btrbk.run()
    assert not expected.is_stale()
    known, copy = expected.proven(), btrbk.newest(btrbk.target)
    kept = copy.rename(copy.with_name("kept"))
    copy.symlink_to(copy.name)  # as a bad block does it, also for root
    expected.collect()
    assert expected.value("readable") == 0
    assert [expected.value(name) for name in ("copies_gone", "count", "incomplete", "went_back_from_timestamp_seconds")] == [None] * 4
    assert expected.proven() == pytest.approx(known)
    assert any(str(copy) in problem for problem in expected.problems()), expected.lines
    copy.unlink()
    kept.rename(copy)
    assert not expected.is_stale()


@lie("btrbk", "an interrupted receive leaves a subvolume of the right name, with files in it")
def test_btrbk_interrupted_receive_is_no_copy(btrbk, expected):
    btrbk.run()
    btrbk.goes_by(3)
    write_random(btrbk.source / "home" / "large", 20_000_000)
    copy, snapshot = btrbk.run()
    run("btrfs", "subvolume", "delete", str(copy))
    stream = send(snapshot)
    with receive(btrbk.target) as process:
        process.stdin.write(stream[:10_000_000])
        process.stdin.flush()
        lastgood.wait_until((copy / "large").exists, what="the start of a copy", step=0.01)
        assert expected.is_stale()
        assert expected.value("in_progress") == 1
        process.kill()
    assert copy.is_dir()
    assert expected.is_stale()
    # By `btrfs property` the same looks finished, and is written to no more.
    set_read_only(copy, True)
    assert expected.is_stale()
    assert expected.value("incomplete") == 1
    assert expected.value("count") == 1
    assert any("Received UUID" in problem for problem in expected.problems())


@lie("btrbk", "a copy that was made writable and changed keeps its name and its files")
def test_btrbk_writable_copy_is_no_copy(btrbk, expected):
    btrbk.run()
    btrbk.goes_by(3)
    copy, _ = btrbk.run()
    assert not expected.is_stale()
    set_read_only(copy, False)
    (copy / "first").unlink()
    assert expected.is_stale()
    set_read_only(copy, True)
    assert expected.is_stale()
    assert expected.value("incomplete") == 1


@lie("btrbk", "the top of a copy has the time of the source")
def test_btrbk_times_of_the_source_do_not_matter(btrbk, expected):
    os.utime(btrbk.source / "home", (1546300800, 1546300800))  # 2019
    copy, _ = btrbk.run()
    assert copy.stat().st_mtime == 1546300800
    assert not expected.is_stale()


@lie("btrbk", "an old snapshot that is sent today arrives as a subvolume of today")
def test_btrbk_late_copy_is_as_old_as_its_snapshot(btrbk, expected):
    copy, snapshot = btrbk.run()
    run("btrfs", "subvolume", "delete", str(copy))
    btrbk.goes_by(3, btrbk.snapshots)
    with receive(btrbk.target) as process:
        process.communicate(send(btrbk.newest(btrbk.snapshots)), timeout=60)
    assert process.returncode == 0
    assert expected.is_stale()
    assert expected.value("count") == 1


@lie("btrbk", "a copy under a name of later says that it is of later")
def test_btrbk_name_of_later_does_not_count(btrbk, expected):
    copy, _ = btrbk.run()
    copy.rename(copy.with_name("home." + time.strftime("%Y%m%dT%H%M", time.gmtime(time.time() + 30 * DAY))))
    assert not expected.is_stale()
    assert expected.newest("exact") == pytest.approx(time.time(), abs=90)


@lie("btrbk", "cp -a makes a plain directory of the same name and files, which changes as it likes")
def test_btrbk_plain_directory_is_no_copy(btrbk, expected):
    copy, _ = btrbk.run()
    btrbk.goes_by(3)
    shutil.copytree(btrbk.newest(btrbk.target), copy)
    assert expected.is_stale()
    assert expected.value("count") == 1
    assert any("plain directory" in problem for problem in expected.problems())


@lie("btrbk", "a snapshot of a subvolume whose data was not mounted is empty, with success")
def test_btrbk_empty_copy_is_no_copy(btrbk, expected):
    btrbk.run()
    btrbk.goes_by(3)
    (btrbk.source / "home" / "first").unlink()
    btrbk.run()
    assert expected.is_stale()
    assert any("mounted" in problem for problem in expected.problems())


@lie("btrbk", "a subvolume within the source is an empty directory in its snapshot, and in no copy", believed=True)
def test_btrbk_copy_ends_at_a_nested_subvolume(btrbk, expected):
    (btrbk.filesystem.subvolume("home/nested") / "file").write_text("nested")
    copy, snapshot = btrbk.run()
    assert not any((snapshot / "nested").iterdir())
    assert not (copy / "nested").exists()
    assert not expected.is_stale()


@lie("btrbk", "without a target the snapshots are on the drive of their source")
def test_btrbk_domains(tmp_path, btrbk, expected):
    btrbk.run()
    expected.collect()
    assert domain(expected) == ["same-filesystem"]
    (tmp_path / "local").mkdir()
    local = Expected(tmp_path / "local", btrbk=str(btrbk.snapshots), max_age="26h", covers=[str(btrbk.source / "home")])
    assert not local.is_stale()
    assert domain(local) == ["same-filesystem"]
    write_random(btrbk.source / "home" / "second", 1000)
    btrbk.goes_by(3)
    assert local.is_stale()


def test_btrbk_needs_no_right_but_to_read(btrbk, expected):
    btrbk.run()
    done = subprocess.run(
        ["setpriv", "--bounding-set=-all,+dac_read_search", lastgood.BINARY, "collect", "backups", "it", "--config", str(expected.config)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert '"confidence":"exact"' in done.stdout, done.stderr


def test_btrbk_wants_btrfs(tmp_path, btrbk):
    (tmp_path / "plain").mkdir()
    plain = Expected(tmp_path / "plain", btrbk=str(tmp_path / "plain"), max_age="26h")
    assert not plain.collect().readable
    assert "not on btrfs" in plain.error
