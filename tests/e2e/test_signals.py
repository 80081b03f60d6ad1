# SPDX-License-Identifier: Apache-2.0
"""Programs that are told to stop, or killed."""

import hashlib
import os
import signal

import pytest

import firmware
from client import DONE, FAILED, farflash
from program import wait_until
from rest import API

SMALL = firmware.image("esp32", 0x4000)


@pytest.fixture
def slow_board(make_board):
    return make_board(timing="real")


@pytest.fixture
def slow(make_server, slow_board):
    started = make_server(lab1=slow_board)
    started.rest.wait_board("lab1", "idle")
    return started


def test_signals__sigterm_in_mid_flash_ends_cleanly(slow, app):
    waiting = slow.rest.connect()
    waiting.request("PUT", f"{API}/boards/lab1/flash?offset=0x10000&baud=230400", app)
    job = slow.rest.wait_board("lab1", "busy")["job"]
    slow.rest.wait_phase(job, "write")
    queued = slow.rest.flash_async("lab1", ("0x80000", SMALL))
    assert queued["state"] == "queued"
    events = slow.rest.events(job)
    next(events)
    os.kill(slow.pid, signal.SIGTERM)
    reply = waiting.getresponse()
    assert reply.status == 503 and b'"shutting-down"' in reply.read()
    assert [data["state"] for name, data in events if name == "end"] == ["cancelled"]
    waiting.close()
    assert slow.wait(10) == 0
    assert slow.uploads() == []


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_signals__idle_server_ends_at_once(server, number):
    connection = server.rest.connect()  # keep-alive
    connection.request("GET", API + "/boards")
    connection.getresponse().read()
    os.kill(server.pid, number)
    assert server.wait(5) == 0
    assert server.files() == []
    connection.close()


def test_signals__sigterm_with_open_streams(server):
    console = server.rest.connect()
    console.request("GET", f"{API}/boards/lab1/console")
    reply = console.getresponse()
    os.kill(server.pid, signal.SIGTERM)
    assert reply.read() == b""
    assert server.wait(5) == 0


def test_signals__sigterm_while_an_upload_stalls(server):
    files = server.files()
    stalled = server.rest.connect()
    stalled.putrequest("PUT", f"{API}/boards/lab1/flash?offset=0x0")
    stalled.putheader("Content-Length", "1000000")
    stalled.endheaders(bytes(100000))
    wait_until(lambda: server.files() != files, "the upload to reach the disk")
    os.kill(server.pid, signal.SIGTERM)
    assert server.wait(10) == 0
    assert server.files() == []
    stalled.close()


def test_signals__server_that_was_killed_leaves_nothing_behind(make_server, slow, slow_board, app):
    job = slow.rest.flash_async("lab1", ("0x10000", app), query="?baud=230400")
    slow.rest.wait_phase(job["id"], "write")
    stalled = slow.rest.connect()
    stalled.putrequest("PUT", f"{API}/boards/lab1/flash?offset=0x0")
    stalled.putheader("Content-Length", "1000000")
    stalled.endheaders(bytes(100000))
    wait_until(slow.uploads, "the upload to reach the disk")
    slow.kill()
    stalled.close()
    assert slow.uploads() != []
    again = make_server(lab1=slow_board, data_dir=slow.data_dir)
    assert again.uploads() == []
    again.rest.wait_board("lab1", "idle")
    reply = again.rest.flash("lab1", ("0x10000", SMALL))
    assert reply.status == 200, reply
    assert slow_board.holds(0x10000, SMALL)
    again.judge()
    assert slow.files() == sorted(hashlib.sha256(image).hexdigest() for image in (app, SMALL))


def test_signals__killed_client_does_not_stop_its_job(slow, slow_board, start_farflash, app_file, app):
    client = start_farflash("--server", slow.url, "--board", "lab1", "write-flash", "0x10000", app_file)
    job = slow.rest.wait_board("lab1", "busy")["job"]
    client.kill()
    assert slow.rest.wait_job(job)["state"] == "done"
    assert slow_board.holds(0x10000, app)


def test_signals__closed_descriptors_are_nobodys(make_board, make_server):
    """The journal must not go into whatever the server opens first."""
    server = make_server(lab1=make_board(), preexec=lambda: os.closerange(2, 3))
    assert os.readlink(f"/proc/{server.pid}/fd/2") == "/dev/null"


def test_signals__interrupted_client_cancels_its_job(slow, start_farflash, app_file):
    client = start_farflash("--server", slow.url, "write-flash", "--baud", "230400", "0x10000", app_file, status={FAILED})
    job = slow.rest.wait_board("lab1", "busy")["job"]
    slow.rest.wait_phase(job, "write")
    client.process.send_signal(signal.SIGINT)
    assert client.wait(10) == FAILED and "may hold an incomplete image" in client.output(), client.output()
    assert slow.rest.wait_job(job)["state"] == "cancelled"
    slow.rest.wait_board("lab1", "idle")


def test_signals__interrupted_engine_leaves_a_board_that_can_be_flashed(slow_board, start_farflash, app_file):
    where = ["--port", slow_board.address]
    client = start_farflash(*where, "write-flash", "--baud", "230400", "0x10000", app_file, status={FAILED})
    wait_until(lambda: slow_board.flash(0x10000, 64) != b"\xff" * 64, "the first block to be written")
    client.process.send_signal(signal.SIGTERM)
    assert client.wait(10) == FAILED and "may hold an incomplete image" in client.output(), client.output()
    again = farflash(*where, "read-mac")
    assert again.status == DONE, again
