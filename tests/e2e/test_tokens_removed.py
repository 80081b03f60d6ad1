# SPDX-License-Identifier: Apache-2.0
"""What lasts, streams and consoles and tunnels, ends with the token that opened it."""

import concurrent.futures
import http.client
import json
import struct
import time

import pytest
import websocket

from program import wait_until
from rest import API, assert_problem
from tokens import Bearer, make_token, remove_token

WAIT = 10


@pytest.fixture
def guarded(make_server, board, tmp_path):
    """A server with the board lab1, a token `admin`, and one that a test may end."""
    data_dir = tmp_path / "data"
    admin = make_token(data_dir, "admin", "admin")
    ci = make_token(data_dir, "ci", "flash,console")
    server = make_server(lab1=board, data_dir=data_dir)
    server.rest = Bearer(server.port, admin)
    server.ci = Bearer(server.port, ci)
    server.rest.wait_board("lab1", "idle")
    return server


def end_token(server):
    remove_token(server.data_dir, "ci")


def let_expire(server):
    path = f"{server.data_dir}/tokens.json"
    with open(path, encoding="ascii") as file:
        kept = json.load(file)
    for token in kept["tokens"]:
        if token["name"] == "ci":
            token["expires"] = int(time.time()) + 1
    with open(path, "w", encoding="ascii") as file:
        json.dump(kept, file)


class Stream:
    """An answer that does not end."""

    def __init__(self, server, path, accept):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT)
        self.connection.request("GET", API + path, headers={"Authorization": f"Bearer {server.ci.token}", "Accept": accept})
        self.reply = self.connection.getresponse()
        assert self.reply.status == 200, self.reply.read()

    def wait_end(self):
        """It is cut, which no client takes for a whole answer."""
        deadline = time.monotonic() + WAIT
        with pytest.raises(http.client.IncompleteRead):
            while self.reply.read(1):
                assert time.monotonic() < deadline, "the stream goes on"
        self.connection.close()


class Socket:
    def __init__(self, server, path):
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{server.port}{API}{path}", timeout=WAIT,
                                                  header=[f"Authorization: Bearer {server.ci.token}"])

    def wait_end(self):
        opcode, message = None, b""
        deadline = time.monotonic() + WAIT
        while opcode != websocket.ABNF.OPCODE_CLOSE:
            assert time.monotonic() < deadline, "the connection stays"
            opcode, message = self.socket.recv_data()
        assert struct.unpack("!H", message[:2])[0] in (1001, 1008)
        self.socket.close()


def waiting_job(server):
    """The number of a job that has no board as long as somebody else has it."""
    assert server.rest.request("POST", f"{API}/boards/lab1/info").status == 200  # so that its chip is known
    assert server.rest.request("POST", f"{API}/leases?board=lab1&owner=ann").status == 201
    reply = server.ci.request("PUT", f"{API}/flash?select=chip=esp32&offset=0x10000", b"\xe9" * 64, {"Prefer": "respond-async"})
    assert reply.status == 202, reply
    return reply.json()["id"]


KINDS = {
    "console": lambda server: Stream(server, "/boards/lab1/console", "*/*"),
    "console-events": lambda server: Stream(server, "/boards/lab1/console", "text/event-stream"),
    "job-events": lambda server: Stream(server, f"/jobs/{waiting_job(server)}/events", "text/event-stream"),
    "console-socket": lambda server: Socket(server, "/boards/lab1/console"),
    "tunnel": lambda server: Socket(server, "/boards/lab1/tunnel"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_removed__ends_what_was_open(guarded, kind):
    lasting = KINDS[kind](guarded)
    end_token(guarded)
    lasting.wait_end()
    assert guarded.rest.board("lab1")["state"] == "idle"


@pytest.mark.parametrize("kind", ("console", "job-events", "console-socket"))
def test_expired__ends_what_was_open(guarded, kind):
    lasting = KINDS[kind](guarded)
    let_expire(guarded)
    lasting.wait_end()


def test_removed__waits_for_no_lease(guarded):
    lease = guarded.rest.request("POST", f"{API}/leases?board=lab1&owner=ann").json()["id"]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(guarded.ci.request, "POST", f"{API}/leases?board=lab1&wait=30")
        wait_until(lambda: guarded.rest.get("/leases")["waiting"], "the other to wait")
        end_token(guarded)
        wait_until(lambda: guarded.ci.request("GET", f"{API}/boards").status == 401, "the token to be void")
        assert guarded.rest.request("DELETE", f"{API}/leases/{lease}").status == 204
        assert_problem(waiting.result(), 401, "unauthorized")
    wait_until(lambda: guarded.rest.board("lab1")["lease"] is None, "the board to be nobody's")


def test_removed__others_go_on(guarded):
    token = make_token(guarded.data_dir, "other", "console")
    other = Bearer(guarded.port, token)
    wait_until(lambda: other.request("GET", f"{API}/boards").status == 200, "the token to be known")
    guarded.ci.token, ended = token, guarded.ci.token
    lasting = Socket(guarded, "/boards/lab1/console")
    end_token(guarded)
    wait_until(lambda: Bearer(guarded.port, ended).request("GET", f"{API}/boards").status == 401, "the other token to be void")
    lasting.socket.ping()
    opcode, _ = lasting.socket.recv_data(control_frame=True)
    while opcode != websocket.ABNF.OPCODE_PONG:
        opcode, _ = lasting.socket.recv_data(control_frame=True)
    lasting.socket.close()
