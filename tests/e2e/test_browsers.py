# SPDX-License-Identifier: Apache-2.0
"""What pages from elsewhere can make a browser send, and what every answer says to a browser."""

import pytest

from bridge import Raw
from rest import API, assert_problem, form

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

CHANGES = (
    ("POST", "/boards/lab1/reset"), ("POST", "/boards/lab1/erase"), ("POST", "/boards/lab1/flash"),
    ("PUT", "/boards/lab1/flash?offset=0"), ("POST", "/boards/lab1/console"), ("GET", "/boards/lab1/flash"),
    ("GET", "/boards/lab1/memory?address=0x40000000&size=4"), ("POST", "/leases"), ("DELETE", "/jobs/1"),
)

FOREIGN = (
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
)


def check_headers(reply):
    for name, value in HEADERS.items():
        assert reply.headers.get_all(name) == [value], (name, reply)
    assert not [name for name in reply.headers if name.lower().startswith("access-control-")], reply


@pytest.mark.parametrize("method, path", (
    ("GET", "/healthz"), ("GET", "/metrics"), ("GET", f"{API}/boards"), ("GET", f"{API}/boards/nobody"), ("GET", "/"),
    ("POST", "/healthz"), ("OPTIONS", f"{API}/boards"), ("GET", f"{API}/boards?x=1"), ("HEAD", f"{API}/boards/lab1"),
    ("POST", f"{API}/boards/lab1/reset"), ("GET", f"{API}/jobs/1/events")))
def test_headers__are_in_every_answer(rest, method, path):
    check_headers(rest.request(method, path))


def test_headers__are_in_an_answer_that_cuts_a_body(server):
    with Raw(server.port) as client:  # in chunks, which say no length
        client.send(f"POST {API}/boards/lab1/reset HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "11000\r\n".encode() + bytes(0x11000))
        client.wait(b"HTTP/1.1 413 ")
        head = client.wait(b"\r\n\r\n").decode().split("\r\n")
    assert [f"{name}: {value}" for name, value in HEADERS.items() if f"{name}: {value}" not in head] == []


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method, path", CHANGES)
def test_pages_from_elsewhere__move_no_board(rest, method, path, headers):
    assert_problem(rest.request(method, API + path, headers=headers), 403, "forbidden-origin")
    assert rest.get("/jobs")["jobs"] == []
    assert rest.get("/leases")["leases"] == []


def test_pages_from_elsewhere__a_form_flashes_nothing(rest, app):
    """The classic: <form method=post enctype=multipart/form-data action=http://localhost:8217/...>, by script."""
    kind, body = form([("0x10000", app)])
    reply = rest.request("POST", f"{API}/boards/lab1/flash", body,
                         {"Content-Type": kind, "Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"})
    assert_problem(reply, 403, "forbidden-origin")
    assert rest.get("/jobs")["jobs"] == []


@pytest.mark.parametrize("headers", (
    {}, {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}))
def test_pages_of_this_server__may(server, headers):
    headers = {name: value.format(port=server.port) for name, value in headers.items()}
    assert server.rest.request("POST", f"{API}/boards/lab1/reset", headers=headers).status == 200


def ask_as(server, host):
    """The status of a request with this Host."""
    with Raw(server.port) as client:
        client.send(f"GET {API}/boards HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        client.wait(b"HTTP/1.1 ")
        return int(client.wait(b" "))


@pytest.mark.parametrize("host, status", (
    ("127.0.0.1:{port}", 200), ("localhost:{port}", 200), ("LOCALHOST", 200), ("[::1]:{port}", 200), ("192.0.2.7", 200),
    ("evil.example:{port}", 421), ("localhost.evil.example", 421), ("127.0.0.1.nip.io", 421), ("", 421), ("a b", 421)))
def test_host__only_names_that_nobody_can_give_us(server, host, status):
    assert ask_as(server, host.format(port=server.port)) == status


def test_host__may_be_named(make_server):
    server = make_server(options=("--host", "lab.example", "--host", "Rack"))
    assert [ask_as(server, host) for host in ("lab.example:80", "RACK.", "evil.example")] == [200, 200, 421]


def test_host__rebinding_is_met(server):
    """A page of evil.example whose name now leads here: its origin looks like our own."""
    host = f"evil.example:{server.port}"
    reply = server.rest.request("POST", f"{API}/boards/lab1/reset", headers={"Host": host, "Origin": f"http://{host}"})
    assert_problem(reply, 421, "unknown-host", "--host")
    assert server.rest.get("/jobs")["jobs"] == []
