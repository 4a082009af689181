"""Images made by dirvish: their summary says how they ended; the time of their tree is the source's."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

import lastgood
import pytest
from lies import lie
from repositories import DAY, Expected, run, write_random

pytestmark = pytest.mark.xdist_group("dirvish")  # they share /etc/dirvish/master.conf


class Vault:
    """A vault in a bank. dirvish reads /etc/dirvish only, so that one is made when it is missing."""

    def __init__(self, bank, name="vault"):
        self.directory = bank / name
        (self.directory / "dirvish").mkdir(parents=True)
        self.source = bank.parent / f"source-of-{name}"
        self.source.mkdir()
        (self.source / "first").write_text("first")
        self.number = 0
        self.configure()

    def configure(self, branch="default", source=None, index="text"):
        (self.directory / "dirvish" / f"{branch}.conf").write_text(
            f"client: {socket.gethostname()}\ntree: {source or self.source}\nxdev: 1\nindex: {index}\n"
        )

    def command(self, *arguments):
        self.number += 1
        return ["dirvish", "--vault", self.directory.name, "--image", f"image{self.number}", *arguments]

    def run(self, *arguments, works=True):
        done = subprocess.run(
            self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode == 0) == works, (done.returncode, done.stdout, done.stderr)
        return self.directory / f"image{self.number}"

    def goes_by(self, seconds):
        for summary in self.directory.glob("*/summary"):

            def earlier(match):
                then = time.mktime(time.strptime(match.group(), "%Y-%m-%d %H:%M:%S")) - seconds
                return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(then))

            summary.write_text(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", earlier, summary.read_text()))


@pytest.fixture
def bank(tmp_path):
    if not shutil.which("dirvish"):
        lastgood.cannot_run("dirvish is not installed")
    if os.geteuid() != 0:
        lastgood.cannot_run("it needs root, to write /etc/dirvish/master.conf")
    master = pathlib.Path("/etc/dirvish/master.conf")
    before = master.read_text() if master.exists() else None
    bank = tmp_path / "bank"
    bank.mkdir()
    master.parent.mkdir(exist_ok=True)
    master.write_text(f"bank:\n\t{bank}\n")
    yield bank
    if before is None:
        master.unlink()
    else:
        master.write_text(before)


@pytest.fixture
def vault(bank):
    return Vault(bank)


@pytest.fixture
def expected(tmp_path, vault):
    return Expected(tmp_path, dirvish=str(vault.directory), max_age="26h")


def test_dirvish_goes_stale_and_an_image_clears_it(vault, expected):
    assert expected.collect().readable, expected.error
    assert expected.value("count") == 0
    vault.run("--init")
    assert not expected.is_stale()
    assert expected.newest("exact") == pytest.approx(time.time(), abs=60)
    vault.goes_by(3 * DAY)
    assert expected.is_stale()
    vault.run()
    assert not expected.is_stale()
    assert expected.value("count") == 2
    assert expected.value("incomplete") == 0
    assert not expected.problems()


@lie("dirvish", "the tree has the time of the source, and an image's directory that of the last look into it")
def test_dirvish_times_of_the_tree_do_not_matter(vault, expected):
    image = vault.run("--init")
    vault.goes_by(3 * DAY)
    for path in (image, image / "tree", image / "summary", vault.directory):
        path.touch()
    assert expected.is_stale()


@lie("dirvish", "a failed image stays in the vault beside the good ones, with a tree")
def test_dirvish_failed_image_is_no_backup(vault, expected):
    vault.run("--init")
    vault.goes_by(3 * DAY)
    vault.configure(source=vault.directory / "nothing")
    image = vault.run(works=False)
    assert (image / "tree").is_dir()
    assert expected.is_stale()
    assert expected.value("incomplete") == 1
    assert expected.value("count") == 1
    assert any("error (23)" in problem for problem in expected.problems())


@lie("dirvish", "a killed run leaves an image and a lock_file, and each further run ends at once")
def test_dirvish_killed_run_is_no_backup(vault, expected):
    vault.run("--init")
    vault.goes_by(3 * DAY)
    for number in range(8):
        write_random(vault.source / f"large{number}", 30_000_000, number)
    with subprocess.Popen(
        vault.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        image = vault.directory / f"image{vault.number}"
        lastgood.wait_until((image / "tree").exists, what="an image", step=0.005)
        assert expected.is_stale()
        assert expected.value("in_progress") == 1
        os.killpg(process.pid, 9)
    assert expected.is_stale()
    assert expected.value("lock_timestamp_seconds") == pytest.approx(time.time(), abs=60)
    vault.run(works=False)
    assert expected.is_stale()
    (vault.directory / "dirvish" / "lock_file").unlink()
    assert expected.is_stale()
    assert expected.value("incomplete") == 1
    vault.run()
    assert not expected.is_stale()


@lie("dirvish", "a source that was not mounted makes an empty image with success")
def test_dirvish_empty_tree_is_no_backup(vault, expected):
    vault.run("--init")
    vault.goes_by(3 * DAY)
    (vault.source / "first").unlink()
    image = vault.run()
    assert "Status: success" in (image / "summary").read_text()
    assert expected.is_stale()
    assert any("mounted" in problem for problem in expected.problems())


def test_dirvish_branches_and_vaults_are_streams(tmp_path, bank, vault, expected):
    vault.run("--init")
    vault.configure("other")
    vault.run("--branch", "other", "--init")
    assert not expected.is_stale()
    second = Vault(bank, "second")
    (tmp_path / "both").mkdir()  # its own state: streams are remembered by the backup's name
    both = Expected(tmp_path / "both", dirvish=str(bank), max_age="26h")
    assert both.is_stale()  # the second has no image yet
    second.run("--init")
    assert not both.is_stale()
    subjects = {line["subject"] for line in both.lines if "/" in line.get("subject", "")}
    assert {"it/vault/default", "it/vault/other", "it/second/default"} <= subjects
    second.goes_by(3 * DAY)
    assert both.is_stale()


@lie("dirvish", "a copy of the vault was stopped: the summary is there, and not all files")
@pytest.mark.parametrize("index", ["none", "gzip", "bzip2", "text"])
def test_dirvish_stopped_copy_is_unproven(vault, tmp_path, index):
    vault.configure(index=index)
    for number in range(20):
        write_random(vault.source / f"f{number}", 10_000, number)
    vault.run("--init")
    (tmp_path / "nas").mkdir()
    copy = tmp_path / "nas" / "vault"
    sync = ["rsync", "-a", f"{vault.directory}/", f"{copy}/"]
    time.sleep(1.1)
    run(*sync, "--exclude=tree/f1*")  # as if it was killed in the tree, which comes last
    expected = Expected(tmp_path / "nas", dirvish=str(copy), max_age="26h")
    assert expected.is_unproven()
    run(*sync)
    expected.forget()
    if index == "none":
        assert expected.is_unproven()
        assert any("has no index" in problem for problem in expected.problems()), expected.problems()
        return
    assert not expected.is_stale()
    assert expected.value("count") == 1 and not expected.problems()
