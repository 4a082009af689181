"""systemd's journal, written by the real journald and read inside the sandbox of the unit."""


def test_journal(lab):
    """What root's programs report counts once, also over a restart; what a user or a container's log says never does."""
    server = lab.server("journal")
    told, forged = server.drive("sata1"), server.drive("sata2")
    failed = "Device: /dev/{} [SAT], FAILED SMART self-check. BACK UP DATA NOW!"
    pool = "eid=13 class=data pool=tank priority=4 err=52"
    counted = f'lastgood_drive_messages_total{{drive="{server.id_of(told)}",kind="verdict",program="smartd"}}'
    server.expect("lastgood_journal_followed == 1")
    # A name that no user has; as in a container without a user namespace, only the uid of the process counts.
    server.run(f"runuser -u nobody -- logger -t smartd '{failed.format(forged.device)}'")
    server.run(f"runuser -u nobody -- systemd-cat -t smartd echo '{failed.format(forged.device)}'")
    server.run(f"echo '<2>smartd[1]: {failed.format(forged.device)}' > /dev/kmsg")
    server.run(f"logger -t smartd '{failed.format(told.device)}'")
    server.expect(f"{counted} == 1")
    server.run("systemctl kill -s KILL lastgood")
    server.run(f"logger -t smartd '{failed.format(told.device)}'; logger -t zed '{pool}'")
    server.expect('lastgood_array_kernel_errors_total{array="tank",kind="uncorrected",layer="zed"} == 1', within=60)
    server.expect(f"{counted} == 2")
    assert not server.query(f'lastgood_drive_messages_total{{drive="{server.id_of(forged)}"}}')
    server.expect_finding("array_kernel_data_loss", "tank")
    server.expect_blamed(server.id_of(told), "tank")
