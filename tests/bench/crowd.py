# SPDX-License-Identifier: Apache-2.0
"""Many clients of serial ports behind TCP, in one process: as much as goes through, and how long a small message takes."""

import os
import select
import selectors
import socket
import time

from bridge import COM_PORT, DO, IAC, SB, SE, WILL

BLOCK = bytes(range(256)) * 256
MESSAGE = b"a small message."
PATIENCE = 20.0
CHUNK = 1 << 18


class Ended(AssertionError):
    """The other side has closed."""


def receive(client):
    data = client.recv(4096)
    if not data:
        raise Ended
    return data


def join(port, kind):
    """A connection that has agreed on what there is to agree on."""
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if kind == "rfc2217":
        client.sendall(bytes((IAC, WILL, 0, IAC, DO, 0, IAC, WILL, COM_PORT)))
        heard = b""
        while bytes((IAC, SB, COM_PORT, 107)) not in heard or not heard.endswith(bytes((IAC, SE))):
            heard += receive(client)
    return client


def connect(port, kind):
    """A connection whose bytes come back: the device is there, and this is its writer. ser2net takes a while to close a
    device, and turns away whoever comes before that."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            client = join(port, kind)
            echo(client)
            return client
        except (ConnectionError, Ended):
            assert time.monotonic() < deadline, "the device stays in use"
            time.sleep(0.05)


def is_heard(client):
    """Whether something that somebody else has sent comes; takes it."""
    return bool(select.select([client], [], [], 0.05)[0]) and bool(receive(client))


def echo(client, message=MESSAGE):
    """Sends a message and waits for it to come back; returns the seconds."""
    begin = time.perf_counter()
    client.sendall(message)
    heard = b""
    while len(heard) < len(message):
        heard += receive(client)
    took = time.perf_counter() - begin
    if heard != message:
        raise Ended(heard)
    return took


def echo_device(device, count):
    """The same on the device itself, without anything between: seconds for each of `count` messages."""
    fd = os.open(device, os.O_RDWR | os.O_NOCTTY)
    seconds = []
    try:
        for _ in range(count):
            begin = time.perf_counter()
            os.write(fd, MESSAGE)
            heard = b""
            while len(heard) < len(MESSAGE):
                assert select.select([fd], [], [], PATIENCE)[0], "the device is silent"
                heard += os.read(fd, 4096)
            seconds.append(time.perf_counter() - begin)
    finally:
        os.close(fd)
    return seconds


class Flow:
    """One connection that sends `size` bytes and gets them back; or only listens, to all of it."""

    def __init__(self, client, kind, size, writes=True):
        block = BLOCK.replace(b"\xff", b"\xff\xff") if kind == "rfc2217" else BLOCK
        repeats = max(1, size // len(BLOCK))
        self.client, self.block = client, block
        self.expected = len(block) * repeats
        self.to_send, self.got = self.expected if writes else 0, 0
        client.setblocking(False)

    def events(self):
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self.to_send else 0)

    def send(self):
        at = (self.expected - self.to_send) % len(self.block)
        try:
            self.to_send -= self.client.send(memoryview(self.block)[at:at + self.to_send])
        except BlockingIOError:
            pass

    def receive(self):
        try:
            data = self.client.recv(CHUNK)
        except BlockingIOError:
            return
        assert data, "the connection has ended"
        self.got += len(data)


def flow(flows, until):
    """Lets them all run until those in `until` have got everything; returns the seconds."""
    waiting = set(until)
    with selectors.DefaultSelector() as selector:
        for one in flows:
            selector.register(one.client, one.events(), one)
        begin = time.perf_counter()
        while waiting:
            ready = selector.select(PATIENCE)
            assert ready, f"nothing moves: {[(one.to_send, one.expected - one.got) for one in waiting]}"
            for key, events in ready:
                one = key.data
                if events & selectors.EVENT_WRITE:
                    one.send()
                    if not one.to_send:
                        selector.modify(one.client, one.events(), one)
                if events & selectors.EVENT_READ:
                    one.receive()
                    if one in waiting and one.got >= one.expected:
                        waiting.remove(one)
        took = time.perf_counter() - begin
    for one in flows:
        one.client.setblocking(True)
    return took
