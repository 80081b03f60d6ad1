# SPDX-License-Identifier: Apache-2.0
"""How a board is entered and left: every --before and --after, reset sequences of a board's own, the trace."""

import os
import re
import signal

import pytest

import firmware
from client import DONE, UNREACHABLE, USAGE, farflash, farflash_json
from program import wait_until

HELLO = "hello from the application"
CLASSIC = "D0|R1|W0.1|D1|R0|W0.05|D0"
TIGHT = "U0,0|U1,1|U0,1|W0.1|U1,0|W0.05|U0,0"
CHIPS = ("esp8266", "esp32", "esp32c3")


@pytest.fixture
def app_board(make_board):
    """app_board(chip, ...) has an application in flash that says hello."""
    def make(chip="esp32", **options):
        return make_board(chip=chip, application=HELLO, **options)
    return make


def says_hello(board, start_farflash, *options):
    """Whether the application runs, without touching the lines."""
    monitor = start_farflash("--port", board.address, "monitor", "--seconds", "10", *options)
    monitor.wait_line(HELLO)
    monitor.process.send_signal(signal.SIGINT)
    assert monitor.wait(10) == DONE, monitor.output()
    return True


@pytest.mark.parametrize("chip", CHIPS)
def test_resets__run_needs_no_lines(app_board, start_farflash, chip):
    board = app_board(chip, listen="raw:0", options=["--boot", "download"])
    done = farflash("--port", board.address, "run")
    assert done.status == DONE and "started" in done.stdout and "control lines" not in done.stdout + done.stderr.split(
        "must be in its bootloader")[-1], done
    assert says_hello(board, start_farflash)


@pytest.mark.parametrize("chip", CHIPS)
def test_resets__run_through_a_server(app_board, make_server, start_farflash, chip):
    board = app_board(chip, listen="raw:0", options=["--boot", "download"])
    rest = make_server(lab1=board.address).rest
    rest.wait_board("lab1", "idle")
    told, done = farflash_json("--server", rest.url, "run")
    assert (told["kind"], told["state"], told["result"]) == ("run", "done", None), done
    monitor = start_farflash("--server", rest.url, "monitor", "--seconds", "10")
    monitor.wait_line(HELLO)
    monitor.process.send_signal(signal.SIGINT)
    assert monitor.wait(10) == DONE, monitor.output()


@pytest.mark.parametrize("chip", CHIPS)
def test_resets__soft_reset_of_a_rom(app_board, start_farflash, chip):
    board = app_board(chip, listen="raw:0", options=["--boot", "download"])
    done = farflash("--port", board.address, "--no-stub", "--after", "soft-reset", "read-mac")
    assert done.status == DONE and "could not" not in done.stderr, done
    assert says_hello(board, start_farflash)


@pytest.mark.parametrize("chip, after, reason", (("esp32c3", "soft-reset", "no stub"), ("esp32", "watchdog-reset", "watchdog"),
                                                 ("esp32c6", "watchdog-reset", "watchdog")))
def test_resets__impossible_ways_out_are_told_before_the_work(make_board, tmp_path, chip, after, reason):
    board = make_board(chip=chip)
    (tmp_path / "app.bin").write_bytes(firmware.image(chip, 0x1000))
    told, done = farflash_json("--port", board.address, "--after", after, "write-flash", "0x10000", tmp_path / "app.bin",
                               status=USAGE)
    assert told["error"]["code"] == "unsupported" and reason in done.stderr, done
    assert board.is_untouched()


def test_resets__no_sync_talks_to_a_rom_that_waits(make_board):
    board = make_board()
    where = ["--port", board.address, "--no-stub"]
    assert farflash(*where, "--after", "no-reset", "read-mac").status == DONE
    # A change of rate would be followed by a SYNC of its own.
    done = farflash(*where, "--baud", "0", "--before", "no-reset-no-sync", "--trace", "read-mac")
    assert done.status == DONE and "> SYNC" not in done.stderr, done


@pytest.mark.parametrize("sequence", (CLASSIC, TIGHT))
def test_resets__own_sequence(make_board, sequence):
    board = make_board()
    done = farflash("--port", board.address, "--no-stub", "--trace", "--reset-sequence", sequence,
                    "--hard-reset-sequence", "R1|W0.02|R0", "read-mac")
    assert done.status == DONE, done
    assert "the board's own sequence" in done.stderr and "hold=20ms" in done.stderr, done


def test_resets__own_sequence_that_leads_elsewhere(app_board):
    board = app_board()
    told, done = farflash_json("--port", board.address, "--connect-attempts", "1", "--reset-sequence", "R1|W0.02|R0",
                               "read-mac", status=UNREACHABLE)
    assert told["error"]["code"] == "no-answer" and "application" in done.stderr, done


@pytest.mark.parametrize("option", ("--reset-sequence", "--hard-reset-sequence"))
def test_resets__sequence_that_makes_no_sense(option):
    done = farflash("--port", "socket://127.0.0.1:1", option, "D1|X2", "read-mac")
    assert done.status == USAGE and '"X2"' in done.stderr and option in done.stderr, done


@pytest.mark.parametrize("sequence, code", ((CLASSIC, None), (TIGHT, None), ("U0,1|W0.02|U0,0", "no-answer")))
def test_resets__own_sequence_of_a_servers_board(make_board, make_server, sequence, code):
    board = make_board()
    rest = make_server(lab1=f"{board.address},baud=115200,reset-sequence={sequence}").rest
    rest.wait_board("lab1", "idle")
    reply = rest.request("POST", "/api/v1/boards/lab1/info")
    assert reply.json().get("code") == code and (code or reply.status == 200), reply


def test_resets__trace_of_a_server(make_board, make_server):
    board = make_board()
    server = make_server(lab1=board.address, options=["--log-level", "trace"])
    server.rest.wait_board("lab1", "idle")
    assert server.rest.request("POST", "/api/v1/boards/lab1/info").status == 200
    server.wait_line(r"trace lab1: \+\d+\.\d+ < READ_REG value=0x00f01d83 ok")


def test_resets__trace_shows_every_frame(make_board, tmp_path):
    board = make_board()
    image = firmware.image("esp32", 0x8000)
    (tmp_path / "app.bin").write_bytes(image)
    done = farflash("--port", board.address, "--trace", "write-flash", "0x10000", tmp_path / "app.bin")
    assert done.status == DONE, done
    for pattern in (r"= DTR=0 RTS=1 hold=100ms", r"< outside frames \"ets ", r"> SYNC 0707122055", r"< frame of 4: 4f484149",
                    r"> CHANGE_BAUDRATE new=460800 old=115200", r"= port at 460800 baud",
                    r"> FLASH_DEFL_BEGIN size=0x8000 blocks=\d+ block_size=0x4000 offset=0x10000 encrypt=0",
                    r"> FLASH_DEFL_DATA size=0x\w+ seq=0 checksum=\w\w data=78\w+\.\.\. \(\d+ bytes\)",
                    r"< FLASH_DEFL_DATA value=0x00000000 ok", r"< SPI_FLASH_MD5 value=0x\w+ data=\w{32} ok"):
        assert re.search(r"^\+\d+\.\d{6} " + pattern, done.stderr, re.MULTILINE), pattern
    assert all(len(line) < 512 for line in done.stderr.splitlines())
    commands = len(re.findall(r"^\+\S+ > [A-Z]", done.stderr, re.MULTILINE))
    replies = len(re.findall(r"^\+\S+ < (?!SYNC)[A-Z]", done.stderr, re.MULTILINE))
    # Each command has its reply, but for SYNC, and for GET_SECURITY_INFO, which this ROM refuses as if it were SYNC.
    assert replies > 20 and commands == replies + len(re.findall("> SYNC", done.stderr)) + 1, done


# ---- chips that are themselves on USB ----

NATIVE = (("esp32c3", "jtag", "1001"), ("esp32s3", "jtag,reenumerate", "1001"), ("esp32s2", "otg,persist", "0002"),
          ("esp32s2", "otg", "0002"), ("esp32s3", "otg", "0009"))


def port_name(link):
    """As the shim calls it now: a board that comes back may have another one."""
    return "/dev/ttyACM" + os.path.basename(os.readlink(link))


@pytest.mark.parametrize("chip, usb, product", NATIVE)
def test_resets__native_usb(app_board, start_farflash, tmp_path, shim, chip, usb, product):
    link = tmp_path / "tty"
    board = app_board(chip, listen=f"pty:{link}", options=["--usb", usb])
    env = shim(link, f"303a,{product},7C:DF:A1:00:00:01,1,5,1-1.2")
    image = firmware.image(chip, 0x8000)
    (tmp_path / "data.bin").write_bytes(image)
    done = farflash("--port", port_name(link), "write-flash", "0x110000", tmp_path / "data.bin", env=env)
    assert done.status == DONE, done
    assert board.holds(0x110000, image)
    for _ in range(2):
        wait_until(lambda: os.path.exists(link), "the port after the reset")
        done = farflash("--port", port_name(link), "reset", env=env)
        assert done.status == DONE, done
    wait_until(lambda: os.path.exists(link), "the port after the reset")
    monitor = start_farflash("--port", port_name(link), "monitor", "--reset", "--seconds", "10", env=env)
    monitor.wait_line(HELLO)
    monitor.process.send_signal(signal.SIGINT)
    assert monitor.wait(10) == DONE, monitor.output()


@pytest.mark.parametrize("chip, usb, product", NATIVE)
def test_resets__native_usb_behind_a_server(make_board, make_server, tmp_path, shim, chip, usb, product):
    link = tmp_path / "tty"
    board = make_board(chip, listen=f"pty:{link}", options=["--usb", usb])
    rest = make_server(lab1=port_name(link), env=shim(link, f"303a,{product},7C:DF:A1:00:00:01,1,5,1-1.2")).rest
    rest.wait_board("lab1", "idle")
    for seed in (1, 2):
        image = firmware.image(chip, 0x8000, seed=seed)
        reply = rest.flash("lab1", ("0x110000", image))
        assert reply.status == 200, reply
        assert board.holds(0x110000, image)
        rest.wait_board("lab1", "idle")
