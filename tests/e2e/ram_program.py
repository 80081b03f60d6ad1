# SPDX-License-Identifier: Apache-2.0
"""Programs for a chip's RAM."""

import base64
import json
import os
import struct

import firmware
from program import bin_dir


def stub_program(chip):
    """The stub flasher as an image for RAM: the one program whose doings the virtual board knows."""
    stubs = os.environ.get("FARFLASH_STUB_DIR", os.path.join(os.path.dirname(bin_dir()), "share", "farflash", "stubs"))
    with open(os.path.join(stubs, f"{chip}.json"), encoding="ascii") as file:
        stub = json.load(file)
    parts = [(stub["text_start"], base64.b64decode(stub["text"])), (stub["data_start"], base64.b64decode(stub["data"]))]
    return stub["entry"], parts


def ram_image(chip, entry, parts):
    """An image as builds leave it, with a checksum."""
    body = struct.pack("<BB2sI", firmware.IMAGE_MAGIC, len(parts), bytes((2, 0x20)), entry)
    if chip != "esp8266":
        header = bytearray(firmware.extended_header(firmware.CHIP_IDS[chip], 0, firmware.ANY_REVISION))
        header[15] = 0  # no digest
        body += bytes(header)
    total = firmware.CHECKSUM_SEED
    for address, data in parts:
        data = data + bytes(-len(data) % 4)
        total ^= firmware.checksum(data) ^ firmware.CHECKSUM_SEED
        body += struct.pack("<II", address, len(data)) + data
    return body + bytes(-(len(body) + 1) % 16) + bytes((total,))


def ram_elf(entry, parts, machine=94):
    """An ELF file with nothing but its loadable parts."""
    at = 52 + 32 * len(parts)
    headers, content = b"", b""
    for address, data in parts:
        headers += struct.pack("<8I", 1, at + len(content), address, address, len(data), len(data), 7, 4)
        content += data
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    return ident + struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, entry, 52, 0, 0, 52, 32, len(parts), 0, 0, 0) + headers + content
