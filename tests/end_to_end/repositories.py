"""Helpers of the tests on real repositories: a backup in a configuration of its own, and what lastgood says about it."""

import json
import os
import pathlib
import random
import subprocess
import time

import lastgood

DAY = 86400


class Expected:
    """A [[backup]] in its own configuration, and the observations of `lastgood collect` about it."""

    def __init__(self, directory, **settings):
        self.directory = pathlib.Path(directory)
        self.config = self.directory / "lastgood.toml"
        runtime = self.directory / "run"
        runtime.mkdir(exist_ok=True)
        lines = [f'runtime_directory = "{runtime}"', "[[backup]]", 'name = "it"']
        lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        self.config.write_text("\n".join(lines) + "\n")

    def collect(self):
        done = subprocess.run(
            [lastgood.BINARY, "collect", "backups", "it", "--config", str(self.config)],
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

    def is_stale(self):
        """Applies the rule's condition: activity never makes a backup fresh."""
        self.collect()
        assert self.readable, self.error
        proven = self.proven()
        return proven is None or time.time() - proven > self.value("max_age_seconds")


def run(*command, **options):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, **options
    )
    assert done.returncode == 0, f"{command}: {done.stderr or done.stdout}"
    return done.stdout


def make_older(directory, seconds):
    for path, directories, files in os.walk(directory):
        for name in files + directories:
            one = os.path.join(path, name)
            status = os.lstat(one)
            os.utime(one, (status.st_atime - seconds, status.st_mtime - seconds), follow_symlinks=False)


def write_random(path, size, seed=0):
    pathlib.Path(path).write_bytes(random.Random(seed).randbytes(size))
