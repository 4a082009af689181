"""The temporary disk: data that is moved to where no backup takes it, and data whose backup is switched off."""

import json
import os
import subprocess
import time

import pytest
from conftest import needs_loop_devices
from loop_device import run

FAST = '[collectors.data]\ninterval = "1s"\n[collectors.backups]\ninterval = "1s"\n[collectors.filesystems]\ninterval = "1s"\n'
DAY = 86400


def backup(name, covers, **other):
    more = "".join(f"{key} = {value}\n" for key, value in other.items())
    return f'[[backup]]\nname = "{name}"\nrestic = "/nowhere/restic"\ncovers = ["{covers}"]\nmax_age = "26h"\n{more}'


class Host:
    """A database's directory on the disk of the system, and the cloud's temporary disk."""

    def __init__(self, installation, directory):
        self.installation, self.directory = installation, directory
        self.database, self.disk = directory / "mysql", directory / "resource"
        self.disk.mkdir()
        self.fill(self.database)

    @staticmethod
    def fill(database):
        database.mkdir()
        for name in ("ibdata1", "aria_log_control"):
            (database / name).write_bytes(b"x" * 4096)

    def mount_disk(self):
        image = self.directory / "image"
        run("truncate", "--size=160M", str(image))
        run("mkfs.ext4", "-q", "-F", str(image))
        run("mount", "-o", "loop", str(image), str(self.disk))
        (self.disk / "DATALOSS_WARNING_README.txt").write_text("Data on this disk is lost.\n")

    def begin(self, sections, extra=""):
        self.installation.write_config(extra=extra, sections=sections + FAST)
        return self.installation.start("agent")

    def expect(self, subject, *rules):
        def holds(report):
            return {finding["rule"] for finding in report.findings if finding.get("subject") == str(subject)} == set(rules)

        return self.installation.wait_for_report(holds, 30, f"{subject}: {rules}")

    def summary(self, report, rule, subject):
        (finding,) = report.find(rule, str(subject))
        assert finding["severity"] == "critical"
        return finding["summary"]


@pytest.fixture
def host(installation, tmp_path, root):
    needs_loop_devices()
    made = Host(installation, tmp_path)
    made.mount_disk()
    yield made
    for place in (made.database, made.disk):
        subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)


WAYS = {
    "the root": lambda host: backup("machine", "/"),
    "the root, crossing mounts": lambda host: backup("machine", "/", crosses_mounts="true"),
    "the database's old place": lambda host: backup("machine", host.database),
    "no backup": lambda host: "",
    "a stamp": lambda host: f'[[backup]]\nname = "machine"\nstamp = "/nowhere/stamp"\ncovers = ["/"]\nmax_age = "26h"\n',
    "a unit": lambda host: f'[[backup]]\nname = "machine"\nsystemd = "backup.service"\ncovers = ["/"]\nmax_age = "26h"\n',
}


@pytest.mark.parametrize("way", WAYS)
def test_data_on_a_temporary_disk_is_told_at_the_first_look(host, way):
    (host.disk / "shop").write_bytes(os.urandom(70 << 20))
    agent = host.begin(WAYS[way](host))
    report = host.expect(f"temporary {host.disk}", "data_on_temporary_disk")
    said = host.summary(report, "data_on_temporary_disk", f"temporary {host.disk}")
    assert str(host.disk) in said and "70.0 MiB" in said, said
    assert host.installation.call("status").returncode == 2
    assert host.installation.stop(agent) == 0
    host.begin(WAYS[way](host) + backup("resource", host.disk))
    host.expect(f"temporary {host.disk}")


def by_link(host):
    new = host.disk / "mysql"
    run("mv", str(host.database), str(new))
    host.database.symlink_to(new)
    return new


def by_bind_mount(host):
    new = host.disk / "mysql"
    run("mv", str(host.database), str(new))
    host.database.mkdir()
    run("mount", "--bind", str(new), str(host.database))
    return "ext4 on /dev/loop"


def by_mount(host):
    run("umount", str(host.disk))
    run("mount", "-o", "loop", str(host.directory / "image"), str(host.database))
    for name in ("ibdata1", "aria_log_control"):
        (host.database / name).write_bytes(b"x" * 4096)
    return "ext4 on /dev/loop"


@pytest.mark.parametrize("running", [True, False], ids=["while the agent runs", "while it does not"])
@pytest.mark.parametrize("move", [by_link, by_bind_mount, by_mount])
@pytest.mark.parametrize("covers", ["/", "database"])
def test_data_that_is_moved_is_told_with_both_places(host, move, running, covers):
    sections = backup("machine", "/" if covers == "/" else host.database)
    agent = host.begin(sections, f'[data]\nprecious = ["{host.database}"]')
    subject = f"precious {host.database}"
    host.installation.wait_for_report(lambda report: report.value("data_backed_up", subject) == 1)
    if not running:
        assert host.installation.stop(agent) == 0
    to = move(host)
    is_followed = covers != "/" and move is not by_link  # the covered path is the mount itself
    if not running:
        agent = host.begin(sections, f'[data]\nprecious = ["{host.database}"]')
    if is_followed:
        report = host.installation.wait_for_report(lambda report: report.value("data_ephemeral", subject) == 1)
        assert host.expect(subject).value("data_backed_up", subject) == 1
        return
    report = host.expect(subject, "data_moved")
    said = host.summary(report, "data_moved", subject)
    assert f"moved to {to}" in said and "no backup" in said, said
    since = report.value("data_moved_timestamp_seconds", subject)
    assert time.time() - 60 < since <= time.time()
    assert host.installation.stop(agent) == 0
    agent = host.begin(sections, f'[data]\nprecious = ["{host.database}"]')
    report = host.expect(subject, "data_moved")
    assert report.value("data_moved_timestamp_seconds", subject) == since
    assert str(host.database) in host.installation.call("status").stdout
    assert host.installation.stop(agent) == 0
    # A backup of the new place ends it.
    host.begin(sections + backup("resource", host.disk) + backup("there", host.database.resolve()), f'[data]\nprecious = ["{host.database}"]')
    host.expect(subject)


def test_data_whose_backups_are_paused_is_told_by_its_name(host):
    precious = f'[data]\nprecious = ["{host.database}"]'
    subject = f"precious {host.database}"
    end = time.strftime("%Y-%m-%d", time.localtime(time.time() + 30 * DAY))
    pause = {"paused_until": end, "paused_by": '"anna"', "paused_reason": '"a migration"'}
    agent = host.begin(backup("db8", host.database, **pause), precious)
    host.installation.wait_for_report(lambda report: report.find("data_backups_paused", subject))
    assert "only paused backups" in host.installation.call("status").stdout
    assert host.installation.stop(agent) == 0
    host.begin(backup("db8", host.database, **pause) + backup("another", host.database), precious)
    host.installation.wait_for_report(lambda report: report.value("data_backed_up", subject) == 1 and not report.find("data_backups_paused"))


def test_backups_that_are_removed_are_told_by_the_data_for_years(host):
    """The rebuild: off since a migration, 2.5 years."""
    precious = f'[data]\nprecious = ["{host.database}"]'
    subject = f"precious {host.database}"
    agent = host.begin(backup("db8", host.database), precious)
    host.installation.wait_for_report(lambda report: report.value("data_backed_up", subject) == 1)
    assert host.installation.stop(agent) == 0
    agent = host.begin("", precious)
    report = host.expect(subject, "data_dropped")
    assert "lost its backup db8" in host.summary(report, "data_dropped", subject)
    assert host.installation.stop(agent) == 0
    memory = host.installation.state / "data.json"
    remembered = json.loads(memory.read_text())
    for key in ("covered_at", "lost_at"):
        remembered["paths"][str(host.database)][key] -= 912 * DAY
    memory.write_text(json.dumps(remembered))
    agent = host.begin("", precious)
    host.installation.wait_for_report(lambda report: report.value("data_dropped_timestamp_seconds", subject))
    report = host.expect(subject, "data_dropped")
    assert "912 d" in host.summary(report, "data_dropped", subject)
    assert host.installation.stop(agent) == 0
    host.begin(backup("db8", host.database), precious)
    host.expect(subject)
