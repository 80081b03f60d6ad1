# SPDX-License-Identifier: Apache-2.0
"""Reading flash and memory through the server: the bytes, whole or not at all, and nothing left on the disk."""

import hashlib
import os
import resource
import signal

import pytest

import firmware
from program import wait_until
from rest import API, assert_problem, curl

KB = 1024
CONTENT = firmware.payload(256 * KB, seed=11)
FLASH = f"{API}/boards/lab1/flash"
MEMORY = f"{API}/boards/lab1/memory"
ASYNC = {"Prefer": "respond-async"}
MAGIC_REGISTER = "0x40001000"
MAGIC = {"esp8266": 0xFFF0C101, "esp32": 0x00F01D83, "esp32c3": 0x1B31506F}


@pytest.fixture
def serve(make_board, make_server):
    """serve(chip=..., timing=..., server=[option...], preexec=...) starts a board with CONTENT and a farflashd that has
    found it: (board, server)."""
    def start(server=(), preexec=None, **options):
        board = make_board(content=CONTENT, **options)
        started = make_server(lab1=board, options=server, preexec=preexec)
        started.rest.wait_board("lab1", "idle")
        return board, started
    return start



def start_read(rest, query):
    reply = rest.request("GET", f"{FLASH}{query}", headers=ASYNC)
    assert reply.status == 202 and reply.headers["Preference-Applied"] == "respond-async", reply
    job = reply.json()
    assert reply.headers["Location"] == f"{API}/jobs/{job['id']}"
    return job


def fetch(rest, job_id):
    return rest.request("GET", f"{API}/jobs/{job_id}/content")


@pytest.mark.parametrize("query, begin, size", (
    ("?offset=0x0&size=0x1000", 0, 0x1000), ("?offset=0x1001&size=70001", 0x1001, 70001), ("?size=1", 0, 1),
    ("?offset=0x20000&size=0x4000&stub=false&baud=0", 0x20000, 0x4000)))
def test_rest_read__a_part(serve, query, begin, size):
    board, server = serve()
    reply = server.rest.request("GET", FLASH + query)
    assert reply.status == 200 and reply.type == "application/octet-stream", reply
    assert int(reply.headers["Content-Length"]) == size
    assert reply.body == CONTENT[begin:begin + size]
    assert board.is_untouched()


@pytest.mark.parametrize("query, begin", (("", 0), ("?size=all", 0), ("?offset=0xff000&size=ALL", 0xFF000)))
def test_rest_read__to_the_end(serve, query, begin):
    board, server = serve(chip="esp32c3", flash_size="1MB")
    reply = server.rest.request("GET", FLASH + query)
    assert reply.status == 200 and reply.body == board.flash(begin), reply.status


def test_rest_read__curl_has_the_truth_in_its_exit_status(serve, tmp_path):
    board, server = serve()
    url = f"{server.url}{FLASH}"
    done = curl("--fail", "-o", tmp_path / "backup.bin", url)
    assert done.status == 0 and (tmp_path / "backup.bin").read_bytes() == board.flash()
    done = curl("--fail", "-o", tmp_path / "nothing.bin", f"{url}?offset=0x400000")
    assert done.status == 22 and not (tmp_path / "nothing.bin").exists(), done


def test_rest_read__async_leaves_the_content_with_the_job(serve):
    _, server = serve(timing="real")
    job = start_read(server.rest, "?offset=0x1000&size=0x8000&baud=115200")
    assert (job["kind"], job["target"]) == ("read", {"offset": "0x1000", "size": 0x8000})
    assert_problem(fetch(server.rest, job["id"]), 409, "job-not-ended", job["id"])
    done = server.rest.wait_job(job["id"])
    wanted = CONTENT[0x1000:0x9000]
    assert done["state"] == "done" and done["result"]["bytes"] == len(wanted)
    assert done["result"]["sha256"] == hashlib.sha256(wanted).hexdigest()
    for _ in range(2):
        reply = fetch(server.rest, job["id"])
        assert reply.status == 200 and reply.type == "application/octet-stream" and reply.body == wanted
    head = server.rest.request("HEAD", f"{API}/jobs/{job['id']}/content")
    assert (head.status, head.headers["Content-Length"], head.body) == (200, str(len(wanted)), b"")


def test_rest_read__events_tell_the_progress(serve):
    _, server = serve(timing="real")
    job = start_read(server.rest, "?size=0x8000&baud=115200")
    events = list(server.rest.events(job["id"]))
    done = [data["done"] for name, data in events if name == "progress" and data["phase"] == "read"]
    assert len(done) >= 2 and done == sorted(done)
    assert events[-1] == ("end", server.rest.job(job["id"]))


def test_rest_read__text_says_where_the_bytes_are(serve):
    _, server = serve()
    reply = server.rest.request("GET", f"{FLASH}?offset=0x1000&size=0x2000", headers={"Accept": "text/plain"})
    assert reply.status == 200 and reply.type == "text/plain"
    lines = reply.body.decode().splitlines()
    job = server.rest.get("/jobs")["jobs"][0]["id"]
    assert "8192 bytes of flash at 0x1000" in lines[0] and any(line.startswith("read: ") for line in lines)
    assert lines[-1].startswith("done: 8192 bytes") and f"/api/v1/jobs/{job}/content" in lines[-1]
    assert fetch(server.rest, job).body == CONTENT[0x1000:0x3000]


@pytest.mark.parametrize("path", (FLASH, f"{MEMORY}?address={MAGIC_REGISTER}&size=4"))
def test_rest_read__head_touches_nothing(serve, path):
    board, server = serve()
    resets = board.output().count("reset")
    reply = server.rest.request("HEAD", path)
    assert reply.status == 200 and reply.type == "application/octet-stream" and reply.body == b""
    assert server.rest.request("HEAD", path.split("?")[0] + "?nonsense=1").status == 400
    assert server.rest.get("/jobs")["jobs"] == [] and board.output().count("reset") == resets


@pytest.mark.parametrize("path, code, word", (
    (f"{FLASH}?offset=elephant", "bad-offset", "elephant"), (f"{FLASH}?offset=-1", "bad-offset", "-1"),
    (f"{FLASH}?size=mouse", "invalid-argument", "mouse"), (f"{FLASH}?size=0", "invalid-argument", "0"),
    (f"{FLASH}?size=", "invalid-argument", "size"), (f"{FLASH}?size=1&size=1", "invalid-argument", "twice"),
    (f"{FLASH}?offset=0xffffffff&size=2", "invalid-argument", "0xffffffff"),
    (f"{FLASH}?lenght=1", "invalid-argument", "lenght"), (f"{FLASH}?baud=fast", "invalid-argument", "baud"),
    (f"{FLASH}?stub=perhaps", "invalid-argument", "stub"), (f"{FLASH}?force=true", "invalid-argument", "force"),
    (MEMORY, "invalid-argument", "address"), (f"{MEMORY}?address=0x40001000", "invalid-argument", "size"),
    (f"{MEMORY}?address=cat&size=4", "invalid-argument", "cat"),
    (f"{MEMORY}?address=0x40001002&size=4", "invalid-argument", "multiples of 4"),
    (f"{MEMORY}?address=0x40001000&size=3", "invalid-argument", "multiples of 4"),
    (f"{MEMORY}?address=0x40001000&size=0", "invalid-argument", "1048576"),
    (f"{MEMORY}?address=0x40001000&size=0x100004", "invalid-argument", "1048576"),
    (f"{MEMORY}?address=0xfffffffc&size=8", "invalid-argument", "0xfffffffc")))
def test_rest_read__bad_queries_make_no_job(rest, path, code, word):
    assert_problem(rest.request("GET", path), 400, code, word)
    assert rest.get("/jobs")["jobs"] == []


@pytest.mark.parametrize("query", ("?offset=0x400000", "?offset=0x3fffff&size=2"))
def test_rest_read__beyond_the_flash(serve, query):
    _, server = serve()
    problem = assert_problem(server.rest.request("GET", FLASH + query), 422, "too-large", "lab1", "0x400000")
    assert problem["job"]["state"] == "failed" and server.files() == []
    assert_problem(fetch(server.rest, problem["job"]["id"]), 404, "no-such-content", "failed")


def test_rest_read__only_reads_have_content(rest):
    job = rest.request("POST", f"{API}/boards/lab1/reset").json()
    assert_problem(fetch(rest, job["id"]), 404, "no-such-content", "reset")
    assert_problem(fetch(rest, "999"), 404, "no-such-job")


def test_rest_read__old_contents_make_room(serve):
    _, server = serve(server=["--max-content", "8KB"])
    for offset in (0, 0x1000, 0x2000):
        assert server.rest.request("GET", f"{FLASH}?offset={offset}&size=4096").status == 200
    assert_problem(fetch(server.rest, "1"), 404, "no-such-content", "no longer kept")
    assert [fetch(server.rest, job).body for job in "23"] == [CONTENT[0x1000:0x2000], CONTENT[0x2000:0x3000]]
    assert len(server.files()) == 2


def test_rest_read__the_same_content_twice_is_one_file(serve):
    _, server = serve(server=["--max-content", "4KB"])
    for _ in range(2):
        assert server.rest.request("GET", f"{FLASH}?size=4096").body == CONTENT[:4096]
    assert fetch(server.rest, "1").status == 404 and fetch(server.rest, "2").body == CONTENT[:4096]
    assert len(server.files()) == 1


def test_rest_read__more_than_the_server_keeps(serve):
    _, server = serve(server=["--max-content", "64KB"])
    for query in ("", "?size=65537"):
        assert_problem(server.rest.request("GET", FLASH + query), 422, "too-large", "--max-content")
    assert server.rest.request("GET", f"{FLASH}?size=65536").body == CONTENT[:65536]


LARGEST_FILE = 512 * KB  # the database needs some of it


def limit_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))


def test_rest_read__no_disk_space(serve):
    _, server = serve(preexec=limit_files)
    assert_problem(server.rest.request("GET", f"{FLASH}?size={2 * LARGEST_FILE}"), 507, "no-space", "lab1")
    assert server.files() == []
    assert server.rest.request("GET", f"{FLASH}?size=0x8000").body == CONTENT[:0x8000]


def test_rest_read__is_cancelled(serve):
    board, server = serve(timing="real")
    rest = server.rest
    waiting = rest.connect()
    waiting.request("GET", f"{FLASH}?baud=115200")
    job = rest.wait_board("lab1", "busy")["job"]
    rest.wait_phase(job, "read")
    assert server.files() != []
    assert rest.cancel(job).status == 202
    reply = waiting.getresponse()
    assert reply.status == 409 and b"the flash is as it was" in reply.read()
    waiting.close()
    assert server.files() == []
    assert_problem(fetch(rest, job), 404, "no-such-content", "cancelled")
    assert rest.request("GET", f"{FLASH}?size=4096").body == CONTENT[:4096]
    assert board.is_untouched()


def test_rest_read__board_lost_in_the_middle(make_board, make_server, make_relay):
    relay = make_relay(make_board(timing="real").port)
    server = make_server(lab1=f"rfc2217://127.0.0.1:{relay.port}")
    server.rest.wait_board("lab1", "idle")
    waiting = server.rest.connect()
    waiting.request("GET", f"{FLASH}?baud=115200")
    job = server.rest.wait_board("lab1", "busy")["job"]
    server.rest.wait_phase(job, "read")
    relay.unplug()
    reply = waiting.getresponse()
    assert reply.status == 503 and b'"board-lost"' in reply.read()
    waiting.close()
    assert server.files() == []


def test_rest_read__shutdown_in_the_middle(serve):
    _, server = serve(timing="real")
    waiting = server.rest.connect()
    waiting.request("GET", f"{FLASH}?baud=115200")
    job = server.rest.wait_board("lab1", "busy")["job"]
    server.rest.wait_phase(job, "read")
    os.kill(server.pid, signal.SIGTERM)
    reply = waiting.getresponse()
    assert reply.status == 503 and b'"shutting-down"' in reply.read()
    waiting.close()
    assert server.wait(10) == 0 and server.files() == []


def test_rest_read__contents_go_with_the_server(serve):
    _, server = serve()
    assert server.rest.request("GET", f"{FLASH}?size=4096").status == 200
    assert len(server.files()) == 1
    assert server.terminate() == 0 and server.files() == []


def test_rest_read__a_client_that_leaves_does_no_harm(serve):
    _, server = serve()
    leaving = server.rest.connect()
    leaving.request("GET", FLASH)  # 4 MB do not fit into the socket's buffers
    reply = leaving.getresponse()
    assert reply.read(1000) == CONTENT[:1000]
    reply.close()
    leaving.close()
    early = server.rest.connect()
    early.request("GET", f"{FLASH}?size=0x1000")
    early.close()
    wait_until(lambda: [job["state"] for job in server.rest.get("/jobs")["jobs"]] == ["done"] * 2, "both reads to end")
    assert server.rest.request("GET", f"{FLASH}?offset=0x1000&size=0x1000").body == CONTENT[0x1000:0x2000]


def test_rest_read__content_is_whole_though_it_is_given_up(serve):
    board, server = serve(server=["--max-content", "4MB"])
    slow = server.rest.connect()
    slow.request("GET", FLASH)
    reply = slow.getresponse()
    begin = reply.read(1000)
    assert server.rest.request("GET", f"{FLASH}?size=0x1000").status == 200
    assert_problem(fetch(server.rest, "1"), 404, "no-such-content")
    assert begin + reply.read() == board.flash()
    slow.close()


@pytest.mark.parametrize("chip", MAGIC)
@pytest.mark.parametrize("stub", ("true", "false"))
def test_rest_read__memory(serve, chip, stub):
    _, server = serve(chip=chip)
    reply = server.rest.request("GET", f"{MEMORY}?address={MAGIC_REGISTER}&size=4&stub={stub}")
    assert reply.status == 200 and reply.body == MAGIC[chip].to_bytes(4, "little"), reply
    job = server.rest.get("/jobs")["jobs"][0]
    assert (job["kind"], job["target"]) == ("read-memory", {"address": MAGIC_REGISTER, "size": 4})
    assert job["result"]["value"] == f"0x{MAGIC[chip]:08x}" and job["result"]["stub"] is (stub == "true")
    several = server.rest.request("GET", f"{MEMORY}?address={MAGIC_REGISTER}&size=0x100&stub={stub}")
    assert len(several.body) == 0x100 and several.body[:4] == reply.body
    assert "value" not in server.rest.get("/jobs")["jobs"][0]["result"]
