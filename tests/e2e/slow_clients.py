# SPDX-License-Identifier: Apache-2.0
"""Hundreds of connections that take their time: headers and bodies at a byte a second, answers that nobody reads, silence before
and after a request. They come from several loopback addresses, as from so many machines."""

import contextlib
import os
import socket
import threading
import time

from metrics import Metrics
from rest import API

ADDRESSES = 10
TICK = 1.0  # seconds between two bytes
HEADERS = b"GET /api/v1/boards HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 4000 + b"\r\n\r\n"
BODY = b"PUT /api/v1/boards/lab1/flash?offset=0x10000 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
ASK = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
KINDS = {"headers": (b"", HEADERS), "body": (BODY, bytes(100000)), "silent": (b"", b""), "idle": (ASK, b""),
         "deaf": (ASK * 200, b"")}


class Slow:
    """One of them: what it sends at once, and what of the rest is still to come."""

    def __init__(self, port, kind, address):
        begin, self.rest = KINDS[kind]
        self.socket = socket.socket()
        self.socket.bind((address, 0))
        if kind == "deaf":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.closed = False
        self.send(begin)

    def send(self, data):
        try:
            self.socket.send(data)
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True

    def tick(self):
        """The next byte. A connection that the server has ended is noticed by that."""
        if self.rest and not self.closed:
            self.send(self.rest[:1])
            self.rest = self.rest[1:]


class Crowd:
    """`count` of these kinds, for as long as the `with` lasts."""

    def __init__(self, port, count, kinds=tuple(KINDS), addresses=ADDRESSES):
        self.all = [Slow(port, kinds[number % len(kinds)], f"127.0.0.{2 + number % addresses}") for number in range(count)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._over.wait(TICK):
            for one in self.all:
                one.tick()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        for one in self.all:
            one.socket.close()


def connections(rest):
    return int(Metrics(rest).get("farflash_http_connections"))


def flash_seconds(rest, image):
    begin = time.monotonic()
    reply = rest.put("lab1", image, "?offset=0x10000", timeout=300)
    took = time.monotonic() - begin
    assert reply.status == 200, reply
    return took


def ask_seconds(rest):
    """How long somebody new waits for an answer."""
    begin = time.monotonic()
    assert rest.request("GET", f"{API}/boards").status == 200
    return time.monotonic() - begin


def sockets(pid):
    """How many a process has open."""
    def target(name):
        with contextlib.suppress(FileNotFoundError):
            return os.readlink(f"/proc/{pid}/fd/{name}")
        return ""
    return sum(target(name).startswith("socket:") for name in os.listdir(f"/proc/{pid}/fd"))


def ask_from(port, address):
    """The first bytes of the answer to somebody new with this address; none: the connection was closed."""
    with socket.socket() as new:
        new.settimeout(20)
        new.bind((address, 0))
        new.connect(("127.0.0.1", port))
        try:
            new.sendall(b"GET /api/v1/boards HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return new.recv(15)
        except OSError:
            return b""
