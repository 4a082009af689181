"""A btrfs on a loop device, in a file of the test."""

import pathlib
import subprocess

from repositories import run


class Btrfs:
    """Mounted between set_up() and clean_up(). The device goes away with the mount."""

    def __init__(self, directory, name="btrfs"):
        self.image = pathlib.Path(directory) / f"{name}.img"
        self.mount_point = pathlib.Path(directory) / name

    def set_up(self):
        self.mount_point.mkdir()
        run("truncate", "--size=256M", str(self.image))
        run("mkfs.btrfs", "--quiet", str(self.image))
        run("mount", "-o", "loop", str(self.image), str(self.mount_point))
        return self

    def clean_up(self):
        if subprocess.run(["umount", str(self.mount_point)], check=False, capture_output=True).returncode != 0:
            subprocess.run(["umount", "--lazy", str(self.mount_point)], check=False, capture_output=True)
        self.image.unlink(missing_ok=True)

    def subvolume(self, name):
        made = self.mount_point / name
        run("btrfs", "subvolume", "create", str(made))
        return made


def set_read_only(subvolume, value):
    """By force: what was received loses its Received UUID when it becomes writable."""
    run("btrfs", "property", "set", "-f", "-t", "subvol", str(subvolume), "ro", "true" if value else "false")


def send(snapshot):
    """The stream of a snapshot."""
    return subprocess.run(["btrfs", "send", "--quiet", str(snapshot)], check=True, capture_output=True, timeout=60).stdout


def receive(directory):
    """A running `btrfs receive`, which reads its standard input."""
    return subprocess.Popen(
        ["btrfs", "receive", str(directory)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
