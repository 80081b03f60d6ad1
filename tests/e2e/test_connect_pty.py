# SPDX-License-Identifier: Apache-2.0
"""`farflash connect --pty`: a terminal of this machine that is a board's, and the programs that come to it and go."""

import fcntl
import os
import select
import struct
import termios
import tty

import pytest
import serial

from bridge import EVERY_BYTE, Raw, Telnet, free, read_until
from client import DONE, USAGE, farflash
from connected import Connected
from program import DEFAULT_WAIT, wait_until

AWAY = 0.2  # seconds of round trip: so long does the end of a session take at least


@pytest.fixture
def board(make_board):
    return make_board(device="echo")


@pytest.fixture
def link(tmp_path):
    return tmp_path / "tty"


@pytest.fixture
def connect(start_farflash, link):
    """connect(url) makes the link a terminal that is lab1."""
    def start(url):
        return Connected(start_farflash("--server", url, "--json", "connect", "lab1", "--pty", str(link)))
    return start


@pytest.fixture
def far_url(server, make_relay):
    return f"http://127.0.0.1:{make_relay(server.port, AWAY).port}"


def unread(port):
    """The bytes that wait in a terminal."""
    return struct.unpack("i", fcntl.ioctl(port, termios.FIONREAD, b"\0" * 4))[0]


def receive(port, size):
    """Reads so many bytes, which come in pieces."""
    data = b""
    while len(data) < size:
        assert select.select([port], [], [], DEFAULT_WAIT)[0], data
        data += port.read(size - len(data))
    return data


def test_connect__a_terminal_carries_bytes_and_its_rate(connect, server, link):
    connected = connect(server.url)
    assert connected.told["pty"] == str(link) and connected.told["rfc2217"] is None
    for baudrate in (115200, 250000):  # and once again
        with serial.Serial(str(link), baudrate, timeout=0.05) as port:
            port.write(EVERY_BYTE)
            assert read_until(port, EVERY_BYTE) == EVERY_BYTE
            if baudrate != 115200:
                with Telnet(server.port_of("lab1", "rfc2217")) as other:
                    assert other.ask(1, 0, 0, 0, 0) == baudrate.to_bytes(4, "big")
        free(server)
    assert connected.stop() == DONE
    assert not os.path.lexists(link)


def test_connect__a_terminals_next_program_may_come_at_once(connect, far_url, link):
    connect(far_url)
    for text in (b"first", b"second", b"third"):  # each while the server has yet to confirm the end of the one before
        with open(link, "r+b", buffering=0) as port:
            port.write(text)
            assert receive(port, len(text)) == text


def test_connect__a_terminals_bytes_arrive_though_its_program_has_gone(connect, far_url, server, link):
    connect(far_url)
    with Raw(server.port_of("lab1", "raw")) as reader:
        for text in (b"first", b"second"):  # the second one comes and goes while the first is being ended
            with open(link, "wb", buffering=0) as port:
                port.write(text)
        reader.wait(b"second")


def test_connect__a_terminals_next_program_reads_nothing_of_the_one_before(connect, server, link):
    connect(server.url)
    with open(link, "r+b", buffering=0) as port:
        port.write(b"for the first")
        wait_until(lambda: unread(port) == len("for the first"), "the echo to be there")
    free(server)
    with open(link, "r+b", buffering=0) as port:
        port.write(b"2")
        assert receive(port, 1) == b"2"


def test_connect__a_terminal_that_two_have_open_costs_no_work(connect, server, link):
    connected = connect(server.url)
    with open(link, "r+b", buffering=0) as port:
        port.write(b"x")
        assert receive(port, 1) == b"x"
        with open(link, "r+b", buffering=0):
            assert connected.works_in(0.5) < 0.15
            assert connected.stop() == DONE


def test_connect__a_link_that_is_something_else_stays(server, link):
    link.write_text("mine")
    done = farflash("--server", server.url, "connect", "lab1", "--pty", str(link))
    assert done.status == USAGE and str(link) in done.stderr, done
    assert link.read_text() == "mine"


def test_connect__a_link_that_was_left_over_is_replaced(connect, server, link):
    link.symlink_to("/dev/pts/4711")
    connect(server.url)
    with open(link, "r+b", buffering=0) as port:
        tty.setraw(port)
        port.write(b"hello")
        assert receive(port, 5) == b"hello"
