"""Backup sets made by duplicity: their names hold the time, and only a set with all its files and its chain counts."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import lastgood
import pytest
from lies import lie
from repositories import DAY, Expected, make_older, run, write_random


class Duplicity:
    def __init__(self, directory, monkeypatch):
        if not shutil.which("duplicity"):
            lastgood.cannot_run("duplicity is not installed")
        monkeypatch.setenv("PASSPHRASE", "a passphrase that lastgood never sees")
        self.directory = directory
        self.target = directory / "target"
        self.target.mkdir()
        self.source = directory / "source"
        self.source.mkdir()
        write_random(self.source / "first", 2_500_000)
        self.expected = Expected(directory, duplicity=str(self.target), max_age="26h")

    def command(self, *arguments):
        return [
            "duplicity", *arguments, "--no-encryption", "--volsize", "1", "--archive-dir", str(self.directory / "cache"),
            str(self.source), f"file://{self.target}",
        ]

    def backup(self, kind="full", encrypted=False):
        command = self.command(kind)
        if encrypted:
            command.remove("--no-encryption")
        run(*command)
        time.sleep(1.1)  # duplicity's times have whole seconds

    def goes_by(self, seconds):
        """Moves the sets into the past: the times are in their names."""
        make_older(self.target, seconds)

        def earlier(match):
            then = time.mktime(time.strptime(match.group(), "%Y%m%dT%H%M%SZ")) - seconds
            return time.strftime("%Y%m%dT%H%M%SZ", time.localtime(then))

        for place in (self.target, *(self.directory / "cache").iterdir()):
            for path in sorted(place.iterdir()):
                path.rename(path.with_name(re.sub(r"\d{8}T\d{6}Z", earlier, path.name)))

    def files(self, pattern):
        return sorted(self.target.glob(pattern))


@pytest.fixture
def duplicity(tmp_path, monkeypatch):
    # The path of its agent's socket has room for 107 bytes.
    with tempfile.TemporaryDirectory(prefix="gpg.", dir="/tmp") as keys:
        monkeypatch.setenv("GNUPGHOME", keys)
        yield Duplicity(tmp_path, monkeypatch)
        subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)


@pytest.mark.parametrize("encrypted", [False, True])
def test_duplicity_goes_stale_and_a_backup_clears_it(duplicity, encrypted):
    expected = duplicity.expected
    expected.collect()
    assert expected.readable, expected.error
    assert expected.value("count") == 0

    duplicity.backup(encrypted=encrypted)
    assert not expected.is_stale()
    assert expected.newest("exact") == pytest.approx(time.time(), abs=60)
    assert expected.value("size_bytes") > 2_500_000
    assert expected.value("incomplete") == 0

    duplicity.goes_by(3 * DAY)
    assert expected.is_stale()
    duplicity.backup("incremental", encrypted=encrypted)
    assert not expected.is_stale()
    assert expected.value("count") == 2
    assert not expected.problems()


@lie("duplicity", "a killed backup leaves volumes that collection-status calls a full backup")
def test_duplicity_killed_backup_is_no_backup(duplicity):
    write_random(duplicity.source / "large", 100_000_000)
    with subprocess.Popen(
        duplicity.command("full"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        lastgood.wait_until(lambda: len(duplicity.files("*.difftar.gz")) > 2, seconds=60, what="volumes")
        process.kill()
    said = run("duplicity", "collection-status", "--archive-dir", str(duplicity.directory / "cache"), f"file://{duplicity.target}")
    assert "Full" in said and "No orphaned or incomplete" in said, said
    expected = duplicity.expected
    assert expected.is_stale()
    assert expected.value("in_progress") == 1
    make_older(duplicity.target, DAY)
    assert expected.is_stale()
    assert expected.value("in_progress") == 0
    assert expected.value("incomplete") == 1
    assert expected.value("count") == 0
    assert any("no manifest" in problem for problem in expected.problems())


@lie("duplicity", "an increment outlives the chain that it builds on")
def test_duplicity_increment_without_its_chain_is_no_backup(duplicity):
    duplicity.backup()
    duplicity.goes_by(2 * DAY)
    duplicity.backup("incremental")
    assert not duplicity.expected.is_stale()
    duplicity.files("duplicity-full.*.vol2.*")[0].unlink()
    assert duplicity.expected.value("count") == 2
    duplicity.files("duplicity-full.*.manifest")[0].unlink()
    assert duplicity.expected.is_stale()
    assert any("builds on" in problem for problem in duplicity.expected.problems()), duplicity.expected.problems()


@lie("duplicity", "a volume is gone or empty, and the manifest is there")
def test_duplicity_missing_volume_is_no_backup(duplicity):
    duplicity.backup()
    volumes = duplicity.files("*.vol*.difftar.gz")
    assert len(volumes) > 2
    volumes[-1].rename(duplicity.directory / "kept")
    assert duplicity.expected.is_stale()
    assert any(f"has {len(volumes) - 1} of {len(volumes)} volumes" in one for one in duplicity.expected.problems())
    volumes[-1].touch()
    assert duplicity.expected.is_stale()
    (duplicity.directory / "kept").rename(volumes[-1])
    assert not duplicity.expected.is_stale()


@lie("duplicity", "cleanup, collection-status, a copy and a touch change times of files")
def test_duplicity_times_of_files_do_not_matter(duplicity):
    duplicity.backup()
    duplicity.goes_by(3 * DAY)
    for path in duplicity.target.iterdir():
        path.touch()
    run("duplicity", "cleanup", "--force", "--archive-dir", str(duplicity.directory / "cache"), f"file://{duplicity.target}")
    assert duplicity.expected.is_stale()


def test_duplicity_two_prefixes_are_two_streams(duplicity):
    duplicity.backup()
    run(*duplicity.command("full", "--file-prefix", "web-"))
    expected = duplicity.expected
    assert not expected.is_stale()
    assert {line["subject"] for line in expected.lines if line.get("subject", "").startswith("it/")} == {"it/duplicity", "it/web-"}
    for path in duplicity.files("web-*manifest"):
        path.unlink()
    make_older(duplicity.target, DAY)
    assert expected.is_stale()


def test_duplicity_other_files_are_no_sets(tmp_path, duplicity):
    (duplicity.target / "db.sql").write_text("x")
    duplicity.expected.collect()
    assert not duplicity.expected.readable
    assert "duplicity" in duplicity.expected.error


@lie("duplicity", "a link in covers is stored as a link, and what it leads to is in no copy")
def test_duplicity_link_in_covers(tmp_path, duplicity):
    (tmp_path / "link").symlink_to(duplicity.source)
    command = duplicity.command("full")
    command[command.index(str(duplicity.source))] = str(tmp_path / "link")
    run(*command)
    listed = ["duplicity", "list-current-files", "--archive-dir", str(tmp_path / "cache"), f"file://{duplicity.target}"]
    assert "first" not in run(*listed)
    expected = Expected(tmp_path, duplicity=str(duplicity.target), covers=[str(tmp_path / "link")])
    assert expected.collect().value("source_link", path=str(tmp_path / "link"), target=str(duplicity.source)) == 1
