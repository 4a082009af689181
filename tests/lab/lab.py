"""A server of the lab: a virtual machine with lastgood installed, a Prometheus outside that scrapes it, and the checks that scenarios
use for both."""

import hashlib
import inspect
import json
import os
import pathlib
import re
import subprocess
import time

from guest import built_once, cache_directory, digest, guest_image
from lastgood import Report, free_port, http_get, wait_until
from machine import Machine
from monitoring import Monitoring

# The drives of every server; NVMe, virtio SCSI, MegaRAID and more USB drives are plugged in while it runs.
RACK = {"sata": 4, "ata": 1, "sas": 2, "usb": 1}
# A healthy server has no finding, so its root filesystem needs a backup.
CONFIG = '[[backup]]\nname = "system"\nstamp = "/var/backups/system-done"\ncovers = ["/"]\ncrosses_mounts = true\nmax_age = "30d"\n'
BAD = ("warning", "critical")


def severity_of(finding):
    """Of a finding or an alert: "unknown" if lastgood cannot tell."""
    return finding.get("certainty") or finding["severity"]


# Only `tests/run long` runs some scenarios at full length.
WHOLE = os.environ.get("LASTGOOD_LAB_WHOLE", "") == "1"


class Lab:
    """Makes servers. Each starts from the frozen memory and disks of a machine that booted once and has lastgood newly installed."""

    def __init__(self, deb, directory):
        self.deb, self.directory = pathlib.Path(deb), pathlib.Path(directory)
        self.servers = []
        fields = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], stdout=subprocess.PIPE, text=True, check=True).stdout
        # The first of alternatives. dpkg checks the versions when it installs the package.
        self.guest = guest_image(re.findall(r"(?:^|, )([a-z0-9.+-]+)", fields.strip()))
        self.frozen_bare = self._freeze("bare", self._boot)
        self.frozen = self._freeze("server", self._install, hashlib.sha256(self.deb.read_bytes()).hexdigest())

    def _freeze(self, name, make, *inputs):
        version = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        code = [(pathlib.Path(__file__).parent / "machine.py").read_text(), inspect.getsource(make), RACK, CONFIG]
        name = f"{name}-" + digest(self.guest.name, version, *code, *inputs)
        with built_once(name) as (directory, is_new):
            if is_new:
                machine = make(directory)
                try:
                    machine.freeze(directory / "memory")
                finally:
                    machine.power_off()
                (directory / "drives.json").write_text(
                    json.dumps([[drive.kind, drive.serial, drive.image.name] for drive in machine.drives])
                )
        return cache_directory() / name

    def _boot(self, directory):
        """A booted machine with the drives of RACK, without lastgood."""
        machine = Machine(directory, self.guest / "vmlinuz", self.guest / "initrd", self.guest / "root.img", free_port())
        for kind, count in RACK.items():
            for _ in range(count):
                machine.add_drive(kind)
        machine.power_on()
        machine.wait_until_booted()
        return machine

    def _install(self, directory):
        """The same machine with lastgood installed, stopped and without saved state."""
        machine = self.thaw(self.frozen_bare, directory)
        install(machine, self.deb)
        machine.run(
            "systemctl stop lastgood lastgood-exporter && rm -rf /var/lib/lastgood/* && mkdir /var/lib/lastgood/inbox"
            " && dmesg --clear && journalctl --rotate --quiet && journalctl --vacuum-time=1s --quiet"
        )
        machine.agent.write_file("/etc/lastgood/conf.d/lab.toml", CONFIG.encode())
        return machine

    def thaw(self, frozen, directory, background=False):
        """A running copy of a frozen machine. `background`: it gets a low priority."""
        machine = Machine(directory, self.guest / "vmlinuz", self.guest / "initrd", frozen / "root.qcow2", free_port(), background)
        for kind, serial, image in json.loads((frozen / "drives.json").read_text()):
            machine.add_drive(kind, serial, base=frozen / image)
        machine.power_on(frozen / "memory")
        return machine

    def server(self, name, start=True, **plugged):
        """A server with the drives of RACK plus further ones: server("rebuild", scsi=4, nvme=2)."""
        directory = self.directory / name
        machine = self.thaw(self.frozen, directory)
        server = Server(machine, directory)
        self.servers.append(server)
        for kind, count in plugged.items():
            for _ in range(count):
                machine.plug(kind)
        machine.run("touch /var/backups/system-done; udevadm settle")
        if start:
            server.start()
        return server

    def bare_machine(self, name):
        """A machine without lastgood."""
        machine = self.thaw(self.frozen_bare, self.directory / name)
        self.servers.append(Server(machine, self.directory / name))
        return machine


def install(machine, deb):
    """Installs the package from a file, as an administrator would."""
    machine.agent.write_file("/root/lastgood.deb", pathlib.Path(deb).read_bytes())
    machine.run("DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends /root/lastgood.deb", 180)


class Server:
    """A machine with lastgood and the Prometheus that scrapes it, as scenarios use them."""

    def __init__(self, machine, directory):
        self.machine, self.directory = machine, directory
        self.monitoring = None
        self.suspects = set()  # subjects that the scenario has named so far

    # --- actions

    def start(self, health=True):
        """Starts lastgood and the Prometheus outside. Returns after the first report and the first scrape.

        With health=False it does not wait until every drive was asked for its health."""
        self.machine.run("systemctl start lastgood lastgood-exporter")
        if health:
            self.wait_for_collectors()
        self.monitoring = Monitoring(self.directory / "monitoring")
        self.monitoring.start(self.machine.port, self.machine.run("cat /usr/share/lastgood/lastgood.rules.yml"))
        self.expect("lastgood_report_timestamp_seconds", within=30)

    def wait_for_collectors(self, seconds=60):
        """Waits until every drive was asked for its health or was found to have no health data."""

        def asked():
            info = {item["labels"]["serial"]: item["labels"] for item in self.report().select("drive_info")}
            return all(info.get(drive.serial, {}).get("reader") for drive in self.drives)

        wait_until(asked, seconds, "every drive was asked for its health", step=0.5)

    @property
    def drives(self):
        return self.machine.drives

    def drive(self, name):
        return next(drive for drive in self.drives if drive.name == name)

    def run(self, command, seconds=60, **options):
        return self.machine.run(command, seconds, **options)

    def plug(self, kind, **options):
        return self.machine.plug(kind, **options)

    def read_sector(self, device, sector):
        """Reads a sector, bypassing the page cache. The read may fail."""
        self.run(f"dd if={device} of=/dev/null bs=512 skip={sector} count=1 iflag=direct", check=False)

    def simulate_drives(self, count, options=""):
        """Adds drives that the guest's kernel simulates (scsi_debug). Returns their ids in lastgood."""
        self.run(f"modprobe scsi_debug dev_size_mb=8 num_tgts={count} max_luns=1 {options}; udevadm settle --timeout=300", 600)
        wwns = self.run("cat /sys/bus/pseudo/drivers/scsi_debug/adapter0/host*/target*/*/wwid").split()
        assert len(wwns) == count, f"of {count} drives there are {len(wwns)}"
        return [wwn.replace("naa.", "wwn-0x") for wwn in wwns]

    def configure(self, text):
        """Adds TOML to the configuration; a running agent reloads it."""
        number = next(self.machine.counter)
        file = f"/etc/lastgood/conf.d/scenario{number}.toml"
        self.machine.agent.write_file(file, text.encode())
        self.run(f"chmod 644 {file}; systemctl try-reload-or-restart lastgood")  # one that everybody may write is refused if lastgood writes

    # --- queries

    def status(self):
        """Exit status and output of `lastgood status` in the guest."""
        status, output, errors = self.run("lastgood status", check=False)
        return status, output + errors

    def report(self):
        """The report of `lastgood status --json` in the guest."""
        status, output, errors = self.run("lastgood status --json", check=False)
        assert status in (0, 1, 2, 3), f"lastgood status ended with {status}: {errors}"
        return Report(output)

    def id_of(self, drive, seconds=20):
        """lastgood's id of a drive, found by the serial number that the lab gave it."""
        return wait_until(lambda: self._id_of(drive), seconds, f"lastgood knows {drive.name}, serial {drive.serial}", step=0.2)

    def _id_of(self, drive):
        found = [item["subject"] for item in self.report().select("drive_info", serial=drive.serial)]
        # A drive behind a RAID controller may have the same serial as its volume.
        return sorted(found, key=len)[0] if found else None

    def metrics(self):
        return http_get(self.machine.port, "/metrics", seconds=20)[1]

    def query(self, expression):
        """The answer of Prometheus outside: [(labels, value)]."""
        return self.monitoring.query(expression)

    def value(self, expression):
        """The sum of the values that Prometheus outside answers; None without a value."""
        found = self.query(expression)
        return sum(value for _, value in found) if found else None

    def findings(self, severities=BAD):
        """{(rule, subject)} of the findings in `lastgood status --json`."""
        return {(finding["rule"], finding["subject"]) for finding in self.report().findings if severity_of(finding) in severities}

    def alerts(self, severities=("critical", "warning", "unknown")):
        """{(alert name, subject)} of the firing alerts in Prometheus outside."""
        firing = (alert["labels"] for alert in self.monitoring.firing_in_prometheus())
        return {(labels["alertname"], subject_of(labels)) for labels in firing if severity_of(labels) in severities}

    # --- expectations

    def expect(self, expression, within=30):
        """Waits until the PromQL expression has a result, at most `within` seconds. Returns the result."""
        return wait_until(lambda: self.query(expression), within, f"{expression} has a result", step=0.2)

    def expect_none(self, expression, within=30):
        wait_until(lambda: not self.query(expression), within, f"{expression} has no result", step=0.2)

    def expect_finding(self, rule, subject="", within=30):
        """Waits until `lastgood status --json` shows the finding and its alert fires in Prometheus. Returns the finding."""
        self.suspects.add(subject)
        self._wait_for_findings(lambda: any(self._match(rule, subject)), within, f"finding {rule} of {subject}")
        name = alert_name(rule)

        def fires():
            return any(alert == name and subject in ("", of) for alert, of in self.alerts())

        wait_until(fires, within, f"alert {name} of {subject} fires in Prometheus", step=0.3)
        return next(iter(self._match(rule, subject)), None)

    def expect_no_finding(self, rule, subject="", within=30):
        """Waits until the finding has ended, on the host and in Prometheus."""
        self._wait_for_findings(lambda: not any(self._match(rule, subject)), within, f"end of the finding {rule} of {subject}")
        name = alert_name(rule)
        wait_until(
            lambda: not any(alert == name and subject in ("", of) for alert, of in self.alerts()),
            within, f"alert {name} of {subject} is resolved", step=0.3,
        )  # fmt: skip

    def expect_blamed(self, *subjects, within=10):
        """Waits until exactly these subjects have a finding worse than unknown, on the host and in Prometheus."""
        wanted = set(subjects)
        self.suspects |= wanted

        def blamed():
            return {subject for _, subject in self.findings()} == wanted

        def blamed_outside():
            return {subject for _, subject in self.alerts(BAD)} == wanted

        self._wait_for_findings(blamed, within, f"findings of {sorted(wanted)} and of nobody else")
        self._wait_for_findings(blamed_outside, 10, f"alerts of {sorted(wanted)} and of nobody else")

    def expect_no_innocent_alerted(self):
        """Checks that during the whole scenario no subject that it has not named had an alert worse than unknown."""
        if self.monitoring:
            ever = self.query('max_over_time(ALERTS{alertstate="firing",certainty="",severity=~"' + "|".join(BAD) + '"}[3h])')
            innocent = {(labels["alertname"], subject_of(labels)) for labels, _ in ever if subject_of(labels) not in self.suspects}
            assert not innocent, f"alerts of innocents: {sorted(innocent)}"

    def _match(self, rule, subject):
        return [finding for finding in self.report().findings if finding["rule"] == rule and subject in ("", finding["subject"])]

    def _wait_for_findings(self, condition, within, what):
        try:
            return wait_until(condition, within, what, step=0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.status()[1]}") from None

    # --- end

    def keep_evidence(self):
        """Writes journal, report, status and state of the units to the server's directory, to explain a failure."""
        for name, command in {
            "journal.txt": "journalctl --no-pager -o short-precise",
            "report.json": "cat /run/lastgood/report.json",
            "status.txt": "lastgood status; lastgood status --json",
            "units.txt": "systemctl status --no-pager lastgood lastgood-exporter; systemctl --failed --no-pager",
        }.items():
            try:
                _, output, errors = self.run(command, 60, check=False)
            except Exception as error:  # the scenario may have made the guest hang
                output, errors = "", f"could not be read: {error!r}\n"
            (self.directory / name).write_text(output + errors)

    def stop(self):
        if self.monitoring:
            self.monitoring.stop()
        self.machine.cut_power()


def subject_of(labels):
    kinds = ("drive", "array", "filesystem", "backup", "collector")
    return next((labels[kind] for kind in kinds if kind in labels), "")


def alert_name(rule):
    """The name of a rule's alert in `lastgood rules`."""
    return "Lastgood" + "".join(word.capitalize() for word in rule.split("_"))
