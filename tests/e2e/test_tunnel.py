# SPDX-License-Identifier: Apache-2.0
"""GET …/tunnel as docs/rest-api.md has it: frames made by hand, sessions that are resumed, replaced and lost, bad peers."""

import contextlib
import struct

import pytest
import websocket

from bridge import IAC, Telnet, free
from program import wait_until
from tunnel import Tunnel

AGREE = b"\xff\xfb\x2c"
AGREED = b"\xff\xfd\x2c"
RING = 262144
UNKNOWN = "0" * 32
GRACE = 30


@pytest.fixture
def server(make_server, make_board):
    started = make_server(lab1=make_board(device="echo"), lab2=make_board(device="echo"))
    for name in ("lab1", "lab2"):
        started.rest.wait_board(name, "idle")
    return started


def query(session, received=0):
    return f"?session={session}&received={received}"


def refused(server, query="", board="lab1"):
    """The status of a handshake that is refused."""
    with pytest.raises(websocket.WebSocketBadStatusException) as raised:
        Tunnel(server, query, board)
    return raised.value.status_code


def test_tunnel__carries_rfc2217(server):
    tunnel = Tunnel(server)
    assert tunnel.hello == {"type": "hello", "board": "lab1", "session": tunnel.hello["session"], "received": 0,
                            "grace": GRACE}
    assert len(tunnel.hello["session"]) == 32
    tunnel.send(0, 0, AGREE + b"hello")
    tunnel.wait(AGREED)
    tunnel.wait(b"hello")
    assert server.rest.board("lab1")["holder"].startswith("tunnel client at 127.0.0.1:")
    tunnel.close()
    free(server)


def test_tunnel__every_session_has_its_own_name(server):
    tunnels = [Tunnel(server) for _ in range(10)]
    assert len({tunnel.hello["session"] for tunnel in tunnels}) == 10
    for tunnel in tunnels:
        tunnel.close()


def test_tunnel__goes_on_where_it_was_cut(server):
    first = Tunnel(server)
    session = first.hello["session"]
    first.send(0, 0, AGREE + b"one")
    first.wait(b"one")
    had = len(first.data)
    first.cut()
    second = Tunnel(server, query(session, had))
    assert second.hello["session"] == session and second.hello["received"] == 6
    second.send(3, had, b"onetwo")  # half of it comes twice
    second.wait(b"two")
    assert second.data == b"two" and server.rest.board("lab1")["holder"]
    second.cut()
    third = Tunnel(server, query(session, had))  # what came meanwhile is sent again
    third.wait(b"two")
    third.close()
    free(server)


def test_tunnel__a_connection_that_is_only_silent_is_replaced(server):
    first = Tunnel(server)
    first.send(0, 0, AGREE + b"x")
    first.wait(b"x")
    second = Tunnel(server, query(first.hello["session"], len(first.data)))
    second.send(4, len(first.data), b"y")
    second.wait(b"y")
    with pytest.raises((EOFError, OSError, websocket.WebSocketConnectionClosedException)):
        while True:
            first.receive()
    second.close()


def test_tunnel__a_close_ends_the_session_behind_its_bytes(server):
    tunnel = Tunnel(server)
    session = tunnel.hello["session"]
    with Telnet(server.port_of("lab1", "rfc2217")) as reader:
        tunnel.send(0, 0, AGREE + b"the last words")
        tunnel.close()
        reader.wait(b"the last words")
    free(server)
    wait_until(lambda: refused(server, query(session)) == 410, "the end of the session")


@pytest.mark.parametrize("wrong, status", (
    (query(UNKNOWN), 410), ("?session=" + UNKNOWN, 400), ("?received=1", 400), (query("x" * 32), 400),
    (query(UNKNOWN[1:]), 400), (query(UNKNOWN, -1), 400), (query(UNKNOWN, 10 ** 25), 400), ("?color=red", 400)))
def test_tunnel__wrong_questions_are_refused(server, wrong, status):
    assert refused(server, wrong) == status


def test_tunnel__needs_an_upgrade_and_a_board(server):
    reply = server.rest.request("GET", "/api/v1/boards/lab1/tunnel")
    assert reply.status == 426 and reply.json()["code"] == "upgrade-required"
    assert refused(server, board="nowhere") == 404


def test_tunnel__a_session_belongs_to_its_board(server):
    tunnel = Tunnel(server)
    assert refused(server, query(tunnel.hello["session"]), "lab2") == 410
    tunnel.close()


BAD = {
    "too short": b"x" * 15,
    "a gap": struct.pack("!QQ", 1, 0) + b"x",
    "acknowledges what was never sent": struct.pack("!QQ", 0, 10 ** 6),
    "far away": struct.pack("!QQ", 2 ** 64 - 1, 2 ** 64 - 1) + b"x",
    "too long": struct.pack("!QQ", 0, 0) + b"x" * 4097,
}


@pytest.mark.parametrize("name", BAD)
def test_tunnel__bad_frames_end_it_and_harm_nobody(server, name):
    other = Tunnel(server)
    bad = Tunnel(server)
    session = bad.hello["session"]
    bad.socket.send_binary(BAD[name])
    assert bad.closes() in (1002, 1008, 1009)
    other.send(0, 0, AGREE + b"unharmed")
    other.wait(b"unharmed")
    wait_until(lambda: refused(server, query(session)) == 410, "the end of the session")
    other.close()


def test_tunnel__a_peer_that_takes_nothing_is_bounded(server):
    tunnel = Tunnel(server)
    memory = server.resident_kb()
    place = 0
    tunnel.socket.settimeout(1)
    with contextlib.suppress(websocket.WebSocketTimeoutException, OSError, websocket.WebSocketException):
        for _ in range(300):  # 1.2 MB, and no acknowledgement of what comes of it
            data = b"z" * 4096
            tunnel.send(place, 0, data if place else AGREE + data[3:])
            place += len(data)
    other = Tunnel(server, board="lab2")
    other.send(0, 0, AGREE + b"unharmed")
    other.wait(b"unharmed")
    assert server.resident_kb() - memory < 20000
    tunnel.cut()
    other.close()


def test_tunnel__wrong_resumes_leave_the_session_alone(server):
    first = Tunnel(server)
    session = first.hello["session"]
    first.send(0, 0, AGREE + b"x")
    first.wait(b"x")
    with pytest.raises((EOFError, websocket.WebSocketException)):
        Tunnel(server, query(session, len(first.data) + 1000))  # more than was ever sent
    first.send(4, len(first.data), b"y")
    first.wait(b"y")
    first.close()


def test_tunnel__sessions_without_a_connection_are_bounded(server):
    for _ in range(80):
        with contextlib.suppress(EOFError, websocket.WebSocketException):
            Tunnel(server).cut()
    with pytest.raises((EOFError, websocket.WebSocketException)):
        for _ in range(2):
            Tunnel(server)
    with Telnet(server.port_of("lab1", "rfc2217")) as client:
        client.send(b"unharmed")
        client.wait(b"unharmed")
    assert len(server.lines) < 120


def test_tunnel__telnet_noise_is_as_harmless_as_elsewhere(server):
    tunnel = Tunnel(server)
    noise = bytes((IAC, 251, 44)) + bytes((IAC, 250, 44, 3, 9, IAC, 240)) * 500 + b"\xff\xf0\xff\xfa\x2c" + b"x" * 500
    place = 0
    for start in range(0, len(noise), 4096):
        tunnel.send(place, 0, noise[start:start + 4096])
        place += len(noise[start:start + 4096])
    tunnel.wait(bytes((IAC, 250, 44, 103)))
    tunnel.cut()
    other = Tunnel(server)
    other.send(0, 0, AGREE + b"unharmed")
    other.wait(b"unharmed")
    other.close()
