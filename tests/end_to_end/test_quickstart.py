"""Runs packaging/quickstart as the README says, in a fresh clone whose path has a blank, but with our own directories and port.
All tests but one use the program of the existing build."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from source_tree import copy_source_files  # noqa: E402

from lastgood import BINARY, SOURCE, children, http_get, is_running, wait_until


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Returns a copy of this tree as it is now, like a clone. It is made once."""
    directory = tmp_path_factory.mktemp("quickstart") / "a clone"
    copy_source_files(directory)
    return directory


@pytest.fixture
def quickstart(installation, clone, root, monkeypatch):
    monkeypatch.setenv("LASTGOOD_BUILD", str(pathlib.Path(BINARY).parents[1]))
    return lambda *arguments: [str(clone / "packaging" / "quickstart"), *arguments, "--config", str(installation.config)]


@pytest.mark.package
def test_a_fresh_clone(installation, quickstart, monkeypatch):
    monkeypatch.delenv("LASTGOOD_BUILD")
    test_once(installation, quickstart)


def test_once(installation, quickstart):
    done = subprocess.run(
        quickstart("--once"), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1500, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert f"http://127.0.0.1:{installation.port}/metrics" in done.stdout
    # The status shows the findings; the agent's log does not say them first.
    assert not [line for line in done.stderr.splitlines() if line.startswith(("lastgood: critical:", "lastgood: warning:", "lastgood: unknown:"))]
    with pytest.raises(OSError):
        http_get(installation.port, "/metrics")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_until_it_is_interrupted(installation, quickstart, number):
    log = installation.directory / "quickstart.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            quickstart(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    installation.processes.append(process)
    wait_until(lambda: process.poll() is not None or b"Ctrl-C" in log.read_bytes(), 1500, "its status is shown", step=0.2)
    assert process.poll() is None, log.read_text()
    assert http_get(installation.port, "/metrics")[0] == 200
    family = children(process.pid)
    assert family
    # A terminal sends SIGINT to the whole foreground process group.
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    assert process.wait(20) == 0, log.read_text()
    wait_until(lambda: not [one for one in family if is_running(one)], 5, "nothing is left running")


def test_a_port_that_is_taken(installation, quickstart):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.port))
        taken.listen()
        done = subprocess.run(
            quickstart("--once"), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1500, check=False
        )
    assert done.returncode != 0
    assert f"port {installation.port} is taken" in done.stderr


def test_missing_packages_are_named_when_errors_end_the_script():
    """dpkg-query fails for an unknown package. With errexit and pipefail this once cut the list short, and nothing was installed."""
    found = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", ". packaging/packages.sh; missing_packages bash no-such-package coreutils"],
        cwd=SOURCE, capture_output=True, text=True, timeout=60,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == ["no-such-package"]
