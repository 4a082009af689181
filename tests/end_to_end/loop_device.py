"""A drive that fails on demand: a loop device on a sparse file in a full tmpfs.

A write to a block that the file does not hold yet needs a page of the tmpfs; there is none, and the kernel logs
"critical space allocation error, dev loopN, sector …" (tried on Linux 6.1).
"""

import mmap
import os
import pathlib
import subprocess

BLOCK = 4096


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.strip()


class FailingDrive:
    """The device is attached and mounted between set_up() and clean_up(). fail() and heal() switch its errors on and off."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.backing = self.directory / "backing"
        self.mount_point = self.directory / "mounted"
        self.image = self.backing / "image"
        self.filler = self.backing / "filler"
        self.device = ""
        self.mounted = []
        self.next_block = 0

    @property
    def name(self):
        return self.device.rsplit("/", 1)[1]

    def set_up(self):
        try:
            self.backing.mkdir()
            self.mount_point.mkdir()
            run("mount", "-t", "tmpfs", "-o", "size=64m", "lastgood-test", str(self.backing))
            self.mounted.append(self.backing)
            run("truncate", "--size=256M", str(self.image))
            # Without a journal: the first error would abort a journal, but the tests need several errors.
            run("mkfs.ext4", "-q", "-F", "-b", str(BLOCK), "-O", "^has_journal", "-E", "lazy_itable_init=0", str(self.image))
            self.device = run("losetup", "--find", "--show", str(self.image))
            run("mount", "-t", "ext4", self.device, str(self.mount_point))
            self.mounted.append(self.mount_point)
            # Allocates blocks in the filesystem, but not in the sparse file below it.
            run("fallocate", "--length", "64M", str(self.mount_point / "data"))
            run("sync", "-f", str(self.mount_point))
        except subprocess.CalledProcessError as error:
            self.clean_up()
            raise AssertionError(f"{error.cmd}: {error.stderr}") from None
        except BaseException:
            self.clean_up()
            raise

    def fail(self):
        """Fills the tmpfs: from now on, writes to new blocks fail."""
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
            except OSError:
                pass
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * BLOCK)
            except OSError:
                pass

    def heal(self):
        self.filler.unlink(missing_ok=True)

    def write(self):
        """Writes one new block through the filesystem, bypassing the page cache. Returns the OSError, or None on success."""
        block = mmap.mmap(-1, BLOCK)  # aligned, as O_DIRECT requires
        block.write(os.urandom(BLOCK))
        file = os.open(self.mount_point / "data", os.O_WRONLY | os.O_DIRECT)
        try:
            # The blocks are far apart: the tmpfs may already hold a page near an earlier block.
            os.pwrite(file, block, self.next_block * 64 * BLOCK)
            return None
        except OSError as error:
            return error
        finally:
            self.next_block += 1
            os.close(file)
            block.close()

    def clean_up(self):
        self.heal() if self.backing in self.mounted else None
        for path in reversed(self.mounted):
            if path == self.backing:
                self.detach()
            if subprocess.run(["umount", str(path)], check=False, capture_output=True).returncode != 0:
                run("umount", "--lazy", str(path))
        self.mounted = []
        self.detach()

    def detach(self):
        if self.device:
            run("losetup", "--detach", self.device)
            self.device = ""
