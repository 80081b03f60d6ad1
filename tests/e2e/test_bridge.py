# SPDX-License-Identifier: Apache-2.0
"""The RFC 2217 and raw TCP ports of farflashd, in front of a loopback plug: every point of docs/rfc2217.md that takes a
client and a server."""

import contextlib
import re
import threading

import pytest
import serial

from bridge import EVERY_BYTE, MB, Raw, Telnet, Unescape, free, open_serial, pump, read_until, sub
from program import program_path, run, wait_until

BREAK_ON, BREAK_OFF, DTR_ON, DTR_OFF, RTS_ON, RTS_OFF = 5, 6, 8, 9, 11, 12


@pytest.fixture
def board(make_board):
    return make_board(device="echo")


def assert_echoes(port, data=b"still alive"):
    with Raw(port) as client:
        client.send(data)
        client.wait(data)


# ---- the list ----

def test_bridge__pyserial_sets_everything(rfc2217):
    # Each assignment raises unless the server repeats the value.
    with open_serial(rfc2217) as port:
        for baudrate in (50, 9600, 74880, 115200, 250000, 460800, 921600, 1500000, 2000000, 3000000):
            port.baudrate = baudrate
        for size in (serial.FIVEBITS, serial.SIXBITS, serial.SEVENBITS, serial.EIGHTBITS):
            port.bytesize = size
        for parity in (serial.PARITY_ODD, serial.PARITY_EVEN, serial.PARITY_MARK, serial.PARITY_SPACE,
                       serial.PARITY_NONE):
            port.parity = parity
        port.stopbits = serial.STOPBITS_TWO
        port.stopbits = serial.STOPBITS_ONE
        port.timeout = 0.1  # negotiates all five anew, as esptool does twice a command
        port.break_condition = True
        port.break_condition = False
        port.dtr = port.rts = False
        port.reset_output_buffer()
        port.reset_input_buffer()


@pytest.mark.parametrize("query", ("", "?ign_set_control", "?poll_modem"))
def test_bridge__pyserial_opens_writes_and_reads(rfc2217, query):
    with open_serial(rfc2217, query) as port:
        assert [port.cts, port.dsr, port.cd, port.ri] == [True, True, True, False]
        port.write(EVERY_BYTE)
        assert read_until(port, EVERY_BYTE) == EVERY_BYTE


def test_bridge__questions_are_answered_with_what_is_so(rfc2217):
    with Telnet(rfc2217) as client:
        assert client.ask(1, 0, 0, 0, 0) == (115200).to_bytes(4, "big")
        assert [client.ask(code, 0) for code in (2, 3, 4)] == [b"\x08", b"\x01", b"\x01"]
        assert [client.ask(5, value) for value in (0, 4, 7, 10, 13)] == [b"\x01", b"\x06", b"\x09", b"\x0c", b"\x0e"]
        assert client.ask(7) == b"\xb0" and client.ask(6) == b"\x60"
        assert client.ask(0).startswith(b"farflashd lab1")


def test_bridge__values_that_do_not_exist_change_nothing(rfc2217):
    with Telnet(rfc2217) as client:
        assert client.ask(3, 9) == b"\x01"
        assert client.ask(2, 9) == b"\x08"
        assert client.ask(4, 7) == b"\x01"
        assert client.ask(1, 0, 0, 0, 49) == (115200).to_bytes(4, "big")
        assert client.ask(1, 255, 255, 255, 255) == (115200).to_bytes(4, "big")
        assert client.ask(5, 77) == b"\x01"


def test_bridge__the_board_gets_what_was_set(make_board, make_server):
    board = make_board(device="echo")
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    with Telnet(server.port_of("lab1", "rfc2217")) as client:
        assert client.ask(1, *(3000000).to_bytes(4, "big")) == (3000000).to_bytes(4, "big")
        assert client.ask(5, BREAK_ON) == bytes([BREAK_ON])
        assert client.ask(5, 4) == bytes([BREAK_ON])
        assert client.ask(5, BREAK_OFF) == bytes([BREAK_OFF])
    free(server)
    with Telnet(server.port_of("lab1", "rfc2217")) as client:  # the next one finds it as it was
        assert client.ask(1, 0, 0, 0, 0) == (115200).to_bytes(4, "big")


def test_bridge__a_setting_that_the_port_cannot_do_is_not_confirmed(make_board, make_server, tmp_path):
    make_board(device="echo", listen=f"pty:{tmp_path}/tty")  # a pty has no parity
    server = make_server(lab1=str(tmp_path / "tty"))
    server.rest.wait_board("lab1", "idle")
    with Telnet(server.port_of("lab1", "rfc2217")) as client:
        assert client.ask(3, 3) == b"\x01"
        assert client.ask(4, 2) == b"\x02"
        assert client.ask(5, 3) == b"\x03"
        assert client.ask(1, *(9600).to_bytes(4, "big")) == (9600).to_bytes(4, "big")


def test_bridge__flow_control(make_board, make_server, tmp_path):
    make_board(device="echo", listen=f"pty:{tmp_path}/tty")
    server = make_server(lab1=str(tmp_path / "tty"))
    server.rest.wait_board("lab1", "idle")
    with Telnet(server.port_of("lab1", "rfc2217")) as client:
        assert [client.ask(5, value) for value in (2, 0, 13)] == [b"\x02", b"\x02", b"\x0f"]
        assert [client.ask(5, value) for value in (16, 0, 17, 18, 19)] == [b"\x10", b"\x03", b"\x03", b"\x10", b"\x03"]
        assert client.ask(5, 1) == b"\x01"


def test_bridge__masks_are_confirmed(rfc2217):
    with Telnet(rfc2217) as client:
        assert client.ask(10, 0xFF) == b"\xff"
        assert client.ask(11, 0x10) == b"\x10"


def test_bridge__suspend_stops_the_data_and_resume_goes_on(rfc2217, raw):
    with Telnet(rfc2217) as client, Raw(raw) as other:
        client.send(sub(8))
        client.ask(0)  # it has been read
        other.send(b"while suspended")
        other.wait(b"while suspended")
        assert client.ask(7) and b"while" not in client.heard
        client.send(sub(9))
        client.wait(b"while suspended")


def test_bridge__purge_is_confirmed_and_drops_what_was_there(server, rfc2217):
    with Telnet(rfc2217) as client:
        client.send(sub(8) + b"old")
        wait_until(lambda: server.rest.board("lab1")["holder"], "the writer")
        assert [client.ask(12, value) for value in (2, 1, 3)] == [b"\x02", b"\x01", b"\x03"]
        client.send(sub(9) + b"new")
        assert b"old" not in client.wait(b"new")


def test_bridge__what_comes_behind_a_purge_stays(rfc2217):
    with Telnet(rfc2217) as client:
        client.send(b"x")
        client.wait(b"x")
        for i in range(300):
            client.send(sub(12, 1) + b"<%d>" % i)  # without waiting for the acknowledgement
            assert client.answer(12) == b"\x01"
            client.wait(b"<%d>" % i)


# ---- bytes ----

def test_bridge__loopback_is_exact_over_raw_tcp(raw):
    with Raw(raw) as client:
        pump(client.send, client.receive, 16 * MB)


def test_bridge__loopback_is_exact_over_rfc2217_while_readers_come_stall_and_go(rfc2217, raw):
    stalled = Raw(raw)
    done = threading.Event()

    def come_and_go():
        while not done.is_set():
            with Raw(raw) as reader, contextlib.suppress(TimeoutError):
                reader.socket.settimeout(0.2)
                reader.socket.recv(4096)
    others = threading.Thread(target=come_and_go)
    with Telnet(rfc2217) as client:
        others.start()
        try:
            pump(lambda block: client.send(block.replace(b"\xff", b"\xff\xff")), Unescape(client), 8 * MB)
        finally:
            done.set()
            others.join()
        client.send(b"the end")
        client.wait(b"the end")
    stalled.wait(b"bytes of output are missing here")
    stalled.wait(b"the end")
    stalled.close()


def test_bridge__a_writer_that_goes_at_once_is_heard(server, raw):
    with Raw(raw) as reader:
        with Raw(raw) as client:
            client.send(EVERY_BYTE * 40)
        reader.wait(EVERY_BYTE * 40)
    free(server)


# ---- sharing ----

def test_bridge__everyone_reads_and_the_first_one_writes(server, rfc2217, raw):
    with Raw(raw) as first, Raw(raw) as second, open_serial(rfc2217) as third:
        first.send(b"one")
        for client in (first, second):
            client.wait(b"one")
        read_until(third, b"one")
        holder = server.rest.board("lab1")["holder"]
        assert re.match(r"raw TCP client at 127\.0\.0\.1:\d+$", holder)
        second.send(b"two")
        second.wait(holder.encode())
        third.write(b"three")
        assert holder.encode() in read_until(third, b"does not reach it")
        first.close()
        free(server)
        second.send(b"four")
        assert b"two" not in second.wait(b"four")


def test_bridge__refusals_are_rare(raw):
    with Raw(raw) as first, Raw(raw) as second:
        first.send(b"mine")
        first.wait(b"mine")
        for _ in range(50):
            second.send(b"x" * 100)
        second.wait(b"does not reach it")
        first.send(b"after")
        assert b"does not reach it" not in second.wait(b"after")


def test_bridge__a_setting_of_another_is_answered_with_what_is_so(rfc2217):
    with Telnet(rfc2217) as first, Telnet(rfc2217) as second:
        assert first.ask(1, *(9600).to_bytes(4, "big")) == (9600).to_bytes(4, "big")
        second.send(sub(1, *(57600).to_bytes(4, "big")))
        second.wait(b"is in use by the RFC 2217 client at")
        assert second.answer(1) == (9600).to_bytes(4, "big")


def test_bridge__opening_does_not_make_a_writer(server, rfc2217):
    with open_serial(rfc2217), open_serial(rfc2217) as second:
        assert server.rest.board("lab1")["holder"] is None
        second.write(b"x")
        read_until(second, b"x")
        assert server.rest.board("lab1")["holder"].startswith("RFC 2217 client")


def test_bridge__a_connection_too_many_is_told(make_board, make_server):
    server = make_server(lab1=make_board(device="echo"))
    port = server.port_of("lab1", "raw")
    clients = [Raw(port) for _ in range(129)]
    assert b"too many connections" in clients[-1].ends()
    clients[0].send(b"x")
    clients[1].wait(b"x")
    for client in clients:
        client.close()
    free(server)
    assert_echoes(port)


# ---- bad peers ----

NOISE = (
    bytes((255,)), bytes((255, 251)), bytes((255, 250)), bytes((255, 250, 44)), bytes((255, 240)),
    bytes((255, 251, 44)) + sub(3, 9) + sub(1, 9) + sub(1) + sub(5) + sub(12) + sub(99, 1),
    bytes((255, 251, 44, 255, 250, 44, 1)) + b"x" * 100000,
    bytes((255, 253, 24, 255, 251, 31, 255, 254, 24, 255, 252, 31)) * 20000,
    (bytes((255, 251, 44)) + sub(0)) * 20000,
    bytes((255, 251, 44)) + sub(8) + sub(0) * 1000,
    bytes((255, 251, 44, 255, 252, 44)) * 20000,
)


@pytest.mark.parametrize("noise", NOISE, ids=range(len(NOISE)))
@pytest.mark.parametrize("leave", (Raw.close, Raw.reset))
def test_bridge__bad_peers_harm_nobody(server, rfc2217, raw, noise, leave):
    memory = server.resident_kb()
    with Raw(raw) as other:
        for _ in range(3):
            peer = Raw(rfc2217)
            peer.socket.settimeout(2)
            try:
                peer.send(noise)
            except (TimeoutError, OSError):
                pass  # it is not read any more, or closed: both are answers
            leave(peer)
        other.send(b"fine")
        other.wait(b"fine")
        assert server.rest.board("lab1")["state"] == "idle"
    assert server.resident_kb() - memory < 20000
    assert len(server.lines) < 60


def test_bridge__one_byte_at_a_time(rfc2217):
    with Raw(rfc2217) as client:
        for byte in bytes((255, 251, 44)) + sub(1, 0, 0, 0x25, 0x80):
            client.send(bytes([byte]))
        client.wait(bytes((255, 250, 44, 101, 0, 0, 0x25, 0x80, 255, 240)))


def test_bridge__what_connections_log_is_bounded(server, raw):
    for _ in range(200):
        Raw(raw).close()
    assert_echoes(raw)
    assert len(server.lines) < 100


# ---- ports ----

def test_bridge__ports_are_told(server, rfc2217, raw, board):
    server.wait_line(rf"lab1: RFC 2217 on port {rfc2217}, raw TCP on port {raw}")
    told = run([program_path("farflash"), "--server", server.url, "boards"]).stdout
    assert str(rfc2217) in told and str(raw) in told


def test_bridge__ports_can_be_chosen_and_left_out(make_server, unused_ports):
    first, second = unused_ports(2)
    server = make_server(options=["--rfc2217", "0", "--board", f"a=socket://127.0.0.1:1,raw={first}",
                                  "--board", f"b=socket://127.0.0.1:2,rfc2217={second},raw=0"])
    assert [server.port_of("a", kind) for kind in ("rfc2217", "raw")] == [None, first]
    assert [server.port_of("b", kind) for kind in ("rfc2217", "raw")] == [second, None]


def test_bridge__a_port_that_was_asked_for_and_is_taken_is_an_error(raw, tmp_path):
    for arguments in (["--board", f"x=socket://127.0.0.1:1,raw={raw}"],
                      ["--raw", str(raw), "--board", "x=socket://127.0.0.1:1"]):
        done = run([program_path("farflashd"), "--listen", "127.0.0.1:0", "--data-dir", tmp_path / "d", *arguments])
        assert done.status == 1, done
        assert str(raw) in done.stderr and "board x" in done.stderr and "raw=PORT" in done.stderr


@pytest.mark.parametrize("key, word", (("rfc2217=x", "rfc2217"), ("raw=70000", "raw"), ("reset=clever", "passthrough"),
                                       ("color=red", "reset=smart")))
def test_bridge__wrong_keys_are_named(key, word, tmp_path):
    done = run([program_path("farflashd"), "--data-dir", tmp_path / "d", "--board", f"x=socket://127.0.0.1:1,{key}"])
    assert done.status == 2 and word in done.stderr, done
