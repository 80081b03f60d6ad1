# SPDX-License-Identifier: Apache-2.0
"""What the client does with a board besides writing it: each operation on every chip, through its stub and its ROM."""

import pytest

import firmware
from client import DONE, USAGE, farflash, farflash_json

CONTENT = firmware.payload(0x40000, seed=9)
LOADERS = [(chip, loader) for chip in ("esp32", "esp32c3", "esp8266") for loader in ("stub", "rom")]
WITH_ROM_READ = [pair for pair in LOADERS if pair != ("esp8266", "rom")]


@pytest.fixture
def on_board(make_board):
    """on_board(chip, loader, ...) starts a board with CONTENT in its flash: (it, the client's options for it)."""
    def start(chip="esp32", loader="stub", content=CONTENT, **options):
        board = make_board(chip, content=content, **options)
        return board, ["--port", board.address, *(["--no-stub"] if loader == "rom" else [])]
    return start


def blank(content, offset, size):
    return content[:offset] + b"\xff" * size + content[offset + size:]


@pytest.mark.parametrize("chip, loader", LOADERS)
def test_operations__erase_flash(on_board, chip, loader):
    board, where = on_board(chip, loader)
    done = farflash(*where, "erase-flash")
    assert done.status == DONE and "erased" in done.stdout, done
    assert board.holds(0, b"\xff" * (4 << 20))


@pytest.mark.parametrize("chip, loader", LOADERS)
def test_operations__erase_region(on_board, chip, loader):
    board, where = on_board(chip, loader)
    told, _ = farflash_json(*where, "erase-region", "0x3000", "0x12000")
    assert told["kind"] == "erase" and told["state"] == "done"
    assert told["result"]["bytes"] == 0x12000 and told["result"]["stub"] is (loader == "stub")
    assert "erase" in told["result"]["phases"]
    assert board.holds(0, blank(CONTENT, 0x3000, 0x12000))


@pytest.mark.parametrize("region, word", (
    (("0x1001", "0x1000"), "4096"), (("0x1000", "0x1001"), "4096"), (("0x1000", "0"), "0"),
    (("0x3ff000", "0x2000"), "0x400000"), (("elephant", "0x1000"), "elephant"), (("0x1000", "mouse"), "mouse"),
    (("0x1000",), "SIZE"), (("0x1000", "0x1000", "0x1000"), "one argument too many")))
def test_operations__erase_region_refuses(on_board, region, word):
    board, where = on_board()
    done = farflash(*where, "erase-region", *region)
    assert done.status == USAGE and word in done.stderr, done
    assert board.is_untouched()


def test_operations__esp8266_rom_erases_exactly_or_not_at_all(on_board):
    board, where = on_board("esp8266", "rom")
    done = farflash(*where, "erase-region", "0x10000", "0x1000")
    assert done.status == USAGE and "0x11000" in done.stderr and "stub" in done.stderr, done
    assert board.is_untouched()


@pytest.mark.parametrize("command", (["erase-flash"], ["erase-region", "0", "4096"]), ids=lambda words: words[0])
def test_operations__need_a_port(command):
    done = farflash("--server", "http://127.0.0.1:1", *command)
    assert done.status == USAGE and "--port" in done.stderr and command[0] in done.stderr, done
