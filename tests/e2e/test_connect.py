# SPDX-License-Identifier: Apache-2.0
"""`farflash connect`: a local port that is a board's, through the server's HTTP port."""

import contextlib
import os
import random
import resource
import signal
import socket
import time

import pytest
import serial

import firmware
from bridge import EVERY_BYTE, MB, Raw, Telnet, Unescape, free, open_serial, pump, read_until
from client import BUSY, DONE, UNREACHABLE, USAGE, farflash, farflash_json
from connected import Connected
from program import wait_until
from test_bridge_boards import assert_in_bootloader, classic_reset, hard_reset, tight_reset
from test_pyserial import APPLICATION

BREAK_ON, BREAK_OFF, DTR_ON, DTR_OFF, RTS_ON, RTS_OFF = 5, 6, 8, 9, 11, 12
GRACE = 30  # seconds that a server keeps a session


@pytest.fixture
def connect(start_farflash):
    """connect(url, *arguments) starts it for lab1; with --rfc2217 on any port unless the arguments say otherwise."""
    def start(url, *arguments, status=(DONE,)):
        return Connected(start_farflash("--server", url, "--json", "connect", "lab1",
                                        *(arguments or ("--rfc2217", "0")), status=status))
    return start


@pytest.fixture
def board(make_board):
    return make_board(device="echo")


@pytest.fixture
def far(make_relay):
    """far(server, rtt) is a relay in front of the server's HTTP port; far.url is there."""
    def make(server, rtt=0.0):
        relay = make_relay(server.port, rtt)
        relay.url = f"http://127.0.0.1:{relay.port}"
        return relay
    return make


# ---- what is told ----

def test_connect__tells_where_it_is(start_farflash, server, unused_ports):
    raw, = unused_ports(1)
    program = start_farflash("--server", server.url, "connect", "lab1", "--rfc2217", "0", "--raw", str(raw))
    url = program.wait_line(r"^ +(rfc2217://127\.0\.0\.1:\d+)$").group(1)
    for line in (rf"esptool --port '{url}\?ign_set_control'", rf"idf\.py -p '{url}\?ign_set_control'",
                 rf"pio run .*--upload-port '{url}\?ign_set_control'", rf"miniterm '{url}'", rf"farflash --port {url} ",
                 rf"socket://127\.0\.0\.1:{raw}", "Ctrl-C ends"):
        program.wait_line(line)
    program.process.send_signal(signal.SIGINT)
    assert program.wait() == DONE, program.output()


def test_connect__one_board_needs_no_name(start_farflash, server):
    connected = Connected(start_farflash("--server", server.url, "--json", "connect"))
    assert connected.told["board"] == "lab1" and connected.told["raw"] is None and connected.told["pty"] is None
    assert connected.stop() == DONE


def test_connect__prefers_its_usual_port(connect, server):
    first = connect(server.url, "--board", "lab1")
    second = connect(server.url, "--board", "lab1")
    assert first.rfc2217 != second.rfc2217


@pytest.mark.parametrize("arguments, words, status", (
    (("nowhere",), "lab1", USAGE),
    (("lab1", "--rfc2217", "x"), "HOST:]PORT", USAGE),
    (("lab1", "--raw", "127.0.0.1:70000"), "HOST:]PORT", USAGE),
    (("lab1", "--rfc2217", "192.0.2.1:0"), "192.0.2.1", USAGE),
    (("lab1", "--pty", "/nowhere/tty"), "/nowhere/tty", USAGE),
    (("lab1", "lab2"), "too many", USAGE),
))
def test_connect__says_what_is_wrong(server, arguments, words, status):
    done = farflash("--server", server.url, "connect", *arguments)
    assert done.status == status and words in done.stderr, done


def test_connect__a_port_that_is_taken_is_an_error(connect, server):
    first = connect(server.url)
    done = farflash("--server", server.url, "connect", "lab1", "--rfc2217", str(first.rfc2217))
    assert done.status == BUSY and str(first.rfc2217) in done.stderr, done


def test_connect__needs_a_server(unused_ports):
    port, = unused_ports(1)
    told, done = farflash_json("--server", f"127.0.0.1:{port}", "connect", "lab1", status=UNREACHABLE)
    assert told["error"]["code"] == "server-unreachable", done
    assert farflash("--port", "socket://127.0.0.1:1", "connect").status == USAGE


def test_connect__warns_where_others_can_write(start_farflash, server):
    program = start_farflash("--server", server.url, "connect", "lab1", "--rfc2217", "0.0.0.0:0")
    program.wait_line("everybody who reaches")


# ---- RFC 2217 ----

@pytest.mark.parametrize("query", ("", "?ign_set_control", "?poll_modem"))
def test_connect__pyserial_sets_everything(connect, server, query):
    with open_serial(connect(server.url).rfc2217, query) as port:
        for baudrate in (50, 9600, 74880, 115200, 460800, 921600, 3000000):
            port.baudrate = baudrate
        for size in (serial.FIVEBITS, serial.SEVENBITS, serial.EIGHTBITS):
            port.bytesize = size
        for parity in (serial.PARITY_ODD, serial.PARITY_EVEN, serial.PARITY_MARK, serial.PARITY_SPACE,
                       serial.PARITY_NONE):
            port.parity = parity
        port.stopbits = serial.STOPBITS_TWO
        port.stopbits = serial.STOPBITS_ONE
        port.timeout = 0.1
        port.break_condition = True
        port.break_condition = False
        port.dtr = port.rts = False
        port.reset_output_buffer()
        port.reset_input_buffer()
        assert [port.cts, port.dsr, port.cd, port.ri] == [True, True, True, False]
        port.write(EVERY_BYTE)
        assert read_until(port, EVERY_BYTE) == EVERY_BYTE


def test_connect__a_setting_that_the_port_cannot_do_is_not_confirmed(connect, make_board, make_server, tmp_path):
    make_board(device="echo", listen=f"pty:{tmp_path}/tty")  # a pty has no parity
    server = make_server(lab1=str(tmp_path / "tty"))
    server.rest.wait_board("lab1", "idle")
    with Telnet(connect(server.url).rfc2217) as client:
        assert client.ask(3, 3) == b"\x01"
        assert client.ask(1, *(9600).to_bytes(4, "big")) == (9600).to_bytes(4, "big")
        assert [client.ask(5, value) for value in (2, 0, 13)] == [b"\x02", b"\x02", b"\x0f"]
        assert client.ask(1, 0, 0, 0, 0) == (9600).to_bytes(4, "big")
        assert client.ask(1, 0, 0, 0, 49) == (9600).to_bytes(4, "big")


def settled(client):
    """Waits until the local end knows the line: a question is answered by the server."""
    assert client.ask(1, 0, 0, 0, 0) == (115200).to_bytes(4, "big")
    assert client.ask(5, 4) == bytes([BREAK_OFF])


def test_connect__what_needs_no_board_needs_no_network(connect, far, server):
    relay = far(server)
    with Telnet(connect(relay.url).rfc2217) as client:
        settled(client)
        relay.freeze()
        assert client.ask(1, *(115200).to_bytes(4, "big")) == (115200).to_bytes(4, "big")
        assert [client.ask(code, value) for code, value in ((2, 8), (3, 1), (4, 1), (5, 1), (5, BREAK_OFF))] == \
            [b"\x08", b"\x01", b"\x01", b"\x01", bytes([BREAK_OFF])]
        assert [client.ask(5, value) for value in (DTR_OFF, RTS_ON, DTR_ON, RTS_OFF)] == \
            [bytes([value]) for value in (DTR_OFF, RTS_ON, DTR_ON, RTS_OFF)]
        assert [client.ask(12, value) for value in (1, 2, 3)] == [b"\x01", b"\x02", b"\x03"]
        assert client.ask(0).startswith(b"farflash connect lab1")
        assert client.ask(10, 0xFF) == b"\xff" and client.ask(7) == b"\xb0"
        relay.freeze(False)
        client.send(b"and on it goes")
        client.wait(b"and on it goes")


def test_connect__pyserial_waits_for_no_round_trip(connect, far, server):
    relay = far(server)
    with open_serial(connect(relay.url).rfc2217) as port:
        port.write(b"x")
        read_until(port, b"x")
        relay.freeze()
        for timeout in (0.1, 0.2, 0.3):
            port.timeout = timeout  # negotiates five settings anew, and raises without an answer
        port.reset_input_buffer()
        port.dtr = False
        port.rts = True
        relay.freeze(False)


def test_connect__purge_drops_what_was_on_its_way(connect, far, server):
    relay = far(server)
    with Telnet(connect(relay.url).rfc2217) as client, Raw(server.port_of("lab1", "raw")) as writer:
        settled(client)
        relay.freeze()
        writer.send(b"old")
        writer.wait(b"old")
        assert client.ask(12, 1) == b"\x01"
        relay.freeze(False)
        settled(client)
        writer.send(b"new")
        assert b"old" not in client.wait(b"new")


# ---- resets and tools ----

@pytest.fixture
def chip_board(make_board):
    return make_board(application=APPLICATION)


@pytest.fixture
def chip(make_server, chip_board):
    started = make_server(lab1=chip_board)
    started.rest.wait_board("lab1", "idle")
    return started


@pytest.mark.parametrize("rtt", (0, 0.1, 0.3))
@pytest.mark.parametrize("query", ("", "?ign_set_control"))
def test_connect__classic_reset_at_any_distance(connect, far, chip, rtt, query):
    with open_serial(connect(far(chip, rtt).url).rfc2217, query) as port:
        classic_reset(port)
        read_until(port, b"waiting for download")
        assert_in_bootloader(port)
        hard_reset(port)
        read_until(port, APPLICATION.encode())


@pytest.mark.parametrize("rtt", (0, 0.3))
def test_connect__tight_reset_at_any_distance(connect, far, chip, rtt):
    with open_serial(connect(far(chip, rtt).url).rfc2217) as port:
        tight_reset(port)
        read_until(port, b"waiting for download")
        assert_in_bootloader(port)


def test_connect__opening_and_closing_leave_the_board_running(connect, chip):
    connected = connect(chip.url)
    with Raw(chip.port_of("lab1", "raw")) as reader:
        for _ in range(3):
            with open_serial(connected.rfc2217) as port:
                assert port.dtr and port.rts
        reader.wait(APPLICATION.encode())
        assert b"rst:" not in reader.wait(APPLICATION.encode())


@pytest.mark.parametrize("rtt", (0, 0.1))
def test_connect__our_engine_writes_through_it(connect, far, chip, chip_board, tmp_path, rtt):
    image = firmware.image("esp32", 0x20000)
    (tmp_path / "app.bin").write_bytes(image)
    port = connect(far(chip, rtt).url).rfc2217
    done = farflash("--port", f"rfc2217://127.0.0.1:{port}", "write-flash", "0x10000", tmp_path / "app.bin")
    assert done.status == DONE, done
    assert chip_board.holds(0x10000, image)
    done = farflash("--port", f"rfc2217://127.0.0.1:{port}", "verify-flash", "0x10000", tmp_path / "app.bin")
    assert done.status == DONE, done


# ---- sharing ----

def test_connect__a_second_writer_is_told(connect, server):
    connected = connect(server.url)
    with Telnet(connected.rfc2217) as first, Telnet(connected.rfc2217) as second:
        first.send(b"mine")
        first.wait(b"mine")
        second.send(b"not mine")
        second.wait(b"lab1 is in use by the tunnel client at")
        connected.program.wait_line("lab1 is in use by the tunnel client at")
        assert server.rest.board("lab1")["holder"].startswith("tunnel client at 127.0.0.1:")
        first.close()
        free(server)
        second.send(b"now mine")
        second.wait(b"now mine")


def test_connect__the_board_is_free_when_the_tool_is_done(connect, server):
    connected = connect(server.url)
    with Telnet(connected.rfc2217) as client:
        client.send(b"x")
        client.wait(b"x")
        assert server.rest.board("lab1")["holder"]
    free(server)
    with Telnet(connected.rfc2217) as client:
        client.send(b"x")
        client.wait(b"x")
        assert connected.stop() == DONE
    free(server)


def test_connect__what_was_sent_last_arrives(connect, server):
    connected = connect(server.url, "--raw", "0")
    data = EVERY_BYTE * 100
    with Raw(server.port_of("lab1", "raw")) as reader:
        with Raw(connected.raw) as client:
            client.send(data)
        reader.wait(data)
    free(server)


def test_connect__eight_at_a_time(connect, server):
    connected = connect(server.url)
    clients = [Telnet(connected.rfc2217) for _ in range(8)]
    for client in clients:
        settled(client)
    with Raw(connected.rfc2217) as ninth:
        assert b"no more connections" in ninth.ends()
    clients[0].send(b"x")
    for client in clients:
        client.wait(b"x")
    for client in clients:
        client.close()
    free(server)

    def works():
        with contextlib.suppress(AssertionError, OSError), Telnet(connected.rfc2217) as client:
            settled(client)
            return True
    wait_until(works, "a place for another connection")


# ---- raw ----

def test_connect__waits_in_peace_where_no_descriptor_is_left(start_farflash, server):
    program = start_farflash("--server", server.url, "--json", "connect", "lab1", "--raw", "0", status=(0, 130))
    connected = Connected(program)
    before = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)
    used = len(os.listdir(f"/proc/{program.pid}/fd"))
    resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (used, before[1]))

    with Raw(connected.raw) as client:
        client.send(b"waits")
        assert connected.works_in(1) < 0.15
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, before)
        client.wait(b"waits")


def test_connect__raw_carries_every_byte(connect, server):
    connected = connect(server.url, "--raw", "0")
    with Raw(connected.raw) as client:
        client.send(EVERY_BYTE)
        client.wait(EVERY_BYTE)
        client.socket.shutdown(socket.SHUT_WR)
        client.ends()


# ---- lost connections ----

def cuts(seed, smallest, largest):
    source = random.Random(seed)
    while True:
        yield source.randint(smallest, largest)


@pytest.mark.parametrize("seed, smallest, largest", ((1, 1000, 200000), (2, 100000, 600000), (3, 4000, 30000)))
def test_connect__no_byte_is_lost_or_repeated(connect, far, server, seed, smallest, largest):
    relay = far(server)
    connected = connect(relay.url, "--raw", "0")
    size = MB if largest < 100000 else 6 * MB
    with Raw(connected.raw) as client:
        client.send(b"x")
        client.wait(b"x")
        relay.cut_every(cuts(seed, smallest, largest))
        pump(client.send, client.receive, size)
    assert relay.cuts > 2 * size / largest / 2


def test_connect__no_byte_is_lost_or_repeated_over_rfc2217(connect, far, server):
    relay = far(server, 0.01)
    connected = connect(relay.url)
    with Telnet(connected.rfc2217) as client:
        client.send(b"x")
        client.wait(b"x")
        relay.cut_every(cuts(4, 5000, 400000))
        pump(lambda block: client.send(block.replace(b"\xff", b"\xff\xff")), Unescape(client), 3 * MB)
    assert relay.cuts > 10


def test_connect__the_board_stays_ours_while_the_connection_is_away(connect, far, server):
    relay = far(server)
    connected = connect(relay.url)
    with Telnet(connected.rfc2217) as client, Telnet(server.port_of("lab1", "rfc2217")) as other:
        assert client.ask(1, *(9600).to_bytes(4, "big")) == (9600).to_bytes(4, "big")
        relay.unplug()
        connected.program.wait_line("was lost")
        client.send(b"sent while it was away")
        other.send(b"somebody else")
        other.wait(b"lab1 is in use by the tunnel client")
        relay.plug()
        connected.program.wait_line("is there again")
        client.wait(b"sent while it was away")
        assert client.ask(1, *(115200).to_bytes(4, "big")) == (115200).to_bytes(4, "big")


def test_connect__a_reset_goes_on_after_a_cut(connect, far, chip):
    relay = far(chip, 0.05)
    with open_serial(connect(relay.url).rfc2217) as port:
        read_until(port, APPLICATION.encode())
        port.dtr = False
        port.rts = True
        relay.cut()
        time.sleep(0.1)
        port.dtr = True
        relay.cut()
        port.rts = False
        time.sleep(0.05)
        port.dtr = False
        read_until(port, b"waiting for download")
        assert_in_bootloader(port)


def test_connect__ends_when_the_connection_stays_away(connect, far, server):
    relay = far(server)
    connected = connect(relay.url, status=(UNREACHABLE,))
    with Telnet(connected.rfc2217) as client:
        client.send(b"x")
        client.wait(b"x")
        relay.unplug()
        assert connected.program.wait(GRACE + 20) == UNREACHABLE
        client.ends()
    last = connected.failure()
    assert last["code"] == "server-unreachable" and f"within {GRACE} s" in last["detail"]
    free(server)  # the server has given it up as well


@pytest.mark.parametrize("end", ("terminate", "kill"))
def test_connect__ends_when_the_server_was_started_anew(connect, far, make_server, server, board, end):
    relay = far(server)
    connected = connect(relay.url, status=(UNREACHABLE,))
    with Telnet(connected.rfc2217) as client:
        client.send(b"x")
        client.wait(b"x")
        if end == "kill":
            relay.unplug()  # or it would be away before the new one is there
            connected.program.wait_line("was lost")
        getattr(server, end)()
        if end == "kill":
            another = make_server(lab1=board)
            relay.redirect(another.port)
            relay.plug()
        assert connected.program.wait() == UNREACHABLE
        client.ends()
    last = connected.failure()
    expected = {"terminate": ("server-unreachable", "server stops"), "kill": ("session-expired", "started anew")}[end]
    assert last["code"] == expected[0] and expected[1] in last["detail"], last
