"""What collectors and their descendants get from the agent, and that none outlives it."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from lastgood import children, command_line, is_running, wait_until

# Each line starts a process that hides from whoever looks for a child or a group; it notes its id.
HIDING = """#!/bin/sh
cd "$(dirname "$0")"
note='echo $$ >> ids; exec sleep 1000000'
setsid sh -c "$note" &
(sh -c "$note" &)
(setsid sh -c 'echo $$ >> ids; sh -c "echo \\$\\$ >> ids; sleep 1000000; :" & wait' &)
until [ "$(wc -l < ids)" -ge $((4 * $(cat runs))) ]; do sleep 0.01; done
"""


def make(installation, name, text):
    path = pathlib.Path(installation.directory) / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def collector(path, interval="1h", deadline="30s"):
    return f'[[collector]]\nname = "{path.name}"\ncommand = ["{path}"]\ninterval = "{interval}"\ndeadline = "{deadline}"\n'


class Hidden:
    """A third-party collector that hides four processes in each run."""

    def __init__(self, installation, ends):
        self.script = make(installation, "hides", HIDING + ("exit 0\n" if ends else "exec sleep 1000000\n"))
        self.ids_file = self.script.parent / "ids"
        self.ids_file.write_text("")
        self.next_run(1)

    def next_run(self, number):
        (self.script.parent / "runs").write_text(str(number))
        self.number = number

    def ids(self):
        return [int(word) for word in self.ids_file.read_text().split()]

    def wait_for_start(self):
        wait_until(lambda: len(self.ids()) == 4 * self.number, 20, "four hidden processes")

    def alive(self):
        return [one for one in self.ids() if is_running(one)]

    def wait_for_end(self):
        wait_until(lambda: not self.alive(), 10, "the end of all hidden processes")


@pytest.fixture
def hides(installation):
    yield lambda ends: Hidden(installation, ends)
    for process in os.listdir("/proc"):
        try:
            if process.isdigit() and os.path.samefile(f"/proc/{process}/cwd", installation.directory):
                os.kill(int(process), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass


def test_what_a_collector_hides_ends_with_its_run(installation, hides):
    hidden = hides(ends=True)
    installation.write_config(sections=collector(hidden.script))
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(lambda report: report.value("collector_success", "hides") == 1, 30, "its success", agent)
    assert len(hidden.ids()) == 4
    hidden.wait_for_end()
    own = pathlib.Path(f"/proc/{agent.pid}/task/{agent.pid}/children")
    wait_until(lambda: all(is_running(int(child)) for child in own.read_text().split()), 10, "that it has reaped all")
    assert installation.report().value("collector_abandoned_children", "hides") == 0
    assert installation.stop(agent) == 0


def test_what_a_killed_or_stopped_collector_hides_ends(installation, hides):
    hidden = hides(ends=False)
    installation.write_config(sections=collector(hidden.script, deadline="2s"))
    agent = installation.start("agent", wait=False)
    hidden.wait_for_start()
    hidden.wait_for_end()  # at its deadline
    assert installation.stop(agent) == 0
    hidden.next_run(2)
    installation.write_config(sections=collector(hidden.script))
    agent = installation.start("agent", wait=False)
    hidden.wait_for_start()
    assert installation.stop(agent) == 0
    hidden.wait_for_end()


def test_nothing_is_left_of_an_agent_that_is_killed_three_times(installation, hides):
    hidden = hides(ends=False)
    installation.write_config(sections=collector(hidden.script))
    for number in (1, 2, 3):
        hidden.next_run(number)
        agent = installation.start("agent", wait=False)
        hidden.wait_for_start()
        family = children(agent.pid)
        agent.send_signal(signal.SIGKILL)
        agent.wait()
        hidden.wait_for_end()
        wait_until(lambda: not [one for one in family if is_running(one)], 10, "the end of the family")


def test_the_next_agent_ends_what_no_process_of_lastgood_lived_to_end(installation, hides):
    hidden = hides(ends=False)
    installation.write_config(sections=collector(hidden.script))
    agent = installation.start("agent", wait=False)
    hidden.wait_for_start()
    ours = [child for child in children(agent.pid) if command_line(child)[:1] == ["lastgood"]]
    for one in (agent.pid, *ours):
        os.kill(one, signal.SIGSTOP)  # so that none sees the end of another
    for one in (*ours, agent.pid):
        os.kill(one, signal.SIGKILL)
    agent.wait()
    time.sleep(0.5)
    assert hidden.alive(), "nothing was left, so this shows nothing"
    installation.write_config()
    installation.start("agent")
    hidden.wait_for_end()
    wait_until(lambda: "of an earlier agent that was killed itself" in installation.log_text(), 30, "a word about it")


def test_a_collector_gets_nothing_of_the_agents_surroundings(installation):
    script = make(
        installation,
        "looks",
        '#!/bin/sh\ncd "$(dirname "$0")" || exit 1\n'
        "env > environment\n"
        "for one in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/self/fd/$one ] && echo $one; done > descriptors\n"
        "readlink /proc/$$/fd/0 > input\n"
        'echo "$OLDPWD $(umask)" > place\n'
        "grep -E '^Sig(Blk|Ign)' /proc/self/status > signals\n",
    )
    installation.write_config(sections=collector(script))
    surroundings = {
        "PATH": "",
        "LD_LIBRARY_PATH": "/nowhere",
        "NOTIFY_SOCKET": "/nowhere",
        "CREDENTIALS_DIRECTORY": "/nowhere",
        "TOKEN": "secret",
        "BASH_ENV": "/nowhere",
        "TZ": "Asia/Tokyo",
    }
    if "LASTGOOD_TESTS_RUN" in os.environ:
        surroundings["LASTGOOD_TESTS_RUN"] = os.environ["LASTGOOD_TESTS_RUN"]
    agent = installation.start("agent", wait=False, env=surroundings, cwd=installation.directory)
    installation.wait_for_report(lambda report: report.value("collector_success", "looks") == 1, 30, "its success", agent)

    def seen(name):
        return (script.parent / name).read_text()

    environment = dict(line.split("=", 1) for line in seen("environment").splitlines())
    for added_by_sh in ("PWD", "OLDPWD", "_", "SHLVL"):
        environment.pop(added_by_sh, None)
    assert environment.pop("LASTGOOD_AGENT").startswith(f"{installation.runtime} {agent.pid}.")
    assert environment.pop("LASTGOOD_TESTS_RUN", None) == surroundings.get("LASTGOOD_TESTS_RUN")
    assert environment == {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root" if os.geteuid() == 0 else "/",
        "LC_ALL": "C.UTF-8",
        "TZ": "Asia/Tokyo",
    }
    assert seen("descriptors").split() == ["0", "1", "2"]
    assert seen("input") == "/dev/null\n"
    assert seen("place") == "/ 0077\n"
    assert {line.split()[1] for line in seen("signals").splitlines()} == {"0000000000000000"}


def test_the_configuration_of_children_cannot_be_changed_from_outside(installation):
    agent = installation.start("agent")
    path = next(
        f"/proc/{agent.pid}/fd/{fd}"
        for fd in os.listdir(f"/proc/{agent.pid}/fd")
        if "memfd:lastgood.toml" in os.readlink(f"/proc/{agent.pid}/fd/{fd}")
    )
    before = pathlib.Path(path).read_text()
    for flags in (os.O_WRONLY, os.O_WRONLY | os.O_TRUNC):
        try:
            os.write(os.open(path, flags), b"x")
        except PermissionError:
            continue
        raise AssertionError("it can be written")
    assert pathlib.Path(path).read_text() == before


def test_as_process_1_of_a_container_it_leaves_the_administrators_processes_alone(installation, hides, root):
    hidden = hides(ends=True)
    installation.write_config(sections=collector(hidden.script, interval="1s"))
    namespace = ["unshare", "--fork", "--kill-child", "--pid", "--mount-proc"]
    with open(installation.log, "ab") as log:
        outside = subprocess.Popen([*namespace, *installation.command("agent")], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    installation.processes.append(outside)
    installation.wait_for_report(lambda report: report.value("collector_success", "hides") == 1, 30, "its success", outside)
    agent = children(outside.pid)[0]
    enter = ["nsenter", f"--target={agent}", "--pid", "--mount"]
    subprocess.run([*enter, "sh", "-c", "sleep 1000000 &"], check=True, stdin=subprocess.DEVNULL)
    (administrators,) = wait_until(
        lambda: [one for one in children(agent) if command_line(one) == ["sleep", "1000000"] and marked(one) is False], 10, "its sleep"
    )
    hidden.next_run(2)
    wait_until(lambda: len(hidden.ids()) >= 8, 20, "another run")
    wait_until(lambda: [one for one in children(agent) if command_line(one)[:2] == ["sleep", "1000000"]] == [administrators], 10)
    assert is_running(administrators)


def marked(process):
    try:
        return b"LASTGOOD_AGENT=" in pathlib.Path(f"/proc/{process}/environ").read_bytes()
    except OSError:
        return None
