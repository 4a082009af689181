"""Fixtures of the lab. A scenario that cannot run here fails with the reason; none is skipped."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "end_to_end")]

from lab import WHOLE, Lab  # noqa: E402
from power_cuts import PowerCuts  # noqa: E402

SOURCE = HERE.parent.parent
KEPT = SOURCE / "build" / "lab"  # console, journal and report of each scenario's last run


def pytest_addoption(parser):
    parser.addoption("--keep", action="store_true", help="leave the machine running and open a shell in it")


@pytest.fixture(scope="session")
def deb():
    """The package built from these sources."""
    built = subprocess.run([SOURCE / "packaging" / "build-deb"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(built.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def whole_lab(deb, tmp_path_factory):
    for program in ("qemu-system-x86_64", "qemu-img", "debootstrap", "prometheus"):
        assert shutil.which(program), f"the lab needs {program}, which is not installed"
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert free > 2 << 30, f"the lab needs 2 GiB of free memory, and there are {free >> 20} MiB"
    made = Lab(deb, tmp_path_factory.mktemp("lab"))
    yield made
    for server in made.servers:  # servers that several scenarios share
        leave(server, KEPT / server.directory.name)


@pytest.fixture(scope="session")
def power_cuts(whole_lab):
    cuts = PowerCuts(whole_lab, KEPT / "power_cuts")
    yield cuts
    cuts.stop()


@pytest.fixture(scope="session", autouse=True)
def begin_what_takes_long(request):
    if any("power_cuts" in item.fixturenames for item in request.session.items):
        request.getfixturevalue("power_cuts")


def leave(server, kept):
    """Switches the server off; copies console, journal, report and status to `kept`."""
    if server.machine.agent:
        server.keep_evidence()
    server.stop()
    kept.mkdir(parents=True, exist_ok=True)
    for pattern in ("*.log", "*.txt", "*.json"):
        for file in server.directory.glob(pattern):
            shutil.copy(file, kept / file.name)
    shutil.rmtree(server.directory)


@pytest.fixture
def leave_after(whole_lab):
    """leave_after(server): the server is switched off after this scenario, the last one that needs it."""
    servers = []
    yield servers.append
    for server in servers:
        whole_lab.servers.remove(server)
        leave(server, KEPT / server.directory.name)


def pytest_configure(config):
    config.addinivalue_line("markers", "whole: a story that `tests/run long` tells at full length")
    config.addinivalue_line("markers", "only_whole: only `tests/run long` plays it")
    config.addinivalue_line("markers", "after_arrays: the minutes that it waits for pass beside the scenarios of arrays")
    config.addinivalue_line("markers", "last: runs after all others, because it waits for what runs beside them")


def pytest_collection_modifyitems(items):
    """Sorts the scenarios: the healthy server first, its end as soon as it has run long enough; the others keep their order."""

    def turn(item):
        if item.get_closest_marker("last"):
            return 4
        if item.get_closest_marker("after_arrays"):
            return 2
        if "healthy" in item.fixturenames:
            return 0
        return 1 if item.path.name == "test_arrays.py" else 3

    if not WHOLE:
        items[:] = [item for item in items if not item.get_closest_marker("only_whole")]
    items.sort(key=turn)


def evidence_of(item):
    return KEPT / item.name.removeprefix("test_")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Writes a failure to the scenario's directory at once, because pytest prints it only after all scenarios."""
    report = (yield).get_result()
    if report.failed:
        item.failed = True
        evidence_of(item).mkdir(parents=True, exist_ok=True)
        (evidence_of(item) / f"failed-{report.when}.txt").write_text(report.longreprtext)


@pytest.fixture
def lab(whole_lab, request):
    """Makes servers and stops them after the scenario; build/lab/SCENARIO/ keeps console, journal and report."""
    kept = evidence_of(request.node)
    shutil.rmtree(kept, ignore_errors=True)
    first = len(whole_lab.servers)
    try:
        yield whole_lab
        for server in whole_lab.servers[first:]:
            if not hasattr(request.node, "failed"):
                server.expect_no_innocent_alerted()
    finally:
        mine, whole_lab.servers[first:] = whole_lab.servers[first:], []
        for server in mine:
            if server.machine.agent and request.config.getoption("--keep"):
                open_shell(server, request.config.pluginmanager.getplugin("capturemanager"))
            leave(server, kept)


def open_shell(server, capture):
    """Opens a root shell in the machine, which runs until the user leaves the shell."""
    with capture.global_and_fixture_disabled():
        print(f"\n{server.directory.name} runs on; its /metrics: http://127.0.0.1:{server.machine.port}/metrics", flush=True)
        print(f"Prometheus: http://127.0.0.1:{server.monitoring.prometheus_port}" if server.monitoring else "no Prometheus")
        print("A root shell in it; Ctrl-] leaves it and switches the machine off.", flush=True)
        terminal = "-,raw,echo=0,escape=0x1d" if sys.stdin.isatty() else "-"
        subprocess.run(["socat", terminal, f"UNIX-CONNECT:{server.machine.directory}/shell.sock"], check=False)
