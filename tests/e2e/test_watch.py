# SPDX-License-Identifier: Apache-2.0
"""Flash and see: a board is judged by what it says after it was reset."""

import re
import signal
import struct
import time

import pytest

import firmware
from client import DONE, FAILED, USAGE, farflash, farflash_json
from console import Talk
from program import wait_until
from ram_program import ram_image
from rest import API, assert_problem, curl, form

PASSED = "all 3 tests passed"
TEST = f"{API}/boards/lab1/test"


@pytest.fixture
def board(make_board):
    return make_board(application=f"running\n{PASSED}")


@pytest.fixture
def remote(server):
    return ["--server", server.url, "--board", "lab1"]


def says(make_board, make_server, text):
    """The client's options for a board that says this."""
    server = make_server(lab1=make_board(application=text))
    server.rest.wait_board("lab1", "idle")
    return ["--server", server.url]


def test_watch__what_is_in_flash_passes(remote):
    job, done = farflash_json(*remote, "test", "--expect", r"all \d+ tests passed$", "--fail", "FAIL", "--timeout", "20")
    assert job["kind"] == "test" and job["state"] == "done" and job["regions"] == []
    assert job["result"]["verdict"] == "passed" and PASSED in job["result"]["reason"]
    assert job["options"]["expect"] == r"all \d+ tests passed$" and job["options"]["timeout"] == 20
    assert PASSED not in done.stderr


def test_watch__the_output_is_shown_as_it_comes(remote):
    done = farflash(*remote, "test", "--expect", "tests passed")
    assert done.status == DONE and f"running\n{PASSED}" in done.stdout.replace("\r", "")
    assert re.search(rf"^lab1: passed after \d+\.\d s: the board said \"{PASSED}\"$", done.stdout, re.MULTILINE), done


def test_watch__images_are_written_first(remote, board, tmp_path):
    image = firmware.payload(20000, seed=5)
    (tmp_path / "data.bin").write_bytes(image)
    job, _ = farflash_json(*remote, "test", "0x110000", tmp_path / "data.bin", "--expect", "passed")
    assert job["result"]["verified"] and job["result"]["bytes"] == len(image)
    assert job["regions"][0]["offset"] == "0x110000" and board.holds(0x110000, image)


def test_watch__a_plain_file_finds_its_place(remote, board, tmp_path):
    merged = b"\xff" * 0x1000 + firmware.bootloader("esp32")
    (tmp_path / "merged.bin").write_bytes(merged)
    job, _ = farflash_json(*remote, "test", tmp_path / "merged.bin", "--expect", "passed")
    assert job["regions"][0]["offset"] == "0x0" and board.holds(0, merged)
    description = struct.pack("<I", 0xABCD5432).ljust(256, b"\0")  # what makes an image an application
    (tmp_path / "app.bin").write_bytes(ram_image("esp32", 0x40080000, [(0x3F400020, description),
                                                                       (0x40080000, bytes(64))]))
    job, _ = farflash_json(*remote, "test", tmp_path / "app.bin", "--expect", "passed")
    assert job["regions"][0]["offset"] == "0x10000"
    assert farflash(*remote, "write-flash", tmp_path / "app.bin").status == USAGE  # where nobody looks, nobody guesses


@pytest.mark.parametrize("options, verdict, words", (
    (["--expect", "never", "--timeout", "1"], "timeout", "within 1 s"),
    (["--expect", "passed", "--fail", "runn"], "failed", "running"),
    (["--expect", "never", "--fail", "3 tests"], "failed", PASSED),
))
def test_watch__failure_is_1_and_says_why(remote, options, verdict, words):
    problem, done = farflash_json(*remote, "test", *options, status=FAILED)
    assert problem["error"]["code"] == "test-failed" and words in done.stderr and "lab1" in done.stderr
    assert problem["result"]["verdict"] == verdict


def test_watch__a_crash_is_a_failure(make_board, make_server):
    where = says(make_board, make_server, "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)")
    done = farflash(*where, "test", "--expect", "never")
    assert done.status == FAILED and "crashed (Guru Meditation)" in done.stderr
    assert farflash(*where, "test", "--expect", "Guru Meditation").status == DONE
    assert farflash(*where, "test", "--timeout", "1").status == FAILED
    assert farflash(*where, "test", "--timeout", "1", "--no-crash-check").status == DONE


def test_watch__to_survive_can_be_enough(remote):
    job, _ = farflash_json(*remote, "test", "--fail", "FAIL", "--timeout", "1")
    assert job["result"]["verdict"] == "passed" and job["result"]["seconds"] == 1


def test_watch__the_log_has_times_and_is_there_after_a_failure_too(server, remote, tmp_path):
    log = tmp_path / "log.txt"
    for expect, status in (("passed", DONE), ("never", FAILED)):
        done = farflash(*remote, "test", "--expect", expect, "--timeout", "1", "--log", log)
        assert done.status == status, done
        lines = log.read_text().splitlines()
        assert all(re.match(r"\[ *\d+\.\d{3}\] ", line) for line in lines), lines
        assert [line for line in lines if line.endswith(PASSED)]
    assert server.rest.request("GET", f"{API}/jobs/2/content").body == log.read_bytes()


def test_watch__others_see_the_output_too(server, remote):
    with Talk(server) as talk:
        assert farflash(*remote, "test", "--expect", "passed").status == DONE
        talk.wait_output(PASSED.encode())
        talk.wait_message("notice", "has ended job 1")


def test_watch__curl_gets_the_truth(server):
    url = f"{server.url}{TEST}"
    done = curl("--fail-with-body", "-X", "POST", f"{url}?expect=tests+passed")
    assert done.status == 0 and '"verdict":"passed"' in done.stdout
    done = curl("--fail-with-body", "-X", "POST", f"{url}?expect=never&timeout=1")
    assert done.status == 22 and '"verdict":"timeout"' in done.stdout
    done = curl("-N", "-X", "POST", "-H", "Accept: text/plain", f"{url}?expect=passed")
    lines = done.stdout.splitlines()
    assert done.status == 0 and PASSED in lines and lines[-1].startswith("done: passed: ")
    done = curl("-N", "-X", "POST", "-H", "Accept: text/plain", f"{url}?fail=running")
    assert done.status == 18 and done.stdout.splitlines()[-1].startswith("failed: test-failed: lab1: ")


@pytest.mark.parametrize("query, words", (
    ("expect=(", "expect: the pattern"), ("fail=[z-a]", "fail: the pattern"), ("timeout=0", "timeout"),
    ("timeout=86401", "timeout"), ("boots=1", "boots"), ("crash=maybe", "crash"), (f"expect={'a' * 1025}", "1024"),
    ("nonsense=1", "nonsense"),
))
def test_watch__mistakes_are_told_before_anything_happens(server, query, words):
    reply = server.rest.request("POST", f"{TEST}?{query}")
    assert_problem(reply, 400, "invalid-argument")
    assert words in reply.json()["detail"]
    assert server.rest.request("GET", f"{API}/jobs").json()["jobs"] == []


def test_watch__is_cancelled(server, remote, start_farflash):
    test = start_farflash(*remote, "test", "--expect", "never", "--timeout", "300", status=(FAILED,))
    test.wait_line(PASSED)
    test.process.send_signal(signal.SIGINT)
    assert test.wait(20) == FAILED, test.output()
    assert server.rest.job("1")["state"] == "cancelled"
    assert PASSED.encode() in server.rest.request("GET", f"{API}/jobs/1/content").body


def told(server, job_id):
    """What the job's event stream tells of the board's output."""
    return "".join(data["text"] for name, data in server.rest.events(job_id) if name == "output")


def wait_watched(server, size):
    """The id of a test that goes on, whose board has said so many bytes."""
    job = server.rest.request("POST", f"{TEST}?expect=never&timeout=300", headers={"Prefer": "respond-async"}).json()
    wait_until(lambda: (server.rest.job(job["id"])["progress"] or {}).get("phase") == "watch"
               and server.rest.job(job["id"])["progress"]["done"] > size, "the board to have said enough")
    return job["id"]


def test_watch__characters_are_told_whole(make_board, make_server):
    server = make_server(lab1=make_board(application="\u20ac" * 4000))
    job_id = wait_watched(server, 12000)
    server.rest.cancel(job_id)
    server.rest.wait_job(job_id)
    text = told(server, job_id)
    assert text.count("\u20ac") >= 4000 and "\ufffd" not in text


def test_watch__all_that_is_kept_is_told(make_board, make_server):
    server = make_server(lab1=make_board(application="\x01" * 100000))  # six characters each in JSON
    job_id = wait_watched(server, 100000)
    server.rest.cancel(job_id)
    server.rest.wait_job(job_id)
    assert told(server, job_id).count("\x01") >= 100000


def test_watch__what_came_after_silence_is_not_told(make_board, make_server):
    server = make_server(lab1=make_board(device="echo"))
    assert server.rest.request("POST", f"{TEST}?timeout=1").json()["result"]["verdict"] == "passed"
    with Talk(server) as talk:
        assert server.rest.request("POST", f"{API}/boards/lab1/console", b"later").status == 204
        talk.wait_output(b"later")
    assert told(server, "1") == ""


def test_watch__what_took_the_place_of_its_output_is_not_told(make_board, make_server):
    server = make_server(lab1=make_board(application="x" * 60000))
    assert server.rest.request("POST", f"{TEST}?expect=x$").json()["result"]["verdict"] == "passed"
    with Talk(server) as talk:
        end = talk.position + (1 << 17)  # so much is kept
        while talk.position < end:
            assert talk.receive()
    assert told(server, "1") == ""


def test_watch__a_board_that_cannot_be_started_is_not_watched(make_board, make_server):
    board = make_board(listen="raw:0", options=["--boot", "download"])
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    kind, body = form([("0x110000", bytes(range(256)), "x.bin")])
    reply = server.rest.request("POST", f"{TEST}?timeout=1&stub=false", body, {"Content-Type": kind})
    assert_problem(reply, 422, "unsupported", "control lines")
    assert board.is_untouched()


def test_watch__a_board_that_is_lost_fails_it(server, board):
    kind, body = form([("0x110000", b"x", "x.bin")])
    job = server.rest.request("POST", f"{TEST}?expect=never&timeout=60", body,
                              {"Content-Type": kind, "Prefer": "respond-async"}).json()
    server.rest.wait_phase(job["id"], "watch")
    begun = time.monotonic()
    board.kill()
    board.expected_status = {-9}
    ended = server.rest.wait_job(job["id"])
    assert ended["state"] == "failed" and ended["error"]["code"] == "board-lost" and time.monotonic() - begun < 30


def test_watch__ends_with_the_server(server):
    server.rest.request("POST", f"{TEST}?expect=never&timeout=300", headers={"Prefer": "respond-async"})
    wait_until(lambda: (server.rest.job("1")["progress"] or {}).get("phase") == "watch", "the watch to begin")
    begun = time.monotonic()
    assert server.terminate() == 0 and time.monotonic() - begun < 10
