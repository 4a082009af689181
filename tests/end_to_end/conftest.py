"""Fixtures. Each fixture stops, unmounts or detaches what it started, mounted or attached, even if the test fails."""

import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import lastgood  # noqa: E402
import lies  # noqa: E402
import loop_device  # noqa: E402
import monitoring  # noqa: E402
import repositories  # noqa: E402


os.umask(0o022)  # lastgood refuses a configuration that others may write to


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items):
    """Runs tests that cause kernel errors one after the other: the kernel drops messages when many errors occur at once."""
    for item in items:
        if "failing_drive" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("kernel errors"))


def pytest_runtest_setup(item):
    lies.note(item)


@pytest.fixture(scope="session", autouse=True)
def binary():
    if not os.access(lastgood.BINARY, os.X_OK):
        pytest.exit("LASTGOOD_BINARY does not name the built program; run these tests by tests/run end-to-end", 2)
    return lastgood.BINARY


@pytest.fixture
def installation(tmp_path):
    # serve runs as another user and reads the report in it, but pytest makes its directories private.
    for path in (tmp_path, *tmp_path.parents):
        if not path.stat().st_mode & 0o005:
            path.chmod(0o755)
    made = lastgood.Installation(tmp_path / "lastgood")
    yield made
    made.clean_up()


@pytest.fixture
def root():
    if os.geteuid() != 0:
        lastgood.cannot_run("it needs root")


def needs_loop_devices():
    if not os.path.exists("/dev/loop-control"):
        lastgood.cannot_run("this machine has no loop devices")
    if subprocess.run(["losetup", "--find"], capture_output=True, check=False).returncode != 0:
        lastgood.cannot_run("this machine has no free loop device")


@pytest.fixture
def failing_drive(tmp_path, root):
    needs_loop_devices()
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
    """A mounted filesystem. After fsfreeze a process that writes to it hangs in the kernel and cannot be killed."""
    needs_loop_devices()
    image, directory = tmp_path / "image", tmp_path / "freezable"
    directory.mkdir()
    subprocess.run(["truncate", "--size=32M", str(image)], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(directory)], check=True)
    yield directory
    subprocess.run(["fsfreeze", "--unfreeze", str(directory)], check=False, capture_output=True)
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


@pytest.fixture
def small(tmp_path, root):
    """A filesystem of 1 MiB, which lastgood.fill() fills."""
    directory = tmp_path / "small"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "lastgood-test", str(directory)], check=True)
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True)


@pytest.fixture
def source(tmp_path):
    """A directory to back up."""
    directory = tmp_path / "source"
    directory.mkdir()
    repositories.write_random(directory / "first", 300_000)
    return directory
