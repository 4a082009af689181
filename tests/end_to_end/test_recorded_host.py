"""--root: a recorded host is watched apart from this machine."""

import os
import re

import pytest

from lastgood import SOURCE, wait_until

HOST = str(SOURCE / "tests/hosts/raid10-one-lost")


@pytest.mark.parametrize("subcommand", ["agent", "run"])
def test_it_leaves_nothing_in_the_state_of_this_machine(installation, subcommand):
    ran = installation.directory / "ran"
    collector = f'[[collector]]\nname = "mine"\ncommand = ["/usr/bin/touch", "{ran}"]\n'
    installation.write_config(sections=collector)
    own_report = installation.report_path
    recorded = installation.start(subcommand, arguments=["--root", HOST])
    installation.wait_for_report(lambda report: report.select("drive_info"), what="the recorded drives")
    installation.wait_for_report(lambda report: report.find("array_degraded") or report.rules(), what="its findings")
    temporary = installation.report_path.parent
    assert f"lastgood status --report {installation.report_path}" in installation.log_text()
    assert "raid10" in installation.call("status", "--report", str(installation.report_path)).stdout
    assert installation.stop(recorded) == 0
    assert not temporary.exists(), "the temporary state is removed"
    assert not list(installation.runtime.iterdir()) and not list(installation.state.iterdir())
    assert not installation.textfile.exists() and not ran.exists()

    installation.report_path = own_report
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.value("collector_success", "drives") is not None)
    assert "raid10" not in str(report.document) and not [rule for rule in report.rules() if rule.endswith("_gone")]
    wait_until(ran.exists, 10, "on this machine the external collector runs")


def test_a_reload_does_not_mix_it_with_this_machine(installation):
    ran = installation.directory / "ran"
    process = installation.start("agent", arguments=["--root", HOST])
    installation.write_config(sections=f'[[collector]]\nname = "mine"\ncommand = ["/usr/bin/touch", "{ran}"]\n')
    process.send_signal(1)
    wait_until(lambda: "read again" in installation.log_text(), 10, "the configuration was read again")
    written = installation.report().document["written_at"]
    installation.wait_for_report(lambda report: report.document["written_at"] > written)
    assert not ran.exists() and not installation.textfile.exists()
    assert not list(installation.runtime.iterdir())


@pytest.mark.parametrize("command", [["run"], ["agent"], ["collect", "drives"], ["config", "discover"]], ids=" ".join)
@pytest.mark.parametrize("name, why", [
    ("missing", "No such file or directory"),
    ("a_file", "Not a directory"),
    ("", "No such file or directory"),
])
def test_a_root_that_is_no_directory_is_refused(installation, command, name, why):
    (installation.directory / "a_file").touch()
    where = str(installation.directory / name) if name else ""
    done = installation.call(*command, "--root", where)
    assert done.returncode == 3
    assert re.fullmatch(rf'lastgood: --root "{re.escape(where)}": {why}; [^\n]*\n', done.stderr), done.stderr
    assert not done.stdout and not os.listdir(installation.runtime) and not os.listdir(installation.state)


def test_its_backups_are_read(installation, tmp_path):
    """A look at a recorded host ends, and what it saw stays."""
    root = tmp_path / "root"
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/mountinfo").write_text("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    (root / "srv").mkdir()
    (root / "srv/a.sql").write_text("-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n")
    installation.write_config(sections='[[backup]]\nname = "db"\nfiles = "/srv/*.sql"\ncovers = ["/etc"]\n')
    installation.start("agent", arguments=["--root", str(root)])
    report = installation.wait_for_report(lambda report: report.select("backup_readable", "db") and report.select("collector_success"))
    assert report.value("backup_readable", "db") == 1
    assert not report.find("backup_unreadable")
