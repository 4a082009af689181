"""Real errors in this machine's kernel log, from a loop device with a filesystem on it."""

import statistics
import time

import pytest

from kernel_log import KernelLog
from lastgood import lastgood, wait_until

LOOP_DEVICES = "[drives]\nloop_devices = true\n"


@pytest.fixture
def kernel_log(root):
    log = KernelLog()
    yield log
    log.close()


def drive_id(report, device):
    found = [observation["subject"] for observation in report.select("drive_info", device=device)]
    return found[0] if found else None


def kernel_errors(report, drive):
    return report.value("drive_kernel_errors_total", drive) or 0


@pytest.mark.alone
def test_an_error_reaches_the_report_within_200_ms(installation, failing_drive, kernel_log):
    installation.write_config(sections=LOOP_DEVICES)
    installation.start("agent")
    report = installation.wait_for_report(lambda report: drive_id(report, failing_drive.name), what="the loop device")
    drive = drive_id(report, failing_drive.name)
    time.sleep(1)
    failing_drive.fail()
    delays = []
    for _ in range(9):
        counted = kernel_errors(installation.report(), drive)
        written = len(kernel_log.block_errors(failing_drive.name))
        assert failing_drive.write() is not None, "the write should have failed"
        wait_until(lambda: kernel_errors(installation.report(), drive) > counted, 5, "the error in the report", step=0.001)
        seen = time.monotonic()
        errors = wait_until(lambda: kernel_log.block_errors(failing_drive.name)[written:], 5, "the kernel's record")
        assert len(errors) == 1
        delays.append(seen - errors[0])
        assert kernel_errors(installation.report(), drive) == counted + 1, "one failed request counts once"
        # The agent coalesces bursts, and the kernel prints at most 10 errors in 5 s.
        time.sleep(0.7)
    print(f"kernel record to report: median {statistics.median(delays) * 1000:.0f} ms, longest {max(delays) * 1000:.0f} ms")
    assert max(delays) <= 0.2, [f"{delay * 1000:.0f} ms" for delay in delays]


def test_an_error_becomes_an_alert_and_resolves(installation, failing_drive, kernel_log, alerting):
    # The kernel log may have errors of earlier tests on the same device: they must be older than the window.
    installation.write_config(sections=LOOP_DEVICES + '[kernel_log]\nwindow = "15s"\n')
    installation.start("run")
    report = installation.wait_for_report(lambda report: drive_id(report, failing_drive.name), what="the loop device")
    drive = drive_id(report, failing_drive.name)
    installation.wait_for_report(lambda report: not findings_of(report, drive), 60, "no finding for the drive yet")
    rules = lastgood("rules")
    assert rules.returncode == 0, rules.stderr
    alerting.start(installation.port, rules.stdout.decode())
    wait_until(lambda: alerting.query(f'lastgood_drive_info{{drive="{drive}"}}'), 30, "Prometheus scraped the drive")
    assert not alerts_of(alerting, drive)

    failing_drive.fail()
    failing_drive.write()
    report = installation.wait_for_report(lambda report: findings_of(report, drive), 5, "a finding for the drive")
    assert failing_drive.name in findings_of(report, drive)[0]["summary"]
    alert = wait_until(lambda: alerts_of(alerting, drive), 60, "the alert in Alertmanager", step=0.2)[0]
    assert failing_drive.name in alert["annotations"]["summary"], alert

    failing_drive.heal()
    installation.wait_for_report(lambda report: not findings_of(report, drive), 60, "the finding ends")
    wait_until(lambda: not alerts_of(alerting, drive), 60, "the alert resolves", step=0.2)


def findings_of(report, drive):
    return [finding for finding in report.findings if finding.get("subject") == drive]


def alerts_of(alerting, drive):
    return [alert for alert in alerting.in_alertmanager() if alert["labels"].get("drive") == drive]


def test_user_space_cannot_forge_an_error(installation, failing_drive, kernel_log):
    installation.write_config(sections=LOOP_DEVICES)
    installation.start("agent")
    report = installation.wait_for_report(lambda report: drive_id(report, failing_drive.name), what="the loop device")
    drive = drive_id(report, failing_drive.name)
    time.sleep(1)
    before = kernel_errors(installation.report(), drive)
    with open("/dev/kmsg", "w", encoding="ascii") as log:
        log.write(f"<3>I/O error, dev {failing_drive.name}, sector 1234 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2\n")
    forged = wait_until(
        lambda: [facility for text, _, facility in kernel_log.records if "sector 1234" in text], 5, "the forged record"
    )
    assert forged == [1], "its facility is user, not kern"
    # A real error after the forged one proves that the agent has read the forged one and ignored it.
    failing_drive.fail()
    failing_drive.write()
    installation.wait_for_report(lambda report: kernel_errors(report, drive) > before, 5, "the true error")
    time.sleep(0.5)
    assert kernel_errors(installation.report(), drive) == before + 1


def test_an_agent_killed_at_random_counts_every_error_once(installation, failing_drive, kernel_log):
    import random

    installation.write_config(sections=LOOP_DEVICES)
    agent = installation.start("agent")
    report = installation.wait_for_report(lambda report: drive_id(report, failing_drive.name), what="the loop device")
    drive = drive_id(report, failing_drive.name)
    time.sleep(1)
    before = kernel_errors(installation.report(), drive)
    failing_drive.fail()
    failing_drive.write()
    report = installation.wait_for_report(lambda report: findings_of(report, drive), 5, "a finding for the drive")
    since = {finding["rule"]: finding["since"] for finding in findings_of(report, drive)}
    watched = report.document["watched_since"]
    chance = random.Random(1)
    for _ in range(20):
        failing_drive.write()
        time.sleep(chance.uniform(0, 0.3))  # the error may be counted and saved before or after the kill
        installation.kill(agent)
        agent = installation.start("agent", wait=False)
        time.sleep(chance.uniform(0, 0.6))
    caused = len(kernel_log.block_errors(failing_drive.name))
    assert ("LOST", 0, 0) not in kernel_log.records
    assert caused >= 10
    installation.wait_for_report(
        lambda report: kernel_errors(report, drive) == before + caused, 20, f"{before} + {caused} errors", process=agent
    )
    time.sleep(1)
    report = installation.report()
    assert kernel_errors(report, drive) == before + caused
    assert report.document["watched_since"] == watched
    for finding in findings_of(report, drive):
        assert finding["since"] == since.get(finding["rule"], finding["since"]), finding
