# SPDX-License-Identifier: Apache-2.0
"""What a board says of itself: package, features and addresses from its efuses, and the flash chip's own registers."""

import pytest

import firmware
from client import DONE, FAILED, USAGE, farflash, farflash_json

# Words of the efuses (esptool 5.3, targets folder), and what they mean.
IDENTITIES = (
    ("esp32", ["0x3FF5A00C=0xA800/0xF806", "0x3FF5A018=1"], "ESP32-PICO-V3", "(revision v3.0)",
     ["Wi-Fi", "BT", "Dual Core + LP Core", "240MHz", "Embedded Flash", "Coding Scheme 3/4"]),
    ("esp32s3", ["0x60007050=0x08200000/0x38E00000", "0x60007054=0x89"], "ESP32-S3-PICO-1 (LGA56)", "(revision v0.2)",
     ["Wi-Fi", "BT 5 (LE)", "Dual Core + LP Core", "240MHz", "Embedded Flash 8MB (XMC)", "Embedded PSRAM 8MB (AP_3v3)"]),
    ("esp32c3", ["0x60008850=0x08200000/0x38E00000", "0x60008854=2"], "ESP8685 (QFN28)", "(revision v0.3)",
     ["Wi-Fi", "BT 5 (LE)", "Single Core", "160MHz", "Embedded Flash 4MB (GD)"]),
    ("esp8266", ["0x3FF00050=0x10/0x10"], "ESP8285N08", "", ["Wi-Fi", "160MHz", "Embedded Flash"]),
)


@pytest.fixture
def on_board(make_board):
    """on_board(chip, efuses) starts a board: the client's options for it."""
    def start(chip="esp32", efuses=(), no_stub=False, options=()):
        options = [*options, *(word for efuse in efuses for word in ("--efuse", efuse))]
        board = make_board(chip, options=options)
        return ["--port", board.address, *(["--no-stub"] if no_stub else [])]
    return start


@pytest.mark.parametrize("chip, efuses, package, revision, features", IDENTITIES)
def test_identity__package_and_features(on_board, chip, efuses, package, revision, features):
    where = on_board(chip, efuses)
    info = farflash_json(*where, "chip-id")[0]["info"]
    assert info["description"] == package and info["features"] == features
    lines = farflash(*where, "chip-id").stdout.splitlines()
    assert lines[0] == f"{'Chip type:':<20}{package} {revision}".rstrip()
    assert lines[1] == f"{'Features:':<20}{', '.join(features)}"
    assert lines[-1] == f"{'MAC:':<20}{info['mac']}"


def test_identity__eui64_as_esptool_prints_it(on_board):
    where = on_board("esp32c6", ["0x600B0848=0xFFFE0000/0xFFFF0000"])
    info = farflash_json(*where, "read-mac")[0]["info"]
    eui64 = info["mac"][:9] + "ff:fe:" + info["mac"][9:]
    assert info["eui64"] == eui64
    assert farflash(*where, "read-mac").stdout.splitlines() == [
        f"{'MAC:':<20}{eui64}", f"{'BASE MAC:':<20}{info['mac']}", f"{'MAC_EXT:':<20}ff:fe"]


@pytest.mark.parametrize("through", ("port", "server"))
def test_identity__flash_wiring(make_board, make_server, through):
    board = make_board("esp32s3", options=["--efuse", "0x6000703C=0x200/0x200", "--efuse", "0x60007034=0x50/0x70"])
    where = ["--port", board.address] if through == "port" else ["--server", make_server(lab1=board).url]
    assert farflash(*where, "flash-id").stdout.splitlines()[-2:] == [
        "Flash type set in eFuse: octal (8 data lines)", "Flash voltage set by eFuse: 1.8V"]
    result = farflash_json(*where, "flash-id")[0]["result"]
    assert result["flash_data_lines"] == 8 and result["flash_voltage"] == "1.8V"
    if through == "server":
        assert farflash_json(*where, "read-mac")[0]["result"] is None  # which did not ask for that


@pytest.mark.parametrize("chip, no_stub", [(chip, no_stub) for chip in ("esp32", "esp32c3", "esp8266", "esp32p4")
                                           for no_stub in (False, True)])
def test_identity__flash_status(on_board, chip, no_stub):
    where = on_board(chip, no_stub=no_stub)
    done = farflash(*where, "write-flash-status", "--non-volatile", "0x0204")
    assert done.status == DONE and done.stdout.splitlines()[-1] == "After flash memory status:   0x0204", done
    assert farflash(*where, "read-flash-status").stdout == "Flash memory status: 0x0204\n"
    told = farflash_json(*where, "read-flash-status", "--bytes", "1")[0]
    assert told["result"]["value"] == "0x04" and told["result"]["bytes"] == 1
    told = farflash_json(*where, "write-flash-status", "--bytes", "1", "--non-volatile", "0")[0]
    assert told["result"]["before"] == "0x04" and told["result"]["after"] == "0x00"


@pytest.mark.parametrize("arguments, word", (
    (["read-flash-status", "--bytes", "4"], "1 to 3"), (["read-flash-status", "1"], "too many"),
    (["write-flash-status"], "VALUE"), (["write-flash-status", "0x10000"], "0x10000"),
    (["write-flash-status", "mouse"], "mouse")))
def test_identity__flash_status_refuses(on_board, arguments, word):
    done = farflash(*on_board(), *arguments)
    assert done.status == USAGE and word in done.stderr, done


@pytest.mark.parametrize("arguments", (["read-flash-status"], ["write-flash-status", "0"]))
def test_identity__flash_status_is_refused_in_secure_download_mode(on_board, arguments):
    done = farflash(*on_board("esp32c3", options=["--security", "secure-download"]), *arguments)
    assert done.status == USAGE and "secure download mode" in done.stderr, done


def test_identity__flash_status_that_does_not_take(on_board):
    done = farflash(*on_board(), "write-flash-status", "0x8000")  # a bit that only tells
    assert done.status == FAILED and "0x8000" in done.stderr and "did not take" in done.stderr, done


def test_identity__protected_flash_is_a_clear_failure(on_board, tmp_path):
    where = on_board()
    (tmp_path / "app.bin").write_bytes(firmware.payload(0x4000, seed=3))
    write = [*where, "write-flash", "0x10000", tmp_path / "app.bin"]
    assert farflash(*where, "write-flash-status", "--bytes", "1", "--non-volatile", "0x1c").status == DONE
    assert farflash(*write).status == FAILED
    assert farflash(*where, "write-flash-status", "--bytes", "1", "--non-volatile", "0").status == DONE
    assert farflash(*write).status == DONE


@pytest.mark.parametrize("form", ((), ("--json",)), ids=("text", "json"))
def test_identity__flash_that_says_nothing(on_board, form):
    where = on_board("esp32c3", options=["--security", "secure-download"])
    done = farflash(*where, *form, "flash-id")
    assert done.status == FAILED and "does not say what it is" in done.stderr, done


@pytest.mark.parametrize("chip, no_stub", [(chip, no_stub) for chip in ("esp32", "esp32c3", "esp8266", "esp32s31")
                                           for no_stub in (False, True)])
def test_identity__size_from_the_flash_chips_parameters(on_board, chip, no_stub):
    where = on_board(chip, no_stub=no_stub, options=["--flash-id", "C84077"])  # 77 is no capacity that we know
    info = farflash_json(*where, "flash-id")[0]["info"]
    assert info["flash_id"] == "0x7740c8" and info["flash_size"] == 4 << 20
    assert "Detected flash size: 4MB" in farflash(*where, "flash-id").stdout
