"""Filesystems that stop after errors."""

PLACE = "/srv/data"


def test_filesystem_turns_read_only(lab):
    """Writes of ext4's journal fail: the filesystem is read-only and damaged. Its own error count survives a reboot."""
    server = lab.server("filesystem_turns_read_only")
    server.configure(f'[[backup]]\nname = "data"\nstamp = "/var/backups/system-done"\ncovers = ["{PLACE}"]\nmax_age = "30d"\n')
    drive = server.drive("sas1")
    device, blamed = drive.by_id, server.id_of(drive)  # errors of a mapped device on the drive are charged to the drive, too
    sectors = int(server.run(f"blockdev --getsz $(readlink -e {device})"))
    whole = f"0 {sectors} linear {device} 0"
    # The superblock stays writable, so that ext4 can count the error; the journal, in the middle, does not.
    good = 65536
    failing = f"0 {good} linear {device} 0\n{good} {sectors - good} error"
    server.run(f"dmsetup create data --table '{whole}' && mkfs.ext4 -q -e remount-ro /dev/mapper/data")
    server.run(f"mkdir {PLACE} && mount /dev/mapper/data {PLACE} && touch {PLACE}/before && sync")
    server.expect(f'lastgood_filesystem_read_only{{filesystem="{PLACE}"}} == 0')
    server.expect_blamed(within=10)

    server.run(f"dmsetup suspend data && printf '%s\\n' '{failing}' | dmsetup load data && dmsetup resume data")
    server.run(f"touch {PLACE}/after; sync; touch {PLACE}/later", check=False)
    server.expect_finding("filesystem_read_only", PLACE, within=90)  # lastgood checks once a minute
    server.expect_finding("filesystem_damaged", PLACE)
    server.expect(f'lastgood_filesystem_kernel_errors_total{{filesystem="{PLACE}"}} >= 1')
    server.expect(f'sum(lastgood_filesystem_kernel_log_errors_total{{filesystem="{PLACE}"}}) >= 1')
    server.expect_blamed(PLACE, blamed)
    counted = server.report().value("filesystem_kernel_log_errors_total", PLACE)

    server.machine.reboot()
    server.run(f"udevadm wait --timeout=50 {device} && dmsetup create data --table '{whole}' && mount /dev/mapper/data {PLACE}")
    server.expect(f'lastgood_filesystem_read_only{{filesystem="{PLACE}"}} == 0', within=60)
    server.expect(f'lastgood_filesystem_kernel_errors_total{{filesystem="{PLACE}"}} >= 1')
    server.expect_no_finding("filesystem_read_only", PLACE, within=90)
    server.expect_finding("filesystem_damaged", PLACE)  # from the errors of the last 24 h
    # The mount may log the old error again, but lastgood must not count its old messages twice.
    assert server.report().value("filesystem_kernel_log_errors_total", PLACE) < 2 * counted
    server.expect_blamed(PLACE, blamed)
