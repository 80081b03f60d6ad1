# SPDX-License-Identifier: Apache-2.0
"""Every chip through its ROM and its stub, operation by operation, each judged by the flash file. What comes out is the
table of docs/chips.md: it is printed at the end of a run, and a row that says otherwise than the page fails."""

import pytest

import chips
import firmware
from client import DONE, FAILED, USAGE, farflash, farflash_json

MAC = "02:00:00:00:00:07"
FLASH_SIZE = 2 << 20
SIZE = 0x17010  # more than one block of any loader, no multiple of 4096, and an even number of sectors (ESP8266 ROM)
OLD = firmware.payload(0x60000, seed=9)
ROWS = [pytest.param(*row, id="-".join(filter(None, row))) for row in chips.rows()]
YES, REFUSED, UNVERIFIED, NO_STUB = "yes", "refused", "unverified", "no stub"


class Subject:
    """A board whose whole flash is known at each moment."""

    def __init__(self, make_board, tmp_path, chip, revision, loader):
        options = ["--mac", MAC, *(["--revision", revision] if revision else [])]
        self.board = make_board(chip, content=OLD, flash_size="2MB", options=options)
        self.chip, self.loader, self.directory = chip, loader, tmp_path
        self.flash = bytearray(OLD.ljust(FLASH_SIZE, b"\xff"))
        self.where = ["--port", self.board.address, *(["--no-stub"] if loader == "ROM" else [])]

    def run(self, *words):
        """Runs a command that may be refused: None, and then nothing has changed."""
        done = farflash(*self.where, *words)
        if done.status != USAGE:
            assert done.status == DONE, done
            return done
        assert firmware.NAMES[self.chip] in done.stderr and "use the stub" in done.stderr, done
        self.judge("a refused command has changed the flash")
        return None

    def file(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return path

    def changed(self, offset, content, end=None):
        """From now on this is what the flash must hold; what is left of the last sector is erased."""
        end = -(-(offset + len(content)) // firmware.SECTOR) * firmware.SECTOR if end is None else end
        self.flash[offset:end] = content.ljust(end - offset, b"\xff")

    def judge(self, message):
        assert self.board.holds(0, bytes(self.flash)), message


def detect(subject):
    told, _ = farflash_json(*subject.where, "flash-id")
    info = told["info"]
    assert (info["chip"], info["mac"], info["flash_size"]) == (firmware.NAMES[subject.chip], MAC, FLASH_SIZE), told
    assert int(info["flash_id"], 16) not in (0, 0xFFFFFF), told
    return YES


def read(subject):
    size = 0x11235 if subject.loader == "stub" else 0x1235
    target = subject.directory / "read.bin"
    if not subject.run("read-flash", "0x1001", hex(size), target):
        assert not target.exists()
        return REFUSED
    assert target.read_bytes() == subject.flash[0x1001:0x1001 + size]
    return YES


def write(subject, offset, seed, *options):
    image = firmware.image(subject.chip, SIZE, seed=seed)
    words = [*options, "write-flash", hex(offset), subject.file(f"{seed}.bin", image)]
    verdict = YES
    if not subject.run(*words):
        words, verdict = ["--no-verify", *words], UNVERIFIED
    told, _ = farflash_json(*subject.where, *words)
    result = told["result"]
    assert result["bytes"] == SIZE and result["verified"] is (verdict == YES), told
    subject.changed(offset, image)
    return verdict, result


def write_deflated(subject):
    verdict, result = write(subject, 0x10000, 3)
    if verdict == YES:  # else it is the ESP8266's ROM, which does not inflate
        assert result["wire_bytes"] < SIZE, result
    return verdict


def write_plain(subject):
    verdict, result = write(subject, 0x30000, 4, "--no-compress")
    assert result["wire_bytes"] >= SIZE, result
    return verdict


def verify(subject):
    right = subject.file("right.bin", bytes(subject.flash[0x10000:0x1FFFF]))
    done = subject.run("verify-flash", "0x10000", right)
    if not done:
        return REFUSED
    assert "right.bin at 0x10000 verified" in done.stdout, done
    wrong = subject.file("wrong.bin", bytes(subject.flash[0x10000:0x11000]) + b"?")
    done = farflash(*subject.where, "verify-flash", "0x10000", wrong)
    assert done.status == FAILED and "wrong.bin at 0x10000 differs" in done.stdout, done
    return YES


def erase_region(subject):
    assert subject.run("erase-region", "0x3000", "0x12000")
    subject.changed(0x3000, b"", end=0x15000)
    return YES


def erase_flash(subject):
    assert subject.run("erase-flash")
    subject.changed(0, b"", end=FLASH_SIZE)
    return YES


WORK = dict(zip(chips.OPERATIONS, (detect, read, write_deflated, write_plain, verify, erase_region, erase_flash)))


def has_loader(subject):
    """False for a chip that has no stub: then the work is the ROM's, which has a row of its own, and all that is to be
    proved is that it is said."""
    told, done = farflash_json(*subject.where, "--verbose", "erase-region", "0x43000", "0x12000")
    subject.changed(0x43000, b"", end=0x55000)
    stub = told["result"]["stub"]
    if stub is (subject.loader == "stub"):
        return True
    assert not stub and "no stub flasher, there is none for this chip" in done.stderr, done
    return False


@pytest.mark.parametrize("chip, revision, loader", ROWS)
def test_chips__does_what_the_page_says(request, make_board, tmp_path, chip, revision, loader):
    subject = Subject(make_board, tmp_path, chip, revision, loader)
    chips.Outcomes.note(request.node, (chip, revision, loader))
    cells, works = [], has_loader(subject)
    for operation in chips.OPERATIONS:
        cells.append(WORK[operation](subject) if works else NO_STUB)
        subject.judge(f"after {operation} the flash is not what it should be")
        chips.Outcomes.note(request.node, (chip, revision, loader), operation, cells[-1])
    if not request.config.getoption("--write-chips"):
        assert (*chips.row_name(chip, revision, loader), *cells) in chips.page_table("operations"), \
            f"docs/chips.md says something else: look at it, and renew it with {chips.RENEW}"


def test_chips__page_has_the_rows_of_the_board_and_the_facts_of_the_engine(request):
    if request.config.getoption("--write-chips"):
        pytest.skip("the page is being written")
    advice = f"renew docs/chips.md with {chips.RENEW}"
    assert [row[:2] for row in chips.page_table("operations")] == [chips.row_name(*row) for row in chips.rows()], advice
    assert chips.page_table("facts") == list(chips.facts()), advice


def test_chips__engine_and_tests_agree_on_the_bootloaders():
    """The offsets of firmware.py are Espressif's documentation's, those of the facts the engine's."""
    found = {row[0]: int(row[3], 16) for row in chips.facts()}
    for chip in chips.names():
        assert found[firmware.NAMES[chip]] == firmware.BOOTLOADER_AT[chip], chip
