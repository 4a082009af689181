"""Fixtures. Everything a test starts, mounts or attaches is undone by the fixture that did it, whatever the test does."""

import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import lastgood  # noqa: E402
import loop_device  # noqa: E402
import monitoring  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def binary():
    if not os.access(lastgood.BINARY, os.X_OK):
        pytest.exit("LASTGOOD_BINARY does not name the built program; run these tests by tests/run end-to-end", 2)
    return lastgood.BINARY


@pytest.fixture
def installation(tmp_path):
    # serve, which has become another user, reads the report in it; pytest makes its directories for us alone.
    for path in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        path.chmod(0o755)
    made = lastgood.Installation(tmp_path / "lastgood")
    yield made
    made.clean_up()


@pytest.fixture
def root():
    if os.geteuid() != 0:
        pytest.skip("needs root")


@pytest.fixture
def failing_drive(tmp_path, root):
    if not os.path.exists("/dev/loop-control"):
        pytest.skip("this machine has no loop devices")
    drive = loop_device.FailingDrive(tmp_path)
    drive.set_up()
    yield drive
    drive.clean_up()


@pytest.fixture
def alerting(tmp_path):
    made = monitoring.Monitoring(tmp_path / "monitoring")
    yield made
    made.stop()


@pytest.fixture
def freezable(tmp_path, root):
    """A mounted filesystem; after fsfreeze whoever writes to it is stuck in the kernel, and cannot be killed."""
    if not os.path.exists("/dev/loop-control"):
        pytest.skip("this machine has no loop devices")
    image, directory = tmp_path / "image", tmp_path / "freezable"
    directory.mkdir()
    subprocess.run(["truncate", "--size=32M", str(image)], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(directory)], check=True)
    yield directory
    subprocess.run(["fsfreeze", "--unfreeze", str(directory)], check=False, capture_output=True)
    subprocess.run(["umount", "--lazy", str(directory)], check=True)
