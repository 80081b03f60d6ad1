# SPDX-License-Identifier: Apache-2.0
"""`farflash connect` and a server that breaks off, says little, or says it at an unusual moment."""

import contextlib
import os
import queue
import struct
import threading
import time

import pytest

from bridge import Raw
from client import UNREACHABLE
from connected import Connected
from false_server import FalseServer, hello
from frames import BINARY, CLOSE, frame

RING = 262144  # what may be on its way
TRY_LATER = 1013
AT_ONCE = 5  # seconds: half of the time after which a silent server is asked for a sign of life


@pytest.fixture
def connect(start_farflash):
    """connect(server, ...) starts it, with a raw port unless the arguments say otherwise."""
    def start(server, *arguments, status=(0,)):
        return Connected(start_farflash("--server", server.url, "--json", "connect", "lab1",
                                        *(arguments or ("--raw", "0")), status=status))
    return start


def test_connect__what_a_resume_owes_goes_out_at_once(connect):
    owed = queue.Queue()

    def breaks_off(connection):
        connection.socket.sendall(connection.answer + hello())
        connection.stream(b"owed")

    def is_silent(connection):
        connection.socket.sendall(connection.answer)
        connection.socket.settimeout(0.3)  # so that the client waits for the hello
        with pytest.raises(TimeoutError):
            connection.receive()
        connection.socket.settimeout(None)
        connection.socket.sendall(hello(received=2))
        owed.put(connection.stream(b"owed"))
        connection.hear_out()

    with FalseServer(breaks_off, is_silent) as server:
        connected = connect(server)
        with Raw(connected.raw) as client:
            client.send(b"owed")
            assert owed.get(timeout=AT_ONCE) == 2
            assert connected.stop() == 0


def test_connect__a_reader_that_pauses_gets_the_rest_at_once(connect):
    size = 16 * 1048576
    stuck = threading.Event()

    def floods(connection):
        connection.socket.sendall(connection.answer + hello())
        connection.socket.settimeout(1)
        sent = taken = 0
        while sent < size:
            while sent - taken > RING - 4096:
                try:
                    opcode, message = connection.receive()
                except TimeoutError:
                    stuck.set()
                    connection.socket.settimeout(None)
                    continue
                taken = struct.unpack("!Q", message[8:16])[0] if opcode == BINARY else taken
            connection.socket.sendall(frame(BINARY, struct.pack("!QQ", sent, 0) + b"x" * 4096, mask=None))
            sent += 4096
        connection.hear_out()

    with FalseServer(floods) as server:
        connected = connect(server)
        with Raw(connected.raw) as client:
            assert stuck.wait(20)
            client.socket.settimeout(AT_ONCE)
            had = 0
            while had < size:
                had += len(client.socket.recv(65536))
            assert connected.stop() == 0


def test_connect__what_waits_goes_on_with_one_acknowledgement_of_all(connect):
    goes_on = queue.Queue()

    def acknowledges_late(connection):
        connection.socket.sendall(connection.answer + hello())
        taken = 0
        while connection.hears_more(within=1):
            opcode, message = connection.receive()
            taken += len(message) - 16 if opcode == BINARY else 0
        connection.socket.sendall(frame(BINARY, struct.pack("!QQ", 0, taken), mask=None))
        goes_on.put(connection.receive())
        connection.hear_out()

    with FalseServer(acknowledges_late) as server:
        connected = connect(server)
        with Raw(connected.raw) as client:
            client.send(b"x" * (RING + 65536))
            assert goes_on.get(timeout=AT_ONCE)[0] == BINARY
            assert connected.stop() == 0


def test_connect__a_server_that_never_says_hello_again_is_given_up(connect):
    def breaks_off(connection):
        connection.socket.sendall(connection.answer + hello(grace=2))

    def says_nothing(connection):
        connection.socket.sendall(connection.answer)

    with FalseServer(breaks_off, says_nothing) as server:
        connected = connect(server, status=(UNREACHABLE,))
        with Raw(connected.raw):
            assert connected.program.wait(10) == UNREACHABLE
        assert "within 2 s" in connected.failure()["detail"]
        assert server.upgrades < 20


def test_connect__tells_of_last_words_that_were_not_confirmed(connect):
    def breaks_off(connection):
        connection.socket.sendall(connection.answer + hello())

    def says_nothing(connection):
        connection.socket.sendall(connection.answer)

    with FalseServer(breaks_off, says_nothing) as server:
        connected = connect(server)
        with Raw(connected.raw) as client:
            connected.program.wait_line("was lost")
            client.send(b"last words")
        connected.program.wait_line("sent last may not have reached the board")
        assert connected.stop() == 0


def refuses(connection):
    reason = struct.pack("!H", TRY_LATER) + b"enough of them"
    connection.socket.sendall(connection.answer + frame(CLOSE, reason, mask=None))
    connection.receive()


def test_connect__hears_a_close_that_comes_with_the_answer(connect):
    with FalseServer(refuses) as server:
        connected = connect(server)
        with Raw(connected.raw) as client:
            client.ends()
            connected.program.wait_line("is turned away: .*enough of them")
            assert connected.stop() == 0


def test_connect__a_terminal_that_stays_open_asks_again_in_peace(connect, tmp_path):
    asked = queue.Queue()

    def counts(connection):
        asked.put(time.monotonic())
        refuses(connection)

    with FalseServer(counts) as server:
        connected = connect(server, "--pty", str(tmp_path / "tty"))
        with contextlib.closing(os.fdopen(os.open(tmp_path / "tty", os.O_RDWR | os.O_NOCTTY), "r+b", buffering=0)):
            first = asked.get(timeout=AT_ONCE)
            assert asked.get(timeout=AT_ONCE) - first > 0.5
            assert connected.stop() == 0
