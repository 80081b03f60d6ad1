# SPDX-License-Identifier: Apache-2.0
"""Boards behind the ports of farflashd: resets over a distance, stock tools, and jobs beside sessions."""

import json
import threading
import time

import pytest

import firmware
from bridge import Raw, Telnet, open_serial, read_until
from client import farflash_json
from program import run, wait_until
from test_esptool_js import DRIVER, parts_of, assert_flashed
from test_pyserial import APPLICATION, DTR_OFF, DTR_ON, RTS_OFF, RTS_ON, SYNC, SYNC_REPLY, set_lines

RTTS = (0, 0.02, 0.1, 0.3)
IMAGE = firmware.image("esp32", 0x8000)


@pytest.fixture
def board(make_board):
    return make_board(application=APPLICATION)


@pytest.fixture
def far(server, make_relay):
    """far(rtt) is the board's RFC 2217 port at that distance."""
    return lambda rtt: make_relay(server.port_of("lab1", "rfc2217"), rtt).port if rtt else server.port_of("lab1", "rfc2217")


def classic_reset(port, hold=0.05):
    """As esptool does it over RFC 2217: each change is a round trip, and DTR follows each RTS as it was."""
    port.dtr = False
    port.rts = True
    port.dtr = port.dtr
    time.sleep(0.1)
    port.dtr = True
    port.rts = False
    port.dtr = port.dtr
    time.sleep(hold)
    port.dtr = False


def hard_reset(port):
    port.dtr = False
    port.rts = True
    port.dtr = port.dtr
    time.sleep(0.1)
    port.rts = False
    port.dtr = port.dtr


def tight_reset(port):
    for dtr, rts, hold in ((DTR_OFF, RTS_OFF, 0), (DTR_ON, RTS_ON, 0), (DTR_OFF, RTS_ON, 0.1), (DTR_ON, RTS_OFF, 0.05),
                           (DTR_OFF, RTS_OFF, 0)):
        set_lines(port, dtr, rts)
        time.sleep(hold)


def assert_in_bootloader(port):
    port.reset_input_buffer()
    port.write(SYNC)
    read_until(port, SYNC_REPLY)


# ---- resets ----

@pytest.mark.parametrize("rtt", RTTS)
@pytest.mark.parametrize("query", ("", "?ign_set_control"))
def test_resets__classic_at_any_distance(far, rtt, query):
    with open_serial(far(rtt), query) as port:
        classic_reset(port)
        read_until(port, b"waiting for download")
        assert_in_bootloader(port)
        hard_reset(port)
        read_until(port, APPLICATION.encode())


@pytest.mark.parametrize("rtt", RTTS)
def test_resets__tight_at_any_distance(far, rtt):
    with open_serial(far(rtt)) as port:
        tight_reset(port)
        read_until(port, b"waiting for download")
        assert_in_bootloader(port)


@pytest.mark.parametrize("rtt", RTTS)
def test_resets__our_engine_at_any_distance(far, rtt):
    told, _ = farflash_json("--port", f"rfc2217://127.0.0.1:{far(rtt)}", "read-mac")
    assert told


@pytest.mark.parametrize("rtt", RTTS)
def test_resets__esptool_js_at_any_distance(board, far, tmp_path, rtt):
    (tmp_path / "app.bin").write_bytes(IMAGE)
    wanted = {"address": f"rfc2217://127.0.0.1:{far(rtt)}", "baud": 460800,
              "files": [{"address": 0x10000, "path": str(tmp_path / "app.bin")}],
              "stub": rtt < 0.3}  # esptool-js 0.7 waits 50 ms for the stub to start, and some more
    done = run(["node", DRIVER, json.dumps(wanted)], timeout=60)
    assert done.status == 0, done
    assert board.holds(0x10000, IMAGE)


def test_resets__opening_and_closing_leave_the_board_running(server, far):
    with Raw(server.port_of("lab1", "raw")) as reader:
        for rtt in (0, 0.1):
            for _ in range(2):
                with open_serial(far(rtt)) as opened:
                    assert opened.dtr and opened.rts
        with open_serial(far(0)) as port:
            hard_reset(port)
            read_until(port, b"rst:")
        # Only the reset that was asked for: with another one there would be two before the application says anything.
        assert b"rst:" not in reader.wait(b"rst:")
        assert b"rst:" not in reader.wait(APPLICATION.encode())
        assert b"rst:" not in reader.wait(APPLICATION.encode())


def test_resets__closing_in_the_bootloader_leaves_it_there(server, far):
    with open_serial(far(0)) as port:
        classic_reset(port)
        read_until(port, b"waiting for download")
    wait_until(lambda: server.rest.board("lab1")["holder"] is None, "the board to be free")
    with open_serial(far(0)) as port:
        assert_in_bootloader(port)


def test_resets__passthrough_moves_the_lines_as_they_come(make_board, make_server):
    board = make_board(application=APPLICATION)
    server = make_server(options=["--board", f"lab1={board.address},reset=passthrough"])
    server.rest.wait_board("lab1", "idle")
    with open_serial(server.port_of("lab1", "rfc2217")) as port:
        assert server.rest.board("lab1")["holder"]  # opening moves lines
        classic_reset(port)  # too slow for the circuit: it boots its application
        read_until(port, APPLICATION.encode())
        tight_reset(port)
        read_until(port, b"waiting for download")


def test_resets__another_client_cannot_reset_the_writers_board(server, far):
    with open_serial(far(0)) as writer, open_serial(far(0)) as other:
        classic_reset(writer)
        read_until(writer, b"waiting for download")
        hard_reset(other)
        read_until(other, b"is in use by the RFC 2217 client")
        assert_in_bootloader(writer)


def test_resets__a_port_without_lines_can_be_opened_all_the_same(make_board, make_server):
    board = make_board(device="echo", listen="raw:0")
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    with open_serial(server.port_of("lab1", "rfc2217")) as port:
        hard_reset(port)
        port.write(b"hello")
        read_until(port, b"hello")
        with Telnet(server.port_of("lab1", "rfc2217")) as client:
            assert client.ask(5, 5) == b"\x06"  # no break either


# ---- tools ----

@pytest.mark.parametrize("chip", ("esp8266", "esp32", "esp32c3"))
def test_tools__esptool_js_flashes_through_the_bridge(make_board, make_server, tmp_path, chip):
    board, parts = make_board(chip), parts_of(chip)
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    files = []
    for index, (offset, content) in enumerate(parts):
        (tmp_path / f"part{index}").write_bytes(content)
        files.append({"address": offset, "path": str(tmp_path / f"part{index}")})
    address = f"rfc2217://127.0.0.1:{server.port_of('lab1', 'rfc2217')}"
    done = run(["node", DRIVER, json.dumps({"address": address, "files": files, "baud": 921600})], timeout=60)
    assert done.status == 0, done
    assert_flashed(board, parts)


def test_tools__our_engine_flashes_through_two_bridges(make_board, make_server, tmp_path):
    board = make_board()
    near = make_server(lab1=board)
    near.rest.wait_board("lab1", "idle")
    far = make_server(lab1=f"rfc2217://127.0.0.1:{near.port_of('lab1', 'rfc2217')}")
    far.rest.wait_board("lab1", "idle")
    reply = far.rest.flash("lab1", ("0x10000", IMAGE))
    assert reply.status == 200, reply
    assert board.holds(0x10000, IMAGE)


def test_tools__the_engine_flashes_through_a_serial_port_behind_the_bridge(make_board, make_server, tmp_path, shim):
    link = tmp_path / "ttyUSB0"
    board = make_board(listen=f"pty:{link}", application=APPLICATION)
    server = make_server(lab1=f"serial:{link}", env=shim(link))
    server.rest.wait_board("lab1", "idle")
    (tmp_path / "app.bin").write_bytes(IMAGE)
    address = f"rfc2217://127.0.0.1:{server.port_of('lab1', 'rfc2217')}"
    farflash_json("--port", address, "write-flash", "0x10000", tmp_path / "app.bin")
    assert board.holds(0x10000, IMAGE)
    with open_serial(server.port_of("lab1", "rfc2217")) as port:
        assert (port.cts, port.dsr, port.cd, port.ri) in ((True, True, False, False), (True, True, True, False))
        classic_reset(port)
        assert_in_bootloader(port)  # a pty tells the virtual board its rate with the bytes only


# ---- jobs ----

def test_jobs__are_refused_while_a_client_writes(server, far, board):
    with open_serial(far(0)) as port:
        hard_reset(port)
        holder = wait_until(lambda: server.rest.board("lab1")["holder"], "the writer")
        for reply in (server.rest.flash("lab1", ("0x10000", IMAGE)),
                      server.rest.request("POST", "/api/v1/boards/lab1/reset"),
                      server.rest.request("POST", "/api/v1/boards/lab1/console", b"x")):
            assert reply.status == 409 and reply.json()["code"] == "board-busy", reply
            assert holder in reply.json()["detail"]
    wait_until(lambda: server.rest.board("lab1")["holder"] is None, "the board to be free")
    assert server.rest.flash("lab1", ("0x10000", IMAGE)).status == 200


def test_jobs__wait_for_the_writer_if_told_so(make_server, board):
    server = make_server(options=["--writer-blocks-jobs", "wait"], lab1=board)
    server.rest.wait_board("lab1", "idle")
    with open_serial(server.port_of("lab1", "rfc2217")) as port:
        hard_reset(port)
        wait_until(lambda: server.rest.board("lab1")["holder"], "the writer")
        job = server.rest.flash_async("lab1", ("0x10000", IMAGE))
        classic_reset(port)
        assert_in_bootloader(port)
        assert server.rest.job(job["id"])["state"] == "queued"
    assert server.rest.wait_job(job["id"])["state"] == "done"
    assert board.holds(0x10000, IMAGE)


def test_jobs__do_not_wait_for_readers_and_are_marked(server, far, board):
    with Raw(server.port_of("lab1", "raw")) as reader, open_serial(far(0)) as port:
        assert server.rest.flash("lab1", ("0x10000", IMAGE)).status == 200
        reader.wait(b"is at work on job 1")
        reader.wait(b"has ended job 1")
        read_until(port, b"has ended job 1")


def test_jobs__keep_back_what_a_client_sends_meanwhile(make_board, make_server):
    board = make_board(application=APPLICATION, timing="real")
    server = make_server(lab1=board)
    rest = server.rest
    rest.wait_board("lab1", "idle")
    job = rest.flash_async("lab1", ("0x10000", firmware.image("esp32", 0x20000)))
    rest.wait_phase(job["id"], "write")
    with open_serial(server.port_of("lab1", "rfc2217"), timeout=30) as port:
        closer = threading.Thread(target=lambda: rest.wait_job(job["id"]))
        closer.start()
        classic_reset(port)  # it is acknowledged at once, and happens when the job has ended
        port.write(SYNC)
        data = read_until(port, SYNC_REPLY, timeout=60)
        assert b"[farflash]" not in data, "no words among a tool's bytes"
        closer.join()
    assert rest.job(job["id"])["state"] == "done"
    assert board.holds(0x10000, firmware.image("esp32", 0x20000))


def test_jobs__a_lost_board_is_told_and_comes_back(make_board, make_server, make_relay):
    board = make_board(device="echo")
    relay = make_relay(board.port)
    server = make_server(lab1=f"rfc2217://127.0.0.1:{relay.port}")
    server.rest.wait_board("lab1", "idle")
    with Raw(server.port_of("lab1", "raw")) as client, Raw(server.port_of("lab1", "raw")) as reader:
        client.send(b"before")
        client.wait(b"before")
        relay.unplug()
        reader.wait(b"lab1 is lost")
        client.send(b"during")
        relay.plug()
        reader.wait(b"lab1 is there")
        client.wait(b"during")  # not a byte is lost
