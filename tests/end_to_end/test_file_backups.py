"""Backups that are files or directories, made by the real tools: what looks like a good copy and is none."""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import lastgood
import pytest
from lies import lie

DAY = 86400


class Place:
    """A directory of copies, its [[backup]], and what `lastgood collect` says of it."""

    def __init__(self, directory, **settings):
        self.copies = pathlib.Path(directory) / "copies"
        self.copies.mkdir()
        self.config = pathlib.Path(directory) / "lastgood.toml"
        for name in ("run", "state"):
            (self.config.parent / name).mkdir()
        settings = {"files": f"{self.copies}/*", "max_age": "26h", **settings}
        lines = [f'runtime_directory = "{self.config.parent}/run"', f'state_directory = "{self.config.parent}/state"']
        lines += ["[[backup]]", 'name = "it"'] + [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        self.config.write_text("\n".join(lines) + "\n")

    def path(self, name):
        path = self.copies / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def age(self, name, seconds=7200):
        then = time.time() - seconds
        os.utime(self.copies / name, (then, then))

    def put(self, name, content, age=7200):
        self.path(name).write_bytes(content)
        self.age(name, age)

    def collect(self, **environment):
        done = subprocess.run(
            [lastgood.BINARY, "collect", "backups", "it", "--config", str(self.config)], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=60, check=False, env={**os.environ, **environment},
        )
        assert done.returncode == 0, done.stderr
        self.lines = [json.loads(line) for line in done.stdout.splitlines()]
        return self

    def value(self, metric, subject="it"):
        for line in self.lines:
            if line.get("metric") == f"lastgood_backup_{metric}" and line["subject"] == subject:
                return line["value"]
        return None

    def newest(self, confidence):
        for line in self.lines:
            if line.get("metric") == "lastgood_backup_newest_timestamp_seconds" and line["labels"]["confidence"] == confidence:
                return line["value"]
        return None

    def problems(self):
        return "\n".join(line["problem"] for line in self.lines if "problem" in line)

    def is_whole(self):
        """1: the newest copy is complete, 0: it is not, None: that cannot be told."""
        incomplete = self.collect().value("incomplete")
        return None if incomplete is None else 1 - incomplete


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            lastgood.cannot_run(f"{program} is not installed")


def output(*command, **options):
    """What a program writes, to its errors, too, as with `command > file 2>&1`; it may fail."""
    return subprocess.run(
        command, stdin=options.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
        **options,
    ).stdout


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def gnupg(tmp_path):
    need("gpg")
    with tempfile.TemporaryDirectory(dir="/tmp") as home:  # a socket's path must be short
        os.chmod(home, 0o700)
        yield lambda content, *options: subprocess.run(
            ["gpg", "--batch", "--quiet", "--homedir", home, "--passphrase", "x", "--pinentry-mode", "loopback", "-c", *options],
            input=content, capture_output=True, check=True, timeout=60,
        ).stdout
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, timeout=60)


@lie("gpg", "gpg of nothing is a whole file of 70 bytes")
def test_gpg(place, gnupg):
    content = os.urandom(200_000)
    for options in ([], ["--armor"], ["--compress-algo", "none"]):
        for number, (written, whole) in enumerate([(gnupg(content, *options), 1), (gnupg(b"", *options), 0), (gnupg(content, *options)[:-3000], 0)]):
            place.put("dump.gpg", written, 7200 + number)
            assert place.is_whole() == whole, (options, number, place.problems())


@lie("lz4", "a truncated lz4 file has no mark that is missing at its end")
def test_lz4(place):
    need("lz4")
    content = "\n".join(str(number) for number in range(200_000)).encode()
    for options in ([], ["-BD"], ["-B4", "--content-size"], ["--no-frame-crc"], ["-l"]):
        source = place.config.parent / "source"
        source.write_bytes(content)
        packed = output("lz4", "-q", "-c", *options, str(source))
        for number, (written, whole) in enumerate([(packed, 1), (packed[: len(packed) // 2], 0), (packed[:-1], 0)]):
            place.put("dump.lz4", written, 7200 + number)
            assert place.is_whole() == whole, (options, number, place.problems())
    place.put("dump.lz4", output("lz4", "-q", "-c"), 9000)
    assert place.is_whole() == 0


@pytest.mark.parametrize(
    "command",
    [
        ("pg_dump", "-h", "/nonexistent", "x"), ("pg_dumpall", "-h", "/nonexistent"), ("mariadb-dump", "-h", "127.0.0.1", "-P", "1", "x"),
        ("sqlite3", "/nonexistent/x", ".dump"), ("bash", "-c", "no_such_dump"),
    ],
    ids=lambda command: command[0],
)
@lie("pg_dump", "an error message is where the dump should be")
def test_error_messages(place, command):
    need(command[0])
    text = output(*command)
    place.put("db.sql", text)
    assert place.is_whole() == 0 and "error message" in place.problems(), text
    place.put("db.sql", gzip.compress(text), 9000)
    assert place.is_whole() == 0


@lie("mysqldump", "a warning stands before a dump that is whole")
def test_a_warning_before_a_dump_is_no_error(place):
    warning = b"mysqldump: [Warning] Using a password on the command line interface can be insecure.\n"
    place.put("db.sql", warning + b"-- MySQL dump 10.13\nselect 1;\n-- Dump completed on 2026-11-24\n")
    assert place.is_whole() == 1
    place.put("db.sql", warning, 9000)
    assert place.is_whole() == 0


@lie("sqlite3", "a dump that was killed is valid SQL without COMMIT")
def test_sqlite(place):
    need("sqlite3")
    database = str(place.config.parent / "source.db")
    output("sqlite3", database, "create table t(a); insert into t values(1),(2),(3)")
    dump = output("sqlite3", database, ".dump")
    place.put("db.sql", dump)
    assert place.is_whole() == 1, dump
    place.put("db.sql", dump[: dump.index(b"COMMIT")], 9000)
    assert place.is_whole() == 0


@pytest.mark.parametrize("program", ["gzip", "zstd", "xz", "bzip2"])
@lie("gzip", "compressed nothing is whole")
def test_compressed_nothing(place, program):
    need(program)
    place.put("db.sql.packed", output(program, "-c"))
    assert place.is_whole() == 0


@lie("zstd", "zstd --long=31 and xz with a large dictionary are whole, but need more memory than a look may take")
def test_a_limit_of_ours_is_no_fault_of_the_file(place):
    need("zstd", "xz")
    source = place.config.parent / "source"
    source.write_bytes(b"select 1;\n" * 100_000)
    for number, command in enumerate((["zstd", "--long=31", "-c"], ["xz", "--lzma2=dict=512MiB", "-c"])):
        with open(source, "rb") as file:
            packed = output(*command, stdin=file)
        place.put("db.sql.packed", packed, 7200 + 10 * number)
        assert place.is_whole() is None and place.value("count") == 1
        place.put("db.sql.packed", packed[:-9], 8000 + 10 * number)
        assert place.is_whole() == 0


# --- PostgreSQL


class Cluster:
    """A PostgreSQL server of its own, as the user postgres, in a directory with a short path."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.run("initdb", "-D", f"{directory}/data", "-A", "trust")
        self.run("pg_ctl", "-D", f"{directory}/data", "-l", f"{directory}/log", "-w", "-o", f"-k {directory} -c listen_addresses=''", "start")

    def run(self, program, *arguments):
        return subprocess.run(
            [str(self.programs / program), *arguments], user="postgres", group="postgres", extra_groups=[], cwd=self.directory,
            stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=120,
        ).stdout

    def dump(self, *options):
        return self.run("pg_dump", "-h", str(self.directory), *options, "postgres")

    def stop(self):
        self.run("pg_ctl", "-D", f"{self.directory}/data", "-m", "immediate", "stop")


@pytest.fixture
def cluster():
    if os.geteuid() != 0:
        lastgood.cannot_run("it needs root, to become the user postgres")
    if not list(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        lastgood.cannot_run("postgresql is not installed")
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        shutil.chown(directory, "postgres", "postgres")
        made = Cluster(directory)
        try:
            made.run(
                "psql", "-h", directory, "-d", "postgres", "-qc",
                "create table one as select g, md5(g::text) from generate_series(1, 30000) g; create table empty(a int);"
                "create view v as select * from one; create table two as select repeat('x', 9000) from generate_series(1, 50);"
                "select lo_from_bytea(0, 'large object'), lo_from_bytea(0, decode(repeat('ab', 20000), 'hex'))",
            )
            yield made
        finally:
            made.stop()


@lie("pg_dump", "pg_restore -l succeeds on 60 % of a custom dump")
def test_pg_dump_custom(place, cluster):
    age = 7200
    for options in ([], ["-Z0"], ["--schema-only"], ["-t", "empty"]):
        dump = cluster.dump("-Fc", *options)
        # Without its last byte, most of it, within and before its data.
        for length, whole in [(len(dump), 1), (len(dump) - 1, 0), (len(dump) * 6 // 10, 0), (len(dump) // 10, 0), (9, 0)]:
            if options == ["--schema-only"] and length == len(dump) - 1:
                continue  # its end is that of its table of contents, which may have an empty text there
            place.put("db.dump", dump[:length], age)
            age += 1
            allowed = (whole, None) if whole == 0 and dump[6] > 14 else (whole,)  # newer than PostgreSQL 15: it may not be told
            assert place.is_whole() in allowed, (options, length, len(dump), place.problems())


@lie("pg_dump", "a killed pg_dump -Fd leaves a directory with today's date")
def test_pg_dump_directory(place, cluster):
    name = stamp(time.time() - 7200)
    dump = cluster.directory / name
    cluster.dump("-Fd", "-f", str(dump))
    shutil.move(str(dump), str(place.copies))
    for file in (place.copies / name).iterdir():
        place.age(file)
    place.age(name)
    assert place.is_whole() == 1, place.problems()
    (place.copies / name / "toc.dat").unlink()
    place.age(name, 8000)
    assert place.is_whole() == 0 and "toc.dat is missing" in place.problems()


@lie("pg_dump", "a dump that was killed is valid SQL")
def test_pg_dump_plain(place, cluster):
    dump = cluster.dump()
    place.put("db.sql", dump)
    assert place.is_whole() == 1
    place.put("db.sql", dump[: len(dump) * 9 // 10], 8000)
    assert place.is_whole() == 0


# --- Times


def stamp(seconds, form="%Y%m%d-%H%M%S"):
    return time.strftime(form, time.gmtime(seconds))


@lie("files", "a number behind the time looks like an offset from UTC")
def test_a_process_id_is_no_offset(place):
    made = time.time() - 3 * 3600
    place.put(f"db-{stamp(made)}-1430.sql", b"x" * 1000, 2 * 3600)
    assert place.collect(TZ="UTC").value("newest_timestamp_seconds") == pytest.approx(made, abs=2)


@lie("files", "names in UTC on a host in New York")
def test_names_in_utc(place):
    written = time.time() - 30 * 3600
    place.put(f"db-{stamp(written - 60)}.sql", b"x" * 1000, 30 * 3600)
    assert place.collect(TZ="America/New_York").value("newest_timestamp_seconds") == pytest.approx(written, abs=90)


@lie("files", "a name dated 2099 hides the real newest")
def test_a_name_in_the_future(place):
    place.put("db-20990101-000000.sql", b"x" * 1000, 40 * DAY)
    place.put(f"db-{stamp(time.time() - 3 * DAY)}.sql", b"x" * 1000, 3 * DAY)
    assert place.collect(TZ="UTC").value("newest_timestamp_seconds") == pytest.approx(time.time() - 3 * DAY, abs=60)


# --- Streams


@lie("files", "one database's dump hides that two others stopped")
def test_each_name(tmp_path):
    place = Place(tmp_path, each="name", min_size=10)
    for database, ages in {"db1": (1, 2), "db2": (1, 2), "db3": (9, 10)}.items():
        for age in ages:
            place.put(f"{database}-{stamp(time.time() - age * DAY, '%Y-%m-%d')}.sql.gz", gzip.compress(b"-- data\n" * 100), age * DAY)
    place.collect()
    assert place.value("streams") == 3
    assert place.value("newest_timestamp_seconds") == pytest.approx(time.time() - 9 * DAY, abs=DAY)
    assert place.value("newest_timestamp_seconds", "it/db1") > time.time() - 2 * DAY
    assert place.value("max_age_seconds", "it/db3") == 26 * 3600
    assert place.value("count") == 6 and place.value("count", "it/db2") == 2
    # The advice of a finding about a stream names it.
    done = subprocess.run(
        [lastgood.BINARY, "collect", "backups", "it/db3", "--config", str(place.config)], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, check=False,
    )
    assert done.returncode == 0 and "it/db3" in done.stdout, done.stderr
    # All of a stream goes away: it stays, without a copy.
    for path in place.copies.glob("db2*"):
        path.unlink()
    place.collect()
    assert place.value("streams") == 3 and place.value("count", "it/db2") == 0
    assert place.value("copies_gone", "it/db2") == 2 and place.value("newest_timestamp_seconds", "it/db2") is not None


@lie("files", "without `each` the copies of one database hide that another stopped")
def test_different_names_in_one_backup(place):
    for database, ages in {"db1": range(1, 8), "db2": range(9, 16), "weekly": range(3, 30, 7)}.items():
        for age in ages:
            place.put(f"{database}-{stamp(time.time() - age * DAY, '%Y-%m-%d')}.sql.gz", gzip.compress(b"-- data\n" * 100), age * DAY)
    place.collect()
    assert '3 different names, of which "db2"' in place.problems() and "each" in place.problems()
    for path in place.copies.glob("db2*"):
        path.unlink()
    assert place.collect().problems() == ""


@lie("files", "one guest's directory hides that another stopped")
def test_each_directory(tmp_path):
    copies = tmp_path / "copies"
    place = Place(tmp_path, files=f"{copies}/*/*.sql", each="directory")
    place.put("mail/a.sql", b"x" * 100, DAY // 2)
    place.put("shop/a.sql", b"x" * 100, 5 * DAY)
    place.collect()
    assert place.value("newest_timestamp_seconds", "it/mail") > time.time() - DAY
    assert place.value("newest_timestamp_seconds") == pytest.approx(time.time() - 5 * DAY, abs=60)


def test_a_stream_in_an_unreadable_directory_is_not_gone(tmp_path):
    copies = tmp_path / "copies"
    place = Place(tmp_path, files=f"{copies}/*/*.sql", each="directory")
    for name in ("mail", "shop"):
        place.put(f"{name}/a.sql", b"x" * 100, DAY // 2)
    assert place.collect().value("streams") == 2
    # A link that leads nowhere near: too many levels, also for root.
    shutil.rmtree(copies / "shop")
    (copies / "shop").mkdir()
    (copies / "shop" / "a.sql").symlink_to("a.sql")
    place.collect()
    assert place.value("readable", "it/shop") == 0 and place.value("count", "it/shop") is None
    assert place.value("readable", "it/mail") == 1


def test_a_lost_stream_is_a_finding_until_it_is_forgotten(tmp_path):
    installation = lastgood.Installation(tmp_path / "agent")
    copies = tmp_path / "copies"
    copies.mkdir()
    for name in ("db1", "db2"):
        (copies / f"{name}-{stamp(time.time() - 3600)}.data").write_bytes(b"x" * 100)
    installation.write_config(
        sections=f'[collectors.backups]\ninterval = "1s"\n[[backup]]\nname = "it"\nfiles = "{copies}/*.data"\neach = "name"\nsettle_time = "1s"\n'
    )
    installation.start("agent")
    try:
        lastgood.wait_until(lambda: installation.report().value("backup_count", "it/db2") == 1, 30, "the stream")
        next(copies.glob("db2*")).unlink()
        lastgood.wait_until(lambda: installation.report().value("backup_count", "it/db2") == 0, 30, "the loss")
        lastgood.wait_until(
            lambda: any(one["rule"] == "backup_gone" and one["subject"] == "it/db2" for one in installation.report().findings), 30, "the finding"
        )
        done = installation.call("forget", "it/db2")
        assert done.returncode == 0, done.stderr
        lastgood.wait_until(lambda: installation.report().value("backup_count", "it/db2") is None, 30, "that it is forgotten")
        assert installation.report().value("backup_count", "it/db1") == 1
    finally:
        installation.clean_up()


# --- Directories


def old_directory(place, name, files):
    for file, content in files.items():
        place.put(f"{name}/{file}", content, 7200)
    place.path(f"{name}/x")
    for directory in (place.copies / name).glob("**"):
        place.age(directory)


@pytest.mark.parametrize(
    "files, whole",
    [
        ({}, 0), ({"toc.dat": b""}, 0), ({"toc.dat": b"PGDMP", "12.dat.gz": b"x"}, 0), ({"12.dat.gz": b"x"}, 0),
        ({"xtrabackup_checkpoints": b"x", "ibdata1": b"x"}, 0), ({"xtrabackup_checkpoints": b"x", "xtrabackup_info": b"x"}, 1),
        ({"backup.manifest.copy": b"x"}, 0), ({"backup_manifest": b"{}", "base.tar": b"x"}, None), ({"below/below/file": b"x"}, None),
    ],
)
@lie("files", "an empty or half made directory with today's date")
def test_directories(place, files, whole):
    name = stamp(time.time() - 7200)
    old_directory(place, name, files)
    assert place.is_whole() == whole, place.problems()


def test_complete_if_and_min_size_of_directories(tmp_path):
    place = Place(tmp_path, complete_if="DONE", min_size=1000)
    name = stamp(time.time() - 7200)
    old_directory(place, name, {"a/data": b"x" * 3000})
    assert place.is_whole() == 0 and "DONE" in place.problems()
    old_directory(place, name, {"DONE": b""})
    assert place.is_whole() == 1
    assert place.value("size_bytes") == 3000


# --- Many broken copies


@lie("files", "a dump every night, all of them cut")
def test_no_whole_copy(place):
    for night in range(30):
        place.put(f"db-{stamp(time.time() - (night + 1) * DAY)}.sql", b"--\n-- PostgreSQL database dump\n--\nselect 1;\n", (night + 1) * DAY)
    place.collect()
    assert place.value("count") == 0 and place.value("incomplete_copies") == 30 and place.value("incomplete") == 1


@lie("files", "the rotation removes the good copies while new ones are broken")
def test_good_copies_are_rotated_away(place):
    good = b"--\n-- PostgreSQL database dump\n--\n-- PostgreSQL database dump complete\n--\n"
    for night in range(5):
        place.put(f"{night}.sql", good, (night + 5) * DAY)
    assert place.collect().value("whole_copies_lost") is None
    place.put("new.sql", good[:40], DAY)
    assert place.collect().value("whole_copies_lost") == 0
    (place.copies / "4.sql").unlink()
    (place.copies / "3.sql").unlink()
    assert place.collect().value("whole_copies_lost") == 2
    place.put("new.sql", good, DAY // 2)
    assert place.collect().value("whole_copies_lost") is None
