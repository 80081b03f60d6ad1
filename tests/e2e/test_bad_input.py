# SPDX-License-Identifier: Apache-2.0
"""Uploads that must be refused: each with its own status, code and a text that helps, before anything is erased, and
without harm to the next one. Trouble with the board itself is in test_board_trouble.py."""

import socket

import pytest

import firmware
from program import wait_until
from rest import API, assert_problem, curl, form

SMALL = 0x4000
FLASH_SIZE = 4 << 20
CAP = 1 << 20
LATER = 399  # a revision that no virtual board has
BOUNDARY = "farflash-test"


@pytest.fixture
def board(make_board):
    """A board whose flash holds something already."""
    return make_board(content=firmware.payload(0x40000, seed=9))


@pytest.fixture
def refused(rest, board):
    """refused(reply, status, code, words...) checks the problem, that the flash is as it was, and that the next good
    flash works."""
    before = board.flash()

    def check(reply, status, code, *words):
        problem = assert_problem(reply, status, code, *words)
        assert board.flash() == before
        good = firmware.image("esp32", SMALL, seed=77)
        after = rest.flash("lab1", ("0x20000", good))
        assert after.status == 200, after
        assert board.holds(0x20000, good)
        assert board.flash(0, 0x20000) == before[:0x20000]
        return problem
    return check


def image(chip="esp32", **options):
    return firmware.image(chip, SMALL, **options)


def test_bad_input__empty_file(rest, refused):
    refused(rest.flash("lab1", ("0x10000", b"")), 400, "empty-image", "empty")


def test_bad_input__empty_file_beside_a_good_one(rest, refused):
    refused(rest.flash("lab1", ("0x10000", image()), ("0x8000", b"", "table.bin")), 400, "empty-image", "table.bin")


def test_bad_input__empty_put(rest, refused):
    refused(rest.put("lab1", b""), 400, "empty-image", "empty")


@pytest.mark.parametrize("offset", ("elephant", "0xzz", "-4096", "0x100000000", "99999999999999999999", "0x10000x", "1e4", ""))
def test_bad_input__offset_that_is_no_number(rest, refused, offset):
    refused(rest.flash("lab1", (offset, image())), 400, "bad-offset", offset)


@pytest.mark.parametrize("query, code", (("", "missing-offset"), ("?offset=", "bad-offset"), ("?offset=home", "bad-offset"),
                                         ("?offset=-1", "bad-offset")))
def test_bad_input__put_without_a_good_offset(rest, refused, query, code):
    refused(rest.put("lab1", image(), query), 400, code, "offset")


@pytest.mark.parametrize("offset", ("0x10001", "0x10800", "4095"))
def test_bad_input__unaligned_offset(rest, refused, offset):
    refused(rest.flash("lab1", (offset, image())), 400, "unaligned-offset", "image.bin", "multiple")


@pytest.mark.parametrize("second", ("0x10000", "0x13000", "0xd000"))
def test_bad_input__overlapping_regions(rest, refused, second):
    refused(rest.flash("lab1", ("0x10000", image(), "one.bin"), (second, image(), "two.bin")), 400,
            "overlapping-regions", "one.bin", "two.bin")


def test_bad_input__regions_that_touch_are_no_overlap(rest, board):
    reply = rest.flash("lab1", ("0x10000", image(seed=1)), (hex(0x10000 + SMALL), image(seed=2)))
    assert reply.status == 200, reply
    assert board.holds(0x10000, image(seed=1) + image(seed=2))


def test_bad_input__larger_than_the_flash(rest, refused):
    refused(rest.flash("lab1", (hex(FLASH_SIZE - 0x1000), image())), 422, "too-large", "image.bin", "4 MB")


def test_bad_input__beyond_the_flash(rest, refused):
    refused(rest.flash("lab1", (hex(FLASH_SIZE), image())), 422, "too-large")


def test_bad_input__image_for_another_chip(rest, refused):
    reply = rest.flash("lab1", ("0x10000", image("esp32c3"), "app.bin"))
    refused(reply, 422, "wrong-chip", "ESP32-C3", "ESP32", "app.bin", "force")


def test_bad_input__image_for_another_chip_by_force(rest, board):
    reply = rest.flash("lab1", ("0x10000", image("esp32c3")), query="?force=true")
    assert reply.status == 200, reply
    assert board.holds(0x10000, image("esp32c3"))


def test_bad_input__image_for_a_later_revision(rest, refused):
    reply = rest.flash("lab1", ("0x10000", image(min_revision=LATER)))
    refused(reply, 422, "wrong-revision", "v3.99", "force")


def test_bad_input__image_for_a_later_revision_by_force(rest, board):
    later = image(min_revision=LATER)
    reply = rest.flash("lab1", ("0x10000", later), query="?force=true")
    assert reply.status == 200, reply
    assert board.holds(0x10000, later)


def test_bad_input__one_wrong_image_stops_them_all(rest, refused):
    reply = rest.flash("lab1", ("0x10000", image()), ("0x20000", image("esp32c3")))
    refused(reply, 422, "wrong-chip")


def test_bad_input__unknown_board(rest, refused):
    refused(rest.flash("nobody", ("0x10000", image())), 404, "no-such-board", "nobody")


@pytest.mark.parametrize("query", ("?baud=fast", "?baud=-1", "?baud=99999999", "?force=maybe", "?stub=2", "?compress=",
                                   "?offset=0x0&offset=0x1000"))
def test_bad_input__bad_parameter(rest, refused, query):
    refused(rest.flash("lab1", ("0x10000", image()), query=query), 400, "invalid-argument",
            query.strip("?").split("=", maxsplit=1)[0])


def test_bad_input__content_type_that_is_no_form(rest, refused):
    reply = rest.request("POST", f"{API}/boards/lab1/flash", b"x", {"Content-Type": "application/json"})
    refused(reply, 415, "unsupported-media-type", "multipart/form-data")


def test_bad_input__post_without_a_body(rest, refused):
    refused(rest.request("POST", f"{API}/boards/lab1/flash"), 415, "unsupported-media-type")


def part(headers='Content-Disposition: form-data; name="0x10000"; filename="a"', content=b"x"):
    return f"--{BOUNDARY}\r\n{headers}\r\n\r\n".encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize("body", (
    b"", b"garbage", END, part(), part() + b"--" + BOUNDARY.encode(), part("X-Nothing: 1") + END,
    part("Content-Disposition: form-data") + END, part("no colon at all") + END,
    b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: form-data; name=\"0x0\"\r\n" + b"X-Long: " + b"y" * 70000 + END,
    part("Content-Disposition: form-data; name=\"0x0") + END),
    ids=("nothing", "garbage", "no-parts", "no-end", "half-an-end", "no-disposition", "no-name", "no-header", "huge-header",
         "open-quote"))
def test_bad_input__malformed_form(rest, refused, body):
    reply = rest.request("POST", f"{API}/boards/lab1/flash", body,
                         {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    refused(reply, 400, "bad-multipart")


@pytest.mark.parametrize("parameter", ("", "; boundary=", "; boundary=" + "b" * 71), ids=("none", "empty", "too-long"))
def test_bad_input__form_without_a_good_boundary(rest, refused, parameter):
    kind = f"multipart/form-data{parameter}"
    reply = rest.request("POST", f"{API}/boards/lab1/flash", part() + END, {"Content-Type": kind})
    refused(reply, 400, "bad-multipart", "boundary")


def test_bad_input__too_many_parts(rest, refused):
    parts = [(hex(0x1000 * index), b"x") for index in range(65)]
    refused(rest.flash("lab1", *parts), 400, "bad-multipart", "64")


@pytest.fixture
def capped(make_server, board):
    started = make_server(lab1=board, options=["--max-upload", str(CAP)])
    started.rest.wait_board("lab1", "idle")
    return started


def open_request(server, headers, method="PUT"):
    """Sends the head of a flash request and returns the socket."""
    path = "/boards/lab1/flash" + ("?offset=0x10000" if method == "PUT" else "")
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection.sendall(f"{method} {API}{path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n".encode())
    return connection


def read_head(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(4096)
        if not more:
            break
        head += more
    return head.decode()


@pytest.mark.parametrize("expect", ("", "\r\nExpect: 100-continue"))
def test_bad_input__upload_above_the_cap_is_refused_unread(capped, board, expect):
    before = board.flash()
    with open_request(capped, f"Content-Length: {CAP + 1}{expect}") as connection:
        head = read_head(connection)  # not one byte of the body has been sent
    assert head.startswith("HTTP/1.1 413 ") and "application/problem+json" in head
    assert board.flash() == before and capped.rest.get("/jobs")["jobs"] == []


def test_bad_input__upload_above_the_cap_tells_curl(capped, tmp_path):
    big = tmp_path / "big.bin"
    with open(big, "wb") as sparse:
        sparse.truncate(1 << 30)
    for arguments in (("-T", str(big), f"{capped.url}{API}/boards/lab1/flash?offset=0x0"),
                      ("-F", f"0x0=@{big}", f"{capped.url}{API}/boards/lab1/flash")):
        done = curl("--fail-with-body", *arguments)
        assert done.status == 22 and '"upload-too-large"' in done.stdout, done
        assert done.seconds < 5


def test_bad_input__chunked_upload_is_counted(capped, board):
    before, files = board.flash(), capped.files()
    with open_request(capped, "Transfer-Encoding: chunked") as connection:
        head = read_head(send_chunks(connection, 2 * CAP))
    assert head.startswith("HTTP/1.1 413 "), head
    wait_until(lambda: capped.files() == files, "the upload to be gone")
    assert board.flash() == before


def send_chunks(connection, size):
    """Sends chunks of `size` bytes in all, and no end."""
    for _ in range(size >> 16):
        connection.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")
    return connection


def test_bad_input__upload_at_the_cap_is_taken(capped, board):
    exact = firmware.payload(CAP)
    reply = capped.rest.put("lab1", exact, "?offset=0x0")
    assert reply.status == 200, reply
    assert board.holds(0, exact)


@pytest.mark.parametrize("method", ("PUT", "POST"))
def test_bad_input__client_gone_in_mid_upload(server, board, method):
    before, files = board.flash(), server.files()
    kind, body = form([("0x10000", firmware.payload(0x80000))])
    with open_request(server, f"Content-Length: {len(body) * 2}\r\nContent-Type: {kind}", method=method) as connection:
        connection.sendall(body[:0x40000])
        wait_until(lambda: server.files() != files, "the upload to reach the disk")
    wait_until(lambda: server.files() == files, "the upload to be gone")
    assert server.rest.get("/jobs")["jobs"] == []
    assert server.rest.board("lab1")["state"] == "idle"
    assert board.flash() == before
    assert server.rest.flash("lab1", ("0x10000", image())).status == 200
    assert board.holds(0x10000, image())


def test_bad_input__broken_chunk(server, board):
    before, files = board.flash(), server.files()
    with open_request(server, "Transfer-Encoding: chunked") as connection:
        connection.sendall(b"1000\r\n" + bytes(0x1000) + b"\r\nnonsense\r\n")
        head = read_head(connection)
    assert head == "" or head.startswith("HTTP/1.1 400 ")
    wait_until(lambda: server.files() == files, "the upload to be gone")
    assert server.rest.get("/jobs")["jobs"] == [] and board.flash() == before
