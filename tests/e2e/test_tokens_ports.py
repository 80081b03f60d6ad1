# SPDX-License-Identifier: Apache-2.0
"""The boards' TCP ports where tokens are in force: they carry none, so a lease has to name who may come."""

import sys

import pytest

from bridge import Raw
from client import DONE, farflash
from program import wait_until
from rest import API
from test_tokens import BEYOND
from tokens import Bearer, make_token

ELSEWHERE = "192.0.2.9"


@pytest.fixture
def guarded(make_server, make_board, tmp_path):
    """A server of an echoing port, lab1, whose `rest` has a token for everything."""
    echo = make_board(device="echo")
    token = make_token(tmp_path / "data", "admin", "admin")
    server = make_server(lab1=echo, data_dir=tmp_path / "data")
    server.token = token
    server.rest = Bearer(server.port, token)
    server.rest.wait_board("lab1", "idle")
    return server


def lease(server, query=""):
    reply = server.rest.request("POST", f"{API}/leases?board=lab1&seconds=60{query}")
    assert reply.status == 201, reply
    return reply.json()


def is_let_in(server, kind):
    """Whether what is written comes back; if not, the connection must say why and end."""
    with Raw(server.port_of("lab1", kind)) as client:
        client.send(b"hello")
        heard = b""
        while b"hello" not in heard:
            try:
                data = client.socket.recv(4096)
            except ConnectionResetError:
                data = b""
            if not data:
                assert b"lease" in heard, heard
                return False
            heard += data
        return True


# What the board's lease says -> whether a TCP port lets us in.
DOORS = ((None, False), ("", False), (f"&address={ELSEWHERE}", False), ("&address=mine", True), ("&address=127.0.0.1", True))


@pytest.mark.parametrize("kind", ("raw", "rfc2217"))
@pytest.mark.parametrize("query, allowed", DOORS)
def test_ports__as_a_table(guarded, kind, query, allowed):
    if query is not None:
        lease(guarded, query)
    assert is_let_in(guarded, kind) == allowed


@pytest.mark.parametrize("kind", ("raw", "rfc2217"))
def test_ports__are_open_where_no_token_is_in_force(make_server, make_board, kind):
    server = make_server(lab1=make_board(device="echo"))
    server.rest.wait_board("lab1", "idle")
    assert is_let_in(server, kind)


def test_ports__readers_go_with_the_lease(guarded):
    held = lease(guarded, "&address=mine")
    client = Raw(guarded.port_of("lab1", "raw"))
    client.send(b"one")
    client.wait(b"one")
    assert guarded.rest.request("DELETE", f"{API}/leases/{held['id']}").status == 204
    assert b"lease" in client.ends()
    assert not is_let_in(guarded, "raw")
    lease(guarded, "&address=mine")
    assert is_let_in(guarded, "raw")


def test_ports__connections_from_before_go_as_well(make_server, make_board, tmp_path):
    server = make_server(lab1=make_board(device="echo"), data_dir=tmp_path / "data")
    server.rest.wait_board("lab1", "idle")
    client = Raw(server.port_of("lab1", "raw"))
    client.send(b"one")
    client.wait(b"one")
    make_token(server.data_dir, "ci", "read")
    wait_until(lambda: server.rest.request("GET", f"{API}/boards").status == 401, "tokens to be in force")
    client.send(b"two")
    assert b"two" not in client.ends()


def test_ports__client_asks_for_its_address(guarded):
    program = ("import socket, sys\ns = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)\ns.sendall(b'hello')\n"
               "got = b''\nwhile len(got) < 5:\n    got += s.recv(5)\nsys.exit(got != b'hello')\n")
    port = str(guarded.port_of("lab1", "raw"))
    run = [sys.executable, "-c", program, port]
    done = farflash("--server", guarded.url, "--board", "lab1", "lease", "--address", "mine", "--", *run,
                    env={"FARFLASH_TOKEN": guarded.token})
    assert done.status == DONE, done


@pytest.mark.parametrize("options, opened", (((), False), (("--rfc2217", "{}"), True)))
def test_ports__beyond_loopback_only_where_they_are_named(make_server, make_board, tmp_path, unused_ports, options, opened):
    port, = unused_ports(1)
    token = make_token(tmp_path / "data", "admin", "admin")
    server = make_server(lab1=make_board(device="echo"), data_dir=tmp_path / "data",
                         options=("--listen", BEYOND, *(option.format(port) for option in options)))
    server.rest = Bearer(server.port, token)
    board = server.rest.board("lab1")
    assert (board["rfc2217"], board["raw"]) == (port if opened else None, None)
