# SPDX-License-Identifier: Apache-2.0
"""pyserial, the client of most tools of this field, opens the RFC 2217 port of the virtual board."""

import time

import pytest
import serial
from serial import rfc2217

APPLICATION = "hello from the application"
SYNC = bytes((0xC0, 0x00, 0x08, 36, 0, 0, 0, 0, 0, 0x07, 0x07, 0x12, 0x20)) + b"\x55" * 32 + b"\xC0"
SYNC_REPLY = bytes((0xC0, 0x01, 0x08))
DTR_ON, DTR_OFF = rfc2217.SET_CONTROL_DTR_ON, rfc2217.SET_CONTROL_DTR_OFF
RTS_ON, RTS_OFF = rfc2217.SET_CONTROL_RTS_ON, rfc2217.SET_CONTROL_RTS_OFF


@pytest.fixture
def board(make_board):
    return make_board(application=APPLICATION)


@pytest.fixture
def port(board):
    with open_port(board) as opened:
        yield opened


def open_port(board, query=""):
    return serial.serial_for_url(board.address + query, baudrate=115200, timeout=0.05)


def read_until(port, wanted, timeout=10.0):
    """Reads until `wanted` has come; returns all that came."""
    deadline, data = time.monotonic() + timeout, b""
    while wanted not in data:
        assert time.monotonic() < deadline, f"wanted {wanted!r}, got {data!r}"
        data += port.read(max(port.in_waiting, 1))
    return data


def set_lines(port, dtr, rts):
    """Both lines in one go, without waiting for the acknowledgement in between, as a tight reset wants it."""
    port.rfc2217_send_subnegotiation(rfc2217.SET_CONTROL, dtr)
    port.rfc2217_send_subnegotiation(rfc2217.SET_CONTROL, rts)


def reset_into_bootloader(port):
    set_lines(port, DTR_OFF, RTS_ON)
    time.sleep(0.1)
    set_lines(port, DTR_ON, RTS_OFF)
    time.sleep(0.05)
    set_lines(port, DTR_OFF, RTS_OFF)


def reset_into_application(port):
    port.dtr = False
    port.rts = True
    port.rts = False


def assert_in_bootloader(port):
    port.reset_input_buffer()
    port.write(SYNC)
    read_until(port, SYNC_REPLY)


def assert_not_in_bootloader(port):
    port.reset_input_buffer()
    port.write(SYNC)
    port.timeout = 0.3  # a bootloader answers within a few milliseconds
    assert SYNC_REPLY not in port.read(4096)


def test_pyserial__bare_open_leaves_the_application_running(board):
    with open_port(board) as port:
        assert port.dtr and port.rts
        assert_not_in_bootloader(port)
    with open_port(board) as port:
        assert_not_in_bootloader(port)


def test_pyserial__reads_the_boot_log_and_the_application(port):
    reset_into_application(port)
    log = read_until(port, APPLICATION.encode())
    assert b"rst:" in log and b"SPI_FAST_FLASH_BOOT" in log


def test_pyserial__tight_reset_enters_the_bootloader(port):
    reset_into_bootloader(port)
    log = read_until(port, b"waiting for download")
    assert b"DOWNLOAD_BOOT" in log
    assert_in_bootloader(port)
    reset_into_application(port)
    read_until(port, APPLICATION.encode())
    assert_not_in_bootloader(port)


def test_pyserial__slow_single_steps_boot_the_application(port):
    # Each assignment waits some 50 ms for its acknowledgement. Between the second and the third both lines are
    # asserted, which releases EN, and 50 ms are longer than EN needs to rise: a real board boots its application too.
    port.dtr = False
    port.rts = True
    port.dtr = True
    port.rts = False
    port.dtr = False
    read_until(port, APPLICATION.encode())
    assert_not_in_bootloader(port)


def test_pyserial__rates_are_acknowledged_as_set(port):
    # An assignment raises unless the server repeats the value.
    for baudrate in (9600, 74880, 115200, 460800, 921600, 2000000):
        port.baudrate = baudrate


def test_pyserial__other_settings_are_acknowledged(port):
    # As above.
    port.bytesize, port.parity, port.stopbits = serial.SEVENBITS, serial.PARITY_EVEN, serial.STOPBITS_TWO
    port.bytesize, port.parity, port.stopbits = serial.EIGHTBITS, serial.PARITY_NONE, serial.STOPBITS_ONE
    port.timeout = 0.1
    port.break_condition = True
    port.break_condition = False


@pytest.mark.parametrize("query", ("", "?poll_modem"))
def test_pyserial__modem_lines_are_known(board, query):
    with open_port(board, query) as port:
        assert isinstance(port.cts, bool)
        assert isinstance(port.dsr, bool)
        assert isinstance(port.cd, bool)
        assert isinstance(port.ri, bool)


def test_pyserial__purge_is_acknowledged_and_drops_input(port):
    reset_into_application(port)
    read_until(port, APPLICATION.encode())
    port.reset_output_buffer()
    port.reset_input_buffer()
    assert_not_in_bootloader(port)


def test_pyserial__every_byte_value_passes_both_ways(make_board):
    loopback = make_board(device="echo")
    data = bytes(range(256)) + b"\xff\xff\xff\x00\xff\xf0" * 100
    with open_port(loopback) as port:
        port.write(data)
        assert read_until(port, data) == data


def test_pyserial__port_serves_the_next_client(board):
    for _ in range(3):
        with open_port(board) as port:
            reset_into_bootloader(port)
            assert_in_bootloader(port)
            reset_into_application(port)
