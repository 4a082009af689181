"""Commands run by hand: explain, collect, and their errors for bad input."""

import gzip
import json
import os
import pty
import select
import subprocess

import pytest

from lastgood import BINARY, lastgood
from package import commands

KERNEL_LOG = """\
[    1.204118] sd 2:0:0:0: [sdb] 7814037168 512-byte logical blocks: (4.00 TB/3.64 TiB)
[    1.204231] sd 2:0:0:0: [sdb] Attached SCSI disk
[81234.551020] ata3.00: exception Emask 0x0 SAct 0x8000 SErr 0x0 action 0x0
[81234.551029] ata3.00: failed command: READ FPDMA QUEUED
[81234.551047] ata3.00: error: { UNC }
[81234.560113] sd 2:0:0:0: [sdb] tag#15 Sense Key : Medium Error [current]
[81234.560127] critical medium error, dev sdb, sector 123456 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2
"""
DEGRADED = """\
Personalities : [raid1]
md0 : active raid1 sdb1[1](F) sda1[0]
      976630464 blocks super 1.2 [2/1] [U_]

unused devices: <none>
"""
HEALTHY = DEGRADED.replace("sdb1[1](F)", "sdb1[1]").replace("[2/1] [U_]", "[2/2] [UU]")


def findings(done):
    return {finding["rule"] for finding in json.loads(done.stdout)["findings"]}


def test_explain_takes_a_file_and_standard_input(tmp_path):
    path = tmp_path / "log"
    path.write_text(KERNEL_LOG)
    by_file = lastgood("explain", "--json", str(path))
    by_input = lastgood("explain", "--json", "-", text=KERNEL_LOG)
    assert by_file.returncode in (1, 2), by_file.stderr
    assert findings(by_file) == findings(by_input) != set()
    text = lastgood("explain", str(path))
    assert text.returncode == by_file.returncode
    assert b"sdb" in text.stdout and b"\033" not in text.stdout


def test_explain_tells_what_it_is_by_content():
    assert "array_degraded" in findings(lastgood("explain", "--json", "-", text=DEGRADED))
    healthy = lastgood("explain", "--json", "-", text=HEALTHY)
    assert findings(healthy) == set(), healthy.stdout
    assert healthy.returncode == 0


def test_explain_reads_several_outputs_in_one_file(tmp_path):
    path = tmp_path / "report"
    path.write_text("Hello,\nwhat is wrong here?\n\n" + KERNEL_LOG + "\nroot@nas:~# cat /proc/mdstat\n" + DEGRADED)
    done = lastgood("explain", "--json", str(path))
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert [part["what"] for part in document["found"]] == ["a kernel log", "/proc/mdstat"]
    assert "array_degraded" in findings(done) and findings(lastgood("explain", "--json", "-", text=KERNEL_LOG)) < findings(done)
    lines = path.read_text().splitlines()
    for finding in document["findings"]:
        assert finding["evidence"]["count"] > 0
        for line in finding["evidence"]["lines"]:
            assert lines[line["line"] - 1] == line["text"]


def test_explain_takes_several_files_and_packed_ones(tmp_path):
    (tmp_path / "log.gz").write_bytes(gzip.compress(KERNEL_LOG.encode()))
    (tmp_path / "fine").write_text(HEALTHY)
    one = lastgood("explain", "--json", str(tmp_path / "log.gz"))
    assert one.returncode in (1, 2), one.stderr
    both = lastgood("explain", str(tmp_path / "fine"), str(tmp_path / "log.gz"))
    assert both.returncode == one.returncode, "the worst file counts"
    text = b" ".join(both.stdout.split())
    assert b"/fine: nothing wrong" in text and b"/log.gz: " in text
    missing = lastgood("explain", str(tmp_path / "fine"), str(tmp_path / "nothing"))
    assert missing.returncode == 3 and b"nothing wrong found" in b" ".join(missing.stdout.split())


@pytest.mark.parametrize("text", ["[ 1.0] mpt3sas_cm0: fault of a new kind!\n", "box | XFS (sdb1): new error, shutting down\n"], ids=range(2))
def test_what_looks_like_trouble_is_never_fine(text):
    done = lastgood("explain", "-", text=text)
    assert done.returncode == 3
    assert b"1 line looks like trouble" in done.stdout and b"fine" not in done.stdout.lower()


def test_time_of_explain_grows_with_the_text_and_no_faster():
    text = "Personalities : [raid1]\n" + "".join(
        f"md{number} : active raid1 sda{number}[0] sdb{number}[1]\n      1000 blocks [2/2] [UU]\n\n" for number in range(10000)
    )
    done = lastgood("explain", "-", text=text, seconds=60)  # takes a second; took minutes when all was arranged anew for each array
    assert done.returncode in (0, 3) and b"array md9999" in done.stdout


@pytest.mark.parametrize("lines", [1, 1000])
def test_output_that_cannot_be_written_is_unknown(lines):
    text = "".join(f"[{number}.0] EXT4-fs error (device sda{number}): ext4_find_entry:1: x\n" for number in range(1, lines + 1))
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, "explain", "-"], input=text.encode(), stdout=full, timeout=30, check=False)
    assert done.returncode == 3


@pytest.mark.parametrize("text", ["", "\n\n\n", "a poem\nof two lines\n", b"\0\1\2\xff" * 1000, "{", "[" * 100000], ids=range(6))
def test_what_explain_cannot_tell_is_an_error(text):
    done = lastgood("explain", "-", text=text)
    assert done.returncode == 3
    assert done.stderr and not done.stderr.startswith(b"terminate")
    assert done.stdout == b""


def test_explain_of_a_file_that_is_not_there(tmp_path):
    done = lastgood("explain", str(tmp_path / "nothing"))
    assert done.returncode == 3
    assert b"nothing" in done.stderr


def test_a_collector_by_hand(tmp_path):
    done = lastgood("collect", "arrays", "--root", str(tmp_path))
    assert done.returncode == 0, "no such hardware is an empty answer"
    container = lastgood("collect", "kernel_log", "--root", str(tmp_path))
    assert container.returncode == 3 and b"there is no /dev/kmsg: give it to this container" in container.stderr
    unknown = lastgood("collect", "nonsense")
    assert unknown.returncode != 0
    assert b"nonsense" in unknown.stderr and b"arrays" in unknown.stderr


@pytest.mark.parametrize(
    "line, says",
    [
        ("", ["lastgood: name a command", "status, run", "See: lastgood --help"]),
        ("nonsense", ['there is no command "nonsense"', "status, run", "See: lastgood --help"]),
        ("--nonsense", ['there is no option "--nonsense"', "See: lastgood --help"]),
        ("config", ["lastgood config: name a command", "check, show, discover"]),
        ("status --nonsense", ['lastgood status: there is no option "--nonsense"', "See: lastgood status --help"]),
        ("status sda nonsense", ['lastgood status: there is nothing to do with "nonsense"']),
        ("explain", ["lastgood explain: "]),
    ],
)
def test_a_wrong_command_line_is_refused_and_says_what_to_do(line, says):
    done = lastgood(*line.split())
    assert done.returncode == 3
    assert done.stdout == b""
    for one in says:
        assert one in done.stderr.decode(), done.stderr


def test_the_words_help_and_version():
    assert lastgood("help").stdout == lastgood("--help").stdout != b""
    assert lastgood("help", "config", "check").stdout == lastgood("config", "check", "--help").stdout != b""
    assert lastgood("version").stdout == lastgood("--version").stdout != b""


@pytest.mark.parametrize("command", ["preflight", "forget"])
def test_what_needs_a_name_lists_the_names(installation, command):
    for path in ("a", "b"):
        line = '{"metric":"lastgood_drive_present","subject":"wwn-%s","value":1}\n' % path
        (installation.inbox / f"{path}.jsonl").write_text(line)
    installation.start("agent", wait=False)
    installation.wait_for_report(lambda report: report.value("drive_present", "wwn-b"))
    for words in ([], ["nonsense"]):
        done = installation.call(command, *words)
        assert done.returncode == 3
        if command == "preflight":
            assert "wwn-a, wwn-b" in done.stderr
        else:
            assert "no drive or array is missing" in " ".join(done.stderr.split())


def test_a_stream_by_hand_says_that_it_goes_on():
    reader, terminal = pty.openpty()
    with subprocess.Popen([BINARY, "collect", "drives"], stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        said = select.select([reader], [], [], 10)[0] and os.read(reader, 1000)
        process.terminate()
    assert said and b"drives goes on until Ctrl-C; lastgood collect drives --once" in said
    os.close(reader)


def test_help_fits_80_columns_and_names_the_collectors():
    for command in commands(BINARY):
        text = lastgood(*command.split(), "--help").stdout.decode()
        assert "Usage: lastgood" in text
        assert max(map(len, text.splitlines())) <= 80, text
    assert "kernel_log" in lastgood("collect", "--help").stdout.decode()


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path):
    """`lastgood rules | head -1`: the reader closes the pipe early."""
    done = subprocess.run(
        f"'{BINARY}' rules | head -1", shell=True, capture_output=True, text=True, timeout=20, check=False
    )
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_a_collector_of_your_own_is_run_by_hand(installation):
    installation.write_config(sections='[[collector]]\nname = "tape"\ncommand = ["/bin/sh", "-c", "echo no tape >&2; exit 7"]\n')
    done = installation.call("collect", "tape", "--once")
    assert done.returncode == 7
    assert done.stderr == "no tape\n"


def test_a_collector_whose_interpreter_is_missing_says_so(installation):
    """ "No such file or directory" about a file that is there helps nobody."""
    program = installation.directory / "tape"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    installation.write_config(sections=f'[[collector]]\nname = "tape"\ncommand = ["{program}"]\n')
    done = installation.call("collect", "tape")
    assert done.returncode == 127
    assert f"{program}: the interpreter that it needs is not there" in done.stderr
