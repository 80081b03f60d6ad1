# SPDX-License-Identifier: Apache-2.0
"""What a console does to the line and to the board: rate, break, reset, and what it tells of both."""

import time

import pytest

from bridge import Telnet
from console import Talk
from program import wait_until
from rest import API

APPLICATION = "hello from the app"


@pytest.fixture
def board(make_board):
    return make_board(device="echo")


@pytest.fixture
def esp32(make_server, make_board):
    started = make_server(lab1=make_board(application=APPLICATION))
    started.rest.wait_board("lab1", "idle")
    return started


# ---- the line ----

def test_console__sets_the_rate_and_sends_a_break(server):
    with Talk(server) as talk, Telnet(server.port_of("lab1", "rfc2217")) as line:
        talk.order("baud", rate=9600)
        talk.order("break", ms=1)
        talk.order("baud", rate=3)
        talk.order("break", ms=60000)
        talk.order("nonsense")
        talk.socket.send("no JSON")
        for words in ("rate", "ms", "type", "type"):
            talk.wait_message("error", words)
        assert line.ask(1, 0, 0, 0, 0) == (9600).to_bytes(4, "big")
        talk.order("break", ms=5000)
        talk.order("nonsense")
        talk.wait_message("error", "type")
        wait_until(lambda: line.ask(5, 4) == b"\x05", "the break to begin")
        talk.order("release")
        wait_until(lambda: line.ask(5, 4) == b"\x06", "the break to end")
        assert line.ask(1, 0, 0, 0, 0) == (115200).to_bytes(4, "big")


def test_console__a_break_that_follows_another_is_no_shorter(make_server, make_board, make_relay):
    """Even if the first one is over while the second is on its way, which takes as long as the port is far."""
    server = make_server(lab1=f"rfc2217://127.0.0.1:{make_relay(make_board(device='echo').port, rtt=0.4).port}")
    server.rest.wait_board("lab1", "idle")
    with Talk(server) as talk, Telnet(server.port_of("lab1", "rfc2217")) as line:
        begin = time.monotonic()
        talk.order("break", ms=1000)
        # It has begun when the port says so, after 0.4 s, and ends at 1.4 s, when the port still thinks about the rate.
        wait_until(lambda: time.monotonic() > begin + 1.2, "the first one to be almost over")
        talk.order("baud", rate=9600)
        talk.order("break", ms=5000)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            assert line.ask(5, 4) == b"\x05", "the first one's end has ended it"
        talk.order("release")
        wait_until(lambda: line.ask(5, 4) == b"\x06", "the break to end")


# ---- the board ----

def test_console__resets_the_board(esp32):
    with Talk(esp32) as talk:
        talk.order("reset")
        assert talk.wait_message("reset")["ok"]
        talk.wait_output(APPLICATION.encode())
        assert esp32.rest.board("lab1")["holder"] is not None


def test_console__resets_by_the_boards_own_sequence(make_board, make_server):
    board = make_board(application=APPLICATION)
    server = make_server(options=["--board", f"own={board.address},hard-reset-sequence=D0|R1|W0.05|R0"])
    server.rest.wait_board("own", "idle")
    with Talk(server, board="own") as talk:
        talk.order("reset")
        assert talk.wait_message("reset")["ok"]
        talk.wait_output(APPLICATION.encode())


def test_console__a_port_without_lines_cannot_reset(make_board, make_server):
    server = make_server(lab1=make_board(device="echo", listen="raw:0"))
    server.rest.wait_board("lab1", "idle")
    with Talk(server) as talk:
        talk.order("reset")
        assert talk.wait_message("error")["code"] == "unsupported"


def test_console__tells_of_jobs(esp32):
    with Talk(esp32) as talk:
        job = esp32.rest.request("POST", f"{API}/boards/lab1/reset").json()
        talk.wait_message("notice", f"at work on job {job['id']}")
        talk.wait_message("notice", f"ended job {job['id']}")
        talk.wait_output(APPLICATION.encode())


def test_console__tells_that_the_board_is_lost(make_board, make_server):
    board = make_board(device="echo")
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    with Talk(server) as talk:
        board.terminate()
        talk.wait_message("notice", "lab1 is lost")
        with Talk(server) as late:
            assert late.hello["state"] == "lost"
