"""Repositories made by bup: the time of a save is that of its commit and of the branch's log, whichever is earlier."""

import os
import re
import shutil
import subprocess
import time

import lastgood
import pytest
from lies import lie
from repositories import DAY, Expected, run


class Bup:
    def __init__(self, directory, monkeypatch):
        if not shutil.which("bup"):
            lastgood.cannot_run("bup is not installed")
        self.repository = directory / "repository"
        monkeypatch.setenv("BUP_DIR", str(self.repository))
        monkeypatch.setenv("HOME", str(directory))  # no .gitconfig of this machine
        monkeypatch.setenv("GIT_AUTHOR_NAME", "x")
        run("bup", "init")
        self.source = directory / "source"
        self.source.mkdir()
        self.number = 0
        self.expected = Expected(directory, bup=str(self.repository), max_age="26h")

    def save(self, branch="main", days_ago=0):
        self.number += 1
        (self.source / "changing").write_text(str(self.number))
        run("bup", "index", str(self.source))
        date = ["--date", str(int(time.time() - days_ago * DAY))] if days_ago else []
        run("bup", "save", "--name", branch, *date, str(self.source))

    def log(self, branch="main"):
        return self.repository / "logs" / "refs" / "heads" / branch

    def move_log(self, days):
        """Moves the times in the log into the past."""
        self.log().write_text(re.sub(r"(?<=> )\d+", lambda match: str(int(match.group()) - days * DAY), self.log().read_text()))


@pytest.fixture
def bup(tmp_path, monkeypatch):
    return Bup(tmp_path, monkeypatch)


def test_bup_goes_stale_and_a_save_clears_it(bup):
    expected = bup.expected.collect()
    assert expected.readable, expected.error
    assert expected.value("count") == 0
    bup.save(days_ago=3)
    bup.move_log(3)
    assert expected.is_stale()
    assert expected.newest("exact") == pytest.approx(time.time() - 3 * DAY, abs=60)
    bup.save()
    assert not expected.is_stale()
    assert expected.newest("exact") == pytest.approx(time.time(), abs=60)
    assert not expected.problems()


@lie("bup", "rm rewrites the branch and its log: a new commit, now, without a save")
@pytest.mark.parametrize("command", ["rm", "prune-older", "gc", "midx"])
def test_bup_commands_that_are_no_save_do_not_clear_it(bup, command):
    for day in (5, 4, 3):
        bup.save(days_ago=day)
    bup.move_log(3)
    saves = [name for name in run("bup", "ls", "main").split() if name != "latest"]
    before = bup.log().read_text()
    if command == "rm":
        run("bup", "rm", "--unsafe", f"main/{saves[1]}")
        assert bup.log().read_text() != before
    elif command == "prune-older":
        run("bup", "prune-older", "--unsafe", "--keep-all-for", "4d", "--keep-dailies-for", "1w", "main")
    elif command == "gc":
        run("bup", "gc", "--unsafe")
    else:
        run("bup", "midx", "-f")
    assert bup.expected.is_stale(), bup.expected.lines
    assert bup.expected.newest("exact", "inferred") == pytest.approx(time.time() - 3 * DAY, abs=2 * DAY)


@lie("bup", "save --date writes any time into the commit")
def test_bup_date_of_the_commit_alone_does_not_clear_it(bup):
    bup.save(days_ago=-30)
    bup.move_log(3)
    assert bup.expected.is_stale()


@lie("bup", "a copy, a touch, git gc and a lost log")
def test_bup_without_its_log_or_loose_refs(bup):
    bup.save(days_ago=3)
    for path in bup.repository.rglob("*"):
        path.touch()
    assert bup.expected.is_stale()
    run("git", "--git-dir", str(bup.repository), "pack-refs", "--all")
    assert bup.expected.is_stale()
    bup.log().unlink()
    assert bup.expected.is_stale()
    assert bup.expected.newest("inferred") == pytest.approx(time.time() - 3 * DAY, abs=60)
    bup.save()
    assert not bup.expected.is_stale()


@lie("bup", "the packs are gone, and the branch still names the save")
def test_bup_without_its_packs_is_no_backup(bup):
    bup.save()
    for path in (bup.repository / "objects" / "pack").glob("pack-*"):
        path.unlink()
    assert bup.expected.is_stale()
    assert bup.expected.value("incomplete") == 1
    assert any("is in no pack" in problem for problem in bup.expected.problems())


@lie("bup", "an index without a save, and a save that is killed, change the repository")
def test_bup_killed_save_is_no_backup(bup):
    bup.save(days_ago=3)
    with open(bup.source / "large", "wb") as file:
        for _ in range(200):
            file.write(os.urandom(1_000_000))
    run("bup", "index", str(bup.source))
    assert bup.expected.is_stale()
    with subprocess.Popen(
        ["bup", "save", "--name", "main", str(bup.source)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        time.sleep(1.5)
        assert process.poll() is None
        os.killpg(process.pid, 9)
    assert bup.expected.is_stale()


def test_bup_each_branch_is_a_stream(bup):
    bup.save("main")
    bup.save("web")
    assert not bup.expected.is_stale()
    subjects = {line["subject"] for line in bup.expected.lines if "/" in line.get("subject", "")}
    assert subjects == {"it/main", "it/web"}
    bup.save("old", days_ago=3)
    assert bup.expected.is_stale()


@lie("bup", "a link in covers is stored as a link, and what it leads to is in no copy")
def test_bup_link_in_covers(tmp_path, bup):
    bup.save()
    (tmp_path / "link").symlink_to(bup.source)
    run("bup", "index", str(tmp_path / "link"))
    run("bup", "save", "--name", "linked", str(tmp_path / "link"))
    assert "changing" not in run("bup", "ls", f"linked/latest{tmp_path}")
    expected = Expected(tmp_path, bup=str(bup.repository), covers=[str(tmp_path / "link")])
    assert expected.collect().value("source_link", path=str(tmp_path / "link"), target=str(bup.source)) == 1
