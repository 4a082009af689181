"""A day of a busy healthy server in less than an hour: its clock is moved on. `tests/run long` plays it; LASTGOOD_LAB_HOURS sets another length."""

import os

import pytest

from company import HEALTHY_BACKUPS, Company
from lab import severity_of

HOURS = int(os.environ.get("LASTGOOD_LAB_HOURS", "24"))
STEP = 300  # seconds of the server's clock
USUAL = {"no_copy_off_host"}  # the lab's server has no other machine
# Programs that write and read all day.
WORK = """while :; do dd if=/dev/urandom of=/srv/twin/work bs=64k count=16 conv=fsync status=none
dd if=/dev/md/twin of=/dev/null bs=1M count=16 iflag=direct status=none; sleep 2; done"""
SIZES = """pid=$(systemctl show -P MainPID lastgood); sed -n 's/^VmRSS: *\\([0-9]*\\) kB/\\1/p' /proc/$pid/status
ls /proc/$pid/fd | wc -l; du -ck /var/lib/lastgood/state.db* | tail -n 1 | cut -f 1"""


def start_work(server):
    server.run(f"systemd-run -q --unit=work sh -c '{WORK}'")


def day_of(company):
    """Plays the hours. Yields after each what the agent takes: (memory in KiB, descriptors, database in KiB)."""
    server = company.server
    start_work(server)
    for hour in range(1, HOURS + 1):
        server.run(f"{HEALTHY_BACKUPS}; journalctl --rotate --quiet; journalctl --vacuum-size=16M --quiet")
        if hour % 6 == 1:
            server.run("echo check > /sys/block/$(basename $(readlink -e /dev/md/twin))/md/sync_action", check=False)
        if hour in (HOURS // 3, HOURS * 2 // 3):
            server.machine.reboot()
            company.start_spool()
            start_work(server)
        for _ in range(3600 // STEP):
            server.machine.move_clock(STEP)
            expect_nothing_new(server)
        yield tuple(map(int, server.run(SIZES).split()))


def expect_nothing_new(server):
    """Waits for a report by the new clock; nothing in it is worse than unknown."""
    now = float(server.run("date +%s"))
    server._wait_for_findings(lambda: server.report().document["written_at"] >= now, 60, "a report by the new clock")
    findings = server.report().findings
    assert not [one for one in findings if severity_of(one) != "unknown" and one["rule"] not in USUAL], findings


@pytest.mark.whole
@pytest.mark.only_whole
def test_soak_of_a_day(lab):
    """Scrubs, backups, log rotation and two reboots: no finding above unknown; memory, descriptors and database do not grow."""
    sizes = list(day_of(Company(lab, "soak")))
    first = max(1, HOURS // 4)
    for what, values, slack in zip(("memory in KiB", "descriptors", "database in KiB"), zip(*sizes), (2048, 4, 1024)):
        before, after = max(values[:first]), max(values[first:])
        assert after <= before * 1.15 + slack, f"{what} of each hour: {values}"
