"""The kernel log: forged lines, and more lines than the reader can read."""

FORGED = 200
FLOOD = 120_000
NEWEST = """
import os
log = os.open("/dev/kmsg", os.O_RDWR | os.O_NONBLOCK)
os.lseek(log, 0, os.SEEK_END)
os.write(log, b"here\\n")
print(os.read(log, 8192).split(b",")[1].decode())
"""


def test_forged_kernel_lines(lab):
    """Lines that user space writes into the kernel log, even root's, count as no error; a real error among them counts."""
    server = lab.server("forged_kernel_lines")
    victim, bad = server.drive("sata1").device, server.drive("ata1")
    line = f"<2>critical medium error, dev {victim}, sector 4660 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2"
    # printk.devkmsg=on: without the kernel's rate limit for user space. Forged lines come before and after the real error.
    forge = f"sysctl -q kernel.printk_devkmsg=on; for i in $(seq {FORGED}); do echo '{line}' > /dev/kmsg; done"
    server.run(forge)
    bad.fail(reads=[4660])
    server.read_sector(bad.by_id, 4660)
    server.run(forge)
    blamed = server.id_of(bad)
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{blamed}"}} > 0')
    server.expect_blamed(blamed, within=30)
    assert not server.query(f'lastgood_drive_kernel_errors_total{{drive="{server.id_of(server.drive("sata1"))}"}}')


def test_kernel_log_flood(lab):
    """More than 100,000 real lines: lastgood counts the overwritten ones, memory stays small, and the agent keeps working."""
    server = lab.server("kernel_log_flood")
    # Keeps the lines off the slow console, and keeps the kernel from dropping the line of last_record().
    server.run("dmesg -n 1; sysctl -q kernel.printk_devkmsg=on; modprobe scsi_debug dev_size_mb=8 opts=1 delay=0; udevadm settle", 120)
    drive = server.run("basename $(ls -d /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*)").strip()
    begin = last_record(server)
    # With opts=1 scsi_debug logs every command, as lines of the kernel.
    read = f"dd if=/dev/{drive} of=/dev/null bs=512 count=16000 iflag=direct status=none"
    for _ in range(FLOOD // 1000):
        server.run(read, 120)
        if last_record(server) - begin > FLOOD:
            break
    assert last_record(server) - begin > FLOOD
    # In this slow machine the reader keeps up. Stop it for a while, so that the kernel overwrites unread records.
    reader = server.run("pgrep -f '^lastgood collect kernel_log'").strip()
    server.run(f"kill -STOP {reader}; {read}; kill -CONT {reader}", 120)
    server.expect("lastgood_kernel_log_lost_records_total > 1000")
    server.expect_finding("kernel_log_lost")
    server.expect("time() - lastgood_report_timestamp_seconds < 20")
    assert memory(server) < 100 << 10
    server.expect_blamed()
    # It still sees new errors.
    bad = server.drive("ata1")
    bad.fail(reads=[4660])
    server.read_sector(bad.by_id, 4660)
    server.expect(f'lastgood_drive_kernel_errors_total{{drive="{server.id_of(bad)}"}} > 0')
    server.expect_blamed(server.id_of(bad), within=30)


def last_record(server):
    """The sequence number of the newest record, which this function writes."""
    return int(server.run(f"python3 -c '{NEWEST}'"))


def memory(server):
    """The highest memory use so far of the agent and of its kernel log reader, the larger one, in KiB."""
    processes = "$(systemctl show -P MainPID lastgood) $(pgrep -f '^lastgood collect kernel_log')"
    return max(map(int, server.run(f"for p in {processes}; do awk '/VmHWM/ {{print $2}}' /proc/$p/status; done").split()))
