# SPDX-License-Identifier: Apache-2.0
"""(a) A whole write of 1 MB over the wire, beside what the wire and the flash allow, and beside esptool-js."""

import statistics
import zlib

from client import farflash_json
from firmware import SECTOR
from lab import OFFSET, board, esptool_js, image_file
from table import table

BAUDS = (115200, 460800, 921600)
PHASES = ("reset", "sync", "stub", "baud", "write", "verify", "reboot")
BLOCK, PAGE = 64 * 1024, 256


def flash_seconds(timing, offset, size, program=True):
    """What erasing and programming must take: 64 KB erases where a block is covered whole, 4 KB ones elsewhere, and for
    each page its bytes over SPI and its program time. Or erasing alone."""
    end, at, busy = -(-(offset + size) // SECTOR) * SECTOR, offset, 0
    while at < end:
        whole = at % BLOCK == 0 and end - at >= BLOCK
        busy += timing["block_erase"] if whole else timing["sector_erase"]
        at += BLOCK if whole else SECTOR
    if program:
        busy += -(-size // PAGE) * timing["page_program"] + size * timing["spi_byte"]
    return busy / 1e9


def md5_seconds(timing, size):
    """What the chip needs to read and hash its flash for the verification."""
    return size * (timing["spi_byte"] + timing["md5_byte"]) / 1e9


def measure_farflash(path, directory, baud):
    with board(directory, timing="real") as one:
        told, done = farflash_json("--port", one.address, "write-flash", "--baud", baud, hex(OFFSET), path, timeout=600)
        with open(path, "rb") as image:
            one.holds(OFFSET, image.read())
    result = told["result"]
    return {"phases": result["phases"], "wire_bytes": result["wire_bytes"], "whole": done.seconds,
            "write_verify": result["phases"]["write"] + result["phases"]["verify"]}


def measure_esptool_js(path, directory, baud):
    with board(directory, timing="real") as one:
        return esptool_js(one, baud, files=[{"address": OFFSET, "path": path}])


def median(runs, key):
    return statistics.median(key(run) for run in runs)


def measure(directory, count, timing, progress):
    path = image_file(directory)
    with open(path, "rb") as image:
        data = image.read()
    deflated = len(zlib.compress(data, 9))
    rows = []
    for baud in BAUDS:
        ours, theirs = [], []
        for number in range(count):
            progress(f"wire: {baud} baud, run {number + 1} of {count}")
            ours.append(measure_farflash(path, directory, baud))
            theirs.append(measure_esptool_js(path, directory, baud))
        theirs = [one for one in theirs if one]
        wire, flash = deflated * 10 / baud, flash_seconds(timing, OFFSET, len(data))
        rows.append({"baud": baud, "wire_limit": wire, "flash_limit": flash, "limit": max(wire, flash),
                     "write_verify": median(ours, lambda one: one["write_verify"]),
                     "whole": median(ours, lambda one: one["whole"]),
                     "phases": {phase: median(ours, lambda one: one["phases"].get(phase, 0)) for phase in PHASES},
                     "esptool_js": {key: median(theirs, lambda one: one[key]) for key in ("write", "whole")}
                     if theirs else None})
    return {"bytes": len(data), "deflated": deflated, "md5_limit": md5_seconds(timing, len(data)), "rows": rows}


def percent(part, whole):
    return f"{100 * part / whole:.1f} %"


def report(found):
    rows, phases = [], []
    for row in found["rows"]:
        peer, took, limit = row["esptool_js"], row["write_verify"], row["limit"]
        theirs = ["-"] * 3
        if peer:
            theirs = [f"{peer['write']:.2f}", f"{peer['whole']:.2f}", f"{peer['whole'] / row['whole']:.2f}x"]
        rows.append([row["baud"], f"{limit:.2f}", f"{took:.2f}", percent(limit, took),
                     percent(limit + found["md5_limit"], took), f"{row['whole']:.2f}", *theirs])
        phases.append([row["baud"], *[f"{row['phases'][phase]:.2f}" for phase in PHASES]])
    flash = found["rows"][0]["flash_limit"]
    notes = ["", f"The image has {found['bytes']} bytes, which zlib -9 deflates to {found['deflated']} "
             f"({found['deflated'] / found['bytes']:.2f}).",
             f"limit: the longer of deflated bytes x 10 / baud and the flash's erase and program time ({flash:.2f} s).",
             f"with MD5: of the limit and the {found['md5_limit']:.2f} s in which the chip reads and hashes for the verification.",
             "whole: from the process' start to its end. js: esptool-js on the same port, with the same stub and image."]
    head = ["baud", "limit", "write+verify", "of limit", "with MD5", "whole", "js write+verify", "js whole", "of ours"]
    return "\n\n".join((table("A whole write of 1 MB, farflash --port rfc2217://…, medians in seconds", head, rows, notes),
                        table("Its phases", ["baud", *PHASES], phases)))
