"""No command passes on what a hostile name would do to a terminal or to the log."""

import json
import os
import subprocess
import unicodedata

import pytest

from lastgood import BINARY, http_get, lastgood, wait_until
from package import commands

HOSTILE = "\x1b[2J\x1b]0;x\x07\x7f\u009b31m\u202ecba\u2066\ufeff\u200b\r\u3164"
BYTES = b"x\xff\x9b2J" + HOSTILE.encode()  # as a name of a file


def harmful(text):
    """Characters that control a terminal, hide or reorder text; every byte that is no UTF-8 counts, too."""
    decoded = text.decode(errors="surrogateescape") if isinstance(text, bytes) else text
    return [
        letter for letter in decoded
        if (unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") or letter == "\u3164") and letter not in "\n\t"
    ]  # fmt: skip


def test_the_check_knows_what_harms():
    assert len(harmful(HOSTILE)) == 11 and len(harmful(b"\xff\x9b")) == 2 and not harmful("M\u00fcller \u30d0\n")


@pytest.fixture
def hostile(installation):
    """An agent whose inbox names drives and backups by hostile names, and whose configuration does so too."""
    quoted = json.dumps("/" + HOSTILE).replace("\x7f", "\\u007f")
    installation.write_config(
        sections=f'[[backup]]\nname = "hostile"\nfiles = {quoted}\ncovers = [{quoted}]\n[collectors.inbox]\ninterval = "1s"\n'
    )
    lines = [
        {"metric": "lastgood_drive_info", "subject": HOSTILE, "labels": {"device": "sdx" + HOSTILE, "model": HOSTILE, "serial": HOSTILE}, "value": 1},
        {"metric": "lastgood_drive_smart_passed", "subject": HOSTILE, "value": 0},
        {"metric": "lastgood_backup_count", "subject": HOSTILE, "value": 0},
        {"problem": HOSTILE, "subject": HOSTILE},
        {"metric": HOSTILE},
    ]
    # The second copy has the characters themselves, not as escapes.
    text = "".join(json.dumps(line) + "\n" for line in lines) + "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (installation.inbox / f"{HOSTILE}.jsonl").write_text(text)
    with open(os.fsencode(installation.inbox) + b"/" + BYTES + b".jsonl", "w", encoding="utf-8") as file:
        file.write(text)
    installation.start("agent")
    installation.wait_for_report(
        lambda report: report.value("backup_count", HOSTILE) == 0 and report.value("drive_smart_passed", HOSTILE) == 0,
        what="the observations of the inbox",
    )
    return installation


def arguments_of(command):
    """What to call a command with, so that each word it takes is hostile once."""
    name = command.split(" ")[-1]
    ways = [[HOSTILE], ["--" + HOSTILE], ["--config", "/" + HOSTILE], [HOSTILE, "--config", "/" + HOSTILE], ["--root", "/" + HOSTILE]]
    more = {
        "status": [[], ["--json"], [HOSTILE, "--json"], ["sdx" + HOSTILE], ["--report", HOSTILE]],
        "accept": [[], ["--reason", HOSTILE], ["drive_failing", HOSTILE], ["drive_failing_smart", HOSTILE, "--reason", HOSTILE, "--until", HOSTILE]],
        "explain": [["/nothing/" + HOSTILE]],
        "collect": [["inbox"], ["backups", HOSTILE], ["inbox", "--cursor", HOSTILE], ["drives", "--root", "/" + HOSTILE]],
        "rules": [["--runbooks", HOSTILE]],
        "serve": [["--listen", HOSTILE]],
    }  # fmt: skip
    return ways + more.get(name, [[]] if name in ("check", "show", "discover", "textfile") else [])


def test_every_command(hostile):
    for command in commands(BINARY):
        for arguments in arguments_of(command):
            line = [*command.split(), *arguments]
            if "--config" not in line and command:
                line += ["--config", str(hostile.config)]
            done = lastgood(*line, seconds=20)
            for stream in (done.stdout, done.stderr):
                assert not harmful(stream), (line, stream)
            assert done.returncode >= 0, line


def test_the_report_as_json_loses_nothing(hostile):
    subjects = {one.get("subject") for one in json.loads(hostile.call("status", "--json").stdout)["observations"]}
    assert HOSTILE in subjects
    collected = hostile.call("collect", "inbox").stdout
    assert not harmful(collected) and HOSTILE in {json.loads(line).get("subject") for line in collected.splitlines()}


def test_metrics_and_pages(hostile):
    """curl prints them to a terminal, and alerts carry the labels into mails."""
    listener = hostile.start("serve", wait=False)
    wait_until(lambda: is_serving(hostile.port), 10, "the listener answers")
    for path in ("/metrics", "/", "/rules", "/-/healthy", "/%1b%5b2J%e2%80%ae"):
        text = http_get(hostile.port, path)[1]
        assert not harmful(text), path
    metrics = http_get(hostile.port, "/metrics")[1]
    assert "\\\\u202e" in metrics and "lastgood_backup_count{" in metrics
    wait_until(lambda: hostile.textfile.exists() and "lastgood_backup_count{" in hostile.textfile.read_text(), 10, "the textfile")
    assert not harmful(hostile.textfile.read_text())
    assert hostile.stop(listener) == 0


def is_serving(port):
    try:
        return http_get(port, "/-/healthy")[0] == 200
    except OSError:
        return False


def test_the_configuration_is_printed_as_it_was_read(hostile):
    shown = hostile.call("config", "show").stdout
    assert not harmful(shown)
    again = hostile.directory / "again.toml"
    again.write_text(shown)
    assert lastgood("config", "show", "--config", str(again)).stdout.decode() == shown


def test_the_log(hostile):
    hostile.config.write_text(f'"{HOSTILE.replace(chr(27), "").replace(chr(7), "").replace(chr(127), "").replace(chr(13), "")}" = 1\n')
    hostile.processes[0].send_signal(1)
    hostile.wait_for_report(lambda report: any(one["collector"] == "configuration" for one in report.problems), what="a refused configuration")
    log = hostile.log.read_bytes()
    assert b"backup" in log and b"the old one stays in force" in log
    assert not harmful(log), log


def test_explain_of_a_hostile_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/" + BYTES
    with open(path, "wb") as file:
        file.write(b"[ 1.0] critical medium error, dev sdb" + BYTES + b", sector 1\n[ 2.0] EXT4-fs error (device " + BYTES + b"): x\n")
    for arguments in ([], ["--json"]):
        done = lastgood("explain", path, *arguments)
        assert not harmful(done.stdout) and not harmful(done.stderr), done


def test_colours_stay_on_a_terminal(tmp_path):
    log = tmp_path / "log"
    log.write_text("[ 1.0] sd 0:0:0:0: [sda] Attached SCSI disk\n[ 2.0] critical medium error, dev sda, sector 1\n")
    primary, secondary = os.openpty()
    subprocess.run([BINARY, "explain", str(log)], stdout=secondary, stderr=secondary, check=False, timeout=20, env={**os.environ, "TERM": "xterm"})
    os.close(secondary)
    text = b""
    try:
        while piece := os.read(primary, 65536):
            text += piece
    except OSError:  # the end, on Linux
        pass
    os.close(primary)
    assert b"\x1b[1;31m" in text and b"\x1b[0m" in text, text
