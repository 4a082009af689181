"""The power fails at random moments while errors are counted. Runs beside the other scenarios, with the time that they leave."""

import concurrent.futures
import random
import threading
import time
import uuid

from lab import WHOLE
from lastgood import Report, wait_until

LANES = 2  # servers side by side
CUTS = 50 if WHOLE else 8  # of each of them
COUNTER = "drive_kernel_errors_total"
# Only what counts errors runs: the others have nothing to save here, and start slowly in this machine.
CONFIG = "".join(f"[collectors.{name}]\nenabled = false\n" for name in ("arrays", "backups", "filesystems", "inbox", "smart"))
PATIENCE = 600  # seconds, for what takes seconds when nothing else runs


class PowerCuts:
    def __init__(self, lab, kept):
        self.lab, self.kept = lab, kept
        self.stopped = threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(LANES)
        self.lanes = [self.pool.submit(self._lane, number) for number in range(LANES)]

    def results(self):
        """Waits for the end: of each lane, how often it was cut off and how many errors were counted at last."""
        return [lane.result() for lane in self.lanes]

    def stop(self):
        self.stopped.set()
        self.pool.shutdown()

    def _boot(self, directory, state_image):
        """A server that has just come up, with the drive that holds its state.

        Booting takes half a minute, so it goes on from frozen memory; what makes it another boot is its id. The state's drive is
        plugged in after that: nothing of it is in that memory."""
        machine = self.lab.thaw(self.lab.frozen, directory, background=True)
        drive = machine.plug("scsi", serial="STATE", image=state_image)
        if state_image is None:
            machine.run(f"mkfs.ext4 -q {drive.by_id}", PATIENCE)
        machine.agent.write_file("/etc/lastgood/conf.d/power.toml", CONFIG.encode())
        machine.run(
            f"echo {uuid.uuid4()} > /root/boot_id; mount --bind /root/boot_id /proc/sys/kernel/random/boot_id;"
            f" mkdir -p /mnt/state; mount {drive.by_id} /mnt/state && mkdir -p /mnt/state/lastgood"
            " && mount --bind /mnt/state/lastgood /var/lib/lastgood",
            PATIENCE,
        )
        return machine, drive

    def _lane(self, number):
        chance = random.Random(number)
        directory = self.lab.directory / f"power{number}"
        directory.mkdir()
        image, counted, cuts = None, 0, 0
        while cuts < CUTS and not self.stopped.is_set():
            machine, state_drive = self._boot(directory / f"cut{cuts}", image)
            try:
                counted = self._count_errors_until_power_fails(machine, counted, chance)
            except Exception:
                self.kept.mkdir(parents=True, exist_ok=True)
                (self.kept / f"agent{number}.txt").write_text(machine.run("cat /run/agent.txt; dmesg", PATIENCE, check=False)[1])
                raise
            finally:
                machine.cut_power()
            cuts += 1
            image = directory / "state.qcow2"
            state_drive.image.replace(image)
            for file in (directory / f"cut{cuts - 1}").iterdir():
                file.unlink()
        return cuts, counted

    def _count_errors_until_power_fails(self, machine, before, chance):
        """Returns a count that was surely saved."""
        bad = machine.drives[0]

        def report():
            return Report(machine.run("cat /run/lastgood/report.json", PATIENCE))

        def counted():
            return report().value(COUNTER, f"QEMU_HARDDISK_{bad.serial}") or 0

        # What the power cut left is a whole database, before anybody mends it.
        machine.run(
            "cp -a /mnt/state/lastgood /run/copy; cd /run/copy;"
            " if [ -e state.db ]; then [ $(sqlite3 state.db 'PRAGMA integrity_check') = ok ] || exit 1; fi;"
            # Not by its unit: that has a /proc of its own, with this machine's boot id.
            " setsid lastgood agent >& /run/agent.txt < /dev/null & for i in $(seq 3000); do [ -s /run/lastgood/report.json ] && break; sleep 0.1; done;"
            " [ -s /run/lastgood/report.json ] && [ ! -e /mnt/state/lastgood/state.db.damaged ]",
            PATIENCE,
        )
        # As long as a slow disk does not give the state away, the report says so, and counts from nothing.
        wait_until(lambda: report().value("state_persisted") == 1, PATIENCE, "the state is there")
        kept = counted()
        assert kept >= before, f"the counter went back from {before} to {kept}"
        # Errors and other writes go on until the power fails.
        bad.fail(reads="all")
        machine.run(
            f"while dd if={bad.by_id} of=/dev/null bs=4k count=1 iflag=direct; dd if=/dev/zero of=/mnt/state/other bs=1M count=4 conv=notrunc;"
            " sleep 0.2; do :; done >& /dev/null < /dev/null &",
            PATIENCE,
        )
        # Saved before it is reported, unless the disk takes more than 50 ms; a second is left for that.
        now = wait_until(lambda: (count := counted()) > kept and count, PATIENCE, "errors are counted", step=0.1)
        time.sleep(1 + chance.uniform(0, 1))
        return now
