"""Databases in directories of their own are found as the service sees processes: it cannot look at other users' working directories."""

import json
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

import lastgood
import pytest
from repositories import run
from test_backup_places import never_answering


@pytest.fixture
def cluster():
    """A running PostgreSQL cluster that only its process tells of."""
    programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if os.geteuid() != 0:
        lastgood.cannot_run("it needs root, to become the user postgres")
    if not programs:
        lastgood.cannot_run("postgresql is not installed")
    directory = pathlib.Path(tempfile.mkdtemp(prefix="lastgood-server-"))
    user = pwd.getpwnam("postgres")
    os.chown(directory, user.pw_uid, user.pw_gid)
    data = directory / "pg"
    as_postgres = {"user": "postgres", "group": "postgres", "extra_groups": [], "cwd": directory}
    pg_ctl = [str(programs[-1].with_name("pg_ctl")), "-D", str(data)]
    try:
        run(str(programs[-1]), "-D", str(data), "--no-sync", "-A", "trust", **as_postgres)
        with open(data / "postgresql.conf", "a", encoding="ascii") as settings:
            settings.write(f"listen_addresses = ''\nunix_socket_directories = '{directory}'\nfsync = off\n")
        run(*pg_ctl, "-l", str(directory / "log"), "-w", "start", **as_postgres)
        yield data
    finally:
        subprocess.run([*pg_ctl, "-m", "immediate", "-w", "stop"], **as_postgres, capture_output=True, check=False)
        shutil.rmtree(directory, ignore_errors=True)


def found_data(directory, *wrapper):
    """What `lastgood collect data` finds: {(metric, subject): value}."""
    config = directory / "lastgood.toml"
    config.write_text(f'runtime_directory = "{directory}"\nstate_directory = "{directory}"\n')
    output = run(*wrapper, lastgood.BINARY, "collect", "data", "--config", str(config))
    lines = [json.loads(line) for line in output.splitlines()]
    return {(line["metric"], line["subject"]): line["value"] for line in lines if "metric" in line}


def test_a_server_in_a_directory_of_its_own(cluster, tmp_path):
    without_ptrace = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"]
    found = found_data(tmp_path, *without_ptrace)
    assert found[("lastgood_data_server_running", f"postgresql {cluster}")] == 1, found
    assert found[("lastgood_data_size_bytes", f"postgresql {cluster}")] > 10 << 20


@pytest.fixture
def hanging_below_srv():
    """A mount in /srv that never answers, as of a NAS that is off."""
    point = pathlib.Path(tempfile.mkdtemp(prefix="lastgood-nas-", dir="/srv"))
    with never_answering(point):
        yield point
    point.rmdir()


def test_a_mount_that_does_not_answer_hides_no_data(installation, tmp_path, hanging_below_srv):
    (tmp_path / "precious" / "nas").mkdir(parents=True)
    (tmp_path / "precious" / "file").write_text("x")
    sections = f'[data]\nprecious = ["{tmp_path}/precious"]\n[collectors.data]\ninterval = "1s"\ndeadline = "15s"\n'
    installation.write_config(sections=sections)
    started = time.time()
    installation.start("agent", wait=False)
    subject = f"precious {tmp_path}/precious"
    with never_answering(tmp_path / "precious" / "nas") as inner:
        report = installation.wait_for_report(
            lambda report: max((one["observed_at"] for one in report.select("data_size_bytes", subject)), default=0) > started + 10,
            40,
            f"it is counted again and again, without {inner}",
        )
    assert report.value("data_size_incomplete", subject) == 0
    assert not report.find("collector_failing")
