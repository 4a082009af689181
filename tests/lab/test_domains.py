"""Where copies lie against their source, on real drives: md, LVM, LUKS and btrfs."""

BACKUP = '[[backup]]\nname = "{0}"\nfiles = "{1}/*"\ncovers = ["{2}"]\n'


def test_domains_of_copies(lab):
    server = lab.server("domains", scsi=6)
    mirror1, mirror2, volume, pool1, pool2, alone = (server.drive(f"scsi{number}").by_id for number in range(1, 7))
    server.run(
        f"mdadm --create /dev/md/domains --run --quiet --assume-clean --level=1 --raid-devices=2 {mirror1} {mirror2}"
        " && mkfs.ext4 -q /dev/md/domains && mkdir -p /srv/array && mount /dev/md/domains /srv/array"
    )
    server.run(
        f"pvcreate -q {volume} && vgcreate -q vg {volume} && lvcreate -q -n data -L 16M vg && lvcreate -q -n safe -L 48M vg;"
        " mkfs.ext4 -q /dev/vg/data && mkdir -p /srv/data && mount /dev/vg/data /srv/data"
        " && echo -n secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/vg/safe -"
        " && echo -n secret | cryptsetup open --key-file - /dev/vg/safe safe"
        " && mkfs.ext4 -q /dev/mapper/safe && mkdir -p /srv/safe && mount /dev/mapper/safe /srv/safe"
    )
    server.run(
        f"mkfs.btrfs -q -m raid1 -d raid1 {pool1} {pool2} && mkdir -p /srv/pool /srv/home && mount {pool1} /srv/pool"
        f" && btrfs -q subvolume create /srv/pool/home && mount -o subvol=home {pool1} /srv/home"
    )
    server.run(
        f"mkfs.ext4 -q {alone} && mkdir -p /srv/alone && mount {alone} /srv/alone"
        " && mkdir -p /srv/alone/bound /srv/bound && mount --bind /srv/alone/bound /srv/bound"
    )
    expected = {
        "beside": ("/srv/array/copies", "/srv/array", "same-filesystem"),
        "bind": ("/srv/bound", "/srv/alone", "same-filesystem"),
        "subvolume": ("/srv/pool", "/srv/home", "same-filesystem"),
        "luks-on-lvm": ("/srv/safe", "/srv/data", "same-drive"),
        "other-drive": ("/srv/safe", "/srv/alone", "same-host"),
        "array": ("/srv/array", "/srv/data", "same-host"),
        "pool": ("/srv/pool", "/srv/alone", "same-host"),
    }
    server.run("mkdir -p /srv/array/copies")
    server.suspects |= expected.keys()
    server.configure("".join(BACKUP.format(name, copies, source) for name, (copies, source, _) in expected.items()))
    for name, (_, _, domain) in expected.items():
        server.expect(f'lastgood_backup_failure_domain{{backup="{name}",domain="{domain}"}} == 1', within=60)
    found = server.query("lastgood_backup_failure_domain == 1")
    assert {labels["backup"]: labels["domain"] for labels, _ in found if labels["backup"] in expected} == {
        name: domain for name, (_, _, domain) in expected.items()
    }
