"""A Debian system in a directory, for tests/suites and tests/arm64. debootstrap makes it once; an archive keeps it, named by a digest of
its inputs; each run unpacks it. Needs root.

Each run has its own mount and process namespaces, so that no mount and no process outlives it, even if it is killed."""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lab"))
from guest import built_once, cache_directory, digest, mirror, run as logged  # noqa: E402
from source_tree import SOURCE, copy_source_files  # noqa: E402

LOGS = SOURCE / "build" / "logs"

NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
BEFORE_INSTALLING = r"""
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/unsafe
printf 'path-exclude=%s\n' '/usr/share/doc/*' '/usr/share/locale/*' '/usr/share/man/*' > /etc/dpkg/dpkg.cfg.d/small
printf 'Acquire::Languages "none";\nAPT::Install-Recommends "false";\n' > /etc/apt/apt.conf.d/91small
. /packages.sh
"""
AFTER_INSTALLING = r"""
rm -rf /etc/dpkg/dpkg.cfg.d/small /packages.sh /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb
"""


def why_not():
    """The reason why this machine cannot make such a system, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("debootstrap", "unshare", "zstd"):
        if not shutil.which(program):
            return f"{program} is not installed"
    if subprocess.run([*NAMESPACES, "--net", "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode != 0:
        return "no mount, process and network namespaces can be made here"
    try:
        site = mirror()
    except AssertionError as error:
        return str(error)
    return None if site.startswith(("http:", "https:", "file:")) else f"debootstrap cannot read {site}, which apt uses here"


def in_namespaces(name):
    """Runs this program again in namespaces of its own; its last argument is a temporary directory, removed at the end.
    Returns its exit status. Reports a skipped test where that is impossible."""
    reason = why_not()
    if reason:
        results = Results(name)
        results.skip(reason)
        return results.end()
    directory = tempfile.mkdtemp(prefix=f"lastgood-{name}-")

    def ends_with_us():
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

    child = None

    def stop(number, _):
        if child:
            child.kill()
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        child = subprocess.Popen([*NAMESPACES, sys.executable, *sys.argv, directory], stdin=subprocess.DEVNULL, preexec_fn=ends_with_us)
        return child.wait()
    finally:
        if child:
            child.kill()
            child.wait()
        remove(directory)


def remove(directory):
    """Removes it as soon as nobody writes into it any more: the last process of a namespace ends after unshare does."""
    deadline = time.monotonic() + 30
    while os.path.exists(directory) and time.monotonic() < deadline:
        shutil.rmtree(directory, ignore_errors=True)
        time.sleep(0.1)


class System:
    """A copy of the archived system, with the sources in /root/lastgood."""

    def __init__(self, directory, suite, install):
        """`install`: a bash script that runs once, when the system is made; it can use packages.sh."""
        packages = SOURCE / "packaging" / "packages.sh"
        name = f"suite_{suite}-" + digest(suite, BEFORE_INSTALLING, install, AFTER_INSTALLING, packages.read_text())
        self.suite, self.directory = suite, pathlib.Path(directory)
        self.tree = self.directory / "tree"
        with built_once(name, newest=2) as (kept, is_new):
            if is_new:
                self._make(kept, install, packages)
        self.tree.mkdir()
        subprocess.run(["tar", "-xf", cache_directory() / name / "tree.tar.zst", "--numeric-owner", "-C", self.tree], check=True)
        self._mount("/proc", "-t", "proc", "proc")
        self._mount("/sys", "--rbind", "/sys")
        self._mount("/dev", "--rbind", "/dev")
        copy_source_files(self.tree / "root" / "lastgood")
        shared = SOURCE.parent / "shared"
        if shared.is_dir():
            self._mount("/root/shared", "--bind", "-o", "ro", shared)
        ccache = pathlib.Path(os.environ.get("CCACHE_DIR") or pathlib.Path.home() / ".cache" / "ccache")
        ccache.mkdir(parents=True, exist_ok=True)
        self._mount("/root/.cache/ccache", "--bind", ccache)

    def _mount(self, at, *arguments):
        point = self.tree / at[1:]
        point.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", *arguments, point], check=True)

    def _make(self, kept, install, packages):
        log, tree = kept / "build.log", self.tree
        print(f"making a system of Debian's {self.suite} (kept in {kept.parent})", flush=True)
        logged(log, "debootstrap", "--variant=minbase", "--include=iproute2", self.suite, tree, mirror())
        machine = subprocess.run(["apt-config", "dump", "Acquire"], stdout=subprocess.PIPE, check=True).stdout  # such as a proxy
        (tree / "etc/apt/apt.conf.d/90machine").write_bytes(machine)
        shutil.copy(packages, tree / "packages.sh")
        self._mount("/proc", "-t", "proc", "proc")
        environment = ("/usr/bin/env", "-i", PATH, "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
        logged(log, "chroot", tree, *environment, "bash", "-euc", BEFORE_INSTALLING + install + AFTER_INSTALLING)
        subprocess.run(["umount", tree / "proc"], check=True)
        logged(log, "tar", "-cf", kept / "tree.tar.zst", "-I", "zstd -1 -T0", "--one-file-system", "--numeric-owner", "-C", tree, ".")
        shutil.rmtree(tree)

    def bash(self, script, seconds, log):
        """Runs a script in the system, with a loopback of its own as the only network. Returns (status, output) and logs the output."""
        # CI is not passed on: promtool and similar programs are not installed here, so their tests must skip themselves.
        passed_on = [f"{name}={os.environ[name]}" for name in ("LASTGOOD_TESTS_RUN",) if name in os.environ]
        command = [
            "unshare", "--net", "chroot", self.tree, "/usr/bin/env", "-i", PATH, "HOME=/root", "LANG=C.UTF-8", *passed_on,
            "bash", "-euo", "pipefail", "-c", "ip link set lo up; cd /root/lastgood\n" + script,
        ]
        with open(log, "w+", encoding="utf-8", errors="replace") as output:
            try:
                status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=seconds, check=False).returncode
            except subprocess.TimeoutExpired:
                status = 124
                output.write(f"\nnot done after {seconds} s\n")
            output.seek(0)
            return status, output.read()


TELLS = re.compile(r"\bERROR\b|\bFAIL(ED|URE)?\b|is NOT correct|\berror:|^[EW]: |not done after")


def what_failed(output, most=60):
    """The lines that tell what failed, first ones first, each with its neighbours; then the last lines. At most `most` and 15."""
    lines = output.splitlines()
    end = max(len(lines) - 15, 0)
    near = {at for number, line in enumerate(lines) if TELLS.search(line) for at in range(max(number - 3, 0), min(number + 3, end))}
    shown, before = [], -1
    for at in sorted(near)[:most] + list(range(end, len(lines))):
        if at > before + 1:
            shown.append("[…]")
        shown.append(lines[at][:300])
        before = at
    return shown


def first_failure(output):
    """The first line that tells what failed: that of an assertion if there is one. Empty if none tells."""
    lines = [line.strip() for line in output.splitlines()]
    for tells in (re.compile("is NOT correct"), TELLS):
        for line in lines:
            if tells.search(line):
                return line[:200]
    return ""


class Results:
    """Counts cases, prints them as tests/run does, and writes them as JUnit XML to build/logs/NAME.xml."""

    def __init__(self, name):
        self.name, self.cases = name, []
        LOGS.mkdir(parents=True, exist_ok=True)

    def step(self, what, system, script, seconds=600, forbidden=()):
        """Runs one case: it passes if the script ends with status 0 and prints no forbidden text."""
        begin = time.monotonic()
        log = LOGS / f"{self.name}-{what.replace(' ', '-')}.log"
        status, output = system.bash(script, seconds, log)
        found = [word for word in forbidden if word in output]
        took = f"{time.monotonic() - begin:.0f} s"
        if status == 0 and not found:
            self._add("PASS", f"{what} ({took})", None)
            return
        print("".join(f"    {line}\n" for line in what_failed(output)), end="")
        why = f"status {status}: {first_failure(output)}" if status else f"it says “{found[0].strip()}”"
        self._add("FAIL", f"{what} ({took})", f"{why}; log: {log}")

    def skip(self, reason):
        self._add("skipped", "all of it", reason)

    def _add(self, verdict, what, reason):
        self.cases.append((verdict, what, reason))
        print(f"{verdict}: {self.name}: {what}" + (f": {reason}" if reason else ""), flush=True)

    def end(self):
        """Prints the totals. Returns the exit status."""
        suite = ElementTree.Element("testsuite", name=self.name)
        for verdict, what, reason in self.cases:
            case = ElementTree.SubElement(suite, "testcase", classname=self.name, name=what)
            if verdict != "PASS":
                ElementTree.SubElement(case, "failure" if verdict == "FAIL" else "skipped", message=reason)
        ElementTree.ElementTree(suite).write(LOGS / f"{self.name}.xml")
        passed, failed, skipped = ([case[0] for case in self.cases].count(verdict) for verdict in ("PASS", "FAIL", "skipped"))
        print(f"{passed} passed, {failed} failed, {skipped} skipped")
        return 1 if failed else 0
