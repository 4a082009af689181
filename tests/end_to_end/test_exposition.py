"""Checks /metrics, the textfile and the rules with Prometheus' own tools."""

import gzip
import http.client
import os
import signal
import socket
import subprocess
import time

import pytest
from lastgood import children, command_line, free_port, http_get, lastgood, wait_until
from test_isolation import GOOD, collector, script
from test_privileges import serving
from test_stop import frozen


def check_metrics(text):
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def families(text):
    return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}


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
    # It is written after the report that /metrics shows.
    textfile = wait_until(
        lambda: installation.textfile.exists()
        and families(http_get(installation.port, "/metrics")[1]) == families(installation.textfile.read_text())
        and installation.textfile.read_text(),
        10,
        "the textfile",
    )
    assert check_metrics(textfile) == (0, "")
    assert 'lastgood_backup_count{backup="good"}' in textfile
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


def test_a_port_that_is_taken_is_told_also_if_the_first_report_was_faster(installation):
    passwords = installation.directory / "passwords"
    passwords.write_text("".join(f"u{number}:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n" for number in range(1000)))
    config = installation.config.read_text()
    installation.config.write_text(config.replace("[textfile]", f'password_file = "{passwords}"\n[textfile]'))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.port))
        taken.listen()
        done = installation.call("run", seconds=40)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{installation.port}" in done.stderr
    assert f"see which program has the port: ss -ltnp 'sport = :{installation.port}'" in done.stderr
    assert installation.report().find("filesystem_not_backed_up") or installation.report().observations, "a report was written before"


def test_a_reload_moves_a_listener_that_has_just_started(installation):
    run = installation.start("run")
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    first, second = installation.port, free_port()
    config = installation.config.read_text()
    for port in (second, first):
        installation.config.write_text(config.replace(f":{first}", f":{port}"))
        run.send_signal(signal.SIGHUP)
        installation.port = port
        wait_until(lambda: serving(installation), 8, "it answers at once, not at the next heartbeat")
    assert installation.stop(run) == 0


# As Prometheus 2.42 asks.
PROMETHEUS_ACCEPTS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


def get_as(installation, accept, method="GET"):
    """Returns the headers of /metrics and its text, unpacked."""
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=5)
    try:
        connection.request(method, "/metrics", headers={"Accept": accept, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        return dict(answer.getheaders()), gzip.decompress(body).decode() if body else ""
    finally:
        connection.close()


def samples_of(families):
    """Returns the series with their values, without those that change with each report."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
        if sample.name != "lastgood_report_timestamp_seconds" and "duration" not in sample.name and sample.name != "lastgood_generation"
    }


def test_openmetrics_tells_what_the_text_format_tells(installation):
    openmetrics = pytest.importorskip("prometheus_client.openmetrics.parser", reason="python3-prometheus-client is not installed")
    parser = pytest.importorskip("prometheus_client.parser")
    good = script(installation.directory, "good", GOOD)
    installation.write_config(sections=collector("good", good, interval="1h") + '[[backup]]\nname = "good"\nmax_age = "1h"\n')
    run = installation.start("run")
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    wait_until(lambda: 'lastgood_backup_count{backup="good"}' in http_get(installation.port, "/metrics")[1], 20, "its value is exposed")
    headers, text = get_as(installation, PROMETHEUS_ACCEPTS)
    assert headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Vary"] == "Accept, Accept-Encoding"
    modern = samples_of(openmetrics.text_string_to_metric_families(text))
    plain_headers, text = get_as(installation, "*/*")
    assert plain_headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    plain = samples_of(parser.text_string_to_metric_families(text))
    assert set(plain) == set(modern)
    assert len(plain) > 10
    assert installation.stop(run) == 0


def listener_of(run):
    (process,) = [child for child in children(run.pid) if "--with-agent" in command_line(child)]
    return process


def listener_finding(report):
    return report.find("listener_failing")


def test_a_listener_that_dies_and_whose_port_is_taken_is_a_finding(installation):
    run = installation.start("run")
    installation.wait_for_report(lambda report: report.value("listener_up") == 1, 20, "it says that it answers", process=run)
    assert not listener_finding(installation.report())
    listener = listener_of(run)
    os.kill(listener, signal.SIGSTOP)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        os.kill(listener, signal.SIGKILL)
        wait_until(lambda: try_to_take(taken, installation.port), 10, "its port is free")
        failing = installation.wait_for_report(listener_finding, 40, "the finding", process=run)
        assert failing.value("listener_up") == 0
        failing = installation.wait_for_report(
            lambda report: any(str(installation.port) in problem["message"] for problem in report.document["problems"]), 40, "its last words"
        )
        assert [problem["collector"] for problem in failing.document["problems"]] == ["listener"]
        assert installation.call("status").returncode == 1
    installation.wait_for_report(lambda report: report.value("listener_up") == 1 and not listener_finding(report), 60, "it is over", process=run)
    wait_until(lambda: serving(installation), 10, "/metrics answers")
    assert installation.stop(run) == 0


def try_to_take(socket_, port):
    try:
        socket_.bind(("127.0.0.1", port))
        socket_.listen()
    except OSError:
        return False
    return True


def test_a_listener_that_may_not_read_the_report_is_a_finding(installation, root):
    """It answers, but its user cannot enter a directory above the report."""
    run = installation.start("run")
    installation.wait_for_report(lambda report: report.value("listener_up") == 1, 20, "it says that it answers", process=run)
    before = installation.directory.stat().st_mode
    installation.directory.chmod(0o700)
    try:
        report = installation.wait_for_report(listener_finding, 40, "the finding", process=run)
        (problem,) = report.document["problems"]
        assert "cannot read" in problem["message"] and "Permission denied" in problem["message"]
    finally:
        installation.directory.chmod(before)
    installation.wait_for_report(lambda report: not listener_finding(report), 40, "it is over", process=run)
    assert installation.stop(run) == 0


def test_without_a_listener_of_its_own_the_agent_says_nothing_about_it(installation):
    installation.start("agent")
    assert installation.report().value("listener_up") is None
