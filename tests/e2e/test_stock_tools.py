# SPDX-License-Identifier: Apache-2.0
"""What people already have, on the TCP ports of farflashd: the lines of docs/stock-tools.md. Tools that no package
brings are stood in for by pyserial, doing what they do."""

import contextlib
import os
import pty
import re
import select
import subprocess
import time

import pytest
import serial

from bridge import open_serial, read_until
from program import environment, wait_until
from test_bridge_boards import classic_reset, hard_reset
from test_pyserial import APPLICATION, SYNC, SYNC_REPLY

RTTS = (0, 0.02, 0.1, 0.3)
ESPTOOL_SYNC_TIMEOUT = 0.1
ESPTOOL_TIMEOUT = 3


@pytest.fixture
def board(make_board):
    return make_board(application=APPLICATION)


@pytest.fixture
def echo_server(make_board, make_server):
    started = make_server(lab1=make_board(device="echo"))
    started.rest.wait_board("lab1", "idle")
    return started


# ---- esptool ----

def sync_as_esptool(port):
    """esptool 5.3's _connect_attempt() after the reset, as far as the port sees it. True: it has heard an answer."""
    for _ in range(5):
        port.reset_input_buffer()
        port.reset_output_buffer()
        port.timeout = ESPTOOL_SYNC_TIMEOUT
        port.write(SYNC)
        heard = port.read(max(port.in_waiting, 1))
        port.timeout = ESPTOOL_TIMEOUT
        if heard:
            while heard.count(SYNC_REPLY) < 8:  # what it waits for before it goes on
                data = port.read(max(port.in_waiting, 1))
                assert data, f"esptool would give up here, after {heard!r}"
                heard += data
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("rtt", RTTS)
@pytest.mark.parametrize("query", ("", "?ign_set_control"))
def test_esptool__connects_at_any_distance(server, make_relay, rtt, query):
    far = make_relay(server.port_of("lab1", "rfc2217"), rtt)
    with open_serial(far.port, query, timeout=ESPTOOL_TIMEOUT) as port:
        classic_reset(port)
        assert sync_as_esptool(port)
        # The next command is READ_REG; answers to SYNC that are left over are passed over.
        port.write(bytes.fromhex("c0 00 0a 04 00 00 00 00 00 00 10 00 40 c0".replace(" ", "")))
        read_until(port, bytes.fromhex("c0 01 0a 04 00 83 1d f0 00".replace(" ", "")))
        hard_reset(port)
        read_until(port, APPLICATION.encode())


@pytest.mark.parametrize("faults", (("delay:0.02:tx", "pause:60"), ("delay:0.005:rx", "pause:150"), ("delay:1:tx", "pause:20")))
def test_esptool__connects_when_bytes_are_late(make_board, make_server, faults):
    """A slow adapter, or a busy one, between the board and the server."""
    server = make_server(lab1=make_board(application=APPLICATION, faults=faults))
    server.rest.wait_board("lab1", "idle")
    with open_serial(server.port_of("lab1", "rfc2217"), timeout=ESPTOOL_TIMEOUT) as port:
        for _ in range(7):  # so often it resets the chip before it gives up
            classic_reset(port)
            if sync_as_esptool(port):
                return
    pytest.fail("esptool would not have connected")


# ---- idf.py monitor, pyserial-miniterm, PlatformIO's and Arduino's monitor, pytest-embedded ----

def test_monitor__a_reset_from_the_keyboard(server):
    """esp-idf-monitor resets the chip when it starts and on Ctrl-T Ctrl-R: RTS for 5 ms and more, DTR untouched."""
    with open_serial(server.port_of("lab1", "rfc2217"), timeout=0.1) as port:
        port.dtr = False
        port.rts = True
        port.dtr = port.dtr
        time.sleep(0.2)
        port.rts = False
        port.dtr = port.dtr
        assert APPLICATION.encode() in read_until(port, APPLICATION.encode())


def test_pytest_embedded__opens_and_expects(server):
    """Its serial service opens the port with pyserial, at 115200 baud, and has a thread read it."""
    port = serial.serial_for_url(f"rfc2217://127.0.0.1:{server.port_of('lab1', 'rfc2217')}", baudrate=115200,
                                 timeout=0.1, exclusive=None)
    with port:
        hard_reset(port)
        read_until(port, APPLICATION.encode())


def test_miniterm__reads_and_writes(echo_server):
    """pyserial's own terminal wants one to run in."""
    url = f"rfc2217://127.0.0.1:{echo_server.port_of('lab1', 'rfc2217')}"
    with Terminal(["/usr/bin/python3", "-m", "serial.tools.miniterm", url, "115200"]) as tool:
        tool.expect(b"Miniterm on")
        tool.send(b"hello")
        tool.expect(b"hello")
        tool.send(b"\x1d")
        assert tool.ends() == 0


# ---- tools of the shell ----

class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, arguments):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(arguments, stdin=slave, stdout=slave, stderr=slave, env=environment({"TERM": "vt100"}),
                                        start_new_session=True)
        os.close(slave)
        self.heard = b""

    def send(self, data):
        os.write(self.master, data)

    def expect(self, wanted, timeout=20.0):
        deadline = time.monotonic() + timeout
        while wanted not in self.heard:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.master], [], [], left)[0], f"wanted {wanted!r}, got {self.heard!r}"
            self.heard += os.read(self.master, 4096)
        self.heard = self.heard.partition(wanted)[2]

    def ends(self):
        return self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


@contextlib.contextmanager
def piped(*arguments):
    """A program that reads and writes pipes."""
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tool:
        try:
            yield tool
        finally:
            tool.kill()


def assert_passes(tool, data):
    tool.stdin.write(data)
    tool.stdin.flush()
    assert tool.stdout.read(len(data)) == data


def test_netcat__talks_to_the_raw_port(echo_server):
    with piped("nc", "127.0.0.1", str(echo_server.port_of("lab1", "raw"))) as tool:
        assert_passes(tool, b"hello\xff\0\r\n")


@pytest.mark.parametrize("kind", ("raw", "rfc2217"))
def test_telnet__talks_to_both_ports(echo_server, kind):
    with Terminal(["inetutils-telnet", "127.0.0.1", str(echo_server.port_of("lab1", kind))]) as tool:
        tool.expect(b"Escape character is")
        tool.send(b"hello\r")
        tool.expect(b"hello")  # of the terminal
        tool.expect(b"hello")  # of the board
        tool.send(b"\x1d")
        tool.expect(b"telnet>")
        tool.send(b"quit\r")
        assert tool.ends() == 0


def test_telnet__asks_for_eight_bits_and_gets_them(echo_server):
    with Terminal(["inetutils-telnet", "-8", "127.0.0.1", str(echo_server.port_of("lab1", "rfc2217"))]) as tool:
        tool.expect(b"Escape character is")
        tool.send(b"\xc3\xa9!\r")
        tool.expect(b"\xc3\xa9!")
        tool.expect(b"\xc3\xa9!")
        tool.send(b"\x1d")
        tool.expect(b"telnet>")
        tool.send(b"quit\r")
        assert tool.ends() == 0


@pytest.mark.parametrize("kind, where", (("rfc2217", "telnet(rfc2217),tcp,127.0.0.1,{}"), ("raw", "tcp,127.0.0.1,{}")))
def test_gensiot__talks_to_both_ports(echo_server, kind, where):
    with piped("gensiot", "-i", "stdio(self)", where.format(echo_server.port_of("lab1", kind))) as tool:
        assert_passes(tool, b"hello\xff\0\r\n")
        name = {"raw": "raw TCP", "rfc2217": "RFC 2217"}[kind]
        assert re.match(rf"{name} client at 127\.0\.0\.1:\d+$", echo_server.rest.board("lab1")["holder"])
        tool.stdin.close()
        assert tool.wait(20) == 0
    wait_until(lambda: echo_server.rest.board("lab1")["holder"] is None, "the board to be free")
