"""The directories that the agent writes to are full or read-only."""

import time

STATE = "/var/lib/lastgood"


def test_state_full(lab):
    """The agent reports that it cannot save, keeps watching, and saves when it can."""
    server = lab.server("state_full", start=False)
    server.run(f"mount -t tmpfs -o size=1M tmpfs {STATE}; dd if=/dev/zero of={STATE}/filler bs=64k status=none || true")
    server.start(health=False)
    process = server.run("systemctl show -P MainPID lastgood")
    server.expect_finding("state_not_persisted")
    goes_on_watching(server)
    assert {rule for rule, _ in server.findings()} == {"state_not_persisted"}
    server.run(f"rm {STATE}/filler")
    server.expect_no_finding("state_not_persisted", within=60)
    server.expect_blamed()
    assert server.run("systemctl show -P MainPID lastgood") == process
    # The agent has locked the database, so read a copy, with its write-ahead log.
    assert int(server.run(f"cp -r {STATE} /run/copy; sqlite3 /run/copy/state.db 'SELECT count(*) FROM known'")) > 0


def test_state_becomes_read_only(lab):
    """An error makes the state's filesystem read-only while the agent runs. Afterwards the agent has everything it had saved."""
    server = lab.server("state_becomes_read_only", start=False)
    device = server.drive("sas1").by_id
    server.run(f"mkfs.ext4 -q -e remount-ro {device} && mount {device} {STATE} && mkdir {STATE}/inbox")
    server.configure(f'[[backup]]\nname = "state"\nstamp = "/var/backups/system-done"\ncovers = ["{STATE}"]\nmax_age = "30d"\n')
    server.start(health=False)
    bad = server.drive("ata1")
    errors = f'sum(lastgood_drive_kernel_errors_total{{drive="{server.id_of(bad)}"}})'
    bad.fail(reads=[4660])
    server.read_sector(bad.by_id, 4660)
    server.expect(f"{errors} > 0")
    server.expect_finding("drive_suspect_kernel_errors", server.id_of(bad))
    saved = settled(server, errors)
    process = server.run("systemctl show -P MainPID lastgood")

    server.run(f"echo trigger > /sys/fs/ext4/$(basename $(readlink -e {device}))/trigger_fs_error")
    server.expect_finding("filesystem_read_only", STATE, within=90)  # lastgood checks once a minute
    server.expect_finding("filesystem_damaged", STATE)
    server.read_sector(bad.by_id, 4660)  # something to save
    server.expect(f"{errors} > {saved}")
    server.expect_finding("state_not_persisted")
    goes_on_watching(server)
    assert server.run("systemctl show -P MainPID lastgood") == process
    counted = settled(server, errors)

    server.run(f"systemctl stop lastgood; umount {STATE}; e2fsck -fy {device} > /dev/null; mount {device} {STATE}; systemctl start lastgood")
    server.expect_no_finding("state_not_persisted")
    server.expect_no_finding("filesystem_read_only", STATE, within=90)
    # Errors that could not be saved are read again from the kernel log and counted once.
    server.expect(f"{errors} == {counted}")
    server.expect_blamed(server.id_of(bad), STATE)


def settled(server, expression):
    """The value of the expression when it has not changed for 2 s."""
    while (value := server.value(expression)) != (time.sleep(2) or server.value(expression)):
        pass
    return value


def goes_on_watching(server):
    begin = server.value("lastgood_report_timestamp_seconds")
    server.expect(f"lastgood_report_timestamp_seconds > {begin}")


def test_run_full(lab):
    """No report can be written: the listener serves the last one with its age, and the journal gives the reason. Later reports are written again."""
    server = lab.server("run_full")
    process = server.run("systemctl show -P MainPID lastgood")
    server.run("dd if=/dev/zero of=/run/filler bs=64k status=none; cat /dev/zero >> /run/filler || true", check=False)
    begin = server.value("lastgood_report_timestamp_seconds")
    server._wait_for_findings(
        lambda: "report.json" in server.run("journalctl --no-pager -u lastgood -g 'No space left' || true"), 60, "the journal says why"
    )
    server.expect("time() - lastgood_report_timestamp_seconds > 25", within=60)
    assert server.value("lastgood_report_timestamp_seconds") <= begin + 5
    server.run("rm /run/filler")
    server.expect("time() - lastgood_report_timestamp_seconds < 10", within=60)
    assert server.run("systemctl show -P MainPID lastgood") == process
    server.expect_blamed(within=30)
