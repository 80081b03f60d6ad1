# SPDX-License-Identifier: Apache-2.0
"""ELF files for the ESP8266: elf2image's two files or one, and write-flash of one. The forms of the image are spelled out
here once more, from Espressif's page on the format and the layout of its SDKs."""

import binascii
import hashlib
import struct

import pytest

import elf_file
import firmware
from client import DONE, USAGE, farflash, farflash_json

ENTRY, DATA, TEXT, IROM = 0x40100004, 0x3FFE8000, 0x40100000, 0x40210000
data, text, irom = firmware.payload(1001, seed=1), firmware.payload(6000, seed=2), firmware.payload(40002, seed=3)
padded = {address: content + bytes(-len(content) % 4) for address, content in ((DATA, data), (TEXT, text), (IROM, irom))}


def segment(address, content):
    return struct.pack("<II", address, len(content)) + content


def loaded(addresses, flash=b"\x00\x20", before=b""):
    """A header, the segments and the checksum, `before` in front of it all."""
    image = before + struct.pack("<BB2sI", 0xE9, len(addresses), flash, ENTRY)
    checksum = 0xEF
    for address in addresses:
        image += segment(address, padded[address])
        for byte in padded[address]:
            checksum ^= byte
    return image + bytes(15 - len(image) % 16) + bytes((checksum,))


def version_2():
    before = struct.pack("<BB2sI", 0xEA, 4, b"\x00\x20", ENTRY)
    before += segment(0, padded[IROM] + bytes(-len(padded[IROM]) % 16))
    image = loaded((DATA, TEXT), before=before)
    crc = binascii.crc32(image)
    return image + struct.pack("<I", crc ^ 0xFFFFFFFF if crc & 0x80000000 else crc + 1)


def version_3():
    image = loaded((IROM, DATA, TEXT), flash=b"\x00\x00")
    return image + hashlib.sha256(image).digest()


@pytest.fixture
def elf(tmp_path):
    path = tmp_path / "app.elf"
    path.write_bytes(elf_file.executable(elf_file.XTENSA, ENTRY, [
        (".data", DATA, data), (".bss", DATA + 4096, bytes(100), elf_file.NOBITS), (".text", TEXT, text),
        (".irom0.text", IROM, irom)]))
    return path


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_esp8266_elf__becomes_two_files(elf, tmp_path):
    done = farflash("elf2image", "--chip", "esp8266", elf)
    assert done.status == DONE and "Wrote its code in flash, 40004 bytes for 0x10000, to" in done.stdout, done
    assert files(tmp_path) == {"app.elf": elf.read_bytes(), "app.elf-0x00000.bin": loaded((DATA, TEXT)),
                               "app.elf-0x10000.bin": padded[IROM]}


def test_esp8266_elf__output_is_how_their_names_begin(elf, tmp_path):
    told, _ = farflash_json("-c", "esp8266", "elf2image", "--flash-size", "4MB", "--flash-mode", "dio", "-o",
                            tmp_path / "x-", elf)
    assert told == {"output": str(tmp_path / "x-0x00000.bin"), "chip": "ESP8266", "version": 1,
                    "size": len(loaded((DATA, TEXT))),
                    "irom": {"output": str(tmp_path / "x-0x10000.bin"), "offset": 0x10000, "size": len(padded[IROM])}}
    assert (tmp_path / "x-0x00000.bin").read_bytes() == loaded((DATA, TEXT), flash=b"\x02\x40")


@pytest.mark.parametrize("version, name, make", [("2", "app-0x10000.bin", version_2), ("3", "app.bin", version_3)])
def test_esp8266_elf__becomes_one_file(elf, version, name, make, tmp_path):
    image = make()
    assert farflash("elf2image", "-c", "esp8266", "--version", version, elf).status == DONE
    assert farflash("elf2image", "-c", "esp8266", "-e", version, "-o", tmp_path / "given", elf).status == DONE
    assert files(tmp_path) == {"app.elf": elf.read_bytes(), name: image, "given": image}
    told, _ = farflash_json("image-info", tmp_path / name)
    assert told["images"][0]["valid"] is True


@pytest.mark.parametrize("arguments, why", [
    (["-c", "esp8266", "--version", "4"], "--version wants 1, 2 or 3, not '4'"),
    (["-c", "esp32", "--version", "1"], "--version is a matter of the ESP8266"),
    (["-c", "esp8266", "--min-rev-full", "3"], "say neither revisions nor an MMU page size"),
    (["-c", "esp8266", "--flash-mmu-page-size", "64KB"], "say neither revisions nor an MMU page size"),
    (["-c", "esp8266", "--flash-size", "64MB"], "--flash-size '64MB' is nothing that the ESP8266 has"),
    (["-c", "esp8266", "-o", "none/x"], "none/x0x00000.bin"),
])
def test_esp8266_elf__refuses_and_leaves_no_file(elf, arguments, why, tmp_path):
    done = farflash("elf2image", *arguments, "app.elf", cwd=tmp_path)
    assert done.status == USAGE and why in done.stderr, done
    assert list(files(tmp_path)) == ["app.elf"]


def test_esp8266_elf__never_over_itself(elf, tmp_path):
    (tmp_path / "x0x10000.bin").write_bytes(elf.read_bytes())
    done = farflash("elf2image", "-c", "esp8266", "-o", "x", "x0x10000.bin", cwd=tmp_path)
    assert done.status == USAGE and "x0x10000.bin would be overwritten" in done.stderr, done
    assert sorted(files(tmp_path)) == ["app.elf", "x0x10000.bin"]


def test_esp8266_elf__write_flash_puts_both_where_they_belong(make_board, elf):
    board = make_board(chip="esp8266")
    job, _ = farflash_json("--port", board.address, "-c", "esp8266", "write-flash", "0x0", elf)
    assert board.holds(0, loaded((DATA, TEXT))) and board.holds(0x10000, padded[IROM])
    assert [(region["offset"], region["name"]) for region in job["regions"]] == [
        ("0x0", "app.elf"), ("0x10000", "app.elf @ 0x10000")]
    assert farflash("--port", board.address, "-c", "esp8266", "verify-flash", "0x0", elf).status == DONE


@pytest.mark.parametrize("command", ["write-flash", "verify-flash", "merge-bin"])
def test_esp8266_elf__belongs_nowhere_but_at_0(elf, command, tmp_path):
    where = ["-o", tmp_path / "out"] if command == "merge-bin" else ["--port", "socket://127.0.0.1:1"]
    done = farflash("-c", "esp8266", command, *where, "0x10000", elf)
    assert done.status == USAGE and "give 0x0 (or elf2image --version 2" in done.stderr, done


def test_esp8266_elf__merge_bin_makes_it_too(elf, tmp_path):
    assert farflash("-c", "esp8266", "merge-bin", "-o", tmp_path / "out", "0x0", elf).status == DONE
    first = loaded((DATA, TEXT))
    assert (tmp_path / "out").read_bytes() == first + b"\xff" * (0x10000 - len(first)) + padded[IROM]
