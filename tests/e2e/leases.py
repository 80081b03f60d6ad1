# SPDX-License-Identifier: Apache-2.0
"""Taking leases and handing them back."""

from program import wait_until
from rest import API

SHORT = ("--shortest-lease", "1")
HEADER = "Farflash-Lease"
ELSEWHERE = "192.0.2.7"  # nobody here has it


def start_echo(make_server, make_board):
    """A server with an echoing board whose leases may be short."""
    started = make_server(options=SHORT, lab1=make_board(device="echo"))
    started.rest.wait_board("lab1", "idle")
    return started


def take(server, query="board=lab1&seconds=60", body=None):
    """A lease; its reply must be a 201."""
    reply = server.rest.request("POST", f"{API}/leases{'?' + query if query else ''}", body)
    assert reply.status == 201, reply
    lease = reply.json()
    assert reply.headers["Location"] == f"{API}/leases/{lease['id']}"
    return lease


def end(server, lease):
    reply = server.rest.request("DELETE", f"{API}/leases/{lease['id']}")
    assert reply.status == 204, reply


def wait_over(server, board="lab1"):
    wait_until(lambda: server.rest.board(board)["lease"] is None, f"the lease of {board} to end", interval=0.002)
