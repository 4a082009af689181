"""Archives that hold nothing of what they should, and files of several dumps of which not all are whole."""

import gzip
import os
import subprocess
import zipfile

from lies import lie
from test_file_backups import need, output, place  # noqa: F401


@lie("tar", "an archive of an empty directory is whole")
def test_tar_of_nothing(place, tmp_path):  # noqa: F811
    (tmp_path / "data" / "below").mkdir(parents=True)
    archive = lambda option: output("tar", option, "-", "-C", str(tmp_path), "data")  # noqa: E731
    for option in ("cf", "czf"):
        place.put("data.tar", archive(option), 7200)
        assert place.is_whole() == 0 and "holds no file" in place.problems()
    place.put("data.tar", subprocess.run(["tar", "czf", "-", "/nonexistent"], capture_output=True, check=False).stdout, 8000)
    assert place.is_whole() == 0
    (tmp_path / "data" / "file").write_text("x")
    for number, option in enumerate(("cf", "czf")):
        place.put("data.tar", archive(option), 9000 + number)
        assert place.is_whole() == 1, place.problems()


@lie("tar", "an archive of a link is whole, and holds nothing of what it leads to")
def test_a_link_that_was_archived_as_a_link(place, tmp_path):  # noqa: F811
    need("tar")
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "data").write_bytes(os.urandom(50_000))
    (tmp_path / "data").symlink_to("real")
    place.put("data.tar.gz", output("tar", "-C", str(tmp_path), "-cz", "data"))
    assert place.is_whole() == 0
    assert "holds no file" in place.problems()


@lie("zip", "an archive of nothing, or of empty directories, is whole")
def test_zip_files_of_nothing(place, tmp_path):  # noqa: F811
    for name in ("", "data/"):
        with zipfile.ZipFile(place.path("data.zip"), "w") as archive:
            if name:
                archive.writestr(zipfile.ZipInfo(name), "")
        place.age("data.zip")
        assert place.is_whole() == 0, name
        assert "holds no file" in place.problems()
    with zipfile.ZipFile(place.path("data.zip"), "w") as archive:
        archive.writestr("data/file", "x")
    place.age("data.zip")
    assert place.is_whole() == 1


@lie("mysqldump", "a killed dump is hidden by the whole one that follows in the same file")
def test_several_dumps_in_one_file(place):  # noqa: F811
    whole = b"-- MySQL dump 10.13\n--\n" + b"insert into t values (1);\n" * 5000 + b"-- Dump completed on 2026-11-21  3:15:07\n"
    for dumps, expected in (((whole, whole), 1), ((whole[:9000], whole), 0), ((whole, whole[:9000], whole), 0)):
        for name, content in (("db.sql", b"\n".join(dumps)), ("db.sql.gz", b"".join(gzip.compress(dump) for dump in dumps))):
            place.put(name, content)
            assert place.is_whole() == expected, (name, place.problems())
            assert expected or "did not finish" in place.problems()
            (place.copies / name).unlink()
