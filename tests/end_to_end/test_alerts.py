"""What reaches the person on call: a real Prometheus, and a real Alertmanager with the example's routes."""

import http.server
import json
import pathlib
import re
import threading

import pytest

from lastgood import http_json, lastgood, wait_until
from test_isolation import collector, script

SOURCE = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = SOURCE / "packaging/examples/alertmanager.yml"
ARRAY = "md-uuid-11111111:22223333:44445555:66667777"
KICKED = "EXAMPLE-HD4000_EX000003"


class Pager:
    """Receives Alertmanager's webhooks and keeps them by receiver."""

    def __init__(self):
        self.messages = messages = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                messages.append(body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]

    def about(self, receiver, names):
        """The messages to a receiver, each as the sorted names of its firing alerts about what is named; empty ones are left out."""
        found = []
        for message in list(self.messages):
            alerts = [alert for alert in message["alerts"] if alert["status"] == "firing" and names & set(alert["labels"].values())]
            if message["receiver"] == receiver and alerts:
                found.append(sorted(alert["labels"]["alertname"] for alert in alerts))
        return found


@pytest.fixture
def pager():
    made = Pager()
    yield made
    made.server.shutdown()
    made.server.server_close()


def example(pager):
    """The example, with shorter times and with the pager in place of mail."""
    text = EXAMPLE.read_text()
    text, mails = re.subn(
        r"email_configs:\n\s+- to: '[^']+'", f"webhook_configs:\n      - url: 'http://127.0.0.1:{pager.port}/'", text
    )
    assert mails == 2
    for setting, value in (("group_wait: 2m", "group_wait: 8s"), ("group_interval: 5m", "group_interval: 1s")):
        assert setting in text
        text = text.replace(setting, value)
    return text


def line(metric, subject, value, **labels):
    return json.dumps({"metric": f"lastgood_{metric}", "subject": subject, "value": value, "labels": labels})


def raid5(kicked):
    """A RAID 5 of three drives; one of them has been removed for its errors, and its spare is being rebuilt."""
    lines = [line("array_info", ARRAY, 1, device="md7", level="raid5", metadata="1.2")]
    lines.append(line("array_degraded_members", ARRAY, int(kicked)))
    lines.append(line("array_failed", ARRAY, 0))
    lines.append(line("array_survivable_failures", ARRAY, int(not kicked)))
    lines.append(line("array_fatal_members", ARRAY, 2 * kicked))
    for number in (1, 2, 3):
        drive = f"EXAMPLE-HD4000_EX00000{number}"
        faulty = kicked and drive == KICKED
        lines.append(line("drive_info", drive, 1, device=f"sdx{number}", model="EXAMPLE-HD4000", serial=f"EX00000{number}"))
        lines.append(line("array_member", ARRAY, 1, drive=drive, slot=str(number - 1), state="faulty" if faulty else "in_sync"))
    if kicked:
        lines.append(line("array_sync_progress_ratio", ARRAY, 0.2, action="recover"))
        lines.append(line("drive_kernel_errors_recent", KICKED, 3, kind="medium", layer="block"))
        lines.append(line("drive_kernel_errors_recent", KICKED, 1, kind="kicked", layer="md"))
        lines.append(line("drive_pending_sectors", KICKED, 12))
    return "\n".join(lines) + "\n"


def test_a_kicked_drive_of_a_raid5_is_one_page(installation, alerting, pager):
    state = installation.directory / "raid5.jsonl"
    state.write_text(raid5(kicked=False))
    state.chmod(0o644)
    installation.write_config(
        sections=collector("raid5", script(installation.directory, "raid5", f"#!/bin/sh\nexec cat {state}\n"), interval="1s")
    )
    installation.start("run")
    installation.wait_for_report(lambda report: report.value("array_failed", ARRAY) == 0, 30, "the array")
    rules = lastgood("rules", "--runbooks", "https://docs.example.net/rules.md")
    assert rules.returncode == 0, rules.stderr
    alerting.start(installation.port, rules.stdout.decode(), example(pager), "cluster: east, rack: r7")
    wait_until(lambda: alerting.query(f'lastgood_array_failed{{array="{ARRAY}"}}'), 30, "Prometheus scraped the array")

    state.write_text(raid5(kicked=True))
    report = installation.wait_for_report(lambda report: report.find("drive_failing_kicked", KICKED), 30, "the finding")
    assert len([finding for finding in report.findings if finding["subject"] in (ARRAY, KICKED)]) >= 5, "there is something to inhibit"
    for finding in report.findings:
        if finding["subject"] == ARRAY:
            assert "--add" not in " ".join(finding["steps"]), "a rebuild runs"
        if finding["subject"] == KICKED:
            assert "--replace" not in " ".join(finding["steps"]), "the array has removed it"
    names = {ARRAY, KICKED}
    wait_until(lambda: pager.about("night", names), 60, "the page", step=0.2)
    firing = {alert["labels"]["alertname"] for alert in alerting.firing_in_prometheus() if names & set(alert["labels"].values())}
    assert {"LastgoodDriveFailingKicked", "LastgoodArrayDegraded", "LastgoodArrayFatalMembers", "LastgoodArrayRebuilding"} <= firing
    # Several group intervals later there is still one page, about one alert, and no message beside it.
    wait_until(lambda: alerting.query('ALERTS{alertname="LastgoodDriveFailingKicked",alertstate="firing"} offset 15s'), 40, "some time")
    assert pager.about("night", names) == [["LastgoodDriveFailingKicked"]]
    assert pager.about("day", names) == []

    (kicked,) = [alert for alert in alerting.in_alertmanager() if alert["labels"]["alertname"] == "LastgoodDriveFailingKicked"]
    assert kicked["labels"]["array"] == ARRAY
    assert (kicked["labels"]["cluster"], kicked["labels"]["rack"]) == ("east", "r7")
    assert kicked["annotations"]["runbook_url"] == "https://docs.example.net/rules.md#drive_failing_kicked"
    assert "sdx3" in kicked["annotations"]["summary"]
    (degraded,) = [
        alert for alert in alerting.firing_in_prometheus() if alert["labels"]["alertname"] == "LastgoodArrayDegraded" and alert["labels"]["array"] == ARRAY
    ]
    assert "A rebuild runs" in degraded["annotations"]["description"]


def test_the_example_names_only_alerts_that_rules_make():
    known = re.findall(r"alert: (\w+)", (SOURCE / "rules/lastgood.rules.yml").read_text())
    patterns = re.findall('alertname=~?"([^"]+)"', EXAMPLE.read_text())
    assert len(patterns) > 8
    for part in (part for pattern in patterns for part in pattern.split("|")):
        assert [name for name in known if re.fullmatch(part, name)], f"no rule makes {part}"


def test_the_example_inhibits_what_is_redundant(alerting):
    alerting.start_alertmanager(EXAMPLE.read_text())
    alerts = [
        ("LastgoodDriveFailingVerdict", {"instance": "a", "drive": "1"}, False),
        ("LastgoodDriveSuspectPending", {"instance": "a", "drive": "1"}, True),
        ("LastgoodDriveNotAnswering", {"instance": "a", "drive": "1"}, True),
        ("LastgoodDriveSuspectPending", {"instance": "a", "drive": "2"}, False),  # another drive
        ("LastgoodDriveSuspectPending", {"instance": "b", "drive": "1"}, False),  # another host
        ("LastgoodArrayFailed", {"instance": "a", "array": "1"}, False),
        ("LastgoodArrayDegraded", {"instance": "a", "array": "1"}, True),
        ("LastgoodArrayFatalMembers", {"instance": "a", "array": "1"}, True),
        ("LastgoodArrayMismatches", {"instance": "a", "array": "1"}, False),
        ("LastgoodArrayDegraded", {"instance": "a", "array": "2"}, False),
        # What follows from a drive that is named; another array of the same host is news.
        ("LastgoodDriveFailingKicked", {"instance": "c", "drive": "1", "array": "1"}, False),
        ("LastgoodDriveFailingMediumErrors", {"instance": "c", "drive": "1"}, True),
        ("LastgoodDriveFailingVerdict", {"instance": "c", "drive": "2"}, False),
        ("LastgoodArrayDegraded", {"instance": "c", "array": "1"}, True),
        ("LastgoodArrayFatalMembers", {"instance": "c", "array": "1"}, True),
        ("LastgoodArrayRebuilding", {"instance": "c", "array": "1"}, True),
        ("LastgoodArrayDegraded", {"instance": "c", "array": "2"}, False),
        ("LastgoodArrayRebuilding", {"instance": "c", "array": "2"}, True),
        ("LastgoodBackupFarTooOld", {"instance": "a", "backup": "db8"}, False),
        ("LastgoodBackupTooOld", {"instance": "a", "backup": "db8"}, True),
        ("LastgoodBackupStreamsLongLate", {"instance": "a", "backup": "guests"}, False),
        ("LastgoodBackupStreamsLate", {"instance": "a", "backup": "guests"}, True),
        ("LastgoodBackupSlotsMissed", {"instance": "a", "backup": "others"}, False),
        # Of a night that several backups missed, the host's alert tells.
        ("LastgoodBackupsMissedTogether", {"instance": "b"}, False),
        ("LastgoodBackupOverdue", {"instance": "b", "backup": "db8"}, True),
        ("LastgoodBackupTooOld", {"instance": "b", "backup": "db8"}, False),
    ]
    alerting.post_alerts([{"alertname": name, **labels} for name, labels, _ in alerts])

    def states():
        return {
            tuple(sorted(alert["labels"].items())): bool(alert["status"]["inhibitedBy"])
            for alert in http_json(f"http://127.0.0.1:{alerting.alertmanager_port}/api/v2/alerts")
        }

    expected = {tuple(sorted({"alertname": name, **labels}.items())): inhibited for name, labels, inhibited in alerts}
    wait_until(lambda: states() == expected, 15, "the redundant ones, and only these, are inhibited", step=0.2)
