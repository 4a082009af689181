"""A FUSE filesystem in this process: a directory whose files are forgotten, and whose fsync takes as long as a test says."""

import contextlib
import ctypes
import errno
import os
import stat
import struct
import subprocess
import threading
import time

from lastgood import cannot_run

LOOKUP, FORGET, GETATTR, SETATTR, UNLINK, WRITE, STATFS, RELEASE, FSYNC = 1, 2, 3, 4, 10, 16, 17, 18, 20
FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, INTERRUPT, CREATE, DESTROY, BATCH_FORGET = 25, 26, 27, 28, 29, 36, 35, 38, 42
SILENT = {FORGET, INTERRUPT, BATCH_FORGET}


class SlowFilesystem:
    """`delay`: seconds that each fsync takes; it may be changed at any time."""

    def __init__(self, device):
        self.device, self.delay, self.files = device, 0.0, {}

    def serve(self):
        while True:
            try:
                request = os.read(self.device, 1 << 20)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.EAGAIN, errno.ENOENT):
                    continue
                return  # unmounted
            threading.Thread(target=self.answer, args=(request,), daemon=True).start()

    def answer(self, request):
        _, operation, unique, node, *_ = struct.unpack_from("<IIQQIIII", request)
        if operation in SILENT:
            return
        body = self.result(operation, node, request[40:])
        error, data = (-body, b"") if isinstance(body, int) else (0, body)
        with contextlib.suppress(OSError):  # who asked has been killed
            os.write(self.device, struct.pack("<IiQ", 16 + len(data), error, unique) + data)

    def attributes(self, node):
        kind, links = (stat.S_IFDIR | 0o755, 2) if node == 1 else (stat.S_IFREG | 0o600, 1)
        now = int(time.time())
        return struct.pack("<6Q10I", node, 16, 8, now, now, now, 0, 0, 0, kind, links, 0, 0, 0, 4096, 0)

    def entry(self, node):
        return struct.pack("<QQQQII", node, 0, 0, 0, 0, 0) + self.attributes(node)

    def result(self, operation, node, data):
        if operation == INIT:
            return struct.pack("<IIIIHHIIHHI7I", 7, 31, 65536, 0, 16, 12, 65536, 1, 0, 0, 0, *[0] * 7)
        if operation in (GETATTR, SETATTR):
            return struct.pack("<QII", 0, 0, 0) + self.attributes(node)
        if operation == LOOKUP:
            name = data.rstrip(b"\0")
            return self.entry(self.files[name]) if name in self.files else errno.ENOENT
        if operation == CREATE:
            name = data[16:].rstrip(b"\0")
            self.files[name] = len(self.files) + 2
            return self.entry(self.files[name]) + struct.pack("<QII", 0, 0, 0)
        if operation == UNLINK:
            self.files.pop(data.rstrip(b"\0"), None)
            return b""
        if operation == WRITE:
            return struct.pack("<II", struct.unpack_from("<QQI", data)[2], 0)
        if operation == FSYNC:
            time.sleep(self.delay)
            return b""
        if operation == OPENDIR:
            return struct.pack("<QII", 0, 0, 0)
        if operation == STATFS:
            return struct.pack("<5Q10I", 1000, 500, 500, 1000, 500, 4096, 255, 4096, *[0] * 7)
        if operation in (FLUSH, RELEASE, RELEASEDIR, READDIR, DESTROY):
            return b""
        return errno.ENOSYS


@contextlib.contextmanager
def slow_filesystem(point):
    """Mounts one at this directory."""
    try:
        device = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        cannot_run(f"/dev/fuse: {error.strerror}")
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0"
    if libc.mount(b"slow", bytes(point), b"fuse", 0, options.encode()) != 0:
        os.close(device)
        cannot_run(f"mount: {os.strerror(ctypes.get_errno())}")
    filesystem = SlowFilesystem(device)
    server = threading.Thread(target=filesystem.serve, daemon=True)
    server.start()
    try:
        yield filesystem
    finally:
        subprocess.run(["umount", "-l", point], check=False)
        server.join(5)
        os.close(device)
