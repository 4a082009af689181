"""Other users of the machine, and what they plant, neither stop nor mislead the agent."""

import fcntl
import os
import subprocess
import sys
import time

import pytest

from lastgood import wait_until

NOBODY = 65534

# Opens a file and locks it, by flock(2) and by F_OFD_SETLK (37) with a read lock; says so, and holds both.
HOLD = """
import fcntl, os, struct, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
for lock in (lambda: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB), lambda: fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))):
    try:
        lock()
    except OSError as error:
        print(error, file=sys.stderr)
print("held", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def holders():
    running = []

    def hold(path):
        process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, user=NOBODY, group=NOBODY)
        running.append(process)
        return process.stdout.readline() == "held\n"

    yield hold
    for process in running:
        process.kill()
        process.wait()


def test_nobody_else_can_hold_the_lock(installation, root, holders):
    lock = installation.runtime / "agent.lock"
    agent = installation.start("agent")
    assert lock.stat().st_mode & 0o777 == 0o600
    assert installation.stop(agent) == 0
    assert not holders(lock), "it cannot even be opened"
    # The file by which status sees the agent can be read by all; nobody can take away what it says.
    alive = installation.runtime / "agent.alive"
    assert alive.stat().st_mode & 0o777 == 0o644
    assert installation.call("status").returncode == 3, "nobody holds it, though the report is fresh"
    assert holders(alive)
    agent = installation.start("agent")
    assert installation.call("status", "--json").returncode == installation.call("status", user=NOBODY).returncode
    assert holders(alive)
    assert "not running" not in installation.call("status").stdout
    second = installation.call("agent", seconds=10)
    assert second.returncode == 1 and f"another agent is running (process {agent.pid})" in second.stderr


def test_a_lock_of_an_earlier_version_that_another_user_holds(installation, root, holders):
    lock = installation.runtime / "agent.lock"
    lock.touch()
    lock.chmod(0o644)
    assert holders(lock)
    installation.start("agent")
    assert lock.stat().st_mode & 0o777 == 0o600


def test_a_lock_of_an_earlier_version_that_an_agent_holds(installation, root):
    lock = installation.runtime / "agent.lock"
    lock.touch()
    lock.chmod(0o644)
    with open(lock, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = installation.call("agent", seconds=10)
    assert done.returncode == 1 and f"another agent is running (process {os.getpid()})" in done.stderr


def test_status_hinders_no_agent_that_starts(installation):
    """status took the agent's lock for a moment; here it takes it again and again while agents start."""
    installation.start("agent")
    installation.stop(installation.processes[-1])
    looking = [subprocess.Popen(["sh", "-c", 'while :; do "$@" > /dev/null; done', "sh", *installation.command("status")]) for _ in range(3)]
    try:
        for _ in range(5):
            agent = installation.start("agent")
            assert installation.stop(agent) == 0
    finally:
        for process in looking:
            process.kill()
            process.wait()


def plant_link(path, elsewhere):
    path.rmdir()
    elsewhere.mkdir()
    path.symlink_to(elsewhere)


def open_to_all(path, _):
    (path / "planted").touch()
    path.chmod(0o777)


def of_nobody(path, _):
    os.chown(path, NOBODY, NOBODY)


UNSAFE = {"a link": (plant_link, "is a symbolic link"), "open to all": (open_to_all, "chmod go-w "), "of nobody": (of_nobody, "chown 0 ")}


@pytest.mark.parametrize("how", UNSAFE)
def test_an_unsafe_runtime_directory_is_refused(installation, root, how):
    plant, says = UNSAFE[how]
    elsewhere = installation.directory / "elsewhere"
    plant(installation.runtime, elsewhere)
    for command in ("agent", "run"):
        done = installation.call(command, seconds=10)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1 and says in done.stderr and str(installation.runtime) in done.stderr
    assert not elsewhere.exists() or not list(elsewhere.iterdir())


@pytest.mark.parametrize("how", UNSAFE)
def test_an_unsafe_state_directory_is_not_used(installation, root, how):
    plant, says = UNSAFE[how]
    elsewhere = installation.directory / "elsewhere"
    plant(installation.state, elsewhere)
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("state_not_persisted"), what="the finding")
    assert says in str(report.problems), report.problems
    assert not list(installation.state.glob("state.db*"))


def test_an_empty_directory_that_is_open_to_all_is_made_safe(installation):
    """As an emptyDir of Kubernetes is."""
    installation.runtime.chmod(0o777)
    installation.start("agent")
    assert installation.runtime.stat().st_mode & 0o777 == 0o755


def test_a_pipe_planted_as_temporary_file(installation):
    agent = installation.start("agent")
    for name in (installation.report_path, installation.textfile):
        os.mkfifo(f"{name}.{agent.pid}.tmp")
    written = installation.report().document["written_at"]
    installation.wait_for_report(lambda report: report.document["written_at"] > written, 40, "a report after the next heartbeat", process=agent)


def test_the_umask_of_the_caller_opens_nothing(installation):
    installation.runtime.rmdir()
    installation.state.rmdir()
    installation.start("run", preexec_fn=lambda: os.umask(0))
    installation.wait_for_report(lambda report: report.value("state_persisted") == 1)
    wait_until(installation.textfile.exists, 10, "the textfile")
    modes = {path: path.stat().st_mode & 0o777 for path in (installation.runtime, installation.state, installation.report_path, installation.textfile)}
    assert list(modes.values()) == [0o755, 0o700, 0o644, 0o644], modes
    for path in (*installation.runtime.rglob("*"), *installation.state.rglob("*")):
        assert not path.lstat().st_mode & 0o022, path


def test_hostile_requests(installation, root):
    installation.start("agent")
    requests = installation.runtime / "requests"
    requests.mkdir(mode=0o700)
    victim = installation.directory / "victim"
    victim.write_text("forget\ndrive\nwwn-0x1\n")
    os.mkfifo(requests / "0-pipe")
    (requests / "1-link").symlink_to(victim)
    (requests / "2-huge").write_bytes(b"forget\n" * 1_000_000)
    (requests / "3-directory").mkdir()
    (requests / "3-directory" / "inside").touch()
    (requests / "4-nobody").write_text("forget\ndrive\nwwn-0x2\n")
    os.chown(requests / "4-nobody", NOBODY, NOBODY)
    (requests / "5-good").write_text("forget\ndrive\nwwn-0x3\n")
    wait_until(lambda: "wwn-0x3 is forgotten" in installation.log_text(), 25, "the good request is obeyed")
    log = installation.log_text()
    assert "wwn-0x1 is" not in log and "wwn-0x2 is" not in log
    assert "4-nobody belongs to uid 65534" in log and "0-pipe is no regular file" in log
    assert sorted(path.name for path in requests.iterdir()) == ["3-directory"]
    assert victim.exists()


def test_a_requests_directory_of_another_user_is_not_read(installation, root):
    requests = installation.runtime / "requests"
    requests.mkdir(mode=0o777)
    (requests / "1").write_text("forget\ndrive\nwwn-0x1\n")
    os.chown(requests, NOBODY, NOBODY)
    installation.start("agent")
    time.sleep(1)
    assert "wwn-0x1" not in installation.log_text()
    assert "requests is not safe to use" in installation.log_text() and "chown 0 " in installation.log_text()
