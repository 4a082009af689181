"""LVM's snapshots as backups, on a real LVM upon an array of two drives: what LVM's record and device-mapper say of them."""

import time

CONFIG = """
[[backup]]
name = "beside"
files = "/srv/copies/*.sql"
covers = ["/srv/data"]

[[backup]]
name = "nightly"
lvm = "/dev/vault/data"
covers = ["/srv/data"]
"""
LOOK = 90  # seconds within which each backup is looked at again


def nightly(metric, value):
    return f'lastgood_backup_{metric}{{backup="nightly"}} == {value}'


def test_lvm_snapshots(lab):
    server = lab.server("lvm_snapshots", scsi=2)
    drives = [server.drive("scsi1"), server.drive("scsi2")]
    server.run(
        f"mdadm --create /dev/md/vault --run --quiet --assume-clean --level=1 --raid-devices=2 {drives[0].by_id} {drives[1].by_id}"
        " && pvcreate -q /dev/md/vault && vgcreate -q vault /dev/md/vault"
        " && lvcreate -q -W n -n data -L 64M vault && lvcreate -q -W n -n copies -L 32M vault"
        " && mkfs.ext4 -q /dev/vault/data && mkfs.ext4 -q /dev/vault/copies && mkdir -p /srv/data /srv/copies"
        " && mount /dev/vault/data /srv/data && mount /dev/vault/copies /srv/copies"
    )
    server.suspects |= {"beside", "nightly", "/srv/data", "/srv/copies"}
    server.configure(CONFIG)

    # Two volumes of one group are on the same drives, through LVM and the array.
    for name in ("beside", "nightly"):
        server.expect(f'lastgood_backup_failure_domain{{backup="{name}",domain="same-drive"}} == 1', within=LOOK)
    for drive in drives:
        server.expect(f'lastgood_backup_drive{{backup="beside",drive="{server.id_of(drive)}"}} == 1', within=LOOK)

    server.expect(nightly("count", 0), within=LOOK)
    server.run("lvcreate -q -s -n night -L 8M vault/data")
    server.expect(nightly("count", 1), within=LOOK)
    [(_, newest)] = server.query('lastgood_backup_newest_timestamp_seconds{backup="nightly",confidence="inferred"}')
    assert abs(newest - time.time()) < LOOK + 30
    server.expect_finding("backup_beside_source", "nightly")

    # Writes to the volume fill the space of the snapshot: LVM's record lists it as before.
    server.run("dd if=/dev/urandom of=/srv/data/much bs=1M count=20 conv=fsync status=none")
    server.expect(nightly("incomplete", 1), within=LOOK)
    server.expect(nightly("count", 0), within=LOOK)
    assert "night {" in server.run("cat /etc/lvm/backup/vault")

    server.run("lvremove -q -y vault/night && lvcreate -q -s -n again -L 32M vault/data")
    server.expect(nightly("count", 1), within=LOOK)

    # Nothing is known of the snapshots of a volume that is not there.
    server.run("lvrename -q vault data database")
    server.expect_finding("backup_unreadable", "nightly", within=LOOK)
    server.run("lvrename -q vault database data")
    server.expect_no_finding("backup_unreadable", "nightly", within=LOOK)

    # A mounted volume takes the snapshot back when it is next activated; until then nothing can be restored from it.
    server.run("lvconvert -q -y --merge vault/again")
    server.expect(nightly("count", 0), within=LOOK)
