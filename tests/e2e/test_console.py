# SPDX-License-Identifier: Apache-2.0
"""What a board says, for people: over a WebSocket, as bytes, as an event stream."""

import http.client
import json
import random
import socket
import struct
import threading
import time

import pytest
import websocket

from bridge import Raw
from console import Talk, console_url
from program import wait_until
from rest import API

EVERY_BYTE = bytes(range(256))


@pytest.fixture
def board(make_board):
    return make_board(device="echo")


def holder(server):
    return server.rest.board("lab1")["holder"]


def assert_alive(server):
    with Talk(server) as talk:
        talk.send(b"still alive")
        talk.wait_output(b"still alive")


# ---- bytes ----

def test_console__every_byte_both_ways(server):
    sent = b"".join(random.Random(1).randbytes(size) for size in (1, 125, 126, 4095, 8192, 3, 8000, 1000))
    with Talk(server) as talk:
        at = 0
        for size in (1, 125, 126, 4095, 8192, 3, 8000, 1000):
            talk.send(sent[at:at + size])
            at += size
        wait_until(lambda: talk.receive() and len(talk.output) >= len(sent), "the echo")
        assert talk.output == sent
        assert talk.position == len(sent)


def test_console__says_hello(server):
    with Talk(server) as talk, Talk(server) as other:
        assert talk.hello["board"] == "lab1" and talk.hello["state"] == "idle" and talk.hello["writer"] is None
        assert talk.hello["position"] == 0 and talk.hello["epoch"] == other.hello["epoch"]
        talk.send(b"x")
        talk.wait_output(b"x")
        with Talk(server) as third:
            assert third.hello["writer"].startswith("console client at 127.0.0.1")
            assert third.hello["position"] == 1


def test_console__shows_what_was_before(server):
    with Talk(server) as talk:
        talk.send(EVERY_BYTE)
        talk.wait_output(EVERY_BYTE)
    with Talk(server, query="?history=10") as talk:
        assert talk.hello["position"] == 246
        talk.wait_output(EVERY_BYTE[246:])
    with Talk(server, query="?history=100000") as talk:
        talk.wait_output(EVERY_BYTE)


def test_console__goes_on_where_it_was_cut(server):
    """A reader that is cut again and again sees every byte once."""
    rng = random.Random(7)
    data = rng.randbytes(60000)
    seen, position, query = b"", 0, "?from=0"
    with Talk(server) as writer:
        sender = threading.Thread(target=lambda: [writer.send(data[i:i + 600]) for i in range(0, len(data), 600)])
        sender.start()
        while len(seen) < len(data):
            reader = Talk(server, query=query)
            assert reader.hello["position"] == position
            target = rng.randrange(1, 12000)
            wait_until(lambda: len(reader.output) >= min(target, len(data) - len(seen)) or not reader.receive(),
                       "output")
            seen += reader.output
            position = reader.position
            query = f"?from={position}&epoch={reader.hello['epoch']}"
            reader.cut()
        sender.join()
    assert seen == data


def test_console__position_of_another_server_means_nothing(server):
    with Talk(server) as talk:
        talk.send(b"abc")
        talk.wait_output(b"abc")
    with Talk(server, query="?from=1&epoch=0123456789abcdef") as talk:
        assert talk.hello["position"] == 3
    with Talk(server, query="?from=1&epoch=0123456789abcdef&history=2") as talk:
        talk.wait_output(b"bc")
    with Talk(server, query="?from=99") as talk:
        assert talk.hello["position"] == 3


def test_console__a_reader_that_stalls_is_told_what_it_missed(server):
    total = 8 << 20
    with Talk(server, sockopt=((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),)) as slow:
        with Raw(server.port_of("lab1", "raw")) as writer:
            sender = threading.Thread(target=writer.send, args=(random.Random(3).randbytes(total),))
            sender.start()
            left = total
            while left > 0:
                left -= len(writer.socket.recv(1 << 16))
            sender.join()
        wait_until(lambda: slow.position >= total or not slow.receive(), "the rest")
        missed = sum(message["bytes"] for message in slow.messages if message["type"] == "missed")
        assert slow.position == total and missed > 0 and len(slow.output) + missed == total


# ---- who writes ----

def test_console__one_writes_others_are_refused(server):
    with Talk(server) as first, Talk(server) as second, Raw(server.port_of("lab1", "raw")) as raw:
        first.send(b"mine")
        first.wait_output(b"mine")
        second.send(b"not mine")
        assert "console client" in second.wait_message("refused")["text"]
        raw.send(b"nor mine")
        raw.wait(b"in use by the console client")
        first.order("release")
        wait_until(lambda: holder(server) is None, "the board to be free")
        second.send(b"now mine")
        first.wait_output(b"now mine")
    wait_until(lambda: holder(server) is None, "the board to be free")


def test_console__a_raw_client_goes_before(server):
    with Raw(server.port_of("lab1", "raw")) as raw, Talk(server) as talk:
        raw.send(b"first")
        raw.wait(b"first")
        talk.send(b"second")
        assert "raw TCP client" in talk.wait_message("refused")["text"]
        talk.wait_output(b"first")


# ---- handshake and bad peers ----

def handshake(server, **changes):
    """The server's answer to a handshake with other fields; None leaves one out."""
    fields = {"Host": f"127.0.0.1:{server.port}", "Upgrade": "websocket", "Connection": "Upgrade",
              "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    fields.update({name.replace("_", "-"): value for name, value in changes.items()})
    lines = [f"GET {API}/boards/lab1/console HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    raw = Raw(server.port)
    raw.send("\r\n".join([*lines, "", ""]).encode())
    return raw


def status(raw):
    raw.wait(b"HTTP/1.1 ")
    found = int(raw.wait(b" "))
    raw.close()
    return found


@pytest.mark.parametrize("changes, expected", (
    ({}, 101),
    ({"Connection": "keep-alive, upgrade"}, 101),
    ({"Sec_WebSocket_Version": "8"}, 426),
    ({"Sec_WebSocket_Version": None}, 426),
    ({"Sec_WebSocket_Key": "short"}, 400),
    ({"Sec_WebSocket_Key": None}, 400),
    ({"Connection": None}, 400),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
))
def test_handshake__is_checked(server, changes, expected):
    assert status(handshake(server, **changes)) == expected
    assert_alive(server)


def test_handshake__pages_of_this_server_may(server):
    assert status(handshake(server, Origin=f"http://127.0.0.1:{server.port}")) == 101


def test_handshake__no_such_board_is_a_problem(server):
    with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
        websocket.create_connection(console_url(server, "nope"), timeout=5)
    assert refusal.value.status_code == 404


def test_handshake__what_comes_with_it_is_not_lost(server):
    raw = handshake(server)
    raw.wait(b"\r\n\r\n")
    raw.close()
    frame = websocket.ABNF.create_frame(b"early bird", websocket.ABNF.OPCODE_BINARY).format()
    fields = (f"GET {API}/boards/lab1/console HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    with Raw(server.port) as client:
        client.send(fields.encode() + frame * 900)
        client.wait(b"early bird" * 20)


BAD = {
    "not masked": b"\x82\x01x",
    "endless length": b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff" + b"mask" + b"x" * 100,
    "over the cap": b"\x82\xfe\x20\x01" + b"mask" + b"x" * 0x2001,
    "unknown opcode": b"\x8f\x80mask",
    "reserved bit": b"\xc2\x81maskx",
    "long ping": b"\x89\xfe\x01\x00" + b"mask" + b"x" * 256,
    "text that is no UTF-8": b"\x81\x81\0\0\0\0\xff",
    "continuation of nothing": b"\x80\x81maskx",
    "a second beginning": b"\x02\x81maskx\x02\x81maskx",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_peers__are_closed_and_harm_nobody(server, name):
    with Talk(server) as other:
        raw = handshake(server)
        raw.wait(b"\r\n\r\n")
        raw.send(BAD[name])
        assert b"\x88" in raw.ends()  # a close frame
        other.send(b"unharmed")
        other.wait_output(b"unharmed")
    assert_alive(server)


def test_bad_peers__cut_in_mid_frame(server):
    for size in (1, 2, 5, 9, 50):
        raw = handshake(server)
        raw.wait(b"\r\n\r\n")
        raw.send((b"\x82\xb0mask" + b"x" * 100)[:size])
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()
    assert_alive(server)


def test_bad_peers__pings_without_end_and_never_reading(server):
    raw = handshake(server)
    raw.wait(b"\r\n\r\n")
    raw.socket.settimeout(0.5)
    ping = b"\x89\x80mask" * 1000
    try:
        for _ in range(2000):
            raw.send(ping)
    except (TimeoutError, OSError):
        pass  # the server reads no more while nobody takes its answers
    assert_alive(server)
    raw.close()


def test_bad_peers__orders_without_end(server):
    with Talk(server) as talk:
        order = websocket.ABNF.create_frame('{"type":"release"}', websocket.ABNF.OPCODE_TEXT).format()
        talk.socket.sock.sendall(order * 2000)
        talk.order("explode")
        assert "type" in talk.wait_message("error")["detail"]  # each has been run, in its turn
    assert_alive(server)


def test_bad_peers__many_at_once_are_bounded(server):
    talks = []
    try:
        for _ in range(160):
            talks.append(Talk(server))
    except (AssertionError, EOFError, websocket.WebSocketException, OSError):
        pass
    assert 100 <= len(talks) <= 130
    for talk in talks:
        talk.cut()

    def is_served():
        try:
            return server.rest.board("lab1")
        except OSError:  # until their places are free, this address has too many connections
            return None
    wait_until(is_served, "the server")
    assert_alive(server)


def test_console__ends_in_order_with_the_server(server):
    talks = [Talk(server) for _ in range(20)]
    half = handshake(server)
    half.wait(b"\r\n\r\n")
    begun = time.monotonic()
    closer = threading.Thread(target=server.terminate)
    closer.start()
    assert {talk.wait_close() for talk in talks} == {1001}
    closer.join()
    assert time.monotonic() - begun < 10
    half.close()


# ---- event stream and bytes ----

class Events:
    """The board's output as an event stream."""

    def __init__(self, server, query="", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        self.connection.request("GET", f"{API}/boards/lab1/console{query}",
                                headers={"Accept": "text/event-stream", **headers})
        self.reply = self.connection.getresponse()
        assert self.reply.status == 200 and self.reply.getheader("Content-Type") == "text/event-stream"
        self.last_id = None

    def next(self):
        """The next (event, data)."""
        fields = {}
        while line := self.reply.fp.readline().decode().rstrip("\n"):
            if line.startswith(":") or ": " not in line:
                continue
            name, _, value = line.partition(": ")
            fields[name] = value
        if "event" not in fields:
            return self.next()
        self.last_id = fields["id"]
        return fields["event"], json.loads(fields["data"])

    def text(self, size):
        """So many characters of output."""
        text = ""
        while len(text) < size:
            event, data = self.next()
            assert event == "output"
            text += data["text"]
        return text

    def close(self):
        self.connection.close()


@pytest.fixture
def events(server):
    opened = []

    def make(*arguments, **headers):
        opened.append(Events(server, *arguments, **headers))
        return opened[-1]
    yield make
    for stream in opened:
        stream.close()


def test_events__show_history_and_go_on(server, events):
    with Talk(server) as talk:
        talk.send(b"before\n")
        talk.wait_output(b"before\n")
        stream = events("?history=100")
        assert stream.text(7) == "before\n"
        talk.send("gr\u00fc\u00df\n".encode())
        assert stream.text(5) == "gr\u00fc\u00df\n"
        assert stream.last_id.endswith(f"-{7 + 7}")


def test_events__resume_by_id(server, events):
    with Talk(server) as talk:
        talk.send(b"one")
        talk.wait_output(b"one")
        stream = events("?history=100")
        assert stream.text(3) == "one"
        stream.close()
        talk.send(b"two")
        talk.wait_output(b"two")
        assert events(**{"Last-Event-ID": stream.last_id}).text(3) == "two"
        assert events("?history=6", **{"Last-Event-ID": "0123456789abcdef-3"}).text(6) == "onetwo"
        assert events("?history=3", **{"Last-Event-ID": "nonsense"}).text(3) == "two"


def test_events__do_not_split_characters(server, events):
    with Talk(server) as talk:
        stream = events()
        talk.send(b"a\xe2\x82")
        talk.wait_output(b"a\xe2\x82")
        assert stream.text(1) == "a"
        talk.send(b"\xacb")
        assert stream.text(2) == "\u20acb"
        talk.send(b"\xff\xe2\x82")  # and never the rest
        assert stream.text(3) == "\ufffd\ufffd\ufffd"


def test_events__tell_what_was_missed(server, events):
    with Talk(server) as talk:
        stream = events("?from=0")
        data = b"x" * 8000
        for _ in range(40):
            talk.send(data)
        wait_until(lambda: len(talk.output) == 320000 or not talk.receive(), "the echo")
        late = events("?from=0")
        event, missed = late.next()
        assert event == "missed" and missed["bytes"] == 320000 - 131072
        assert late.text(131072) == "x" * 131072
        stream.close()


def test_bytes__show_history(server):
    with Talk(server) as talk:
        talk.send(b"0123456789")
        talk.wait_output(b"0123456789")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", f"{API}/boards/lab1/console?history=4")
    assert connection.getresponse().read(4) == b"6789"
    connection.close()


@pytest.mark.parametrize("query", ("?history=x", "?from=-1", "?from=99999999999999999999", "?epoch=1", "?nonsense=1"))
def test_bytes__queries_are_checked(server, query):
    reply = server.rest.request("GET", f"{API}/boards/lab1/console{query}")
    assert reply.status == 400
