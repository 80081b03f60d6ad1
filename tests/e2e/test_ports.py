# SPDX-License-Identifier: Apache-2.0
"""The engine through each kind of port: RFC 2217, raw TCP, a pty, and a serial port through libserialport, for which a
preloaded shim gives a pty the sysfs entry and the control lines that libserialport wants to see."""

import fcntl
import signal

import pytest

import firmware
from client import BUSY, DONE, farflash, farflash_json

IMAGE = firmware.image("esp32", 0x10000)


@pytest.fixture
def image_file(tmp_path):
    path = tmp_path / "app.bin"
    path.write_bytes(IMAGE)
    return path


def test_ports__rfc2217(make_board, image_file):
    board = make_board()
    assert farflash("--port", board.address, "write-flash", "0x10000", image_file).status == DONE
    assert board.holds(0x10000, IMAGE)


def test_ports__raw_tcp(make_board, image_file):
    board = make_board(listen="raw:0", options=["--boot", "download"])
    done = farflash("--port", board.address, "write-flash", "0x10000", image_file)
    assert done.status == DONE, done
    assert board.holds(0x10000, IMAGE)


def test_ports__pty(make_board, tmp_path, image_file):
    board = make_board(listen=f"pty:{tmp_path}/tty", options=["--boot", "download"])
    done = farflash("--port", tmp_path / "tty", "write-flash", "0x10000", image_file)
    assert done.status == DONE, done
    assert board.holds(0x10000, IMAGE)


def test_ports__pty_behind_a_server(make_board, make_server, tmp_path):
    board = make_board(listen=f"pty:{tmp_path}/tty", options=["--boot", "download"])
    rest = make_server(lab1=str(tmp_path / "tty")).rest
    rest.wait_board("lab1", "idle")
    reply = rest.flash("lab1", ("0x10000", IMAGE))
    assert reply.status == 200, reply
    assert board.holds(0x10000, IMAGE)


@pytest.mark.parametrize("baud", (115200, 460800, 921600, 250000))
def test_ports__serial(make_board, tmp_path, image_file, shim, baud):
    link = tmp_path / "ttyUSB0"
    board = make_board(listen=f"pty:{link}")
    told, _ = farflash_json("--port", f"serial:{link}", "write-flash", "--baud", str(baud), "0x10000", image_file,
                            env=shim(link))
    assert told["result"]["baud"] == baud
    assert board.holds(0x10000, IMAGE)


def test_ports__serial_reset(make_board, start_farflash, tmp_path, shim):
    link = tmp_path / "ttyUSB0"
    make_board(listen=f"pty:{link}", application="hello from the application")
    monitor = start_farflash("--port", f"serial:{link}", "monitor", "--reset", env=shim(link))
    monitor.wait_line("hello from the application")
    monitor.process.send_signal(signal.SIGINT)
    assert monitor.wait(10) == DONE, monitor.output()


def test_ports__serial_behind_a_server(make_board, make_server, tmp_path, shim):
    link = tmp_path / "ttyUSB0"
    board = make_board(listen=f"pty:{link}")
    rest = make_server(lab1=f"serial:{link}", env=shim(link)).rest
    rest.wait_board("lab1", "idle")
    for seed in (1, 2):
        image = firmware.image("esp32", 0x8000, seed=seed)
        reply = rest.flash("lab1", ("0x10000", image))
        assert reply.status == 200, reply
        assert board.holds(0x10000, image)


@pytest.mark.parametrize("kind", ("", "serial:"))
def test_ports__locked_by_another_process(make_board, tmp_path, shim, kind):
    link = tmp_path / "ttyUSB0"
    make_board(listen=f"pty:{link}")
    with open(link, "rb+", buffering=0) as holder:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        done = farflash("--port", f"{kind}{link}", "read-mac", env=shim(link) if kind else None)
    assert done.status == BUSY and "use" in done.stderr and str(link) in done.stderr, done


def test_ports__two_clients_of_one_port(make_board, start_farflash, tmp_path):
    """The second one hears that the port is in use, and the first one is not disturbed."""
    link = tmp_path / "tty"
    make_board(listen=f"pty:{link}", application="hello from the application", options=["--boot", "app"])
    first = start_farflash("--port", link, "monitor")
    first.wait_line("hello from the application")
    assert farflash("--port", link, "read-mac").status == BUSY
    first.wait_line("hello from the application", start=len(first.lines))
    first.process.send_signal(signal.SIGINT)
    assert first.wait(10) == DONE, first.output()
