"""Repositories made by borg: only a finished create makes a backup fresh, not other operations that change files."""

import contextlib
import os
import random
import shutil
import subprocess
import time

import lastgood
import pytest
from lies import lie
from repositories import DAY, Expected, make_older, run, write_random


@pytest.fixture
def borg(tmp_path, monkeypatch):
    if not shutil.which("borg"):
        lastgood.cannot_run("borg is not installed")
    monkeypatch.setenv("BORG_REPO", str(tmp_path / "borg"))
    monkeypatch.setenv("BORG_BASE_DIR", str(tmp_path / "base"))
    monkeypatch.setenv("BORG_PASSPHRASE", "a passphrase that lastgood never sees")
    run("borg", "init", "--encryption", "repokey")
    return tmp_path / "borg"


@pytest.fixture
def borg_expected(tmp_path, borg):
    return Expected(tmp_path, borg=str(borg), cache_directory=str(tmp_path / "base" / ".cache" / "borg"), max_age="26h")


def borg_goes_by(tmp_path, seconds):
    make_older(tmp_path / "borg", seconds)
    make_older(tmp_path / "base", seconds)


def test_borg_goes_stale_and_a_backup_clears_it(tmp_path, borg, borg_expected, source):
    borg_expected.collect()
    assert borg_expected.readable
    assert borg_expected.value("count") == 0

    time.sleep(0.5)  # an empty files cache counts only if it is newer than the cache itself
    run("borg", "create", "::one", str(source))
    assert not borg_expected.is_stale()
    assert borg_expected.newest("inferred") == pytest.approx(time.time(), abs=60)
    assert borg_expected.value("count") != 0

    borg_goes_by(tmp_path, 3 * DAY)
    assert borg_expected.is_stale()
    run("borg", "create", "::two", str(source))  # a backup of unchanged data counts too
    assert not borg_expected.is_stale()


@pytest.mark.parametrize(
    "command",
    [
        ["rename", "::one", "other"],
        ["delete", "::one"],
        ["compact", "--threshold", "0"],
        ["prune", "--keep-last", "1"],
        ["check"],
        ["info"],
        ["list"],
        ["create", "--dry-run", "::dry", "/etc/hostname"],
    ],
    ids=lambda command: command[0],
)
def test_borg_commands_that_are_no_backup_do_not_clear_it(tmp_path, borg, borg_expected, source, command):
    for name in ("one", "two"):
        run("borg", "create", f"::{name}", str(source))
    if command[0] == "compact":
        run("borg", "delete", "::one")
    borg_goes_by(tmp_path, 3 * DAY)
    assert borg_expected.is_stale()
    run("borg", *command)
    assert borg_expected.is_stale(), borg_expected.lines
    if command[0] in ("rename", "delete", "compact"):
        assert borg_expected.newest("activity") == pytest.approx(time.time(), abs=60)


def kill_after_a_checkpoint(tmp_path, borg_expected, source):
    run("borg", "create", "::one", str(source))
    borg_goes_by(tmp_path, 3 * DAY)
    noise = random.Random(1)
    with subprocess.Popen(
        ["borg", "create", "--checkpoint-interval", "1", "--compression", "none", "::killed", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:
        cache = next((tmp_path / "base" / ".cache" / "borg").glob("*/files"))
        before = cache.stat().st_mtime

        def feed_until_checkpoint():
            process.stdin.write(noise.randbytes(4_000_000))
            return cache.stat().st_mtime != before

        lastgood.wait_until(feed_until_checkpoint, seconds=60, what="a checkpoint", step=0.2)
        assert borg_expected.is_stale()  # the backup is still running
        assert borg_expected.value("in_progress") == 1
        process.stdin.write(noise.randbytes(40_000_000))
        assert process.poll() is None
        process.kill()
        process.stdin = None  # the pipe is broken: closing it would fail


def test_borg_killed_after_a_checkpoint_does_not_clear_it(tmp_path, borg, borg_expected, source):
    kill_after_a_checkpoint(tmp_path, borg_expected, source)
    assert borg_expected.is_stale()
    assert borg_expected.value("in_progress") == 0
    assert borg_expected.value("incomplete") == 1
    run("borg", "break-lock")
    assert borg_expected.is_stale(), borg_expected.lines

    run("borg", "create", "::again", str(source))
    assert not borg_expected.is_stale()
    assert borg_expected.value("incomplete") == 0


def test_borg_without_the_clients_cache_proves_nothing(tmp_path, borg, source):
    run("borg", "create", "::one", str(source))
    expected = Expected(tmp_path, borg=str(borg), cache_directory=str(tmp_path / "elsewhere"), max_age="26h")
    assert expected.is_stale()
    assert expected.newest("activity") is not None
    assert any("cache_directory" in problem for problem in expected.problems())


@lie("borg", "a copy of the repository (cp -a) is fresh by the cache of the original")
def test_borg_lie_copied_repository(tmp_path, borg, borg_expected, source):
    run("borg", "create", "::one", str(source))
    borg_goes_by(tmp_path, 3 * DAY)
    run("cp", "-a", str(borg), str(tmp_path / "copy"))
    cache = str(tmp_path / "base" / ".cache" / "borg")
    copy = Expected(tmp_path, borg=str(tmp_path / "copy"), cache_directory=cache, max_age="26h")
    assert copy.is_stale()
    run("borg", "create", "::two", str(source))
    assert copy.is_stale(), copy.lines
    assert copy.proven() == pytest.approx(time.time() - 3 * DAY, abs=400)


@lie("borg", "an older state of the repository, put back in place, is fresh by the client's cache")
def test_borg_lie_repository_put_back(tmp_path, borg, borg_expected, source):
    run("borg", "create", "::one", str(source))
    borg_goes_by(tmp_path, 3 * DAY)
    run("cp", "-a", str(borg), str(tmp_path / "older"))
    run("borg", "create", "::two", str(source))
    assert not borg_expected.is_stale()
    shutil.rmtree(borg)
    (tmp_path / "older").rename(borg)
    assert borg_expected.is_stale(), borg_expected.lines
    assert borg_expected.value("went_back_from_timestamp_seconds") == pytest.approx(time.time(), abs=60)


@lie("borg", "a create that was killed after a checkpoint: compact removes its traces, and the cache's time stays")
def test_borg_lie_checkpoint_after_compact(tmp_path, borg, borg_expected, source):
    kill_after_a_checkpoint(tmp_path, borg_expected, source)
    for command in (["break-lock"], ["compact"], ["compact", "--threshold", "0"]):
        run("borg", *command)
        assert borg_expected.is_stale(), (command, borg_expected.lines)


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        lastgood.cannot_run("it needs root, to mount a small tmpfs")
    disk = tmp_path / "disk"
    disk.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=64m", "lastgood-test", str(disk))
    yield disk
    run("umount", str(disk))


@lie("borg", "at a full disk after a checkpoint borg takes back its segments, and the cache has the checkpoint's time")
def test_borg_lie_full_disk_after_a_checkpoint(tmp_path, small_disk, borg, monkeypatch, source):
    monkeypatch.setenv("BORG_REPO", str(small_disk / "borg"))
    run("borg", "init", "--encryption", "repokey")
    expected = Expected(
        tmp_path, borg=str(small_disk / "borg"), cache_directory=str(tmp_path / "base" / ".cache" / "borg"), max_age="26h",
    )
    time.sleep(0.6)  # an empty files cache is told from a new one by its time
    run("borg", "create", "::one", str(source))
    assert not expected.is_stale()
    for directory in (small_disk / "borg", tmp_path / "base"):
        make_older(directory, 3 * DAY)
    expected.collect()
    files = sorted((tmp_path / "base" / ".cache" / "borg").glob("*/files"))
    noise = random.Random(1)
    with subprocess.Popen(
        ["borg", "create", "--checkpoint-interval", "1", "--compression", "none", "::full", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:
        before = [path.stat().st_mtime for path in files]

        def feed_until_checkpoint():
            process.stdin.write(noise.randbytes(1_000_000))
            return [path.stat().st_mtime for path in files] != before

        lastgood.wait_until(feed_until_checkpoint, seconds=60, what="a checkpoint", step=0.2)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(noise.randbytes(100_000_000))
        process.stdin = None  # the pipe is broken: closing it would fail
        assert process.wait(60) == 2
    assert "full.checkpoint" in run("borg", "list", "--consider-checkpoints", "--short")
    assert expected.is_unproven(), expected.lines
    assert expected.value("incomplete") is None
    assert any("taken back" in problem for problem in expected.problems())


@lie("borg", "--files-cache=disabled never moves the cache: not too old, unproven")
def test_borg_lie_files_cache_disabled(tmp_path, borg, borg_expected, source):
    run("borg", "create", "--files-cache=disabled", "::one", str(source))
    borg_goes_by(tmp_path, 3 * DAY)
    run("borg", "create", "--files-cache=disabled", "::two", str(source))
    assert borg_expected.is_unproven(), borg_expected.lines
    assert any("files-cache=disabled" in problem for problem in borg_expected.problems())


@lie("borg", "a link in covers is stored as a link, and what it leads to is in no copy")
def test_borg_lie_link_in_covers(tmp_path, borg, borg_expected, source):
    (tmp_path / "link").symlink_to(source)
    with borg_expected.config.open("a") as config:
        config.write(f'covers = ["{tmp_path}/link"]\n')
    run("borg", "create", "::one", str(tmp_path / "link"))
    assert "first" not in run("borg", "list", "--short", "::one")
    assert borg_expected.collect().value("source_link", path=str(tmp_path / "link"), target=str(source)) == 1
