# SPDX-License-Identifier: Apache-2.0
"""How much of the server anybody may take, and for how long."""

import threading
import time

import pytest
import websocket

from bridge import Raw
from program import program_path, run
from rest import API, assert_problem


@pytest.fixture
def start(make_server, board):
    def make(*options):
        server = make_server(lab1=board, options=options)
        server.rest.wait_board("lab1", "idle")
        return server
    return make


def test_limits__headers(start):
    server = start("--max-header", "1024")
    assert server.rest.request("GET", f"{API}/boards", headers={"X-Long": "x" * 500}).status == 200
    assert_problem(server.rest.request("GET", f"{API}/boards", headers={"X-Long": "x" * 1200}), 431, "headers-too-large", "1024")


def test_limits__headers_may_be_many(start):
    """As long as all together are small enough: libmicrohttpd keeps a record of each beside their bytes."""
    server = start("--max-header", "32768")
    many = {f"X-{number}": "x" * 80 for number in range(300)}
    assert server.rest.request("GET", f"{API}/boards", headers=many).status == 200


@pytest.mark.parametrize("beginning", ("", "GET / HTTP/1.1\r\nHost: localhost\r\n",
                                       "POST /api/v1/leases HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"))
def test_limits__who_dawdles_is_cut(start, beginning):
    server = start("--header-timeout", "1", "--body-timeout", "1")
    begin = time.monotonic()
    with Raw(server.port) as client:
        client.send(beginning.encode())
        stop = threading.Event()

        def drip():  # so slowly that it is never idle, and never ready
            while not stop.wait(0.1):
                try:
                    client.send(b"x")
                except OSError:
                    return
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            client.ends(timeout=10)
        finally:
            stop.set()
            thread.join()
    assert 0.9 < time.monotonic() - begin < 8
    assert server.rest.get("/boards")["boards"]


def test_limits__who_only_waits_is_not(start):
    server = start("--header-timeout", "1", "--body-timeout", "1")
    with Raw(server.port) as client:
        client.send(f"GET {API}/boards/lab1/console HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        client.wait(b"\r\n\r\n")
        time.sleep(2.5)  # longer than both: it is the time that is tested
        assert server.rest.request("POST", f"{API}/boards/lab1/reset").status == 200
        client.wait(b"\n")


def test_limits__rate(start):
    server = start("--max-rate", "20")
    replies = [server.rest.request("GET", f"{API}/boards") for _ in range(60)]
    refused = [reply for reply in replies if reply.status == 429]
    assert len(refused) >= 5, [reply.status for reply in replies]
    assert_problem(refused[0], 429, "too-many-requests")
    assert refused[0].headers["Retry-After"] == "1"


def test_limits__streams(start):
    server = start("--max-streams", "1")
    with Raw(server.port) as client:
        client.send(f"GET {API}/boards/lab1/console HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        client.wait(b"\r\n\r\n")
        reply = server.rest.request("GET", f"{API}/boards/lab1/console")
        assert_problem(reply, 503, "too-many-streams")
        assert reply.headers["Retry-After"] == "1"


@pytest.mark.parametrize("option, value", (("--max-header", "10"), ("--max-rate", "x"), ("--header-timeout", "0"),
                                           ("--max-connections", "1000000"), ("--max-streams", "-1")))
def test_limits__are_bounded(option, value):
    done = run([program_path("farflashd"), option, value])
    assert done.status == 2 and option[2:] in done.stderr, done


def test_limits__websockets_have_their_own(start):
    server = start("--header-timeout", "1", "--body-timeout", "1", "--idle-timeout", "1")
    socket = websocket.create_connection(f"ws://127.0.0.1:{server.port}{API}/boards/lab1/console", timeout=10)
    time.sleep(2.5)  # longer than all of them
    socket.ping("still here")
    while socket.recv_data_frame(control_frame=True)[0] != websocket.ABNF.OPCODE_PONG:
        pass
    socket.close()
