"""Copies whose ends, marks or records are right, and whose content is not: cut dumps, directories of which files are gone."""

import gzip
import shutil
import time

from lies import lie
from test_file_backups import DAY, cluster, place, stamp  # noqa: F401

BEGUN = b"--\n-- PostgreSQL database dump\n--\n" + b"select 1;\n" * 100
WHOLE = BEGUN + b"--\n-- PostgreSQL database dump complete\n--\n"


def put_nights(place, nights, content):
    for night in nights:
        place.put(f"db-{stamp(time.time() - (night + 1) * DAY)}.sql.gz", gzip.compress(content), (night + 1) * DAY)


@lie("files", "a packed dump every night, all of them cut before they were packed")
def test_no_whole_packed_copy(place):
    put_nights(place, range(30), BEGUN)
    place.collect()
    # What was not unpacked yet is neither whole nor cut.
    assert place.value("count") is None and place.value("incomplete") == 1
    assert place.newest("activity") and place.newest("inferred") is None, place.problems()
    place.collect().collect()
    assert place.value("count") == 0 and place.value("incomplete_copies") == 30 and place.newest("activity") is None


@lie("files", "a whole dump lies behind many that were cut before they were packed")
def test_a_whole_packed_copy_behind_cut_ones(place):
    put_nights(place, range(20), BEGUN)
    put_nights(place, range(20, 30), WHOLE)
    place.collect().collect()
    assert place.value("count") == 10 and place.value("incomplete_copies") == 20 and place.newest("inferred")


def test_the_broken_file_is_named_harmlessly(place):
    """In a label, a summary and an alert; a file's name is the word of whoever writes there."""
    put_nights(place, range(1, 5), WHOLE)
    hostile = f"db: rm -rf {{}}\n\x1b[31m{'x' * 100}-{stamp(time.time())}.sql.gz"
    place.put(hostile, gzip.compress(WHOLE)[:-20], 60)
    place.collect()
    named = [line["labels"]["copy"] for line in place.lines if line.get("metric") == "lastgood_backup_broken_copy"]
    assert len(named) == 1 and place.value("incomplete") == 1, place.lines
    assert named[0].endswith(hostile.replace("\n", " ").replace("\x1b", "?"))


# --- Directories of PostgreSQL's tools


def largest(directory, pattern):
    return max(directory.glob(pattern), key=lambda file: file.stat().st_size)


def cut(file, length):
    file.write_bytes(file.read_bytes()[:length])


def is_whole(place, made, damage):  # noqa: F811
    """Whether a copy of the directory `made` is called whole with this damage."""
    name = stamp(time.time() - 7200)
    copy = place.copies / name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(made, copy, symlinks=True)
    damage(copy)
    for file in [*copy.rglob("*"), copy]:
        if not file.is_symlink():
            place.age(file)
    shutil.rmtree(place.config.parent / "run")  # what was whole stays so in its memory
    (place.config.parent / "run").mkdir()
    return place.is_whole()


@lie("pg_dump", "toc.dat of a directory is there, and files of its data are gone, empty or cut")
def test_pg_dump_directory_without_its_data(place, cluster):  # noqa: F811
    for options in ([], ["-Z0"], ["--inserts"], ["--schema-only"]):
        made = cluster.directory / ("dump" + "".join(options))
        cluster.dump("-Fd", "-f", str(made), *options)
        assert is_whole(place, made, lambda copy: None) == 1, (options, place.problems())
        assert is_whole(place, made, lambda copy: cut(copy / "toc.dat", 200)) == 0
        if options == ["--schema-only"]:
            continue
        table = "[0-9]*.dat*"
        for damage in (
            lambda copy: largest(copy, table).unlink(), lambda copy: cut(largest(copy, table), 0), lambda copy: cut(largest(copy, table), 1000),
            lambda copy: [file.unlink() for file in copy.glob("*.dat*") if file.name != "toc.dat"],
            lambda copy: largest(copy, "blob_*").unlink(), lambda copy: largest(copy, "blobs*.toc").unlink(),
        ):
            assert is_whole(place, made, damage) == 0, (options, place.problems())


@lie("pg_basebackup", "backup_manifest is there, and files that it names are gone, empty or cut")
def test_pg_basebackup_without_its_files(place, cluster):  # noqa: F811
    def backup(name, *options):
        made = cluster.directory / name
        cluster.run("pg_basebackup", "-h", str(cluster.directory), "-c", "fast", "-D", str(made), *options)
        return made

    def manifest(copy):
        cut(copy / "backup_manifest", 3000)

    packed = backup("packed", "-Ft", "-z")
    assert is_whole(place, packed, lambda copy: None) == 1, place.problems()
    for damage in (
        lambda copy: (copy / "base.tar.gz").unlink(), lambda copy: cut(copy / "base.tar.gz", 0), lambda copy: cut(copy / "base.tar.gz", 50000),
        lambda copy: cut(copy / "pg_wal.tar.gz", 5000), manifest,
    ):
        assert is_whole(place, packed, damage) == 0, place.problems()
    assert is_whole(place, packed, lambda copy: (copy / "pg_wal.tar.gz").unlink()) is None  # as -X none leaves it
    assert "pg_wal.tar" in place.problems()
    tar = backup("tar", "-Ft", "-X", "fetch")
    assert is_whole(place, tar, lambda copy: None) == 1, place.problems()
    assert is_whole(place, tar, lambda copy: cut(copy / "base.tar", 512 * 1000)) == 0
    plain = backup("plain", "-R")  # which writes to postgresql.auto.conf
    assert is_whole(place, plain, lambda copy: None) == 1, place.problems()
    for damage in (
        lambda copy: shutil.rmtree(copy / "base"), lambda copy: (copy / "global/pg_control").unlink(), lambda copy: cut(copy / "PG_VERSION", 1), manifest,
    ):
        assert is_whole(place, plain, damage) == 0, place.problems()
