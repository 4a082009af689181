"""Random signals, damaged databases, and a day's number of polls. The long versions run in tests/run long."""

import os
import random
import shutil
import signal
import sqlite3
import time

import pytest

from lastgood import children, command_line, is_running, wait_until
from test_isolation import collector, resident_bytes, script

# --- signals and damage

COUNTED = '{"metric":"lastgood_filesystem_kernel_errors_total","subject":"/made-up","increment":1}'
SIGNALS = "TERM INT HUP KILL STOP USR1 USR2 PIPE ALRM XFSZ CHLD QUIT SEGV ABRT WINCH URG CONT".split()
ENDING = {"TERM": 0, "INT": 0, "KILL": -9, "QUIT": -3, "SEGV": -11, "ABRT": -6}  # the agent's exit status


def counter(report):
    return report.value("filesystem_kernel_errors_total", "/made-up") or 0


def truncate(state, chance):
    path = state / "state.db"
    os.truncate(path, chance.randrange(path.stat().st_size))


def scribble(state, chance):
    path = state / "state.db"
    with open(path, "r+b") as file:
        for _ in range(chance.randint(1, 20)):
            file.seek(chance.randrange(max(1, path.stat().st_size - 64)))
            file.write(chance.randbytes(chance.randint(1, 64)))


def empty(state, _chance):
    (state / "state.db").write_bytes(b"")


def random_bytes(state, chance):
    (state / "state.db").write_bytes(chance.randbytes(chance.randint(1, 50000)))


def foreign(state, _chance):
    for path in state.glob("state.db*"):
        path.unlink()
    database = sqlite3.connect(state / "state.db")
    database.execute("CREATE TABLE counter (song TEXT, plays INTEGER)")
    database.execute("INSERT INTO counter VALUES ('x', 3)")
    database.commit()
    database.close()


def without_wal(state, _chance):
    for path in state.glob("state.db-*"):
        path.unlink()


def removed(state, _chance):
    shutil.rmtree(state)


DAMAGES = [truncate, scribble, empty, random_bytes, foreign, without_wal, removed]
# Of the others nobody can tell: a valid older database, and other bytes within a value.
TOLD = [truncate, empty, random_bytes, foreign, removed]


def left_processes(installation):
    return [
        entry
        for entry in os.listdir("/proc")
        if entry.isdigit() and str(installation.directory) in " ".join(command_line(entry)) and is_running(entry)
    ]


@pytest.mark.parametrize("signals", [12, pytest.param(240, marks=pytest.mark.long)])
def test_random_signals_and_damaged_states(installation, signals):
    """It comes back after each, with a report, and no counter is lower unless the state was damaged."""
    seed = int(os.environ.get("LASTGOOD_SEED", "1"))
    print(f"LASTGOOD_SEED={seed}")
    chance = random.Random(seed)
    counting = script(installation.directory, "counting", f"#!/bin/sh\necho '{COUNTED}'\n")
    installation.write_config(sections=collector("counting", counting, interval="300ms"))
    story = []
    agent = installation.start("run", wait=False)
    highest, damage = 0, None

    def comes_back():
        """Waits for a new report whose counter grows; returns it."""
        begin = time.time()
        first = installation.wait_for_report(
            lambda report: report.document["written_at"] > begin and counter(report) > 0, 40, f"a report after {story[-5:]}", agent
        )
        return installation.wait_for_report(lambda report: counter(report) > counter(first), 40, f"counts after {story[-5:]}", agent), first

    for number in range(signals):
        name = chance.choice(SIGNALS)
        time.sleep(chance.uniform(0, 1))
        victims = [agent.pid]
        if chance.random() < 0.3:
            victims = [agent.pid, *children(agent.pid)]
            chance.shuffle(victims)
        elif chance.random() < 0.3 and name not in ENDING and (family := children(agent.pid)):
            victims = [chance.choice(family)]
        story.append((number, name, len(victims)))
        for victim in victims:
            try:
                os.kill(victim, getattr(signal, f"SIG{name}"))
            except ProcessLookupError:
                pass
        if name == "STOP":
            time.sleep(chance.uniform(0, 2))
            for victim in [*victims, *children(agent.pid)]:
                try:
                    os.kill(victim, signal.SIGCONT)
                except ProcessLookupError:
                    pass
        if name in ENDING:
            status = agent.wait(20)
            assert status == ENDING[name] or ENDING[name] == 0 and status in (0, -15, -2), (story[-5:], installation.log_text())
            wait_until(lambda: not left_processes(installation), 10, f"nothing is left behind by {story[-1]}")
            if installation.report_path.exists():
                highest = max(highest, counter(installation.report()))
            damage = None
            if chance.random() < 0.4 and (installation.state / "state.db").exists():
                damage = chance.choice(DAMAGES)
                story.append((number, damage.__name__))
                damage(installation.state, chance)
            agent = installation.start("run", wait=False)
        report, first = comes_back()
        if counter(first) < highest:
            assert damage is not None, (counter(first), highest, story[-5:])
            if damage in TOLD:
                assert first.find("state_lost"), story[-5:]
        highest, damage = counter(report), None
        assert report.value("state_persisted") == 1, (story[-5:], installation.log_text())
    assert installation.stop(agent) == 0
    wait_until(lambda: not left_processes(installation), 10, "nothing is left behind")
    assert not [path.name for path in installation.runtime.iterdir() if path.name.endswith(".tmp")]
    assert len(list(installation.state.iterdir())) <= 8, list(installation.state.iterdir())


# --- a day


def sizes(installation, agent):
    """Memory, descriptors, children, bytes and rows of the database."""
    copy = installation.directory / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    bytes_on_disk = 0
    for file in installation.state.glob("state.db*"):
        bytes_on_disk += file.stat().st_size
        shutil.copy(file, copy)
    database = sqlite3.connect(copy / "state.db")
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = sum(database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables)
    database.close()
    return {
        "memory": resident_bytes(agent.pid),
        "descriptors": len(os.listdir(f"/proc/{agent.pid}/fd")),
        "threads": len(os.listdir(f"/proc/{agent.pid}/task")),
        "database": bytes_on_disk,
        "rows": rows,
    }


@pytest.mark.parametrize("polls", [150, pytest.param(8640, marks=pytest.mark.long)])
def test_the_polls_of_a_day(installation, polls):
    """As many polls as a day has at one in 10 s, with findings that come and go: nothing grows after the first tenth."""
    state = installation.directory / "number"
    busy = script(
        installation.directory,
        "busy",
        f"#!/bin/sh\nprintf x >> {state}\nn=$(stat -c %s {state})\n"  # whole, even if it is killed
        'echo "{\\"metric\\":\\"lastgood_backup_count\\",\\"subject\\":\\"b\\",\\"value\\":$((n % 7))}"\n'
        'echo "{\\"metric\\":\\"lastgood_backup_max_age_seconds\\",\\"subject\\":\\"b\\",\\"value\\":100}"\n'
        'echo "{\\"metric\\":\\"lastgood_backup_newest_timestamp_seconds\\",\\"subject\\":\\"b\\",\\"labels\\":{\\"confidence\\":\\"name\\"},'
        '\\"value\\":$(($(date +%s) - 200 * (n / 3 % 2)))}"\n'
        f"echo '{COUNTED}'\n"
        "[ $((n % 5)) -ne 0 ] || { echo 'a made-up failure' >&2; exit 1; }\n"
        "[ $((n % 11)) -ne 0 ] || echo rubbish\n",
    )
    state.write_text("")
    sections = collector("busy", busy, interval="100ms", deadline="60s") + '[kernel_log]\nwindow = "60s"\n'
    installation.write_config(sections=sections)
    agent = installation.start("run")

    def done():
        return state.stat().st_size

    warm = max(60, polls // 10)
    wait_until(lambda: done() >= warm, warm * 5 + 60, "the warm-up", step=0.5)
    before, most = sizes(installation, agent), {}
    while done() < polls:
        assert agent.poll() is None, installation.log_text()
        for name, value in sizes(installation, agent).items():
            most[name] = max(most.get(name, 0), value)
        time.sleep(min(5, polls / 100))
    print(before, most)
    assert most["memory"] <= before["memory"] + (4 << 20)
    assert most["descriptors"] <= before["descriptors"] + 12  # those of a child that runs at the moment
    assert most["threads"] <= before["threads"]
    assert most["database"] <= 6 << 20  # the write-ahead log has up to 4 MiB
    assert most["rows"] <= before["rows"] + 10
    assert installation.stop(agent) == 0
