# SPDX-License-Identifier: Apache-2.0
"""ELF files: elf2image, and write-flash of one. The images are read here, and mapped as the chips map them."""

import hashlib
import json
import struct

import pytest

import elf_file
import firmware
from client import DONE, USAGE, farflash, farflash_json

KB = 1024
# Where read-only data, code in flash, data in RAM and code in RAM are.
MEMORY = {"esp32": (elf_file.XTENSA, 0x3F400020, 0x400D0020, 0x3FFB0000, 0x40080000),
          "esp32s2": (elf_file.XTENSA, 0x3F000020, 0x40080020, 0x3FFB0000, 0x40020000),
          "esp32s3": (elf_file.XTENSA, 0x3C000020, 0x42010020, 0x3FC88000, 0x40370000),
          "esp32c2": (elf_file.RISCV, 0x3C000020, 0x42010020, 0x3FCA0000, 0x4037C000),
          "esp32c3": (elf_file.RISCV, 0x3C000020, 0x42010020, 0x3FC80000, 0x4037C000),
          "esp32c5": (elf_file.RISCV, 0x42000020, 0x42010020, 0x40800000, 0x40820000),
          "esp32c6": (elf_file.RISCV, 0x42000020, 0x42010020, 0x40800000, 0x40820000),
          "esp32c61": (elf_file.RISCV, 0x42000020, 0x42010020, 0x40800000, 0x40820000),
          "esp32h2": (elf_file.RISCV, 0x42000020, 0x42010020, 0x40800000, 0x40820000),
          "esp32p4": (elf_file.RISCV, 0x40000020, 0x40010020, 0x4FF00000, 0x4FF40000)}
PAGE = 64 * KB


def sections(chip):
    """Of an application whose read-only data and code each fill less than a page."""
    _, rodata, text, data, code = MEMORY[chip]
    return [(".flash.appdesc", rodata, elf_file.app_description()),
            (".flash.rodata", rodata + 256, firmware.payload(5001, seed=3)),
            (".flash.text", text, firmware.payload(20 * KB, seed=4)),
            (".dram0.data", data, firmware.payload(3 * KB, seed=5)),
            (".dram0.bss", data + 4 * KB, bytes(100), elf_file.NOBITS),
            (".iram0.text", code, firmware.payload(7 * KB + 2, seed=6)),
            (".debug_info", 0, b"what only debuggers want" * 100)]


@pytest.fixture
def elf(tmp_path):
    """elf(chip) writes an application and returns its path."""
    def make(chip):
        path = tmp_path / f"{chip}.elf"
        path.write_bytes(elf_file.executable(MEMORY[chip][0], MEMORY[chip][4], sections(chip)))
        return path
    return make


def segments(image):
    """(address, data, where the data is in the image)."""
    found, at = [], 24
    for _ in range(image[1]):
        address, size = struct.unpack_from("<II", image, at)
        found.append((address, image[at + 8:at + 8 + size], at + 8))
        at += 8 + size
    return found


def check_image(image, chip, path):
    """An image must load what the ELF file says, map it where it says, and be whole."""
    kind, rodata, text, data, code = MEMORY[chip]
    flash = bytearray(b"\xff" * 0x10000 + image)  # as it lies at 0x10000
    loaded, checksum = {}, 0xEF
    for address, content, at in segments(image):
        for byte in content:
            checksum ^= byte
        if rodata <= address < rodata + PAGE or text <= address < text + PAGE:
            assert at % PAGE == address % PAGE
            content = flash[0x10000 + at:0x10000 + at + len(content)]
        loaded.update({address + i: byte for i, byte in enumerate(content)} if address else {})
    for name, address, content, *nobits in sections(chip):
        if name == ".flash.appdesc":
            content = content[:144] + hashlib.sha256(path.read_bytes()).digest() + content[176:]
        if address and not nobits:
            assert bytes(loaded.get(address + i, 0) for i in range(len(content))) == content, name
    assert image[-33] == checksum and image[-32:] == hashlib.sha256(image[:-32]).digest() and len(image) % 16 == 0
    assert struct.unpack_from("<H", image, 12)[0] == firmware.CHIP_IDS[chip] and image[23] == 1
    assert struct.unpack_from("<I", image, 4)[0] == code


@pytest.mark.parametrize("chip", MEMORY)
def test_elf2image__makes_what_the_chip_maps(chip, elf, tmp_path):
    path, output = elf(chip), tmp_path / "out.bin"
    done = farflash("elf2image", "--chip", chip, "-o", output, path)
    assert done.status == DONE and f"Wrote an image for the {firmware.NAMES[chip]}" in done.stdout, done
    check_image(output.read_bytes(), chip, path)
    told, _ = farflash_json("image-info", output)
    assert told["images"][0]["valid"] is True and told["images"][0]["app"]["project"] == "hello"


def test_elf2image__takes_esptools_options(elf, tmp_path):
    path = elf("esp32c3")
    told, _ = farflash_json("--chip", "esp32c3", "elf2image", "--flash_mode", "dio", "--flash_freq", "80m", "--flash_size",
                            "4MB", "--min-rev", "3", "--min-rev-full", "300", "--max-rev-full", "399", path)
    image = (tmp_path / "esp32c3.bin").read_bytes()
    assert told == {"output": str(tmp_path / "esp32c3.bin"), "chip": "ESP32-C3", "size": len(image)}
    assert image[2:4] == bytes((2, 0x2F)) and struct.unpack_from("<BHH", image, 14) == (3, 300, 399)


def test_elf2image__other_page_sizes(elf, tmp_path):
    path, output = elf("esp32c6"), tmp_path / "out.bin"
    assert farflash("elf2image", "-c", "esp32c6", "--flash-mmu-page-size", "32KB", "-o", output, path).status == DONE
    check = [at for address, _, at in segments(output.read_bytes()) if address == 0x42010020]
    assert check[0] == 32 * KB + 0x20
    done = farflash("elf2image", "-c", "esp32c3", "--flash-mmu-page-size", "32KB", "-o", output, elf("esp32c3"))
    assert done.status == USAGE and "the ESP32-C3's MMU has no pages of 32 KiB" in done.stderr, done


@pytest.mark.parametrize("arguments, why", [
    ([], "give a FILE"), (["app.elf"], "give --chip NAME"), (["--chip", "esp33", "app.elf"], "no chip 'esp33'"),
    (["--chip", "esp32c3", "app.elf"], "app.elf: the ELF file is for an Xtensa processor"),
    (["--chip", "esp32", "text"], "text: not an ELF file"), (["--chip", "esp32", "none"], "none: cannot open it"),
    (["--chip", "esp32", "cut.elf"], "cut.elf: the ELF file"),
    (["--chip", "esp32", "--flash-freq", "48m", "app.elf"], "--flash-freq '48m' is nothing that the ESP32 has"),
    (["--chip", "esp32", "--min-rev-full", "70000", "app.elf"], "--min-rev-full wants a number from 0 to 65535"),
    (["--chip", "esp32", "--min-rev", "256", "app.elf"], "--min-rev wants a number from 0 to 255"),
    (["--chip", "esp32", "--flash-mmu-page-size", "65536", "app.elf"], "--flash-mmu-page-size wants a size"),
    (["--chip", "esp32", "elf.bin"], "elf.bin would be overwritten"),
])
def test_elf2image__refuses_and_leaves_no_file(elf, arguments, why, tmp_path):
    content = elf("esp32").read_bytes()
    for name, data in (("app.elf", content), ("elf.bin", content), ("cut.elf", content[:9000]), ("text", b"text")):
        (tmp_path / name).write_bytes(data)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = farflash("elf2image", *arguments, cwd=tmp_path)
    assert done.status == USAGE and why in done.stderr, done
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("place", ["port", "server"])
def test_elf2image__write_flash_makes_the_image(request, board, elf, place, tmp_path):
    path = elf("esp32")
    where = ["--port", board.address] if place == "port" else ["--server", request.getfixturevalue("server").url]
    assert farflash("elf2image", "--chip", "esp32", "--flash-size", "4MB", path).status == DONE
    image = (tmp_path / "esp32.bin").read_bytes()
    job, _ = farflash_json(*where, "--chip", "esp32", "write-flash", "--flash-size", "4MB", "0x10000", path)
    assert board.holds(0x10000, image)
    assert [(region["offset"], region["size"], region["name"]) for region in job["regions"]] == [
        ("0x10000", len(image), "esp32.elf")]


def test_elf2image__verify_and_merge_make_it_too(board, elf, tmp_path):
    path, output = elf("esp32"), tmp_path / "merged.bin"
    assert farflash("--port", board.address, "-c", "esp32", "write-flash", "0x10000", path).status == DONE
    assert farflash("--port", board.address, "-c", "esp32", "verify-flash", "0x10000", path).status == DONE
    assert farflash("-c", "esp32", "merge-bin", "-t", "0x10000", "-o", output, "0x10000", path).status == DONE
    assert board.holds(0x10000, output.read_bytes())


@pytest.mark.parametrize("words, why", [
    (["0x10000", "esp32.elf"], "esp32.elf: it is an ELF file: say with --chip which chip its image is to be for"),
    (["-c", "esp32", "esp32.elf"], "esp32.elf is an ELF file: say where its image belongs"),
    (["-c", "esp32c3", "0x10000", "esp32.elf"], "esp32.elf: the ELF file is for an Xtensa processor"),
    (["-c", "esp33", "0x10000", "esp32.elf"], "esp32.elf: there is no chip 'esp33'"),
])
@pytest.mark.parametrize("command", ["write-flash", "verify-flash"])
def test_elf2image__write_flash_wants_to_know(elf, words, why, command, tmp_path):
    elf("esp32")
    done = farflash("--port", "socket://127.0.0.1:1", command, *words, cwd=tmp_path)
    assert done.status == USAGE and why in done.stderr, done


def test_elf2image__image_info_shows_what_an_elf_file_loads(elf):
    path = elf("esp32c3")
    done = farflash("image-info", path)
    assert done.status == DONE and done.stdout.startswith("ELF executable for RISC-V, from which elf2image"), done
    assert "0x4037c000      7170 bytes" in done.stdout, done
    told = json.loads(farflash("--json", "image-info", path).stdout)
    assert told["format"] == "elf" and told["elf"]["processor"] == "riscv" and told["elf"]["entry"] == 0x4037C000
    assert {"address": 0x3FC80000, "size": 3 * KB} in told["elf"]["segments"]
