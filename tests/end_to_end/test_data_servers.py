"""Databases in directories of their own are found as the service sees processes: it cannot look at other users' working directories."""

import json
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import lastgood
import pytest
from repositories import run


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
