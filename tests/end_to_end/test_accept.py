"""lastgood accept: a finding that is known stays visible, but counts no longer."""

import json


def write_sectors(installation, count):
    line = {"metric": "lastgood_drive_reallocated_sectors", "subject": "d1", "value": count}
    (installation.inbox / "drive.jsonl").write_text(json.dumps(line) + "\n")


def sectors(report):
    found = report.find("drive_suspect_many_reallocated", "d1")
    return found[0] if found else None


def test_a_finding_is_accepted_until_it_gets_worse(installation):
    installation.write_config(sections='[collectors.inbox]\ninterval = "1s"\n')
    write_sectors(installation, 116)
    agent = installation.start("agent")
    installation.wait_for_report(sectors, 30, "the finding")
    assert "116" in installation.call("status").stdout

    listed = installation.call("accept").stdout
    assert f'\n  lastgood accept drive_suspect_many_reallocated d1 --reason "..." --config {installation.config}\n' in listed
    assert all(len(line) <= 80 for line in listed.splitlines() if not line.startswith("  lastgood")) and "accept  " not in listed, listed
    refused = installation.call("accept", "drive_suspect_many_reallocated", "d1")
    assert refused.returncode == 3 and "needs a reason" in refused.stderr
    done = installation.call("accept", "drive_suspect_many_reallocated", "d1", "--reason", "a spare is ordered")
    assert done.returncode == 0, done.stderr
    report = installation.wait_for_report(lambda report: "accepted_until" in (sectors(report) or {}), 30, "the acceptance")
    assert sectors(report)["accepted_up_to"] == 116
    assert not installation.call("status", "d1").returncode == 1
    text = installation.call("status").stdout
    assert "accepted" in text and "a spare is ordered" in text

    # It survives a restart, and ends when the value gets worse.
    installation.stop(agent)
    installation.start("agent")
    installation.wait_for_report(lambda report: "accepted_until" in (sectors(report) or {}), 30, "the acceptance after a restart")
    write_sectors(installation, 117)
    report = installation.wait_for_report(lambda report: "accepted_until" not in (sectors(report) or {"accepted_until": 0}), 30, "growth")
    assert report.value("accepted", rule="drive_suspect_many_reallocated", drive="d1") == 116
