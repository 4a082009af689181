"""Writes that take seconds, on a loop device of this machine: the filesystem below it is frozen for seconds again and again."""

import mmap
import os
import subprocess
import threading
import time

import pytest

from lastgood import wait_until
from loop_device import run

LOOP_DEVICES = "[drives]\nloop_devices = true\n"
FROZEN_SECONDS = 6.5


class SlowDrive:
    """A loop device on a file of an ext4 of its own. slow() makes each write wait until that is thawed."""

    def __init__(self, directory):
        self.directory = directory
        self.below = directory / "below"
        self.devices = []
        self.ended = threading.Event()
        self.is_slow = threading.Event()
        self.threads = []

    def set_up(self):
        self.below.mkdir()
        run("truncate", "--size=64M", str(self.directory / "lower"))
        run("mkfs.ext4", "-q", "-F", str(self.directory / "lower"))
        self.devices.append(run("losetup", "--find", "--show", str(self.directory / "lower")))
        run("mount", "-t", "ext4", self.devices[0], str(self.below))
        run("fallocate", "--length", "8M", str(self.below / "image"))
        self.devices.append(run("losetup", "--find", "--show", str(self.below / "image")))
        for work in (self.write, self.freeze):
            self.threads.append(threading.Thread(target=work))
            self.threads[-1].start()

    @property
    def name(self):
        return self.devices[1].rsplit("/", 1)[1]

    def write(self):
        block = mmap.mmap(-1, 4096)
        file = os.open(self.devices[1], os.O_WRONLY | os.O_DIRECT)
        while not self.ended.wait(0.1):
            os.pwrite(file, block, 0)
        os.close(file)

    def freeze(self):
        while not self.ended.wait(0.2):
            if not self.is_slow.is_set():
                continue
            run("fsfreeze", "--freeze", str(self.below))
            try:
                self.ended.wait(FROZEN_SECONDS)
            finally:
                run("fsfreeze", "--unfreeze", str(self.below))

    def clean_up(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        if len(self.devices) > 1:
            run("losetup", "--detach", self.devices.pop())
            wait_until(lambda: subprocess.run(["umount", str(self.below)], check=False, capture_output=True).returncode == 0, 10, "umount")
        for device in self.devices:
            run("losetup", "--detach", device)


@pytest.fixture
def slow_drive(root, tmp_path):
    drive = SlowDrive(tmp_path)
    try:
        drive.set_up()
        yield drive
    finally:
        drive.clean_up()


def test_writes_that_take_seconds_are_found_within_a_minute(installation, slow_drive):
    installation.write_config(sections=LOOP_DEVICES)
    installation.start("agent")
    of_drive = {"device": slow_drive.name}
    report = installation.wait_for_report(lambda report: report.select("drive_info", **of_drive), what="the loop device")
    drive = report.select("drive_info", **of_drive)[0]["subject"]
    report = installation.wait_for_report(lambda report: report.select("drive_pace", drive), what="its pace")
    assert report.select("drive_pace", drive)[0]["labels"]["pace"] == "not_judged"
    slow_drive.is_slow.set()
    began = time.monotonic()

    def found(report):
        return report.find("writes_take_seconds", drive) or report.find("writes_take_seconds_and_stall", drive)

    report = installation.wait_for_report(found, 90, "the finding")
    print(f"found after {time.monotonic() - began:.0f} s")
    assert slow_drive.name in found(report)[0]["summary"]
    assert 2 <= report.value("drive_slow_write_seconds", drive) <= 15
    assert "each write takes" in installation.call("status", slow_drive.name).stdout
