"""What looking at many backups costs."""

import os
import pathlib
import subprocess
import time

from lastgood import BINARY, process_status

DUMP = "-- PostgreSQL database dump\n--\n-- PostgreSQL database dump complete\n--\n"


def processor_seconds(process_id):
    fields = pathlib.Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def backups_cost(directory, number, seconds):
    """(processor seconds of one look at `number` local backups of seven dumps each, resident bytes of the child that looks)"""
    (directory / "state").mkdir(mode=0o700, parents=True)
    (directory / "run").mkdir()
    text = f'state_directory = "{directory}/state"\nruntime_directory = "{directory}/run"\n[collectors.backups]\ninterval = "1s"\n'
    for one in range(number):
        place = directory / "backups" / str(one)
        place.mkdir(parents=True)
        for day in range(20, 27):
            (place / f"db-2026-11-{day}.sql").write_text(DUMP)
        text += f'[[backup]]\nname = "b{one}"\nfiles = "{place}/*.sql"\ncovers = ["/etc"]\nmax_age = "26h"\n'
    (directory / "c.toml").write_text(text)
    command = [BINARY, "collect", "backups", str(mount_point(directory)), "--config", str(directory / "c.toml")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
        try:
            wait_for_commits(child, 2 * number)  # the first looks read what the others remember
            began = processor_seconds(child.pid)
            end = time.monotonic() + seconds
            looks = 0
            while time.monotonic() < end:
                wait_for_commits(child, number)  # one for each backup
                looks += 1
            return (processor_seconds(child.pid) - began) / looks, int(process_status(child.pid)["VmRSS"].split()[0]) * 1024
        finally:
            child.kill()


def wait_for_commits(child, number):
    for line in child.stdout:
        number -= line.startswith(b'{"commit"')
        if number == 0:
            return
    raise AssertionError("the collector ended")


def mount_point(path):
    path = path.resolve()
    while not path.is_mount():
        path = path.parent
    return path
