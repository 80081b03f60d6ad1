# SPDX-License-Identifier: Apache-2.0
"""The farflash client, each command against a server and with --port."""

import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess

import pytest

import firmware
from client import BUSY, DONE, FAILED, UNREACHABLE, USAGE, farflash, farflash_json
from program import environment, program_path, run

APPLICATION = "hello from the application"
SMALL = firmware.image("esp32", 0x4000)
MANUALS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "man"


@pytest.fixture
def board(make_board):
    return make_board(application=APPLICATION)


@pytest.fixture(params=("server", "port"))
def where(request, board):
    """The options that say where the board is: both ways in turn."""
    if request.param == "port":
        return ["--port", board.address]
    return ["--server", request.getfixturevalue("server").url, "--board", "lab1"]


@pytest.fixture
def image_file(tmp_path):
    path = tmp_path / "app.bin"
    path.write_bytes(SMALL)
    return path


def test_client__boards(server, board):
    done = farflash("--server", server.url, "boards")
    assert done.status == DONE and "lab1" in done.stdout and board.address in done.stdout and "idle" in done.stdout
    listed, _ = farflash_json("--server", server.url, "boards")
    assert listed == server.rest.get("/boards")


def test_client__write_flash(where, board, image_file, tmp_path):
    table = tmp_path / "partitions.bin"
    table.write_bytes(firmware.partition_table())
    done = farflash(*where, "write-flash", "0x10000", image_file, "0x8000", table)
    assert done.status == DONE, done
    assert board.holds(0x10000, SMALL) and board.holds(0x8000, firmware.partition_table())


def test_client__write_flash_tells_json(where, board, image_file):
    told, _ = farflash_json(*where, "write-flash", "0x10000", image_file)
    result = told["result"]
    assert result["bytes"] == len(SMALL) and result["verified"] is True and result["stub"] is True
    assert set(result["phases"]) >= {"reset", "sync", "write", "verify"}
    assert board.holds(0x10000, SMALL)


def test_client__write_flash_options(where, board, image_file):
    told, _ = farflash_json(*where, "write-flash", "--no-stub", "--no-compress", "--baud", "921600", "0x10000", image_file)
    assert (told["result"]["stub"], told["result"]["baud"]) == (False, 921600)
    assert told["result"]["wire_bytes"] >= len(SMALL)


def test_client__esp8266_through_its_rom(make_board, tmp_path):
    board, path = make_board("esp8266"), tmp_path / "app.bin"
    path.write_bytes(firmware.image("esp8266", 0x4000))
    write = ["--port", board.address, "write-flash", "--no-stub", "0x10000", path]
    refused = farflash(*write)
    assert refused.status == USAGE and "without verification" in refused.stderr and board.is_untouched(), refused
    told, _ = farflash_json(*write, "--no-verify")
    assert told["result"]["verified"] is False
    assert board.holds(0x10000, path.read_bytes())


def test_client__write_flash_with_esptools_spelling(where, board, image_file):
    done = farflash(*where, "--chip", "esp32", "-b", "460800", "--before", "default_reset", "--after", "hard_reset",
                    "write_flash", "-z", "--flash_mode", "dio", "--flash_freq", "40m", "--flash_size", "4MB", "0x10000",
                    image_file)
    assert done.status == DONE, done
    assert board.holds(0x10000, SMALL)


def test_client__write_flash_from_an_argument_file(where, board, tmp_path):
    build = tmp_path / "build"
    (build / "bootloader").mkdir(parents=True)
    (build / "bootloader" / "bootloader.bin").write_bytes(firmware.bootloader("esp32"))
    (build / "my app.bin").write_bytes(SMALL)
    (build / "flash_args").write_text(
        "--flash_mode dio --flash_freq 40m --flash_size 4MB\n0x1000 bootloader/bootloader.bin\n0x10000 'my app.bin'\n")
    done = farflash(*where, "write-flash", f"@{build}/flash_args")
    assert done.status == DONE, done
    assert board.holds(0x10000, SMALL) and board.holds(0x1000, firmware.bootloader("esp32"))


def write_build(directory, chip="esp32"):
    """A build directory as ESP-IDF leaves it."""
    directory.mkdir()
    (directory / "app.bin").write_bytes(firmware.image(chip, 0x4000))
    (directory / "bootloader.bin").write_bytes(firmware.bootloader(chip))
    loader = hex(firmware.BOOTLOADER_AT[chip])
    (directory / "flasher_args.json").write_text(json.dumps({
        "write_flash_args": ["--flash_mode", "dio", "--flash_size", "4MB", "--flash_freq", "40m"],
        "flash_settings": {"flash_mode": "dio", "flash_size": "4MB", "flash_freq": "40m"},
        "flash_files": {loader: "bootloader.bin", "0x10000": "app.bin"},
        "bootloader": {"offset": loader, "file": "bootloader.bin", "encrypted": "false"},
        "app": {"offset": "0x10000", "file": "app.bin", "encrypted": "false"},
        "extra_esptool_args": {"after": "hard_reset", "before": "default_reset", "stub": True, "chip": chip}}))
    return directory


def test_client__write_flash_from_a_build_directory(where, board, tmp_path):
    build = write_build(tmp_path / "build")
    done = farflash(*where, "write-flash", "-C", build)
    assert done.status == DONE, done
    assert board.holds(0x10000, SMALL) and board.holds(0x1000, firmware.bootloader("esp32"))


def test_client__build_for_another_chip_is_refused(where, board, tmp_path):
    done = farflash(*where, "write-flash", "-C", write_build(tmp_path / "build", "esp32c3"))
    assert done.status == USAGE and "c3" in done.stderr.lower(), done
    assert board.is_untouched()


@pytest.mark.parametrize("command", ("flash-id", "read-mac", "chip-id"))
def test_client__questions_to_the_board(where, board, command):
    done = farflash(*where, command)
    assert done.status == DONE, done
    info = farflash_json(*where, command)[0]["info"]
    assert info["chip"] == "ESP32" and info["flash_size"] == 4 << 20 and info["flash_id"].startswith("0x")
    shown = {"read-mac": info["mac"], "flash-id": "4MB", "chip-id": "ESP32"}
    assert shown[command] in done.stdout


def test_client__server_and_port_agree(server, board):
    far = farflash_json("--server", server.url, "chip-id")[0]["info"]
    server.judge()
    near = farflash_json("--port", board.address, "chip-id")[0]["info"]
    far.pop("probed"), near.pop("probed")
    assert far == near


def test_client__reset_and_monitor(where, start_farflash):
    monitor = start_farflash(*where, "monitor", "--reset")
    monitor.wait_line("SPI_FAST_FLASH_BOOT")
    monitor.wait_line(APPLICATION)
    monitor.process.send_signal(signal.SIGINT)
    assert monitor.wait(10) == DONE, monitor.output()
    assert farflash(*where, "reset").status == DONE


def test_client__monitor_leaves_by_itself(where):
    assert farflash(*where, "monitor", "--seconds", "0.2").status == DONE


def test_client__monitor_shows_what_a_reset_brings(server, start_farflash):
    monitor = start_farflash("--server", server.url, "monitor")
    monitor.wait_line(APPLICATION)  # it says so every second, so the monitor is listening by now
    assert farflash("--server", server.url, "reset").status == DONE
    monitor.wait_line("SPI_FAST_FLASH_BOOT")
    monitor.process.send_signal(signal.SIGINT)
    assert monitor.wait(10) == DONE, monitor.output()


def test_client__jobs(server, board, image_file):
    where = ["--server", server.url]
    assert farflash(*where, "write-flash", "0x10000", image_file).status == DONE
    listed, _ = farflash_json(*where, "jobs")
    assert listed == server.rest.get("/jobs") and len(listed["jobs"]) == 1
    job = listed["jobs"][0]
    shown, _ = farflash_json(*where, "jobs", job["id"])
    assert shown == job
    done = farflash(*where, "jobs", "--cancel", job["id"])
    assert done.status == BUSY and "ended" in done.stderr, done
    assert farflash(*where, "jobs", "12345").status == USAGE


def test_client__jobs_stand_in_columns(server):
    where = ["--server", server.url, "--board", "lab1"]
    assert farflash(*where, "write-flash-status", "0").status == DONE  # the longest kind
    assert farflash(*where, "reset").status == DONE
    head, *lines = farflash(*where, "jobs").stdout.splitlines()
    at = head.index("CREATED")
    assert len(lines) == 2 and all(line[at - 2:at] == "  " and line[at:at + 2] == "20" for line in lines), lines


def test_client__job_is_cancelled(make_board, make_server, start_farflash, app_file):
    server = make_server(lab1=make_board(timing="real"))
    server.rest.wait_board("lab1", "idle")
    writer = start_farflash("--server", server.url, "write-flash", "-b", "115200", "0x10000", app_file, status={FAILED})
    job = server.rest.wait_board("lab1", "busy")["job"]
    server.rest.wait_phase(job, "write")
    assert farflash("--server", server.url, "jobs", "--cancel", job).status == DONE
    assert writer.wait(10) == FAILED, writer.output()
    assert "cancelled" in writer.output()


def test_client__names_that_are_no_utf8_stand_in_json(where, board, tmp_path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.bin")
    told, _ = farflash_json(*where, "write-flash", "0x10000", name, status=USAGE)
    assert told["error"]["code"] == "invalid-argument" and ".bin" in told["error"]["detail"]
    with open(name, "wb") as file:
        file.write(SMALL)
    for command in ("write-flash", "verify-flash"):
        told, _ = farflash_json(*where, command, "0x10000", name)
        assert [region["name"].endswith(".bin") for region in told["regions"]] == [True]
    told, _ = farflash_json("merge-bin", "-o", name + "2", "0x10000", name)
    assert told["output"].endswith(".bin2")


def test_client__environment_names_the_server(server, board, image_file):
    done = farflash("write-flash", "0x10000", image_file, env={"FARFLASH_SERVER": server.url, "FARFLASH_BOARD": "lab1"})
    assert done.status == DONE, done
    assert board.holds(0x10000, SMALL)


def test_client__progress_bar_on_a_terminal(where, board, app_file):
    master, slave = pty.openpty()
    client = subprocess.Popen([program_path("farflash"), *where, "write-flash", "0x10000", app_file], stdin=slave,
                              stdout=slave, stderr=slave, env=environment({"TERM": "xterm"}))
    os.close(slave)
    drawn = read_terminal(master)
    assert client.wait(10) == DONE, drawn
    assert b"\r" in drawn and b"%" in drawn and b"verified" in drawn


def read_terminal(master):
    data = b""
    while select.select([master], [], [], 30)[0]:
        try:
            more = os.read(master, 4096)
        except OSError:  # EIO: the other end is closed
            break
        data += more
    os.close(master)
    return data


def test_client__plain_lines_otherwise(where, board, app_file):
    done = farflash(*where, "write-flash", "0x10000", app_file)
    assert done.status == DONE and "\r" not in done.stderr + done.stdout and "\x1b" not in done.stderr + done.stdout
    assert "verified" in done.stdout


@pytest.mark.parametrize("arguments", (
    [], ["no-such-command"], ["write-flash"], ["write-flash", "0x10000"], ["write-flash", "elephant", "{app}"],
    ["write-flash", "0x10001", "{app}"], ["write-flash", "0x10000", "{app}", "0x11000", "{app}"],
    ["write-flash", "0x10000", "/no/such/file"], ["write-flash", "0x10000", "{empty}"], ["write-flash", "@/no/such/file"],
    ["write-flash", "-C", "/no/such/dir"], ["--baud", "fast", "read-mac"], ["--nonsense", "read-mac"],
    ["--board", "nobody", "read-mac"]), ids=lambda arguments: " ".join(arguments) or "nothing")
def test_client__wrong_usage_is_2(server, board, image_file, tmp_path, arguments):
    (tmp_path / "empty").write_bytes(b"")
    filled = [argument.format(app=image_file, empty=tmp_path / "empty") for argument in arguments]
    done = farflash("--server", server.url, *filled)
    assert done.status == USAGE and done.stderr, done
    assert server.rest.get("/jobs")["jobs"] == [] and board.is_untouched()


@pytest.mark.parametrize("arguments", (["write-flash", "0x10000", "/no/such/file"], ["--port", "ftp://x", "read-mac"],
                                       ["--port", "rfc2217://nowhere", "read-mac"]))
def test_client__wrong_usage_of_the_engine_is_2(arguments, board):
    where = [] if "--port" in arguments else ["--port", board.address]
    done = farflash(*where, *arguments)
    assert done.status == USAGE and done.stderr, done


def test_client__failure_on_the_board_is_1(make_board, image_file):
    board = make_board(faults=["badflash:0x10100:always"])
    image_file.write_bytes(bytes(0x1000))
    done = farflash("--port", board.address, "write-flash", "0x10000", image_file)
    assert done.status == FAILED and "0x10000" in done.stderr, done
    told, _ = farflash_json("--port", board.address, "write-flash", "0x10000", image_file, status=FAILED)
    assert told["error"]["code"] == "verify-failed"


def test_client__image_for_another_chip_is_2(where, board, tmp_path):
    other = tmp_path / "c3.bin"
    other.write_bytes(firmware.image("esp32c3", 0x4000))
    done = farflash(*where, "write-flash", "0x10000", other)
    assert done.status == USAGE and "ESP32-C3" in done.stderr and "force" in done.stderr, done
    assert board.is_untouched()
    told, _ = farflash_json(*where, "write-flash", "0x10000", other, status=USAGE)
    assert told["error"]["code"] == "wrong-chip"
    assert farflash(*where, "write-flash", "--force", "0x10000", other).status == DONE


def test_client__unreachable_is_3(board, image_file):
    gone = "127.0.0.1:1"
    for where in (["--server", f"http://{gone}"], ["--port", f"rfc2217://{gone}"], ["--port", f"socket://{gone}"],
                  ["--port", "/dev/no-such-port"]):
        done = farflash(*where, "write-flash", "0x10000", image_file)
        assert done.status == UNREACHABLE and done.stderr, done


def test_client__lost_board_is_3(make_server):
    server = make_server(lab1="rfc2217://127.0.0.1:1")
    assert farflash("--server", server.url, "read-mac").status == UNREACHABLE


def test_client__help_and_version():
    for arguments in (["--help"], ["write-flash", "--help"], ["--version"]):
        done = farflash(*arguments)
        assert done.status == DONE and "farflash" in done.stdout and not done.stderr, done
    for program in ("farflashd", "farflash-board"):
        done = run([program_path(program), "--help"])
        assert done.status == DONE and "--" in done.stdout


def options_of(help_text):
    """What stands at the beginning of a line of --help: "-b", "--baud"."""
    lines = re.findall(r"^ {2,6}(-[^ ,]+(?:, -[^ ,]+)*)", help_text, re.MULTILINE)
    return {re.split(r"[=\[]", option)[0] for line in lines for option in line.split(", ")} - {"-?", "--usage"}


def test_client__manual_pages_name_all_options():
    help_text = farflash("--help").stdout
    commands = re.findall(r"^  ([a-z][a-z0-9-]+) ", help_text, re.MULTILINE)
    assert len(commands) > 20
    pages = {"farflash.1": [help_text, *(farflash(command, "--help").stdout for command in commands)],
             "farflashd.1": [run([program_path("farflashd"), "--help"]).stdout]}
    for name, helps in pages.items():
        page = (MANUALS / name).read_text().replace("\\-", "-")
        named = set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z0-9-]*", page))
        wanted = set().union(*map(options_of, helps))
        assert len(wanted) > 8 and wanted - named - {"--help", "--version", "-V"} == set(), name
    page = (MANUALS / "farflash.1").read_text().replace("\\-", "-")
    assert [command for command in commands if command not in page] == []
