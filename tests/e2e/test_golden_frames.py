# SPDX-License-Identifier: Apache-2.0
"""The virtual board answers the golden frames as Espressif's description has it (tests/golden/frames.txt), to which the
engine is held as well."""

import os
import re
import socket

import pytest

import chips
from client import DONE, farflash

GOLDEN = os.path.join(chips.ROOT, "tests", "golden", "frames.txt")
ANY = "??"
CONTENT = bytes.fromhex("C0DB0102")
END = b"\xc0"
PATIENCE = 10  # seconds


def frame_of(words):
    """The bytes of a line, None for any."""
    frame = []
    for word in words:
        value, _, count = word.partition("x")
        frame += [None if value == ANY else int(value, 16)] * int(count or 1)
    return frame


def exchanges():
    """{(chip, loader): [(name, [(direction, frame)])]} in the file's order."""
    found = {}
    with open(GOLDEN, encoding="ascii") as golden:
        for line in golden:
            mark, *words = line.split() or ["#"]
            if mark == "=":
                steps = []
                found.setdefault((words[0], words[1]), []).append((words[2], steps))
            elif mark in (">", "<"):
                steps.append((mark, frame_of(words)))
            else:
                assert mark in ("#", "<!") or line.startswith("#"), line
    return found


EXCHANGES = exchanges()


def expect(connection, name, frame):
    """Reads one frame and compares."""
    heard = b""
    while heard.count(END) < 2:
        byte = connection.recv(1)
        assert byte, f"{name}: the board hung up after {heard!r}"
        heard += byte
    pattern = b"".join(b"(?:[^\xc0\xdb]|\xdb\xdc|\xdb\xdd)" if byte is None else re.escape(bytes((byte,))) for byte in frame)
    wanted = " ".join(ANY if byte is None else f"{byte:02x}" for byte in frame)
    assert re.fullmatch(pattern, heard, re.S), f"{name}:\n  answered {heard.hex(' ')}\n  wanted   {wanted}"


@pytest.mark.parametrize("chip, loader", EXCHANGES)
def test_golden_frames__of_the_virtual_board(make_board, chip, loader):
    board = make_board(chip, listen="raw:0", options=["--boot", "download"], content=CONTENT)
    # Leaves the loader waiting for commands; a ROM that still starts would miss the first.
    options = ["--port", board.address, "--after", "no-reset", "--baud", "0", *(["--no-stub"] if loader == "rom" else [])]
    assert farflash(*options, "read-mac").status == DONE
    with socket.create_connection(("127.0.0.1", board.port), timeout=PATIENCE) as connection:
        for name, steps in EXCHANGES[chip, loader]:
            for direction, frame in steps:
                if direction == ">":
                    connection.sendall(bytes(frame))
                else:
                    expect(connection, name, frame)
            if name == "deflate_data" and loader == "rom":
                assert board.holds(0x1000, CONTENT + b"\xff") and board.holds(0x2000, CONTENT + b"\xff")
    if loader == "stub":
        assert board.holds(0, b"\xff" * (4 << 20)), "after erase_flash"
