# SPDX-License-Identifier: Apache-2.0
"""(e) Reading, verifying and erasing, beside what the wire or the flash allows, and beside esptool-js where it does the
same."""

import os
import statistics

import firmware
from client import farflash_json
from lab import board, esptool_js
from table import table
from wire import BAUDS, flash_seconds, md5_seconds, percent

FLASH_MB = 4
REGION = 1 << 20
READ_SECONDS = 6  # how long a read shall take on the wire
CONTENT = firmware.payload(REGION, seed=3)


def read_size(baud):
    return min(REGION, READ_SECONDS * baud // 10 // 4096 * 4096)


def read(place, baud, _timing):
    size, target = read_size(baud), os.path.join(place.directory, "read.bin")
    told = place.farflash("read", baud, "read-flash", "0", hex(size), target)
    with open(target, "rb") as found:
        assert found.read() == CONTENT[:size]
    theirs = esptool_js(place.one, baud, operation="read", files=[{"address": 0, "size": size, "path": target}])
    return size * 10 / baud, told, theirs and theirs["read"]


def verify(place, baud, timing):
    return md5_seconds(timing, REGION), place.farflash("verify", baud, "verify-flash", "0", place.image), None


def erase_region(place, baud, timing):
    told = place.farflash("erase", baud, "erase-region", "0", hex(REGION))
    assert place.one.holds(0, b"\xff" * REGION)
    return flash_seconds(timing, 0, REGION, program=False), told, None


def erase_flash(place, baud, timing):
    told = place.farflash("erase", baud, "erase-flash")
    theirs = esptool_js(place.one, baud, operation="erase", files=[])
    return FLASH_MB * timing["chip_erase_per_mb"] / 1e9, told, theirs and theirs["erase"]


OPERATIONS = {"read-flash": read, "verify-flash, 1 MB": verify, "erase-region, 1 MB": erase_region,
              f"erase-flash, {FLASH_MB} MB": erase_flash}


class Place:
    """A board whose flash begins with CONTENT, which is also a file."""

    def __init__(self, directory, one):
        self.directory, self.one = directory, one
        self.image = os.path.join(directory, "content.bin")
        with open(self.image, "wb") as output:
            output.write(CONTENT)

    def farflash(self, phase, baud, *words):
        told, _ = farflash_json("--port", self.one.address, "--baud", baud, *words, timeout=600)
        return told["result"]["phases"][phase]


def measure_once(operation, directory, baud, timing):
    with board(directory, timing="real", content=CONTENT, flash_size=f"{FLASH_MB}MB") as one:
        return OPERATIONS[operation](Place(directory, one), baud, timing)


def measure(directory, count, timing, progress):
    rows = []
    for operation in OPERATIONS:
        for baud in BAUDS:
            runs = []
            for number in range(count):
                progress(f"{operation} at {baud} baud, run {number + 1} of {count}")
                runs.append(measure_once(operation, directory, baud, timing))
            theirs = [run[2] for run in runs if run[2]]
            rows.append({"operation": operation, "baud": baud, "limit": runs[0][0],
                         "took": statistics.median(run[1] for run in runs),
                         "esptool_js": statistics.median(theirs) if theirs else None})
    return {"rows": rows}


def report(found):
    rows = []
    for row in found["rows"]:
        peer, took = row["esptool_js"], row["took"]
        name = row["operation"] if "," in row["operation"] else f"{row['operation']}, {read_size(row['baud']) >> 10} kB"
        rows.append([name, row["baud"], f"{row['limit']:.2f}", f"{took:.2f}", percent(row["limit"], took),
                     *([f"{peer:.2f}", f"{peer / took:.2f}x"] if peer else ["-", "-"])])
    notes = ["", "limit: of read-flash bytes x 10 / baud, without a thought of escapes, packets and MD5; of verify-flash the",
             "time in which the chip reads and hashes; of erasing the flash's datasheet times, which need no wire."]
    return table("Reading, verifying and erasing, farflash --port rfc2217://…, medians in seconds",
                 ["operation", "baud", "limit", "took", "of limit", "js", "of ours"], rows, notes)
