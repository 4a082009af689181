"""The agent and its processes: one agent at a time, the listener's life, findings of slow collectors."""

import os
import signal
import socket
import subprocess
import time

import pytest

from lastgood import children, free_port, http_get, is_running, wait_until
from test_isolation import collector, script
from test_memory import about_failing, finding_after_restart
from test_privileges import ip_sockets_of, serving


def test_a_second_agent_is_refused(installation):
    installation.start("agent")
    second = installation.call("agent")
    assert second.returncode == 1
    assert "another agent is running" in second.stderr


def test_after_a_reload_the_listener_has_the_new_address(installation):
    run = installation.start("run")
    wait_until(lambda: serving(installation), 10, "the listener answers")
    old = installation.port
    installation.port = free_port()
    installation.write_config()
    run.send_signal(signal.SIGHUP)
    wait_until(lambda: serving(installation), 20, "it answers at the new port")
    with pytest.raises(OSError):
        http_get(old, "/-/healthy")


def test_a_reload_starts_a_listener_that_had_ended_at_once(installation):
    """Not at the next heartbeat, which comes every 15 s."""
    run = installation.start("run")
    wait_until(lambda: serving(installation), 10, "the listener answers")
    for _ in range(3):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            installation.port = taken.getsockname()[1]
            installation.write_config()
            run.send_signal(signal.SIGHUP)
            problem = f"127.0.0.1:{installation.port}"
            wait_until(lambda: problem in str(installation.report().problems), 30, "it says that the port is taken")
            time.sleep(0.5)  # until it has ended
        installation.port = free_port()
        installation.write_config()
        run.send_signal(signal.SIGHUP)
        wait_until(lambda: serving(installation), 4, "it answers at the new port")


def test_after_a_reload_the_address_on_the_command_line_stays(installation):
    port, configured = free_port(), installation.port
    run = installation.start("run", arguments=["--listen", f"127.0.0.1:{port}"])
    installation.port = port
    wait_until(lambda: serving(installation), 10, "the listener answers")
    run.send_signal(signal.SIGHUP)
    wait_until(lambda: "read again" in installation.log_text(), 10, "the configuration was read again")
    second = free_port()
    installation.config.write_text(installation.config.read_text().replace(str(configured), str(second)))
    run.send_signal(signal.SIGHUP)
    wait_until(lambda: installation.log_text().count("read again") == 2, 10, "and once more")
    time.sleep(1)
    assert serving(installation) and "the listening process ended" not in installation.log_text()


@pytest.mark.parametrize("subcommand", ["agent", "run"])
def test_the_disk_with_the_log_is_full(installation, subcommand):
    installation.config.write_text(installation.config.read_text() + '[[backup]]\nname = "never"\n')
    with open("/dev/full", "wb") as full:
        process = subprocess.Popen(installation.command(subcommand), stdin=subprocess.DEVNULL, stdout=full, stderr=full)
    installation.processes.append(process)
    installation.wait_for_report(lambda report: report.rules(), 20, "a finding, which is logged", process=process)
    process.send_signal(signal.SIGHUP)  # is logged, too
    written = installation.report().document["written_at"]
    installation.wait_for_report(lambda report: report.document["written_at"] > written + 1, 20, "a later report", process=process)
    assert installation.stop(process) == 0


def test_the_listener_ends_with_a_killed_agent(installation, root):  # to see its sockets
    run = installation.start("run")
    wait_until(lambda: serving(installation), 10, "the listener answers")
    (listening,) = [process for process in children(run.pid) if ip_sockets_of(process)]
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    wait_until(lambda: not is_running(listening), 5, "it has ended, too")


def test_a_finding_of_a_slow_collector_keeps_its_beginning(installation):
    """After a restart the first report does not wait for a collector that needs longer than 10 s."""
    failing = script(installation.directory, "failing", "#!/bin/sh\nexit 1\n")
    installation.write_config(sections=collector("failing", failing, interval="1s", deadline="30s"))
    agent = installation.start("agent", wait=False)
    (finding,) = about_failing(installation.wait_for_report(about_failing, 30, "the finding"))
    installation.kill(agent)
    script(installation.directory, "failing", "#!/bin/sh\nsleep 12\nexit 1\n")
    started = time.time()
    agent = installation.start("agent")
    assert not about_failing(installation.report())
    _, again = finding_after_restart(installation, agent, started)
    assert again["since"] == pytest.approx(finding["since"], abs=0.01)
