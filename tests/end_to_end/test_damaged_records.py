"""A tool's record of a copy that is damaged or cannot be read: neither a copy nor one that is gone. Layouts as the tools make them."""

import json
import shutil
import time
import zlib

import lastgood
import pytest
from lies import lie
from repositories import Expected, run

HOUR = 3600
NEW, OLD = 300, 50 * HOUR  # ages; one copy is fresh, and its record as new as the tool would leave it; the other is too old


def local(age, form="%Y-%m-%d %H:%M:%S"):
    return time.strftime(form, time.localtime(time.time() - age))


def utc(age, form="%Y-%m-%dT%H:%M:%SZ"):
    return time.strftime(form, time.gmtime(time.time() - age))


def make(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# Each makes a copy of this age, and returns the path of its record.


def barman(place, age):
    wal = "000000010000000000000001"
    make(place / "wals" / wal[:16] / wal)
    copy = place / "base" / local(age, "%Y%m%dT%H%M%S")
    make(copy / "data" / "PG_VERSION")
    return make(
        copy / "backup.info",
        f"begin_time={utc(age + 60, '%Y-%m-%d %H:%M:%S')}+00:00\nbegin_wal={wal}\nend_time={utc(age, '%Y-%m-%d %H:%M:%S')}+00:00\n"
        f"end_wal={wal}\nsize=5\nstatus=DONE\n",
    )


def dirvish(place, age):
    make(place / "dirvish" / "default.conf")
    make(place / local(age, "%Y%m%d%H") / "tree" / "file")
    make(place / local(age, "%Y%m%d%H") / "index", "1 0 drwxr-xr-x 2 root root 4096 Nov 26 23:12 /\n2 4 -rw-r--r-- 1 root root 1 Nov 26 23:12 /file\n")
    return make(
        place / local(age, "%Y%m%d%H") / "summary",
        f"client: x\ntree: /\nBackup-begin: {local(age)}\nBackup-complete: {local(age)}\nStatus: success\n",
    )


def rdiff_backup(place, age):
    make(place / "file")
    data = place / "rdiff-backup-data"
    for old in data.glob("current_mirror.*"):
        old.unlink()
    make(data / f"current_mirror.{utc(age)}.data", "PID 1\n")
    end = time.time() - age
    return make(
        data / f"session_statistics.{utc(age)}.data",
        f"StartTime {end - 10:.2f} (x)\nEndTime {end:.2f} (x)\nSourceFiles 2\nSourceFileSize 1\nErrors 0\n",
    )


def mariabackup(place, age):
    copy = place / local(age, "%Y-%m-%d_%H-%M-%S")
    make(copy / "ibdata1")
    make(copy / "xtrabackup_checkpoints", "backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 5\n")
    return make(
        copy / "xtrabackup_info",
        f"uuid = a\ntool_name = mariadb-backup\nend_time = {local(age)}\nstart_time = {local(age)}\npartial = N\nincremental = N\n"
        "innodb_from_lsn = 0\ninnodb_to_lsn = 5\n",
    )


def vzdump(place, age):
    stem = f"vzdump-qemu-100-{local(age, '%Y_%m_%d-%H_%M_%S')}"
    make(place / f"{stem}.vma.zst", "x" * 100)
    return make(place / f"{stem}.log", "INFO: Finished Backup of VM 100 (00:00:10)\n")


def duplicity(place, age):
    stem = f"duplicity-full.{utc(age, '%Y%m%dT%H%M%SZ')}"
    make(place / f"{stem}.vol1.difftar.gz", "x" * 100)
    return make(
        place / f"{stem}.manifest",
        'Hostname db8\nLocaldir /srv\nFilelist 0\nVolume 1:\n    StartingPath   .  \n    EndingPath     a  \n    Hash SHA1 0123\n',
    )


def proxmox_backup(place, age):
    (place / ".chunks").mkdir(parents=True, exist_ok=True)
    copy = place / "vm" / "100" / utc(age)
    make(copy / "drive-scsi0.img.fidx")
    manifest = json.dumps({"files": [{"filename": "drive-scsi0.img.fidx", "size": 5}]}).encode()
    record = make(copy / "index.json.blob", "")
    record.write_bytes(bytes.fromhex("42ab3807be8370a1") + zlib.crc32(manifest).to_bytes(4, "little") + manifest)
    return record


def empty(record):
    record.write_text("")


def zeros(record):
    record.write_bytes(b"\0" * record.stat().st_size)


def cut(record):
    record.write_bytes(record.read_bytes()[: record.stat().st_size * 2 // 3])


def unreadable(record):
    """As a bad block does it, also for root."""
    record.unlink()
    record.symlink_to(record.name)


class Place:
    def __init__(self, directory, tool):
        self.directory = directory / "place"
        self.expected = Expected(directory, max_age="26h", **{tool.__name__: str(self.directory)})
        self.subject = {vzdump: "it/qemu-100", proxmox_backup: "it/vm/100"}.get(tool, "it")
        self.old, self.new = tool(self.directory, OLD), tool(self.directory, NEW)

    def look(self):
        self.expected.collect()
        self.broken = [line["labels"]["copy"] for line in self.expected.lines if line.get("metric") == "lastgood_backup_broken_copy"]
        return {
            (line["metric"].removeprefix("lastgood_backup_"), line.get("labels", {}).get("confidence", "")): line["value"]
            for line in self.expected.lines
            if "metric" in line and line.get("subject") == self.subject
        }


def is_fresh(seen):
    return seen["readable", ""] == 1 and max(value for (name, _), value in seen.items() if name == "newest_timestamp_seconds") > (
        time.time() - 2 * HOUR
    )


def cannot_tell(seen, age):
    """The newest time that was known stays with its age. `age`: None if none is."""
    assert seen["readable", ""] == 0, seen
    assert not [name for name, _ in seen if name in ("went_back_from_timestamp_seconds", "copies_gone", "count", "incomplete")], seen
    newest = [value for (name, _), value in seen.items() if name == "newest_timestamp_seconds"]
    assert newest == ([pytest.approx(time.time() - age, abs=60)] if age else []), seen


TOOLS = [barman, dirvish, rdiff_backup, mariabackup, vzdump, duplicity, proxmox_backup]


@pytest.fixture(params=TOOLS, ids=[tool.__name__ for tool in TOOLS])
def place(request, tmp_path):
    return Place(tmp_path, request.param)


@pytest.mark.parametrize("damage", [empty, zeros, unreadable])
@lie("barman", "a backup.info that is empty, zeroed or unreadable looks like a copy that is gone")
@lie("dirvish", "a summary that is empty, zeroed or unreadable looks like a copy that is gone")
@lie("rdiff-backup", "session_statistics that are empty, zeroed or unreadable look like a session that is gone")
@lie("mariabackup", "an xtrabackup_info that is empty, zeroed or unreadable looks like a copy that is gone")
@lie("vzdump", "a log that is empty, zeroed or unreadable looks like a failed backup")
@lie("duplicity", "a manifest that is empty, zeroed or unreadable looks like a backup that was stopped")
@lie("proxmox-backup", "a manifest that is empty, zeroed or unreadable looks like a backup that was stopped")
def test_damaged_record(place, damage):
    assert is_fresh(place.look())
    whole = place.new.read_bytes()
    damage(place.new)
    cannot_tell(place.look(), NEW)
    assert any(str(place.new) in problem for problem in place.expected.problems()), place.expected.lines
    kept = place.old.read_bytes()
    damage(place.old)
    cannot_tell(place.look(), NEW)
    for record, content in ((place.old, kept), (place.new, whole)):
        record.unlink()
        record.write_bytes(content)
    assert is_fresh(place.look())


@pytest.mark.parametrize("place", [duplicity, proxmox_backup], indirect=True)
@lie("duplicity", "a manifest that is cut off names fewer volumes than there are")
@lie("proxmox-backup", "a manifest that is cut off stands beside all files of the snapshot")
def test_cut_record(place):
    assert is_fresh(place.look())
    assert not place.broken
    cut(place.new)
    cannot_tell(place.look(), NEW)
    assert place.broken == [str(place.new)]
    assert any(f"{place.new}: it" in problem and "cut off" in problem for problem in place.expected.problems()), place.expected.problems()


def test_all_records_damaged_at_the_first_look(place):
    empty(place.new)
    empty(place.old)
    cannot_tell(place.look(), None)


@pytest.mark.parametrize("place", [barman, dirvish, mariabackup], indirect=True)  # of the others only names are read
def test_damaged_record_of_an_older_copy(place):
    empty(place.old)
    seen = place.look()
    assert is_fresh(seen)
    assert seen["unjudged_copies", ""] == 1


@lie("bup", "a branch whose ref is an empty file looks like one that was never saved to")
def test_damaged_ref_of_bup(tmp_path, monkeypatch):
    if not shutil.which("bup"):
        lastgood.cannot_run("bup is not installed")
    place = tmp_path / "place"
    monkeypatch.setenv("BUP_DIR", str(place))
    monkeypatch.setenv("HOME", str(tmp_path))
    make(tmp_path / "source" / "file")
    run("bup", "init")
    run("bup", "index", str(tmp_path / "source"))
    run("bup", "save", "--name", "main", str(tmp_path / "source"))
    expected = Expected(tmp_path, bup=str(place), max_age="26h").collect()
    assert expected.proven() is not None
    known = expected.proven()
    ref = place / "refs" / "heads" / "main"
    for damage in (empty, zeros, unreadable):
        damage(ref)
        expected.collect()
        of_branch = {line["metric"]: line["value"] for line in expected.lines if line.get("subject") == "it/main" and "metric" in line}
        assert of_branch["lastgood_backup_readable"] == 0
        assert of_branch["lastgood_backup_newest_timestamp_seconds"] == pytest.approx(known)
        assert expected.value("count") is None and expected.proven() == pytest.approx(known)
        if ref.is_symlink():
            ref.unlink()
        ref.write_text("x" * 41)
