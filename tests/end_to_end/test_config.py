"""The configuration is checked completely before use. If a new one is broken, the old one stays in force."""

import pathlib
import signal
import time

import pytest

from lastgood import lastgood, wait_until
from test_isolation import GOOD, collector, script


@pytest.mark.parametrize(
    "text, says",
    [
        ("colour = true\n", ":1:1:"),
        ("[serve]\nlisten = 9847\n", ":2:"),
        ('[[backup]]\nname = "db"\nfiles = "/b/*"\nmax_age = "26"\n', ":4:"),
        ('[[backup]]\nname = "db"\nfiles = "relative/*"\n', ":3:"),
        ("[serve\n", ":1:"),
        ("[collectors.nonsense]\nenabled = false\n", "nonsense"),
    ],
)
@pytest.mark.parametrize("subcommand", [["config", "check"], ["agent"], ["run"], ["serve"]], ids=" ".join)
def test_a_broken_config_is_refused_with_file_and_line(installation, text, says, subcommand):
    installation.config.write_text(text)
    done = installation.call(*subcommand)
    assert done.returncode != 0
    assert f"{installation.config}" in done.stderr and says in done.stderr, done.stderr
    assert not installation.report_path.exists()


def test_config_check_and_show(installation):
    done = installation.call("config", "check")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{installation.config}: fine\n"
    more = installation.config.parent / "conf.d/more.toml"
    more.parent.mkdir()
    more.write_text('[kernel_log]\nwindow = "36h"\n')
    assert installation.call("config", "check").stdout == f"{installation.config}: fine\n{more}: fine\n"
    assert 'window = "36 h"' in installation.call("config", "show").stdout
    more.unlink()
    shown = installation.call("config", "show")
    assert shown.returncode == 0
    assert str(installation.runtime) in shown.stdout
    # The output is itself a configuration with the same settings.
    installation.config.write_text(shown.stdout)
    assert installation.call("config", "show").stdout == shown.stdout


def test_sighup_takes_a_new_config_and_refuses_a_broken_one(installation):
    good = script(installation.directory, "good", GOOD)
    installation.write_config(sections=collector("first", good, interval="1s"))
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(lambda report: report.value("collector_success", "first") == 1, 20, "the first collector")

    installation.config.write_text(installation.config.read_text() + "\ncolour = true\n")
    agent.send_signal(signal.SIGHUP)
    installation.wait_for_report(
        lambda report: report.value("config_accepted") == 0 and report.rules(), 20, "the refusal in the report", process=agent
    )
    refusal = installation.report().find("config_refused")[0]
    assert f"apply it: kill -HUP {agent.pid}" in " ".join(refusal["steps"]), "no service manager started this agent"
    wait_until(lambda: "colour" in installation.log_text() and str(installation.config) in installation.log_text(), 5, "its error in the log")
    # The old configuration stays in force.
    now = time.time()
    installation.wait_for_report(
        lambda report: (report.value("collector_last_success_timestamp_seconds", "first") or 0) > now, 20, "the old config at work"
    )

    installation.write_config(sections=collector("second", good, interval="1s"))
    agent.send_signal(signal.SIGHUP)
    installation.wait_for_report(
        lambda report: report.value("config_accepted") == 1
        and report.value("collector_success", "second") == 1
        and report.value("collector_success", "first") is None,
        20,
        "the new config at work",
        process=agent,
    )
    assert installation.stop(agent) == 0


def test_no_config_is_a_valid_config(installation):
    installation.config.unlink()
    missing = installation.call("config", "check")
    assert missing.returncode != 0, "a config that is named must be there"
    assert lastgood("config", "show").returncode == 0
    default = pathlib.Path("/etc/lastgood/lastgood.toml")
    checked = lastgood("config", "check")
    assert checked.returncode == 0, checked.stderr
    assert (f"{default}: fine" if default.exists() else f"There is no {default}: ") in checked.stdout.decode()
