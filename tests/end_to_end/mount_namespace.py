"""A mount namespace of its own: what a test mounts there, and puts in the place of files of /etc, nobody else sees."""

import os
import subprocess

import lastgood


class MountNamespace:
    def __init__(self):
        if os.geteuid() != 0:
            lastgood.cannot_run("it needs root, to mount")
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo made; exec sleep 600"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        if self.holder.stdout.readline() != "made\n":
            self.close()
            lastgood.cannot_run("unshare --mount does not work")

    @property
    def within(self):
        """What to put before a command, so that it runs there."""
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--"]

    def run(self, *command):
        return subprocess.run([*self.within, *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True).stdout

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
