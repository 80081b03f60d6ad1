# SPDX-License-Identifier: Apache-2.0
"""The console's WebSocket with peers of all kinds: those who come and go at the wrong moment, those who ask for nonsense, and
those who mean harm. None of them harms server, board or other sessions."""

import contextlib
import os
import signal
import socket
import struct
import threading
import time

import pytest
import websocket

from bridge import MB, Raw, free, open_serial
from console import Talk
from frames import ACCEPT, BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, HandMade, close_frame, frame, handshake
from program import wait_until
from rest import API, Reply, assert_problem
from test_console import Events

APPLICATION = "hello from the application"
RING = 131072  # bytes of output that the server keeps of a board
NORMAL, GOING_AWAY, PROTOCOL_ERROR, BAD_DATA, TOO_BIG, TRY_LATER = 1000, 1001, 1002, 1007, 1009, 1013
SMALL_WINDOW = ((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),)


@pytest.fixture
def server(make_server, make_board):
    """A farflashd in front of a loopback plug, whose memory can be measured: AddressSanitizer gives back what is freed."""
    started = make_server(lab1=make_board(device="echo"), env={"ASAN_OPTIONS": "abort_on_error=0:quarantine_size_mb=1"})
    started.rest.wait_board("lab1", "idle")
    return started


def pattern(start, size):
    """Output in which every place is different: groups of 8 bytes that count."""
    first, end = start // 8, (start + size + 7) // 8
    return struct.pack(f"!{end - first}Q", *range(first, end))[start % 8:start % 8 + size]


def say(port, data):
    """Puts `data` into the output of the loopback plug, and waits until it is there."""
    with Raw(port) as client:
        writer = threading.Thread(target=client.send, args=(data,))
        writer.start()
        got = 0
        while got < len(data):
            got += len(client.socket.recv(65536))
        writer.join()


def assert_fine(talk):
    """What a session sends comes back to it."""
    mark = os.urandom(8)
    talk.send(mark)
    talk.wait_output(mark)


def usable(server):
    with contextlib.suppress(websocket.WebSocketException, AssertionError, EOFError, OSError), Talk(server) as talk:
        assert_fine(talk)
        return True
    return False


# ---- coming and going ----

def test_peers__a_message_may_begin_together_with_the_handshake(server):
    message = frame(BINARY, b"at once")
    for cut in (1, len(message) - 1, len(message)):
        with HandMade(server, also=message[:cut]) as client:
            assert f"Sec-WebSocket-Accept: {ACCEPT}".lower() in client.answer.lower()
            client.send(message[cut:])
            client.wait(b"at once")
        free(server)


def test_peers__a_writer_that_closes_at_once_is_heard(server, raw):
    with Raw(raw) as reader, HandMade(server) as client:
        client.send(frame(BINARY, b"the last ") + frame(BINARY, b"words") + close_frame(NORMAL))
        reader.wait(b"the last words")
        assert close_frame(NORMAL, mask=None) in client.ends()
    free(server)


def test_peers__pieces_and_pings_in_between_make_one_message(server):
    with HandMade(server) as client:
        client.send(frame(BINARY, b"one ", fin=False) + frame(PING, b"are you there?") +
                    frame(CONTINUATION, b"two ") + frame(BINARY, b"three"))
        client.wait(frame(PONG, b"are you there?", mask=None))
        client.wait(b"one two ")
        client.wait(b"three")


def test_peers__one_byte_at_a_time(server):
    with Raw(server.port) as client:
        for byte in handshake() + frame(BINARY, b"slowly"):
            client.send(bytes((byte,)))
        client.wait(b"slowly")


@pytest.mark.parametrize("leave", (Talk.close, Talk.cut, lambda talk: talk.order("release")), ids=("close", "cut", "release"))
def test_peers__the_next_one_may_write_when_the_first_goes(server, leave):
    first = Talk(server)
    with Talk(server) as second:
        assert_fine(first)
        leave(first)
        free(server)
        assert_fine(second)
    first.close()


def test_peers__one_that_released_the_board_may_write_again(server):
    with Talk(server) as talk:
        for word in (b"once", b"again"):
            talk.send(word)
            talk.order("release")
            talk.wait_output(word)
            free(server)


def test_peers__that_come_and_go_leave_nothing(server):
    def descriptors():
        return len(os.listdir(f"/proc/{server.pid}/fd"))
    before = descriptors()
    for leave in (Raw.close, Raw.reset):
        for _ in range(100):
            peer = HandMade(server)
            peer.send(frame(BINARY, b"x"))
            leave(peer)
    free(server)
    wait_until(lambda: descriptors() <= before, "the sockets to be closed")
    assert usable(server)
    assert len(server.lines) < 100


def is_let_in(client):
    with contextlib.suppress(AssertionError):
        client.wait(b'"hello"')
        return True
    assert b"too many connections" in client.heard
    return False


def test_peers__that_fill_a_board_do_not_shut_the_interface(server):
    many = [HandMade(server) for _ in range(140)]  # not necessarily let in in this order
    assert [is_let_in(client) for client in many].count(True) == 128
    assert server.rest.board("lab1")["state"] == "idle"
    for client in many:
        client.close()
    wait_until(lambda: usable(server), "room for one more")


def test_peers__one_too_many_is_turned_away(server, raw):
    many = [Raw(raw) for _ in range(128)]
    many[-1].send(b"x")
    for client in many:
        client.wait(b"x")
    with HandMade(server) as client:
        assert b"too many connections" in client.ends().partition(struct.pack("!H", TRY_LATER))[2]
    for client in many:
        client.close()
    free(server)
    wait_until(lambda: usable(server), "room for one more")


# ---- where the output goes on ----

def test_peers__a_place_that_is_lost_is_told(server, raw):
    size = RING + 1000
    say(raw, pattern(0, size))
    with Talk(server, query="?from=100") as talk:
        assert talk.wait_message("missed")["bytes"] == size - RING - 100
        while talk.position < size:
            talk.receive()
        assert talk.output == pattern(size - RING, RING)


def test_peers__a_stalled_one_alone_is_told_what_it_missed(server, raw):
    size = 8 * MB
    stalled = Talk(server, sockopt=SMALL_WINDOW)
    with Talk(server) as other:
        reader = threading.Thread(target=lambda: [other.receive() for _ in iter(lambda: other.position < size, False)])
        reader.start()
        say(raw, pattern(0, size))
        reader.join()
    missed = 0
    while stalled.position < size:
        before = stalled.position
        stalled.receive()
        if stalled.output:
            assert stalled.output == pattern(before, len(stalled.output)), f"wrong bytes at {before}"
            stalled.output = b""
        else:
            missed += stalled.wait_message("missed")["bytes"]
    assert size // 4 < missed < size
    assert_fine(stalled)
    stalled.close()


# ---- orders ----

def test_peers__refusals_are_rare(server):
    with Talk(server) as first, Talk(server) as second:
        assert_fine(first)
        for _ in range(50):
            second.send(b"not mine")
            second.order("break")
        second.wait_message("refused")
        assert_fine(first)
        first.send(b"after all of them")
        second.wait_output(b"after all of them")
        assert not any(message["type"] == "refused" for message in second.messages)
        assert b"not mine" not in second.output


def test_peers__a_reset_is_the_writers(make_server, make_board):
    server = make_server(lab1=make_board(application=APPLICATION))
    server.rest.wait_board("lab1", "idle")
    with Talk(server) as first, Talk(server) as second:
        first.order("reset")
        assert first.wait_message("reset")["ok"] is True
        second.order("reset")
        second.wait_message("refused", "console client at")
        reply = server.rest.request("POST", f"{API}/boards/lab1/console", b"x")
        assert_problem(reply, 409, "board-busy", "console client at")
        first.order("release")
        free(server)
        second.order("reset")
        assert second.wait_message("reset")["ok"] is True


def test_peers__the_boards_own_sequence_replaces_ours(make_server, make_board):
    board = make_board(application=APPLICATION)
    server = make_server(lab1=f"{board.address},hard-reset-sequence=D0|R0")  # which resets nothing
    server.rest.wait_board("lab1", "idle")
    with Talk(server) as talk:
        talk.order("reset")
        assert talk.wait_message("reset")["ok"] is True
        talk.wait_output(APPLICATION.encode())  # it says so every second
        assert b"SPI_FAST_FLASH_BOOT" not in talk.output


def test_peers__a_rate_lasts_until_its_writer_lets_go(server):
    with Talk(server) as talk, open_serial(server.port_of("lab1", "rfc2217")) as observer:
        talk.order("baud", rate=9600)
        talk.order("break", ms=1)
        talk.send(b"slowly")
        talk.wait_output(b"slowly")
        with pytest.raises(ValueError):  # the server answers with the rate that is
            observer.baudrate = 57600
        talk.order("release")
        free(server)
        observer.baudrate = 57600


@pytest.mark.parametrize("before", (0, 1))  # so that once it is an order that finds the last place taken, once bytes
def test_peers__orders_and_bytes_wait_in_their_order_for_a_board_that_is_away(make_server, make_board, make_relay, before):
    relay = make_relay(make_board(device="echo").port)
    server = make_server(lab1=f"rfc2217://127.0.0.1:{relay.port}")
    server.rest.wait_board("lab1", "idle")
    words = [b"<%d>" % number for number in range(1500)]  # more than the server keeps
    with Talk(server) as talk:
        relay.unplug()
        talk.wait_message("notice", "lab1 is lost")
        for _ in range(before):
            talk.order("baud", rate=115200)
        for word in words:
            talk.send(word)
            talk.order("baud", rate=115200)
        relay.plug()
        talk.wait_message("notice", "lab1 is there")
        talk.wait_output(words[-1])
        assert talk.output == b"".join(words)


@pytest.mark.parametrize("order", (
    "", "{", "[]", "7", '"reset"', "{}", '{"type": 1}', '{"type": "explode"}', '{"type": "baud"}',
    '{"type": "baud", "rate": 0}', '{"type": "baud", "rate": 4000001}', '{"type": "baud", "rate": "9600"}',
    '{"type": "baud", "rate": 1e9}', '{"type": "break", "ms": -1}', '{"type": "break", "ms": 1000000}',
    '{"type": "break", "ms": "long"}', '{"type":"reset","type":"reset"}', "[" * 4000))
def test_peers__orders_that_make_no_sense_are_answered(server, order):
    with Talk(server) as talk:
        talk.socket.send(order)
        error = talk.wait_message("error")
        assert error["code"] and error["detail"], error
        assert server.rest.board("lab1")["holder"] is None
        assert_fine(talk)


# ---- who may come in ----

def ask(server, **headers):
    """Asks for an upgrade that must be refused; returns the answer."""
    with Raw(server.port) as client:
        client.send(handshake(**{"Connection": "Upgrade, close", **headers}))
        head = client.wait(b"\r\n\r\n").decode()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        while len(client.heard) < int(fields["Content-Length"]):
            client.heard += client.socket.recv(65536)
        return Reply(int(head.split()[1]), fields, client.heard)


@pytest.mark.parametrize("origin", (
    "http://example.org", "null", "", "http://127.0.0.1", "http://127.0.0.1:{port}.example.org",
    "http://127.0.0.1:{port}@example.org", "http://user@127.0.0.1:{port}", "ftp://127.0.0.1:{port}", "127.0.0.1:{port}"))
def test_handshake__pages_from_elsewhere_are_refused(server, origin):
    host = f"127.0.0.1:{server.port}"
    assert_problem(ask(server, Host=host, Origin=origin.format(port=server.port)), 403, "forbidden-origin")


def test_handshake__a_refusal_says_what_would_do(server):
    old = ask(server, Sec_WebSocket_Version="8")
    assert_problem(old, 426, "upgrade-required")
    assert old.headers["Sec-WebSocket-Version"] == "13" and old.headers["Upgrade"] == "websocket"
    assert_problem(ask(server, board="nobody"), 404, "no-such-board")


def test_handshake__other_resources_do_not_upgrade(server):
    reply = server.rest.request("GET", f"{API}/boards", headers={"Connection": "Upgrade", "Upgrade": "websocket",
                                                                 "Sec-WebSocket-Version": "13"})
    assert reply.status == 200 and reply.json()["boards"]


def test_handshake__half_of_one_harms_nobody(server):
    whole = handshake()
    peers = []
    for cut in range(1, len(whole), 17):
        peers.append(Raw(server.port))
        peers[-1].send(whole[:cut])
    with Talk(server) as other:
        assert_fine(other)
        for at, peer in enumerate(peers):
            (Raw.close, Raw.reset)[at % 2](peer)
        assert_fine(other)


# ---- those who mean harm ----

NOISE = {
    "no mask": frame(BINARY, b"hello", mask=None),
    "reserved bits": frame(BINARY, b"hello", reserved=4),
    "unknown opcode": frame(5, b"hello"),
    "long ping": frame(PING, b"x" * 126),
    "ping in pieces": frame(PING, b"x", fin=False),
    "close of one byte": frame(CLOSE, b"x"),
    "close with a code that is none": close_frame(1005),
    "nothing to continue": frame(CONTINUATION, b"x"),
    "a message in a message": frame(BINARY, b"x", fin=False) + frame(BINARY, b"y"),
    "text that is no UTF-8": frame(TEXT, b"\xff\xfe"),
    "giant length": frame(BINARY, b"x" * 1000, length=1 << 40),
    "length with its top bit": frame(BINARY, b"x" * 1000, length=(1 << 63) + 5),
    "long message": frame(BINARY, b"x" * 100000),
    "long message in pieces": frame(BINARY, b"x" * 1000, fin=False) + frame(CONTINUATION, b"x" * 1000, fin=False) * 200,
    "half a frame": frame(BINARY, b"x" * 100)[:50],
    "half a head": b"\x82",
    "half a length": b"\x82\xff\0\0",
    "no WebSocket at all": b"GET / HTTP/1.1\r\n\r\n" * 1000,
    "endless pings": frame(PING, b"x" * 125) * 50000,
    "endless nothing": frame(BINARY) * 200000,
    "endless pieces of nothing": frame(BINARY, fin=False) + frame(CONTINUATION, fin=False) * 200000,
    "endless orders": frame(TEXT, b'{"type": "explode"}') * 50000,
    "endless letters": frame(TEXT, b"x") * 100000,
}


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE.keys())
@pytest.mark.parametrize("leave", (Raw.close, Raw.reset))
def test_bad_peers__harm_nobody(server, noise, leave):
    memory = server.resident_kb()
    with Talk(server) as other:
        for _ in range(3):
            peer = HandMade(server)
            peer.socket.settimeout(2)
            with contextlib.suppress(TimeoutError, OSError):
                peer.send(noise)  # it may not be read any more, or closed: both are answers
            leave(peer)
        assert_fine(other)
        assert server.rest.board("lab1")["state"] == "idle"
    assert server.resident_kb() - memory < 20000
    assert len(server.lines) < 60


@pytest.mark.parametrize("noise, code", (
    (frame(BINARY, b"hello", mask=None), PROTOCOL_ERROR), (frame(5, b"hello"), PROTOCOL_ERROR),
    (frame(TEXT, b"\xff"), BAD_DATA), (frame(BINARY, b"x" * 100000), TOO_BIG),
    (frame(BINARY, b"x", length=1 << 40), TOO_BIG)), ids=("no mask", "opcode", "no UTF-8", "long", "giant"))
def test_bad_peers__are_told_why(server, noise, code):
    with HandMade(server) as peer:
        peer.send(noise)
        assert struct.pack("!H", code) in peer.ends().partition(b"\x88")[2]


# ---- the event stream ----

@pytest.mark.parametrize("word", ("\u00e4", "\u20ac", "\U0001f600"))
def test_events__a_character_that_comes_in_pieces_comes_whole_and_at_once(server, raw, word):
    stream = Events(server)
    begin = time.monotonic()
    with Raw(raw) as client:
        for _ in range(20):
            for byte in word.encode():
                client.send(bytes((byte,)))
                client.wait(bytes((byte,)))
            assert stream.text(1) == word
    assert time.monotonic() - begin < 7  # each half that stays half is waited for, 0.5 s long
    stream.close()


def test_events__are_valid_text_whatever_the_board_says(server, raw):
    stream = Events(server)
    said = b"a\xffb\xc3(c\0\x1b[1m\"\\\xed\xa0\x80d\xf4\x90\x80\x80e\r\n\xc0\xafend"
    say(raw, said)
    text = ""
    while "end" not in text:
        text += stream.text(1)
    bad = "\ufffd"
    pieces = [piece for piece in text.replace(bad, " ").split(" ") if piece]
    assert pieces == ["a", "b", "(c\0\x1b[1m\"\\", "d", "e\r\n", "end"], repr(text)
    stream.close()


@pytest.mark.parametrize("last", ("0123456789abcdef-2", "nonsense", "-", "99", "a-b", "{epoch}-999999", "{epoch}-", "{epoch}--1",
                                  "{epoch}-99999999999999999999999"))
def test_events__an_id_that_means_nothing_here_is_no_place(server, raw, last):
    say(raw, b"0123456789")
    with Talk(server) as talk:
        epoch = talk.hello["epoch"]
    stream = Events(server, "?history=3", **{"Last-Event-ID": last.format(epoch=epoch)})
    assert stream.text(1) == "789"
    stream.close()


# ---- the end ----

@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_peers__hear_of_the_servers_end_and_stalled_ones_do_not_delay_it(server, raw, number):
    idle, writer, stalled = Talk(server), Talk(server), Talk(server, sockopt=SMALL_WINDOW)
    half = Raw(server.port)
    half.send(handshake()[:50])
    say(raw, bytes(2 * MB))
    free(server)
    assert_fine(writer)
    begin = time.monotonic()
    os.kill(server.pid, number)
    assert idle.wait_close() == writer.wait_close() == GOING_AWAY
    assert server.wait(10) == 0
    assert time.monotonic() - begin < 5
    half.close()
    stalled.cut()


def test_peers__that_come_and_go_do_not_disturb_the_servers_end(server):
    over = threading.Event()

    def come_and_go():
        while not over.is_set():
            with contextlib.suppress(websocket.WebSocketException, AssertionError, EOFError, OSError):
                with Talk(server, query="?history=100") as talk:
                    talk.send(b"x")
                    talk.receive(0.2)
    peers = [threading.Thread(target=come_and_go) for _ in range(8)]
    for peer in peers:
        peer.start()
    try:
        wait_until(lambda: server.rest.board("lab1")["holder"], "a writer")
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait(10) == 0
    finally:
        over.set()
        for peer in peers:
            peer.join()
