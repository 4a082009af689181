"""Repositories made by rdiff-backup: the statistics of a finished session prove it, the mirror's time does not."""

import os
import shutil
import subprocess
import time

import lastgood
import pytest
from lies import lie
from repositories import DAY, Expected, run, write_random


class RdiffBackup:
    def __init__(self, directory):
        if not shutil.which("rdiff-backup"):
            lastgood.cannot_run("rdiff-backup is not installed")
        self.repository = directory / "repository"
        self.source = directory / "source"
        self.source.mkdir()
        (self.source / "first").write_text("first")
        self.expected = Expected(directory, rdiff_backup=str(self.repository), max_age="26h")

    def backup(self, days_ago=0):
        run("rdiff-backup", "--current-time", str(int(time.time() - days_ago * DAY)), "backup", str(self.source), str(self.repository))
        if days_ago:
            # EndTime is the clock's: move it as well.
            for path in (self.repository / "rdiff-backup-data").glob("session_statistics.*"):
                lines = path.read_text().splitlines()
                start = float(lines[0].split()[1])
                path.write_text("\n".join([lines[0], f"EndTime {start + 1:.2f} (moved)", *lines[2:]]) + "\n")
        else:
            time.sleep(1.1)  # two sessions in a second are refused

    def command(self):
        return ["rdiff-backup", "backup", str(self.source), str(self.repository)]


@pytest.fixture
def rdiff_backup(tmp_path):
    return RdiffBackup(tmp_path)


def test_rdiff_backup_goes_stale_and_a_backup_clears_it(rdiff_backup):
    expected = rdiff_backup.expected.collect()
    assert not expected.readable
    assert "rdiff-backup-data" in expected.error

    rdiff_backup.backup(days_ago=3)
    assert expected.is_stale()
    assert expected.newest("exact") == pytest.approx(time.time() - 3 * DAY, abs=60)

    rdiff_backup.backup()
    assert not expected.is_stale()
    assert expected.value("count") == 2
    assert expected.value("size_bytes") == len("first")
    assert expected.value("incomplete") == 0
    assert not expected.problems()


@lie("rdiff-backup", "the mirror has the times of the source, or of the last touch")
def test_rdiff_backup_times_of_the_mirror_do_not_matter(rdiff_backup):
    rdiff_backup.backup(days_ago=3)
    for path in [rdiff_backup.repository, *rdiff_backup.repository.rglob("*")]:
        path.touch()
    assert rdiff_backup.expected.is_stale()
    rdiff_backup.backup()
    os.utime(rdiff_backup.repository, (0, 0))
    assert not rdiff_backup.expected.is_stale()


@lie("rdiff-backup", "verify, list and remove change the repository")
@pytest.mark.parametrize("command", [["verify"], ["list", "increments"], ["remove", "increments", "--older-than", "2D"]], ids=lambda command: command[0])
def test_rdiff_backup_commands_that_are_no_backup_do_not_clear_it(rdiff_backup, command):
    rdiff_backup.backup(days_ago=4)
    (rdiff_backup.source / "second").write_text("x")
    rdiff_backup.backup(days_ago=3)
    run("rdiff-backup", *command, str(rdiff_backup.repository))
    assert rdiff_backup.expected.is_stale()


@lie("rdiff-backup", "a killed session has changed the mirror already")
def test_rdiff_backup_killed_session_is_no_backup(rdiff_backup):
    rdiff_backup.backup(days_ago=3)
    for number in range(10):
        write_random(rdiff_backup.source / f"large{number}", 30_000_000, number)
    mirrors = rdiff_backup.repository / "rdiff-backup-data"
    expected = rdiff_backup.expected
    with subprocess.Popen(rdiff_backup.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        lastgood.wait_until(lambda: len(list(mirrors.glob("current_mirror.*"))) == 2 and list(rdiff_backup.repository.glob("large*")), what="a session", seconds=60, step=0.005)
        assert expected.is_stale()
        was_running = expected.value("in_progress")
        process.kill()
    assert was_running == 1
    assert expected.is_stale()
    assert expected.value("in_progress") == 0
    assert expected.value("incomplete") == 1
    assert any("stopped before its end" in problem for problem in expected.problems())

    for path in rdiff_backup.source.glob("large*"):
        path.unlink()
    done = subprocess.run(rdiff_backup.command(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert "regressing" in done.stderr, done.stderr  # ends with 2, a warning
    assert not expected.is_stale()
    assert expected.value("incomplete") == 0
    assert not expected.problems()


@lie("rdiff-backup", "a source that was not mounted makes an empty backup without an error")
def test_rdiff_backup_of_an_empty_source_is_no_backup(rdiff_backup):
    rdiff_backup.backup(days_ago=3)
    (rdiff_backup.source / "first").unlink()
    rdiff_backup.backup()
    assert rdiff_backup.expected.is_stale()
    assert any("empty" in problem for problem in rdiff_backup.expected.problems())


@lie("rdiff-backup", "a session that could not read most files ends with success")
def test_rdiff_backup_with_unread_files_is_partly_done(rdiff_backup):
    rdiff_backup.backup()
    (statistics,) = (rdiff_backup.repository / "rdiff-backup-data").glob("session_statistics.*")
    assert "Errors 0" in statistics.read_text()
    statistics.write_text(statistics.read_text().replace("Errors 0", "Errors 20"))
    expected = rdiff_backup.expected.collect()
    assert expected.value("incomplete") == 1
    assert any("could not copy 20 files" in problem for problem in expected.problems()), expected.problems()


@lie("rdiff-backup", "a copy of the repository was stopped: the statistics are there, and not all files")
def test_rdiff_backup_stopped_copy_is_unproven(rdiff_backup, tmp_path):
    (rdiff_backup.source / "zz").mkdir()
    for number in range(20):
        write_random(rdiff_backup.source / "zz" / f"f{number}", 10_000, number)
    rdiff_backup.backup()
    assert not rdiff_backup.expected.is_stale()
    (tmp_path / "nas").mkdir()
    copy = tmp_path / "nas" / "repository"
    sync = ["rsync", "-a", f"{rdiff_backup.repository}/", f"{copy}/"]
    run(*sync, "--exclude=/zz/f1*")  # as if it was killed in zz, which comes last
    expected = Expected(tmp_path / "nas", rdiff_backup=str(copy), max_age="26h")
    assert expected.is_unproven()
    assert any("have arrived" in problem for problem in expected.problems()), expected.problems()
    run(*sync)
    assert not expected.forget().is_stale()
    assert expected.value("incomplete") == 0 and not expected.problems()
