"""SIGTERM ends the agent within its unit's TimeoutStopSec=, whatever its children do."""

import contextlib
import fcntl
import os
import re
import signal
import subprocess
import time

import pytest

from lastgood import SOURCE, children, is_running, process_status, wait_until
from test_isolation import collector, script

(limit,) = map(int, re.findall(r"^TimeoutStopSec=(\d+)s$", (SOURCE / "packaging/systemd/lastgood.service").read_text(), re.MULTILINE))


def child_of(installation, name):
    """Returns the process id that one of our collectors wrote to a file."""
    path = installation.directory / f"{name}.id"
    return int(wait_until(lambda: path.exists() and path.read_text(), 15, f"{name} has started"))


def start_with(installation, name, text, deadline):
    command = script(installation.directory, name, f"#!/bin/sh\necho $$ > '{installation.directory}/{name}.id'\n{text}")
    installation.write_config(sections=collector(name, command, interval="1s", deadline=deadline))
    return installation.start("run")


@pytest.mark.parametrize("deadline", ["60s", "1s"], ids=["young", "overdue"])
def test_a_child_that_ignores_sigterm(installation, deadline):
    agent = start_with(installation, "stubborn", "trap '' TERM INT HUP\nwhile true; do sleep 1; done\n", deadline)
    child = child_of(installation, "stubborn")
    begin = time.monotonic()
    assert installation.stop(agent, seconds=limit) == 0
    assert time.monotonic() - begin < 5
    wait_until(lambda: not is_running(child), 2, "the child has ended")


@pytest.mark.parametrize("deadline", ["60s", "1s"], ids=["young", "given up"])
def test_a_child_that_is_stuck_in_the_kernel(installation, freezable, deadline):
    agent = start_with(
        installation, "stuck", f"while [ ! -e '{installation.directory}/go' ]; do sleep 0.1; done\nexec touch '{freezable}/x'\n", deadline
    )
    with frozen(freezable):
        (installation.directory / "go").touch()
        child = wait_until(lambda: stuck_touch(freezable), 10, "a child is stuck")
        if deadline == "1s":
            installation.wait_for_report(
                lambda report: (report.value("collector_abandoned_children", "stuck") or 0) >= 1, 15, "it was given up", process=agent
            )
        begin = time.monotonic()
        agent.terminate()
        assert agent.wait(limit) == 0
        assert time.monotonic() - begin < 6
        assert process_status(child)["State"].startswith("D")
    wait_until(lambda: not is_running(child), 10, "the child ends as soon as it can")


def test_the_disk_of_the_state_is_stuck(installation, freezable):
    """A thread hangs in a write, so the process cannot vanish; but the agent has ended, and another one may start."""
    installation.write_config(state=freezable)
    agent = installation.start("run")
    with frozen(freezable):
        time.sleep(1)  # the agent writes at least every 15 s, and when it ends
        agent.terminate()
        with open(installation.runtime / "agent.lock", "rb") as lock:
            wait_until(lambda: can_lock(lock), limit, "the agent gives up its lock", step=0.1)
    assert agent.wait(10) == 0


@contextlib.contextmanager
def frozen(directory):
    subprocess.run(["fsfreeze", "--freeze", str(directory)], check=True)
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", str(directory)], check=True)


def can_lock(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stuck_touch(directory):
    done = subprocess.run(["pgrep", "--full", "--exact", f"touch {directory}/x"], capture_output=True, text=True, check=False)
    for process_id in map(int, done.stdout.split()):
        if process_status(process_id)["State"].startswith("D"):
            return process_id
    return None


def test_children_that_a_signal_to_all_processes_ends_have_not_failed(installation):
    """As `pkill lastgood` does, or a container that stops."""
    installation.start("run")
    for _ in range(5):
        agent = installation.processes[-1]
        wait_until(lambda: len(children(agent.pid)) >= 4, 20, "its collectors run")
        for process in [*children(agent.pid), agent.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        assert agent.wait(limit) == 0
        assert not installation.report().find("collector_failing", "drives"), installation.log_text()
        assert not installation.report().find("collector_failing", "filesystems"), installation.log_text()
        installation.start("run")
