"""Repositories made by restic, borg and pgBackRest: a backup becomes stale with time, and only a new backup makes it fresh,
not other operations that change files."""

import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import subprocess
import tempfile
import time

import lastgood
import pytest
from repositories import DAY, Expected, make_older, run, write_random

@pytest.fixture
def source(tmp_path):
    directory = tmp_path / "source"
    directory.mkdir()
    write_random(directory / "first", 300_000)
    return directory


# --- restic


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


def test_a_repository_that_is_not_there_is_an_error(tmp_path):
    for kind in ("restic", "borg", "pgbackrest"):
        expected = Expected(tmp_path, **{kind: str(tmp_path / "nothing")}).collect()
        assert not expected.readable
        assert "nothing" in expected.error
        assert expected.value("count") is None


# --- borg


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


def test_borg_killed_after_a_checkpoint_does_not_clear_it(tmp_path, borg, borg_expected, source):
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


# --- pgBackRest


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
