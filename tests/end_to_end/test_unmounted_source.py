"""A source whose disk is not mounted: its mount point is empty, and so is each copy that is made of it."""

import json
import shutil
import subprocess
import time

import lastgood
import pytest
from lies import lie
from mount_namespace import MountNamespace
from repositories import Expected, run


class Disk:
    """A filesystem that fstab names, in a mount namespace of its own."""

    def __init__(self, directory):
        self.namespace = MountNamespace()
        self.point = directory / "disk"
        self.point.mkdir()
        self.fstab = directory / "fstab"
        self.fstab.write_text(f"disk {self.point} tmpfs defaults 0 0\n")
        self.namespace.run("mount", "--bind", self.fstab, "/etc/fstab")
        self.mount()

    def mount(self):
        self.namespace.run("mount", "-t", "tmpfs", "disk", self.point)
        self.namespace.run("sh", "-c", f"mkdir {self.point}/data && echo kept > {self.point}/data/file")

    def unmount(self):
        self.namespace.run("umount", self.point)

    def collect(self, collector, config):
        output = self.namespace.run(lastgood.BINARY, "collect", collector, "--config", config)
        return [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path)
    yield made
    made.namespace.close()


def missing(expected):
    return [line["labels"]["why"] for line in expected.lines if line.get("metric") == "lastgood_backup_source_missing"]


@lie("restic", "a source whose disk is not mounted makes a fresh backup of an empty directory")
def test_a_backup_of_an_empty_mount_point_proves_nothing(tmp_path, disk, monkeypatch):
    if not shutil.which("restic"):
        lastgood.cannot_run("restic is not installed")
    monkeypatch.setenv("RESTIC_REPOSITORY", str(tmp_path / "restic"))
    monkeypatch.setenv("RESTIC_PASSWORD", "secret")
    monkeypatch.setenv("RESTIC_CACHE_DIR", str(tmp_path / "cache"))
    run("restic", "init")
    expected = Expected(tmp_path, restic=str(tmp_path / "restic"), covers=[str(disk.point)], max_age="26h")
    expected.within = disk.namespace.within

    disk.namespace.run("restic", "backup", disk.point)
    assert not expected.is_stale()
    good = expected.proven()
    assert not missing(expected)

    disk.unmount()
    time.sleep(1.1)
    run("restic", "backup", str(disk.point))
    for _ in range(2):
        assert not expected.is_stale()  # by the copy before
        assert missing(expected) == ["is not mounted"]
        assert expected.proven() == pytest.approx(good, abs=0.01)
        assert expected.newest("activity") > good
        assert any("was not mounted" in problem for problem in expected.problems())

    # It stays a copy of nothing when the disk is back; the next one is believed.
    disk.mount()
    expected.collect()
    assert not missing(expected)
    assert expected.proven() == pytest.approx(good, abs=0.01)
    time.sleep(1.1)
    disk.namespace.run("restic", "backup", disk.point)
    assert not expected.is_stale()
    assert expected.proven() > good + 2
    assert not expected.problems()


def test_a_first_look_at_an_unmounted_source_proves_nothing(tmp_path, disk):
    (tmp_path / "dumps").mkdir()
    (tmp_path / "dumps" / "a.sql").write_text("-- PostgreSQL database dump\n--\n-- PostgreSQL database dump complete\n--\n")
    subprocess.run(["touch", "-d", "1 hour ago", tmp_path / "dumps" / "a.sql"], check=True)
    expected = Expected(tmp_path, files=f"{tmp_path}/dumps/*.sql", covers=[str(disk.point / "data")], max_age="26h")
    expected.within = disk.namespace.within
    disk.unmount()
    assert expected.is_unproven()
    assert missing(expected) == ["is not mounted"]


def test_a_disk_that_is_mounted_by_hand_is_not_missed(tmp_path, disk):
    disk.fstab.write_text(f"disk {disk.point} tmpfs noauto 0 0\n")
    disk.unmount()
    expected = Expected(tmp_path, files=f"{tmp_path}/dumps/*.sql", covers=[str(disk.point)], max_age="26h")
    expected.within = disk.namespace.within
    expected.collect()
    assert not missing(expected)


def test_precious_and_declared_data_on_an_unmounted_disk_is_missing(tmp_path, disk):
    def states():
        lines = disk.collect("data", config)
        return {line["subject"]: line["labels"]["why"] for line in lines if line.get("metric") == "lastgood_data_missing"}

    config = tmp_path / "lastgood.toml"
    (tmp_path / "state").mkdir()
    until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86400))
    config.write_text(
        f'state_directory = "{tmp_path}/state"\n[data]\nprecious = ["{disk.point}"]\n'
        f'[[declared_elsewhere]]\npaths = ["{disk.point}/data"]\nowner = "anna"\nreason = "NAS"\nuntil = {until}\n'
    )
    assert not states()
    disk.unmount()
    assert states() == {f"precious {disk.point}": "is not mounted", f"declared {disk.point}/data": "is not mounted"}
