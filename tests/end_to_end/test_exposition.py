"""Checks /metrics, the textfile and the rules with Prometheus' own tools."""

import socket
import subprocess
import time

from lastgood import http_get, lastgood, wait_until
from test_isolation import GOOD, collector, script
from test_privileges import serving
from test_stop import frozen


def check_metrics(text):
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_metrics_and_textfile(installation):
    good = script(installation.directory, "good", GOOD)
    installation.write_config(sections=collector("good", good, interval="1s") + '[[backup]]\nname = "good"\nmax_age = "1h"\n')
    run = installation.start("run")
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    installation.wait_for_report(lambda report: report.value("backup_count", "good"), 20, "the collector's value")
    wait_until(lambda: 'lastgood_backup_count{backup="good"}' in http_get(installation.port, "/metrics")[1], 5, "it is exposed")
    status, text = http_get(installation.port, "/metrics")
    assert status == 200
    assert check_metrics(text) == (0, "")
    textfile = wait_until(lambda: installation.textfile.exists() and installation.textfile.read_text(), 10, "the textfile")
    assert check_metrics(textfile) == (0, "")
    assert 'lastgood_backup_count{backup="good"}' in textfile
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert names == {line.split()[2] for line in textfile.splitlines() if line.startswith("# TYPE")}
    assert installation.stop(run) == 0


def test_the_disk_of_the_textfile_is_stuck(installation, freezable):
    """The textfile is not updated. The agent still writes reports, with a finding about it."""
    installation.textfile = freezable / "lastgood.prom"
    installation.write_config()
    agent = installation.start("agent")
    wait_until(installation.textfile.exists, 10, "the textfile")

    def problems(report):
        return [problem["message"] for problem in report.document["problems"] if problem["collector"] == "textfile"]

    with frozen(freezable):
        stuck = installation.wait_for_report(problems, 60, "a report that says so", process=agent)
        assert "stuck in the kernel" in problems(stuck)[0]
        assert problems(stuck)[0] in " ".join(installation.call("status").stdout.split())
        installation.wait_for_report(lambda report: report.document["written_at"] > stuck.document["written_at"], 20, "the next report")
        assert installation.log_text().count("the textfile is not written") == 1
    installation.wait_for_report(lambda report: not problems(report), 40, "it is over", process=agent)
    wait_until(lambda: time.time() - timestamp_in(installation.textfile) < 20, 20, "the textfile is written again")
    assert installation.stop(agent) == 0


def timestamp_in(textfile):
    (line,) = [line for line in textfile.read_text().splitlines() if line.startswith("lastgood_report_timestamp_seconds ")]
    return float(line.split()[1])


def test_the_textfile_cannot_be_written(installation):
    installation.textfile = installation.directory / "nowhere" / "lastgood.prom"
    installation.write_config()
    agent = installation.start("agent")
    installation.wait_for_report(
        lambda report: any("nowhere" in problem["message"] for problem in report.document["problems"]), 40, "it says so", process=agent
    )
    done = installation.call("textfile")
    assert done.returncode == 3
    assert "nowhere" in done.stderr


def test_rules_are_valid(installation, tmp_path):
    done = lastgood("rules")
    assert done.returncode == 0, done.stderr
    path = tmp_path / "rules.yml"
    path.write_bytes(done.stdout)
    checked = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_dead_agent_shows_in_metrics_by_its_age(installation):
    """serve keeps exposing the report's old timestamp, so that the alert on it fires."""
    agent = installation.start("agent")
    serve = installation.start("serve", wait=False)
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    installation.kill(agent)
    written = installation.report().value("report_timestamp_seconds")
    time.sleep(1)
    _, text = http_get(installation.port, "/metrics")
    (line,) = [line for line in text.splitlines() if line.startswith("lastgood_report_timestamp_seconds")]
    assert abs(float(line.split()[1]) - written) < 1
    assert installation.stop(serve) == 0


def test_a_scrape_starts_nothing(installation):
    tally = installation.directory / "tally"
    counting = script(installation.directory, "counting", f"#!/bin/sh\necho x >> {tally}\n")
    installation.write_config(sections=collector("counting", counting, interval="1h"))
    installation.start("run")
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    wait_until(tally.exists, 20, "its first run")
    for _ in range(50):
        http_get(installation.port, "/metrics")
    time.sleep(0.5)
    assert tally.read_text() == "x\n"


def test_what_is_no_path_of_ours(installation):
    installation.start("run")
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    assert http_get(installation.port, "/etc/passwd")[0] == 404
    assert http_get(installation.port, "/../../../etc/passwd")[0] in (400, 404)


def test_slow_and_broken_clients_do_not_hinder_others(installation):
    installation.start("run")
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    idle = []
    try:
        for number in range(20):
            connection = socket.create_connection(("127.0.0.1", installation.port), timeout=5)
            connection.sendall(b"GET /metr" if number % 2 else b"\xff\0\r\n" * 10)
            idle.append(connection)
        # 10 s is Prometheus' default timeout.
        assert http_get(installation.port, "/metrics", seconds=10)[0] == 200
    finally:
        for connection in idle:
            connection.close()
    assert http_get(installation.port, "/metrics")[0] == 200


def test_a_port_that_is_taken(installation):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.port))
        taken.listen()
        done = installation.call("serve", seconds=20)
        assert done.returncode != 0
        assert str(installation.port) in done.stderr
        done = installation.call("run", seconds=40)
        assert done.returncode != 0
        assert str(installation.port) in done.stderr
