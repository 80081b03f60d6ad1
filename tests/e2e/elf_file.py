# SPDX-License-Identifier: Apache-2.0
"""Writes ELF executables as a linker for Espressif's chips would, from the ELF specification (TIS, version 1.2)."""

import struct

XTENSA, RISCV = 94, 243
PROGBITS, STRTAB, NOBITS = 1, 3, 8
HEADER, SEGMENT, SECTION = 52, 32, 40


def executable(machine, entry, sections):
    """A 32-bit little-endian executable of (name, address, data[, type]) sections, each in a segment of its own."""
    names, body, headers, segments = b"\0", b"", [bytes(SECTION)], []
    start = HEADER + SEGMENT * len(sections)
    for name, address, data, *kind in sections:
        kind = kind[0] if kind else PROGBITS
        at = start + len(body)
        headers.append(struct.pack("<10I", len(names), kind, 2, address, at, len(data), 0, 0, 4, 0))
        stored = 0 if kind == NOBITS else len(data)
        segments.append(struct.pack("<8I", 1, at, address, address, stored, len(data), 5, 4))
        names += name.encode() + b"\0"
        body += data[:stored] + bytes(-stored % 4)
    headers.append(struct.pack("<10I", len(names), STRTAB, 0, 0, start + len(body), len(names) + 10, 0, 0, 1, 0))
    body += (names + b".shstrtab\0")
    body += bytes(-len(body) % 4)
    head = b"\x7fELF\1\1\1".ljust(16, b"\0") + struct.pack(
        "<HHIIIIIHHHHHH", 2, machine, 1, entry, HEADER, start + len(body), 0, HEADER, SEGMENT, len(segments), SECTION,
        len(headers), len(headers) - 1)
    return head + b"".join(segments) + body + b"".join(headers)


def app_description(page_power=0, project="hello"):
    """ESP-IDF's esp_app_desc_t, 256 bytes, with room for the ELF file's SHA-256."""
    return struct.pack("<II8s32s32s16s16s32s32sHHB75s", 0xABCD5432, 0, b"", b"1.0", project.encode(), b"12:00:00",
                       b"Jan  1 2026", b"v5.4", b"", 0, 199, page_power, b"")
