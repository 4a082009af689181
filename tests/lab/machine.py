"""One virtual machine: its drives, their faults, power and reboot. Nothing here depends on lastgood."""

import dataclasses
import errno
import itertools
import json
import pathlib
import shutil
import subprocess
import time

from qmp import CommandFailed, GuestAgent, Qmp

MEMORY = 1024  # MiB
SLOTS = 8  # PCIe slots: the last one is for the MegaRAID controller, the others are for NVMe drives
MEGARAID = {"driver": "megasas-gen2", "id": "megaraid", "bus": f"slot{SLOTS - 1}"}
SECTOR = 512  # bytes, as in the kernel's messages


@dataclasses.dataclass
class Drive:
    """A drive of the machine. `name` is QEMU's device id, `serial` the serial number in the guest."""

    machine: "Machine"
    name: str
    kind: str  # sata (AHCI), ata (PIIX4), sas, scsi, megaraid, nvme or usb
    serial: str
    size: int  # MiB
    image: pathlib.Path
    wwn: int = 0
    properties: dict = dataclasses.field(default_factory=dict)  # further properties of QEMU's device

    @property
    def by_id(self):
        """The drive's stable path in the guest."""
        return {
            "sas": f"/dev/disk/by-id/wwn-0x{self.wwn:x}",
            "sata": f"/dev/disk/by-id/ata-QEMU_HARDDISK_{self.serial}",
            "ata": f"/dev/disk/by-id/ata-QEMU_HARDDISK_{self.serial}",
            "nvme": f"/dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_{self.serial}",
            "usb": f"/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_{self.serial}-0:0",
        }.get(self.kind, f"/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_{self.serial}")

    @property
    def device(self):
        """The current name in /dev of the guest: "sda". After a boot udev may need a while to make its links."""
        return self.machine.run(
            f"for i in $(seq 300); do [ -b {self.by_id} ] && break; sleep 0.1; done; basename $(readlink -e {self.by_id})"
        ).strip()

    # --- faults

    def fail(self, reads=(), writes=(), error="EIO", times=None):
        """From now on reads and writes of exactly these sectors fail ("all": every sector).

        `times`: only the next so many of each sector fail. `error`: SCSI drives report ENODATA as "medium error"."""
        rules = []
        once = times is not None
        for kind, sectors in (("read", reads), ("write", writes)):
            common = {"event": "none", "iotype": kind, "errno": getattr(errno, error), "once": once}
            of_sectors = [common] if sectors == "all" else [{**common, "sector": sector} for sector in sectors]
            rules += of_sectors * (times or 1)
        if writes == "all":
            rules.append({"event": "none", "iotype": "flush", "errno": 5, "once": False})
        node = f"{self.name}-bad-{next(self.machine.counter)}"
        self.machine.qmp.call("blockdev-add", **{"driver": "blkdebug", "node-name": node, "image": self.name, "inject-error": rules})
        self._use(node)

    def heal(self):
        self._use(self.name)

    def _use(self, node):
        """Replaces the node below the device, because the rules of an existing blkdebug node cannot be changed."""
        self.machine.qmp.call("qom-set", path=f"/machine/peripheral/{self.name}", property="drive", value=node)
        if old := self.machine.nodes.get(self.name):
            self.machine.qmp.call("blockdev-del", **{"node-name": old})
        self.machine.nodes[self.name] = None if node == self.name else node

    def stall(self):
        """Makes reads and writes hang (1 byte/s). Commands without data (SMART, health log) still answer if no read or write is in
        flight before them. QEMU hangs when the guest aborts or resets a waiting command, so first raise the guest's timeout
        (/sys/block/*/device/timeout). Stall an NVMe drive for less than a minute, its driver's timeout."""
        self._throttle(1)

    def slow_down(self, bytes_a_second):
        """Reads and writes take longer, each by its size. `stall` tells what QEMU does not bear."""
        self._throttle(bytes_a_second)

    def release(self):
        self._throttle(0)

    def _throttle(self, bytes_a_second):
        self.machine.qmp.call(
            "block_set_io_throttle", id=self.name, bps=bytes_a_second, bps_rd=0, bps_wr=0, iops=0, iops_rd=0, iops_wr=0
        )

    def warn(self, bits):
        """Sets the NVMe critical warnings (NVM Express Base Specification 1.4, figure 194, byte 0)."""
        self.machine.qmp.call("qom-set", path=f"/machine/peripheral/{self.name}", property="smart_critical_warning", value=bits)

    def copy_of_image(self):
        """A copy of what the drive holds now, as a provider makes one behind the guest's back. Returns its path."""
        copy = self.image.with_suffix(".copy")
        self.machine.qmp.call("stop")  # writes what QEMU holds back to the image
        shutil.copy(self.image, copy)
        self.machine.qmp.call("cont")
        return copy

    def pull(self):
        """Pulls the drive out while the machine runs."""
        self.machine.qmp.call("device_del", id=self.name)
        self.machine.qmp.wait_for_event("DEVICE_DELETED", device=self.name)
        self.machine.drives.remove(self)
        self.machine.detach_node(self.name)


class Machine:
    """A server with an AHCI, an older ATA, a SAS and a virtio SCSI controller, a USB bus, and slots for NVMe drives and a MegaRAID controller."""

    def __init__(self, directory, kernel, initrd, root, port, background=False):
        """`root`: the base image of the root disk's overlay. `port`: a loopback port, forwarded to the guest's port 9847."""
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.kernel, self.initrd, self.port = kernel, initrd, port
        self.niceness = "15" if background else "0"
        self.drives = []
        self.nodes = {}
        self.counter = itertools.count(1)
        self.process = self.qmp = self.agent = None
        self.ahead = 0  # seconds by which the guest's clock is ahead of this machine's
        self.root = self._overlay("root", root)

    # --- drives

    def _overlay(self, name, base=None, size=None):
        path = self.directory / f"{name}.qcow2"
        command = ["qemu-img", "create", "-q", "-f", "qcow2"]
        if base:
            command += ["-b", str(base), "-F", "qcow2" if str(base).endswith(".qcow2") else "raw"]
        command += [str(path)] + ([f"{size}M"] if size else [])
        subprocess.run(command, check=True)
        return path

    def add_drive(self, kind, serial=None, size=256, base=None, image=None):
        """Adds a drive before power on; later use plug(). `base`: the base image of a new image; `image`: an existing image to use."""
        taken = {drive.name for drive in self.drives}
        number = next(number for number in itertools.count(1) if f"{kind}{number}" not in taken)
        name = f"{kind}{number}"
        serial = serial or f"LAB{kind.upper()}{number}"
        image = image or self._overlay(f"{name}-{serial}", base=base, size=None if base else size)
        # The SAS controller shows only drives with an address (WWN) of their own.
        wwn = 0x5000C500A0000000 + sum(serial.encode()) * 256 + number if kind == "sas" else 0
        drive = Drive(self, name, kind, serial, size, image, wwn)
        self.drives.append(drive)
        return drive

    def _node(self, drive):
        file = {"driver": "file", "filename": str(drive.image), "cache": {"no-flush": True}}
        return {"driver": "qcow2", "node-name": drive.name, "file": file}

    def _device(self, drive):
        """QEMU's description of the device, as device_add takes it."""
        device = {"id": drive.name, "drive": drive.name, "serial": drive.serial, **drive.properties}
        address = int("".join(filter(str.isdigit, drive.name))) - 1
        match drive.kind:
            case "sata":
                return device | {"driver": "ide-hd", "bus": f"ide.{address}"}
            case "ata":
                return device | {"driver": "ide-hd", "bus": f"ata.{address}"}
            case "sas":
                return device | {"driver": "scsi-hd", "bus": "sas.0", "scsi-id": address, "wwn": drive.wwn}
            case "megaraid":
                return device | {"driver": "scsi-hd", "bus": "megaraid.0", "scsi-id": address}
            case "scsi":
                return device | {"driver": "scsi-hd", "bus": "scsi.0", "scsi-id": address}
            case "usb":
                return device | {"driver": "usb-storage", "bus": "usb.0"}
            case "nvme":
                return device | {"driver": "nvme", "bus": f"slot{address}"}
        raise AssertionError(drive.kind)

    def plug(self, kind, serial=None, size=256, place=None, image=None, **properties):
        """Plugs in a new drive while the machine runs (kinds: scsi, nvme, usb, megaraid). Returns when the guest sees it.

        `place`: the name of a pulled drive, whose slot the new one gets. `image`: the image of an earlier drive.
        `properties`: further properties of QEMU's device."""
        drive = self.add_drive(kind, serial, size, image=image)
        drive.properties = properties
        if place:
            drive.name = place
        self.qmp.call("blockdev-add", **self._node(drive))
        if kind == "megaraid" and drive.name == "megaraid1":
            # Before the drive: the guest scans for drives some seconds later, after it has started the controller's firmware.
            self.qmp.call("device_add", **MEGARAID)
        self.qmp.call("device_add", **self._device(drive))
        # A machine with little processor time needs long for this.
        self.run(f"for i in $(seq 1000); do [ -b {drive.by_id} ] && exit; sleep 0.1; done; ls -l /dev/disk/by-id; exit 1", 300)
        return drive

    def detach_node(self, name):
        """Removes the block nodes of a removed device, from the top. A node stays in use for a moment."""
        for node in filter(None, (self.nodes.pop(name, None), name)):
            for attempt in range(50):
                try:
                    self.qmp.call("blockdev-del", **{"node-name": node})
                    break
                except CommandFailed:
                    if attempt == 49:
                        raise
                    time.sleep(0.1)

    # --- power

    def power_on(self, frozen=None):
        """Boots, or continues from `frozen`, a memory file of freeze(). Returns when the guest answers."""
        for name in ("qmp.sock", "agent.sock", "shell.sock"):
            (self.directory / name).unlink(missing_ok=True)
        command = [
            # The simplest processor: with the instructions of a newer one a boot takes a third longer.
            "nice", "-n", self.niceness, "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "qemu64", "-smp", "2",
            "-m", str(MEMORY), "-nodefaults", "-no-user-config", "-display", "none", "-rtc", f"base={self._clock()}",
            "-kernel", str(self.kernel), "-initrd", str(self.initrd),
            "-append", "root=/dev/vda rw console=ttyS0 panic=-1 quiet mitigations=off",
            "-qmp", f"unix:{self.directory}/qmp.sock,server=on,wait=off",
            # Appended, so that the console log continues after a power cut.
            "-chardev", f"file,id=console,path={self.directory}/console.log,append=on", "-serial", "chardev:console",
            "-serial", f"unix:{self.directory}/shell.sock,server=on,wait=off",
            "-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,path={self.directory}/agent.sock,server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
            # The guest cannot connect to anything outside; only its port 9847 is reachable.
            "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:9847",
            "-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci",
            # For an NVMe drive that has a persistent memory region: plug("nvme", pmrdev="persistent").
            "-object", "memory-backend-ram,id=persistent,size=1M,share=on",
            "-blockdev", json.dumps({"driver": "qcow2", "node-name": "root",
                                     "file": {"driver": "file", "filename": str(self.root), "cache": {"no-flush": True}}}),
            "-device", "virtio-blk-pci,drive=root",
            "-device", "piix4-ide,id=ata", "-device", "mptsas1068,id=sas", "-device", "virtio-scsi-pci,id=scsi",
            "-device", "qemu-xhci,id=usb",
        ]  # fmt: skip
        for slot in range(SLOTS):
            command += ["-device", f"pcie-root-port,id=slot{slot},chassis={slot + 1},slot={slot + 1}"]
        if any(drive.kind == "megaraid" for drive in self.drives):
            command += ["-device", json.dumps(MEGARAID)]
        for drive in self.drives:
            command += ["-blockdev", json.dumps(self._node(drive)), "-device", json.dumps(self._device(drive))]
        if frozen:
            command += ["-incoming", f"exec:cat '{frozen}'"]
        self.nodes = {}
        with open(self.directory / "qemu.log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.qmp = Qmp(self.directory / "qmp.sock")
            if frozen:
                while self.qmp.call("query-status")["status"] == "inmigrate":
                    time.sleep(0.02)
                self.qmp.call("cont")
            self.agent = GuestAgent(self.directory / "agent.sock")
        except Exception as error:
            self.power_off()
            raise AssertionError(f"QEMU did not come up: {error!r}\n{self.log_text('qemu.log')}") from error
        if frozen:
            self.set_clock(time.time())

    def wait_until_booted(self, seconds=120):
        """Waits until systemd has finished booting and the drives have their names. Failed units do not matter here."""
        self.run("systemctl is-system-running --wait || true; udevadm settle", seconds)

    def freeze(self, memory):
        """Writes the machine's memory to a file and stops it. Its disk images can then be the base of any number of copies."""
        self.run("sync")
        self.qmp.call("stop")
        self.qmp.call("migrate-set-parameters", **{"max-bandwidth": 10**10})
        self.qmp.call("migrate", uri=f"exec:cat > '{memory}'")
        deadline = time.monotonic() + 120
        while (state := self.qmp.call("query-migrate")).get("status") != "completed":
            assert state.get("status") != "failed" and time.monotonic() < deadline, f"freezing the machine: {state}"
            time.sleep(0.05)
        self.cut_power()

    def reboot(self):
        """Reboots the guest, as an administrator would."""
        self.agent.send("guest-exec", {"path": "/usr/bin/systemctl", "arg": ["reboot"]})
        self.qmp.wait_for_event("RESET", 120)
        self.agent.close()
        self.agent = GuestAgent(self.directory / "agent.sock")
        self.wait_until_booted()

    def cut_power(self):
        """Switches the machine off at once. Only data that the guest has already sent to its drives survives."""
        if self.process.poll() is None:
            try:
                self.qmp.call("quit", seconds=5)
            except (EOFError, TimeoutError, OSError):
                pass  # QEMU may end before it answers
        self.power_off()

    def power_off(self):
        for conversation in (self.qmp, self.agent):
            if conversation:
                conversation.close()
        self.qmp = self.agent = None
        if self.process:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    # --- the guest

    def run(self, command, seconds=60, **options):
        """Runs a bash command line in the guest, as root; see GuestAgent.run."""
        return self.agent.run(command, seconds, **options)

    def _clock(self):
        """The time that the guest begins with."""
        return "utc" if not self.ahead else time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + self.ahead))

    def move_clock(self, seconds):
        """Moves the guest's clock forward. It stays ahead when the machine is switched off and on."""
        self.ahead += seconds
        self.set_clock(time.time() + self.ahead)

    def set_clock(self, seconds_since_1970):
        self.agent.call("guest-set-time", time=int(seconds_since_1970 * 1e9))

    def log_text(self, name):
        path = self.directory / name
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""
