"""Arrays whose drives fail, vanish and are replaced."""

import time

RETRIES = 6  # times that the kernel asks a SATA drive for a sector before it gives up (drivers/scsi/sd.h, SD_MAX_RETRIES and the first)


def start_server(lab, name, **plugged):
    server = lab.server(name, start=False, **plugged)
    server.start(health=False)
    return server


def reboot(server):
    begin = time.time()
    server.run("sync")
    server.machine.reboot()
    server.expect(f"lastgood_agent_started_timestamp_seconds > {begin}", within=120)


def create_array(server, name, level, drives, options=""):
    """Makes /dev/md/NAME, in sync; its id, once lastgood and the Prometheus outside know it."""
    devices = " ".join(drive.by_id for drive in drives)
    server.run(
        f"mdadm --create /dev/md/{name} --run --quiet --assume-clean --level={level} --raid-devices={len(drives)} {options} {devices}"
    )
    device = server.run(f"basename $(readlink -e /dev/md/{name})").strip()
    found = server.expect(f'lastgood_array_info{{device="{device}"}} and on (array) lastgood_array_failed == 0')
    return found[0][0]["array"]


def offset_on_members(server, name):
    """Where on its members an array's first sector lies."""
    return int(server.run(f"cat /sys/block/$(basename $(readlink -e /dev/md/{name}))/md/dev-*/offset | head -n 1"))


def expect_redundancy(server, array, survives, fatal, within=10):
    server.expect(f'lastgood_array_survivable_failures{{array="{array}"}} == {survives}', within)
    server.expect(f'lastgood_array_fatal_members{{array="{array}"}} == {fatal}', within)


def errors_of(drive_id):
    return f'max by (drive) (lastgood_drive_kernel_errors_total{{drive="{drive_id}"}})'


def since(server, rule, subject):
    return server.expect_finding(rule, subject)["since"]


# --- 3


def read_through(server, name, sector):
    """Reads 4 KiB of both halves of a mirror; seconds from the first error in the kernel's log to the report that counts it."""
    output = server.run(
        f"""errors() {{ grep lastgood_drive_kernel_errors_total /run/lastgood/report.json; }}
        before=$(errors); dmesg --clear
        (until [ "$(errors)" != "$before" ]; do sleep 0.02; done; cut -d' ' -f1 /proc/uptime) &
        for half in 1 2; do dd if=/dev/md/{name} of=/dev/null bs=512 count=8 skip={sector} iflag=direct status=none; done
        wait; dmesg | grep ' error, dev ' | sed 's/^\\[ *//; s/\\].*//' | head -n 1"""
    )
    seen, logged = map(float, output.split())
    return seen - logged


def test_arrays_sector_of_a_sata_drive_that_cannot_be_read(lab):
    """RAID 1 reads it from the other drive and writes it anew. The errors are that drive's; the array has lost nothing."""
    server = start_server(lab, "sector")
    bad, good = server.drive("sata1"), server.drive("sata2")
    array = create_array(server, "mirror", 1, [bad, good])
    offset, times = offset_on_members(server, "mirror"), []
    # Within a second, on a machine that is not busy with something else each time.
    while not times or (min(times) >= 1 and len(times) < 5):
        sector = 800 * (len(times) + 1)
        # The kernel asks in vain, md asks once more, then writes the sector: from then on it can be read.
        bad.fail(reads=[offset + sector], times=2 * RETRIES)
        times.append(read_through(server, "mirror", sector))
    assert min(times) < 1, f"seconds from the kernel's log to the report: {times}"
    blamed, innocent = server.id_of(bad), server.id_of(good)
    # QEMU's drive has no other word for an error than ABRT: no medium error, but errors of this drive and of no other.
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{blamed}",kind="io"}} > 0')
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{blamed}",kind="corrected",layer="md"}} == {len(times)}')
    server.expect(f'lastgood_array_member_errors_total{{array="{array}",drive="{blamed}"}} == {len(times)}', within=45)  # sectors
    server.expect_finding("drive_suspect_kernel_errors", blamed)
    server.expect_blamed(blamed)
    assert server.value(errors_of(innocent)) is None
    expect_redundancy(server, array, survives=1, fatal=0)


def test_arrays_medium_error_of_a_scsi_drive(lab):
    """The same with a drive that says "medium error": failing, not suspect."""
    server = start_server(lab, "medium", scsi=2)
    bad, good = server.drive("scsi1"), server.drive("scsi2")
    array = create_array(server, "mirror", 1, [bad, good])
    bad.fail(reads=[offset_on_members(server, "mirror") + 800], times=2, error="ENODATA")  # such an error is not asked for again
    read_through(server, "mirror", 800)
    blamed = server.id_of(bad)
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{blamed}",kind="medium"}} > 0')
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{blamed}",kind="corrected",layer="md"}} == 1')
    server.expect_finding("drive_failing_medium_errors", blamed)
    server.expect_blamed(blamed)
    expect_redundancy(server, array, survives=1, fatal=0)


# --- 4, 13


def test_arrays_drive_that_cannot_write(lab):
    """md throws it out; what is left must not be pulled. A reboot changes nothing of that and counts nothing twice."""
    server = start_server(lab, "kicked")
    bad, good = server.drive("sata1"), server.drive("sata2")
    array = create_array(server, "mirror", 1, [bad, good])
    expect_redundancy(server, array, survives=1, fatal=0)
    bad.fail(writes="all")
    server.run("dd if=/dev/zero of=/dev/md/mirror bs=4k count=1 oflag=direct status=none")
    blamed, last = server.id_of(bad), server.id_of(good)
    for rule in ("drive_failing_dropped", "drive_failing_kicked"):
        server.expect_finding(rule, blamed)
    for rule in ("array_degraded", "array_fatal_members"):
        server.expect_finding(rule, array)
    expect_redundancy(server, array, survives=0, fatal=1)
    server.expect(f'lastgood_array_member_fatal{{array="{array}",drive="{last}"}} == 1')
    server.expect(f'lastgood_array_member{{array="{array}",drive="{blamed}",state="faulty"}} == 1')
    server.expect_blamed(blamed, array)
    assert server.value(errors_of(last)) is None
    status, answer, _ = server.run(f"lastgood preflight {good.device}", check=False)
    assert status != 0 and "NO-GO" in answer
    assert "NO-GO" not in server.run(f"lastgood preflight {bad.device}")

    before = server.value(errors_of(blamed))
    dropped, degraded = since(server, "drive_failing_dropped", blamed), since(server, "array_degraded", array)
    reboot(server)
    server.expect_finding("array_degraded", array, within=60)
    assert since(server, "drive_failing_dropped", blamed) == dropped
    assert since(server, "array_degraded", array) == degraded
    assert server.id_of(bad) == blamed
    assert server.value(errors_of(blamed)) == before
    expect_redundancy(server, array, survives=0, fatal=1)
    server.expect_blamed(blamed, array, within=30)


# --- 5, 13


def test_arrays_drive_replaced_while_running(lab):
    """One is pulled and another plugged into its place: the new one has a clean record, the rebuild is followed, and all ends well."""
    server = start_server(lab, "replaced", scsi=2)
    old, stays = server.drive("scsi1"), server.drive("scsi2")
    array = create_array(server, "mirror", 1, [old, stays], "--bitmap=none")
    gone, kept = server.id_of(old), server.id_of(stays)
    name = old.device
    old.fail(reads=[100], error="ENODATA")  # so that it has a record
    server.read_sector(f"/dev/{name}", 100)
    server.expect_finding("drive_failing_medium_errors", gone)
    medium = server.value(f'lastgood_drive_kernel_errors_total{{drive="{gone}",kind="medium",layer="block"}}')

    old.pull()
    found = server.expect_finding("drive_gone", gone)
    assert old.serial in found["summary"], "who looks for it in the rack needs its serial number"
    server.expect_finding("array_degraded", array)
    new = server.plug("scsi", place="scsi1", serial="LABSPARE")
    assert new.device == name, "the new drive has not got the old one's name"
    fresh = server.id_of(new)
    assert fresh != gone
    # Slow enough to be watched, also after the reboot.
    server.run(
        "echo md_mod > /etc/modules-load.d/raid.conf; echo dev.raid.speed_limit_max=1000 > /etc/sysctl.d/raid.conf;"
        " sysctl -q -p /etc/sysctl.d/raid.conf"
    )
    server.run(f"mdadm --quiet /dev/md/mirror --add {new.by_id}")
    rebuild = f'{{array="{array}",action="recover"}}'
    server.expect(f"lastgood_array_sync_progress_ratio{rebuild} < 0.9")
    server.expect(f"lastgood_array_sync_remaining_seconds{rebuild} > 5")
    server.expect_finding("array_rebuilding", array)
    server.expect(f'lastgood_array_member{{array="{array}",drive="{fresh}",state="rebuilding"}} == 1')
    expect_redundancy(server, array, survives=0, fatal=1)
    # Errors under a name that two drives have had are each one's own.
    assert server.value(errors_of(fresh)) is None
    assert server.value(f'lastgood_drive_kernel_errors_total{{drive="{gone}",kind="medium",layer="block"}}') == medium
    server.expect_blamed(gone, array)
    degraded = since(server, "array_degraded", array)
    missed = since(server, "drive_gone", gone)

    reboot(server)
    server.expect_finding("array_degraded", array, within=60)
    assert since(server, "array_degraded", array) == degraded
    assert since(server, "drive_gone", gone) == missed
    assert (server.id_of(new), server.id_of(stays)) == (fresh, kept)
    assert server.value(f'lastgood_drive_kernel_errors_total{{drive="{gone}",kind="medium",layer="block"}}') == medium

    server.run("sysctl -q dev.raid.speed_limit_max=200000; mdadm --readwrite /dev/md/mirror")
    server.expect(f'lastgood_array_degraded_members{{array="{array}"}} == 0', within=60)
    for rule in ("array_degraded", "array_rebuilding", "array_fatal_members"):
        server.expect_no_finding(rule, array)
    expect_redundancy(server, array, survives=1, fatal=0)
    server.expect_blamed(gone)
    server.run(f"lastgood forget {gone}")
    server.expect_blamed(within=30)
    assert server.value(errors_of(fresh)) is None


# --- 10


def test_arrays_two_losses(lab):
    """RAID 5 bears one. RAID 10 (near) bears one of each pair, and it is said which."""
    server = start_server(lab, "losses", scsi=4)
    drives = [server.drive(f"scsi{number}") for number in (1, 2, 3, 4)]
    for drive in drives:
        server.run(f"printf 'size=60M\\nsize=60M\\n' | sfdisk -q {drive.by_id}")
    server.run("udevadm settle")
    ids = [server.id_of(drive) for drive in drives]

    class Part:
        def __init__(self, drive, number):
            self.by_id = f"{drive.by_id}-part{number}"

    parity = create_array(server, "parity", 5, [Part(drive, 1) for drive in drives])
    pairs = create_array(server, "pairs", 10, [Part(drive, 2) for drive in drives], "--layout=n2")
    expect_redundancy(server, parity, survives=1, fatal=0)
    expect_redundancy(server, pairs, survives=1, fatal=0)

    # In use, as by a virtual machine: mdadm's udev rule stops a failed array that nobody uses.
    server.run("for array in parity pairs; do sleep 1000 < /dev/md/$array & done >&- 2>&-")

    drives[0].pull()
    server.run("for array in parity pairs; do dd if=/dev/zero of=/dev/md/$array bs=64k count=8 oflag=direct status=none; done")
    for array in (parity, pairs):
        server.expect_finding("array_degraded", array)
    expect_redundancy(server, parity, survives=0, fatal=3)
    expect_redundancy(server, pairs, survives=0, fatal=1)
    server.expect(f'lastgood_array_member_fatal{{array="{pairs}",drive="{ids[1]}"}} == 1')
    server.expect_none(f'lastgood_array_member_fatal{{array="{pairs}",drive=~"{ids[2]}|{ids[3]}"}} == 1')
    server.expect_blamed(ids[0], parity, pairs)

    drives[1].pull()
    server.run("for array in parity pairs; do dd if=/dev/zero of=/dev/md/$array bs=64k count=8 oflag=direct; done", check=False)
    for array in (parity, pairs):
        server.expect_finding("array_failed", array)
        server.expect_no_finding("array_degraded", array)
        server.expect(f'lastgood_array_survivable_failures{{array="{array}"}} == 0')
    server.expect_blamed(ids[0], ids[1], parity, pairs)


# --- 11


def test_arrays_scrub_with_mismatches(lab):
    """While a check runs nothing is said: no rebuild, no slow drive, no count that is not final. What differs is said when it ends."""
    server = start_server(lab, "scrub", scsi=2)
    drives = [server.drive("scsi1"), server.drive("scsi2")]
    array = create_array(server, "mirror", 1, drives)
    offset = offset_on_members(server, "mirror")
    # Behind md's back.
    server.run(f"dd if=/dev/urandom of={drives[0].by_id} bs=512 seek={offset + 4096} count=64 oflag=direct conv=notrunc status=none")
    server.run("echo 12000 > /proc/sys/dev/raid/speed_limit_max; echo check > /sys/block/$(basename $(readlink -e /dev/md/mirror))/md/sync_action")
    check = f'{{array="{array}",action="check"}}'
    server.expect(f"lastgood_array_sync_progress_ratio{check} > 0.05")
    server.expect(f'lastgood_array_mismatch_sectors{{array="{array}"}} > 0')
    server.expect(f"lastgood_array_sync_remaining_seconds{check} > 0")
    # All through it.
    while server.query(f"lastgood_array_sync_progress_ratio{check}"):
        running = server.report()
        if running.select("array_sync_progress_ratio", array, action="check"):
            assert not [finding for finding in running.findings if finding["severity"] != "unknown"], running.findings
    server.expect_finding("array_mismatches", array)
    server.expect(f'time() - lastgood_array_last_check_timestamp_seconds{{array="{array}"}} < 60')
    mismatches = server.value(f'lastgood_array_mismatch_sectors{{array="{array}"}}')
    assert 64 <= mismatches <= 256  # md counts in windows of 64 KiB
    server.expect_blamed(array)
    expect_redundancy(server, array, survives=1, fatal=0)
    # Repaired and checked again, it ends.
    for action in ("repair", "check"):
        server.run(
            f"echo 200000 > /proc/sys/dev/raid/speed_limit_max; cd /sys/block/$(basename $(readlink -e /dev/md/mirror))/md;"
            f" echo {action} > sync_action; until grep -q idle sync_action; do sleep 0.1; done"
        )
    server.expect_no_finding("array_mismatches", array)
    server.expect_blamed(within=10)


# --- 12


def test_arrays_btrfs_with_errors_and_without_a_drive(lab):
    """A device of a btrfs RAID 1 cannot be written; then it is gone."""
    server = start_server(lab, "btrfs", scsi=2)
    good, bad, place = server.drive("scsi1"), server.drive("scsi2"), "/srv/data"
    server.run(
        f"mkfs.btrfs -q -d raid1 -m raid1 {good.by_id} {bad.by_id} && mkdir {place} && mount {good.by_id} {place}"
        f" && dd if=/dev/urandom of={place}/file bs=1M count=8 status=none && sync"
    )
    server.configure(f'[[backup]]\nname = "data"\nstamp = "/var/backups/system-done"\ncovers = ["{place}"]\nmax_age = "30d"\n')
    blamed, innocent = server.id_of(bad), server.id_of(good)
    array = server.expect('lastgood_array_info{level="btrfs raid1"}')[0][0]["array"]
    expect_redundancy(server, array, survives=1, fatal=0)

    bad.fail(writes="all")
    write = f"dd if=/dev/urandom of={place}/more bs=1M count=1 status=none; sync"
    server.run(write, check=False)
    # btrfs calls its devices as they were registered, by udev's links; the kernel below by their names.
    for layer in ("filesystem", "block"):
        server.expect(f'lastgood_drive_kernel_errors_total{{drive="{blamed}",layer="{layer}"}} > 0')
    server.expect_finding("drive_suspect_kernel_errors", blamed)
    server.expect_finding("filesystem_log_errors", place)
    server.expect_blamed(blamed, place)

    bad.pull()
    server.run(write, check=False)
    server.expect_finding("drive_gone", blamed)
    server.expect(f'lastgood_array_degraded_members{{array="{array}"}} == 1', within=60)
    server.expect_finding("array_degraded", array)
    expect_redundancy(server, array, survives=0, fatal=1)
    server.expect(f'lastgood_array_member_fatal{{array="{array}",drive="{innocent}"}} == 1')
    server.expect_blamed(blamed, place, array)
    assert server.value(errors_of(innocent)) is None


def test_arrays_lvm_mirror_that_loses_a_leg(lab):
    """A RAID 1 volume of LVM is an array like any other."""
    server = start_server(lab, "lvm")
    bad, good = server.drive("sas1"), server.drive("sas2")
    blamed, last = server.id_of(bad), server.id_of(good)
    server.run(
        f"pvcreate -q {bad.by_id} {good.by_id} && vgcreate -q volumes {bad.by_id} {good.by_id}"
        " && lvcreate -q -W n --nosync --type raid1 -m 1 -L 64M -n data volumes"
    )
    found = server.expect('lastgood_array_info{name="volumes-data",level="raid1"}', within=60)
    array = found[0][0]["array"]
    expect_redundancy(server, array, survives=1, fatal=0)
    for drive in (blamed, last):
        server.expect(f'lastgood_array_member{{array="{array}",drive="{drive}",state="in_sync"}} == 1')
    bad.fail(reads="all", writes="all")
    server.run("dd if=/dev/zero of=/dev/volumes/data bs=4k count=1 oflag=direct status=none")
    server.expect_finding("drive_failing_dropped", blamed)
    server.expect_finding("array_degraded", array, within=60)
    expect_redundancy(server, array, survives=0, fatal=1)
    server.expect(f'lastgood_array_member{{array="{array}",drive="{blamed}",state="faulty"}} == 1')
    server.expect(f'lastgood_array_member_fatal{{array="{array}",drive="{last}"}} == 1')
    server.expect_blamed(blamed, array)
    assert server.value(errors_of(last)) is None
