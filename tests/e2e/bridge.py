# SPDX-License-Identifier: Apache-2.0
"""Clients of a board's TCP ports: pyserial, a raw socket, and bytes of RFC 2217 made by hand."""

import socket
import threading
import time

import serial

from program import DEFAULT_WAIT, wait_until

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
COM_PORT = 44
MB = 1 << 20
EVERY_BYTE = bytes(range(256)) + b"\xff\xff\xff\x00\xff\xf0" * 50


def open_serial(port, query="", **options):
    """pyserial on a port of this machine."""
    options = {"baudrate": 115200, "timeout": 0.05, **options}
    return serial.serial_for_url(f"rfc2217://127.0.0.1:{port}{query}", **options)


def read_until(port, wanted, timeout=DEFAULT_WAIT):
    """Reads from pyserial until `wanted` has come; returns all that came."""
    deadline, data = time.monotonic() + timeout, b""
    while wanted not in data:
        assert time.monotonic() < deadline, f"wanted {wanted[-100:]!r}, got {data[-500:]!r}"
        data += port.read(max(port.in_waiting, 1))
    return data


def sub(code, *values):
    """A subnegotiation of COM-PORT, escaped."""
    body = bytes(values).replace(b"\xff", b"\xff\xff")
    return bytes((IAC, SB, COM_PORT, code)) + body + bytes((IAC, SE))


class Raw:
    """A TCP connection whose bytes the test sees as they are."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=DEFAULT_WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard = b""

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """Waits for some bytes that nobody has read yet; the connection must not end."""
        data = self.socket.recv(1 << 16)
        assert data, "the connection has ended"
        return data

    def wait(self, wanted, timeout=DEFAULT_WAIT):
        """Waits for `wanted`, and forgets everything up to its end; returns what came before it."""
        deadline = time.monotonic() + timeout
        while wanted not in self.heard:
            left = deadline - time.monotonic()
            assert left > 0, f"wanted {wanted[-100:]!r}, got {self.heard[-500:]!r}"
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                data = None
            assert data != b"", f"wanted {wanted[-100:]!r}, got {self.heard[-500:]!r} and the end"
            self.heard += data or b""
        before, _, self.heard = self.heard.partition(wanted)
        return before

    def ends(self, timeout=DEFAULT_WAIT):
        """Waits for the other side to close; returns what came before that."""
        deadline = time.monotonic() + timeout
        while True:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                heard, self.heard = self.heard, b""
                return heard
            self.heard += data

    def close(self):
        self.socket.close()

    def reset(self):
        """Goes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Telnet(Raw):
    """A client of RFC 2217 that has agreed on it."""

    def __init__(self, port):
        super().__init__(port)
        self.send(bytes((IAC, WILL, COM_PORT)))
        self.wait(bytes((IAC, DO, COM_PORT)))
        self.modem = self.wait(bytes((IAC, SE)))[-1]

    def ask(self, code, *values):
        """Sends a request; returns the value of its answer."""
        self.send(sub(code, *values))
        return self.answer(code)

    def answer(self, code):
        self.wait(bytes((IAC, SB, COM_PORT, code + 100)))
        return self.wait(bytes((IAC, SE))).replace(b"\xff\xff", b"\xff")


class Unescape:
    """Data from an RFC 2217 connection that carries nothing else."""

    def __init__(self, client):
        self.client, self.rest = client, b""

    def __call__(self):
        data = self.rest + self.client.receive()
        odd = (len(data) - len(data.rstrip(b"\xff"))) % 2
        self.rest = data[len(data) - odd:]
        return data[:len(data) - odd].replace(b"\xff\xff", b"\xff")


def pump(send, receive, size):
    """Sends `size` bytes while receiving as many; they must be the same."""
    block = bytes(range(256)) * 256
    writer = threading.Thread(target=lambda: [send(block) for _ in range(size // len(block))])
    writer.start()
    got = 0
    while got < size:
        data = receive()
        start = got % 256
        assert data == (block[start:] + block * (len(data) // len(block) + 1))[:len(data)], f"wrong byte after {got}"
        got += len(data)
    writer.join()
    assert got == size


def free(server):
    """Waits until nobody holds the board."""
    wait_until(lambda: server.rest.board("lab1")["holder"] is None, "the board to be free")
