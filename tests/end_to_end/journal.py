"""A real journal for the program under test: systemd-journal-remote writes the files that journald would write."""

import pathlib
import subprocess
import time

from lastgood import wait_until

WRITER = pathlib.Path("/lib/systemd/systemd-journal-remote")


class Journal:
    """A directory with system.journal, to which entries are appended in journald's export format."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.file = self.directory / "system.journal"
        self.boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")
        self.errors = open(self.directory / "writer.log", "wb")
        self.writer = subprocess.Popen(
            [WRITER, "-o", self.file, "-"], stdin=subprocess.PIPE, stdout=self.errors, stderr=self.errors
        )

        self.write("systemd", "the journal begins")
        self.wait_for("the journal begins")

    def write(self, program, message, when=None, **fields):
        """Appends an entry of a process of root. A field with the value None is left out."""
        when = time.time() if when is None else when
        entry = {
            "__REALTIME_TIMESTAMP": str(int(when * 1e6)),
            "__MONOTONIC_TIMESTAMP": str(time.monotonic_ns() // 1000),
            "_BOOT_ID": self.boot,
            "_TRANSPORT": "syslog",
            "_UID": "0",
            "_COMM": program,
            "SYSLOG_IDENTIFIER": program,
            "MESSAGE": message,
        }
        entry.update(fields)
        text = b""
        for name, value in entry.items():
            data = value.encode() if isinstance(value, str) else value
            if data is None:
                continue
            if b"\n" in data or any(byte < 32 for byte in data):
                text += name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
            else:
                text += name.encode() + b"=" + data + b"\n"
        self.writer.stdin.write(text + b"\n")
        self.writer.stdin.flush()

    def messages(self):
        """What a reader of the journal sees now."""
        return subprocess.run(
            ["journalctl", f"--file={self.file}", "-o", "cat", "-q"], capture_output=True, check=False, timeout=30
        ).stdout

    def wait_for(self, text):
        """Waits until a reader of the journal sees the message."""
        wait_until(lambda: text.encode() in self.messages(), 10, f"{text} in the journal", 0.05)

    def close(self):
        self.writer.stdin.close()
        try:
            self.writer.wait(10)
        except subprocess.TimeoutExpired:
            self.writer.kill()
            self.writer.wait()
        self.errors.close()
