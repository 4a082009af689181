"""Repositories made by pgBackRest: only a finished backup makes a backup fresh."""

import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import lastgood
import pytest
from lies import lie
from repositories import Expected, run


class Cluster:
    """A PostgreSQL cluster with a socket in its own directory, and a pgBackRest repository."""

    def __init__(self, cipher=""):
        self.user = pwd.getpwnam("postgres")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="lastgood-cluster-"))
        self.programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.data = self.directory / "data"
        self.repository = self.directory / "repository"
        self.config = self.directory / "pgbackrest.conf"
        self.config.write_text(
            f"[global]\nrepo1-path={self.repository}\nlog-path={self.directory}/log\nlock-path={self.directory}/lock\n"
            f"spool-path={self.directory}/spool\nstart-fast=y\nrepo1-retention-full=2\nlog-level-console=warn\n"
            f"{cipher}\n[demo]\npg1-path={self.data}\npg1-socket-path={self.directory}\n"
        )
        for name in ("log", "lock", "spool", "repository"):
            (self.directory / name).mkdir()
        for path in (self.directory, *self.directory.iterdir()):
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def run(self, *command):
        return run(*command, user="postgres", group="postgres", extra_groups=[], cwd=self.directory)

    def start(self):
        self.run(str(self.programs / "initdb"), "-D", str(self.data), "--no-sync", "-A", "trust")
        with open(self.data / "postgresql.conf", "a", encoding="ascii") as settings:
            settings.write(
                f"listen_addresses = ''\nunix_socket_directories = '{self.directory}'\narchive_mode = on\n"
                f"archive_command = 'pgbackrest --config={self.config} --stanza=demo archive-push %p'\n"
                "max_wal_senders = 3\nfsync = off\nlogging_collector = off\n"
            )
        self.run(
            str(self.programs / "pg_ctl"), "-D", str(self.data), "-l", str(self.directory / "postgres.log"), "-w", "start"
        )
        self.backrest("stanza-create")

    def backrest(self, *command):
        return self.run("pgbackrest", f"--config={self.config}", "--stanza=demo", *command)

    def sql(self, text):
        self.run(str(self.programs / "psql"), "-h", str(self.directory), "-d", "postgres", "-qc", text)

    def stop(self):
        if (self.data / "postmaster.pid").exists():
            subprocess.run(
                [str(self.programs / "pg_ctl"), "-D", str(self.data), "-m", "immediate", "-w", "stop"],
                user="postgres", group="postgres", extra_groups=[], cwd=self.directory, capture_output=True, check=False,
            )
        shutil.rmtree(self.directory, ignore_errors=True)


def cluster_or_skip(cipher=""):
    if os.geteuid() != 0:
        lastgood.cannot_run("it needs root, to become the user postgres")
    if not shutil.which("pgbackrest") or not list(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        lastgood.cannot_run("pgbackrest and postgresql are not installed")
    made = Cluster(cipher)
    try:
        made.start()
    except BaseException:
        made.stop()
        raise
    return made


@pytest.fixture
def cluster():
    made = cluster_or_skip()
    yield made
    made.stop()


@pytest.fixture
def encrypted_cluster():
    made = cluster_or_skip("repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=never-seen")
    yield made
    made.stop()


def test_pgbackrest_goes_stale_and_a_backup_clears_it(tmp_path, cluster):
    expected = Expected(tmp_path, pgbackrest=str(cluster.repository), max_age="5s")
    expected.collect()
    assert expected.readable, expected.error
    assert expected.value("count") == 0
    assert expected.proven() is None

    cluster.backrest("--type=full", "backup")
    assert not expected.is_stale()
    assert expected.newest("exact") == pytest.approx(time.time(), abs=5)
    assert expected.value("count") == 1
    assert expected.value("size_bytes") > 10_000_000
    assert expected.value("incomplete") == 0

    # Compares with pgBackRest's own information.
    said = json.loads(cluster.backrest("info", "--output=json"))
    assert expected.newest("exact") == said[0]["backup"][-1]["timestamp"]["stop"]
    assert expected.value("size_bytes") == said[0]["backup"][-1]["info"]["size"]

    time.sleep(6)
    assert expected.is_stale()
    cluster.sql("create table filler as select g, repeat(md5(g::text), 40) from generate_series(1, 60000) g")
    cluster.backrest("check")
    cluster.backrest("expire")
    assert expected.is_stale()

    # A backup that is killed before its end leaves a directory with only backup.manifest.copy.
    backups = cluster.repository / "backup" / "demo"
    with subprocess.Popen(
        ["pgbackrest", f"--config={cluster.config}", "--stanza=demo", "--type=full", "--compress-level=9", "backup"],
        user="postgres", group="postgres", extra_groups=[], cwd=cluster.directory, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:
        lastgood.wait_until(
            lambda: [path for path in backups.glob("*F") if not (path / "backup.manifest").exists()],
            what="an unfinished backup", seconds=60, step=0.002,
        )
        expected.collect()
        os.killpg(process.pid, signal.SIGKILL)
    assert expected.value("in_progress") == 1
    assert expected.is_stale()
    assert expected.value("count") == 1

    cluster.backrest("--type=incr", "backup")
    assert not expected.is_stale()
    assert expected.value("count") == 2
    (backups.parent / "other").mkdir()
    expected.collect()
    assert not expected.readable
    assert "demo, other" in expected.error and "stanza" in expected.error
    assert not Expected(tmp_path, pgbackrest=str(cluster.repository), stanza="demo", max_age="1h").is_stale()


def test_pgbackrest_encrypted(tmp_path, encrypted_cluster):
    expected = Expected(tmp_path, pgbackrest=str(encrypted_cluster.repository), max_age="1h")
    expected.collect()
    assert expected.readable, expected.error
    assert expected.value("count") == 0
    encrypted_cluster.backrest("--type=full", "backup")
    assert not expected.is_stale()
    assert expected.newest("exact") is None
    assert expected.newest("inferred") == pytest.approx(time.time(), abs=60)
    assert expected.value("count") == 1


@lie("pgbackrest", "the WAL of a backup's own time is gone, and newer WAL is there: PostgreSQL does not start from it")
def test_pgbackrest_lie_wal_of_the_backup_is_gone(tmp_path, cluster):
    expected = Expected(tmp_path, pgbackrest=str(cluster.repository), max_age="26h")
    cluster.backrest("--type=full", "backup")
    expected.collect()
    assert expected.value("incomplete") == 0 and not expected.problems()
    said = json.loads(cluster.backrest("info", "--output=json"))[0]["backup"][-1]["archive"]
    cluster.sql("create table filler as select 1 as one; select pg_switch_wal()")
    cluster.backrest("check")
    for segment in (cluster.repository / "archive" / "demo").glob(f"*/*/{said['start']}-*"):
        segment.unlink()
    assert expected.is_stale(), expected.lines
    assert expected.value("incomplete") == 1
    assert any("cannot be restored" in problem for problem in expected.problems())


@lie("pgbackrest", "the backups are good and fresh, and archive_command fails: nothing since can be restored")
def test_pgbackrest_lie_wal_is_not_archived(tmp_path, cluster):
    expected = Expected(
        tmp_path, pgbackrest=str(cluster.repository), max_age="1h", max_wal_age="1h", covers=[str(cluster.directory)]
    )
    cluster.backrest("--type=full", "backup")
    assert not expected.is_stale()
    archived = expected.value("wal_timestamp_seconds")
    assert archived == pytest.approx(time.time(), abs=60)
    assert expected.value("wal_waiting_timestamp_seconds") is None
    assert expected.value("max_wal_age_seconds") == 3600

    (cluster.repository / "archive").rename(cluster.repository / "gone")
    (cluster.repository / "archive").touch()
    cluster.sql("create table one as select 1")
    cluster.sql("select pg_switch_wal()")
    lastgood.wait_until(
        lambda: not expected.is_stale() and expected.value("wal_waiting_timestamp_seconds") == pytest.approx(time.time(), abs=60),
        what="WAL that waits", seconds=30, step=0.3,
    )
    (cluster.repository / "archive").unlink()
    (cluster.repository / "gone").rename(cluster.repository / "archive")
    expected.collect()
    assert expected.value("wal_timestamp_seconds") == archived


@lie("pgbackrest", "backup.info goes on listing a backup whose directory is gone")
def test_pgbackrest_lie_directory_gone(tmp_path, cluster):
    expected = Expected(tmp_path, pgbackrest=str(cluster.repository), max_age="1h")
    cluster.backrest("--type=full", "backup")
    assert not expected.is_stale()
    (first,) = (cluster.repository / "backup" / "demo").glob("*F")
    time.sleep(1)
    cluster.backrest("--type=incr", "backup")
    assert not expected.is_stale()
    assert expected.value("count") == 2
    shutil.rmtree(first)
    assert expected.is_stale(), expected.lines
    assert expected.value("count") == 0
    assert any(first.name in problem for problem in expected.problems())


@lie("pgbackrest", "a copy of the repository was stopped: the records are there, and not all files")
def test_pgbackrest_lie_files_are_missing(tmp_path, cluster):
    expected = Expected(tmp_path, pgbackrest=str(cluster.repository), max_age="1h")
    cluster.backrest("--type=full", "backup")
    assert not expected.is_stale() and expected.value("incomplete") == 0
    (backup,) = (cluster.repository / "backup" / "demo").glob("*F")
    copy = tmp_path / "copy"
    shutil.copytree(cluster.repository, copy, symlinks=True)
    (tmp_path / "second").mkdir()
    expected = Expected(tmp_path / "second", pgbackrest=str(copy), max_age="1h")
    shutil.rmtree(copy / backup.relative_to(cluster.repository) / "pg_data" / "base")
    # Its files are as new as a copy's that still goes on.
    assert expected.is_unproven(), expected.lines
    assert expected.value("count") is None
    assert any("have arrived" in problem for problem in expected.problems())


@lie("pgbackrest", "backup.info is cut: backup.info.copy is whole")
def test_pgbackrest_lie_info_cut(tmp_path, cluster):
    expected = Expected(tmp_path, pgbackrest=str(cluster.repository), max_age="1h")
    cluster.backrest("--type=full", "backup")
    info = cluster.repository / "backup" / "demo" / "backup.info"
    whole = info.read_bytes()
    for length in (0, 20, whole.index(b"[backup:current]"), len(whole) // 2, len(whole) - 30):
        info.write_bytes(whole[:length])
        assert not expected.is_stale(), length
