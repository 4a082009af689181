"""Backups in repositories that a test makes: a configuration for one, and what lastgood says of it."""

import json
import os
import pathlib
import random
import shutil
import subprocess
import time

import lastgood


DAY = 86400


class Expected:
    """A [[backup]] in its own configuration, and the observations of `lastgood collect` about it."""

    def __init__(self, directory, **settings):
        self.directory = pathlib.Path(directory)
        self.config = self.directory / "lastgood.toml"
        self.state = self.directory / "state"
        self.within = []  # a command that runs lastgood
        lines = []
        for name in ("runtime", "state"):
            (self.directory / name).mkdir(exist_ok=True)
            lines.append(f'{name}_directory = "{self.directory / name}"')
        lines += ["[[backup]]", 'name = "it"']
        lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        self.config.write_text("\n".join(lines) + "\n")

    def collect(self):
        done = subprocess.run(
            [*self.within, lastgood.BINARY, "collect", "backups", "it", "--config", str(self.config)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )
        self.error = done.stderr
        self.readable = done.returncode == 0
        self.lines = [json.loads(line) for line in done.stdout.splitlines()]
        return self

    def value(self, metric, **labels):
        for line in self.lines:
            if line.get("metric") == f"lastgood_backup_{metric}" and line["subject"] == "it" and all(
                line.get("labels", {}).get(key) == value for key, value in labels.items()
            ):
                return line["value"]
        return None

    def newest(self, *confidences):
        found = [self.value("newest_timestamp_seconds", confidence=one) for one in confidences]
        return max((time for time in found if time is not None), default=None)

    def proven(self):
        return self.newest("exact", "inferred")

    def problems(self):
        return [line["problem"] for line in self.lines if "problem" in line]

    def forget(self):
        """The next look is the first one."""
        shutil.rmtree(self.state / "backups", ignore_errors=True)
        return self

    def is_unproven(self):
        """Applies the condition of backup_unproven."""
        self.collect()
        assert self.readable, self.error
        return self.proven() is None and self.newest("activity") is not None

    def is_stale(self):
        """Not fresh: activity never makes a backup fresh, nor does a copy that is gone."""
        self.collect()
        assert self.readable, self.error
        if any(line.get("metric") == "lastgood_backup_copies_gone" and line["value"] >= 1 for line in self.lines):
            return True
        proven = self.proven()
        return proven is None or time.time() - proven > self.value("max_age_seconds")


def run(*command, **options):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, **options
    )
    assert done.returncode == 0, f"{command}: {done.stderr or done.stdout}"
    return done.stdout


def make_older(directory, seconds):
    """As if the time had passed. The keys of restic say in clear when they were made: they stay."""
    for path, directories, files in os.walk(directory, topdown=False):
        if os.path.basename(path) == "keys":
            continue
        for name in files + directories:
            one = os.path.join(path, name)
            status = os.lstat(one)
            os.utime(one, (status.st_atime - seconds, status.st_mtime - seconds), follow_symlinks=False)


def write_random(path, size, seed=0):
    pathlib.Path(path).write_bytes(random.Random(seed).randbytes(size))
