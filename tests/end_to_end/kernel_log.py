"""Reads /dev/kmsg beside the program under test, to know which records the kernel wrote, and when."""

import os
import select
import threading
import time


class KernelLog:
    """Collects new records as (text, time in seconds by time.monotonic(), facility)."""

    def __init__(self):
        self.records = []
        self.stopping = False
        self.file = os.open("/dev/kmsg", os.O_RDWR | os.O_NONBLOCK)
        os.lseek(self.file, 0, os.SEEK_END)
        self.offset = None  # from the kernel's clock to time.monotonic(), in seconds
        self.calibrate()
        self.thread = threading.Thread(target=self.read_on, daemon=True)
        self.thread.start()

    def calibrate(self):
        """Measures the offset of printk's clock, which differs from CLOCK_MONOTONIC, with a record of our own."""
        mark = f"lastgood end-to-end test {os.getpid()}"
        before = time.monotonic()
        os.write(self.file, mark.encode() + b"\n")  # without a newline, readers would wait for a continuation
        after = time.monotonic()
        assert after - before < 0.05, "this machine is too busy to compare clocks"
        while True:
            text, stamp, _ = self.next_record()
            if text == mark:
                self.offset = before - stamp  # the earliest possible: measured delays are never too short
                return

    def next_record(self):
        header, _, rest = os.read(self.file, 8192).decode(errors="replace").partition(";")
        priority, _, stamp = header.split(",")[:3]
        return rest.split("\n")[0], int(stamp) / 1e6, int(priority) >> 3

    def read_on(self):
        while not self.stopping:
            if not select.select([self.file], [], [], 0.1)[0]:
                continue
            try:
                text, stamp, facility = self.next_record()
            except BlockingIOError:
                continue
            except BrokenPipeError:  # the kernel overwrote records before we read them
                self.records.append(("LOST", 0, 0))
                continue
            self.records.append((text, stamp + self.offset, facility))

    def block_errors(self, device):
        """The times of the block layer's errors for a device."""
        return [
            when for text, when, facility in list(self.records) if facility == 0 and f" error, dev {device}," in text
        ]

    def close(self):
        self.stopping = True
        self.thread.join()
        os.close(self.file)
