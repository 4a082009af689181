"""tests/run itself: what is interrupted leaves nothing behind, and no result is lost or taken from an earlier run."""

import glob
import importlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from conftest import needs_loop_devices
from lastgood import SOURCE, wait_until

# One after the other: each run removes what killed ones left.
pytestmark = pytest.mark.xdist_group("tests/run")

NO_PACKAGES = "build_packages=() package_packages=() test_packages=()\ninstall_packages() { :; }\nmissing_packages() { :; }\n"
# The only test of the copy; what it starts is deaf to all signals but SIGKILL.
DEAF = """
import os, pathlib, subprocess, time
def test_it():
    for _ in range(5):
        subprocess.Popen(["sh", "-c", "trap '' TERM INT HUP; while :; do sleep 0.1; done"], start_new_session=True)
    pathlib.Path("ready").write_text(os.environ["TMPDIR"])
    time.sleep(100)
"""


class Clone:
    """A source tree that has tests/run and one test, and needs no packages."""

    def __init__(self, directory, test):
        self.directory = directory
        for name in ("tests/run", "tests/results.py", "tests/builds.sh"):
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(SOURCE / name, directory / name)
        self.write("packaging/packages.sh", NO_PACKAGES)
        self.write("tests/lint/test_it.py", test)
        (directory.parent / "tests").mkdir(exist_ok=True)
        self.runs = []

    def write(self, name, text):
        (self.directory / name).parent.mkdir(parents=True, exist_ok=True)
        (self.directory / name).write_text(text)

    def start(self):
        # The default of pytest's directory is below our own TMPDIR, and an inner pytest must not use the outer one's plug-ins.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        kept["CDPATH"] = f"{self.directory.parent}:."  # makes cd(1) print a path, or go elsewhere
        run = subprocess.Popen(
            ["tests/run", "lint"], cwd=self.directory, env=kept, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self.runs.append(run)
        return run

    def start_and_wait(self):
        """Returns the run and its temporary directory, once the test is under way."""
        ready = self.directory / "ready"
        ready.unlink(missing_ok=True)
        run = self.start()
        return run, wait_until(lambda: ready.exists() and ready.read_text(), 60, "the test is under way")

    def clean_up(self):
        for run in self.runs:
            if run.poll() is None:
                run.terminate()
            run.communicate()


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path / "a clone", DEAF)
    yield made
    made.clean_up()


def marked(directory):
    """The processes of the run with this temporary directory."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            if f"-{directory}".encode() in pathlib.Path(path).read_bytes():
                found.append(path)
        except OSError:
            pass
    return found


def test_a_run_that_is_interrupted_more_than_once_leaves_nothing(clone):
    run, directory = clone.start_and_wait()
    assert len(marked(directory)) >= 5
    for number in 30 * (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if run.poll() is None:
            os.killpg(run.pid, number)  # as Ctrl-C does
        time.sleep(0.01)
    assert run.wait(20) == 130
    wait_until(lambda: not marked(directory), 5, "no process is left")
    assert not os.path.exists(directory)


def test_the_next_run_removes_what_a_killed_one_left(clone):
    run, directory = clone.start_and_wait()
    run.kill()
    run.wait()
    clone.write("tests/lint/test_it.py", "def test_it():\n    pass\n")
    output, _ = clone.start().communicate(timeout=60)
    assert output.endswith("2 passed, 0 failed, 0 skipped\n")
    assert not marked(directory) and not os.path.exists(directory)


def test_a_loop_device_ends_with_the_mount_that_has_its_file(clone, root):
    needs_loop_devices()
    clone.write(
        "tests/lint/test_it.py",
        "import pathlib, subprocess\n"
        "def test_it(tmp_path):\n"
        "    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'none', tmp_path], check=True)\n"
        "    subprocess.run(['truncate', '--size=1M', tmp_path / 'image'], check=True)\n"
        "    done = subprocess.run(['losetup', '--find', '--show', tmp_path / 'image'], capture_output=True, text=True, check=True)\n"
        "    pathlib.Path('device').write_text(done.stdout.strip())\n",
    )
    output, _ = clone.start().communicate(timeout=60)
    assert "1 passed, 1 failed, 0 skipped" in output and "left behind: /dev/loop" in output
    backing = f"/sys/block/{pathlib.Path(clone.directory / 'device').read_text()[5:]}/loop/backing_file"
    wait_until(lambda: not os.path.exists(backing), 10, "the loop device is detached")


def test_results_that_cannot_be_written_or_removed_fail(clone):
    good = "def test_it():\n    pass\n"
    clone.write("tests/lint/test_it.py", "import os\ndef test_it():\n    os.mkdir(os.environ['TMPDIR'] + '/results')\n")
    run = clone.start()
    assert "the results of lint are lost" in run.communicate(timeout=60)[0]
    assert run.returncode != 0
    clone.write("tests/lint/test_it.py", good)
    (clone.directory / "build/logs/lint.xml").unlink()
    (clone.directory / "build/logs/lint.xml").mkdir()  # cannot be removed by rm -f, as on a read-only disk
    run = clone.start()
    assert "cannot remove old results" in run.communicate(timeout=60)[0]
    assert run.returncode != 0


def test_a_part_that_is_killed_fails(clone):
    clone.write(
        "tests/lint/test_it.py",
        "import os, signal\n"
        "def test_it():\n"
        "    parent = os.getppid()  # timeout(1); its parent is the part\n"
        "    with open(f'/proc/{parent}/stat') as stat:\n"
        "        os.kill(int(stat.read().rsplit(')', 1)[1].split()[1]), signal.SIGKILL)\n",
    )
    run = clone.start()
    assert "lint: ended with status 137" in run.communicate(timeout=60)[0]
    assert run.returncode != 0


def test_a_failed_test_case_is_told_with_its_assertion(tmp_path):
    said = (
        "../../tests/a_test.cpp:7:\nTEST CASE:  one is two\n\n../../tests/a_test.cpp:9: ERROR: CHECK( one == two ) is NOT correct!\n"
        "  values: CHECK( 1 == 2 )\n\n../../tests/a_test.cpp:10: ERROR: CHECK( one == three ) is NOT correct!\n  values: CHECK( 1 == 3 )\n"
    )
    program = {"name": "lastgood:core / core", "result": "ERROR", "returncode": 1, "stdout": "not ok 1 - one is two\n", "stderr": said}
    (tmp_path / "log.json").write_text(json.dumps(program) + "\n")
    case = '<testcase name="1 - one is two" classname="core / core"><failure/></testcase>'
    (tmp_path / "log.xml").write_text(f"<testsuites><testsuite>{case}</testsuite></testsuites>")
    command = ["/usr/bin/python3", SOURCE / "tests/results.py", "unit", tmp_path / "log.xml", tmp_path / "log.json"]
    told = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
    assert told == "fail\tunit: core: one is two: tests/a_test.cpp:9: ERROR: CHECK( one == two ) is NOT correct! values: CHECK( 1 == 2 )\n"


def test_of_a_failed_step_what_failed_is_shown_first(monkeypatch):
    monkeypatch.syspath_prepend(SOURCE / "tests")
    chroot = importlib.import_module("chroot")
    output = "".join(f"{number} fine\n" for number in range(300)) + "a_test.cpp:9: ERROR: CHECK( one ) is NOT correct!\n" + "fine\n" * 100 + "Fail: 1\n"
    shown = chroot.what_failed(output)
    assert shown[1:4] == ["297 fine", "298 fine", "299 fine"] and shown[4].startswith("a_test.cpp:9: ERROR") and shown[-1] == "Fail: 1"
    assert len(chroot.what_failed("x: error: no\n" * 1000)) < 80
    assert chroot.first_failure("FAILED: a.o\n" + output) == "a_test.cpp:9: ERROR: CHECK( one ) is NOT correct!"
    assert chroot.first_failure("all is fine\n") == ""


def test_a_second_run_in_a_clone_waits(clone):
    first, _ = clone.start_and_wait()
    second = clone.start()
    assert "another tests/run" in second.stdout.readline()
    clone.write("tests/lint/test_it.py", "def test_it():\n    pass\n")
    first.terminate()
    assert first.wait(20) == 130
    assert second.communicate(timeout=60)[0].endswith("2 passed, 0 failed, 0 skipped\n")


def test_an_installation_that_is_killed_lets_services_start_again(tmp_path):
    policy = tmp_path / "policy-rc.d"
    script = """
        . packaging/packages.sh
        policy=$1 end=$2
        missing_packages() { echo a-package; }
        id() { echo 0; }
        as_root() {
            if [ "$1" != env ]; then "$@"; return; fi # else it is apt-get
            "$policy" nginx start
            [ $? -eq 101 ] && touch "$policy.forbids"
            "$end"
        }
        killed() { kill -KILL $$; }
        install_packages a-package
    """
    for end, status in (("killed", -9), ("true", 0)):  # the second replaces what the first left
        done = subprocess.run(["bash", "-c", script, "bash", policy, end], cwd=SOURCE, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        forbids = tmp_path / "policy-rc.d.forbids"
        assert forbids.exists(), done.stderr
        forbids.unlink()
        if end == "killed":
            assert subprocess.run([policy, "nginx", "start"], check=False).returncode == 0
    assert not policy.exists()
