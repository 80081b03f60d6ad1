# SPDX-License-Identifier: Apache-2.0
"""The resources of the REST interface, as docs/rest-api.md describes them."""

import http.client
import re
import time

import pytest

import firmware
from rest import API, assert_problem

APPLICATION = "hello from the application"
SMALL = 0x4000


@pytest.fixture
def slow_board(make_board):
    """A board that keeps to real times: 128 kB at 230400 baud take it some 3 s, long enough to look at a running job."""
    return make_board(timing="real")


@pytest.fixture
def slow(make_server, slow_board):
    started = make_server(lab1=slow_board)
    started.rest.wait_board("lab1", "idle")
    return started.rest


def small(seed):
    return firmware.image("esp32", SMALL, seed=seed)


def test_rest__boards(make_server, make_board):
    boards = {"lab1": make_board(), "lab2": make_board("esp32c3")}
    rest = make_server(**boards).rest
    for name, board in boards.items():
        found = rest.wait_board(name, "idle")
        assert (found["name"], found["address"]) == (name, board.address)
        assert (found["detail"], found["job"], found["queued"]) == (None, None, 0)
    assert [board["name"] for board in rest.get("/boards")["boards"]] == ["lab1", "lab2"]


def test_rest__healthz(rest):
    reply = rest.request("GET", "/healthz")
    assert reply.status == 200 and reply.type == "application/json"
    assert reply.json()["status"] == "ok"


@pytest.mark.parametrize("chip, name", (("esp32", "ESP32"), ("esp32c3", "ESP32-C3"), ("esp8266", "ESP8266")))
def test_rest__info_probes_the_board(make_board, make_server, chip, name):
    board = make_board(chip, application=APPLICATION, options=["--mac", "24:0a:c4:12:34:56"])
    rest = make_server(lab1=board).rest
    rest.wait_board("lab1", "idle")
    before = rest.get("/boards/lab1/info")
    assert set(before) == {"chip", "revision", "mac", "crystal_mhz", "flash_id", "flash_size", "probed",
                           "security", "description", "features", "eui64", "secure_boot", "flash_encryption"}
    assert set(before.values()) == {None}
    reply = rest.request("POST", f"{API}/boards/lab1/info")
    assert reply.status == 200, reply
    info = reply.json()["info"]
    assert info["chip"] == name and info["flash_size"] == 4 << 20 and info["flash_id"].startswith("0x")
    assert info["crystal_mhz"] in (26, 40)
    assert info["description"].startswith(name) and info["features"][0] == "Wi-Fi" and info["eui64"] is None
    assert re.fullmatch(r"v\d+\.\d+", info["revision"])
    assert info["mac"].endswith("12:34:56")  # an ESP8266 keeps the first half elsewhere
    assert rest.get("/boards/lab1/info") == info == rest.board("lab1")["info"]


def test_rest__info_leaves_the_application_running(make_board, make_server):
    rest = make_server(lab1=make_board(application=APPLICATION)).rest
    rest.wait_board("lab1", "idle")
    with Console(rest) as console:
        assert rest.request("POST", f"{API}/boards/lab1/info").status == 200
        console.read_until(APPLICATION.encode())


def test_rest__jobs_of_a_board_run_in_order(rest, board):
    images = [small(seed) for seed in range(1, 6)]
    accepted = [rest.flash_async("lab1", ("0x10000", image)) for image in images]
    jobs = [rest.wait_job(job["id"]) for job in accepted]
    assert [job["state"] for job in jobs] == ["done"] * 5
    for earlier, later in zip(jobs, jobs[1:]):
        assert earlier["finished"] <= later["started"]
    assert board.holds(0x10000, images[-1])


def test_rest__jobs_are_listed_newest_first_and_by_board(make_server, make_board):
    rest = make_server(lab1=make_board(), lab2=make_board()).rest
    rest.wait_board("lab2", "idle")
    ids = [rest.flash(name, ("0x10000", small(1))).json()["id"] for name in ("lab1", "lab2", "lab1")]
    assert [job["id"] for job in rest.get("/jobs")["jobs"]] == ids[::-1]
    assert [job["id"] for job in rest.get("/jobs?board=lab1")["jobs"]] == [ids[2], ids[0]]


def test_rest__boards_work_side_by_side(make_server, make_board, make_relay):
    held = make_board()
    relay = make_relay(held.port)
    rest = make_server(held=f"rfc2217://127.0.0.1:{relay.port}", free=make_board()).rest
    for name in ("held", "free"):
        rest.wait_board(name, "idle")
    relay.freeze()
    waiting = rest.flash_async("held", ("0x10000", small(1)))
    assert rest.flash("free", ("0x10000", small(2))).json()["state"] == "done"
    assert rest.job(waiting["id"])["state"] == "running"
    relay.freeze(False)
    assert rest.wait_job(waiting["id"])["state"] == "done"


def test_rest__a_queued_job_can_be_cancelled(slow, slow_board, app):
    first = slow.flash_async("lab1", ("0x10000", app), query="?baud=230400")
    second = slow.flash_async("lab1", ("0x80000", small(2)))
    assert slow.board("lab1")["queued"] == 1
    assert slow.cancel(second["id"]).status == 202
    assert slow.wait_job(second["id"])["state"] == "cancelled"
    assert slow.job(first["id"])["state"] == "running"
    slow.cancel(first["id"])
    slow.wait_job(first["id"])
    assert slow_board.flash(0x80000, SMALL) == b"\xff" * SMALL


def test_rest__a_running_job_can_be_cancelled(slow, slow_board, app):
    job = slow.flash_async("lab1", ("0x10000", app), query="?baud=230400")
    slow.wait_phase(job["id"], "write")
    begin = time.monotonic()
    assert slow.cancel(job["id"]).status == 202
    ended = slow.wait_job(job["id"])
    assert time.monotonic() - begin < 5
    assert ended["state"] == "cancelled" and ended["finished"]
    slow.wait_board("lab1", "idle")
    good = slow.flash("lab1", ("0x10000", small(3)))
    assert good.status == 200, good
    assert slow_board.holds(0x10000, small(3))


def test_rest__a_waiting_request_hears_of_the_cancel(slow, app):
    waiting = slow.connect()
    waiting.request("PUT", f"{API}/boards/lab1/flash?offset=0x10000&baud=230400", app)
    busy = slow.wait_board("lab1", "busy")
    slow.wait_phase(busy["job"], "write")
    assert slow.cancel(busy["job"]).status == 202
    reply = waiting.getresponse()
    body = reply.read()
    waiting.close()
    assert reply.status == 409 and b'"cancelled"' in body


def test_rest__an_ended_job_cannot_be_cancelled(rest):
    job = rest.flash("lab1", ("0x10000", small(1))).json()
    assert_problem(rest.cancel(job["id"]), 409, "job-ended")
    assert rest.job(job["id"])["state"] == "done"


def test_rest__a_client_that_leaves_does_not_stop_its_job(slow, slow_board):
    image = small(4)
    leaving = slow.connect()
    leaving.request("PUT", f"{API}/boards/lab1/flash?offset=0x10000", image)
    job = slow.wait_board("lab1", "busy")["job"]
    leaving.close()
    assert slow.wait_job(job)["state"] == "done"
    assert slow_board.holds(0x10000, image)


def test_rest__events_tell_the_whole_job(slow, app):
    job = slow.flash_async("lab1", ("0x10000", app), query="?baud=921600")
    events = list(slow.events(job["id"]))
    assert events[0][0] == "state" and events[0][1]["state"] in ("queued", "running")
    assert events[-1][0] == "end" and events[-1][1]["state"] == "done"
    assert events[-1][1] == slow.job(job["id"])
    assert {name for name, _ in events[1:-1]} <= {"state", "position", "progress"}
    written = [data for name, data in events if name == "progress" and data["phase"] == "write"]
    assert len(written) >= 2
    assert all(data["total"] == len(app) for data in written)
    done = [data["done"] for data in written]
    # What comes faster than it is sent is merged, so the last of a phase may be lost to the next phase's first.
    assert done == sorted(done) and done[-1] <= len(app)
    assert events[-1][1]["result"]["bytes"] == len(app)
    assert all(int(data["offset"], 16) <= 0x10000 + len(app) for data in written)


def test_rest__events_of_an_ended_job_are_its_end(rest):
    job = rest.flash("lab1", ("0x10000", small(1))).json()
    events = list(rest.events(job["id"]))
    assert events[-1] == ("end", rest.job(job["id"]))
    assert not [data for name, data in events if name == "progress"]


def test_rest__events_serve_many_and_survive_who_leaves(slow, app):
    job = slow.flash_async("lab1", ("0x10000", app), query="?baud=921600")
    leaving = slow.events(job["id"])
    next(leaving)
    leaving.close()
    for events in [slow.events(job["id"]), slow.events(job["id"])]:
        assert list(events)[-1][0] == "end"


def test_rest__reset_starts_the_application(make_board, make_server):
    rest = make_server(lab1=make_board(application=APPLICATION)).rest
    rest.wait_board("lab1", "idle")
    with Console(rest) as console:
        reply = rest.request("POST", f"{API}/boards/lab1/reset")
        assert reply.status == 200 and reply.json()["state"] == "done", reply
        console.read_until(b"SPI_FAST_FLASH_BOOT", APPLICATION.encode())


def test_rest__console_shows_the_application_after_a_flash(make_board, make_server):
    rest = make_server(lab1=make_board(application=APPLICATION)).rest
    rest.wait_board("lab1", "idle")
    with Console(rest) as console:
        assert rest.flash("lab1", ("0x10000", small(1))).status == 200
        console.read_until(APPLICATION.encode())


def test_rest__console_carries_bytes_both_ways(make_board, make_server):
    rest = make_server(loop=make_board(device="echo")).rest
    rest.wait_board("loop", "idle")
    data = bytes(range(256)) * 4
    with Console(rest, "loop") as console, Console(rest, "loop") as other:
        assert rest.request("POST", f"{API}/boards/loop/console", data).status == 204
        assert console.read_until(data) == other.read_until(data) == data


def test_rest__console_input_is_bounded(rest):
    reply = rest.request("POST", f"{API}/boards/lab1/console", bytes(4097))
    assert_problem(reply, 413, "upload-too-large", "4096")


@pytest.mark.parametrize("method, path, code", (
    ("GET", "/boards/nobody", "no-such-board"), ("POST", "/boards/nobody/flash", "no-such-board"),
    ("PUT", "/boards/nobody/flash?offset=0x0", "no-such-board"), ("POST", "/boards/nobody/reset", "no-such-board"),
    ("GET", "/boards/nobody/info", "no-such-board"), ("GET", "/boards/nobody/console", "no-such-board"),
    ("GET", "/jobs/999", "no-such-job"), ("DELETE", "/jobs/999", "no-such-job"), ("GET", "/jobs/x/events", "no-such-job"),
    ("GET", "/nothing", "no-such-resource"), ("GET", "/boards/lab1/nothing", "no-such-resource")))
def test_rest__what_is_not_there_is_404(rest, method, path, code):
    words = ["nobody"] if code == "no-such-board" else []
    assert_problem(rest.request(method, API + path), 404, code, *words)


@pytest.mark.parametrize("method, path, allowed", (
    ("DELETE", "/boards", {"GET"}), ("DELETE", "/boards/lab1/flash", {"GET", "POST", "PUT"}), ("GET", "/boards/lab1/reset", {"POST"}),
    ("POST", "/jobs", {"GET"}), ("PUT", "/jobs/1", {"GET", "DELETE"})))
def test_rest__wrong_method_is_405_and_names_the_right_ones(rest, method, path, allowed):
    reply = rest.request(method, API + path)
    assert_problem(reply, 405, "method-not-allowed")
    assert allowed <= {word.strip() for word in reply.headers["Allow"].split(",")}


def test_rest__connection_is_kept_alive(rest):
    connection = rest.connect()
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("GET", API + "/boards")
        reply = connection.getresponse()
        assert reply.status == 200 and reply.read()
        assert connection.sock is first
    connection.close()


class Console:
    """A reader of a board's console, which has its stream before the constructor returns."""

    def __init__(self, rest, board="lab1"):
        self.connection = http.client.HTTPConnection(rest.host, rest.port, timeout=10)
        self.connection.request("GET", f"{API}/boards/{board}/console")
        self.reply = self.connection.getresponse()
        assert self.reply.status == 200 and self.reply.getheader("Content-Type") == "application/octet-stream"

    def read_until(self, *wanted):
        """Reads until these have come, one behind the other; what is left of an earlier boot may come before them."""
        pattern = b".*".join(re.escape(text) for text in wanted)
        data = b""
        while not re.search(pattern, data, re.DOTALL):
            more = self.reply.read1(65536)
            assert more, f"the stream ended; wanted {wanted!r}, got {data!r}"
            data += more
        return data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
