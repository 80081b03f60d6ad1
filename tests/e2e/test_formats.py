# SPDX-License-Identifier: Apache-2.0
"""Files that bring their own flash offsets: written and compared at --port and through the server."""

import struct

import pytest

import firmware
from client import DONE, FAILED, USAGE, farflash, farflash_json

KB = 1024
FAMILY = {"esp32": 0x1C5F21B0, "esp32c3": 0xD42BA06C}
BLANK = b"\xff"


def hex_file(pieces):
    """Intel HEX of (address, bytes) pieces, in records of 32 bytes."""
    def record(kind, address, data):
        body = struct.pack(">BHB", len(data), address & 0xFFFF, kind) + data
        return ":" + (body + bytes((-sum(body) & 0xFF,))).hex().upper() + "\n"
    text = ""
    for address, data in pieces:
        for at in range(0, len(data), 32):
            text += record(4, 0, struct.pack(">H", address + at >> 16)) + record(0, address + at, data[at:at + 32])
    return (text + record(1, 0, b"")).encode()


def uf2_file(pieces, family):
    """UF2 of (address, bytes) pieces, in blocks of 256 bytes."""
    chunks = [(address + at, data[at:at + 256]) for address, data in pieces for at in range(0, len(data), 256)]
    return b"".join(struct.pack("<8I476sI", 0x0A324655, 0x9E5D5157, 0x2000, address, len(data), number, len(chunks),
                                family, data, 0x0AB16F30) for number, (address, data) in enumerate(chunks))


@pytest.fixture
def pieces():
    """An application, and two small pieces in one flash sector that begin where it does not."""
    return [(0x10000, firmware.image("esp32", 16 * KB)), (0x9100, b"first" * 3), (0x9200, b"second")]


@pytest.fixture
def sector():
    """The flash sector with the two small pieces."""
    return (BLANK * 0x100 + b"first" * 3).ljust(0x200, BLANK) + b"second"


@pytest.fixture(params=["hex", "uf2"])
def path(request, pieces, tmp_path):
    """The pieces as a file, whose name says nothing."""
    path = tmp_path / "firmware"
    path.write_bytes(hex_file(pieces) if request.param == "hex" else uf2_file(pieces, FAMILY["esp32"]))
    return path


@pytest.fixture(params=["port", "server"])
def where(request, board):
    """The arguments that lead to `board`."""
    if request.param == "port":
        return ["--port", board.address]
    server = request.getfixturevalue("server")
    return ["--server", server.url]


def test_formats__write_flash(path, where, board, pieces, sector):
    job, _ = farflash_json(*where, "write-flash", path)
    assert board.holds(0x10000, pieces[0][1]) and board.holds(0x9000, sector)
    assert [(region["offset"], region["size"], region["name"]) for region in job["regions"]] == [
        ("0x9000", len(sector), "firmware @ 0x9000"), ("0x10000", 16 * KB, "firmware @ 0x10000")]
    assert job["result"]["verified"] is True


def test_formats__beside_plain_files(path, where, board, pieces, tmp_path):
    (tmp_path / "boot.bin").write_bytes(b"boot")
    done = farflash(*where, "write-flash", "0x1000", tmp_path / "boot.bin", "0x0", path, "0x2000", tmp_path / "boot.bin")
    assert done.status == DONE, done
    assert board.holds(0x1000, b"boot") and board.holds(0x2000, b"boot") and board.holds(0x10000, pieces[0][1])


def test_formats__verify_flash_compares_just_the_pieces(path, make_board, pieces):
    flash = bytearray(b"\x55" * 0x20000)
    for address, data in pieces:
        flash[address:address + len(data)] = data
    board = make_board(content=bytes(flash))
    done = farflash("--port", board.address, "verify-flash", path)
    assert done.status == DONE and done.stdout.count("verified") == 3, done
    done = farflash("--port", make_board().address, "verify-flash", path)
    assert done.status == FAILED and "firmware @ 0x9100 at 0x9100 differs" in done.stdout, done


def test_formats__argument_files_take_them(path, board, pieces):
    (path.parent / "flash_args").write_text(f"--flash_mode dio {path.name}\n")
    done = farflash("--port", board.address, "write-flash", f"@{path.parent}/flash_args", cwd="/")
    assert done.status == DONE and board.holds(0x10000, pieces[0][1]), done


def test_formats__uf2_for_another_chip(where, board, tmp_path):
    path = tmp_path / "c3.uf2"
    path.write_bytes(uf2_file([(0x9000, b"data")], FAMILY["esp32c3"]))
    done = farflash(*where, "write-flash", path)
    assert done.status == USAGE and "c3.uf2 @ 0x9000 is for ESP32-C3, not for the ESP32" in done.stderr, done
    assert board.is_untouched()
    assert farflash(*where, "--force", "write-flash", path).status == DONE
    assert board.holds(0x9000, b"data")


def test_formats__uf2_for_another_chip_than_said(tmp_path):
    path = tmp_path / "c3.uf2"
    path.write_bytes(uf2_file([(0x9000, b"data")], FAMILY["esp32c3"]))
    done = farflash("--chip", "esp32", "--server", "http://127.0.0.1:1", "write-flash", path)
    assert done.status == USAGE and "is for ESP32-C3" in done.stderr, done


@pytest.mark.parametrize("content, why", [
    (hex_file([(0x1000, b"data")])[:-12], "firmware: Intel HEX, line 2: the end record is missing"),
    (hex_file([(0x1000, b"data")]).replace(b"64", b"65"), "line 2: its checksum is wrong"),
    (hex_file([(0x1000, b"data"), (0x1002, b"data")]), "it gives the bytes at 0x00001002 twice"),
    (hex_file([(index * 4096, b"x") for index in range(65)]), "65 separate pieces: one command takes 64"),
    (uf2_file([(0x1000, b"data")], 0)[:500], "UF2: 500 bytes are no whole number"),
    (b"plain bytes", "firmware' is not a flash offset, nor a file that brings its own"),
    (b": not HEX at all", "firmware' is not a flash offset, nor a file that brings its own"),
    (b"", "firmware' is not a flash offset"),
])
@pytest.mark.parametrize("command", ["write-flash", "verify-flash"])
def test_formats__bad_files(content, why, command, tmp_path):
    path = tmp_path / "firmware"
    path.write_bytes(content)
    done = farflash("--port", "socket://127.0.0.1:1", command, path)
    assert done.status == USAGE and why in done.stderr, done


def test_formats__a_colon_alone_is_plain_bytes(board, tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(b": not HEX at all")
    assert farflash("--port", board.address, "write-flash", "0x1000", path).status == DONE
    assert board.holds(0x1000, b": not HEX at all")


def test_formats__merge_bin_joins_pieces_of_one_sector(path, pieces, sector, tmp_path):
    output = tmp_path / "merged.bin"
    assert farflash("merge-bin", "-t", "0x9000", "-o", output, path).status == DONE
    assert output.read_bytes() == sector.ljust(0x7000, BLANK) + pieces[0][1]
