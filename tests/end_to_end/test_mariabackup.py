"""Backups made by mariabackup of a real server: only what it writes last proves one."""

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


class Server:
    """A MariaDB server with a socket in its own directory."""

    def __init__(self, directory):
        for program in ("mariabackup", "mariadbd", "mariadb-install-db"):
            if not shutil.which(program):
                lastgood.cannot_run(f"{program} is not installed")
        if os.geteuid() != 0:
            lastgood.cannot_run("it needs root, to run mariadbd as root")
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "data"
        self.socket = self.directory / "s"
        self.backups = self.directory / "backups"
        self.backups.mkdir()
        # A server that starts removes every "#sql" file of its tmpdir, also those of a server beside it.
        temporary = self.directory / "tmp"
        temporary.mkdir()
        places = [f"--datadir={self.data}", f"--tmpdir={temporary}"]
        run("mariadb-install-db", "--no-defaults", *places, "--user=root", "--auth-root-authentication-method=normal")
        self.process = subprocess.Popen(
            ["mariadbd", "--no-defaults", *places, f"--socket={self.socket}", "--skip-networking", "--user=root"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def command(self, name, *arguments):
        return [
            "mariabackup", "--no-defaults", "--backup", f"--target-dir={self.backups / name}", f"--datadir={self.data}",
            f"--socket={self.socket}", "--user=root", *arguments,
        ]

    def backup(self, name, *arguments):
        run(*self.command(name, *arguments))
        return self.backups / name

    def records(self, directory=None):
        """The record that ends each backup: it has another name since MariaDB 11.1."""
        return [path for name in ("xtrabackup_info", "mariadb_backup_info") for path in (directory or self.backups).rglob(name)]

    def goes_by(self, days):
        for info in self.records():

            def earlier(match):
                then = time.mktime(time.strptime(match.group(), "%Y-%m-%d %H:%M:%S")) - days * DAY
                return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(then))

            info.write_text(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", earlier, info.read_text()))


@pytest.fixture(scope="module")
def running_server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("mariadb"))
    try:
        lastgood.wait_until(made.socket.exists, seconds=60, what="mariadbd")
        yield made
    finally:
        made.stop()


@pytest.fixture
def server(running_server):
    shutil.rmtree(running_server.backups)
    running_server.backups.mkdir()
    return running_server


@pytest.fixture
def expected(tmp_path, server):
    return Expected(tmp_path, mariabackup=str(server.backups), max_age="26h")


def test_mariabackup_goes_stale_and_a_backup_clears_it(server, expected, tmp_path):
    assert expected.collect().readable, expected.error
    assert expected.value("count") == 0
    full = server.backup("full")
    assert not expected.is_stale()
    assert expected.newest("exact") == pytest.approx(time.time(), abs=60)
    # One directory that every night replaces.
    (tmp_path / "one").mkdir()
    assert not Expected(tmp_path / "one", mariabackup=str(server.backups / "full"), max_age="26h").is_stale()
    server.goes_by(3)
    assert expected.is_stale()
    server.backup("increment", f"--incremental-basedir={full}")
    assert not expected.is_stale()
    assert expected.value("count") == 2
    assert expected.value("incomplete") == 0
    assert not expected.problems()


@lie("mariabackup", "prepare and a touch change every file of an old backup")
def test_mariabackup_prepare_is_no_backup(server, expected):
    full = server.backup("full")
    server.goes_by(3)
    run("mariabackup", "--no-defaults", "--prepare", f"--target-dir={full}")
    (record,) = server.records(full)
    record.touch()
    assert expected.is_stale()


@lie("mariabackup", "an increment whose base was deleted looks like a backup")
def test_mariabackup_increment_without_its_base_is_no_backup(server, expected):
    full = server.backup("full")
    server.backup("increment", f"--incremental-basedir={full}")
    shutil.rmtree(full)
    assert expected.is_stale()
    assert any("its base" in problem for problem in expected.problems())


@lie("mariabackup", "a backup of one database is not said to be one by its files")
def test_mariabackup_of_one_database_is_no_backup(server, expected):
    server.backup("one", "--databases=mysql")
    assert expected.is_stale()
    assert any("partial" in problem for problem in expected.problems())


@lie("mariabackup", "a killed backup leaves a directory full of fresh files")
def test_mariabackup_killed_backup_is_no_backup(server, expected):
    server.backup("full")
    server.goes_by(3)
    with subprocess.Popen(
        server.command("killed", "--throttle=1"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        killed = server.backups / "killed"
        lastgood.wait_until(lambda: killed.is_dir() and any(killed.glob("ibdata1*")), what="ibdata1", step=0.002, seconds=30)
        assert process.poll() is None
        process.kill()
    assert not server.records(killed)
    assert expected.is_stale()
    assert expected.value("in_progress") == 1
    make_older(killed, DAY)
    assert expected.is_stale()
    assert expected.value("in_progress") == 0
    assert expected.value("incomplete") == 1


@lie("mariabackup", "the record is there, and the data is not")
def test_mariabackup_without_its_data_is_no_backup(server, expected):
    (server.backup("full") / "ibdata1").unlink()
    assert expected.is_stale()
    assert any("ibdata1" in problem for problem in expected.problems())


@lie("mariabackup", "a job that fails at once leaves an empty directory with a date in its name")
def test_mariabackup_empty_directory_is_no_backup(server, expected):
    server.backup("2026-01-01")
    server.goes_by(3)
    empty = server.backups / "2026-01-02"
    empty.mkdir()
    make_older(server.backups, DAY / 2)
    os.utime(empty, (time.time() - 3600, time.time() - 3600))
    assert expected.is_stale()
    assert expected.value("incomplete") == 1


def test_mariabackup_streams_are_named_as_what_they_are(server, expected):
    (server.backups / "full.xb.gz").write_text("x")
    expected.collect()
    assert not expected.readable
    assert "files =" in expected.error


@lie("mariabackup", "a copy of the directory was stopped: the record is there, and not all databases")
def test_mariabackup_stopped_copy_is_unproven(server, tmp_path):
    server.backup("full")
    time.sleep(1.1)
    (tmp_path / "nas").mkdir()
    copy = tmp_path / "nas" / "backups"
    run("rsync", "-a", "--exclude=/full/mysql", f"{server.backups}/", f"{copy}/")
    expected = Expected(tmp_path / "nas", mariabackup=str(copy), max_age="26h")
    assert expected.is_unproven()
    assert any("copied or moved here" in problem for problem in expected.problems()), expected.problems()
