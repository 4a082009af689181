"""Units of systemd as the jobs of backups, run by a real systemd and seen from inside the sandbox of the unit."""

import time

UNITS = {
    "good": "ExecStart=/bin/true",
    "partly": "ExecStart=/usr/local/bin/restic backup\nSuccessExitStatus=3",
    "skipped": "ExecStart=/bin/true\n[Unit]\nConditionPathExists=/no/such/config",
    "ignored": "ExecStart=-/bin/false",
}


def test_backup_jobs(lab):
    """systemd calls all four a success: only one is. A reboot takes nothing of that away."""
    server = lab.server("backup_jobs")
    server.run("printf '#!/bin/sh\\nexit 3\\n' > /usr/local/bin/restic; chmod +x /usr/local/bin/restic")
    for name, text in UNITS.items():
        server.run(f"printf '[Service]\\nType=oneshot\\n%s\\n' '{text}' > /etc/systemd/system/{name}.service")
        if name != "good":  # nothing holds that one: systemd forgets it at once, and the journal tells
            server.run(f"printf '[Timer]\nOnCalendar=yearly\n' > /etc/systemd/system/{name}.timer; systemctl start {name}.timer")
    server.run("; ".join(f"systemctl start {name}.service" for name in UNITS))
    server.configure("".join(f'[[backup]]\nname = "{name}"\nsystemd = "{name}.service"\n' for name in [*UNITS, "gone"]))
    expect_all(server)
    begin = time.time()
    server.machine.reboot()
    server.expect(f"lastgood_agent_started_timestamp_seconds > {begin}", within=120)
    expect_all(server)


def expect_all(server):
    server.expect('time() - lastgood_backup_newest_timestamp_seconds{backup="good"} < 3600', within=90)
    server.expect_finding("backup_job_partly", "partly", within=90)
    server.expect_finding("backup_job_failed", "ignored", within=90)
    server.expect_finding("backup_job_skipped", "skipped", within=90)
    server.expect_finding("backup_job_missing", "gone", within=90)
    assert not server.query('lastgood_backup_newest_timestamp_seconds{backup=~"partly|ignored|skipped|gone",confidence!="activity"}')
