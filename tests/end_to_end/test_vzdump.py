"""Guests of Proxmox VE, by made layouts: which of their disks are in vzdump's archives."""

import json
import time

import lastgood
import pytest
from lies import lie
from mount_namespace import MountNamespace


class Node:
    """/etc/pve of a node, in a mount namespace of its own, a storage and a directory of archives."""

    def __init__(self, directory):
        self.directory = directory
        self.namespace = MountNamespace()
        etc = directory / "etc"
        self.namespace.run("cp", "-a", "/etc", etc)
        (etc / "pve").mkdir(exist_ok=True)
        self.namespace.run("mount", "--bind", etc, "/etc")
        self.pve = directory / "pve"
        name = open("/proc/sys/kernel/hostname", encoding="utf-8").read().strip().split(".")[0]
        self.guests = self.pve / "nodes" / name
        for kind in ("qemu-server", "lxc"):
            (self.guests / kind).mkdir(parents=True)
        (self.pve / "storage.cfg").write_text(f"dir: st\n\tpath {directory}/st\n\tcontent images\n")
        self.namespace.run("mount", "--bind", self.pve, "/etc/pve")
        self.dump = directory / "dump"
        self.dump.mkdir()
        self.config = directory / "lastgood.toml"
        (directory / "state").mkdir()
        self.config.write_text(f'state_directory = "{directory}/state"\n[[backup]]\nname = "vms"\nvzdump = "{self.dump}"\nmax_age = "26h"\n')

    def disk(self, guest, number):
        path = self.directory / "st" / "images" / guest / f"vm-{guest}-disk-{number}.raw"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 5000)
        return path

    def archive(self, guest, log, hours_ago=1, end="INFO: Finished Backup of VM 1 (00:00:02)"):
        kind, ending = ("qemu", "vma.zst") if guest == "100" else ("lxc", "tar.zst")
        stem = time.strftime(f"vzdump-{kind}-{guest}-%Y_%m_%d-%H_%M_%S", time.localtime(time.time() - 3600 * hours_ago))
        (self.dump / f"{stem}.{ending}").write_bytes(b"x" * 5000)
        (self.dump / f"{stem}.log").write_text("\n".join([*(f"INFO: {line}" for line in log), end]) + "\n")

    def backed_up(self, disk):
        output = self.namespace.run(lastgood.BINARY, "collect", "data", "--config", self.config)
        for line in map(json.loads, output.splitlines()):
            if line.get("metric") == "lastgood_data_backed_up" and line["subject"] == f"guest-disk {disk}":
                return line["value"]
        return None


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path)
    yield made
    made.namespace.close()


@lie("vzdump", "a volume of a container has backup=1 now, and the archive was made without it")
def test_vzdump_leaves_out_a_volume_as_its_log_says(node):
    root, data = node.disk("102", 0), node.disk("102", 1)
    (node.guests / "lxc" / "102.conf").write_text(
        "rootfs: st:102/vm-102-disk-0.raw,size=1G\nmp0: st:102/vm-102-disk-1.raw,mp=/usr/local,backup=1,size=6G\n"
    )
    log = ["including mount point rootfs ('/') in backup", "excluding volume mount point mp0 ('/usr/local') from backup (disabled)"]
    node.archive("102", log)
    assert node.backed_up(root) == 1
    assert node.backed_up(data) == 0
    # A failed run says nothing of what is in an archive; a whole one does.
    log[1] = "including mount point mp0 ('/usr/local') in backup"
    node.archive("102", log, hours_ago=0.5, end="ERROR: Backup of VM 102 failed - no space")
    assert node.backed_up(data) == 0
    node.archive("102", log, hours_ago=0.2)
    assert node.backed_up(data) == 1


@lie("vzdump", "a disk that was added to a machine after its last archive is in none")
def test_vzdump_has_no_disk_that_was_added_later(node):
    first, second = node.disk("100", 0), node.disk("100", 1)
    (node.guests / "qemu-server" / "100.conf").write_text("scsi0: st:100/vm-100-disk-0.raw,size=1G\nscsi1: st:100/vm-100-disk-1.raw,size=1G\n")
    log = ["include disk 'scsi0' 'st:100/vm-100-disk-0.raw' 1G"]
    node.archive("100", log)
    assert node.backed_up(first) == 1
    assert node.backed_up(second) == 0
    node.archive("100", [*log, "include disk 'scsi1' 'st:100/vm-100-disk-1.raw' 1G"], hours_ago=0.5)
    assert node.backed_up(second) == 1
