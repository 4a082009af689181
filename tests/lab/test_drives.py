"""Health data of drives, and drives that do not answer."""

import time

import pytest

from lab import WHOLE

MANY = 200 if WHOLE else 60  # drives
WARNINGS = ("spare", "temperature", "reliability", "read_only", "volatile_backup", "persistent_memory")


def test_nvme_critical_warnings(lab):
    """Each of the six bits alone gives its label and its finding, on that drive only. Without the bits, the findings end."""
    server = lab.server("nvme_critical_warnings", nvme=1)
    warned = server.plug("nvme", pmrdev="persistent")
    server.configure('[collectors.smart]\ninterval = "15s"\n')
    drive = server.id_of(warned)
    for bit, warning in enumerate(WARNINGS):
        warned.warn(1 << bit)
        rule = "drive_suspect_temperature_warning" if warning == "temperature" else "drive_failing_critical_warning"
        server.expect(f'lastgood_drive_critical_warning{{drive="{drive}",warning="{warning}"}} == 1', within=60)
        server.expect("count(lastgood_drive_critical_warning == 1) == 1")
        server.expect_finding(rule, drive)
        server.expect_blamed(drive)
        assert server.findings() == {(rule, drive)}
    warned.warn(0)
    server.expect_blamed(within=60)
    server.expect_none("lastgood_drive_critical_warning == 1")


def test_drive_that_stops_answering(lab):
    """I/O and health queries hang. lastgood reports it within a minute and reads the other drives; it stops, and starts after a reboot, in time."""
    server = lab.server("drive_that_stops_answering", start=False)
    leave_only(server, "sata", "ata")
    server.start()
    server.configure('[collectors.smart]\ninterval = "15s"\n')
    stalled = server.drive("sata1")
    drive = server.id_of(stalled)
    others = f'lastgood_drive_read_timestamp_seconds{{drive!="{drive}"}}'
    stall(server, stalled)
    server.expect_finding("drive_io_stalled", drive, within=60)
    before = server.expect_finding("drive_not_answering", drive, within=60)
    server.expect_finding("collector_abandoned_children", "smart")
    server.expect_blamed(drive, "smart")
    assert not server.query(f'lastgood_drive_temperature_celsius{{drive="{drive}"}}')  # old values must not stay

    def others_are_fresh():
        server.expect(f"count({others} > {time.time()}) == {len(server.drives) - 1}", within=60)

    for _ in range(2):
        others_are_fresh()
        assert health_queries(server, drive) == 1

    begin = time.monotonic()
    server.run("systemctl stop lastgood", check=False)
    assert time.monotonic() - begin < 25  # the unit's TimeoutStopSec=, plus some time for the slow guest

    # Reboot meanwhile. The drive answers while the kernel scans for drives and hangs again before lastgood starts.
    server.run("systemctl disable -q lastgood")
    stalled.release()
    server.machine.reboot()
    stall(server, stalled)
    server.run("systemctl start lastgood")
    after = server.expect_finding("drive_not_answering", drive, within=90)
    assert after["since"] == before["since"]
    assert server.id_of(stalled) == drive
    others_are_fresh()
    assert health_queries(server, drive) == 1

    released = time.time()
    stalled.release()
    server.expect(f'lastgood_drive_read_timestamp_seconds{{drive="{drive}"}} > {released}', within=60)
    server.expect_no_finding("drive_not_answering", drive)
    server.expect_blamed(within=30)
    assert health_queries(server, drive) <= 1


def leave_only(server, *kinds):
    """Removes all drives of other kinds: with fewer drives, each is read more often."""
    gone = [drive for drive in server.drives if drive.kind not in kinds]
    for drive in gone:
        server.run(f"echo 1 > /sys/block/{drive.device}/device/delete")
        drive.pull()


def stall(server, drive):
    """Makes reads of the drive hang. Raises the kernel's timeout first, after which it would reset the drive."""
    name = drive.device
    server.run(f"echo 900 > /sys/block/{name}/device/timeout")
    drive.stall()
    server.run(f"for i in 1 2 3 4; do dd if=/dev/{name} of=/dev/null bs=64k skip=$i count=1 iflag=direct & done >&- 2>&-")


def health_queries(server, drive):
    """The number of processes in the guest that ask the drive for its health."""
    return int(server.run(f"pgrep -fc '^lastgood collect smart {drive} ' || true"))


def test_medium_errors_with_sense_data(lab):
    """scsi_debug's drives answer with sense data, as SAS drives do: errors are charged to the drive that failed and to no other."""
    server = lab.server("sense_data", start=False)
    bad, good = server.simulate_drives(2, "opts=2")  # medium errors at sectors 4660 to 4669 (SDEBUG_OPT_MEDIUM_ERR)
    server.start(health=False)
    server.expect(f'lastgood_drive_info{{drive="{bad}",protocol="scsi",reader="smartctl"}}', within=60)
    server.read_sector(f"/dev/{device_of(server, bad)}", 4660)
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{bad}",kind="medium",layer="scsi"}} > 0')
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{bad}",kind="medium",layer="block"}} > 0')
    server.expect_finding("drive_failing_medium_errors", bad)
    server.expect_blamed(bad)
    assert server.value(f'lastgood_drive_kernel_errors_total{{drive="{good}"}}') is None


@pytest.mark.whole
def test_many_drives(lab):
    """All drives are read in time, a few in parallel. The report stays fresh, memory stays small, and a failing drive is reported."""
    server = lab.server("many_drives", start=False)
    ids = server.simulate_drives(MANY, "opts=2")
    # The guest itself counts: it may read all drives between two looks from outside.
    server.run("systemd-run -q --unit=count sh -c 'while :; do pgrep -fc \"^lastgood collect smart \"; sleep 0.1; done > /run/counts'")
    server.start(health=False)
    read = f'count(lastgood_drive_read_timestamp_seconds{{drive=~"wwn-0x3333.*"}}) == {MANY}'
    deadline = time.monotonic() + 600
    while not server.query(read):
        assert time.monotonic() < deadline, server.query(read.split(" == ", maxsplit=1)[0])
        server.expect("time() - lastgood_report_timestamp_seconds < 30")
        time.sleep(1)
    server.run("systemctl stop count")
    assert 1 < int(server.run("sort -n /run/counts | tail -n 1")) <= 8
    bad = ids[MANY // 2]
    server.read_sector(f"/dev/{device_of(server, bad)}", 4660)
    server.expect_finding("drive_failing_medium_errors", bad)
    server.expect_blamed(bad)
    # Memory and time are far below the limits of the unit.
    assert int(server.run("cat /sys/fs/cgroup/system.slice/lastgood.service/memory.peak")) < 200 << 20
    assert "has not" not in server.run("journalctl --no-pager -u lastgood")


def device_of(server, drive):
    return server.expect(f'lastgood_drive_info{{drive="{drive}"}}')[0][0]["device"]
