"""Full and read-only disks, limits on files, descriptors, processes and memory: the agent lives, tells, and recovers by itself."""

import contextlib
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import time

import pytest

from lastgood import BINARY, fill, lastgood, wait_until
from test_isolation import collector, script

GOOD = "#!/bin/sh\necho '{\"metric\":\"lastgood_backup_count\",\"subject\":\"good\",\"value\":'$(date +%s)'}'\n"


def limited(**limits):
    """For preexec_fn: sets soft limits, such as NOFILE=20."""

    def apply():
        for name, value in limits.items():
            kind = getattr(resource, f"RLIMIT_{name}")
            resource.setrlimit(kind, (value, resource.getrlimit(kind)[1]))

    return apply


def newer(installation, process, than=None, seconds=30):
    """Waits for a report that was written after `than` (now, by default)."""
    moment = time.time() if than is None else than
    return installation.wait_for_report(lambda report: report.document["written_at"] > moment, seconds, "a newer report", process)


# --- output that cannot be written


@pytest.mark.parametrize("arguments", [["collect", "arrays"], ["rules"], ["config", "show"], ["--help"]], ids=lambda words: words[0])
def test_output_on_a_full_disk_is_no_success(arguments, tmp_path):
    recorded = tmp_path / "proc"
    recorded.mkdir()
    (recorded / "mdstat").write_text("Personalities : [raid1]\nmd0 : active raid1 sda[0] sdb[1]\n      1000 blocks [2/2] [UU]\n")
    if arguments[0] == "collect":
        arguments = [*arguments, "--root", str(tmp_path)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.returncode == 3
    assert re.fullmatch(r"lastgood: cannot write [a-z ]*: No space left on device\n", done.stderr)


def test_a_limit_on_the_size_of_files_ends_nothing(installation):
    """SIGXFSZ would end a process without a word."""
    installation.write_config(sections='[[backup]]\nname = "never"\n')
    agent = installation.start("agent", wait=False, preexec_fn=limited(FSIZE=4096))
    wait_until(lambda: re.search(r"report\.json: File too large", installation.log_text()), 30, "the reason in the log")
    assert agent.poll() is None
    _, hard = resource.prlimit(agent.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(agent.pid, resource.RLIMIT_FSIZE, (hard, hard))
    newer(installation, agent)
    assert installation.stop(agent) == 0


def test_a_collector_beyond_the_limit_of_files_says_so(tmp_path):
    with open(tmp_path / "output", "wb") as output:
        done = subprocess.run(
            [BINARY, "rules"], stdout=output, stderr=subprocess.PIPE, text=True, timeout=30, check=False, preexec_fn=limited(FSIZE=4096)
        )
    assert done.returncode == 3 and "File too large" in done.stderr


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_standard_descriptors(installation, closed):
    """No file of ours gets their numbers, and with it the lines of the log."""
    command = " ".join(f"'{word}'" for word in installation.command("agent"))
    agent = subprocess.Popen(["sh", "-c", f"exec {command} {closed}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    installation.processes.append(agent)
    installation.wait_for_report(lambda report: True, 20, "a report", agent)
    for number in range(3):
        assert os.readlink(f"/proc/{agent.pid}/fd/{number}") == "/dev/null"
    assert installation.stop(agent) == 0


# --- signals


@pytest.mark.parametrize("name", ["SEGV", "ABRT", "QUIT", "SYS"])
def test_a_signal_that_ends_the_agent_is_told(installation, name):
    agent = installation.start("agent", preexec_fn=limited(CORE=0))
    number = getattr(signal, f"SIG{name}")
    agent.send_signal(number)
    assert agent.wait(10) == -number
    assert installation.log_text().splitlines().count(f"lastgood: ended by signal SIG{name}") == 1


def test_signals_sent_by_mistake_end_nothing(installation):
    agent = installation.start("run")
    for name in ("USR1", "USR2", "ALRM", "VTALRM", "PROF", "IO", "PIPE", "XFSZ", "CHLD", "WINCH", "URG"):
        agent.send_signal(getattr(signal, f"SIG{name}"))
    newer(installation, agent)
    assert installation.stop(agent) == 0


# --- directories


def test_the_disk_of_the_report_is_full(installation, small):
    installation.runtime = small
    installation.report_path = small / "report.json"
    installation.write_config()
    agent = installation.start("agent")
    fill(small)
    wait_until(lambda: "report.json: No space left on device" in installation.log_text(), 40, "the reason in the log")
    assert agent.poll() is None
    (small / "filler").unlink()
    newer(installation, agent)
    assert sorted(path.name for path in small.iterdir() if path.suffix == ".tmp") == []
    assert installation.stop(agent) == 0


def test_runtime_directory_that_is_deleted_while_running(installation):
    """It is made anew, with its lock: no second agent may start beside the first one."""
    agent = installation.start("agent")
    shutil.rmtree(installation.runtime)
    wait_until(installation.report_path.exists, 40, "a report in a new directory")
    assert stat.S_IMODE(installation.runtime.stat().st_mode) == 0o755
    second = installation.start("agent", wait=False)
    assert second.wait(20) == 1
    assert "another agent is running" in installation.log_text()
    assert "was removed by somebody; it is made anew" in installation.log_text()
    assert installation.stop(agent) == 0


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_the_disk_of_the_textfile(installation, small, how):
    installation.textfile = small / "lastgood.prom"
    installation.write_config()
    agent = installation.start("agent")
    wait_until(installation.textfile.exists, 20, "the textfile")
    if how == "full":
        fill(small)
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    installation.wait_for_report(
        lambda report: any(problem["collector"] == "textfile" for problem in report.problems), 40, "the problem", agent
    )
    if how == "full":
        (small / "filler").unlink()
    else:
        subprocess.run(["mount", "-o", "remount,rw", str(small)], check=True)
    installation.wait_for_report(
        lambda report: all(problem["collector"] != "textfile" for problem in report.problems), 60, "no problem", agent
    )
    assert installation.stop(agent) == 0


# --- resources


@pytest.mark.parametrize("descriptors", [3, 4, 5, 7, 9, 11, 14])
def test_too_few_descriptors_at_the_start(installation, descriptors):
    """Either it works, or it ends and says why."""
    agent = installation.start("agent", wait=False, preexec_fn=limited(NOFILE=descriptors))
    wait_until(lambda: agent.poll() is not None or installation.report_path.exists() or "Too many open files" in installation.log_text(), 40)
    with contextlib.suppress(subprocess.TimeoutExpired):  # it may be just ending
        agent.wait(3)
    if agent.poll() is None:
        assert installation.stop(agent, seconds=20) == 0
    else:
        assert agent.returncode in (1, 3, 127)  # 127: of the dynamic linker
        assert re.search(r"lastgood: .*(Too many open files|cannot open shared object file)", installation.log_text())


def test_descriptors_run_out_while_running(installation):
    good = script(installation.directory, "good", GOOD)
    installation.write_config(sections=collector("good", good, interval="1s") + '[[backup]]\nname = "good"\n')
    agent = installation.start("agent")
    installation.wait_for_report(lambda report: report.value("backup_count", "good"), 20, "a value")
    soft, hard = resource.prlimit(agent.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (3, hard))
    wait_until(lambda: "Too many open files" in installation.log_text(), 30, "the reason")
    agent.send_signal(signal.SIGHUP)  # the configuration cannot be read, the old one stays
    time.sleep(2)
    assert agent.poll() is None
    resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (soft, hard))
    since = time.time()
    installation.wait_for_report(
        lambda report: (report.value("backup_count", "good") or 0) > since and report.value("collector_success", "good") == 1,
        40,
        "the collector works again",
        agent,
    )
    assert installation.stop(agent) == 0


def test_memory_runs_out_while_running(installation):
    """It goes on, or ends in an orderly way with the reason in one line; then its supervisor starts it again."""
    good = script(installation.directory, "good", GOOD)
    installation.write_config(sections=collector("good", good, interval="1s"))
    agent = installation.start("agent")
    used = int(re.search(r"VmSize:\s*(\d+)", open(f"/proc/{agent.pid}/status").read())[1]) * 1024
    _, hard = resource.prlimit(agent.pid, resource.RLIMIT_AS)
    resource.prlimit(agent.pid, resource.RLIMIT_AS, (used, hard))
    many = script(
        installation.directory,
        "good",
        "#!/bin/sh\nfor i in $(seq 40000); do echo '{\"metric\":\"lastgood_backup_count\",\"subject\":\"'$i'\",\"value\":1}'; done\n",
    )
    assert many == good
    time.sleep(8)
    if agent.poll() is None:
        resource.prlimit(agent.pid, resource.RLIMIT_AS, (hard, hard))
        newer(installation, agent)
        assert installation.stop(agent) == 0
    else:
        assert agent.returncode > 0, f"ended by a signal: {agent.returncode}"
        assert "out of memory" in installation.log_text()


@pytest.mark.parametrize("mebibytes", [8, 16, 24, 32, 48, 64, 100])
def test_too_little_memory_at_the_start(installation, mebibytes):
    agent = installation.start("agent", wait=False, preexec_fn=limited(AS=mebibytes << 20))
    wait_until(lambda: agent.poll() is not None or installation.report_path.exists(), 40, "it works or ends")
    if agent.poll() is None:
        assert installation.stop(agent) == 0
    else:
        assert installation.log_text().strip(), "it says why"
