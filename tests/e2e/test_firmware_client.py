# SPDX-License-Identifier: Apache-2.0
"""The client sends an image once: it asks the server first, and gets by with servers that forget or never knew."""

import hashlib
import http.server
import json
import threading

import pytest

import firmware
from client import BUSY, USAGE, farflash, farflash_json
from metrics import Metrics
from ram_program import ram_image, stub_program
from rest import API

SENT = "farflash_http_upload_bytes_total"
NAMES = 2000  # bytes that a form may take around names of images


class Between:
    """A proxy that lets `on_request(method, path)` see every request, and answer it with (status, JSON) instead."""

    def __init__(self, rest, on_request):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def _relay(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = on_request(self.command, self.path)
                if answer:
                    status, kind, body = answer[0], "application/problem+json", json.dumps(answer[1]).encode()
                else:
                    kept = {name: value for name, value in self.headers.items() if name in ("Content-Type", "Prefer", "Accept")}
                    reply = rest.request(self.command, self.path, body or None, kept)
                    status, kind, body = reply.status, reply.type, reply.body
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = _relay

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def sent(rest):
    return Metrics(rest).get(SENT)


def digest(image):
    return hashlib.sha256(image).hexdigest()


def test_firmware_client__sends_an_image_once(server, rest, board, app, app_file):
    first, _ = farflash_json("--server", server.url, "write-flash", "0x10000", app_file)
    after_first = sent(rest)
    assert after_first > len(app)
    second, _ = farflash_json("--server", server.url, "write-flash", "0x100000", app_file)
    assert sent(rest) - after_first < NAMES
    assert board.holds(0x10000, app) and board.holds(0x100000, app)
    assert {**second["regions"][0], "offset": "0x10000"} == first["regions"][0]
    assert second["regions"][0]["name"] == "app.bin"
    assert farflash("--server", server.url, "verify-flash", "0x10000", app_file).status == 0
    assert sent(rest) - after_first < 2 * NAMES


def test_firmware_client__sends_only_what_is_missing(server, rest, board, app, app_file, tmp_path):
    other = firmware.payload(0x5000, seed=9)
    (tmp_path / "other.bin").write_bytes(other)
    (tmp_path / "small.bin").write_bytes(b"small")
    farflash_json("--server", server.url, "write-flash", "0x10000", app_file)
    before = sent(rest)
    job, _ = farflash_json("--server", server.url, "write-flash", "0x10000", app_file, "0x100000", tmp_path / "other.bin",
                           "0x110000", tmp_path / "small.bin")
    assert len(other) < sent(rest) - before < len(other) + NAMES
    assert [row["name"] for row in job["regions"]] == ["app.bin", "other.bin", "small.bin"]
    assert board.holds(0x10000, app) and board.holds(0x100000, other) and board.holds(0x110000, b"small")


def test_firmware_client__test_and_load_ram_ask_as_well(server, rest, app, app_file, tmp_path):
    rest.request("PUT", f"{API}/firmware/{digest(app)}", app)
    before = sent(rest)
    done = farflash("--server", server.url, "test", app_file, "--timeout", "1", "--no-crash-check")
    assert done.status == 0, done
    assert sent(rest) - before < NAMES
    program = tmp_path / "program"
    program.write_bytes(ram_image("esp32", *stub_program("esp32")))
    assert farflash("--server", server.url, "firmware", "put", program).status == 0
    before = sent(rest)
    job, _ = farflash_json("--server", server.url, "--no-stub", "load-ram", program)
    assert job["state"] == "done" and sent(rest) - before < NAMES


def test_firmware_client__image_that_goes_in_between_is_sent_again(rest, board, app, app_file):
    """Between the question and the job."""
    rest.request("PUT", f"{API}/firmware/{digest(app)}", app)
    asked = []

    def forget(method, path):
        asked.append((method, path.split("?")[0]))
        if method == "POST" and asked.count((method, path)) == 1:
            assert rest.request("DELETE", f"{API}/firmware/{digest(app)}").status == 204
    with Between(rest, forget) as between:
        done = farflash("--server", between.url, "--board", "lab1", "write-flash", "0x10000", app_file)
    assert done.status == 0, done
    assert asked.count(("POST", f"{API}/boards/lab1/flash")) == 2
    assert board.holds(0x10000, app)


def test_firmware_client__older_server(rest, board, app, app_file):
    """One that has no such resource would write the name of an image to flash."""
    def refuse(_, path):
        if path.startswith(f"{API}/firmware"):
            return 404, {"type": "urn:farflash:problem:no-such-resource", "status": 404, "code": "no-such-resource",
                         "detail": "there is nothing"}
        return None
    for _ in range(2):
        with Between(rest, refuse) as between:
            done = farflash("--server", between.url, "--board", "lab1", "write-flash", "0x10000", app_file)
        assert done.status == 0, done
        assert board.holds(0x10000, app)


@pytest.mark.parametrize("answer", ({"firmware": None}, {"firmware": [{"sha256": 7}, None, {}]}, [], {"firmware": {}}))
def test_firmware_client__nonsense_is_no_knowledge(rest, board, app, app_file, answer):
    def confuse(_, path):
        return (200, answer) if path.startswith(f"{API}/firmware") else None
    with Between(rest, confuse) as between:
        done = farflash("--server", between.url, "--board", "lab1", "write-flash", "0x10000", app_file)
    assert done.status == 0, done
    assert board.holds(0x10000, app)


def test_firmware_client__server_that_keeps_nothing(make_board, make_server, app, app_file):
    board = make_board()
    server = make_server(lab1=board, options=["--firmware-quota", "0"])
    for _ in range(2):
        assert farflash("--server", server.url, "write-flash", "0x10000", app_file).status == 0
    assert board.holds(0x10000, app)


# ---- farflash firmware


def test_firmware_client__put_list_remove(server, rest, app, app_file, tmp_path):
    (tmp_path / "other.bin").write_bytes(b"other")
    done = farflash("--server", server.url, "firmware", "put", app_file, tmp_path / "other.bin")
    assert done.stdout == f"{digest(app)}  {app_file}\n{digest(b'other')}  {tmp_path}/other.bin\n"
    before = sent(rest)
    put, _ = farflash_json("--server", server.url, "firmware", "put", app_file)
    assert put["firmware"][0]["sha256"] == digest(app) and sent(rest) == before
    listed, _ = farflash_json("--server", server.url, "firmware")
    assert [row["sha256"] for row in listed["firmware"]] == [digest(app), digest(b"other")]
    done = farflash("--server", server.url, "firmware", "list")
    assert digest(app) in done.stdout and str(len(app)) in done.stdout and f"of {1 << 30} bytes" in done.stdout
    assert farflash("--server", server.url, "firmware", "remove", digest(app), digest(b"other")).status == 0
    done = farflash("--server", server.url, "firmware", "remove", digest(app))
    assert done.status == USAGE and digest(app) in done.stderr
    assert farflash("--server", server.url, "firmware").stdout.startswith("0 of ")


def test_firmware_client__in_use_is_not_removed(make_board, make_server, app):
    server = make_server(lab1=make_board(timing="real"))
    job = server.rest.flash_async("lab1", ("0x10000", app))
    assert farflash("--server", server.url, "firmware", "remove", digest(app)).status == BUSY
    assert "in use" in farflash("--server", server.url, "firmware").stdout
    server.rest.cancel(job["id"])


@pytest.mark.parametrize("words", (["put"], ["remove"], ["list", "more"], ["drop", "x"], ["remove", "abc"], ["put", "/nowhere"]))
def test_firmware_client__wrong_usage(server, words):
    assert farflash("--server", server.url, "firmware", *words).status == USAGE
    assert farflash("--port", "/dev/null", "firmware").status == USAGE
