"""State that survives restarts, and the agent's behaviour if the state cannot be saved."""

import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time

import pytest

from lastgood import Report, fill, wait_until
from test_isolation import collector, script

FAILING = "#!/bin/sh\nexit 1\n"


def about_failing(report):
    """The findings about the external collector "failing"."""
    return [finding for finding in report.findings if finding.get("subject") == "failing"]


def finding_after_restart(installation, agent, started):
    """Waits for a report that is newer than `started` and has the finding about "failing"; returns both."""
    report = installation.wait_for_report(
        lambda report: report.document["written_at"] > started and about_failing(report),
        30,
        "the finding after the restart",
        process=agent,
    )
    (finding,) = about_failing(report)
    return report, finding


def test_since_and_watched_since_survive_kill_9(installation):
    failing = script(installation.directory, "failing", FAILING)
    installation.write_config(sections=collector("failing", failing, interval="1s"))
    agent = installation.start("agent", wait=False)
    report = installation.wait_for_report(about_failing, 30, "the finding")
    (finding,) = about_failing(report)
    watched = report.document["watched_since"]
    assert watched > 0
    chance = random.Random(2)
    time.sleep(1)
    for _ in range(20):
        installation.kill(agent)
        started = time.time()
        agent = installation.start("agent", wait=False)
        time.sleep(chance.uniform(0, 0.5))
    report, again = finding_after_restart(installation, agent, started)
    assert again["since"] == pytest.approx(finding["since"], abs=0.01)
    assert report.document["watched_since"] == pytest.approx(watched, abs=0.01)


def test_a_counter_of_increments_goes_on_after_kill_9(installation):
    """Each increment is counted exactly once, or not at all if the agent died before it read the increment."""
    tally = installation.directory / "tally"
    tally.write_text("")
    counting = script(
        installation.directory,
        "counting",
        f"#!/bin/sh\necho x >> {tally}\n"
        'echo \'{"metric":"lastgood_filesystem_kernel_errors_total","subject":"/made-up","increment":1}\'\n',
    )
    installation.write_config(sections=collector("counting", counting, interval="1s"))
    agent = installation.start("agent", wait=False)

    def counter(report):
        return report.value("filesystem_kernel_errors_total", "/made-up") or 0

    installation.wait_for_report(lambda report: counter(report) >= 3, 20, "three increments")
    highest = 0
    for _ in range(5):
        highest = counter(installation.report())
        installation.kill(agent)
        started = time.time()
        agent = installation.start("agent", wait=False)
        report = installation.wait_for_report(
            lambda report: report.document["written_at"] > started and counter(report) > 0, 20, "the counter after a restart"
        )
        assert counter(report) >= highest, "what a report has shown is not forgotten"
        time.sleep(1.5)
    assert installation.stop(agent) == 0
    runs = len(tally.read_text().split())
    assert highest <= counter(installation.report()) <= runs


def state_not_persisted(report):
    return report.value("state_persisted") == 0 and report.find("state_not_persisted")


def run_without_memory(installation, state):
    installation.write_config(state=state)
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(state_not_persisted, 20, "the finding that nothing is remembered", process=agent)
    # The agent continues to work.
    written = installation.report().document["written_at"]
    installation.wait_for_report(lambda report: report.document["written_at"] > written, 90, "a newer report", process=agent)
    return agent


def test_state_directory_that_cannot_be_made(installation):
    (installation.directory / "file").write_text("not a directory")
    agent = run_without_memory(installation, installation.directory / "file" / "state")
    assert installation.stop(agent) == 0


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_state_that_is_no_file(installation, make):
    make(installation.state / "state.db")
    installation.start("agent", wait=False)
    report = installation.wait_for_report(state_not_persisted, 20, "the finding that nothing is remembered")
    path = installation.state / "state.db"
    assert any(f"move it away: mv {path} {path}.old" in problem["message"] for problem in report.problems), report.problems
    path.rename(installation.state / "state.db.old")
    installation.wait_for_report(remembers_again, 40, "it remembers again")


def test_state_that_is_no_database(installation):
    (installation.state / "state.db").write_bytes(os.urandom(20000))
    agent = installation.start("agent")
    # The damaged file is kept under another name, and a new one is started.
    assert installation.report().value("state_persisted") == 1
    assert (installation.state / "state.db.damaged").stat().st_size == 20000
    watched = installation.report().document["watched_since"]
    installation.kill(agent)
    agent = installation.start("agent")
    assert installation.report().document["watched_since"] == watched
    assert installation.stop(agent) == 0


def make_foreign(path):
    path.unlink()
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE cookies (name)")
    database.commit()
    database.close()


# What happens to state.db while no agent runs, and the reason that is told.
LOSSES = {
    "random bytes": (lambda path: path.write_bytes(os.urandom(20000)), "damaged"),
    "emptied": (lambda path: path.write_bytes(b""), "missing"),
    "removed": (lambda path: path.unlink(), "missing"),
    "another program's": (make_foreign, "foreign"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_lost_state_is_a_finding_until_it_is_accepted(installation, name):
    harm, reason = LOSSES[name]
    agent = installation.start("agent")
    wait_until(lambda: is_saved(installation.state, "watched_since"), 20, "it is saved", step=0.1)
    assert not installation.report().find("state_lost")
    assert installation.stop(agent) == 0
    harm(installation.state / "state.db")
    agent = installation.start("agent")
    report = installation.report()
    (finding,) = report.find("state_lost")
    assert [one["labels"]["reason"] for one in report.select("state_lost_timestamp_seconds")] == [reason]
    assert any(problem["collector"] == "state" for problem in report.problems)
    # It is remembered across restarts, and ends by acceptance.
    wait_until(lambda: is_saved(installation.state, "lost"), 20, "it is saved", step=0.1)
    installation.kill(agent)
    agent = installation.start("agent")
    (again,) = installation.report().find("state_lost")
    assert again["value"] == finding["value"]
    accepted = installation.call("accept", "state_lost", "--reason", "known")
    assert accepted.returncode == 0, accepted.stderr
    installation.wait_for_report(
        lambda report: all("accepted_by" in one for one in report.find("state_lost"))
        and not any(problem["collector"] == "state" for problem in report.problems),
        60,
        "it is accepted",
        process=agent,
    )
    assert installation.stop(agent) == 0


def test_a_state_of_nonsense_numbers_is_dropped_and_told(installation):
    agent = installation.start("agent")
    wait_until(lambda: is_saved(installation.state, "watched_since"), 20, "it is saved", step=0.1)
    watched = installation.report().document["watched_since"]
    assert installation.stop(agent) == 0
    database = sqlite3.connect(installation.state / "state.db")
    for value in (9e999, -9e999, 1e308):
        database.execute(
            "INSERT INTO counter VALUES ('lastgood_drive_kernel_errors_total', ?, 'kind=io', ?, 5)", (f"d{value}", value)
        )
    database.commit()
    database.close()
    agent = installation.start("agent")
    report = installation.report()
    (finding,) = report.find("state_lost")
    assert not report.select("drive_kernel_errors_total")
    assert report.document["watched_since"] == watched, "the rest is kept"
    assert any("3 saved rows made no sense" in problem["message"] for problem in report.problems)
    assert installation.stop(agent) == 0
    agent = installation.start("agent")
    (again,) = installation.report().find("state_lost")
    assert again["value"] == finding["value"], "told once"
    assert installation.stop(agent) == 0


def remembers_again(report):
    return report.value("state_persisted") == 1 and not report.find("state_not_persisted")


def is_saved(directory, key):
    """Returns whether the state on disk has a text of that name. Reads a copy: the agent keeps the database locked."""
    with tempfile.TemporaryDirectory() as copy:
        for file in directory.glob("state.db*"):
            shutil.copy(file, copy)
        database = sqlite3.connect(pathlib.Path(copy) / "state.db")
        try:
            return database.execute("SELECT count(*) FROM text WHERE name = ?", (key,)).fetchone()[0] == 1
        except sqlite3.Error:
            return False
        finally:
            database.close()


def test_read_only_state_directory(installation, small):
    """The directory is read-only when the agent starts, and writable again while it runs: then the earlier state is back."""
    installation.write_config(state=small)
    agent = installation.start("agent")
    watched = installation.report().document["watched_since"]
    assert installation.stop(agent) == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    agent = run_without_memory(installation, small)
    assert installation.report().document["watched_since"] > watched
    screen = installation.call("status").stdout
    assert f"state: {small}/state.db: its filesystem is read-only" in " ".join(screen.split()), screen
    screen = " ".join(screen.split())
    assert f"df -h {small}" in screen and f"findmnt -T {small}" in screen, "the advice names the directory that is configured"
    assert f"lastgood status --config {installation.config}" in screen, "a command that works as it stands"
    subprocess.run(["mount", "-o", "remount,rw", str(small)], check=True)
    installation.wait_for_report(remembers_again, 40, "it remembers again", process=agent)
    assert installation.report().document["watched_since"] == watched
    assert installation.stop(agent) == 0


def test_full_state_directory(installation, small):
    fill(small)
    agent = run_without_memory(installation, small)
    watched = installation.report().document["watched_since"]
    (small / "filler").unlink()
    installation.wait_for_report(remembers_again, 40, "it remembers again", process=agent)
    # The saved state has everything that the agent had seen.
    wait_until(lambda: is_saved(small, "watched_since"), 20, "it is saved", step=0.1)
    installation.kill(agent)
    agent = installation.start("agent")
    assert installation.report().document["watched_since"] == watched
    assert installation.stop(agent) == 0


def killed_agent_leaves_its_memory(installation, agent, finding):
    """Kills the agent by SIGKILL; the next one has the finding about "failing" with its age."""
    installation.kill(agent)
    started = time.time()
    agent = installation.start("agent", wait=False)
    _, again = finding_after_restart(installation, agent, started)
    assert again["since"] == pytest.approx(finding["since"], abs=0.01)
    assert installation.stop(agent) == 0


def test_state_directory_that_fills_up_while_running(installation, small):
    installation.write_config(state=small)
    agent = installation.start("agent")
    assert installation.report().value("state_persisted") == 1
    fill(small)
    failing = script(installation.directory, "failing", FAILING)
    installation.write_config(state=small, sections=collector("failing", failing, interval="1s"))
    agent.send_signal(signal.SIGHUP)
    installation.wait_for_report(state_not_persisted, 60, "the finding that nothing is remembered", process=agent)
    (finding,) = about_failing(installation.report())
    (small / "filler").unlink()
    installation.wait_for_report(remembers_again, 40, "it remembers again", process=agent)
    # State that could not be written before is written now.
    killed_agent_leaves_its_memory(installation, agent, finding)


def test_state_directory_whose_disk_hangs(installation, freezable):
    installation.write_config(state=freezable)
    agent = installation.start("agent")
    subprocess.run(["fsfreeze", "--freeze", str(freezable)], check=True)
    try:
        failing = script(installation.directory, "failing", FAILING)
        installation.write_config(state=freezable, sections=collector("failing", failing, interval="1s"))
        agent.send_signal(signal.SIGHUP)
        report = installation.wait_for_report(about_failing, 5, "a finding, although the disk hangs")
        (finding,) = about_failing(report)
        installation.wait_for_report(state_not_persisted, 45, "the finding that nothing is remembered", process=agent)
        # The agent still writes reports.
        installation.wait_for_report(
            lambda report: report.document["written_at"] > time.time() - 0.5, 5, "a report on time", process=agent
        )
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", str(freezable)], check=True)
    installation.wait_for_report(remembers_again, 40, "it remembers again", process=agent)
    killed_agent_leaves_its_memory(installation, agent, finding)


def test_state_directory_that_is_deleted_while_running(installation):
    agent = installation.start("agent")
    watched = installation.report().document["watched_since"]
    shutil.rmtree(installation.state)
    wait_until(lambda: (installation.state / "state.db").exists(), 40, "it is made anew")
    made = time.time()
    installation.wait_for_report(
        lambda report: remembers_again(report) and report.document["written_at"] > made, 40, "it remembers again", process=agent
    )
    installation.kill(agent)
    agent = installation.start("agent")
    assert installation.report().document["watched_since"] == watched
    assert installation.stop(agent) == 0


def test_the_report_is_never_seen_half_written(installation):
    good = script(
        installation.directory,
        "good",
        "#!/bin/sh\nfor i in $(seq 2000); do "
        'echo \'{"metric":"lastgood_backup_count","subject":"b\'$i\'","value":1}\'; done\n',
    )
    installation.write_config(sections=collector("good", good, interval="1s"))
    agent = installation.start("agent")
    stop = threading.Event()
    seen, broken = set(), []

    def read():
        while not stop.is_set():
            text = installation.report_path.read_text()
            try:
                seen.add(Report(text).document["written_at"])
            except (json.JSONDecodeError, KeyError) as error:
                broken.append(f"{error}: {len(text)} bytes")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    wait_until(lambda: len(seen) >= 6, 60, "six different reports")
    stop.set()
    for reader in readers:
        reader.join()
    assert not broken
    assert [path.name for path in installation.runtime.iterdir() if path.name.startswith("report")] == ["report.json"] or agent.poll() is None
