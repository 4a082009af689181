"""lastgood preflight of drives with every kind of use."""

GO, NO_GO, CANNOT_TELL = 0, 2, 3


class Asker:
    """Asks preflight, and waits until the answer is the expected one: the agent looks at uses every 30 s."""

    def __init__(self, server):
        self.server = server

    def expect(self, drive, status, *words, within=60):
        tests = " ".join(f"&& grep -qF '{word}' <<< \"$told\"" for word in words)
        found, answer, _ = self.server.run(
            f"for try in $(seq {within}); do answer=$(lastgood preflight {drive.device}); found=$?; told=$(echo $answer);"
            f" [ $found = {status} ] {tests} && exit; sleep 1; done; echo \"$answer\"; exit 1",
            within + 60,
            check=False,
        )
        assert found == 0, f"{drive.device}, expected {words}: {answer}"


def test_preflight_of_every_use(lab):
    """GO is said of a drive only when each use of it is redundant or when nothing uses it."""
    server = lab.server("preflight", scsi=6)
    asks = Asker(server)
    swap, luks, volume, pool1, pool2, held = (server.drive(f"scsi{number}") for number in range(1, 7))
    for drive in (swap, luks, volume, pool1, pool2, held):
        asks.expect(drive, GO, f"nothing uses {drive.device}")

    server.run(f"mkswap -q {swap.by_id} && swapon {swap.by_id}")
    asks.expect(swap, NO_GO, f"swap is on {swap.device} without redundancy")
    server.run(f"swapoff {swap.by_id}")
    asks.expect(swap, CANNOT_TELL, "it holds swap that is not in use here")
    server.run(f"wipefs -qa {swap.by_id}; udevadm settle")
    asks.expect(swap, GO)

    server.run(
        f"echo -n secret | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 {luks.by_id} -;"
        f"echo -n secret | cryptsetup open --key-file - {luks.by_id} vault; udevadm settle"
    )
    asks.expect(luks, CANNOT_TELL, f"what uses vault on {luks.device}")
    server.run("mkfs.ext4 -q /dev/mapper/vault && mkdir -p /srv/vault && mount /dev/mapper/vault /srv/vault")
    asks.expect(luks, NO_GO, "filesystem /srv/vault")
    server.run("umount /srv/vault && cryptsetup close vault; udevadm settle")
    asks.expect(luks, CANNOT_TELL, "crypto_LUKS that is not in use here")

    server.run(f"pvcreate -q {volume.by_id} && vgcreate -q vg {volume.by_id} && lvcreate -q -n vm-101 -L 4M vg; udevadm settle")
    asks.expect(volume, CANNOT_TELL, "what uses vg/vm-101")

    server.run(
        f"mkfs.btrfs -q -m raid1 -d raid1 {pool1.by_id} {pool2.by_id} && mkdir /srv/pool && mount {pool1.by_id} /srv/pool"
        " && echo data > /srv/pool/file && sync"
    )
    asks.expect(pool1, NO_GO, "on it: /srv/pool (array", "/srv/pool cannot be restored")

    # A program that holds the drive, as an iSCSI target or a virtual machine does.
    server.run(
        f"systemd-run -q --unit holder python3 -c \"import os, time; os.open('/dev/{held.device}', os.O_RDONLY | os.O_EXCL);"
        " time.sleep(600)\" && sleep 1"
    )
    asks.expect(held, CANNOT_TELL, f"which program holds {held.device}")
    server.run("systemctl stop holder")
    asks.expect(held, GO)


def test_preflight_of_an_inactive_array(lab):
    """An array that was assembled with too few members: each of them may hold data that no other has."""
    server = lab.server("preflight_inactive", scsi=3)
    asks = Asker(server)
    drives = [server.drive(f"scsi{number}") for number in (1, 2, 3)]
    names = " ".join(drive.by_id for drive in drives)
    server.run(f"mdadm --create /dev/md/array --run --quiet --assume-clean --level=5 --raid-devices=3 {names}")
    server.suspects.add(server.expect('lastgood_array_info{name=~".*array"}', within=60)[0][0]["array"])  # it will be gone
    server.run("mdadm --quiet --stop /dev/md/array && udevadm settle")
    asks.expect(drives[0], CANNOT_TELL, "linux_raid_member that is not in use here")
    server.run(f"mdadm --quiet --incremental {drives[0].by_id}; udevadm settle", check=False)
    asks.expect(drives[0], NO_GO, "has failed: what its members hold may be all that is left")
    failed = [finding for finding in server.report().findings if finding["rule"] == "array_failed"]
    assert len(failed) == 1
    server.suspects.add(failed[0]["subject"])  # it has no UUID while it is inactive
