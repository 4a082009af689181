"""The server's clock jumps. The Prometheus outside has its own clock."""

import re
import time

DAY = 86400


def test_clock_jumps(lab):
    """The clock jumps a day forward and back: there is no negative age, no backup becomes fresh, and the findings are the same afterwards."""
    server = lab.server("clock_jumps")
    server.run("mkdir /srv/copies; touch -d '-30 hours' /srv/copies/old; touch -d '-1 hour' /srv/copies/new")
    server.configure(
        '[collectors.backups]\ninterval = "5s"\n[collectors.smart]\ninterval = "60s"\n'
        '[[backup]]\nname = "old"\nstamp = "/srv/copies/old"\ncovers = ["/srv"]\nmax_age = "26h"\n'
        '[[backup]]\nname = "new"\nstamp = "/srv/copies/new"\ncovers = ["/srv"]\nmax_age = "26h"\n'
    )
    server.expect_finding("backup_too_old", "old")
    server.expect_no_finding("backup_too_old", "new")
    before = findings(server)

    server.machine.set_clock(time.time() + DAY)
    wait_for_report(server, time.time() + DAY)
    assert {("backup_too_old", "old")} <= findings(server)
    no_negative_age(server)

    server.machine.set_clock(time.time())
    wait_for_report(server, time.time(), before=time.time() + DAY / 2)
    for _ in range(10):  # also before everything has been read again
        no_negative_age(server)
    server.expect_finding("backup_too_old", "old")
    server.expect_no_finding("backup_too_old", "new")
    server._wait_for_findings(lambda: findings(server) == before, 90, f"findings as before: {before}")
    no_negative_age(server)
    # Everything runs at its interval, also what was scheduled while the clock was ahead.
    server.expect(f"lastgood_report_timestamp_seconds > {time.time() + 5}", within=60)
    server.expect(f"min(lastgood_drive_read_timestamp_seconds) > {time.time() - 60}", within=120)
    assert findings(server) == before


def findings(server):
    return server.findings(("critical", "warning", "unknown"))


def wait_for_report(server, after, before=float("inf")):
    def written():
        return after - 5 < server.report().document["written_at"] < before

    server._wait_for_findings(written, 60, "a report by the new clock")


def no_negative_age(server):
    """Checks that no time in a report is later than the report."""
    report = server.report()
    late = report.document["written_at"] + 1
    assert [item for item in report.observations if item["observed_at"] > late] == []
    seen = ("drive_read_timestamp_seconds", "collector_last_success_timestamp_seconds")
    assert [item for metric in seen for item in report.select(metric) if item["value"] > late] == []
    assert [finding for finding in report.findings if finding["since"] > late] == []
    text = server.run("lastgood status", check=False)[1]
    assert not re.search(r"(?<![\w-])-\d", text), text
