# SPDX-License-Identifier: Apache-2.0
"""Comparing, erasing and writing memory through the server."""

import os
import signal

import pytest

import firmware
from rest import API, assert_problem, curl, form

KB = 1024
FLASH_SIZE = 4 << 20
CONTENT = firmware.payload(2048 * KB, seed=12)
BOARD = f"{API}/boards/lab1"
TEXT = {"Accept": "text/plain"}
USUAL_RESETS = {"before": "default-reset", "after": "hard-reset", "connect_attempts": None}


@pytest.fixture
def board(make_board):
    return make_board(content=CONTENT)


@pytest.fixture
def slow(make_board, make_server):
    """(board, its server) that take as long as real ones."""
    board = make_board(content=CONTENT, timing="real")
    started = make_server(lab1=board)
    started.rest.wait_board("lab1", "idle")
    return board, started


def post(rest, path, parts=None, headers=None):
    kind, body = form(parts) if parts else (None, None)
    return rest.request("POST", BOARD + path, body, {**({"Content-Type": kind} if kind else {}), **(headers or {})})


RIGHT = ("0x1000", CONTENT[0x1000:0x3FFF], "right.bin")
WRONG = ("0x8001", CONTENT[0x8001:0x9000] + b"?", "wrong.bin")


@pytest.mark.parametrize("query", ("", "?stub=false&baud=0"))
def test_rest_work__verify(rest, board, query):
    reply = post(rest, f"/verify{query}", [RIGHT, ("0x8001", CONTENT[0x8001:0x9000])])
    assert reply.status == 200, reply
    job = reply.json()
    assert (job["kind"], job["state"]) == ("verify", "done")
    assert [region["same"] for region in job["regions"]] == [True, True]
    assert job["result"]["verified"] and job["result"]["bytes"] == 0x2FFF + 0xFFF
    assert job["options"] == {"baud": 0 if query else 460800, "stub": not query, "flash_mode": "keep", "flash_freq": "keep",
                              "flash_size": "keep", **USUAL_RESETS}
    assert board.is_untouched()


def test_rest_work__verify_tells_what_differs(rest, board):
    problem = assert_problem(post(rest, "/verify", [WRONG, RIGHT]), 502, "verify-failed", "lab1", "wrong.bin at 0x8001")
    assert "right.bin" not in problem["detail"]
    assert [(region["name"], region["same"]) for region in problem["job"]["regions"]] == [
        ("wrong.bin", False), ("right.bin", True)]
    assert board.is_untouched()


def test_rest_work__verify_of_one_body(server, board, tmp_path):
    image = tmp_path / "image.bin"
    image.write_bytes(CONTENT[0x2345:0x9876])
    url = f"{server.url}{BOARD}/verify"
    assert curl("--fail", "-T", image, f"{url}?offset=0x2345").status == 0
    assert curl("--fail", "-T", image, f"{url}?offset=0x2346").status == 22
    assert board.is_untouched() and server.uploads() == []


def test_rest_work__verify_as_text(rest):
    lines = post(rest, "/verify", [RIGHT], TEXT).body.decode().splitlines()
    assert "compare 12287 bytes in 1 region" in lines[0] and "same: 0x1000, right.bin" in lines
    assert lines[-1].startswith("done: ")
    done = curl("-N", "-H", "Accept: text/plain", "-F", "0x8000=@/etc/hostname", f"{rest.url}{BOARD}/verify")
    assert done.status == 18 and "differs: 0x8000, hostname" in done.stdout, done
    assert done.stdout.splitlines()[-1].startswith("failed: verify-failed"), done


def test_rest_work__verify_before_it_has_compared(slow):
    _, server = slow
    held = server.rest.request("GET", f"{BOARD}/flash?baud=115200", headers={"Prefer": "respond-async"}).json()
    reply = post(server.rest, "/verify", [RIGHT], {"Prefer": "respond-async"})
    assert reply.status == 202 and [region["same"] for region in reply.json()["regions"]] == [None]
    server.rest.cancel(held["id"])
    assert server.rest.wait_job(reply.json()["id"])["regions"][0]["same"] is True


@pytest.mark.parametrize("parts, query, status, code, word", (
    ([("0x1000", b"", "empty.bin")], "", 400, "empty-image", "empty.bin"),
    ([("elephant", b"x")], "", 400, "bad-offset", "elephant"),
    ([("0x400000", b"x", "late.bin")], "", 422, "too-large", "late.bin"),
    ([RIGHT], "?force=true", 400, "invalid-argument", "force"),
    ([RIGHT], "?verify=false", 400, "invalid-argument", "verify"),
    ([RIGHT], "?stub=perhaps", 400, "invalid-argument", "stub")))
def test_rest_work__verify_refuses(rest, board, parts, query, status, code, word):
    assert_problem(post(rest, f"/verify{query}", parts), status, code, word)
    assert board.is_untouched()


def test_rest_work__verify_wants_an_offset_and_a_form(rest):
    assert_problem(rest.request("PUT", f"{BOARD}/verify", b"x"), 400, "missing-offset", "offset")
    assert_problem(rest.request("POST", f"{BOARD}/verify", b"x"), 415, "unsupported-media-type", "multipart")


@pytest.mark.parametrize("stub", ("true", "false"))
def test_rest_work__erase_all(rest, board, stub):
    reply = post(rest, f"/erase?stub={stub}")
    assert reply.status == 200, reply
    job = reply.json()
    assert (job["kind"], job["target"]) == ("erase", {"offset": "0x0", "size": None})
    assert job["result"]["bytes"] == FLASH_SIZE and "erase" in job["result"]["phases"]
    assert board.holds(0, b"\xff" * FLASH_SIZE)


def test_rest_work__erase_a_region(rest, board):
    job = post(rest, "/erase?offset=0x3000&size=0x12000").json()
    assert job["target"] == {"offset": "0x3000", "size": 0x12000} and job["result"]["bytes"] == 0x12000
    assert board.holds(0, CONTENT[:0x3000] + b"\xff" * 0x12000 + CONTENT[0x15000:])


def test_rest_work__erase_as_text(rest):
    lines = post(rest, "/erase?offset=0x3000&size=0x1000", headers=TEXT).body.decode().splitlines()
    assert "erase 4096 bytes of flash at 0x3000" in lines[0] and "erase: erasing" in lines
    assert lines[-1].startswith("done: 4096 bytes erased")
    assert "erase all flash" in post(rest, "/erase", headers=TEXT).body.decode()


@pytest.mark.parametrize("query, status, code, word", (
    ("?offset=0x1000", 400, "invalid-argument", "offset and size"), ("?size=0x1000", 400, "invalid-argument", "offset and size"),
    ("?offset=0x1001&size=0x1000", 400, "unaligned-offset", "4096"), ("?offset=0&size=100", 400, "unaligned-offset", "4096"),
    ("?offset=0&size=0", 400, "invalid-argument", "0"), ("?offset=0&size=all", 400, "invalid-argument", "all"),
    ("?offset=x&size=0x1000", 400, "bad-offset", "x"), ("?offset=&size=", 400, "bad-offset", "offset"),
    ("?everything=true", 400, "invalid-argument", "everything"),
    ("?offset=0xfffff000&size=0x2000", 400, "invalid-argument", "0xfffff000"),
    ("?offset=0x3ff000&size=0x2000", 422, "too-large", "0x400000")))
def test_rest_work__erase_refuses(rest, board, query, status, code, word):
    assert_problem(post(rest, f"/erase{query}"), status, code, word)
    assert board.is_untouched()


def test_rest_work__cancelled_erase_says_what_it_left(slow):
    board, server = slow
    job = post(server.rest, f"/erase?offset=0&size={FLASH_SIZE}", headers={"Prefer": "respond-async"}).json()
    server.rest.wait_phase(job["id"], "erase")
    assert server.rest.cancel(job["id"]).status == 202
    ended = server.rest.wait_job(job["id"])
    assert ended["state"] == "cancelled" and "some of the flash may be erased" in ended["error"]["detail"]
    assert board.flash(0, 0x1000) == b"\xff" * 0x1000 and board.holds(0x1FF000, CONTENT[0x1FF000:])
    assert server.rest.flash("lab1", ("0x10000", firmware.image("esp32", 0x1000))).status == 200


def test_rest_work__cancelled_before_the_erase(slow):
    board, server = slow
    held = server.rest.request("GET", f"{BOARD}/flash?baud=115200", headers={"Prefer": "respond-async"}).json()
    job = post(server.rest, "/erase", headers={"Prefer": "respond-async"}).json()
    assert server.rest.cancel(job["id"]).status == 202
    assert "before it began" in server.rest.wait_job(job["id"])["error"]["detail"]
    server.rest.cancel(held["id"])
    server.rest.wait_board("lab1", "idle")
    assert board.is_untouched()


def test_rest_work__shutdown_in_mid_erase(slow):
    _, server = slow
    waiting = server.rest.connect()
    waiting.request("POST", f"{BOARD}/erase?offset=0&size={FLASH_SIZE}")
    job = server.rest.wait_board("lab1", "busy")["job"]
    server.rest.wait_phase(job, "erase")
    os.kill(server.pid, signal.SIGTERM)
    reply = waiting.getresponse()
    assert reply.status == 503 and b"the server is stopping" in reply.read()
    waiting.close()
    assert server.wait(10) == 0


def test_rest_work__board_lost_in_mid_erase(make_board, make_server, make_relay):
    relay = make_relay(make_board(timing="real").port)
    rest = make_server(lab1=f"rfc2217://127.0.0.1:{relay.port}").rest
    rest.wait_board("lab1", "idle")
    job = post(rest, f"/erase?offset=0&size={FLASH_SIZE}", headers={"Prefer": "respond-async"}).json()
    rest.wait_phase(job["id"], "erase")
    relay.unplug()
    assert rest.wait_job(job["id"])["error"]["code"] == "board-lost"


RAM = 0x3FFE0000


def test_rest_work__write_memory(rest, board):
    reply = rest.request("PUT", f"{BOARD}/memory?address={RAM}&value=0x12345678&mask=0xff00")
    assert reply.status == 200, reply
    job = reply.json()
    assert (job["kind"], job["state"]) == ("write-memory", "done")
    assert job["target"] == {"address": "0x3ffe0000", "size": 4, "value": "0x12345678", "mask": "0x0000ff00"}
    assert job["result"]["bytes"] == 4
    text = rest.request("PUT", f"{BOARD}/memory?address={RAM}&value=1", headers=TEXT).body.decode()
    assert "write 0x00000001 with mask 0xffffffff to memory at 0x3ffe0000" in text and "\ndone: " in text
    assert board.is_untouched()


def test_rest_work__written_memory_can_be_read(make_board, make_server):
    """Without control lines nothing is reset in between."""
    rest = make_server(lab1=make_board(listen="raw:0")).rest
    rest.wait_board("lab1", "idle")
    for value, mask in ((0x12345678, "0xffffffff"), (0xFFFFFFFF, "0xff00")):
        reply = rest.request("PUT", f"{BOARD}/memory?address={RAM}&value={value}&mask={mask}")
        assert reply.status == 200, reply
    assert rest.request("GET", f"{BOARD}/memory?address={RAM}&size=4").body == (0x1234FF78).to_bytes(4, "little")


@pytest.mark.parametrize("query, word", (
    ("", "address"), ("?address=0x3ffe0000", "value"), ("?address=0x3ffe0000&value=mouse", "mouse"),
    ("?address=0x3ffe0001&value=1", "multiples of 4"), ("?address=0x3ffe0000&value=1&mask=", "mask"),
    ("?address=0x3ffe0000&value=0x100000000", "0x100000000"), ("?address=0x3ffe0000&value=1&size=4", "size")))
def test_rest_work__write_memory_refuses(rest, query, word):
    assert_problem(rest.request("PUT", f"{BOARD}/memory{query}"), 400, "invalid-argument", word)
    assert rest.get("/jobs")["jobs"] == []


@pytest.mark.parametrize("method, path", (("GET", "/flash"), ("POST", "/verify"), ("PUT", "/verify?offset=0"),
                                          ("POST", "/erase"), ("GET", "/memory?address=0&size=4"),
                                          ("PUT", "/memory?address=0&value=0"), ("GET", "/flash-status"),
                                          ("PUT", "/flash-status?value=0")))
def test_rest_work__unknown_boards_are_404(rest, method, path):
    assert_problem(rest.request(method, f"{API}/boards/nobody{path}"), 404, "no-such-board", "nobody")


@pytest.mark.parametrize("chip, security", (("esp32", None), ("esp8266", None), ("esp32c3", 5)))
def test_rest_work__info_tells_the_security_state(make_board, make_server, chip, security):
    rest = make_server(lab1=make_board(chip)).rest
    rest.wait_board("lab1", "idle")
    assert rest.get("/boards/lab1/info")["security"] is None
    told = rest.request("POST", f"{BOARD}/info").json()["info"]["security"]
    if security is None:
        assert told is None
    else:
        assert told["chip_id"] == security and told["flags"] == "0x00000000" and told["key_purposes"] == [0] * 6
        assert not any(told["parsed_flags"].values()) and told["flash_encryption"] is False
    assert rest.board("lab1")["info"]["security"] == told


STATUS = f"{BOARD}/flash-status"


def test_rest_work__flash_status(rest, board):
    job = rest.request("GET", STATUS).json()
    assert (job["kind"], job["target"]) == ("read-flash-status", {"size": 2})
    assert len(job["result"]["value"]) == len("0x0000")
    job = rest.request("PUT", f"{STATUS}?bytes=1&value=0x1c&non_volatile=true").json()
    assert (job["kind"], job["target"]) == ("write-flash-status", {"size": 1, "value": "0x1c", "non_volatile": True})
    assert job["result"]["after"] == "0x1c"
    assert rest.request("GET", f"{STATUS}?bytes=1").json()["result"]["value"] == "0x1c"
    text = rest.request("GET", f"{STATUS}?bytes=1", headers=TEXT).body.decode()
    assert text.splitlines()[-1].startswith("done: the flash's status is 0x1c"), text
    text = rest.request("PUT", f"{STATUS}?bytes=1&value=0", headers=TEXT).body.decode()
    assert "write 0x00 to the flash's status" in text.splitlines()[0], text
    assert board.is_untouched()


def test_rest_work__head_of_the_flash_status_touches_nothing(rest):
    reply = rest.request("HEAD", STATUS)
    assert reply.status == 200 and reply.type == "application/json" and reply.body == b""
    assert rest.get("/jobs")["jobs"] == []


@pytest.mark.parametrize("method, query, word", (
    ("GET", "?bytes=4", "1 to 3"), ("GET", "?bytes=0", "1 to 3"), ("GET", "?bytes=two", "two"),
    ("GET", "?value=1", "value"), ("PUT", "", "value"), ("PUT", "?value=x", "x"), ("PUT", "?bytes=1&value=0x100", "0x100"),
    ("PUT", "?value=1&non_volatile=perhaps", "non_volatile"), ("PUT", "?value=0&bytes=9", "1 to 3")))
def test_rest_work__flash_status_refuses(rest, method, query, word):
    assert_problem(rest.request(method, STATUS + query), 400, "invalid-argument", word)
    assert rest.get("/jobs")["jobs"] == []


def test_text__says_no_more_of_a_board_than_is_known(make_board, make_server):
    server = make_server(lab1=make_board("esp32c3", options=["--security", "secure-download"]))
    server.rest.wait_board("lab1", "idle")
    url = f"{server.url}{BOARD}/flash?offset=0x10000&verify=false"
    done = curl("-T", "-", "-H", "Accept: text/plain", url, stdin=b"x" * 4096)
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("board: ESP32-C3, ")], done
    assert lines[-1].startswith("done: ") and "00:00" not in done.stdout


WORKS = (("POST", "/info?"), ("POST", "/run?"), ("POST", "/erase?offset=0x0&size=0x1000&"), ("GET", "/flash?size=0x1000&"),
         ("GET", "/memory?address=0x3ffb0000&size=4&"), ("PUT", "/memory?address=0x3ffb0000&value=1&"),
         ("GET", "/flash-status?"), ("PUT", "/flash-status?value=0x0&"), ("PUT", "/flash?offset=0x1000&force=true&"),
         ("PUT", "/verify?offset=0x1000&"), ("PUT", "/ram?"), ("PUT", "/test?offset=0x1000&force=true&"))


@pytest.mark.parametrize("method, path", WORKS, ids=lambda text: text.strip("/?&"))
def test_rest_work__ways_in_and_out_are_checked(rest, board, method, path):
    """Each of these works takes them, so that a wrong word is told as one."""
    for query, word in (("before=hard-reset", "usb-reset"), ("after=default-reset", "watchdog-reset"),
                        ("connect_attempts=0", "100"), ("connect_attempts=101", "100")):
        body = b"image" if method == "PUT" and "value" not in path else None
        problem = assert_problem(rest.request(method, BOARD + path + query, body), 400, "invalid-argument", word)
        assert query.partition("=")[0] in problem["detail"]
    assert board.is_untouched()


def test_rest_work__a_reset_takes_no_way_in(rest):
    assert_problem(rest.request("POST", f"{BOARD}/reset?before=no-reset"), 400, "invalid-argument", "before")


def test_rest_work__what_is_not_started_cannot_be_tested(rest, board):
    assert_problem(rest.request("POST", f"{BOARD}/test?after=no-reset"), 400, "invalid-argument", "after")
    assert board.is_untouched()


def word_of(rest, query):
    reply = rest.request("GET", f"{BOARD}/memory?address=0x3ffb0000&size=4{query}")
    return int.from_bytes(reply.body, "little") if reply.status == 200 else reply


@pytest.mark.parametrize("stub", ("true", "false"))
def test_rest_work__a_board_stays_in_its_loader(rest, stub):
    """What one job leaves in memory the next one finds, because the board is not reset in between."""
    write, stay, come = f"{BOARD}/memory?address=0x3ffb0000&value=", f"&stub={stub}&after=no-reset", "&before=no-reset"
    done = rest.request("PUT", f"{write}0x12345678{stay}&connect_attempts=3")
    assert done.status == 200, done
    assert done.json()["options"] == {"baud": 460800, "stub": stub == "true", "before": "default-reset", "after": "no-reset",
                                      "connect_attempts": 3}
    assert word_of(rest, stay + come) == 0x12345678
    assert word_of(rest, f"&stub={stub}{come}") == 0x12345678
    refused = rest.request("POST", f"{BOARD}/info?before=no-reset&connect_attempts=1")
    assert_problem(refused, 504, "no-answer", "lab1")  # its application runs


def test_rest_work__the_usual_way_in_finds_a_board_in_its_loader(rest, board):
    assert rest.request("POST", f"{BOARD}/info?after=no-reset").status == 200
    reply = rest.flash("lab1", ("0x1000", CONTENT[:4096]), query="?force=true")
    assert reply.status == 200 and board.holds(0x1000, CONTENT[:4096]), reply


def test_rest_work__a_way_out_that_is_none_is_told_before_the_work(rest, board):
    """The ESP32 has no watchdog that could do it."""
    reply = rest.request("POST", f"{BOARD}/erase?after=watchdog-reset")
    problem = assert_problem(reply, 422, "unsupported", "watchdog")
    assert problem["job"]["options"]["after"] == "watchdog-reset"
    assert board.is_untouched()
    assert rest.request("POST", f"{BOARD}/info").status == 200
