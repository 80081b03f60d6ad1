# SPDX-License-Identifier: Apache-2.0
"""100 MB to a loopback device and back at once, through the TCP ports of farflashd: not a byte is lost, doubled or changed,
whatever others do on the same board meanwhile."""

import contextlib
import threading
import time

import pytest

from bridge import Raw, Telnet, Unescape

SIZE = 100 << 20
# Every byte, and all that telnet might stumble over: a third of it is FF, alone, in runs, and in front of its commands.
BLOCK = (bytes(range(256)) + b"\xff" * 97 + b"\xff\xf0\xff\xfa\xff\xfb\x2c\r\n\r\0" + b"\xff\x00" * 16) * 160
COUNT = SIZE // len(BLOCK) + 1
VISIT = 1 << 18
CLOSED_AFTER = 50  # seconds that a peer takes nothing


@pytest.fixture
def server(make_board, make_server, tmp_path):
    make_board(device="echo", listen=f"pty:{tmp_path}/tty")
    started = make_server(lab1=str(tmp_path / "tty"))
    started.rest.wait_board("lab1", "idle")
    return started


class RawEnd:
    """The writer, on the raw port."""

    def __init__(self, server):
        self.client = Raw(server.port_of("lab1", "raw"))
        self.block, self.receive = BLOCK, self.client.receive


class TelnetEnd:
    """The writer, on the RFC 2217 port."""

    def __init__(self, server):
        self.client = Telnet(server.port_of("lab1", "rfc2217"))
        self.block, self.receive = BLOCK.replace(b"\xff", b"\xff\xff"), Unescape(self.client)


def exchange(end):
    """Sends COUNT blocks while they come back, and compares every byte."""
    def write():
        for _ in range(COUNT):
            end.client.send(end.block)
    writer = threading.Thread(target=write)
    writer.start()
    got, total = 0, COUNT * len(BLOCK)
    while got < total:
        data = end.receive()
        start = got % len(BLOCK)
        repeats = (start + len(data)) // len(BLOCK) + 1
        assert data == (BLOCK * repeats)[start:start + len(data)], f"a wrong byte after {got}"
        got += len(data)
    writer.join()
    assert got == total


@contextlib.contextmanager
def passers_by(server):
    """Readers of both ports that come, read a little or nothing, and go, until the end."""
    done = threading.Event()

    def come_and_go(kind, leave):
        while not done.is_set():
            reader = Raw(server.port_of("lab1", kind))
            reader.socket.settimeout(0.2)
            left = VISIT
            with contextlib.suppress(TimeoutError):
                while left > 0 and (data := reader.socket.recv(left)):
                    left -= len(data)
            leave(reader)
    threads = [threading.Thread(target=come_and_go, args=each)
               for each in (("raw", Raw.close), ("raw", Raw.reset), ("rfc2217", Raw.close))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("end_of", (RawEnd, TelnetEnd))
def test_loopback__100_mb_both_ways_at_once_are_exact(server, end_of):
    begin = time.monotonic()
    stalled = [Raw(server.port_of("lab1", "raw")) for _ in range(3)]
    end = end_of(server)
    with end.client:
        with passers_by(server):
            exchange(end)
        end.client.send(b"the end")
        end.client.wait(b"the end")
    for reader in stalled:
        try:
            reader.wait(b"bytes of output are missing here")
            reader.wait(b"the end")
        except ConnectionResetError:
            assert time.monotonic() - begin > CLOSED_AFTER  # on a very slow machine
        reader.close()
