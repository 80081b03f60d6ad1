# SPDX-License-Identifier: Apache-2.0
"""Peers of the TCP ports that are slow, greedy or many: others do not notice, and what they cost is bounded. What single
broken messages do is in test_bridge.py, and in the fuzzers access and bridge."""

import threading
import time

import pytest

from bridge import COM_PORT, DO, IAC, SB, SE, WILL, Raw, Telnet, sub
from metrics import wait_value
from program import wait_until

PER_BOARD, PER_SERVER = 128, 512
SESSION_KB = 120  # buffers of one that are all full, and what malloc adds
MILLION = 1000000
PROMPT = 2.0  # seconds; on a busy machine, under a sanitizer


@pytest.fixture
def board(make_board):
    return make_board(device="echo")


def echo_seconds(client, data=b"still there?"):
    begin = time.monotonic()
    client.send(data)
    client.wait(data)
    return time.monotonic() - begin


class Flood:
    """Peers that send something over and over, and read nothing, until the end."""

    def __init__(self, port, block, count=1, begin=b""):
        self.peers = [Raw(port) for _ in range(count)]
        self.sent, self._block, self._begin, self._done = 0, block, begin, threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(peer,)) for peer in self.peers]
        for thread in self._threads:
            thread.start()

    def _run(self, peer):
        peer.socket.settimeout(0.2)
        try:
            peer.send(self._begin)
            while not self._done.is_set():
                try:
                    self.sent += peer.socket.send(self._block)
                except TimeoutError:
                    pass  # nobody takes any more: that is an answer too
        except OSError:
            pass  # closed: another one

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._done.set()
        for thread in self._threads:
            thread.join()
        for peer in self.peers:
            peer.close()


OPTIONS = bytes((IAC, DO, 24, IAC, WILL, 31)) * 4096
TOGGLES = bytes((IAC, WILL, COM_PORT, IAC, 252, COM_PORT)) * 4096
ENDLESS = b"x" * 16384
COM = bytes((IAC, WILL, COM_PORT))


@pytest.mark.parametrize("block, begin", ((OPTIONS, b""), (TOGGLES, b""), (ENDLESS, COM + bytes((IAC, SB, COM_PORT, 1))),
                                          (sub(0) * 512, COM), (sub(1, 0, 0, 37, 128) * 512, COM),
                                          (sub(12, 3) * 512, COM), (bytes((IAC, SB, IAC, SE)) * 4096, b"")),
                         ids=("options", "toggles", "endless", "signatures", "rates", "purges", "empty"))
def test_bad_peers__floods_keep_nobody_waiting(server, rfc2217, raw, block, begin):
    memory = server.resident_kb()
    with Raw(raw) as other:
        echo_seconds(other)  # it is the writer
        with Flood(rfc2217, block, 4, begin):
            for _ in range(20):
                assert echo_seconds(other) < PROMPT
        assert server.resident_kb() - memory < 4 * SESSION_KB + 4000
    assert len(server.lines) < 60


def test_bad_peers__a_million_options_are_passed_over(rfc2217):
    with Telnet(rfc2217) as client:
        sender = threading.Thread(target=client.send, args=(bytes((IAC, DO, 24, IAC, 254, 24)) * (MILLION // 2) + sub(0),))
        sender.start()
        client.wait(b"farflashd lab1", timeout=60)
        sender.join()
        assert client.heard.count(b"\xff") < 10, "one refusal is enough"


def test_bad_peers__half_a_message_waits_for_its_end_and_holds_nothing(server, rfc2217, raw):
    message = COM + sub(1, 0, 0, 0x25, 0x80)
    slow = [Raw(rfc2217) for _ in range(len(message))]
    for number, peer in enumerate(slow):
        peer.send(message[:number])  # and then nothing, for as long as it likes
    with Raw(raw) as other:
        assert echo_seconds(other) < PROMPT
    wait_until(lambda: server.rest.board("lab1")["holder"] is None, "the board to be free")
    for number, peer in reversed(list(enumerate(slow))):
        peer.send(message[number:])
        peer.wait(bytes((IAC, SB, COM_PORT, 101, 0, 0, 0x25, 0x80, IAC, SE)))
        peer.close()
        wait_until(lambda: server.rest.board("lab1")["holder"] is None, "the board to be free")


def test_bad_peers__those_who_never_read_cost_their_buffers_and_no_more(server, rfc2217, raw):
    with Raw(raw) as other:
        echo_seconds(other)
        memory = server.resident_kb()
        with Flood(rfc2217, sub(0) * 512, 60, COM), Flood(rfc2217, sub(7) * 512, 60, COM + sub(8)):
            for _ in range(40):
                assert echo_seconds(other, b"some output of the board" * 100) < PROMPT
            assert server.resident_kb() - memory < 120 * SESSION_KB + 8000


def test_bad_peers__who_goes_in_mid_frame_is_gone(server, rfc2217, raw):
    for _ in range(50):
        peer = Raw(rfc2217)
        peer.send(COM + b"some data" + sub(1, 0, 0, 0x25, 0x80)[:7])
        peer.reset()
    # The board is free between two of them as well, so all of them have to have been there.
    wait_value(server.rest, 50, "farflash_bridge_connections_total", kind="RFC 2217")
    wait_value(server.rest, 0, "farflash_bridge_sessions", kind="RFC 2217")
    with Raw(raw) as other:
        assert echo_seconds(other) < PROMPT
        with Telnet(rfc2217) as client:
            assert client.ask(1, 0, 0, 0, 0) == (115200).to_bytes(4, "big"), "the rate of one who has gone"


def test_bad_peers__connections_of_all_boards_together_are_bounded(make_board, make_server):
    boards = {f"lab{number}": make_board(device="echo") for number in range(PER_SERVER // PER_BOARD + 1)}
    server = make_server(**boards)
    *full, last = boards
    port = server.port_of(last, "raw")
    # Telnet's handshake says that the connection has been accepted, and not only queued.
    clients = [Telnet(server.port_of(name, "rfc2217")) for name in full for _ in range(PER_BOARD)]
    with Raw(port) as late:
        assert b"too many connections" in late.ends()
    clients.pop().close()

    def gets_in():
        with Raw(port) as late:
            late.send(b"x")
            return late.socket.recv(1) == b"x"
    wait_until(gets_in, "a place")
    for client in clients:
        client.close()
