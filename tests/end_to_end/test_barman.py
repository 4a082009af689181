"""Base backups made by barman of a real PostgreSQL: its record, the data and the WAL must all be there.

The record is base/ID/backup.info or, since barman 3.13.2, meta/ID-backup.info."""

import calendar
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile
import time

import lastgood
import pytest
from lies import lie
from repositories import DAY, Expected, run


class Barman:
    """A PostgreSQL cluster and a barman that has it as "main"."""

    def __init__(self):
        self.user = pwd.getpwnam("postgres")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="lastgood-barman-"))
        self.programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.data = self.directory / "data"
        self.home = self.directory / "home"
        self.main = self.home / "main"
        self.config = self.directory / "barman.conf"
        (self.main / "incoming").mkdir(parents=True)
        (self.directory / "conf.d").mkdir()
        self.config.write_text(
            f"[barman]\nbarman_home = {self.home}\nbarman_user = postgres\nlog_file = {self.directory}/barman.log\n"
            f"configuration_files_directory = {self.directory}/conf.d\n"
            f"[main]\ndescription = x\nconninfo = host={self.directory} user=postgres dbname=postgres\n"
            f"streaming_conninfo = host={self.directory} user=postgres dbname=postgres\n"
            "backup_method = postgres\nimmediate_checkpoint = true\narchiver = on\nminimum_redundancy = 0\n"
        )
        run("chown", "-R", "postgres:postgres", str(self.directory))

    def run(self, *command):
        return run(*command, user="postgres", group="postgres", extra_groups=[], cwd=self.directory)

    def start(self):
        self.run(str(self.programs / "initdb"), "-D", str(self.data), "--no-sync", "-A", "trust")
        with open(self.data / "postgresql.conf", "a", encoding="ascii") as settings:
            settings.write(
                f"listen_addresses = ''\nunix_socket_directories = '{self.directory}'\narchive_mode = on\n"
                f"archive_command = 'cp %p {self.main}/incoming/%f'\nmax_wal_senders = 4\nfsync = off\n"
            )
        self.run(str(self.programs / "pg_ctl"), "-D", str(self.data), "-l", str(self.directory / "log"), "-w", "start")
        self.new_wal()
        lastgood.wait_until(lambda: list((self.main / "incoming").iterdir()), what="WAL", seconds=30)
        self.barman("archive-wal", "main")

    def barman(self, *command):
        return self.run("barman", "-c", str(self.config), *command)

    def new_wal(self):
        self.run(str(self.programs / "psql"), "-h", str(self.directory), "-d", "postgres", "-qc", "create table if not exists t (x int)",
                 "-c", "insert into t values (1)", "-c", "select pg_switch_wal()", "-o", "/dev/null")

    def backup(self):
        """Makes a backup with its WAL, and returns its directory."""
        before = set(self.ids())
        self.barman("backup", "main")
        self.finish()
        (new,) = set(self.ids()) - before
        return self.main / "base" / new

    def finish(self):
        def is_done():
            self.new_wal()
            self.barman("archive-wal", "main")
            for backup in self.ids():
                if "status=WAITING" in self.record(backup).read_text():
                    self.barman("check-backup", "main", backup)  # as barman cron does
            return "WAITING" not in self.barman("list-backup", "main")

        lastgood.wait_until(is_done, what="the WAL of the backup", seconds=30, step=0.3)

    def ids(self):
        return os.listdir(self.main / "base") if (self.main / "base").exists() else []

    def record(self, backup):
        moved = self.main / "meta" / f"{backup}-backup.info"
        return moved if moved.exists() else self.main / "base" / backup / "backup.info"

    def records(self):
        return [*(self.main / "base").glob("*/backup.info"), *(self.main / "meta").glob("*-backup.info")]

    def goes_by(self, days):
        for info in self.records():

            def earlier(match):
                then = calendar.timegm(time.strptime(match.group(), "%Y-%m-%d %H:%M:%S")) - days * DAY
                return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(then))

            lines = [
                re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", earlier, line) if line.startswith(("begin_time", "end_time")) else line
                for line in info.read_text().splitlines()
            ]
            info.write_text("\n".join(lines) + "\n")

    def places(self):
        return [name for name in ("base", "wals", "meta") if (self.main / name).exists()]

    def keep(self):
        for name in self.places():
            run("cp", "-a", str(self.main / name), str(self.directory / f"kept-{name}"))

    def put_back(self):
        """The state after the first backup: barman takes seconds for each."""
        for name in self.places():
            shutil.rmtree(self.main / name)
        for kept in self.directory.glob("kept-*"):
            run("cp", "-a", str(kept), str(self.main / kept.name.removeprefix("kept-")))

    def forget_all(self):
        for info in self.records():
            info.unlink()
        for name in self.ids():
            shutil.rmtree(self.main / "base" / name)

    def stop(self):
        if (self.data / "postmaster.pid").exists():
            subprocess.run(
                [str(self.programs / "pg_ctl"), "-D", str(self.data), "-m", "immediate", "-w", "stop"],
                user="postgres", group="postgres", extra_groups=[], cwd=self.directory, capture_output=True, check=False,
            )
        shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture(scope="module")
def running_barman():
    if os.geteuid() != 0:
        lastgood.cannot_run("it needs root, to become the user postgres")
    if not shutil.which("barman") or not list(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        lastgood.cannot_run("barman and postgresql are not installed")
    made = Barman()
    try:
        made.start()
        made.good = made.backup().name
        made.keep()
        yield made
    finally:
        made.stop()


@pytest.fixture
def barman(running_barman):
    running_barman.put_back()
    return running_barman


@pytest.fixture
def expected(tmp_path, barman):
    return Expected(tmp_path, barman=str(barman.main), max_age="26h")


def test_barman_goes_stale_and_a_backup_clears_it(tmp_path, barman, expected):
    barman.forget_all()
    assert expected.collect().readable, expected.error
    assert expected.value("count") == 0

    barman.backup()
    assert not expected.is_stale(), expected.lines
    assert expected.newest("exact") == pytest.approx(time.time(), abs=60)
    assert expected.value("size_bytes") > 10_000_000
    assert expected.value("incomplete") == 0
    assert not expected.problems()

    barman.goes_by(3)
    assert expected.is_stale()
    # What `barman cron` does each minute is WAL and retention only.
    barman.new_wal()
    barman.barman("archive-wal", "main")
    assert expected.is_stale()

    # All servers of barman_home, each on its own.
    home = Expected(tmp_path, barman=str(barman.home), max_age="1w")
    assert not home.is_stale()
    assert any(line.get("subject") == "it/main" for line in home.lines)


@lie("barman", "FAILED lies beside the good backups, with data in it")
def test_barman_failed_backup_is_no_backup(barman, expected):
    barman.goes_by(3)
    broken = barman.directory / "no-basebackup"
    broken.mkdir(exist_ok=True)
    program = broken / "pg_basebackup"
    program.write_text(f'#!/bin/sh\ncase "$*" in *--version*) exec {barman.programs}/pg_basebackup --version;; esac\nexit 1\n')
    program.chmod(0o755)
    before = barman.config.read_text()
    barman.config.write_text(before + f"path_prefix = {broken}\nbasebackup_retry_times = 0\n")
    try:
        subprocess.run(
            ["barman", "-c", str(barman.config), "backup", "main"], user="postgres", group="postgres", extra_groups=[],
            cwd=barman.directory, capture_output=True, timeout=120, check=False,
        )
    finally:
        barman.config.write_text(before)
    (failed,) = set(barman.ids()) - {barman.good}
    assert "status=FAILED" in barman.record(failed).read_text()
    assert expected.is_stale()
    assert expected.value("incomplete") == 1
    assert expected.value("count") == 1
    assert any("FAILED" in problem for problem in expected.problems())


@lie("barman", "a backup without the WAL of its time cannot be restored, and its data is whole")
def test_barman_backup_waits_for_its_wal(barman, expected):
    backup = barman.main / "base" / barman.good
    info = barman.record(barman.good)
    end_wal = re.search(r"end_wal=(\w+)", info.read_text()).group(1)
    wal = barman.main / "wals" / end_wal[:16] / end_wal
    kept = wal.with_name("kept")
    wal.rename(kept)
    try:
        assert expected.is_stale()
        assert any(end_wal in problem for problem in expected.problems())
        info.write_text(info.read_text().replace("status=DONE", "status=WAITING_FOR_WALS"))
        assert expected.is_stale()
        assert expected.value("in_progress") == 1
        barman.goes_by(1)
        assert expected.is_stale()
        assert expected.value("in_progress") == 0
        assert expected.value("incomplete") == 1
    finally:
        kept.rename(wal)


@lie("barman", "backup.info says DONE, and the data is gone")
def test_barman_backup_without_data_is_no_backup(barman, expected):
    backup = barman.main / "base" / barman.good
    (backup / "data").rename(backup / "elsewhere")
    assert expected.is_stale()
    assert expected.value("count") == 0
    (backup / "data").mkdir()
    assert expected.is_stale()
    (backup / "data").rmdir()
    (backup / "elsewhere").rename(backup / "data")
    assert not expected.is_stale()


@lie("barman", "a killed backup stays STARTED")
def test_barman_killed_backup_is_no_backup(barman, expected):
    barman.goes_by(3)
    with subprocess.Popen(
        ["barman", "-c", str(barman.config), "backup", "main"], user="postgres", group="postgres", extra_groups=[], cwd=barman.directory,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:
        started = lastgood.wait_until(
            lambda: [
                path for path in barman.records()
                if path != barman.record(barman.good) and "status=STARTED" in path.read_text()
            ],
            what="a started backup", seconds=60, step=0.01,
        )
        os.killpg(process.pid, 9)
    assert "status=STARTED" in started[0].read_text()
    assert expected.is_stale()
    assert expected.value("in_progress") == 1
    barman.goes_by(3)
    assert expected.is_stale()
    assert expected.value("in_progress") == 0
    assert expected.value("incomplete") == 1
    assert expected.value("count") == 1


def test_barman_that_is_none_or_half_there(tmp_path, barman, expected):
    other = Expected(tmp_path, barman=str(barman.data), max_age="26h").collect()
    assert not other.readable
    assert "barman" in other.error
    expected = Expected(tmp_path, barman=str(barman.main), max_age="26h")
    (barman.main / "base" / "20200101T000000").mkdir()
    (barman.main / "base" / "20200101T000000" / "backup.info").write_text("half")
    assert not expected.is_stale()
    assert any("20200101T000000" in problem for problem in expected.problems())


def moved_record(barman):
    """The other place of the record: as barman 3.13.2 has it, or an older one."""
    info = barman.record(barman.good)
    old = barman.main / "base" / barman.good / "backup.info"
    new = barman.main / "meta" / f"{barman.good}-backup.info"
    new.parent.mkdir(exist_ok=True)
    return info.rename(old if info == new else new)


def test_barman_record_in_either_place(barman, expected):
    for _ in range(2):
        info = moved_record(barman)
        assert not expected.is_stale(), (info, expected.lines)
        assert expected.value("count") == 1
        assert not expected.problems()
    barman.goes_by(3)
    assert expected.is_stale()
    barman.put_back()
    if moved_record(barman).parent.name != "meta":
        moved_record(barman)
    shutil.rmtree(barman.main / "base" / barman.good)
    assert expected.is_stale()
    assert expected.value("incomplete") == 1


@lie("barman", "an increment whose parent is gone or broken stays DONE, and cannot be restored")
def test_barman_increment_needs_its_parent(barman, expected):
    barman.goes_by(3)
    info = barman.record(barman.good)
    now = time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime())
    increment = barman.main / "base" / "20991231T000000"
    run("cp", "-a", str(barman.main / "base" / barman.good), str(increment))
    text = re.sub(r"(?m)^end_time=.*$", f"end_time={now}", info.read_text())
    (increment / "backup.info").write_text(f"{text}\nparent_backup_id={barman.good}\n")
    assert not expected.is_stale()
    info.write_text(info.read_text().replace("status=DONE", "status=FAILED"))
    assert expected.is_stale()
    assert expected.value("incomplete") == 1
    info.unlink()
    assert expected.is_stale()
    assert any("increment" in problem for problem in expected.problems())
