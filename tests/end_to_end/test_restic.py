"""Repositories made by restic: a backup becomes stale with time, and only a new backup makes it fresh, not other operations that
change files."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import time

import lastgood
import pytest
from lies import lie
from repositories import DAY, Expected, make_older, run, write_random


def test_a_repository_that_is_not_there_is_an_error(tmp_path):
    for kind in ("restic", "borg", "pgbackrest"):
        expected = Expected(tmp_path, **{kind: str(tmp_path / "nothing")}).collect()
        assert not expected.readable
        assert "nothing" in expected.error
        assert expected.value("count") is None


@pytest.fixture
def restic(tmp_path, monkeypatch):
    if not shutil.which("restic"):
        lastgood.cannot_run("restic is not installed")
    monkeypatch.setenv("RESTIC_REPOSITORY", str(tmp_path / "restic"))
    monkeypatch.setenv("RESTIC_PASSWORD", "a password that lastgood never sees")
    monkeypatch.setenv("RESTIC_CACHE_DIR", str(tmp_path / "cache"))
    run("restic", "init")
    return tmp_path / "restic"


def test_restic_goes_stale_and_a_backup_clears_it(tmp_path, restic, source):
    expected = Expected(tmp_path, restic=str(restic), max_age="26h")
    expected.collect()
    assert expected.readable
    assert expected.value("count") == 0  # a backup that was never made is not stale
    assert expected.proven() is None

    run("restic", "backup", str(source))
    assert not expected.is_stale()
    assert expected.newest("inferred") == pytest.approx(time.time(), abs=60)
    assert expected.value("count") == 1

    make_older(restic, 3 * DAY)
    assert expected.is_stale()

    (source / "second").write_text("something new")
    run("restic", "backup", str(source))
    assert not expected.is_stale()
    assert expected.value("count") == 2
    assert expected.value("oldest_timestamp_seconds") == pytest.approx(time.time() - 3 * DAY, abs=60)


@pytest.mark.parametrize(
    "command",
    [
        ["tag", "--add", "weekly", "latest"],
        ["tag", "--set", "monthly"],
        ["check"],
        ["prune"],
        ["forget", "--keep-last", "1", "--prune"],
        ["rebuild-index"],
        ["key", "list"],
    ],
    ids=lambda command: " ".join(command[:1] + command[-1:]),
)
def test_restic_commands_that_are_no_backup_do_not_clear_it(tmp_path, restic, source, command):
    for number in range(3):
        write_random(source / f"part{number}", 50_000, number)
        run("restic", "backup", str(source))
        make_older(restic, DAY)
    expected = Expected(tmp_path, restic=str(restic), max_age="20h")
    assert expected.is_stale()
    run("restic", *command)
    assert expected.is_stale(), expected.lines


def test_restic_tag_shows_as_activity(tmp_path, restic, source):
    run("restic", "backup", str(source))
    make_older(restic, 3 * DAY)
    run("restic", "tag", "--add", "x", "latest")
    expected = Expected(tmp_path, restic=str(restic), max_age="26h").collect()
    assert expected.newest("activity") == pytest.approx(time.time(), abs=60)
    assert expected.newest("inferred") is None


def test_restic_prune_after_a_backup_leaves_it_fresh(tmp_path, restic, source):
    for number in range(3):
        write_random(source / "changing", 200_000, number)
        run("restic", "backup", str(source))
        make_older(restic, 7200)
    expected = Expected(tmp_path, restic=str(restic), max_age="26h")
    run("restic", "forget", "--keep-last", "1", "--prune")
    assert not expected.is_stale()
    assert expected.newest("inferred") == pytest.approx(time.time() - 7200, abs=60)


def test_restic_killed_backup_does_not_clear_it(tmp_path, restic, source):
    run("restic", "backup", str(source))
    make_older(restic, 3 * DAY)
    write_random(source / "large", 60_000_000)
    with subprocess.Popen(
        ["restic", "--limit-upload", "8192", "backup", str(source)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:
        before = {path.name for path in (restic / "data").rglob("*") if path.is_file()}
        lastgood.wait_until(
            lambda: {path.name for path in (restic / "data").rglob("*") if path.is_file()} - before,
            what="a new pack",
        )
        assert process.poll() is None
        process.kill()
    expected = Expected(tmp_path, restic=str(restic), max_age="26h")
    assert expected.is_stale()
    assert expected.value("lock_timestamp_seconds") == pytest.approx(time.time(), abs=60)


def test_restic_copied_without_times_proves_nothing(tmp_path, restic, source):
    run("restic", "backup", str(source))
    make_older(restic, 3 * DAY)
    copy = tmp_path / "copy"
    # The order of rsync -r: the files of a directory first, then its subdirectories by name.
    for path, directories, files in os.walk(restic):
        directories.sort()
        target = copy / os.path.relpath(path, restic)
        target.mkdir(parents=True, exist_ok=True)
        for name in sorted(files):
            shutil.copyfile(os.path.join(path, name), target / name)
            time.sleep(0.02)
    expected = Expected(tmp_path, restic=str(copy), max_age="26h")
    assert expected.is_stale()
    assert any("rsync -a" in problem for problem in expected.problems())


# What the set of snapshots, their times and their sizes prove


def nights(restic, source, number, *jobs):
    """Yields after each night's backup of an unchanged source; `jobs` follow it at once."""
    for night in range(number):
        if night:
            make_older(restic, DAY)
        run("restic", "backup", ".", cwd=source)  # without the directories above, which change
        for job in jobs:
            run("restic", *job)
        yield night


def test_a_static_source_that_is_backed_up_every_night_is_fresh(tmp_path, restic, source):
    expected = Expected(tmp_path, restic=str(restic), max_age="26h").collect()
    for _ in nights(restic, source, 5):
        assert not expected.is_stale(), expected.lines
        assert expected.proven() == pytest.approx(time.time(), abs=60)


@pytest.mark.parametrize("prune", [[], ["--prune"]], ids=["forget", "forget --prune"])
def test_a_static_source_is_fresh_when_old_snapshots_are_forgotten_after_each_backup(tmp_path, restic, source, prune):
    expected = Expected(tmp_path, restic=str(restic), max_age="26h").collect()
    for _ in nights(restic, source, 6, ["forget", "--keep-last", "3", *prune]):
        assert not expected.is_stale(), expected.lines
        assert expected.proven() == pytest.approx(time.time(), abs=60)


def test_a_job_that_tags_its_snapshot_is_fresh(tmp_path, restic, source):
    expected = Expected(tmp_path, restic=str(restic), max_age="26h").collect()
    for _ in nights(restic, source, 4, ["tag", "--add", "nightly", "latest"]):
        assert not expected.is_stale(), expected.lines


def write_restic_file(directory, size):
    """A file named as restic names its own: lastgood cannot read what is in it."""
    data = os.urandom(size)
    path = directory / hashlib.sha256(data).hexdigest()
    path.write_bytes(data)
    return path


def play(restic, more=0, remove=False, size=0, packs=1):
    """What restic 0.18 does at a rewrite or a repair, in numbers: packs, an index, then a snapshot whose file has `more` bytes than
    the newest one's, or `size` bytes; then it removes the old one."""
    newest = max((restic / "snapshots").iterdir(), key=lambda path: path.stat().st_mtime)
    for _ in range(packs):
        write_restic_file(restic / "data" / "aa", 3700)
    if packs:
        write_restic_file(restic / "index", 400)
    write_restic_file(restic / "snapshots", size or newest.stat().st_size + more)
    if remove:
        newest.unlink()


def knows(command):
    return f"\n  {command} " in run("restic", "help")


def rewrite(restic, *arguments):
    if knows("rewrite"):
        run("restic", "rewrite", "--exclude", "part0", *arguments, "latest")
    else:
        play(restic, more=58 if not arguments else 47, remove=bool(arguments))


def rewrite_host(restic):
    if knows("rewrite"):
        run("restic", "rewrite", "--new-host", "other", "latest")
    else:
        play(restic, more=61, packs=0)


def recover(restic):
    if knows("rewrite"):
        run("restic", "forget", "latest")
        run("restic", "recover")
    else:
        play(restic, size=192)


def repair_snapshots(restic):
    if knows("repair"):
        pack = max((path for path in (restic / "data").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
        pack.unlink()
        run("restic", "repair", "index")
        run("restic", "repair", "snapshots", "--forget", "latest")
    else:
        play(restic, more=62, remove=True)


def prune_and_tag(restic):
    run("restic", "prune", "--max-unused", "0")
    run("restic", "tag", "--add", "x", "latest")


def index_and_tag(restic):
    run("restic", "rebuild-index" if knows("rebuild-index") else "repair", *([] if knows("rebuild-index") else ["index"]))
    run("restic", "tag", "--add", "x", "latest")


def copy_several(restic):
    other = f"{restic}-other"
    run("restic", "--repo", other, "init")
    for name in ("hostname", "passwd"):
        run("restic", "--repo", other, "backup", f"/etc/{name}")
    copy_from(other, restic)


def copy_one(restic):
    other = f"{restic}-other"
    run("restic", "--repo", other, "init")
    run("restic", "--repo", other, "backup", "/etc/passwd")
    copy_from(other, restic)


def copy_from(other, restic):
    if knows("rewrite"):
        run("restic", "copy", "--from-repo", other, "--from-password-command", "printenv RESTIC_PASSWORD")
    else:
        run("restic", "--repo", other, "copy", "--repo2", str(restic), "--password-command2", "printenv RESTIC_PASSWORD")


def play_lie(tmp_path, restic, source, change, looked_before):
    """Three nights, two silent days, then a lie. Returns what is expected of the repository."""
    expected = Expected(tmp_path, restic=str(restic), max_age="26h")
    if looked_before:
        expected.collect()
    for number in range(3):
        write_random(source / f"part{number}", 50_000, number)
        run("restic", "backup", str(source))
        if looked_before:
            assert not expected.is_stale()
        make_older(restic, DAY)
    make_older(restic, DAY)
    if looked_before:
        assert expected.is_stale()
    change(restic)
    expected.collect()
    return expected


seen = pytest.mark.parametrize("looked_before", [True, False], ids=["looked before", "first look"])


def check(tmp_path, restic, source, change, looked_before):
    expected = play_lie(tmp_path, restic, source, change, looked_before)
    assert expected.is_stale(), expected.lines
    assert expected.is_stale(), "at the next look"


@seen
@lie("restic", "tag rewrites a snapshot file: newest moves without a backup")
def test_restic_lie_tag(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, lambda _: run("restic", "tag", "--add", "x", "latest"), looked_before)


@seen
@lie("restic", "tag of all snapshots rewrites all of them")
def test_restic_lie_tag_all(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, lambda _: run("restic", "tag", "--set", "monthly"), looked_before)


@seen
@lie("restic", "a second tag of a tagged snapshot: its file is as large as before")
def test_restic_lie_second_tag(tmp_path, restic, source, looked_before):
    def tag_twice(_):
        run("restic", "tag", "--add", "one", "latest")
        run("restic", "tag", "--remove", "one", "latest")

    check(tmp_path, restic, source, tag_twice, looked_before)


@seen
@lie("restic", "tag within a minute after prune, which wrote packs and an index")
def test_restic_lie_tag_after_prune(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, prune_and_tag, looked_before)


@seen
@lie("restic", "tag within a minute after rebuild-index, which wrote an index")
def test_restic_lie_tag_after_rebuild_index(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, index_and_tag, looked_before)


@seen
@lie("restic", "tag, then forget of others: more ids go than come")
def test_restic_lie_tag_and_forget(tmp_path, restic, source, looked_before):
    def tag_and_forget(_):
        run("restic", "tag", "--add", "x", "latest")
        run("restic", "forget", "--keep-last", "1")

    check(tmp_path, restic, source, tag_and_forget, looked_before)


@seen
@lie("restic", "rewrite writes packs, an index and a snapshot, as a backup does")
def test_restic_lie_rewrite(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, rewrite, looked_before)


@seen
@lie("restic", "rewrite --forget writes packs, an index and a snapshot in place of another")
def test_restic_lie_rewrite_forget(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, lambda repository: rewrite(repository, "--forget"), looked_before)


@seen
@lie("restic", "rewrite --new-host adds a snapshot file only, as a backup of an unchanged source does")
def test_restic_lie_rewrite_host(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, rewrite_host, looked_before)


@seen
@lie("restic", "recover writes a pack, an index and a snapshot of what was lost")
def test_restic_lie_recover(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, recover, looked_before)


@seen
@lie("restic", "repair snapshots --forget after damage writes snapshots without what was lost")
def test_restic_lie_repair_snapshots(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, repair_snapshots, looked_before)


@seen
@lie("restic", "copy of several old snapshots into the repository")
def test_restic_lie_copy_of_several(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, copy_several, looked_before)


@seen
@lie("restic", "copy of one old snapshot into the repository", believed=True)
def test_restic_lie_copy_of_one(tmp_path, restic, source, looked_before):
    expected = play_lie(tmp_path, restic, source, copy_one, looked_before)
    assert expected.newest("exact") is None
    assert expected.newest("inferred") == pytest.approx(time.time(), abs=60)


@seen
@lie("restic", "forget moves the time of the directory")
def test_restic_lie_forget(tmp_path, restic, source, looked_before):
    check(tmp_path, restic, source, lambda _: run("restic", "forget", "--keep-last", "2"), looked_before)


@seen
@lie("restic", "cp -r and rsync -r give all files the time of the copy")
def test_restic_lie_copied_repository(tmp_path, restic, source, looked_before):
    def copy(repository):
        shutil.copytree(repository, tmp_path / "copy", copy_function=shutil.copyfile)
        shutil.rmtree(repository)
        (tmp_path / "copy").rename(repository)
        for key in (repository / "keys").iterdir():  # made a month ago
            text = json.loads(key.read_text())
            key.write_text(json.dumps({**text, "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 30 * DAY))}))

    expected = play_lie(tmp_path, restic, source, copy, looked_before)
    assert expected.is_stale()
    assert any("rsync -a" in problem for problem in expected.problems())


def test_restic_what_cannot_be_told_is_unproven_and_not_too_old(tmp_path, restic, source):
    expected = play_lie(tmp_path, restic, source, copy_several, True)
    assert expected.is_unproven(), expected.lines
    # What is certainly no backup leaves it too old.
    expected = play_lie(tmp_path, restic, source, lambda _: run("restic", "tag", "--add", "x", "latest"), True)
    run("restic", "backup", str(source))
    assert not expected.is_stale()


def test_restic_tag_of_a_known_backup_keeps_its_age(tmp_path, restic, source):
    expected = play_lie(tmp_path, restic, source, lambda _: run("restic", "tag", "--add", "x", "latest"), True)
    assert expected.newest("inferred") == pytest.approx(time.time() - 2 * DAY, abs=60)


def test_restic_removed_backups_are_not_counted_as_the_newest(tmp_path, restic, source):
    expected = play_lie(tmp_path, restic, source, lambda _: run("restic", "forget", "latest"), True)
    assert expected.newest("inferred") == pytest.approx(time.time() - 3 * DAY, abs=60)


def test_restic_says_when_it_cannot_remember(tmp_path, restic, source):
    run("restic", "backup", str(source))
    run("restic", "tag", "--add", "x", "latest")
    expected = Expected(tmp_path, restic=str(restic), max_age="26h")
    expected.state.chmod(0o777)
    (expected.state / "theirs").touch()
    expected.collect()
    assert expected.is_unproven()
    assert any("between two looks" in problem and str(expected.state) in problem for problem in expected.problems())


def test_restic_a_damaged_memory_is_said_once_and_starts_anew(tmp_path, restic, source):
    run("restic", "backup", str(source))
    expected = Expected(tmp_path, restic=str(restic), max_age="26h").collect()
    memory = expected.state / "backups" / "it.json"
    whole = memory.read_text()
    for damaged in ("", whole[:100], whole.replace('"count":1', '"count":2'), "{}"):
        memory.write_text(damaged)
        assert not expected.is_stale(), damaged


@lie("restic", "a link in covers is stored as a link, and what it leads to is in no copy")
def test_restic_lie_link_in_covers(tmp_path, restic, source):
    (tmp_path / "link").symlink_to(source)
    expected = Expected(tmp_path, restic=str(restic), covers=[str(tmp_path / "link")])
    run("restic", "backup", str(tmp_path / "link"))
    assert "first" not in run("restic", "ls", "latest")
    assert expected.collect().value("source_link", path=str(tmp_path / "link"), target=str(source)) == 1
