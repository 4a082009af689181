"""Clocks that are wrong by decades, before the start and while the agent runs; processes that cannot be started."""

import os
import pathlib
import struct
import subprocess
import time

import pytest

from lastgood import cannot_run, wait_until
from test_isolation import collector, script

YEAR = 365.25 * 86400
BACK = -50 * YEAR
AHEAD = 73 * YEAR
FAILING = "#!/bin/sh\nexit 1\n"


class WrongClock:
    """The environment of processes whose wall clock set() sets."""

    def __init__(self, directory):
        self.library = directory / "wrong_clock.so"
        self.offset = directory / "offset"
        source = pathlib.Path(__file__).with_name("wrong_clock.c")
        command = [os.environ.get("CC", "cc"), "-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(self.library), str(source), "-ldl", "-lpthread"]
        if subprocess.run(command, check=False).returncode != 0:
            cannot_run("wrong_clock.c does not compile here")
        self.set(0)
        self.environment = os.environ | {"LD_PRELOAD": str(self.library), "LASTGOOD_TEST_CLOCK": str(self.offset)}

    def set(self, seconds):
        with open(self.offset, "r+b" if self.offset.exists() else "wb", buffering=0) as file:
            file.write(struct.pack("d", seconds))

    def now(self):
        return time.time() + struct.unpack("d", self.offset.read_bytes())[0]


@pytest.fixture
def clock(tmp_path):
    return WrongClock(tmp_path)


def start(installation, clock):
    return installation.start("agent", wait=False, env=clock.environment)


def failing_at(installation, clock, agent, what="the finding of the failing collector"):
    """Waits for a new report of the present clock with that finding; returns both."""
    begin = clock.now()

    def look(report):
        return 0 < report.document["written_at"] - begin < 60 and report.find("collector_failing", "failing")

    report = installation.wait_for_report(look, 40, what, agent)
    (finding,) = look(report)
    return report, finding


@pytest.fixture
def failing(installation):
    installation.write_config(sections=collector("failing", script(installation.directory, "failing", FAILING), interval="1s"))
    return installation


@pytest.mark.parametrize("wrong", [BACK, AHEAD], ids=["1976", "2099"])
def test_a_clock_that_is_wrong_at_the_start_and_then_set(failing, clock, wrong):
    clock.set(wrong)
    agent = start(failing, clock)
    _, finding = failing_at(failing, clock, agent)
    assert abs(finding["since"] - clock.now()) < 40
    clock.set(0)
    report, finding = failing_at(failing, clock, agent, "the finding after the clock was set")
    assert abs(finding["since"] - clock.now()) < 80, "its age is right"
    assert abs(report.document["watched_since"] - clock.now()) < 80
    for observation in report.observations:
        assert observation["observed_at"] <= clock.now() + 1
    assert "the clock was set" in failing.log_text()
    # What is saved is right, too.
    failing.kill(agent)
    agent = start(failing, clock)
    report, finding = failing_at(failing, clock, agent, "the finding after a restart")
    assert abs(finding["since"] - clock.now()) < 120
    assert abs(report.document["watched_since"] - clock.now()) < 120
    assert failing.stop(agent) == 0


@pytest.mark.parametrize("wrong", [BACK, AHEAD], ids=["1976", "2099"])
def test_a_clock_that_was_wrong_until_a_power_cut(failing, clock, wrong):
    clock.set(wrong)
    agent = start(failing, clock)
    failing_at(failing, clock, agent)
    failing.kill(agent)
    clock.set(0)
    agent = start(failing, clock)
    report, finding = failing_at(failing, clock, agent, "the finding with the right clock")
    assert abs(finding["since"] - clock.now()) < 60
    assert abs(report.document["watched_since"] - clock.now()) < 120
    assert failing.stop(agent) == 0


@pytest.mark.parametrize("wrong", [BACK, AHEAD], ids=["1976", "2099"])
def test_a_clock_that_is_wrong_for_a_while(failing, clock, wrong):
    agent = start(failing, clock)
    before, finding = failing_at(failing, clock, agent)
    accepted = failing.call("accept", "collector_failing", "failing", "--until", "30d", "--reason", "a test")
    assert accepted.returncode == 0, accepted.stderr
    failing.wait_for_report(lambda report: any(one.get("accepted_until") for one in report.find("collector_failing", "failing")), 40, "accepted", agent)
    clock.set(wrong)
    failing_at(failing, clock, agent, "a report of the wrong clock")
    clock.set(0)
    report, again = failing_at(failing, clock, agent, "a report of the right clock")
    assert abs(again["since"] - finding["since"]) < 5
    assert abs(report.document["watched_since"] - before.document["watched_since"]) < 5
    assert again.get("accepted_until"), "the acceptance is still there"
    assert failing.stop(agent) == 0


def test_a_clock_that_is_set_all_the_time_starts_no_flood_of_polls(installation, clock):
    runs = installation.directory / "runs"
    runs.write_text("")
    counting = script(installation.directory, "counting", f"#!/bin/sh\necho x >> {runs}\n")
    installation.write_config(sections=collector("counting", counting, interval="1h"))
    agent = start(installation, clock)
    wait_until(lambda: runs.read_text(), 20, "the first poll")
    installation.wait_for_report(lambda report: True, 20, "a report", agent)
    for step in range(50):
        clock.set(100 * (step % 2) + 100)
        time.sleep(0.1)
    assert 2 <= len(runs.read_text().split()) <= 4
    assert installation.stop(agent) == 0


def test_no_process_can_be_started_for_a_while(failing, clock):
    """Collectors fail and say why; the agent lives, and they work again by themselves."""
    agent = start(failing, clock)
    failing.wait_for_report(lambda report: report.value("collector_success", "failing") == 0, 20, "a report", agent)
    stopped = pathlib.Path(f"{clock.offset}.no-fork")
    stopped.touch()
    failing.wait_for_report(
        lambda report: any("cannot fork: Resource temporarily unavailable" in problem["message"] for problem in report.problems), 20, "the reason", agent
    )
    script(failing.directory, "failing", "#!/bin/sh\nexit 0\n")
    stopped.unlink()
    failing.wait_for_report(lambda report: report.value("collector_success", "failing") == 1, 40, "it works again", agent)
    assert failing.stop(agent) == 0
