"""Files and directories that do not hold, or do not show, what their names promise: unproven, neither fine nor an alarm."""

import gzip
import os
import sqlite3
import time

import pytest
from lies import lie
from test_file_backups import DAY, need, output, place  # noqa: F401


@pytest.mark.parametrize(
    "text",
    [b"the input device is not a TTY\n", b"OCI runtime exec failed: exec failed: no such file\n", b"<!DOCTYPE html>\n<html>Sign in</html>\n"],
    ids=["docker", "oci", "html"],
)
@lie("files", "an error text that no list knows is where the dump should be, each night")
def test_unknown_error_texts(place, text):  # noqa: F811
    dump = b"-- MySQL dump 10.13\n" + b"insert into t values (1);\n" * 1000 + b"-- Dump completed on 2026-11-24\n"
    place.put("db-1.sql.gz", gzip.compress(dump), DAY + 7200)
    assert place.is_whole() == 1
    for night in range(3):
        place.put(f"db-{night + 2}.sql.gz", gzip.compress(text), 7200 - 10 * night)
        assert place.is_whole() is None and "holds no SQL" in place.problems(), place.lines
        assert place.newest("inferred") is None and place.newest("activity") is not None
    (place.copies / "db-1.sql.gz").unlink()
    assert place.is_whole() is None and place.newest("inferred") is None


@lie("gzip", "gzip of a truncated gzip file is whole")
def test_gzip_of_a_truncated_gzip(place):  # noqa: F811
    need("gzip")
    packed = gzip.compress(os.urandom(50_000))[:-9000]
    place.put("db.gz", gzip.compress(packed))
    assert place.is_whole() is None and place.newest("inferred") is None
    assert "compressed twice" in place.problems()


@lie("rsync", "a half-made directory with a date in its name looks like a finished one of --link-dest")
def test_rsync_link_dest(place, tmp_path):  # noqa: F811
    need("rsync")
    source = tmp_path / "source"
    source.mkdir()
    for number in range(10):
        (source / str(number)).write_text("x")
    then = time.time() - 9 * 3600
    os.utime(source, (then, then))
    name = time.strftime("%Y-%m-%d_%H%M%S", time.localtime(time.time() - 10))
    output("rsync", "-a", "--link-dest=../none", f"{source}/", str(place.path(name)))
    place.collect()
    assert place.newest("inferred") is None
    assert place.newest("activity") == pytest.approx(time.time(), abs=60)
    assert "complete_if" in place.problems()
    place.config.write_text(place.config.read_text() + 'complete_if = "done"\n')
    assert place.is_whole() in (0, None) and place.newest("inferred") is None
    (place.copies / name / "done").touch()
    os.utime(place.copies / name, (then, then))
    assert place.is_whole() == 1
    assert place.newest("inferred") == pytest.approx(time.time(), abs=60)


@lie("cp", "cp -al of the copy before brings the mark of its end along")
def test_the_mark_of_the_copy_before(place):  # noqa: F811
    nights = [time.strftime("%Y-%m-%d_%H%M%S", time.localtime(time.time() - age)) for age in (DAY + 7200, 7200)]
    place.config.write_text(place.config.read_text() + 'complete_if = "done"\n')
    place.path(f"{nights[0]}/letter").write_text("x")
    place.path(f"{nights[0]}/done").write_text("")
    for name in (f"{nights[0]}/letter", f"{nights[0]}/done", nights[0]):
        place.age(name, DAY + 5000)
    output("cp", "-al", str(place.copies / nights[0]), str(place.copies / nights[1]))
    place.age(nights[1], 5000)
    assert place.is_whole() is None and "that of the copy before" in place.problems()
    assert place.newest("inferred") is None
    (place.copies / nights[1] / "done").unlink()
    place.path(f"{nights[1]}/done").write_text("")
    place.age(nights[1], 4000)
    assert place.is_whole() == 1
    assert place.newest("inferred") == pytest.approx(time.time() - 7200, abs=60)


@lie("sqlite3", "a database that was cut while it was copied begins as a whole one")
def test_truncated_sqlite_database(place):  # noqa: F811
    database = place.path("app.db")
    with sqlite3.connect(database) as connection:
        connection.execute("create table t (text)")
        connection.executemany("insert into t values (?)", [(os.urandom(500).hex(),) for _ in range(500)])
    connection.close()
    place.age("app.db")
    assert place.is_whole() is None and place.newest("inferred") is not None
    place.put("app.db", database.read_bytes()[: database.stat().st_size * 7 // 10], 7000)
    assert place.is_whole() == 0 and "fewer pages" in place.problems()
