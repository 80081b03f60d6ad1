# SPDX-License-Identifier: Apache-2.0
"""Espressif's esptool-js flashes the virtual board. It shares nothing with the engine, so it shows that the board speaks
the protocol and not merely the engine's idea of it."""

import json
import os

import pytest

import chips
import firmware
from client import farflash, farflash_json
from program import run

DRIVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "esptool_js", "flash.mjs")
TARGETS = os.path.join(chips.ROOT, "node_modules", "esptool-js", "lib", "targets")
CHIPS = [chip for chip in chips.names() if os.path.exists(os.path.join(TARGETS, f"{chip}.js"))]
WITH_STUB = [chip for chip in CHIPS if os.path.exists(os.path.join(TARGETS, "stub_flasher", f"{chip}.json"))]
ONE_OF_EACH_KIND = ("esp8266", "esp32", "esp32c3")  # where the chip makes no difference but by its generation
SIZE = 0x18000


def esptool_js(board, tmp_path, parts, **options):
    """Flashes (offset, bytes) parts; returns what the driver says."""
    files = []
    for index, (offset, content) in enumerate(parts):
        path = tmp_path / f"part{index}.bin"
        path.write_bytes(content)
        files.append({"address": offset, "path": str(path)})
    return drive(board, files, **options)


def drive(board, files, **options):
    done = run(["node", DRIVER, json.dumps({"address": board.address, "files": files, **options})], timeout=40)
    assert done.status == 0, done
    return json.loads(done.stdout)


def parts_of(chip):
    return [(firmware.BOOTLOADER_AT[chip], firmware.bootloader(chip)),
            (0x8000, firmware.partition_table()),
            (0x10000, firmware.image(chip, SIZE))]


def revision_in_esptool_js(chip, revision):
    """It tells but one of the two numbers of some chips."""
    major, minor = revision.removeprefix("v").split(".")
    return {"esp32": major, "esp32c2": major, "esp32c6": minor}.get(chip, revision)


def assert_flashed(board, parts):
    for offset, content in parts:
        assert board.holds(offset, content)


@pytest.mark.parametrize("chip", ONE_OF_EACH_KIND)
def test_esptool_js__flashes_through_the_stub_over_rfc2217(make_board, tmp_path, chip):
    board, parts = make_board(chip), parts_of(chip)
    result = esptool_js(board, tmp_path, parts, baud=460800)
    assert (result["chip"], result["stub"], result["baud"]) == (firmware.NAMES[chip], True, 460800)
    assert_flashed(board, parts)


@pytest.mark.parametrize("chip", ONE_OF_EACH_KIND)
def test_esptool_js__flashes_through_the_stub_over_raw_tcp(make_board, tmp_path, chip):
    board, parts = make_board(chip, listen="raw:0", options=["--boot", "download"]), parts_of(chip)
    result = esptool_js(board, tmp_path, parts, before="no_reset")
    assert (result["chip"], result["stub"]) == (firmware.NAMES[chip], True)
    assert_flashed(board, parts)


# From the S2 on all want five words in FLASH_DEFL_BEGIN (esptool 5.3 loader.py); esptool-js 0.7.0 sends them only to S2,
# S3, C3 and C2, and it does not know that the C2's ROM misses the rate.
@pytest.mark.parametrize("chip", ("esp32", "esp32s2", "esp32s3", "esp32c3"))
def test_esptool_js__flashes_through_the_rom_deflated(make_board, tmp_path, chip):
    board, parts = make_board(chip), parts_of(chip)
    result = esptool_js(board, tmp_path, parts, stub=False, baud=460800)
    assert (result["chip"], result["stub"]) == (firmware.NAMES[chip], False)
    assert_flashed(board, parts)


@pytest.mark.parametrize("chip", ONE_OF_EACH_KIND)
def test_esptool_js__flashes_plain_bytes_through_the_stub(make_board, tmp_path, chip):
    board, parts = make_board(chip), parts_of(chip)
    esptool_js(board, tmp_path, parts, compress=False)
    assert_flashed(board, parts)


# ESP8266 and ESP32 take four words in FLASH_BEGIN, and esptool-js sends five to all.
@pytest.mark.parametrize("chip", ("esp32c2", "esp32c3", "esp32c6", "esp32p4"))
def test_esptool_js__flashes_plain_bytes_through_the_rom(make_board, tmp_path, chip):
    board, parts = make_board(chip), parts_of(chip)
    esptool_js(board, tmp_path, parts, compress=False, stub=False)
    assert_flashed(board, parts)


@pytest.mark.parametrize("chip", CHIPS)
def test_esptool_js__and_the_engine_see_the_same_chip_and_flash(make_board, tmp_path, chip):
    """It writes and compares the chip's MD5, the engine reads back."""
    board = make_board(chip, flash_size="2MB")
    image = firmware.image(chip, 0x2010)
    stub = chip in WITH_STUB
    theirs = esptool_js(board, tmp_path, [(0x10000, image)], baud=460800, stub=stub, compress=stub)
    assert theirs["stub"] is stub and board.holds(0x10000, image)
    told, _ = farflash_json("--port", board.address, "read-flash", "0x10000", hex(len(image)), tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == image
    info = told["info"]
    assert info["chip"] == theirs["chip"]
    assert info["mac"] == theirs["mac"]
    if chip != "esp8266":  # has none
        assert f"(revision {revision_in_esptool_js(chip, info['revision'])})" in theirs["description"]
    if chip != "esp8266":  # there esptool-js 0.7.0 takes the length registers that this chip lacks for its command register
        assert int(info["flash_id"], 16) == theirs["flash_id"]
    assert info["flash_size"] == 2 << 20


@pytest.mark.parametrize("chip", WITH_STUB)
def test_esptool_js__reads_what_the_engine_wrote_and_erases_it(make_board, tmp_path, chip):
    board = make_board(chip, flash_size="2MB")
    image = firmware.image(chip, 0x2010)
    (tmp_path / "image.bin").write_bytes(image)
    assert farflash("--port", board.address, "write-flash", "0x10000", tmp_path / "image.bin").status == 0
    drive(board, [{"address": 0x10000, "size": len(image), "path": str(tmp_path / "back.bin")}], operation="read")
    assert (tmp_path / "back.bin").read_bytes() == image
    drive(board, [], operation="erase")
    assert board.holds(0, b"\xff" * (2 << 20))
