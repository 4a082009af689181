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
