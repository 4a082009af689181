"""The benchmarks that tests/bench runs."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end"))
sys.path.insert(0, str(HERE))

import synthetic_host  # noqa: E402
from backup_cost import backups_cost  # noqa: E402
from kernel_log import KernelLog  # noqa: E402
from lastgood import BINARY, Installation, children, http_get, wait_until  # noqa: E402
from loop_device import FailingDrive  # noqa: E402

TICK = 1 / os.sysconf("SC_CLK_TCK")
IDLE_SECONDS = int(os.environ.get("LASTGOOD_BENCH_SECONDS", "120"))

# Typical harmless lines of a busy server; {n} is a number that changes.
HARMLESS = [
    "[{t}] audit: type=1400 audit(1700000000.123:{n}): apparmor=\"STATUS\" operation=\"profile_replace\" name=\"snap.x\" pid={n}",
    "[{t}] IPv6: ADDRCONF(NETDEV_CHANGE): veth{n}: link becomes ready",
    "[{t}] docker0: port {n}(veth{n}) entered blocking state",
    "[{t}] [UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:00:00:01 SRC=192.0.2.7 DST=192.0.2.8 LEN=40 TTL=243 ID={n} PROTO=TCP SPT={n}",
    "[{t}] perf: interrupt took too long ({n} > 2500), lowering kernel.perf_event_max_sample_rate to 79000",
    "[{t}] usb 1-1: new high-speed USB device number 4 using xhci_hcd",
    "[{t}] EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.",
    "[{t}] sd 2:0:0:0: [sdb] Attached SCSI disk",
]
TROUBLE = [
    "[{t}] ata3.00: exception Emask 0x0 SAct 0x8000 SErr 0x0 action 0x0",
    "[{t}] ata3.00: failed command: READ FPDMA QUEUED",
    "[{t}] ata3.00: error: {{ UNC }}",
    "[{t}] sd 2:0:0:0: [sdb] tag#15 Sense Key : Medium Error [current]",
    "[{t}] critical medium error, dev sdb, sector {n} op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2",
    "[{t}] Buffer I/O error on dev sdb1, logical block {n}, async page read",
]


def figure(what, value):
    print(f"{what:<72} {value}", flush=True)


def make_log(path, size):
    """Writes a log in which 1 line in 100 is about an error. Returns the number of lines."""
    # Repeats a block of different lines: writing 200 MB line by line would take longer than the measurement.
    lines = []
    for number in range(20000):
        form = TROUBLE[number // 100 % len(TROUBLE)] if number % 100 == 0 else HARMLESS[number % len(HARMLESS)]
        lines.append(form.format(t=f"{1000 + number / 100:12.6f}", n=10000 + number * 7 % 90000))
    block = ("\n".join(lines) + "\n").encode()
    count = 0
    with open(path, "wb") as file:
        while file.tell() < size:
            file.write(block)
            count += len(lines)
    return count


def bench_explain(directory):
    path = directory / "kernel.log"
    lines = make_log(path, 200 * 10**6)
    times, peak = [], 0
    for _ in range(3):
        start = time.monotonic()
        process = subprocess.Popen([BINARY, "explain", "--json", str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        times.append(time.monotonic() - start)
        peak = max(peak, usage.ru_maxrss)
        if process.returncode not in (0, 1, 2, 3):
            raise SystemExit(f"explain ended with status {process.returncode}")
    best = min(times)
    figure(f"explain, a kernel log of 200 MB, {lines / 1e6:.2f} M lines: best of 3", f"{lines / best / 1e6:.2f} M lines/s")
    figure("  its memory at most (the file is mapped or read as it decides)", f"{peak / 1024:.1f} MB")


def family_of(process):
    return [process.pid, *children(process.pid)]


def proportional_memory(process):
    """Returns the PSS of a process and its descendants in MB. Shared pages are divided among their users."""
    total = 0
    for member in family_of(process):
        try:
            text = pathlib.Path(f"/proc/{member}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def processor_time(process):
    """Returns the processor time of the family in seconds, with ended children (the agent waits for them)."""
    total = 0
    for member in family_of(process):
        try:
            fields = pathlib.Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total * TICK


def measure_idle(name, installation, root=None):
    process = installation.start("run", wait=False, arguments=["--root", str(root)] if root else [])
    try:
        installation.wait_for_report(lambda report: True, 120, process=process)
        time.sleep(20)
        report = installation.report()
        drives = len(report.select("drive_present")) or len({one["subject"] for one in report.select("drive_info")})
        figure(f"{name}: drives, observations, findings", f"{drives}, {len(report.observations)}, {len(report.findings)}")
        before, start, samples = processor_time(process), time.monotonic(), []
        while time.monotonic() - start < IDLE_SECONDS:
            samples.append(proportional_memory(process))
            time.sleep(1)
        used, minutes = processor_time(process) - before, (time.monotonic() - start) / 60
        figure("  memory of all processes (PSS): median, most", f"{statistics.median(samples):.1f} MB, {max(samples):.1f} MB")
        figure("  processes", f"{len(family_of(process))}")
        figure("  CPU idle", f"{used / minutes * 1000:.0f} ms a minute, {used / minutes / 60 * 100:.2f} % of a core")
        before, start = processor_time(process), time.monotonic()
        size = 0
        for _ in range(100):
            size = len(http_get(installation.port, "/metrics", seconds=30)[1])
        elapsed = time.monotonic() - start
        idle_share = used / (minutes * 60) * elapsed
        cost = (processor_time(process) - before - idle_share) / 100
        figure("  a scrape: size, time, CPU", f"{size / 1024:.0f} KiB, {elapsed * 10:.1f} ms, {cost * 1000:.1f} ms")
        figure("  report.json", f"{installation.report_path.stat().st_size / 1024:.0f} KiB")
        figure("  lastgood status: median of 30", f"{status_time(installation) * 1000:.1f} ms")
    finally:
        installation.clean_up()


def status_time(installation):
    times = []
    for _ in range(30):
        start = time.monotonic()
        installation.call("status", "--report", str(installation.report_path))
        times.append(time.monotonic() - start)
    # Measures the cost of starting any program from here, which is not lastgood's.
    nothing = []
    for _ in range(30):
        start = time.monotonic()
        subprocess.run(["/bin/true"], stdin=subprocess.DEVNULL, capture_output=True, check=True)
        nothing.append(time.monotonic() - start)
    return statistics.median(times) - statistics.median(nothing)


def bench_idle(directory):
    measure_idle("this host", Installation(directory / "this-host"))
    for name, drives, backups in [("24 drives", 24, 0), ("100 drives and 200 backups", 100, 200)]:
        root = directory / f"root-{drives}"
        installation = Installation(directory / f"host-{drives}")
        installation.write_config(sections=synthetic_host.build(root, drives, backups))
        measure_idle(f"synthetic host, {name}", installation, root)
        shutil.rmtree(root)


def bench_status(directory):
    installation = Installation(directory / "status")
    installation.start("agent")
    try:
        figure("lastgood status on this host: median of 30, less what /bin/true takes", f"{status_time(installation) * 1000:.1f} ms")
    finally:
        installation.clean_up()


def bench_latency(directory):
    if os.geteuid() != 0:
        figure("time from kernel record to report", "needs root")
        return
    installation = Installation(directory / "latency")
    installation.write_config(sections="[drives]\nloop_devices = true\n")
    drive, log = FailingDrive(directory), KernelLog()
    try:
        drive.set_up()
        installation.start("agent")
        time.sleep(3)
        drive.fail()
        subject = installation.report().select("drive_info", device=drive.name)[0]["subject"]

        def counted():
            return installation.report().value("drive_kernel_errors_total", subject) or 0

        delays = []
        for _ in range(20):
            before, records = counted(), len(log.block_errors(drive.name))
            drive.write()
            wait_until(lambda: counted() > before, 5, "the error in the report", step=0.0005)
            seen = time.monotonic()
            delays.append(seen - log.block_errors(drive.name)[records])
            time.sleep(0.7)
        figure(
            "kernel record to report, 20 errors: median, longest",
            f"{statistics.median(delays) * 1000:.0f} ms, {max(delays) * 1000:.0f} ms",
        )
    finally:
        installation.clean_up()
        log.close()
        drive.clean_up()


# Collectors that print without end: rubbish, observations, one line, errors.
FLOODS = [
    "exec yes",
    'exec yes \'{"metric":"lastgood_backup_count","subject":"flood","value":1}\'',
    "exec tr '\\000' x < /dev/zero",
    "exec yes >&2",
]
QUIET = """#!/bin/sh
echo '{"metric":"lastgood_backup_newest_timestamp_seconds","subject":"quiet","labels":{"confidence":"exact"},"value":'$(date +%s.%N)'}'
"""


def quiet_delays(directory, floods):
    """Returns the times from a quiet collector's line until it is in the report, in seconds."""
    installation = Installation(directory)
    sections = '[[backup]]\nname = "quiet"\n'
    for name, text in [("quiet", QUIET), *((f"flood{number}", f"#!/bin/sh\n{one}\n") for number, one in enumerate(floods))]:
        path = installation.directory / name
        path.write_text(text)
        path.chmod(0o755)
        sections += f'[[collector]]\nname = "{name}"\ncommand = ["{path}"]\ninterval = "1s"\ndeadline = "20s"\n'
    installation.write_config(sections=sections)
    installation.start("agent")

    def printed():
        return installation.report().value("backup_newest_timestamp_seconds", "quiet") or 0

    delays = []
    try:
        for _ in range(30):
            before = printed()
            wait_until(lambda: printed() > before, 60, "a new value of the quiet collector", step=0.002)
            delays.append(time.time() - printed())
    finally:
        installation.clean_up()
    return delays


def bench_flood(directory):
    alone, beside = quiet_delays(directory / "alone", []), quiet_delays(directory / "beside", FLOODS)
    for name, delays in [("alone", alone), (f"beside {len(FLOODS)} floods", beside)]:
        figure(
            f"a quiet collector's line to report, {name}: median, longest of {len(delays)}",
            f"{statistics.median(delays) * 1000:.0f} ms, {max(delays) * 1000:.0f} ms",
        )
    figure("  ratio of the medians", f"{statistics.median(beside) / statistics.median(alone):.1f}")


def bench_directory(directory):
    program = pathlib.Path(BINARY).parent.parent / "tests" / "directory_benchmark"
    for copies, kind, what in [(1_000_000, "written", "their own times"), (1_000_000, "names", "times in names alone")]:
        done = subprocess.run([str(program), str(directory / kind), str(copies), kind], stdin=subprocess.DEVNULL, capture_output=True, check=True)
        found = json.loads(done.stdout)
        shutil.rmtree(directory / kind)
        figure(f"a look at {copies:,} copies with {what}, against getdents and statx alone", f"{found['ratio']:.2f} times, {found['look_seconds']:.2f} s")
        figure("  memory for it; a look while nothing changed", f"{found['memory_megabytes']:.1f} MB, {found['unchanged_seconds'] * 1000:.1f} ms")


def bench_backups(directory):
    for number in (200, 1000):
        cost, memory = backups_cost(directory / str(number), number, seconds=20)
        figure(f"{number} backups, seven dumps each: of a core, with a look each minute", f"{100 * cost / 60:.2f} %")
        figure("  memory of the child (resident)", f"{memory / 1e6:.1f} MB")


def bench_spools(directory):
    entries = 1_000_000
    spool, config = directory / "spool", directory / "lastgood.toml"
    for part in range(100):
        (spool / f"{part:02}").mkdir(parents=True)
        for entry in range(entries // 100):
            os.close(os.open(spool / f"{part:02}" / f"{entry:06}.msg", os.O_CREAT | os.O_WRONLY, 0o600))
    config.write_text(f'[[spool]]\nname = "full"\npath = "{spool}"\n')
    best = 1e9
    for _ in range(3):
        start = time.monotonic()
        text = subprocess.run([BINARY, "collect", "spools", "--once", "--config", config], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
        best = min(best, time.monotonic() - start)
        counted = [json.loads(line)["value"] for line in text.splitlines() if '"lastgood_spool_count"' in line]
        if counted != [entries]:
            raise SystemExit(f"counted {counted}, not {entries}")
    figure(f"a look at a spool of {entries:,} entries in 100 directories", f"{best:.2f} s")
    figure("  of a core, with a pause of a minute between two looks", f"{100 * best / (60 + best):.1f} %")


PARTS = {"backups": bench_backups, "directory": bench_directory, "explain": bench_explain, "status": bench_status, "idle": bench_idle, "latency": bench_latency, "flood": bench_flood, "spools": bench_spools}


def main(names):
    for name in names or PARTS:
        if name not in PARTS:
            raise SystemExit(f"tests/bench: there is no {name}; there are {', '.join(PARTS)}")
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    figure("machine", f"{os.cpu_count()} x {models[0] if models else 'unknown'}")
    with tempfile.TemporaryDirectory(prefix="lastgood-bench-") as directory:
        os.chmod(directory, 0o755)
        for name in names or PARTS:
            part = pathlib.Path(directory) / name
            part.mkdir()
            PARTS[name](part)


main(sys.argv[1:])
