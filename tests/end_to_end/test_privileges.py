"""The listener has no privileges, and the agent has no IP socket."""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from lastgood import BINARY, cannot_run, children, command_line, http_get, is_running, process_status, wait_until


def sockets_of(process_id):
    """Returns the inodes of the sockets that a process has open."""
    found = set()
    for entry in os.listdir(f"/proc/{process_id}/fd"):
        try:
            target = os.readlink(f"/proc/{process_id}/fd/{entry}")
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def ip_sockets_of(process_id):
    """Returns the process's IP sockets; none if the process has ended meanwhile."""
    inodes = set()
    try:
        for name in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
            path = pathlib.Path(f"/proc/{process_id}/net/{name}")
            if path.exists():
                inodes |= {line.split()[9] for line in path.read_text().splitlines()[1:]}
        return sockets_of(process_id) & inodes
    except OSError:
        if is_running(process_id):
            raise
        return set()


def test_who_holds_what_under_run(installation, root):
    run = installation.start("run", env={**os.environ, "TOKEN_OF_THE_BACKUP": "secret"})
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    family = [run.pid, *children(run.pid)]
    streams = [process for process in family[1:] if {"serve", "kernel_log"} & set(command_line(process))]
    assert len(streams) >= 2
    for process in streams:
        assert b"TOKEN_OF_THE_BACKUP" not in pathlib.Path(f"/proc/{process}/environ").read_bytes(), command_line(process)
    listening = [process for process in family if ip_sockets_of(process)]
    assert len(listening) == 1, [command_line(process) for process in listening]
    status = process_status(listening[0])
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[name], 16) == 0, f"{name} is {status[name]}"
    assert int(status["CapBnd"], 16) == 0, f"it could gain capabilities: CapBnd is {status['CapBnd']}"
    assert "0" not in status["Uid"].split(), status["Uid"]
    assert "0" not in status["Gid"].split(), status["Gid"]
    assert "0" not in status["Groups"].split(), status["Groups"]
    assert status["NoNewPrivs"] == "1"
    # The listener has no device, no state and no kernel log open.
    for entry in os.listdir(f"/proc/{listening[0]}/fd"):
        target = os.readlink(f"/proc/{listening[0]}/fd/{entry}")
        assert not target.startswith("/dev/") or target == "/dev/null", target
        assert str(installation.state) not in target and "memfd:" not in target and "agent." not in target, target
    # The agent has privileges but opens no network socket.
    agents = [process for process in family if process not in listening]
    assert agents
    for process in agents:
        assert not ip_sockets_of(process), command_line(process)
    assert installation.stop(run) == 0
    wait_until(lambda: not [process for process in family if os.path.exists(f"/proc/{process}")], 5, "all have ended")


def serving(installation):
    try:
        return http_get(installation.port, "/-/healthy")[0] == 200
    except OSError:
        return False


def test_the_agent_alone_opens_no_port(installation):
    agent = installation.start("agent")
    for process in [agent.pid, *children(agent.pid)]:
        assert not ip_sockets_of(process), command_line(process)
    assert not serving(installation)


def test_serve_that_dies_comes_back(installation, root):
    run = installation.start("run")
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    for _ in range(2):
        time.sleep(2.5)  # a listener that ends at once is not started again before the next heartbeat
        (listening,) = [process for process in children(run.pid) if ip_sockets_of(process)]
        os.kill(listening, signal.SIGKILL)
        wait_until(lambda: not is_running(listening), 5, "it has ended")
        wait_until(lambda: serving(installation), 5, "it comes back")
    assert "the listener does not serve: killed by signal 9" in installation.log_text()
    assert installation.stop(run) == 0


def test_in_a_user_namespace_of_root_alone(installation, root):
    """As after `unshare -r` and in some rootless containers: there is no other user to become."""
    if subprocess.run(["unshare", "-r", "true"], check=False, capture_output=True).returncode != 0:
        cannot_run("this machine allows no user namespace")
    run = subprocess.Popen(["unshare", "-r", *installation.command("run")], stderr=open(installation.log, "ab"))
    installation.processes.append(run)
    wait_until(lambda: serving(installation), 15, "/metrics answers")
    (listening,) = [process for process in children(run.pid) if ip_sockets_of(process)]
    status = process_status(listening)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, f"{name} is {status[name]}"
    assert status["NoNewPrivs"] == "1"
    wait_until(lambda: 'stays root of this user namespace, which has no user "nobody"' in installation.log_text(), 10, "it says what is left")
    report = installation.wait_for_report(lambda report: report.value("listener_up") in (1, None))
    assert not report.find("listener_failing"), report.findings
    assert installation.stop(run) == 0


def test_in_a_process_namespace_with_the_proc_of_another(installation, root):
    """As after `unshare -p`: /proc numbers the children otherwise. The agent took them for orphans, and looked for ever."""
    wrapped = ["unshare", "-r", "-p", "-f"]
    if subprocess.run([*wrapped, "true"], check=False, capture_output=True).returncode != 0:
        cannot_run("this machine allows no user or process namespace")
    run = subprocess.Popen([*wrapped, *installation.command("run")], stderr=open(installation.log, "ab"))
    installation.processes.append(run)
    installation.wait_for_report(lambda report: report.value("collector_success", "drives") == 1 and report.value("listener_up") == 1)
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    # The first one: a child that is just being made has the same words.
    agent = next(process for process in children(run.pid) if command_line(process)[1:2] == ["run"])
    os.kill(agent, signal.SIGTERM)
    assert run.wait(15) == 0


def test_root_that_may_not_become_another_user_is_told_what_is_missing(installation, root):
    """As in a container without capabilities."""
    without = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    done = subprocess.run([*without, *installation.command("run")], check=False, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "CAP_SETUID and CAP_SETGID, or start it as that user" in done.stderr, done.stderr


def test_a_directory_of_a_user_outside_of_the_namespace_is_called_that(installation, root):
    if subprocess.run(["unshare", "-r", "true"], check=False, capture_output=True).returncode != 0:
        cannot_run("this machine allows no user namespace")
    installation.runtime.mkdir(exist_ok=True)
    os.chown(installation.runtime, 1, 1)
    done = subprocess.run(["unshare", "-r", *installation.command("run")], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "it belongs to a user that this user namespace does not have" in done.stderr and "chown" not in done.stderr, done.stderr


@pytest.mark.parametrize("wrapped", ["", "unshare -r "], ids=["without rights", "in a user namespace"])
def test_the_hint_for_a_user_without_rights_works(installation, root, wrapped):
    """The command line in the message, as it is, starts lastgood with directories of the user's own."""
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    if subprocess.run([*wrapped.split(), BINARY, "--version"], check=False, capture_output=True, **nobody).returncode != 0:
        cannot_run("nobody cannot reach the program, or may not make a user namespace")
    refused = installation.call("run", seconds=10, **nobody)
    assert refused.returncode == 1
    assert f"cannot write to {installation.runtime}: Permission denied; run this as root, or with" in refused.stderr
    line = re.search(r"directories of your own: (.*)", refused.stderr)[1].replace("&& lastgood run", f"&& exec {wrapped}{BINARY} run --listen 127.0.0.1:{installation.port}")
    home = installation.directory / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    run = subprocess.Popen(["sh", "-c", line], env={**os.environ, "HOME": str(home)}, stderr=open(installation.log, "ab"), **nobody)
    installation.processes.append(run)
    installation.report_path = home / "lastgood/run/report.json"
    report = installation.wait_for_report(lambda report: report.value("collector_success", "kernel_log") is not None)
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    # What cannot be watched is said, with what is missing.
    if report.value("collector_success", "kernel_log") == 0:
        assert any("CAP_SYSLOG" in problem["message"] for problem in report.problems), report.problems
        assert report.find("collector_failing", "kernel_log")
    status = subprocess.run([BINARY, "status", "--report", str(installation.report_path)], capture_output=True, text=True, check=False, **nobody)
    assert status.returncode in (1, 2, 3) and "FINE" not in status.stdout.splitlines()[0], status.stdout
    assert installation.stop(run) == 0
