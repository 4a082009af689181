"""The configuration is checked completely before use. If a new one is broken, the old one stays in force."""

import os
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
    assert any(step.startswith(f"Correct {installation.config}:") and "unknown key" in step for step in refusal["steps"])
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


def test_config_check_shows_all_mistakes_and_warns_of_what_is_not_there(installation):
    more = installation.config.parent / "conf.d/more.toml"
    more.parent.mkdir()
    more.write_text("[serve\n")
    installation.config.write_text(
        '[serve]\nlisten = "127.0.0.1"\nuser = "no-such-user-anywhere"\n'
        + '[[backup]]\nname = "db"\nfiles = "/no/such/place/[a"\nmax_age = "1e308y"\nmin_size = "9000000TiB"\n'
        + '[[collector]]\nname = "tape"\ncommand = ["/usr/bin/tape-age --all"]\n'
    )
    done = installation.call("config", "check")
    assert done.returncode == 3
    file = installation.config
    told = [line for line in done.stderr.splitlines() if not line.startswith(" ")]
    places = [line.split(" ")[0] for line in told]
    mistakes = [f"{file}:{place}:" for place in ("2:10", "3:8", "6:9", "7:11", "8:12", "11:11")] + [f"{more}:1:7:"]
    assert places == [*mistakes, f"{file}:6:9:"], done.stderr
    assert "6:9: warning: there is no /no/such/place" in " ".join(done.stderr.split())
    assert done.stdout.splitlines()[:2] == [f"{file}: 6 mistakes, 1 warning", f"{more}: 1 mistake"]
    long = [line for line in done.stderr.splitlines() if len(line) > 80 and " " in line.strip()]
    assert not long, done.stderr

    more.unlink()
    installation.config.write_text('[[backup]]\nname = "db"\nfiles = "/no/such/place/*"\n')
    done = installation.call("config", "check")
    assert done.returncode == 0, "a path may come later"
    assert "there is no /no/such/place" in " ".join(done.stderr.split())
    assert done.stdout == f"{file}: 1 warning\n"


def test_config_check_warns_of_what_does_not_fit_this_host(installation):
    place = installation.config.parent / "place"
    for name in ("README", "config", "data/0", "source/file"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("x")
    (place / "link").symlink_to("source")
    installation.config.write_text(
        f'[[backup]]\nname = "db"\nrestic = "{place}"\ncovers = ["{place}/link", "{place}/source"]\nsystemd = "no-such-job.service"\n'
        'schedule = "02:00"\n'
    )
    done = installation.call("config", "check")
    assert done.returncode == 0
    said = " ".join(done.stderr.split())
    assert f'3:10: warning: {place} holds what borg makes: write borg = "{place}"' in said
    assert f"4:11: warning: {place}/link counts for nothing: a link leads to source" in said and f'write covers = ["{place}/source"]' in said
    assert f"warning: {place}/source is on the filesystem of its copies" in said
    assert "5:11: warning: there is no unit no-such-job.service" in said
    assert done.stdout == f"{installation.config}: 4 warnings\n"
    shown = installation.call("config", "show").stdout
    assert "\nshrink = 0.5\n" in shown and "\ncrosses_mounts = false\n" in shown and "\n# time_zone: that of this host\n" in shown


def test_a_reload_applies_all_or_nothing_and_says_what_it_cannot(installation):
    good = script(installation.directory, "good", GOOD)
    installation.write_config(sections=collector("first", good, interval="1s"))
    agent = installation.start("agent", wait=False)
    installation.wait_for_report(lambda report: report.value("collector_success", "first") == 1, 20, "the first collector")

    def reload(accepted, says):
        before = len(installation.log.read_text())
        agent.send_signal(signal.SIGHUP)
        wait_until(lambda: says in installation.log.read_text()[before:], 10, says)
        return installation.wait_for_report(
            lambda report: report.value("config_accepted") == accepted and report.document["written_at"] > written, 20, says, process=agent
        )

    # Everything in it is good but the last line.
    written = time.time()
    good_text = installation.config.read_text()
    installation.write_config(sections=collector("second", good, interval="1s") + '[drives]\ngrowth_window = "1e308y"\ncolour = 1\n')
    report = reload(0, "; 1 more mistake: lastgood config check")
    assert report.value("collector_success", "second") is None and report.value("collector_success", "first") == 1
    assert any("growth_window must be at most 100 years; 1 more mistake" in problem["message"] for problem in report.problems)

    # Others may write to it.
    written = time.time()
    installation.write_config(sections=collector("second", good, interval="1s"))
    installation.config.chmod(0o666)
    report = reload(0, f"everybody may write to {installation.config}; mend it: chmod go-w {installation.config}")
    assert report.value("collector_success", "second") is None

    # A FIFO once counted as an empty file, and could have blocked the agent.
    written = time.time()
    installation.config.unlink()
    os.mkfifo(installation.config)
    report = reload(0, "is a FIFO")
    assert report.value("collector_success", "first") == 1

    written = time.time()
    installation.config.unlink()
    moved = good_text.replace(f'"{installation.state}"', '"/elsewhere"').replace(f'"{installation.runtime}"', '"/elsewhere/run"')
    installation.config.write_text(moved.replace("first", "second"))
    report = reload(1, f"state_directory stays {installation.state} until the agent is started again")
    assert f"runtime_directory stays {installation.runtime} until" in installation.log.read_text()
    wait_until(lambda: installation.report().value("collector_success", "second") == 1, 20, "the new configuration at work")
    assert installation.stop(agent) == 0


@pytest.mark.parametrize("subcommand", [["agent"], ["run"], ["collect", "first"], ["config", "check"]], ids=" ".join)
def test_a_file_that_others_may_change_runs_no_command(installation, subcommand):
    ran = installation.directory / "ran"
    installation.write_config(sections=collector("first", script(installation.directory, "first", f"#!/bin/sh\ntouch {ran}\n")))
    installation.config.chmod(0o666)
    done = installation.call(*subcommand)
    assert done.returncode == 3
    assert f"mend it: chmod go-w {installation.config}" in " ".join(done.stderr.split())
    assert not ran.exists()
