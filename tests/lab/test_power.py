"""The power fails at random moments while errors are counted: the agent always starts again, and forgets nothing it had saved."""

import concurrent.futures
import random
import time
import uuid

from lastgood import Report, wait_until

LANES, CUTS = 2, 50  # two servers side by side, each cut off so many times
COUNTER = "drive_kernel_errors_total"


def boot(lab, directory, state_image):
    """A server that has just come up, with the drive that holds its state.

    Booting takes half a minute, so it goes on from frozen memory; what makes it another boot is its id. The state's drive is
    plugged in after that: nothing of it is in that memory."""
    machine = lab.thaw(lab.frozen, directory)
    drive = machine.plug("scsi", serial="STATE", image=state_image)
    if state_image is None:
        machine.run(f"mkfs.ext4 -q {drive.by_id}")
    machine.run(
        f"echo {uuid.uuid4()} > /root/boot_id; mount --bind /root/boot_id /proc/sys/kernel/random/boot_id;"
        " printf '[collectors.smart]\\nenabled = false\\n' > /etc/lastgood/conf.d/power.toml;"  # not what this is about, and slow
        f" mkdir -p /mnt/state; mount {drive.by_id} /mnt/state && mkdir -p /mnt/state/lastgood"
        " && mount --bind /mnt/state/lastgood /var/lib/lastgood"
    )
    return machine, drive


def counted(machine, drive_id):
    status, text, errors = machine.run("lastgood status --json", check=False)
    assert status in (0, 1, 2, 3), errors
    return Report(text).value(COUNTER, drive_id) or 0


def lane(lab, number):
    chance = random.Random(number)
    directory = lab.directory / f"power{number}"
    directory.mkdir()
    image, before = None, 0
    for cut in range(CUTS):
        machine, state_drive = boot(lab, directory / f"cut{cut}", image)
        try:
            # What the power cut left is a whole database, before anybody mends it.
            machine.run(
                "cp -a /mnt/state/lastgood /run/copy; cd /run/copy;"
                " if [ -e state.db ]; then [ $(sqlite3 state.db 'PRAGMA integrity_check') = ok ] || exit 1; fi;"
                " systemctl start lastgood && [ ! -e /mnt/state/lastgood/state.db.damaged ]"
            )
            bad = machine.drives[0]
            bad_id = f"QEMU_HARDDISK_{bad.serial}"
            kept = counted(machine, bad_id)
            assert kept >= before, f"cut {cut}: the counter went back from {before} to {kept}"
            # Errors and other writes go on until the power fails.
            bad.fail(reads="all")
            machine.run(
                f"(while :; do dd if={bad.by_id} of=/dev/null bs=4k count=1 iflag=direct; done) >& /dev/null & "
                "(while :; do dd if=/dev/zero of=/mnt/state/other bs=64k count=64 conv=notrunc; done) >& /dev/null &"
            )
            wait_until(lambda: counted(machine, bad_id) > kept, 60, "errors are counted", step=0.1)
            time.sleep(chance.uniform(0, 2))
            # Saved before it is reported, unless the disk takes more than 50 ms; a second is left for that.
            before = counted(machine, bad_id)
            time.sleep(1 + chance.uniform(0, 1))
        except Exception:
            (lab.directory / f"power{number}" / "journal.txt").write_text(machine.run("journalctl --no-pager", check=False)[1])
            raise
        finally:
            machine.cut_power()
        image = directory / "state.qcow2"
        state_drive.image.replace(image)
        for file in (directory / f"cut{cut}").iterdir():
            file.unlink()
    return before


def test_power_cut_a_hundred_times(lab):
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        counts = list(pool.map(lambda number: lane(lab, number), range(LANES)))
    assert all(count >= CUTS for count in counts), counts


def test_power_cut_and_a_real_boot(lab):
    """The same once with everything that a boot is."""
    server = lab.server("real_boot")
    bad = server.drive("sata1")
    bad_id = server.id_of(bad)
    bad.fail(reads="all")
    server.run(f"for i in 1 2 3; do dd if={bad.by_id} of=/dev/null bs=4k count=1 iflag=direct; done; true")
    total = f'sum(lastgood_{COUNTER}{{drive="{bad_id}"}})'
    server.expect(f"{total} > 0")
    time.sleep(2)  # the error handling of the last request
    before, since = server.value(total), {(one["rule"], one["subject"]): one["since"] for one in server.report().findings}
    server.machine.cut_power()
    server.machine.power_on()
    server.machine.wait_until_booted()
    # The drive is still bad: what its first reads at boot make is counted too, each once.
    kept = {(one["rule"], one["subject"]): one["since"] for one in server.report().findings}
    assert since.items() <= kept.items()
    assert server.report().value(COUNTER, bad_id) >= before
