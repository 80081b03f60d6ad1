# SPDX-License-Identifier: Apache-2.0
"""One operation of farflash on a board on whose line things go wrong, and the verdict about it, which is the flash file's:
done and right, failed with a reason, or WRONG. For the fault matrix and for ./dev soak."""

import json
import os

import firmware
from client import DONE, FAILED, UNREACHABLE, USAGE
from program import program_path, run

FLASH_SIZE = 1 << 20
OLD = firmware.payload(0x48000, seed=9).ljust(FLASH_SIZE, b"\xff")
OFFSET = 0x10000
REGION = (0x8000, 0x20000)
BOUND = 240  # seconds; the longest that one run may take, whatever happens
RIGHT, FAILURE, WRONG, STRAY = "done", "failed", "WRONG", "stray"

# A line may damage what a chip says about itself as well, so that it looks like another one or its flash too small.
REASONS = {FAILED: None, UNREACHABLE: None, USAGE: {"wrong-chip", "wrong-revision", "too-large", "unsupported"}}


class Verdict:
    """`kind` is RIGHT, FAILURE, WRONG, or STRAY: what was asked for is right, and something beside it was damaged."""

    def __init__(self, kind, text):
        self.kind, self.text = kind, text

    def __repr__(self):
        return f"{self.kind}: {self.text}"


def size_of(loader):
    """Enough for several blocks."""
    return 0x18010 if loader == "stub" else 0x4010


def sector_end(end):
    return -(-end // firmware.SECTOR) * firmware.SECTOR


class Write:
    """write-flash, deflated or plain."""

    def __init__(self, directory, chip, loader, plain=False):
        self.image = firmware.image(chip, size_of(loader), seed=5)
        path = os.path.join(directory, "image.bin")
        with open(path, "wb") as output:
            output.write(self.image)
        self.words = [*(["--no-compress"] if plain else []), "write-flash", hex(OFFSET), path]
        self.touched = (OFFSET, sector_end(OFFSET + len(self.image)))

    def right(self, flash, told):
        return told["result"]["verified"] and flash[OFFSET:OFFSET + len(self.image)] == self.image


class Read:
    """read-flash."""
    touched = (0, 0)

    def __init__(self, directory, _chip, loader):
        self.size, self.path = 0x12345 if loader == "stub" else 0x1235, os.path.join(directory, "read.bin")
        self.words = ["read-flash", "0x1001", hex(self.size), self.path]
        if os.path.exists(self.path):
            os.unlink(self.path)

    def right(self, _flash, _told):
        with open(self.path, "rb") as found:
            return found.read() == OLD[0x1001:0x1001 + self.size]

    def left_over(self):
        return os.path.exists(self.path)


class Verify:
    """verify-flash of what the flash holds, or of something else, which must never be found there."""
    touched = (0, 0)

    def __init__(self, directory, _chip, _loader, other=False):
        self.other = other
        path = os.path.join(directory, "expected.bin")
        with open(path, "wb") as output:
            output.write(OLD[0x1000:0x20000] + (b"?" if other else b""))
        self.words = ["verify-flash", "0x1000", path]

    def right(self, _flash, _told):
        return not self.other


class EraseRegion:
    """erase-region."""
    touched = (REGION[0], sum(REGION))

    def __init__(self, _directory, _chip, _loader):
        self.words = ["erase-region", *map(hex, REGION)]

    def right(self, flash, _told):
        return set(flash[slice(*self.touched)]) == {0xFF}


class EraseFlash:
    """erase-flash."""
    touched = (0, FLASH_SIZE)

    def __init__(self, _directory, _chip, _loader):
        self.words = ["erase-flash"]

    def right(self, flash, _told):
        return set(flash) == {0xFF}


OPERATIONS = {
    "write": Write,
    "write, plain": lambda *where: Write(*where, plain=True),
    "read": Read,
    "verify": Verify,
    "verify, other": lambda *where: Verify(*where, other=True),
    "erase region": EraseRegion,
    "erase flash": EraseFlash,
}


def can(chip, loader, operation):
    """The ESP8266's ROM can neither verify nor read."""
    return (chip, loader) != ("esp8266", "rom") or operation.startswith("erase")


def prepare(operation, directory, chip, loader):
    return OPERATIONS[operation](directory, chip, loader)


def arguments(board, loader, operation):
    return [program_path("farflash"), "--json", "--port", board.address, *(["--no-stub"] if loader == "rom" else []),
            *operation.words]


def judge(board, before, operation, done):
    """Holds what a finished run said against the flash, which held `before`."""
    flash = board.flash()
    beside = [flash[:operation.touched[0]], flash[operation.touched[1]:]]
    stray = beside != [before[:operation.touched[0]], before[operation.touched[1]:]]
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return Verdict(WRONG, f"exit status {done.status}, and no JSON: {done.stdout!r} {done.stderr!r}")
    if done.status == DONE:
        if not operation.right(flash, told):
            return Verdict(WRONG, f"called good: {done.stdout}")
        return Verdict(STRAY, "called good, but something beside it has changed") if stray else Verdict(RIGHT, "")
    error = told.get("error") or {}
    code, detail = error.get("code"), error.get("detail")
    if done.status not in REASONS or not code or not detail:
        return Verdict(WRONG, f"exit status {done.status} with {error}: {done.stderr}")
    if REASONS[done.status] and code not in REASONS[done.status]:
        return Verdict(WRONG, f"the user is told that he is wrong: {detail}")
    if getattr(operation, "left_over", bool)():
        return Verdict(WRONG, "a read that failed left a file")
    return Verdict(FAILURE, f"{code}: {detail}")


def attempt(board, directory, chip, loader, name):
    """Runs an operation to its end and judges it."""
    before, operation = board.flash(), prepare(name, directory, chip, loader)
    return judge(board, before, operation, run(arguments(board, loader, operation), timeout=BOUND))
