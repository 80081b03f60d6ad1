# SPDX-License-Identifier: Apache-2.0
"""Chips with flash encryption or secure boot: what the chip encrypts is what encrypt-flash-data makes of it, and boots;
what would brick it is refused."""

import hashlib
import shutil
import signal

import pytest

import firmware
from client import DONE, FAILED, USAGE, farflash, farflash_json
from rest import assert_problem

APPLICATION = "hello from the application"
CHIPS = [chip for chip in sorted(firmware.NAMES) if chip != "esp8266"]
WITHOUT = (("esp32", "rom"), ("esp32h21", "stub"))  # a ROM that cannot encrypt, a chip without stub flasher
LOADERS = [(chip, loader) for chip in CHIPS for loader in ("stub", "rom") if (chip, loader) not in WITHOUT]
ENCRYPTED = "flash-encryption"
RELEASE = "flash-encryption,no-manual-encrypt"


@pytest.fixture
def locked(make_board, tmp_path):
    """locked(chip, security, key_size) starts a board in that state, with a key unless key_size is 0, and something to
    boot: (it, the client's option for it)."""
    def start(chip="esp32", security=ENCRYPTED, key_size=32, options=(), **more):
        options = [*options, "--app", APPLICATION]
        if security:
            options += ["--security", security]
        if key_size:
            key_file(tmp_path).write_bytes(bytes(range(1, key_size + 1)))
            options += ["--flash-key", key_file(tmp_path)]
        board = make_board(chip, options=options, content=firmware.payload(0x20000, seed=9), **more)
        return board, ["--port", board.address]
    return start


def key_file(tmp_path):
    return tmp_path / "key.bin"


def put(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def ciphertext(tmp_path, chip, offset, plain):
    """What encrypt-flash-data makes of it, filled up as a chip wants it."""
    unit = 32 if chip == "esp32" else 16
    source = put(tmp_path, "plain.bin", plain + b"\xff" * (-len(plain) % unit))
    output = tmp_path / "cipher.bin"
    scheme = [] if chip == "esp32" else ["--aes-xts"]
    done = farflash("encrypt-flash-data", "-k", key_file(tmp_path), "-a", hex(offset), *scheme, "-o", output, source)
    assert done.status == DONE, done
    return output.read_bytes()


def expect_boot(start_farflash, where, *lines):
    monitor = start_farflash(*where, "monitor", "--reset")
    for line in lines:
        monitor.wait_line(line)
    monitor.process.send_signal(signal.SIGINT)
    assert monitor.wait(10) == DONE, monitor.output()


def boots(start_farflash, where):
    expect_boot(start_farflash, where, APPLICATION)


@pytest.mark.parametrize("chip, loader", LOADERS)
def test_security__chip_encrypts_and_boots(locked, start_farflash, tmp_path, chip, loader):
    board, where = locked(chip)
    offset = firmware.BOOTLOADER_AT[chip]
    image = firmware.bootloader(chip, size=0x5010)
    options = ["--no-stub"] if loader == "rom" else []
    told, done = farflash_json(*where, *options, "write-flash", "--encrypt", hex(offset),
                               put(tmp_path, "bootloader.bin", image))
    assert told["result"]["verified"] is False and told["result"]["unverified_bytes"] == len(image)
    assert told["result"]["stub"] is (loader == "stub")
    assert told["regions"][0]["encrypt"] is True
    assert any("could not be verified" in note for note in told["notes"]), told
    assert "could not be verified" in done.stderr
    assert told["info"]["flash_encryption"] == "development" and told["info"]["secure_boot"] == "off"
    assert board.holds(offset, ciphertext(tmp_path, chip, offset, image))
    boots(start_farflash, where)


@pytest.mark.parametrize("chip", ("esp32s2", "esp32s3", "esp32p4"))
def test_security__aes_256(locked, start_farflash, tmp_path, chip):
    board, where = locked(chip, key_size=64)
    offset, image = firmware.BOOTLOADER_AT[chip], firmware.bootloader(chip)
    done = farflash(*where, "write-flash", "--encrypt", hex(offset), put(tmp_path, "bootloader.bin", image))
    assert done.status == DONE and "not verified" in done.stdout, done
    assert board.holds(offset, ciphertext(tmp_path, chip, offset, image))
    boots(start_farflash, where)


def test_security__encrypts_some_files(locked, tmp_path):
    board, where = locked()
    image, table = firmware.bootloader("esp32"), firmware.payload(0x1000, seed=3)
    done = farflash(*where, "write-flash", "0x9000", put(tmp_path, "nvs.bin", table),
                    "--encrypt-files", "0x1000", put(tmp_path, "bootloader.bin", image))
    assert done.status == DONE and f"verified but for {len(image)} bytes" in done.stdout, done
    assert board.holds(0x9000, table)
    assert board.holds(0x1000, ciphertext(tmp_path, "esp32", 0x1000, image))


def test_security__build_directory_marks_its_files(locked, tmp_path):
    board, where = locked("esp32c3")
    image, table = firmware.bootloader("esp32c3"), firmware.payload(0x1000, seed=3)
    put(tmp_path, "bootloader.bin", image)
    put(tmp_path, "nvs.bin", table)
    (tmp_path / "flasher_args.json").write_text(
        '{"flash_files": {"0x0": "bootloader.bin", "0x9000": "nvs.bin"},'
        ' "bootloader": {"offset": "0x0", "file": "bootloader.bin", "encrypted": "true"}}')
    done = farflash(*where, "write-flash", "-C", tmp_path)
    assert done.status == USAGE and "plain bootloader" in done.stderr, done
    assert board.is_untouched()
    assert farflash(*where, "write-flash", "-C", tmp_path, "--encrypt").status == DONE
    assert board.holds(0, ciphertext(tmp_path, "esp32c3", 0, image))
    assert board.holds(0x9000, table)


@pytest.mark.parametrize("archived", (False, True), ids=("directory", "zip"))
def test_security__build_directory_brings_its_options(locked, make_server, tmp_path, archived):
    """Through a server: --encrypt and flash settings of write_flash_args count like those of the command line."""
    board, _ = locked("esp32c3")
    server = make_server(lab1=board)
    build = tmp_path / "build"
    build.mkdir()
    image = firmware.bootloader("esp32c3")
    put(build, "bootloader.bin", image)
    (build / "flasher_args.json").write_text(
        '{"write_flash_args": ["--encrypt", "--flash-mode", "qio"], "flash_files": {"0x0": "bootloader.bin"}}')
    what = [shutil.make_archive(tmp_path / "build", "zip", build)] if archived else ["-C", build]
    done = farflash("--server", server.url, "verify-flash", *what)
    assert done.status == USAGE and "nobody but the chip can compare it" in done.stderr, done
    assert board.is_untouched()
    done = farflash("--server", server.url, "write-flash", *what)
    assert done.status == DONE and "the flash settings qio" in done.stderr, done
    wanted = patched(image, 0x00, image[3])
    assert board.holds(0, ciphertext(tmp_path, "esp32c3", 0, wanted))


@pytest.mark.parametrize("form", (True, False), ids=("form", "body"))
def test_security__rest(locked, make_server, tmp_path, form):
    board, _ = locked("esp32c3")
    rest = make_server(lab1=board).rest
    image, data = firmware.bootloader("esp32c3"), firmware.payload(0x1000, seed=3)
    if form:
        reply = rest.flash("lab1", ("0x0", image), ("0x9000", data), query="?encrypt=0x0")
    else:
        reply = rest.put("lab1", image, query="?offset=0x0&encrypt=true")
    assert reply.status == 200, reply
    job = reply.json()
    assert [region["encrypt"] for region in job["regions"]] == ([True, False] if form else [True])
    assert job["result"]["verified"] is False and job["result"]["unverified_bytes"] == len(image)
    assert any("could not be verified" in note for note in job["notes"])
    assert board.holds(0, ciphertext(tmp_path, "esp32c3", 0, image))
    assert not form or board.holds(0x9000, data)
    text = rest.put("lab1", image, query="?offset=0x0&encrypt=true", headers={"Accept": "text/plain"}).body.decode()
    assert "\nnote: the chip encrypted" in text and "\ndone: " in text, text


@pytest.mark.parametrize("query", ("encrypt=yes", "encrypt=0", "encrypt=1", "encrypt=", "encrypt=0x0,", "encrypt=0x1000",
                                   "encrypt=0x0,0x0", "flash_mode=", "flash_mode=a-long-word", "flash_size=4%20MB",
                                   "erase_all=perhaps"))
def test_security__rest_refuses_nonsense(rest, board, query):
    reply = rest.put("lab1", firmware.image("esp32", 4096), query=f"?offset=0x0&{query}")
    assert_problem(reply, 400, "invalid-argument", query.partition("=")[0])
    assert board.is_untouched()


def test_security__client_through_a_server(locked, make_server, tmp_path):
    board, _ = locked("esp32c3")
    server = make_server(lab1=board)
    image = firmware.bootloader("esp32c3")
    done = farflash("--server", server.url, "write-flash", "--encrypt", "0x0", put(tmp_path, "bootloader.bin", image))
    assert done.status == DONE and "not verified" in done.stdout, done
    assert "note: the chip encrypted" in done.stderr
    assert board.holds(0, ciphertext(tmp_path, "esp32c3", 0, image))


def test_security__plain_bootloader_is_refused_and_would_not_boot(locked, start_farflash, tmp_path):
    board, where = locked()
    path = put(tmp_path, "bootloader.bin", firmware.bootloader("esp32"))
    done = farflash(*where, "write-flash", "0x1000", path)
    assert done.status == USAGE and "plain bootloader" in done.stderr and "encrypt" in done.stderr, done
    assert board.is_untouched()
    done = farflash(*where, "write-flash", "--force", "0x1000", path)
    assert done.status == DONE and ", verified" in done.stdout and "will not start" in done.stderr, done
    expect_boot(start_farflash, where, "invalid header")


@pytest.mark.parametrize("chip, security", (("esp32", RELEASE), ("esp32c3", RELEASE),
                                            ("esp32c3", "flash-encryption,secure-download")))
def test_security__release_takes_ciphertext_only(locked, start_farflash, tmp_path, chip, security):
    board, where = locked(chip, security)
    offset, image = firmware.BOOTLOADER_AT[chip], firmware.bootloader(chip)
    cipher = put(tmp_path, "bootloader.enc", ciphertext(tmp_path, chip, offset, image))
    done = farflash(*where, "write-flash", "--no-verify", hex(offset), put(tmp_path, "bootloader.bin", image))
    assert done.status == USAGE and "encrypted already" in done.stderr, done
    assert board.is_untouched()
    done = farflash(*where, "write-flash", "--no-verify", "--force", hex(offset), cipher)
    assert done.status == DONE, done
    assert board.holds(offset, cipher.read_bytes())
    boots(start_farflash, where)


@pytest.mark.parametrize("chip, security, key_size, word", (
    ("esp32", RELEASE, 32, "forbids"), ("esp32c6", RELEASE, 32, "forbids"),
    ("esp32", "", 0, "no key"), ("esp32c3", "", 0, "no key"), ("esp32c2", "", 0, "no key"), ("esp32s3", "", 0, "no key")))
def test_security__encryption_needs_key_and_permission(locked, tmp_path, chip, security, key_size, word):
    board, where = locked(chip, security, key_size)
    done = farflash(*where, "write-flash", "--encrypt", hex(firmware.BOOTLOADER_AT[chip]),
                    put(tmp_path, "bootloader.bin", firmware.bootloader(chip)))
    assert done.status == USAGE and word in done.stderr and "nothing was erased" in done.stderr, done
    assert board.is_untouched()


@pytest.mark.parametrize("chip, options, word", (("esp8266", [], "no flash encryption"), ("esp32", ["--no-stub"], "stub")))
def test_security__some_loaders_cannot_encrypt(make_board, tmp_path, chip, options, word):
    board = make_board(chip)
    done = farflash("--port", board.address, *options, "--force", "--no-verify", "write-flash", "--encrypt", "0x10000",
                    put(tmp_path, "app.bin", firmware.payload(0x1000)))
    assert done.status == USAGE and word in done.stderr, done
    assert board.is_untouched()


def test_security__key_manager_guards_its_data(locked, tmp_path):
    """The eFuses FORCE_USE_KEY_MANAGER_KEY of the ESP32-C5 (esptool 5.3 targets/esp32c5.py)."""
    board, where = locked("esp32c5", options=["--efuse", "0x600B4834=0x800/0x800"])
    done = farflash(*where, "write-flash", "0x1000", put(tmp_path, "data.bin", firmware.payload(0x1000)))
    assert done.status == USAGE and "0x2000" in done.stderr, done
    assert board.is_untouched()


def test_security__secure_boot_v1_guards_its_bootloader(locked, tmp_path):
    board, where = locked(security="secure-boot-v1", key_size=0)
    data = put(tmp_path, "data.bin", firmware.payload(0x1000))
    done = farflash(*where, "write-flash", "0x7000", data)
    assert done.status == USAGE and "secure boot v1" in done.stderr, done
    assert board.is_untouched()
    assert farflash(*where, "write-flash", "0x8000", data).status == DONE


@pytest.mark.parametrize("chip", ("esp32", "esp32s2", "esp32c3", "esp32p4"))
def test_security__secure_boot_v2_takes_signed_bootloaders_only(locked, tmp_path, chip):
    board, where = locked(chip, security="secure-boot", key_size=0)
    offset, plain = hex(firmware.BOOTLOADER_AT[chip]), firmware.bootloader(chip, 0x5010)
    damaged = bytearray(firmware.signed(plain))
    damaged[0x100] ^= 1
    for content in (plain, bytes(damaged), firmware.payload(0x3000)):
        done = farflash(*where, "write-flash", offset, put(tmp_path, "bootloader.bin", content))
        assert done.status == USAGE and "no signed bootloader" in done.stderr and "set force" in done.stderr, done
        assert board.is_untouched()
    image = firmware.signed(plain)
    done = farflash(*where, "write-flash", offset, put(tmp_path, "signed.bin", image))
    assert done.status == DONE and "not signed" not in done.stderr, done
    assert board.holds(int(offset, 0), image)
    done = farflash(*where, "--force", "write-flash", offset, put(tmp_path, "bootloader.bin", plain))
    assert done.status == DONE and "is not signed, and will not start" in done.stderr, done


@pytest.mark.parametrize("chip, offset", (("esp32", 0), ("esp32", 0x2000), ("esp32", 0x7000), ("esp32c3", 0x1000),
                                          ("esp32c5", 0x1000)))
def test_security__secure_boot_v2_guards_what_surrounds_its_bootloader(locked, tmp_path, chip, offset):
    board, where = locked(chip, security="secure-boot", key_size=0)
    data = put(tmp_path, "data.bin", firmware.payload(0x1000))
    done = farflash(*where, "write-flash", hex(offset), data)
    assert done.status == USAGE and "below 0x8000" in done.stderr and "secure boot v2" in done.stderr, done
    assert board.is_untouched()
    assert farflash(*where, "write-flash", "0x8000", data).status == DONE
    assert farflash(*where, "--force", "write-flash", hex(offset), data).status == DONE
    assert board.holds(offset, data.read_bytes())


def test_security__secure_boot_v2_looks_into_merged_files(locked, tmp_path):
    board, where = locked("esp32", security="secure-boot", key_size=0)
    plain = firmware.bootloader("esp32", 0x5010)
    done = farflash(*where, "write-flash", "0x0", put(tmp_path, "merged.bin", b"\xff" * 0x1000 + plain))
    assert done.status == USAGE and "no signed bootloader for 0x1000" in done.stderr, done
    assert board.is_untouched()
    merged = b"\xff" * 0x1000 + firmware.signed(plain)
    assert farflash(*where, "write-flash", "0x0", put(tmp_path, "merged.bin", merged)).status == DONE
    assert board.holds(0, merged)


def test_security__secure_boot_v2_notes_applications_without_signature(locked, tmp_path):
    board, where = locked("esp32c3", security="secure-boot", key_size=0)
    app = firmware.image("esp32c3", 0x4000)
    done = farflash(*where, "write-flash", "0x10000", put(tmp_path, "app.bin", app))
    assert done.status == DONE and "app.bin is not signed, and will not start" in done.stderr, done
    done = farflash(*where, "write-flash", "0x10000", put(tmp_path, "app.bin", firmware.signed(app)))
    assert done.status == DONE and "signed" not in done.stderr, done
    done = farflash(*where, "write-flash", "0x10000", put(tmp_path, "nvs.bin", firmware.payload(0x1000)))
    assert done.status == DONE and "signed" not in done.stderr, done


def test_security__secure_boot_v2_in_secure_download_mode(locked, tmp_path):
    """The chip still tells its state there, and nothing else."""
    board, where = locked("esp32c3", security="secure-boot,secure-download", key_size=0)
    plain = firmware.bootloader("esp32c3")
    done = farflash(*where, "write-flash", "--no-verify", "0x0", put(tmp_path, "bootloader.bin", plain))
    assert done.status == USAGE and "no signed bootloader" in done.stderr, done
    assert board.is_untouched()
    image = put(tmp_path, "signed.bin", firmware.signed(plain))
    assert farflash(*where, "write-flash", "--no-verify", "0x0", image).status == DONE


def test_security__secure_boot_v2_and_encryption(locked, tmp_path):
    """What the chip encrypts can be looked at before; what is encrypted already tells nothing."""
    board, where = locked("esp32c3", security="secure-boot,flash-encryption")
    image = firmware.signed(firmware.bootloader("esp32c3", 0x5010))
    cipher = put(tmp_path, "cipher.bin", ciphertext(tmp_path, "esp32c3", 0, image))
    done = farflash(*where, "write-flash", "0x0", cipher)
    assert done.status == USAGE and "no signed bootloader for 0x0 that can be read" in done.stderr, done
    assert board.is_untouched()
    done = farflash(*where, "write-flash", "--encrypt", "0x0", put(tmp_path, "signed.bin", image))
    assert done.status == DONE and board.holds(0, cipher.read_bytes()), done
    assert farflash(*where, "--force", "write-flash", "0x0", cipher).status == DONE


@pytest.mark.parametrize("chip", ("esp32", "esp32c3"))
def test_security__plain_files_that_cannot_work_are_noted(locked, tmp_path, chip):
    board, where = locked(chip)
    table, app = firmware.partition_table(), firmware.image(chip, 0x4000)
    done = farflash(*where, "write-flash", "0x8000", put(tmp_path, "table.bin", table), "0x10000",
                    put(tmp_path, "app.bin", app), "0x9000", put(tmp_path, "nvs.bin", firmware.payload(0x1000)))
    assert done.status == DONE and "table.bin is a plain partition table, which will not be understood" in done.stderr
    assert "app.bin is a plain image, which will not start" in done.stderr and "nvs.bin is" not in done.stderr, done
    assert "have the chip encrypt it" in done.stderr
    assert board.holds(0x8000, table) and board.holds(0x10000, app)
    done = farflash(*where, "write-flash", "--encrypt", "0x8000", tmp_path / "table.bin", "0x10000", tmp_path / "app.bin")
    assert done.status == DONE and " is a plain " not in done.stderr, done


@pytest.mark.parametrize("chip, security, key_size", (("esp32", ENCRYPTED, 32), ("esp32", "secure-boot-v1", 0),
                                                      ("esp32c3", "secure-boot", 0), ("esp32c3", ENCRYPTED, 32)))
def test_security__erasing_is_refused(locked, make_server, tmp_path, chip, security, key_size):
    board, where = locked(chip, security, key_size)
    data = put(tmp_path, "data.bin", firmware.payload(0x1000))
    for command in (["erase-flash"], ["erase-region", "0x10000", "0x1000"], ["write-flash", "-e", "0x10000", data]):
        done = farflash(*where, *command)
        assert done.status == USAGE and "nothing was erased" in done.stderr, done
    assert board.is_untouched()
    server = make_server(lab1=board)
    far = ["--server", server.url, "erase-region", "0x10000", "0x1000"]
    assert "nothing was erased" in farflash(*far).stderr and board.is_untouched()
    assert farflash(*far, "--force").status == DONE
    server.judge()
    assert board.holds(0x10000, b"\xff" * 0x1000)
    assert farflash(*where, "--force", "erase-flash").status == DONE


def test_security__problem_is_told(locked, make_server):
    board, _ = locked()
    rest = make_server(lab1=board).rest
    reply = rest.put("lab1", firmware.bootloader("esp32"), query="?offset=0x1000")
    assert_problem(reply, 422, "protected", "plain bootloader")
    assert board.is_untouched()
    info = rest.board("lab1")["info"]
    assert (info["flash_encryption"], info["secure_boot"]) == ("development", "off")


def test_security__ciphertext_for_a_chip_without_encryption(make_board, tmp_path):
    board = make_board("esp32")
    where = ["--port", board.address]
    done = farflash(*where, "write-flash", "0x1000", put(tmp_path, "noise.bin", firmware.payload(0x1000)))
    assert done.status == DONE and "does not look like a bootloader" in done.stderr, done
    done = farflash(*where, "write-flash", "0x10000", tmp_path / "noise.bin")
    assert done.status == DONE and "note" not in done.stderr, done


def test_security__erase_all(make_board, tmp_path):
    board = make_board("esp32c3", content=firmware.payload(0x40000, seed=9))
    image = firmware.image("esp32c3", 0x4000)
    told, _ = farflash_json("--port", board.address, "write-flash", "--erase-all", "--verify", "0x10000",
                            put(tmp_path, "app.bin", image))
    assert "erase" in told["result"]["phases"] and told["result"]["verified"] is True
    assert board.holds(0, b"\xff" * 0x10000) and board.holds(0x10000, image + b"\xff" * 0x10000)


def patched(image, mode, size_freq):
    """The image with other flash settings, and the SHA-256 that fits (esptool: "Firmware Image Format")."""
    length = 24 + 8 + int.from_bytes(image[28:32], "little") + 1
    length += -length % 16
    body = image[:2] + bytes((mode, size_freq)) + image[4:length]
    return body + hashlib.sha256(body).digest() + image[length + 32:]


@pytest.mark.parametrize("chip", ("esp32", "esp32c3", "esp32p4"))
def test_security__flash_settings_go_into_the_header(make_board, make_server, tmp_path, chip):
    board = make_board(chip, flash_size="8MB")
    server = make_server(lab1=board)
    offset, image = firmware.BOOTLOADER_AT[chip], firmware.bootloader(chip)
    path = put(tmp_path, "bootloader.bin", image)
    words = ["--flash-mode", "qio", "--flash-freq", "80m", "--flash-size", "detect"]
    for where in (["--server", server.url], ["--port", board.address]):
        if where[0] == "--port":
            server.judge()
        done = farflash(*where, "write-flash", *words, hex(offset), path, "0x10000", path)
        assert done.status == DONE and "its header gets the flash settings qio, 80m, 8MB" in done.stderr, done
        assert board.holds(offset, patched(image, 0x00, 0x3F))
        assert board.holds(0x10000, image)
        assert farflash(*where, "verify-flash", *words, hex(offset), path).status == DONE
        assert farflash(*where, "verify-flash", hex(offset), path).status == FAILED
        assert farflash(*where, "write-flash", hex(offset), path).status == DONE
        assert board.holds(offset, image)
    done = farflash("--port", board.address, "write-flash", "--flash-freq", "81m", hex(offset), path)
    assert done.status == USAGE and "--flash-freq '81m'" in done.stderr, done
