"""What drives say of themselves, and drives that say nothing."""

import time


def test_drive_that_stops_answering(lab):
    """I/O and health queries hang: told within a minute, the others go on; neither stopping the agent nor its next start hangs."""
    server = lab.server("drive_that_stops_answering", start=False)
    leave_only(server, "sata", "ata")
    server.start()
    server.configure('[collectors.smart]\ninterval = "15s"\n')
    stalled = server.drive("sata1")
    drive, name = server.id_of(stalled), stalled.device
    others = f'lastgood_drive_read_timestamp_seconds{{drive!="{drive}"}}'
    # Beyond the kernel's usual patience, after which it would reset the drive.
    server.run(f"echo 900 > /sys/block/{name}/device/timeout")

    stalled.stall()
    server.run(f"for i in 1 2 3 4; do dd if=/dev/{name} of=/dev/null bs=64k skip=$i count=1 iflag=direct & done >&- 2>&-")
    server.expect_finding("drive_io_stalled", drive, within=60)
    before = server.expect_finding("drive_not_answering", drive, within=60)
    server.expect_finding("collector_abandoned_children", "smart")
    server.expect_blamed(drive, "smart")
    assert not server.query(f'lastgood_drive_temperature_celsius{{drive="{drive}"}}')  # its last values are no longer its values

    def others_are_fresh():
        server.expect(f"count({others} > {time.time()}) == {len(server.drives) - 1}", within=60)

    for _ in range(2):
        others_are_fresh()
        assert health_queries(server, drive) == 1

    begin = time.monotonic()
    server.run("systemctl stop lastgood", check=False)
    assert time.monotonic() - begin < 25  # the unit's TimeoutStopSec=, and the guest's slowness
    server.run("systemctl start lastgood")
    after = server.expect_finding("drive_not_answering", drive, within=60)
    assert after["since"] == before["since"]
    others_are_fresh()
    assert health_queries(server, drive) == 2  # that of the agent before is still stuck, too

    released = time.time()
    stalled.release()
    server.expect(f'lastgood_drive_read_timestamp_seconds{{drive="{drive}"}} > {released}', within=60)
    server.expect_no_finding("drive_not_answering", drive)
    server.expect_blamed(within=30)
    assert health_queries(server, drive) <= 1


def leave_only(server, *kinds):
    """Fewer drives are read again sooner."""
    gone = [drive for drive in server.drives if drive.kind not in kinds]
    for drive in gone:
        server.run(f"echo 1 > /sys/block/{drive.device}/device/delete")
        server.drives.remove(drive)


def health_queries(server, drive):
    """How many processes that ask the drive for its health there are in the guest."""
    return int(server.run(f"pgrep -fc '^lastgood collect smart {drive} ' || true"))
