"""A filesystem comes back as an older copy of itself, on loop devices of this machine."""

import shutil
import subprocess
import time

import pytest

from lastgood import cannot_run, wait_until
from loop_device import run

MKFS = {
    "ext4": (64, ["mkfs.ext4", "-q", "-F"]),
    "xfs": (320, ["mkfs.xfs", "-q", "-f"]),
    "btrfs": (256, ["mkfs.btrfs", "--quiet"]),
}


class Disk:
    """An image with a filesystem, mounted on a loop device that goes away with the mount."""

    def __init__(self, directory, kind):
        self.image = directory / "disk.img"
        self.mount_point = directory / "srv"
        self.mount_point.mkdir()
        mebibytes, command = MKFS[kind]
        run("truncate", f"--size={mebibytes}M", str(self.image))
        run(*command, str(self.image))

    def mount(self):
        run("mount", "-o", "loop", str(self.image), str(self.mount_point))

    def unmount(self):
        run("umount", str(self.mount_point))

    def write(self, name, mebibytes=4):
        (self.mount_point / name).write_bytes(b"x" * (mebibytes << 20))
        for number in range(20):  # each is a transaction
            (self.mount_point / f"{name}.{number}").touch()
            run("sync", "--file-system", str(self.mount_point))

    def copy(self, name):
        copy = self.image.with_name(name)
        run("cp", "--sparse=always", str(self.image), str(copy))
        return copy

    def put_back(self, copy):
        run("cp", "--sparse=always", str(copy), str(self.image))

    def clean_up(self):
        subprocess.run(["umount", "--lazy", str(self.mount_point)], check=False, capture_output=True)


@pytest.fixture(params=["ext4", "xfs", "btrfs"])
def disk(request, root, tmp_path):
    if not shutil.which(MKFS[request.param][1][0]):
        cannot_run(f"there is no mkfs of {request.param}")
    made = Disk(tmp_path, request.param)
    yield made
    made.clean_up()


def witnessed(installation, disk, value):
    point = str(disk.mount_point)
    return installation.wait_for_report(
        lambda report: [one for one in report.select("filesystem_rolled_back", point) if one["value"] == value],
        what=f"a witness that says {value}",
    )


def is_gone(installation, disk):
    point = str(disk.mount_point)
    installation.wait_for_report(lambda report: not report.select("filesystem_rolled_back", point), what="no witness of what is unmounted")
    time.sleep(2)  # it looks again a second later, when all has been written


def live(installation, disk, name):
    """The disk is mounted, seen, written, and unmounted."""
    disk.mount()
    witnessed(installation, disk, 0)
    disk.write(name)
    disk.unmount()
    is_gone(installation, disk)


def test_an_older_copy_of_a_disk_is_told_with_both_times(installation, disk):
    installation.start("agent")
    live(installation, disk, "monday")
    old = disk.copy("old.img")
    live(installation, disk, "tuesday")
    live(installation, disk, "wednesday")
    # Disks of other tests go back meanwhile: only this one counts.
    assert not installation.report().find("filesystem_rolled_back", str(disk.mount_point))
    disk.put_back(old)
    disk.mount()
    report = witnessed(installation, disk, 1)
    point = str(disk.mount_point)
    (finding,) = report.find("filesystem_rolled_back", point)
    assert finding["severity"] == "critical"
    (told,) = report.select("filesystem_rolled_back_timestamp_seconds", point)
    assert told["labels"]["from"] in finding["summary"]
    assert told["labels"]["to"] in finding["summary"]

    # It stays told when the disk goes on from there, and across a restart; on purpose it is accepted.
    installation.stop(installation.processes[-1])
    disk.write("thursday")
    installation.start("agent")
    report = witnessed(installation, disk, 1)
    assert report.find("filesystem_rolled_back", point)
    accepted = installation.call("accept", "filesystem_rolled_back", point, "--reason", "restored")
    assert accepted.returncode == 0, accepted.stderr
    wait_until(
        lambda: all("accepted_until" in one for one in installation.report().find("filesystem_rolled_back", point)), 30, "the acceptance"
    )

    # A later one is told again.
    disk.unmount()
    is_gone(installation, disk)
    disk.put_back(old)
    disk.mount()
    installation.wait_for_report(
        lambda report: [one for one in report.find("filesystem_rolled_back", point) if "accepted_until" not in one], what="the second old copy"
    )


def test_a_copy_that_is_mounted_beside_it_did_not_go_back(installation, disk, tmp_path):
    installation.start("agent")
    live(installation, disk, "monday")
    (tmp_path / "copy").mkdir()
    old = Disk.__new__(Disk)
    old.image, old.mount_point = disk.copy("old.img"), tmp_path / "copy"
    live(installation, disk, "tuesday")
    live(installation, disk, "wednesday")
    try:
        old.mount()
        witnessed(installation, old, 0)
        for one in (disk, old):
            assert not installation.report().find("filesystem_rolled_back", str(one.mount_point))
    finally:
        old.clean_up()
