"""Arrays with drives that fail, disappear and are replaced."""

import time

RETRIES = 6  # attempts of the kernel to read a sector of a SATA drive (drivers/scsi/sd.h: the first one and SD_MAX_RETRIES)


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
    """Makes /dev/md/NAME, in sync. Returns its id when lastgood and the Prometheus outside have it."""
    devices = " ".join(drive.by_id for drive in drives)
    server.run(
        f"mdadm --create /dev/md/{name} --run --quiet --assume-clean --level={level} --raid-devices={len(drives)} {options} {devices}"
    )
    device = server.run(f"basename $(readlink -e /dev/md/{name})").strip()
    found = server.expect(f'lastgood_array_info{{device="{device}"}} and on (array) lastgood_array_failed == 0')
    return found[0][0]["array"]


def offset_on_members(server, name):
    """The position of an array's first sector on its members, in sectors."""
    return int(server.run(f"cat /sys/block/$(basename $(readlink -e /dev/md/{name}))/md/dev-*/offset | head -n 1"))


def expect_redundancy(server, array, survives, fatal, within=10):
    server.expect(f'lastgood_array_survivable_failures{{array="{array}"}} == {survives}', within)
    server.expect(f'lastgood_array_fatal_members{{array="{array}"}} == {fatal}', within)


def errors_of(drive_id):
    return f'max by (drive) (lastgood_drive_kernel_errors_total{{drive="{drive_id}"}})'


def since(server, rule, subject):
    return server.expect_finding(rule, subject)["since"]


# --- bad sectors


def read_through(server, name, sector):
    """Reads 4 KiB of both halves of a mirror. Returns the seconds from the first error in the kernel log to the report that counts it."""
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
    """RAID 1 reads the sector from the other drive and rewrites it. The errors are charged to the bad drive; the array keeps its redundancy."""
    server = start_server(lab, "sector")
    bad, good = server.drive("sata1"), server.drive("sata2")
    array = create_array(server, "mirror", 1, [bad, good])
    offset, times = offset_on_members(server, "mirror"), []
    # One of the attempts must take less than 1 s; other scenarios may slow down the rest.
    while not times or (min(times) >= 1 and len(times) < 5):
        sector = 800 * (len(times) + 1)
        # All attempts of the kernel fail, then those of md's second read. md writes the sector, and it is readable again.
        bad.fail(reads=[offset + sector], times=2 * RETRIES)
        times.append(read_through(server, "mirror", sector))
    assert min(times) < 1, f"seconds from the kernel's log to the report: {times}"
    blamed, innocent = server.id_of(bad), server.id_of(good)
    # QEMU's drive reports every error as ABRT, so these are not medium errors, but errors of this drive only.
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{blamed}",kind="io"}} > 0')
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{blamed}",kind="corrected",layer="md"}} == {len(times)}')
    server.expect(f'lastgood_array_member_errors_total{{array="{array}",drive="{blamed}"}} == {len(times)}', within=45)  # sectors
    server.expect_finding("drive_suspect_kernel_errors", blamed)
    server.expect_blamed(blamed)
    assert server.value(errors_of(innocent)) is None
    expect_redundancy(server, array, survives=1, fatal=0)


def test_arrays_medium_error_of_a_scsi_drive(lab):
    """The same with a drive that reports "medium error": it is failing, not suspect."""
    server = start_server(lab, "medium", scsi=2)
    bad, good = server.drive("scsi1"), server.drive("scsi2")
    array = create_array(server, "mirror", 1, [bad, good])
    bad.fail(reads=[offset_on_members(server, "mirror") + 800], times=2, error="ENODATA")  # the kernel does not retry it
    read_through(server, "mirror", 800)
    blamed = server.id_of(bad)
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{blamed}",kind="medium"}} > 0')
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{blamed}",kind="corrected",layer="md"}} == 1')
    server.expect_finding("drive_failing_medium_errors", blamed)
    server.expect_blamed(blamed)
    expect_redundancy(server, array, survives=1, fatal=0)


# --- failed drive, reboot


def test_arrays_drive_that_cannot_write(lab):
    """md removes the drive from the array; the remaining one must not be pulled. A reboot changes nothing and counts nothing twice."""
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


# --- replaced drive, reboot


def test_arrays_drive_replaced_while_running(lab):
    """A drive is pulled and a new one plugged into its slot: the new one has no errors, the rebuild is reported, and all findings end."""
    server = start_server(lab, "replaced", scsi=2)
    old, stays = server.drive("scsi1"), server.drive("scsi2")
    array = create_array(server, "mirror", 1, [old, stays], "--bitmap=none")
    gone, kept = server.id_of(old), server.id_of(stays)
    name = old.device
    old.fail(reads=[100], error="ENODATA")  # the old drive gets errors of its own
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
    # Slows down the rebuild, so that it is still running after the reboot.
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
    # Two drives have had the same device name; each keeps its own errors.
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


# --- two losses


def test_arrays_two_losses(lab):
    """RAID 5 survives one loss. RAID 10 (near) survives one in each pair, and lastgood reports whose loss would be fatal."""
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

    # Keep the arrays in use: mdadm's udev rule stops a failed array that is unused.
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


# --- check


def test_arrays_scrub_with_mismatches(lab):
    """A running check causes no finding: no rebuild, no slow drive, no preliminary mismatches. Mismatches are reported when it ends."""
    server = start_server(lab, "scrub", scsi=2)
    drives = [server.drive("scsi1"), server.drive("scsi2")]
    array = create_array(server, "mirror", 1, drives)
    offset = offset_on_members(server, "mirror")
    # Make the halves differ without md's knowledge.
    server.run(f"dd if=/dev/urandom of={drives[0].by_id} bs=512 seek={offset + 4096} count=64 oflag=direct conv=notrunc status=none")
    server.run("echo 6000 > /proc/sys/dev/raid/speed_limit_max; echo check > /sys/block/$(basename $(readlink -e /dev/md/mirror))/md/sync_action")
    check = f'{{array="{array}",action="check"}}'
    server.expect(f"lastgood_array_sync_progress_ratio{check} > 0.05", within=45)  # the collector reads it every 30 s
    server.expect(f'lastgood_array_mismatch_sectors{{array="{array}"}} > 0')
    server.expect(f"lastgood_array_sync_remaining_seconds{check} > 0")
    # No finding while the check runs.
    while server.query(f"lastgood_array_sync_progress_ratio{check}"):
        running = server.report()
        if running.select("array_sync_progress_ratio", array, action="check"):
            assert not [finding for finding in running.findings if "certainty" not in finding], running.findings
    server.expect_finding("array_mismatches", array)
    server.expect(f'time() - lastgood_array_last_check_timestamp_seconds{{array="{array}"}} < 60')
    mismatches = server.value(f'lastgood_array_mismatch_sectors{{array="{array}"}}')
    assert 64 <= mismatches <= 256  # md counts in windows of 64 KiB
    server.expect_blamed(array)
    expect_redundancy(server, array, survives=1, fatal=0)
    # The finding ends after a repair and another check.
    for action in ("repair", "check"):
        server.run(
            f"echo 200000 > /proc/sys/dev/raid/speed_limit_max; cd /sys/block/$(basename $(readlink -e /dev/md/mirror))/md;"
            f" echo {action} > sync_action; until grep -q idle sync_action; do sleep 0.1; done"
        )
    server.expect_no_finding("array_mismatches", array)
    server.expect_blamed(within=10)


# --- btrfs and LVM


def test_arrays_btrfs_with_errors_and_without_a_drive(lab):
    """A device of a btrfs RAID 1 fails all writes; then it is pulled."""
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
    # btrfs names its devices by the udev links they were registered with, the block layer by kernel names.
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
    found = server.expect('lastgood_array_info{name="volumes/data",level="raid1"}', within=60)
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
