"""Third-party collectors that misbehave: the agent survives, other collectors stay fresh, and a finding is raised."""

import pathlib
import signal
import textwrap
import time

import pytest

from lastgood import children, command_line, is_running, wait_until

GOOD = """#!/bin/sh
echo '{"metric":"lastgood_backup_count","subject":"good","value":'$(date +%s)'}'
"""

# The script of each misbehaving collector, by name; None: the program does not exist.
MISBEHAVING = {
    "hangs": "#!/bin/sh\nexec sleep 1000000\n",
    "ignores-sigterm": "#!/bin/sh\ntrap '' TERM INT HUP\nwhile true; do sleep 1; done\n",
    "crashes": "#!/bin/sh\nkill -SEGV $$\n",
    "fails": "#!/bin/sh\necho 'the tape is stuck' >&2\nexit 1\n",
    "prints-rubbish": "#!/bin/sh\nprintf 'rubbish\\n{\"metric\":3}\\n\\377\\376\\000\\n{\\n'; head -c 100000 /dev/urandom\n",
    "prints-without-end": "#!/bin/sh\nexec yes '{\"metric\":\"lastgood_backup_count\",\"subject\":\"endless\",\"value\":1}'\n",
    "prints-one-endless-line": "#!/bin/sh\nexec tr '\\000' x < /dev/zero\n",
    "eats-memory": "#!/usr/bin/python3\nkept = []\nwhile True:\n    kept.append(bytearray(b'x' * (64 << 20)))\n",
    "leaves-a-grandchild": "#!/bin/sh\nsleep 1000000 &\nexec sleep 1000000\n",
    "is-not-there": None,
}


def collector(name, command, interval="2s", deadline="2s"):
    return f'[[collector]]\nname = "{name}"\ncommand = ["{command}"]\ninterval = "{interval}"\ndeadline = "{deadline}"\n'


def script(directory, name, text):
    path = pathlib.Path(directory) / name
    if text is not None:
        path.write_text(textwrap.dedent(text))
        path.chmod(0o755)
    return path


def resident_bytes(process_id):
    for line in pathlib.Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


@pytest.mark.parametrize("name", MISBEHAVING)
def test_a_misbehaving_collector(installation, name):
    bad = script(installation.directory, name, MISBEHAVING[name])
    good = script(installation.directory, "good", GOOD)
    installation.write_config(
        sections=collector(name, bad) + collector("good", good, interval="1s") + '[[backup]]\nname = "good"\n'
    )
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(
        lambda report: report.value("collector_success", name) == 0, 30, f"{name} has failed", process=agent
    )
    installation.wait_for_report(
        lambda report: [finding for finding in report.findings if finding.get("subject") == name],
        30,
        f"a finding about {name}",
        process=agent,
    )
    # Meanwhile the other collector stays fresh, and the agent's memory stays small.
    memory = 0
    end = time.monotonic() + 6
    while time.monotonic() < end:
        assert agent.poll() is None, installation.log_text()
        memory = max(memory, resident_bytes(agent.pid))
        count = installation.report().value("backup_count", "good")
        assert count is not None and time.time() - count < 5, "the good collector's value is old"
        time.sleep(0.2)
    assert memory < 64 << 20, f"the agent grew to {memory >> 20} MiB"
    report = installation.report()
    assert report.value("collector_success", "good") == 1
    assert not [finding for finding in report.findings if finding.get("subject") == "good" and finding["rule"].startswith("collector")]
    assert installation.report().document["written_at"] > time.time() - 10
    # Two runs never overlap, and none outlives the agent.
    ours = [child for child in children(agent.pid) if str(bad) in " ".join(command_line(child))]
    assert len(ours) <= 1, [command_line(child) for child in ours]
    family = children(agent.pid)
    assert installation.stop(agent) == 0
    wait_until(lambda: not [child for child in family if is_running(child)], 5, "all children have ended")


def test_floods_make_no_other_late_or_blamed(installation):
    floods = {
        "rubbish": "exec yes",
        "observations": MISBEHAVING["prints-without-end"].splitlines()[1],
        "one-line": MISBEHAVING["prints-one-endless-line"].splitlines()[1],
        "errors": "exec yes >&2",
    }
    sections = '[[backup]]\nname = "good"\n' + collector("good", script(installation.directory, "good", GOOD), interval="1s")
    for name, text in floods.items():
        sections += collector(name, script(installation.directory, name, f"#!/bin/sh\n{text}\n"), interval="1s", deadline="20s")
    installation.write_config(sections=sections)
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(
        lambda report: all(report.value("collector_success", name) == 0 for name in floods), 40, "the end of each flood", process=agent
    )
    blamed, seen, end = set(), set(), time.monotonic() + 12
    while time.monotonic() < end:
        report = installation.report()
        seen.add(report.value("backup_count", "good"))
        blamed |= {one["subject"] for one in report.select("collector_success") if one["value"] == 0}
        blamed |= {one["subject"] for one in report.select("collector_abandoned_children") if one["value"] != 0}
        blamed |= {one["subject"] for one in report.select("drive_answering") if one["value"] == 0}
        time.sleep(0.1)
    assert blamed == set(floods), installation.log_text()
    assert len(seen) > 6, f"{len(seen)} values in 12 s from a collector that runs each second"
    assert installation.stop(agent) == 0


def test_what_a_collector_says_in_a_run_has_a_limit(installation):
    """Too many distinct subjects end the run and are reported."""
    many = script(
        installation.directory,
        "many",
        "#!/bin/sh\nawk 'BEGIN { for (i = 0; i < 3000000; i++) "
        'printf "{\\"metric\\":\\"lastgood_backup_count\\",\\"subject\\":\\"b%d\\",\\"value\\":1}\\n", i }\'\n',
    )
    installation.write_config(sections=collector("many", many, deadline="20s"))
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(
        lambda report: report.value("collector_success", "many") is not None, 40, "many has run", process=agent
    )
    report = installation.report()
    assert report.value("collector_success", "many") == 0
    assert any("more than" in str(problem) for problem in report.problems), report.problems
    assert installation.report_path.stat().st_size < 16 << 20
    assert resident_bytes(agent.pid) < 64 << 20


def test_the_inbox(installation):
    installation.write_config(sections='[collectors.inbox]\ninterval = "1s"\n')
    agent = installation.start("agent")
    line = '{"metric":"lastgood_backup_count","subject":"off-host","value":%d}\n'
    (installation.inbox / "remote.jsonl").write_text(line % 7)
    installation.wait_for_report(lambda report: report.value("backup_count", "off-host") == 7, 20, "the file in the inbox")
    (installation.inbox / "rubbish.jsonl").write_bytes(b"\xff\xfe\0 no observation\n" * 100)
    installation.wait_for_report(
        lambda report: any("rubbish" in str(problem) for problem in report.problems), 20, "a problem that names the file"
    )
    assert installation.report().value("backup_count", "off-host") == 7
    assert agent.poll() is None


def test_started_by_someone_who_ignores_sigchld(installation):
    good = script(installation.directory, "good", GOOD)
    installation.write_config(sections=collector("good", good))
    installation.start("agent", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert installation.report().value("collector_success", "good") == 1
