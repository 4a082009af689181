"""Writes a made-up host as a directory for --root: SATA drives in RAID 10s of four, a filesystem on each, and backups.

    /usr/bin/python3 tests/benchmarks/synthetic_host.py DIRECTORY DRIVES BACKUPS
"""

import json
import os
import pathlib
import string
import sys
import time

SECTORS = 7814037168  # 4 TB
SMARTCTL = "smartctl --json=c -n standby,3 -H -i -A -l error -l selftest -l ssd -l background"
ATTRIBUTES = [
    (1, "Raw_Read_Error_Rate", 83, 64, 44, 0x0F),
    (3, "Spin_Up_Time", 96, 96, 0, 0x03),
    (4, "Start_Stop_Count", 100, 100, 20, 0x32),
    (5, "Reallocated_Sector_Ct", 100, 100, 10, 0x33),
    (7, "Seek_Error_Rate", 87, 60, 45, 0x0F),
    (9, "Power_On_Hours", 70, 70, 0, 0x32),
    (10, "Spin_Retry_Count", 100, 100, 97, 0x13),
    (12, "Power_Cycle_Count", 100, 100, 20, 0x32),
    (187, "Reported_Uncorrect", 100, 100, 0, 0x32),
    (188, "Command_Timeout", 100, 100, 0, 0x32),
    (190, "Airflow_Temperature_Cel", 66, 50, 40, 0x22),
    (192, "Power-Off_Retract_Count", 100, 100, 0, 0x32),
    (193, "Load_Cycle_Count", 98, 98, 0, 0x32),
    (194, "Temperature_Celsius", 34, 50, 0, 0x22),
    (195, "Hardware_ECC_Recovered", 83, 64, 0, 0x1A),
    (197, "Current_Pending_Sector", 100, 100, 0, 0x12),
    (198, "Offline_Uncorrectable", 100, 100, 0, 0x10),
    (199, "UDMA_CRC_Error_Count", 200, 200, 0, 0x3E),
]


def drive_name(index):
    """sda, sdb, …, sdz, sdaa, …"""
    name = ""
    index += 1
    while index > 0:
        index, letter = divmod(index - 1, 26)
        name = string.ascii_lowercase[letter] + name
    return "sd" + name


def device_number(index):
    """Returns the device number: the majors of sd are 8, then 65 to 71; each drive has 16 minors."""
    major = 8 if index < 16 else 64 + index // 16
    return f"{major}:{index % 16 * 16}"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if text.endswith("\n") else text + "\n")


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def add_block(root, name, directory, number):
    """Makes the links to a block device in /sys/class and /sys/dev, as the kernel does."""
    link(root / "sys/class/block" / name, "../.." + str(directory)[len("/sys") :])
    link(root / "sys/dev/block" / number, "../.." + str(directory)[len("/sys") :])
    if not directory.parent.name.startswith("sd"):
        link(root / "sys/block" / name, ".." + str(directory)[len("/sys") :])


def add_drive(root, index):
    name, number = drive_name(index), device_number(index)
    serial, wwn = f"ZX{index:06d}", f"0x5000c500{index:08x}"
    address = f"{index}:0:0:0"
    scsi = pathlib.Path(f"/sys/devices/pci0000:00/0000:00:17.0/ata{index + 1}/host{index}/target{index}:0:0/{address}")
    block = scsi / "block" / name
    inside = root / str(block)[1:]
    write(inside / "dev", number)
    write(inside / "size", str(SECTORS))
    write(inside / "removable", "0")
    write(inside / "stat", "100 0 800 10 200 0 1600 20 0 30 30 0 0 0 0 0 0")
    write(inside / "inflight", "       0        0")
    write(inside / "queue/rotational", "1")
    write(inside / "uevent", f"MAJOR={number.split(':')[0]}\nMINOR={number.split(':')[1]}\nDEVNAME={name}\nDEVTYPE=disk")
    device = root / str(scsi)[1:]
    for key, value in {"vendor": "ATA     ", "model": "MADEUP MU4000AB1", "rev": "AB01", "state": "running", "type": "0"}.items():
        write(device / key, value)
    write(device / "wwid", f"naa.{wwn[2:]}")
    write(device / "ioerr_cnt", "0x0")
    link(inside / "device", "../../../" + address)
    add_block(root, name, block, number)
    link(root / "sys/class/scsi_device" / address / "device", "../../.." + str(scsi)[len("/sys") :])
    write(
        root / f"run/udev/data/b{number}",
        f"E:ID_MODEL=MADEUP_MU4000AB123\nE:ID_SERIAL_SHORT={serial}\nE:ID_REVISION=AB01\nE:ID_WWN={wwn}\n"
        f"E:ID_BUS=ata\nE:ID_PATH=pci-0000:00:17.0-ata-{index + 1}\n",
    )
    return name, serial, wwn


def smartctl_json(name, serial, wwn):
    table = [
        {
            "id": number,
            "name": title,
            "value": value,
            "worst": worst,
            "thresh": threshold,
            "when_failed": "",
            "flags": {"value": flags, "string": "------", "prefailure": bool(flags & 1)},
            "raw": {"value": 30000 if number == 9 else 0, "string": "30000" if number == 9 else "0"},
        }
        for number, title, value, worst, threshold, flags in ATTRIBUTES
    ]
    return json.dumps(
        {
            "json_format_version": [1, 0],
            "smartctl": {"version": [7, 3], "exit_status": 0},
            "device": {"name": f"/dev/{name}", "info_name": f"/dev/{name}", "type": "sat", "protocol": "ATA"},
            "model_name": "MADEUP MU4000AB123",
            "serial_number": serial,
            "wwn": {"naa": 5, "oui": int(wwn[3:9], 16), "id": int(wwn[9:], 16)},
            "firmware_version": "AB01",
            "user_capacity": {"blocks": SECTORS, "bytes": SECTORS * 512},
            "rotation_rate": 7200,
            "smart_support": {"available": True, "enabled": True},
            "smart_status": {"passed": True},
            "ata_smart_attributes": {"revision": 10, "table": table},
            "power_on_time": {"hours": 30000},
            "power_cycle_count": 20,
            "temperature": {"current": 34},
            "ata_smart_error_log": {"summary": {"revision": 1, "count": 0}},
            "ata_smart_self_test_log": {"standard": {"revision": 1, "count": 0}},
        }
    )


def add_array(root, number, members):
    """Makes a RAID 10 of whole drives with near layout. Returns its lines of /proc/mdstat."""
    name, dev = f"md{number}", f"9:{number}"
    block = pathlib.Path(f"/sys/devices/virtual/block/{name}")
    md = root / str(block)[1:] / "md"
    size = SECTORS // 2
    write(md.parent / "dev", dev)
    write(md.parent / "size", str(SECTORS * 2))
    for key, value in {
        "level": "raid10",
        "array_state": "clean",
        "raid_disks": str(len(members)),
        "degraded": "0",
        "sync_action": "idle",
        "sync_completed": "none",
        "sync_speed": "none",
        "mismatch_cnt": "0",
        "layout": "258",
        "chunk_size": "524288",
        "component_size": str(size),
        "metadata_version": "1.2",
        "last_sync_action": "check",
    }.items():
        write(md / key, value)
    for slot, (index, member) in enumerate(members):
        directory = md / f"dev-{member}"
        for key, value in {"state": "in_sync", "slot": str(slot), "errors": "0", "bad_blocks": "", "size": str(size), "offset": "264192"}.items():
            write(directory / key, value)
        link(directory / "block", f"../../../../../../class/block/{member}")
        link(md / f"rd{slot}", f"dev-{member}")
        link(md.parent / "slaves" / member, f"../../../../../class/block/{member}")
        assert device_number(index)
    add_block(root, name, block, dev)
    listed = " ".join(f"{member}[{slot}]" for slot, (_, member) in reversed(list(enumerate(members))))
    return (
        f"{name} : active raid10 {listed}\n      {size} blocks super 1.2 512K chunks 2 near-copies "
        f"[{len(members)}/{len(members)}] [{'U' * len(members)}]\n      \n"
    )


def build(root, drives, backups):
    """Writes the host. Returns the text of a configuration for it."""
    root = pathlib.Path(root)
    names = []
    for index in range(drives):
        name, serial, wwn = add_drive(root, index)
        names.append((index, name))
        answer = smartctl_json(name, serial, wwn)
        for kind in ("", "-d sat "):  # both commands of collectors/smart/smartctl.cpp
            write(root / "commands" / f"{SMARTCTL} {kind}_dev_{name}", answer)
    mdstat = "Personalities : [raid10] \n"
    mountinfo = ""
    fstab = ""
    for number in range(drives // 4):
        mdstat += add_array(root, number, names[4 * number : 4 * number + 4])
        mountinfo += f"{30 + number} 21 9:{number} / /srv/{number} rw,relatime shared:{number + 2} - ext4 /dev/md{number} rw\n"
        fstab += f"/dev/md{number} /srv/{number} ext4 defaults 0 2\n"
        (root / f"srv/{number}").mkdir(parents=True)
        ext4 = root / f"sys/fs/ext4/md{number}"
        write(ext4 / "errors_count", "0")
    write(root / "proc/mdstat", mdstat + "unused devices: <none>")
    write(root / "proc/self/mountinfo", mountinfo)
    write(root / "etc/fstab", fstab)
    write(root / "now", f"{time.time():.0f}")
    config = ""
    for number in range(backups):
        directory = root / f"backup/{number}"
        directory.mkdir(parents=True)
        for day in range(7):
            copy = directory / f"copy-{day}.bin"
            copy.write_bytes(b"x" * 4096)
            when = time.time() - 3600 - day * 86400
            os.utime(copy, (when, when))
        config += f'[[backup]]\nname = "backup-{number}"\nfiles = "{directory}/copy-*.bin"\nmax_age = "26h"\n'
        if number < drives // 4:
            config += f'covers = ["/srv/{number}"]\n'
    return config


if __name__ == "__main__":
    print(build(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
