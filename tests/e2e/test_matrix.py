# SPDX-License-Identifier: Apache-2.0
"""One chip of each kind through the server, in every way of writing, compared byte by byte with the flash file. What every
chip can do is test_chips.py's."""

import pytest

import firmware
from rest import assert_problem

SIZE = 0x18010  # more than one block of any loader, and no multiple of 4096
CHIPS = ("esp8266", "esp32", "esp32c3", "esp32p4")
LOADERS = [(chip, stub) for chip in CHIPS for stub in ("true", "false") if (chip, stub) != ("esp8266", "false")]


def start(make_board, make_server, chip, **options):
    board = make_board(chip, **options)
    rest = make_server(lab1=board).rest
    rest.wait_board("lab1", "idle")
    return board, rest


@pytest.mark.parametrize("compress", ("true", "false"), ids=("deflate", "plain"))
@pytest.mark.parametrize("chip, stub", LOADERS)
def test_matrix__writes_and_verifies(make_board, make_server, chip, stub, compress):
    old = firmware.payload(0x40000, seed=9)
    board, rest = start(make_board, make_server, chip, content=old)
    image = firmware.image(chip, SIZE)
    reply = rest.flash("lab1", ("0x10000", image), query=f"?stub={stub}&compress={compress}")
    assert reply.status == 200, reply
    result, info = reply.json()["result"], reply.json()["info"]
    assert (info["chip"], info["flash_size"]) == (firmware.NAMES[chip], 4 << 20)
    assert result["stub"] is (stub == "true") and result["verified"] is True and result["bytes"] == SIZE
    assert board.holds(0x10000, image)
    assert board.flash(0, 0x10000) == old[:0x10000], "what lies before the image has changed"
    end = -(-(0x10000 + SIZE) // firmware.SECTOR) * firmware.SECTOR
    assert board.flash(end, len(old) - end) == old[end:], "what lies behind the last sector has changed"


@pytest.mark.parametrize("revision", ("300", "301"))
def test_matrix__esp32p4_gets_the_stub_of_its_revision(make_board, make_server, revision):
    """The board runs no other one."""
    board, rest = start(make_board, make_server, "esp32p4", options=["--revision", revision])
    image = firmware.image("esp32p4", SIZE)
    reply = rest.flash("lab1", ("0x10000", image))
    assert reply.status == 200, reply
    assert reply.json()["result"]["stub"] is True
    assert reply.json()["info"]["revision"] == f"v{revision[0]}.{revision[2]}"
    assert board.holds(0x10000, image)


@pytest.mark.parametrize("revision", ("301", "302"))
def test_matrix__esp32p4_rom_reaches_a_flash_that_was_off(make_board, make_server, revision):
    board, rest = start(make_board, make_server, "esp32p4", options=["--revision", revision])
    image = firmware.image("esp32p4", SIZE)
    reply = rest.flash("lab1", ("0x10000", image), query="?stub=false")
    assert reply.status == 200, reply
    assert board.holds(0x10000, image)


def test_matrix__esp8266_rom_cannot_verify(make_board, make_server):
    """Its ROM has no MD5 command, and an answer of 200 would promise that the flash was verified."""
    board, rest = start(make_board, make_server, "esp8266", content=firmware.payload(0x40000, seed=9))
    reply = rest.flash("lab1", ("0x10000", firmware.image("esp8266", SIZE)), query="?stub=false")
    assert_problem(reply, 422, "unsupported", "lab1", "ESP8266", "stub")
    assert board.is_untouched()


@pytest.mark.parametrize("compress", ("true", "false"), ids=("deflate", "plain"))
def test_matrix__esp8266_rom_writes_what_need_not_be_verified(make_board, make_server, compress):
    board, rest = start(make_board, make_server, "esp8266")
    image = firmware.image("esp8266", SIZE)
    reply = rest.flash("lab1", ("0x10000", image), query=f"?stub=false&verify=false&compress={compress}")
    assert reply.status == 200, reply
    result = reply.json()["result"]
    assert result["verified"] is False and result["stub"] is False and result["bytes"] == SIZE
    assert board.holds(0x10000, image)


@pytest.mark.parametrize("chip", ("esp8266", "esp32", "esp32c3", "esp32p4"))  # bootloaders at 0x0, 0x1000 and 0x2000
def test_matrix__a_whole_project(make_board, make_server, chip):
    board, rest = start(make_board, make_server, chip)
    parts = [(firmware.BOOTLOADER_AT[chip], firmware.bootloader(chip)), (0x8000, firmware.partition_table()),
             (0x10000, firmware.image(chip, SIZE))]
    reply = rest.flash("lab1", *[(hex(offset), image) for offset, image in parts])
    assert reply.status == 200, reply
    for offset, image in parts:
        assert board.holds(offset, image)


@pytest.mark.parametrize("size", (1, 3, 4095, 4096, 4097, 0x4000, 0x4001))
def test_matrix__odd_sizes(make_board, make_server, size):
    board, rest = start(make_board, make_server, "esp32")
    image = firmware.payload(size)
    assert rest.put("lab1", image, "?offset=0x10000").status == 200
    assert board.holds(0x10000, image + b"\xff" * 16)


@pytest.mark.parametrize("fill", (0x00, 0xFF, 0xC0, 0xDB))
@pytest.mark.parametrize("compress", ("true", "false"), ids=("deflate", "plain"))
def test_matrix__uniform_content(make_board, make_server, fill, compress):
    """Deflates a thousandfold, or doubles on the wire through escapes."""
    board, rest = start(make_board, make_server, "esp32", content=bytes(0x40000))
    image = bytes((fill,)) * 0x30000
    reply = rest.put("lab1", image, f"?offset=0x0&compress={compress}")
    assert reply.status == 200, reply
    assert board.holds(0, image)


@pytest.mark.parametrize("flash_size", ("1MB", "2MB", "4MB", "8MB", "16MB"))
def test_matrix__flash_size_is_detected_and_its_end_is_written(make_board, make_server, flash_size):
    board, rest = start(make_board, make_server, "esp32", flash_size=flash_size)
    size = int(flash_size[:-2]) << 20
    image = firmware.payload(0x8000)
    reply = rest.put("lab1", image, f"?offset={size - len(image)}")
    assert reply.status == 200, reply
    assert reply.json()["info"]["flash_size"] == size
    assert board.holds(size - len(image), image)


@pytest.mark.parametrize("flash_size", ("4MB", "16MB"))
def test_matrix__rom_writes_beyond_its_default_of_2_mb(make_board, make_server, flash_size):
    board, rest = start(make_board, make_server, "esp32", flash_size=flash_size)
    image = firmware.payload(0x8000)
    reply = rest.put("lab1", image, "?offset=0x300000&stub=false")
    assert reply.status == 200, reply
    assert board.holds(0x300000, image)


@pytest.mark.parametrize("baud", (0, 115200, 230400, 460800, 921600, 1500000, 2000000))
def test_matrix__rates(make_board, make_server, baud):
    board, rest = start(make_board, make_server, "esp32")
    image = firmware.image("esp32", 0x4000)
    reply = rest.put("lab1", image, f"?offset=0x10000&baud={baud}")
    assert reply.status == 200, reply
    assert reply.json()["result"]["baud"] == (baud or 115200)
    assert board.holds(0x10000, image)


def test_matrix__one_board_flashed_many_times(make_board, make_server):
    board, rest = start(make_board, make_server, "esp32c3")
    for seed in range(6):
        image = firmware.image("esp32c3", 0x8000, seed=seed)
        assert rest.flash("lab1", ("0x10000", image)).status == 200
        assert board.holds(0x10000, image)
