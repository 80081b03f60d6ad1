# SPDX-License-Identifier: Apache-2.0
"""The virtual board's own USB port, as a program that knows nothing of farflash sees it: pyserial over RFC 2217, and the
pty's files."""

import os
import socket

import pytest
import serial

from program import wait_until

SYNC = b"\xc0\x00\x08\x24\x00\x00\x00\x00\x00\x07\x07\x12\x20" + b"\x55" * 32 + b"\xc0"


@pytest.fixture
def open_port():
    """open_port(board) opens it with both lines released."""
    ports = []

    def open_one(board):
        port = serial.serial_for_url(board.address, do_not_open=True, timeout=0.2)
        port.dtr = port.rts = False
        port.open()
        ports.append(port)
        return port
    yield open_one
    for port in ports:
        port.close()


def lines(port, *steps):
    for dtr, rts in steps:
        if port.dtr != dtr:
            port.dtr = dtr
        if port.rts != rts:
            port.rts = rts


def answers_sync(port):
    port.reset_input_buffer()
    port.write(SYNC)
    return b"\x01\x08" in port.read(200)


def application_runs(port):
    port.timeout = 5
    runs = port.read_until(b"the application").endswith(b"the application")
    port.timeout = 0.2
    return runs


def test_virtual_usb__jtag_lines_lead_into_download_mode(make_board, open_port):
    board = make_board("esp32c3", options=["--usb", "jtag"], application="the application")
    port = open_port(board)
    assert application_runs(port)
    lines(port, (True, False), (True, True), (False, True), (False, False))
    wait_until(lambda: answers_sync(port), "an answer to SYNC")
    lines(port, (False, True), (False, False))
    assert application_runs(port)


def test_virtual_usb__idle_loader_is_reset_by_the_watchdog(make_board, open_port):
    board = make_board("esp32c3", options=["--usb", "jtag,watchdog=0.3", "--boot", "download"],
                       application="the application")
    port = open_port(board)
    assert application_runs(port)


def test_virtual_usb__otg_reset_closes_the_connection(make_board, open_port):
    board = make_board("esp32s3", options=["--usb", "otg"], application="the application")
    with socket.create_connection(("127.0.0.1", board.port)) as raw:
        raw.settimeout(5)
        raw.sendall(b"\xff\xfb\x2c")  # WILL COM-PORT
        raw.sendall(b"\xff\xfa\x2c\x05\x08\xff\xf0" + b"\xff\xfa\x2c\x05\x0b\xff\xf0")  # DTR on, RTS on
        raw.sendall(b"\xff\xfa\x2c\x05\x0c\xff\xf0")  # RTS off: into download mode
        while raw.recv(4096):
            pass
    port = open_port(board)  # the same address, and the chip is where the lines have led it
    wait_until(lambda: answers_sync(port), "an answer to SYNC")


def test_virtual_usb__otg_reset_gives_the_pty_another_name(make_board, tmp_path):
    link = str(tmp_path / "tty")
    board = make_board("esp32s3", listen=f"pty:{link}", options=["--usb", "otg"])
    first = os.readlink(board.address)
    holder = os.open(first, os.O_RDWR | os.O_NOCTTY)  # its number stays taken
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for state in (b"01", b"10"):
            sender.sendto(state, link + ".lines")
    wait_until(lambda: os.path.lexists(link) and os.readlink(link) != first, "the port under another name")
    wait_until(lambda: os.path.exists(link + ".lines"), "its control lines")
    os.close(holder)


def test_virtual_usb__loopback_plug_has_no_chip_to_reset(make_board, open_port):
    board = make_board(device="echo", options=["--usb", "jtag"])
    port = open_port(board)
    lines(port, (False, True), (False, False))
    port.write(b"farflash")
    assert port.read_until(b"farflash") == b"farflash"
