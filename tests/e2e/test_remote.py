# SPDX-License-Identifier: Apache-2.0
"""The client's work on a board through a server: the same commands, words and JSON as with --port."""

import hashlib
import os
import signal

import pytest

import firmware
from client import DONE, FAILED, UNREACHABLE, USAGE, farflash, farflash_json

CONTENT = firmware.payload(0x40000, seed=13)
FLASH_SIZE = 4 << 20
COMMANDS = (["erase-flash"], ["erase-region", "0x3000", "0x12000"], ["read-flash", "0x1001", "0x5000", "out.bin"],
            ["read-flash", "0x3ff000", "ALL", "out.bin"], ["verify-flash", "0x1000", "right.bin"],
            ["read-mem", "0x40001000"], ["write-mem", "0x3fcd0000", "0x12345678", "0xff"],
            ["dump-mem", "0x40001000", "64", "out.bin"], ["dump-mem", "0x40001000", "4", "out.bin"],
            ["get-security-info"],
            ["read-flash-status"], ["read-flash-status", "--bytes", "3"], ["write-flash-status", "--bytes", "1", "0x1c"])
FILES = {"out.bin", "right.bin", "wrong.bin"}


@pytest.fixture
def board(make_board):
    return make_board("esp32c3", content=CONTENT)


@pytest.fixture
def remote(server):
    """The options that lead to the board through the server."""
    return ["--server", server.url, "--board", "lab1"]


@pytest.fixture
def slow(make_board, make_server):
    started = make_server(lab1=make_board(content=CONTENT, timing="real"))
    started.rest.wait_board("lab1", "idle")
    return started


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A working directory with files to compare."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "right.bin").write_bytes(CONTENT[0x1000:0x3FFF])
    (tmp_path / "wrong.bin").write_bytes(CONTENT[0x8000:0x9000] + b"?")
    return tmp_path


def files(directory):
    return {name for name in os.listdir(directory) if os.path.isfile(os.path.join(directory, name))}


SERVERS_OWN = {"who", "batch", "expected_start", "position", "priority", "select"}  # there is no queue at a port


def comparable(job):
    """A job without what differs from run to run, or is a server's alone."""
    job = {key: value for key, value in job.items()
           if key not in {"id", "board", "created", "started", "finished", "progress"} | SERVERS_OWN}
    job["info"] = {key: value for key, value in job["info"].items() if key != "probed"}
    if job["result"]:
        job["result"]["phases"] = sorted(job["result"]["phases"])
    return job


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: "-".join(words[:3]))
def test_remote__server_and_port_tell_the_same(server, board, remote, command):
    far, _ = farflash_json(*remote, *command)
    server.judge()
    near, _ = farflash_json("--port", board.address, *command)
    far, near = comparable(far), comparable(near)
    if command[0] == "get-security-info":
        near["result"], near["options"] = far["result"], far["options"]  # the server does without stub and rate
    assert far == near


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: "-".join(words[:3]))
def test_remote__server_and_port_print_the_same(server, board, remote, command):
    def last_line(where):
        done = farflash(*where, *command)
        assert done.status == DONE, done
        return done.stdout.splitlines()[-1].split(" in ")[0].replace(where[-1], "BOARD")
    far = last_line(remote)
    server.judge()
    assert far == last_line(["--port", board.address])


def test_remote__read_flash(remote, board, here):
    told, _ = farflash_json(*remote, "read-flash", "0x1001", "70001", "out.bin")
    assert (here / "out.bin").read_bytes() == CONTENT[0x1001:0x1001 + 70001]
    assert told["result"]["sha256"] == hashlib.sha256(CONTENT[0x1001:0x1001 + 70001]).hexdigest()
    done = farflash(*remote, "read-flash", "0", "ALL", "out.bin")
    assert done.status == DONE and f"read {FLASH_SIZE} bytes from 0x0 into out.bin" in done.stdout, done
    assert (here / "out.bin").read_bytes() == board.flash()
    assert files(here) == FILES


@pytest.mark.parametrize("words, message", (
    (("read-flash", "0x3fffff", "2", "out.bin"), "0x400000"), (("read-flash", "0", "0", "out.bin"), "0"),
    (("read-flash", "0x400000", "ALL", "out.bin"), "0x400000"),
    (("dump-mem", "0x40001001", "4", "out.bin"), "multiples"),
    (("dump-mem", "0x40000000", "0x200000", "out.bin"), "1048576"), (("read-mem", "0x40001001"), "multiples"),
    (("write-mem", "0x40001001", "1"), "multiples"), (("erase-region", "0x1001", "0x1000"), "4096"),
    (("erase-region", "0", "0"), "0"), (("verify-flash", "0x400000", "right.bin"), "0x400000")))
def test_remote__refuses(remote, board, here, words, message):
    done = farflash(*remote, *words)
    assert done.status == USAGE and message in done.stderr, done
    assert files(here) == FILES - {"out.bin"} and board.is_untouched()


def test_remote__verify_flash_tells_each_file(remote, board):
    words = ["verify-flash", "0x8000", "wrong.bin", "0x1000", "right.bin"]
    done = farflash(*remote, *words)
    assert done.status == FAILED and "wrong.bin at 0x8000" in done.stderr and "right.bin" not in done.stderr, done
    assert "lab1: wrong.bin at 0x8000 differs\nlab1: right.bin at 0x1000 verified\n" in done.stdout, done
    told, _ = farflash_json(*remote, *words, status=FAILED)
    assert told["error"]["code"] == "verify-failed"
    assert [(region["name"], region["same"]) for region in told["regions"]] == [
        ("wrong.bin", False), ("right.bin", True)]
    assert board.is_untouched()


def test_remote__erases_what_it_is_told(remote, board):
    assert farflash(*remote, "erase-region", "0x3000", "0x12000").status == DONE
    assert board.holds(0, CONTENT[:0x3000] + b"\xff" * 0x12000 + CONTENT[0x15000:])
    assert farflash(*remote, "--no-stub", "erase-flash").status == DONE
    assert board.holds(0, b"\xff" * FLASH_SIZE)


def test_remote__options_reach_the_job(remote, server):
    told, _ = farflash_json(*remote, "--no-stub", "-b", "230400", "read-mem", "0x40001000")
    assert told["options"] == {"baud": 230400, "stub": False, "before": "default-reset", "after": "hard-reset",
                               "connect_attempts": None}
    assert told["result"]["stub"] is False
    server.judge()


def test_remote__ways_in_and_out_reach_the_job(remote):
    stay, come = ["--after", "no-reset", "--connect-attempts", "2"], ["--before", "no_reset"]
    told, _ = farflash_json(*remote, *stay, "write-mem", "0x3fcd0000", "0x12345678")
    assert (told["options"]["after"], told["options"]["connect_attempts"]) == ("no-reset", 2)
    told, _ = farflash_json(*remote, *come, *stay, "verify-flash", "0x1000", "right.bin")
    assert (told["options"]["before"], told["options"]["after"]) == ("no-reset", "no-reset")
    told, _ = farflash_json(*remote, *come, *stay, "chip-id")
    assert told["options"] == {"before": "no-reset", "after": "no-reset", "connect_attempts": 2}
    done = farflash(*remote, *come, "read-mem", "0x3fcd0000")
    assert done.status == DONE and done.stdout.strip().endswith("0x12345678"), done
    assert farflash(*remote, "read-mac").status == DONE


def test_remote__the_boards_own_rate_is_kept(make_server, board):
    server = make_server(lab1=f"{board.address},baud=230400")
    server.rest.wait_board("lab1", "idle")
    for command in (["read-mem", "0x40001000"], ["write-flash", "0x10000", "right.bin", "--force"]):
        told, _ = farflash_json("--server", server.url, *command)
        assert told["options"]["baud"] == told["result"]["baud"] == 230400
    told, _ = farflash_json("--server", server.url, "-b", "921600", "read-mem", "0x40001000")
    assert told["result"]["baud"] == 921600


def test_remote__another_chip_is_refused(remote, board):
    assert farflash(*remote, "read-mac").status == DONE
    done = farflash(*remote, "--chip", "esp32", "erase-flash")
    assert done.status == USAGE and "ESP32-C3" in done.stderr, done
    assert board.is_untouched()


@pytest.mark.parametrize("chip", ("esp32", "esp8266"))
def test_remote__old_chips_have_no_security_info(make_board, make_server, chip):
    server = make_server(lab1=make_board(chip))
    server.rest.wait_board("lab1", "idle")
    done = farflash("--server", server.url, "get-security-info")
    assert done.status == USAGE and chip.upper() in done.stderr, done


def test_remote__file_stays_as_it_was_when_the_board_is_lost(make_board, make_server, here):
    server = make_server(lab1=make_board(content=CONTENT, faults=["vanish:12000:60"]))
    server.rest.wait_board("lab1", "idle")
    (here / "out.bin").write_bytes(b"precious")
    done = farflash("--server", server.url, "read-flash", "0", "ALL", "out.bin")
    assert done.status == UNREACHABLE, done
    assert (here / "out.bin").read_bytes() == b"precious" and files(here) == FILES


@pytest.mark.parametrize("command, phase", (
    (["read-flash", "-b", "115200", "0", "ALL", "out.bin"], "read"), (["erase-region", "0", "0x400000"], "erase")),
    ids=lambda words: words[0])
def test_remote__interrupt_cancels_the_job(slow, start_farflash, here, command, phase):
    client = start_farflash("--server", slow.url, *command, status={FAILED})
    job = slow.rest.wait_board("lab1", "busy")["job"]
    slow.rest.wait_phase(job, phase)
    client.process.send_signal(signal.SIGINT)
    assert client.wait(10) == FAILED and "cancelled" in client.output(), client.output()
    assert slow.rest.wait_job(job)["state"] == "cancelled"
    assert files(here) == FILES - {"out.bin"} and slow.files() == []


def test_remote__no_server_leaves_no_file(here):
    for command in COMMANDS:
        assert farflash("--server", "http://127.0.0.1:1", *command).status == UNREACHABLE
    assert files(here) == FILES - {"out.bin"}


def test_remote__jobs_tell_what_was_done(remote):
    for command in (["read-flash", "0x1000", "0x2000", "out.bin"], ["read-mem", "0x40001000"], ["erase-flash"]):
        assert farflash(*remote, *command).status == DONE
    listed = [line.split()[2:5] for line in farflash(*remote, "jobs").stdout.splitlines()[1:]]
    assert listed == [["erase", "done", str(FLASH_SIZE)], ["read-memory", "done", "4"], ["read", "done", "8192"]]
    assert "target    0x1000  8192 bytes" in farflash(*remote, "jobs", "1").stdout
    assert "target    0x40001000  4 bytes  0x1b31506f" in farflash(*remote, "jobs", "2").stdout
