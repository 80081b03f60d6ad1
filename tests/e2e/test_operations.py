# SPDX-License-Identifier: Apache-2.0
"""What the client does with a board besides writing it: each operation on every chip, through its stub and its ROM."""

import os
import signal

import pytest

import firmware
from client import DONE, FAILED, USAGE, farflash, farflash_json
from program import program_path, run

CONTENT = firmware.payload(0x40000, seed=9)
LOADERS = [(chip, loader) for chip in ("esp32", "esp32c3", "esp8266") for loader in ("stub", "rom")]
WITH_ROM_READ = [pair for pair in LOADERS if pair != ("esp8266", "rom")]


@pytest.fixture
def on_board(make_board):
    """on_board(chip, loader, ...) starts a board with CONTENT in its flash: (it, the client's options for it)."""
    def start(chip="esp32", loader="stub", content=CONTENT, **options):
        board = make_board(chip, content=content, **options)
        return board, ["--port", board.address, *(["--no-stub"] if loader == "rom" else [])]
    return start


def blank(content, offset, size):
    return content[:offset] + b"\xff" * size + content[offset + size:]


@pytest.mark.parametrize("chip, loader", LOADERS)
def test_operations__erase_flash(on_board, chip, loader):
    board, where = on_board(chip, loader)
    done = farflash(*where, "erase-flash")
    assert done.status == DONE and "erased" in done.stdout, done
    assert board.holds(0, b"\xff" * (4 << 20))


@pytest.mark.parametrize("chip, loader", LOADERS)
def test_operations__erase_region(on_board, chip, loader):
    board, where = on_board(chip, loader)
    told, _ = farflash_json(*where, "erase-region", "0x3000", "0x12000")
    assert told["kind"] == "erase" and told["state"] == "done"
    assert told["result"]["bytes"] == 0x12000 and told["result"]["stub"] is (loader == "stub")
    assert "erase" in told["result"]["phases"]
    assert board.holds(0, blank(CONTENT, 0x3000, 0x12000))


@pytest.mark.parametrize("region, word", (
    (("0x1001", "0x1000"), "4096"), (("0x1000", "0x1001"), "4096"), (("0x1000", "0"), "0"),
    (("0x3ff000", "0x2000"), "0x400000"), (("elephant", "0x1000"), "elephant"), (("0x1000", "mouse"), "mouse"),
    (("0x1000",), "SIZE"), (("0x1000", "0x1000", "0x1000"), "one argument too many")))
def test_operations__erase_region_refuses(on_board, region, word):
    board, where = on_board()
    done = farflash(*where, "erase-region", *region)
    assert done.status == USAGE and word in done.stderr, done
    assert board.is_untouched()


@pytest.mark.parametrize("words", (
    ("erase-region", "0x1000", "100"), ("erase-region", "0x1000", "0"), ("read-flash", "0", "0", "out.bin"),
    ("read-mem", "0x40001001"), ("write-mem", "0x3ffb0001", "1"), ("dump-mem", "0x3ffb0000", "0", "out.bin"),
    ("dump-mem", "0x3ffb0000", "7", "out.bin")), ids=lambda words: " ".join(words))
def test_operations__what_needs_no_board_is_said_without_one(words):
    """Nobody wants a board reset for a typing error: here it is none that could be."""
    done = farflash("--port", "rfc2217://127.0.0.1:1", *words)
    assert done.status == USAGE and ("size is 0" in done.stderr or "multiples of 4" in done.stderr), done


def test_operations__esp8266_rom_erases_exactly_or_not_at_all(on_board):
    board, where = on_board("esp8266", "rom")
    done = farflash(*where, "erase-region", "0x10000", "0x1000")
    assert done.status == USAGE and "0x11000" in done.stderr and "stub" in done.stderr, done
    assert board.is_untouched()


@pytest.mark.parametrize("chip, loader", WITH_ROM_READ)
def test_operations__read_flash(on_board, tmp_path, chip, loader):
    board, where = on_board(chip, loader)
    size = 0x11235 if loader == "stub" else 0x2345
    told, _ = farflash_json(*where, "read-flash", "0x1001", hex(size), tmp_path / "read.bin")
    assert (tmp_path / "read.bin").read_bytes() == CONTENT[0x1001:0x1001 + size]
    assert told["kind"] == "read" and told["result"]["bytes"] == size and "read" in told["result"]["phases"]
    assert sorted(os.listdir(tmp_path)) == ["board0", "read.bin"]
    assert board.is_untouched()


def test_operations__read_flash_to_its_end(on_board, tmp_path):
    board, where = on_board("esp32c3", flash_size="1MB", content=firmware.payload(1 << 20))
    done = farflash(*where, "read-flash", "0x0", "ALL", tmp_path / "all.bin")
    assert done.status == DONE and "1048576" in done.stdout, done
    assert (tmp_path / "all.bin").read_bytes() == board.flash()
    assert farflash(*where, "read_flash", "0xff000", "all", tmp_path / "end.bin").status == DONE
    assert (tmp_path / "end.bin").read_bytes() == board.flash(0xFF000)


def test_operations__esp8266_rom_cannot_read(on_board, tmp_path):
    _, where = on_board("esp8266", "rom")
    done = farflash(*where, "read-flash", "0", "16", tmp_path / "read.bin")
    assert done.status == USAGE and "ESP8266" in done.stderr and "stub" in done.stderr, done
    assert not (tmp_path / "read.bin").exists()


@pytest.mark.parametrize("words, message", (
    (("0x1000", "0x10"), "FILE"), (("elephant", "1", "{out}"), "elephant"), (("0", "mouse", "{out}"), "mouse"),
    (("0", "0", "{out}"), "0"), (("0x3fffff", "2", "{out}"), "0x400000"), (("0x400000", "ALL", "{out}"), "0x400000"),
    (("0", "16", "/no/such/folder/out"), "/no/such/folder")))
def test_operations__read_flash_refuses(on_board, tmp_path, words, message):
    _, where = on_board()
    done = farflash(*where, "read-flash", *[word.format(out=tmp_path / "out.bin") for word in words])
    assert done.status == USAGE and message in done.stderr, done
    assert not (tmp_path / "out.bin").exists()


def test_operations__a_file_stays_as_it_was_when_reading_fails(on_board, tmp_path):
    _, where = on_board(faults=["vanish:12000:60"])
    (tmp_path / "read.bin").write_bytes(b"precious")
    done = farflash(*where, "read-flash", "0", "ALL", tmp_path / "read.bin")
    assert done.status != DONE, done
    assert (tmp_path / "read.bin").read_bytes() == b"precious"
    assert sorted(os.listdir(tmp_path)) == ["board0", "read.bin"]


@pytest.mark.parametrize("closed", ((1,), (0, 1, 2)), ids=lambda closed: "".join(map(str, closed)))
def test_operations__closed_output_does_not_end_in_the_file(on_board, tmp_path, closed):
    """A closed descriptor's number would be the next file's or port's, and progress would go there."""
    board, where = on_board()
    redirections = " ".join(f"{number}>&-" for number in closed)
    done = run(["sh", "-c", f'exec "$@" {redirections}', "sh", program_path("farflash"), *where, "read-flash", "0",
                "0x20000", tmp_path / "read.bin"])
    assert done.status == FAILED and "standard output" in done.stderr or 2 in closed, done
    assert (tmp_path / "read.bin").read_bytes() == CONTENT[:0x20000]
    assert board.is_untouched()


def test_operations__read_flash_is_interrupted(on_board, start_farflash, tmp_path):
    board, where = on_board(timing="real")
    reader = start_farflash(*where, "-b", "115200", "read-flash", "0", "ALL", tmp_path / "read.bin", status={FAILED})
    reader.wait_line("read")
    reader.process.send_signal(signal.SIGINT)
    assert reader.wait(10) == FAILED and "cancelled" in reader.output(), reader.output()
    assert os.listdir(tmp_path) == ["board0"]
    assert farflash(*where, "read-mac").status == DONE
    assert board.is_untouched()


@pytest.mark.parametrize("fault", ("drop:0.00002:tx", "corrupt:0.00005:tx", "dup:0.00002:tx"))
def test_operations__read_flash_over_a_bad_line(on_board, tmp_path, fault):
    board, where = on_board(faults=[fault, "seed:5"])
    done = farflash(*where, "read-flash", "0", "0x40000", tmp_path / "read.bin", timeout=120)
    assert done.status == DONE, done
    assert (tmp_path / "read.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("chip, loader", WITH_ROM_READ)
def test_operations__verify_flash(on_board, tmp_path, chip, loader):
    board, where = on_board(chip, loader)
    right, wrong = tmp_path / "right.bin", tmp_path / "wrong.bin"
    right.write_bytes(CONTENT[0x1000:0x3FFF])
    wrong.write_bytes(CONTENT[0x8000:0x9000] + b"?")
    done = farflash(*where, "verify-flash", "0x1000", right)
    assert done.status == DONE and "right.bin at 0x1000 verified" in done.stdout, done
    told, done = farflash_json(*where, "verify-flash", "0x8000", wrong, "0x1000", right, status=FAILED)
    assert told["error"]["code"] == "verify-failed" and "wrong.bin at 0x8000" in told["error"]["detail"]
    assert [(region["name"], region["same"]) for region in told["regions"]] == [
        ("wrong.bin", False), ("right.bin", True)]
    done = farflash(*where, "verify-flash", "0x8000", wrong, "0x1000", right)
    assert done.status == FAILED and "wrong.bin at 0x8000 differs" in done.stdout, done
    assert "right.bin at 0x1000 verified" in done.stdout and "right.bin" not in done.stderr, done
    assert board.is_untouched()


def test_operations__verify_flash_of_a_build(on_board, tmp_path):
    """What write-flash has written from the same words."""
    _, where = on_board()
    (tmp_path / "app.bin").write_bytes(firmware.image("esp32", 0x4000))
    (tmp_path / "flash_args").write_text("--flash_mode dio --flash_freq 40m --flash_size 4MB\n0x10000 app.bin\n")
    assert farflash(*where, "verify-flash", f"@{tmp_path}/flash_args").status == FAILED
    assert farflash(*where, "write-flash", f"@{tmp_path}/flash_args").status == DONE
    done = farflash(*where, "verify_flash", f"@{tmp_path}/flash_args")
    assert done.status == DONE and "app.bin at 0x10000 verified" in done.stdout, done


def test_operations__esp8266_rom_cannot_verify(on_board, tmp_path):
    _, where = on_board("esp8266", "rom")
    (tmp_path / "app.bin").write_bytes(CONTENT[:16])
    done = farflash(*where, "verify-flash", "0", tmp_path / "app.bin")
    assert done.status == USAGE and "ESP8266" in done.stderr and "stub" in done.stderr, done


@pytest.mark.parametrize("words, message", (
    ((), "no files"), (("0x1000",), "0x1000"), (("0x1000", "/no/such/file"), "/no/such/file"),
    (("0x400000", "{file}"), "0x400000")))
def test_operations__verify_flash_refuses(on_board, tmp_path, words, message):
    _, where = on_board()
    (tmp_path / "app.bin").write_bytes(CONTENT[:16])
    done = farflash(*where, "verify-flash", *[word.format(file=tmp_path / "app.bin") for word in words])
    assert done.status == USAGE and message in done.stderr, done


@pytest.mark.parametrize("loader", ("stub", "rom"))
def test_operations__get_security_info(on_board, loader):
    board, where = on_board("esp32c3", loader)
    done = farflash(*where, "get-security-info")
    assert done.status == DONE, done
    for line in ("Flags: 0x00000000", "Chip ID: 5", "Secure boot: disabled", "Flash encryption: disabled"):
        assert line in done.stdout, done
    told = farflash_json(*where, "get_security_info")[0]["info"]["security"]
    assert told["flags"] == "0x00000000" and not any(told["parsed_flags"].values())
    assert told["chip_id"] == 5 and told["flash_encryption"] is False and told["key_purposes"] == [0] * 6


@pytest.mark.parametrize("chip", ("esp32", "esp8266"))
def test_operations__old_chips_have_no_security_info(on_board, chip):
    _, where = on_board(chip)
    done = farflash(*where, "get-security-info")
    assert done.status == USAGE and chip.upper() in done.stderr, done


MAGIC_REGISTER = "0x40001000"
MAGIC = {"esp8266": 0xFFF0C101, "esp32": 0x00F01D83, "esp32c3": 0x1B31506F}
RAM = {"esp8266": 0x3FFE8000, "esp32": 0x3FFE0000, "esp32c3": 0x3FCD0000}


@pytest.mark.parametrize("chip, loader", LOADERS)
def test_operations__memory(on_board, tmp_path, chip, loader):
    _, where = on_board(chip, loader)
    done = farflash(*where, "read-mem", MAGIC_REGISTER)
    assert done.status == DONE and done.stdout.strip() == f"0x40001000 = 0x{MAGIC[chip]:08x}", done
    told, _ = farflash_json(*where, "read-mem", MAGIC_REGISTER)
    assert int(told["result"]["value"], 0) == MAGIC[chip]
    done = farflash(*where, "dump-mem", MAGIC_REGISTER, "4", tmp_path / "dump.bin")
    assert done.status == DONE and "4 bytes" in done.stdout, done
    assert (tmp_path / "dump.bin").read_bytes() == MAGIC[chip].to_bytes(4, "little")


@pytest.mark.parametrize("chip, loader", LOADERS)
def test_operations__write_mem(on_board, chip, loader):
    """What one run leaves in memory the next one finds, because the board is not reset in between."""
    _, where = on_board(chip, loader)
    stay, come = ["--after", "no-reset"], ["--before", "no-reset"]
    assert farflash(*where, *stay, "write-mem", hex(RAM[chip]), "0x12345678").status == DONE
    done = farflash(*where, *come, *stay, "write-mem", hex(RAM[chip]), "0xffffffff", "0xff00")
    assert done.status == DONE and "0x0000ff00" in done.stdout, done
    done = farflash(*where, *come, "read-mem", hex(RAM[chip]))
    assert done.stdout.strip().endswith("0x1234ff78"), done


@pytest.mark.parametrize("words, message", (
    (("read-mem",), "ADDRESS"), (("read-mem", "0x40001001"), "0x40001001"), (("read-mem", "elephant"), "elephant"),
    (("write-mem", "0x3ffb0000"), "VALUE"), (("write-mem", "0x3ffb0000", "mouse"), "mouse"),
    (("write-mem", "0x3ffb0000", "1", "cat"), "cat"), (("dump-mem", "0x3ffb0000", "8"), "FILE"),
    (("dump-mem", "0x3ffb0000", "7", "out.bin"), "0x7"), (("dump-mem", "0xfffffffc", "8", "out.bin"), "0xfffffffc")))
def test_operations__memory_refuses(on_board, tmp_path, words, message):
    _, where = on_board()
    done = farflash(*where, *words, cwd=tmp_path)
    assert done.status == USAGE and message in done.stderr, done
    assert not (tmp_path / "out.bin").exists()
