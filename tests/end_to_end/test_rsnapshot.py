"""Snapshots made by rsnapshot. A run that fails touches its snapshot as a good one does; only the log tells them apart."""

import datetime
import os
import pathlib
import re
import shutil
import subprocess
import time

import lastgood
import pytest
from lies import lie
from repositories import DAY, Expected, make_older, run


class Rsnapshot:
    """A configuration of rsnapshot with its snapshots, and a [[backup]] that expects them."""

    def __init__(self, directory):
        if not shutil.which("rsnapshot"):
            lastgood.cannot_run("rsnapshot is not installed")
        self.directory = pathlib.Path(directory)
        self.root = self.directory / "snapshots"
        self.root.mkdir()
        self.source = self.directory / "source"
        self.source.mkdir()
        (self.source / "a").write_text("first")
        self.log = self.directory / "rsnapshot.log"
        self.config = self.directory / "rsnapshot.conf"
        self.configure()
        self.expected = Expected(directory, rsnapshot=str(self.root), log=str(self.log), max_age="26h")

    def configure(self, *lines, log_level=3, rsync="/usr/bin/rsync", backup=None):
        settings = [
            "config_version\t1.2", f"snapshot_root\t{self.root}/", f"cmd_rsync\t{rsync}", "cmd_ssh\t/bin/false",
            "retain\talpha\t3", "retain\tbeta\t3", "verbose\t1", f"loglevel\t{log_level}", f"logfile\t{self.log}",
            f"lockfile\t{self.directory}/lock", f"backup\t{backup or f'{self.source}/'}\tlocalhost/", *lines,
        ]
        self.config.write_text("".join(f"{line}\n" for line in settings))

    def program(self, name, text):
        path = self.directory / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def run(self, level, status=0):
        done = subprocess.run(
            ["rsnapshot", "-c", str(self.config), level], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == status, done.stderr

    def goes_by(self, seconds):
        """Moves the snapshots and all times of the log into the past."""
        make_older(self.root, seconds)

        def earlier(match):
            return (datetime.datetime.fromisoformat(match.group(1)) - datetime.timedelta(seconds=seconds)).isoformat()

        self.log.write_text(re.sub(r"(?<=^\[)(\d{4}-\d\d-\d\dT[\d:]{8})", earlier, self.log.read_text(), flags=re.MULTILINE))

    def is_proven_now(self):
        return self.expected.newest("exact") == pytest.approx(time.time(), abs=60)


@pytest.fixture(params=[2, 3, 5], ids=lambda level: f"loglevel {level}")
def rsnapshot(request, tmp_path):
    made = Rsnapshot(tmp_path)
    made.configure = lambda *lines, original=made.configure, **options: original(*lines, **{"log_level": request.param, **options})
    made.configure()
    return made


def test_rsnapshot_goes_stale_and_a_backup_clears_it(rsnapshot):
    expected = rsnapshot.expected
    expected.collect()
    assert expected.readable, expected.error
    assert expected.value("count") == 0

    rsnapshot.run("alpha")
    assert not expected.is_stale()
    assert rsnapshot.is_proven_now()
    assert expected.value("count") == 1
    assert expected.value("incomplete") == 0
    assert not expected.problems()

    rsnapshot.goes_by(3 * DAY)
    assert expected.is_stale()
    rsnapshot.run("alpha")
    assert not expected.is_stale()
    assert expected.value("count") == 2
    assert expected.value("oldest_timestamp_seconds") == pytest.approx(time.time() - 3 * DAY, abs=60)


@lie("rsnapshot", "beta only renames the oldest snapshot, and logs success")
def test_rsnapshot_rotation_is_no_backup(rsnapshot):
    for _ in range(3):
        rsnapshot.run("alpha")
    rsnapshot.goes_by(3 * DAY)
    rsnapshot.run("beta")
    assert (rsnapshot.root / "beta.0").exists()
    assert rsnapshot.expected.is_stale()
    assert rsnapshot.expected.newest("exact") == pytest.approx(time.time() - 3 * DAY, abs=60)


@lie("rsnapshot", "a run whose rsync fails still rotates, and touches alpha.0")
def test_rsnapshot_failed_run_is_no_backup(rsnapshot):
    rsnapshot.run("alpha")
    rsnapshot.goes_by(3 * DAY)
    rsnapshot.configure(backup="nobody@127.0.0.1:/x/")
    rsnapshot.run("alpha", status=1)
    assert (rsnapshot.root / "alpha.0").stat().st_mtime == pytest.approx(time.time(), abs=60)
    expected = rsnapshot.expected
    assert expected.is_stale()
    assert expected.value("incomplete") == 1
    assert expected.value("count") == 1
    assert any("rsync returned" in problem for problem in expected.problems()), expected.problems()


@lie("rsnapshot", "a source that was not mounted makes an empty snapshot, with success")
def test_rsnapshot_empty_source_is_no_backup(rsnapshot):
    rsnapshot.run("alpha")
    rsnapshot.goes_by(3 * DAY)
    (rsnapshot.source / "a").unlink()
    expected = rsnapshot.expected
    for night in range(4):  # more than are kept
        rsnapshot.run("alpha")
        assert expected.is_stale(), night
        assert expected.value("incomplete") == 1, night
        assert any("holds no file" in problem for problem in expected.problems()), expected.problems()
        rsnapshot.goes_by(DAY)
    assert expected.value("count") == 0


@lie("rsnapshot", "a backup_script that fails leaves an empty directory in a snapshot with the time of now")
def test_rsnapshot_failed_script_is_no_backup(rsnapshot):
    rsnapshot.run("alpha")
    rsnapshot.goes_by(3 * DAY)
    rsnapshot.configure(f"backup_script\t{rsnapshot.program('dump', 'exit 3')}\tdumps/")
    rsnapshot.run("alpha", status=1)
    assert rsnapshot.expected.is_stale()
    assert rsnapshot.expected.value("incomplete") == 1


@lie("rsnapshot", "with rsync's code 23, unreadable files, rsnapshot completes with warnings only")
def test_rsnapshot_unread_files_make_it_incomplete(rsnapshot):
    rsnapshot.run("alpha")
    rsnapshot.goes_by(3 * DAY)
    rsnapshot.configure(rsync=rsnapshot.program("rsync", '/usr/bin/rsync "$@"; case "$*" in *relative*) exit 23;; esac'))
    rsnapshot.run("alpha", status=2)
    assert rsnapshot.expected.is_stale()
    assert rsnapshot.expected.value("incomplete") == 1

    # Files that vanish while it runs are no loss.
    rsnapshot.configure(rsync=rsnapshot.program("rsync", '/usr/bin/rsync "$@"; case "$*" in *relative*) exit 24;; esac'))
    rsnapshot.run("alpha", status=2)
    assert not rsnapshot.expected.is_stale()
    assert rsnapshot.expected.value("incomplete") == 0


@lie("rsnapshot", "with sync_first, a level copies the failed sync with success in the log")
def test_rsnapshot_sync_first(rsnapshot):
    rsnapshot.configure("sync_first\t1")
    rsnapshot.run("sync")
    rsnapshot.run("alpha")
    assert not rsnapshot.expected.is_stale()
    assert rsnapshot.is_proven_now()
    rsnapshot.goes_by(3 * DAY)
    rsnapshot.configure("sync_first\t1", backup="nobody@127.0.0.1:/x/")
    rsnapshot.run("sync", status=1)
    rsnapshot.run("alpha")
    assert rsnapshot.expected.is_stale(), rsnapshot.expected.lines
    assert rsnapshot.expected.value("incomplete") == 1


@lie("rsnapshot", "a killed run has rotated already")
def test_rsnapshot_killed_run_is_no_backup(rsnapshot):
    rsnapshot.run("alpha")
    rsnapshot.goes_by(3 * DAY)
    rsnapshot.configure(
        rsync=rsnapshot.program("rsync", f'case "$*" in *relative*) touch {rsnapshot.directory}/begun; exec sleep 60;; *) exec /usr/bin/rsync "$@";; esac')
    )
    expected = rsnapshot.expected
    with subprocess.Popen(
        ["rsnapshot", "-c", str(rsnapshot.config), "alpha"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:
        lastgood.wait_until((rsnapshot.directory / "begun").exists, what="rsync")
        assert expected.is_stale()
        assert expected.value("in_progress") == 1
        os.killpg(process.pid, 9)
    assert expected.is_stale()
    if "echo " in rsnapshot.log.read_text():  # else its process is not known
        assert expected.value("in_progress") == 0
        assert any("stopped before its end" in problem for problem in expected.problems())


def test_rsnapshot_killed_run_is_not_counted(tmp_path):
    made = Rsnapshot(tmp_path)
    for _ in range(2):
        made.run("alpha")
        made.goes_by(DAY)
    made.configure(rsync=made.program("rsync", f'case "$*" in *relative*) touch {tmp_path}/begun; exec sleep 60;; *) exec /usr/bin/rsync "$@";; esac'))
    with subprocess.Popen(
        ["rsnapshot", "-c", str(made.config), "alpha"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:
        lastgood.wait_until((tmp_path / "begun").exists, what="rsync")
        os.killpg(process.pid, 9)
    assert made.expected.collect().value("count") == 2
    made.goes_by(DAY)
    (tmp_path / "lock").unlink()
    made.configure()
    for count in (3, 3):  # retain alpha 3, of which the killed one is the oldest but one at last
        made.run("alpha")
        assert made.expected.collect().value("count") <= count
        made.goes_by(DAY)
    made.run("alpha")
    assert made.expected.collect().value("count") == 3


def test_rsnapshot_refuses_its_configuration(rsnapshot):
    rsnapshot.run("alpha")
    rsnapshot.configure(backup=f"{rsnapshot.directory}/nothing/")
    rsnapshot.run("alpha", status=1)
    assert not rsnapshot.expected.is_stale()
    assert rsnapshot.expected.value("incomplete") == 0
    assert any("failed" in problem for problem in rsnapshot.expected.problems())


@lie("rsnapshot", "the log, when used as a stamp, is written by failures too; without it nothing is proven")
def test_rsnapshot_without_its_log_proves_nothing(tmp_path):
    made = Rsnapshot(tmp_path)
    made.run("alpha")
    made.log.unlink()
    assert made.expected.is_stale()
    assert made.expected.newest("activity") == pytest.approx(time.time(), abs=60)
    assert any("set logfile" in problem for problem in made.expected.problems())


@pytest.mark.parametrize("compress", [False, True])
def test_rsnapshot_log_was_just_rotated(tmp_path, compress):
    made = Rsnapshot(tmp_path)
    made.run("alpha")
    made.log.rename(f"{made.log}.1")
    if compress:
        run("gzip", f"{made.log}.1")
    assert not made.expected.is_stale()
    assert not made.expected.problems()


def test_rsnapshot_of_another_root_in_the_same_log(tmp_path):
    made = Rsnapshot(tmp_path)
    made.run("alpha")
    made.goes_by(3 * DAY)
    other, mine = tmp_path / "other", made.root
    other.mkdir()
    made.root = other
    made.configure()
    made.root = mine
    made.run("alpha")
    assert (other / "alpha.0").exists()
    assert made.expected.is_stale()
