# SPDX-License-Identifier: Apache-2.0
"""Leases: a board for one, on every door, for a time and not a byte longer."""

import json
import random
import socket
import threading
import time

import pytest
import websocket

import firmware
from bridge import IAC, Raw, Telnet
from console import Talk
from leases import ELSEWHERE, HEADER, SHORT, end, start_echo, take, wait_over
from program import wait_until
from rest import API, assert_problem

@pytest.fixture
def echo(make_server, make_board):
    return start_echo(make_server, make_board)


def write(server, data, lease=None, board="lab1"):
    headers = {HEADER: lease["id"]} if lease else {}
    return server.rest.request("POST", f"{API}/boards/{board}/console", data, headers)


def heard(server, board="lab1"):
    """All that the board has echoed and the server still keeps."""
    connection = server.rest.connect(2)
    connection.request("GET", f"{API}/boards/{board}/console?history=131072")
    reply, data = connection.getresponse(), b""
    try:
        while piece := reply.read1(65536):
            data += piece
            if data.endswith(b"<end>"):
                break
    finally:
        connection.close()
    return data


# ---- the resource ----

def test_lease__takes_shows_renews_and_hands_back(echo):
    lease = take(echo, None, json.dumps({"board": "lab1", "seconds": 60, "owner": "ci-17"}))
    assert len(lease["id"]) == 32 and int(lease["id"], 16) >= 0
    assert (lease["board"], lease["owner"], lease["address"]) == ("lab1", "ci-17", "127.0.0.1")
    listed = echo.rest.get("/leases")["leases"]
    assert [(row["owner"], row["board"]) for row in listed] == [("ci-17", "lab1")]
    assert lease["id"] not in json.dumps(listed), "an id is a secret"
    assert echo.rest.board("lab1")["lease"] == {"owner": "ci-17", "expires": lease["expires"]}
    renewed = echo.rest.request("POST", f"{API}/leases/{lease['id']}/renew?seconds=3600")
    assert renewed.status == 200 and renewed.json()["expires"] > lease["expires"]
    patched = echo.rest.request("PATCH", f"{API}/leases/{lease['id']}", json.dumps({"seconds": 7200}))
    assert patched.status == 200 and patched.json()["expires"] > renewed.json()["expires"]
    assert echo.rest.get(f"/leases/{lease['id']}")["expires"] == patched.json()["expires"]
    end(echo, lease)
    assert echo.rest.board("lab1")["lease"] is None and echo.rest.get("/leases")["leases"] == []
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/renew"), ("PATCH", "")):
        assert_problem(echo.rest.request(method, f"{API}/leases/{lease['id']}{path}"), 410, "lease-ended")
    assert_problem(echo.rest.request("GET", f"{API}/leases/{'0' * 32}"), 404, "no-such-lease")
    assert lease["id"] not in echo.output(), "the log holds a secret"


@pytest.mark.parametrize("query, word", (
    ("seconds=60", "board"), ("board=lab1&select=a=b", "either"), ("board=lab1&seconds=0", "seconds"),
    ("board=lab1&seconds=86401", "86400"), ("board=lab1&seconds=1x", "seconds"), ("board=lab1&wait=-1", "wait"),
    ("board=lab1&owner=", "owner"), ("board=lab1&owner=" + "x" * 65, "owner"), ("board=lab1&address=there", "address"),
    ("select==", ""), ("board=lab1&nonsense=1", "nonsense")))
def test_lease__refuses_what_makes_no_sense(echo, query, word):
    assert_problem(echo.rest.request("POST", f"{API}/leases?{query}"), 400, "invalid-argument", word)
    assert echo.rest.get("/leases")["leases"] == []


def test_lease__ids_are_kept_out_of_the_log(echo):
    lease = take(echo)
    for method, path, status in (("GET", "", 200), ("PUT", "", 405), ("GET", "/more", 404)):
        assert echo.rest.request(method, f"{API}/leases/{lease['id']}{path}").status == status
    echo.wait_line("no-such-resource")
    assert lease["id"] not in echo.output()


@pytest.mark.parametrize("body", ("[]", "{", "[" * 4000, '{"board": ' * 400, '{"board": ["lab1"]}', '{"board": "lab1", "more": 1}',
                                  '{"board": "lab1", "board": "lab1"}', '{"board": "lab1", "seconds": 1e3}'))
def test_lease__refuses_bodies_that_make_no_sense(echo, body):
    assert_problem(echo.rest.request("POST", f"{API}/leases", body), 400, "invalid-argument")


def test_lease__60_seconds_are_the_least_unless_the_server_says_otherwise(server):
    assert_problem(server.rest.request("POST", f"{API}/leases?board=lab1&seconds=59"), 400, "invalid-argument", "60")
    take(server)


def test_lease__one_at_a_time_and_by_selector(make_server, make_board):
    server = make_server(options=SHORT, lab1=f"{make_board(device='echo').address},label=rack=1",
                         lab2=f"{make_board(device='echo').address},label=rack=2")
    for name in ("lab1", "lab2"):
        server.rest.wait_board(name, "idle")
    first = take(server, "select=rack=2&owner=ann")
    assert first["board"] == "lab2"
    assert_problem(server.rest.request("POST", f"{API}/leases?board=lab2"), 409, "board-leased", "ann", first["expires"])
    assert_problem(server.rest.request("POST", f"{API}/leases?select=rack=2"), 409, "board-busy")
    assert_problem(server.rest.request("POST", f"{API}/leases?select=rack=3"), 404, "no-such-board")
    assert_problem(server.rest.request("POST", f"{API}/leases?board=lab3"), 404, "no-such-board", "lab3")
    assert take(server, "select=rack")["board"] == "lab1"


def test_lease__waits_for_the_end_of_another(echo):
    lease = take(echo, "board=lab1&seconds=60&owner=ann")
    got = []
    waiter = threading.Thread(target=lambda: got.append(take(echo, "board=lab1&seconds=60&owner=bob&wait=30")))
    waiter.start()
    reply = echo.rest.request("POST", f"{API}/leases?board=lab1&wait=1")
    assert_problem(reply, 409, "board-leased", "ann")
    assert not got
    end(echo, lease)
    waiter.join(20)
    assert got and got[0]["owner"] == "bob"


def test_lease__many_who_wait_share_nothing(echo):
    holders, wrong = [], []

    def work(number):
        lease = take(echo, f"board=lab1&seconds=60&owner=w{number}&wait=60")
        holders.append(number)
        wrong.extend([list(holders)] if len(holders) > 1 else [])
        holders.remove(number)
        end(echo, lease)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong and not any(thread.is_alive() for thread in threads)


# ---- REST ----

def test_lease__fences_jobs(server):
    lease = take(server, "board=lab1&seconds=60&owner=ann")
    other = server.rest.request("POST", f"{API}/boards/lab1/reset")
    assert_problem(other, 409, "board-leased", "ann", lease["expires"])
    assert_problem(server.rest.put("lab1", firmware.payload(4096)), 409, "board-leased")
    assert_problem(server.rest.request("GET", f"{API}/boards/lab1/flash?offset=0&size=16"), 409, "board-leased")
    assert_problem(write(server, b"x"), 409, "board-leased")
    assert server.rest.request("POST", f"{API}/boards/lab1/reset", headers={HEADER: lease["id"]}).status == 200
    assert server.rest.request("POST", f"{API}/boards/lab1/reset?lease={lease['id']}").status == 200
    assert write(server, b"x", lease).status == 204
    end(server, lease)
    assert_problem(server.rest.request("POST", f"{API}/boards/lab1/reset", headers={HEADER: lease["id"]}), 410,
                   "lease-ended")
    assert_problem(write(server, b"x", lease), 410, "lease-ended")
    assert server.rest.request("POST", f"{API}/boards/lab1/reset").status == 200


def test_lease__its_end_cancels_its_jobs(make_server, make_board):
    board = make_board(timing="real")
    server = make_server(options=SHORT, lab1=board)
    server.rest.wait_board("lab1", "idle")
    lease = take(server, "board=lab1&seconds=3600")
    jobs = [server.rest.flash_async("lab1", ("0x10000", firmware.payload(1 << 20)), query=f"?lease={lease['id']}")
            for _ in range(3)]
    server.rest.wait_phase(jobs[0]["id"], "write")
    end(server, lease)
    ended = [server.rest.wait_job(job["id"]) for job in jobs]
    assert [job["state"] for job in ended] == ["cancelled"] * 3
    assert all("lease" in job["error"]["detail"] for job in ended)
    wait_until(lambda: server.rest.board("lab1")["state"] == "idle", "the board to be idle")
    take(server, "board=lab1&seconds=60&wait=20")


def test_lease__is_not_given_of_a_board_in_use(make_server, make_board):
    server = make_server(options=SHORT, lab1=make_board(timing="real"))
    server.rest.wait_board("lab1", "idle")
    job = server.rest.flash_async("lab1", ("0x10000", firmware.payload(1 << 18)))
    assert_problem(server.rest.request("POST", f"{API}/leases?board=lab1"), 409, "board-busy", "job")
    take(server, "board=lab1&seconds=60&wait=60")
    assert server.rest.job(job["id"])["state"] == "done"


# ---- connections ----

def test_lease__doors_open_for_its_own_alone(echo):
    lease = take(echo, f"board=lab1&seconds=60&owner=ann&address={ELSEWHERE}")
    with Raw(echo.port_of("lab1", "raw")) as raw, Telnet(echo.port_of("lab1", "rfc2217")) as telnet:
        raw.send(b"stranger")
        raw.wait(b"is leased to ann")
        telnet.send(b"stranger")
        telnet.wait(b"is leased to ann")
        stranger, own = Talk(echo), Talk(echo, query=f"?lease={lease['id']}")
        stranger.send(b"stranger")
        stranger.wait_message("refused", "leased to ann")
        own.send(b"mine<end>")
        own.wait_output(b"mine<end>")
    assert b"stranger" not in heard(echo)


def test_lease__names_an_address_for_the_tcp_ports(echo):
    take(echo, "board=lab1&seconds=60&address=::ffff:127.0.0.1")
    with Raw(echo.port_of("lab1", "raw")) as raw:
        raw.send(b"mine<end>")
        raw.wait(b"mine<end>")


def test_lease__is_not_given_while_somebody_writes(echo):
    with Raw(echo.port_of("lab1", "raw")) as raw:
        raw.send(b"x")
        raw.wait(b"x")
        assert_problem(echo.rest.request("POST", f"{API}/leases?board=lab1"), 409, "board-busy", "raw TCP")
    take(echo, "board=lab1&seconds=60&wait=20")


def open_doors(server, lease):
    """A writer for each door, opened under the lease: (name, send, wait for a refusal, close)."""
    raw, telnet = Raw(server.port_of("lab1", "raw")), Telnet(server.port_of("lab1", "rfc2217"))
    talk = Talk(server, query=f"?lease={lease['id']}")
    return (("raw", raw.send, lambda: raw.wait(b"has ended"), raw.close),
            ("rfc2217", telnet.send, lambda: telnet.wait(b"has ended"), telnet.close),
            ("websocket", talk.send, lambda: talk.wait_message("refused", "has ended"), talk.close))


@pytest.mark.parametrize("door", (0, 1, 2))
@pytest.mark.parametrize("how", ("time", "hand"))
def test_lease__ends_for_connections_opened_before(echo, door, how):
    lease = take(echo, f"board=lab1&seconds={1 if how == 'time' else 60}")
    doors = open_doors(echo, lease)
    _, send, wait_refused, _ = doors[door]
    send(b"during<1>")
    if how == "hand":
        wait_until(lambda: echo.rest.board("lab1")["holder"], "the writer to be the holder")
        end(echo, lease)
    wait_over(echo)
    for _, other, _, _ in doors:  # those that have not written yet are of the lease as well
        other(b"after")
    wait_refused()
    with Raw(echo.port_of("lab1", "raw")) as later:  # nobody has the board: a new connection writes
        later.send(b"anew<end>")
        later.wait(b"anew<end>")
    assert b"after" not in heard(echo)
    for _, _, _, close in doors:
        close()


@pytest.mark.parametrize("door", (0, 1, 2))
@pytest.mark.parametrize("seed", range(4))
def test_lease__end_races_against_writes(echo, door, seed):
    chance = random.Random(seed * 3 + door)
    for round_number in range(3):
        lease = take(echo, f"board=lab1&seconds={chance.choice((1, 60))}&wait=20&owner=a")
        by_hand = chance.random() < 0.5
        doors = open_doors(echo, lease)
        name, send, _, _ = doors[door]
        stop = threading.Event()

        def flood(send=send, stop=stop, size=chance.randint(1, 2000)):
            while not stop.wait(0.002):  # no faster than this process reads the echo, of which only 128 kB are kept
                try:
                    send(b"a" * size)
                except (OSError, websocket.WebSocketException):
                    return  # it has been closed meanwhile
        writer = threading.Thread(target=flood, daemon=True)
        writer.start()
        wait_until(lambda: echo.rest.board("lab1")["holder"], f"{name} to write")
        if by_hand:
            stop.wait(chance.random() * 0.05)  # the moment of the end is what is random here
            end(echo, lease)
        else:
            echo.rest.request("POST", f"{API}/leases/{lease['id']}/renew?seconds=1")
        wait_until(lambda: lease["expires"] != (echo.rest.board("lab1")["lease"] or {}).get("expires") and
                   echo.rest.board("lab1")["lease"] is None, "the end", interval=0.001)
        mine = take(echo, f"board=lab1&seconds=60&wait=20&owner=b&address={ELSEWHERE}")
        marker = f"[{round_number}]".encode()
        with_marker = Talk(echo, query=f"?lease={mine['id']}")
        with_marker.send(marker + b"b" * 5000 + b"<end>")
        with_marker.wait_output(b"<end>")
        assert b"a" not in with_marker.output.partition(marker)[2], f"{name} wrote after its end"
        stop.set()
        for _, _, _, close in doors:
            close()
        writer.join(20)
        end(echo, mine)
        with_marker.close()


def test_lease__its_end_restores_the_line(echo):
    lease = take(echo)
    telnet = Telnet(echo.port_of("lab1", "rfc2217"))
    assert telnet.ask(1, 0, 0, 0x25, 0x80) == bytes((0, 0, 0x25, 0x80))
    end(echo, lease)
    wait_until(lambda: telnet.ask(1, 0, 0, 0, 0) == bytes((0, 1, 0xC2, 0)), "the usual rate")
    assert telnet.ask(1, 0, 0, 0x25, 0x80) == bytes((0, 1, 0xC2, 0)), "settings are refused"
    telnet.close()
    assert IAC == 255


def test_lease__survives_a_lost_board(make_server, make_board):
    board = make_board(device="echo")
    server = make_server(options=SHORT, lab1=board)
    server.rest.wait_board("lab1", "idle")
    lease = take(server)
    board.kill()
    server.rest.wait_board("lab1", "lost")
    assert server.rest.get(f"/leases/{lease['id']}")["board"] == "lab1"
    end(server, lease)
    take(server)


# ---- farflash connect ----

def test_lease__fences_the_tunnel(echo, start_farflash):
    lease = take(echo, f"board=lab1&seconds=60&owner=ann&address={ELSEWHERE}")

    connected = start_farflash("--server", echo.url, "--json", "connect", "lab1", "--raw", "0",
                               env={"FARFLASH_LEASE": lease["id"]}, status=(0, 1, 4, 130))
    told = json.loads(connected.wait_line(r'^\{"board".*\}$').group(0))
    with Raw(int(told["raw"].rpartition(":")[2])) as own:
        own.send(b"mine")
        own.wait(b"mine")
        end(echo, lease)
        own.send(b"after")
        with Raw(echo.port_of("lab1", "raw")) as later:
            later.send(b"anew<end>")
            later.wait(b"anew<end>")
        own.wait(b"anew<end>")  # it reads on
    data = heard(echo)
    assert b"mine" in data and b"after" not in data
