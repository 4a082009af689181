"""Cuts the power at random moments while errors are counted. Runs in parallel with the other scenarios, at low priority."""

import concurrent.futures
import random
import threading
import time
import uuid

from lab import WHOLE
from lastgood import Report, wait_until

LANES = 2  # servers in parallel
CUTS = 50 if WHOLE else 8  # power cuts of each server
COUNTER = "drive_kernel_errors_total"
# Only the collectors that count errors run: the others have nothing to save here and start slowly in this machine.
CONFIG = "".join(f"[collectors.{name}]\nenabled = false\n" for name in ("arrays", "backups", "filesystems", "inbox", "smart"))
PATIENCE = 600  # seconds; on an idle machine each step takes some seconds


class PowerCuts:
    def __init__(self, lab, kept):
        self.lab, self.kept = lab, kept
        self.stopped = threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(LANES)
        self.lanes = [self.pool.submit(self._lane, number) for number in range(LANES)]

    def results(self):
        """Waits for the end. Returns (number of power cuts, last number of errors) for each lane."""
        return [lane.result() for lane in self.lanes]

    def stop(self):
        self.stopped.set()
        self.pool.shutdown()

    def _boot(self, directory, state_image):
        """A server that has just come up, and the drive that holds its state.

        A boot takes half a minute, so the server continues from frozen memory with a new boot id. The state's drive is plugged in
        afterwards, because none of its content may be in that memory."""
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
        """Returns a count of errors that has certainly been saved."""
        bad = machine.drives[0]

        def report():
            return Report(machine.run("cat /run/lastgood/report.json", PATIENCE))

        def counted():
            return report().value(COUNTER, f"QEMU_HARDDISK_{bad.serial}") or 0

        # The power cut must leave a valid database; check a copy before the agent opens it.
        machine.run(
            "cp -a /mnt/state/lastgood /run/copy; cd /run/copy;"
            " if [ -e state.db ]; then [ $(sqlite3 state.db 'PRAGMA integrity_check') = ok ] || exit 1; fi;"
            # Do not use the unit: it has its own /proc, with the original boot id.
            " setsid lastgood agent >& /run/agent.txt < /dev/null & for i in $(seq 3000); do [ -s /run/lastgood/report.json ] && break; sleep 0.1; done;"
            " [ -s /run/lastgood/report.json ] && [ ! -e /mnt/state/lastgood/state.db.damaged ]",
            PATIENCE,
        )
        # While a slow disk delays the state, the report says so and counts from 0.
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
        # The agent saves before it reports, unless the disk takes more than 50 ms; allow 1 s for that.
        now = wait_until(lambda: (count := counted()) > kept and count, PATIENCE, "errors are counted", step=0.1)
        time.sleep(1 + chance.uniform(0, 1))
        return now
