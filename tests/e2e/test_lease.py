# SPDX-License-Identifier: Apache-2.0
"""Leases: a board for one, on every door, for a time and not a byte longer."""

import contextlib
import json
import random
import signal
import socket
import sys
import threading
import time

import pytest
import websocket

import firmware
from bridge import IAC, Raw, Telnet
from console import Talk
from program import Program, program_path, run, wait_until
from rest import API, assert_problem

SHORT = ("--shortest-lease", "1")
HEADER = "Farflash-Lease"
ELSEWHERE = "192.0.2.7"  # nobody here has it


@pytest.fixture
def echo(make_server, make_board):
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


# ---- farflash lease ----

def lease_command(server, *arguments):
    return [program_path("farflash"), "--server", server.url, "lease", *arguments]


def test_lease_command__runs_with_the_board_for_itself(echo):
    script = ('echo "$FARFLASH_BOARD $FARFLASH_SERVER"; curl -s -o /dev/null -w "%{http_code}\\n" --data x '
              '"$FARFLASH_SERVER/api/v1/boards/lab1/console"; curl -s -o /dev/null -w "%{http_code}\\n" --data x '
              '-H "Farflash-Lease: $FARFLASH_LEASE" "$FARFLASH_SERVER/api/v1/boards/lab1/console"; exit 7')
    done = run(lease_command(echo, "--board", "lab1", "--", "sh", "-c", script))
    assert done.status == 7, done
    assert done.stdout.split() == ["lab1", echo.url, "409", "204"], done
    assert echo.rest.get("/leases")["leases"] == []


def test_lease_command__farflash_finds_the_lease_by_itself(server):
    client = program_path("farflash")
    done = run(lease_command(server, "board=lab1", "--", client, "reset"))
    assert done.status == 0, done
    lease = take(server)
    done = run([client, "--server", server.url, "reset"])
    assert done.status == 4 and "leased" in done.stderr, done
    assert run([client, "reset"], env={"FARFLASH_SERVER": server.url, "FARFLASH_LEASE": lease["id"]}).status == 0
    listed = run([client, "--server", server.url, "lease"])
    assert listed.status == 0 and "lab1" in listed.stdout and lease["id"] not in listed.stdout, listed


@pytest.mark.parametrize("command, status", (
    (["true"], 0), (["false"], 1), (["sh", "-c", "kill -9 $$"], 137), (["/nonexistent"], 127), (["/etc/passwd"], 126)))
def test_lease_command__has_the_status_of_its_command(echo, command, status):
    done = run(lease_command(echo, "--", *command))
    assert done.status == status, done
    assert echo.rest.get("/leases")["leases"] == []


@pytest.mark.parametrize("arguments, status, words", (
    (["--"], 2, "command"), (["chip=esp32"], 2, "command"), (["--select", "=", "--", "true"], 2, ""),
    (["nonsense=1", "--", "true"], 2, "no board"), (["--for", "0", "--", "true"], 2, "--for")))
def test_lease_command__says_what_is_wrong(echo, arguments, status, words):
    done = run(lease_command(echo, *arguments))
    assert done.status == status and words in done.stderr, done


def test_lease_command__waits_or_does_not(echo):
    lease = take(echo, "board=lab1&seconds=3&owner=ann")
    done = run(lease_command(echo, "--wait", "0", "--", "true"))
    assert done.status == 4 and "ann" in done.stderr, done
    done = run(lease_command(echo, "--", "true"))
    assert done.status == 0 and "waiting" in done.stderr, done
    assert lease


def test_lease_command__renews_while_the_command_lives(echo):
    done = run(lease_command(echo, "--for", "1", "--", "sh", "-c",
                             'sleep 3; curl -s -o /dev/null -w "%{http_code}" '
                             '"$FARFLASH_SERVER/api/v1/leases/$FARFLASH_LEASE"'))
    assert done.status == 0 and done.stdout == "200", done


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
def test_lease_command__passes_signals_on(echo, programs, number):
    started = programs.add(Program(lease_command(
        echo, "--", sys.executable, "-c",
        "import signal, sys\nfor s in (1, 2, 15): signal.signal(s, lambda n, _: sys.exit(40 + n))\n"
        "print('ready', flush=True)\nsignal.pause()")))
    started.wait_line("ready")
    started.expected_status = {40 + number}
    started.process.send_signal(number)
    assert started.wait() == 40 + number
    assert echo.rest.get("/leases")["leases"] == []


def test_lease_command__is_freed_when_the_client_is_killed(echo, programs):
    started = programs.add(Program(lease_command(
        echo, "--for", "3600", "--", sys.executable, "-c",
        "import os, signal\nprint('pid', os.getpid(), flush=True)\nsignal.pause()")))
    command = int(started.wait_line(r"pid (\d+)").group(1))
    assert echo.rest.board("lab1")["lease"]
    started.kill()
    wait_over(echo)
    wait_until(lambda: not is_running(command), "the command to end with its client")


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_lease_command__ends_its_command_when_the_lease_is_gone(make_server, make_board, programs):
    server = make_server(options=SHORT, lab1=make_board(device="echo"))
    server.rest.wait_board("lab1", "idle")
    started = programs.add(Program(lease_command(
        server, "--for", "1", "--", "sh", "-c",
        'curl -s -X DELETE "$FARFLASH_SERVER/api/v1/leases/$FARFLASH_LEASE"; exec sleep 60')))
    started.expected_status = {4}
    assert started.wait() == 4
    assert "has ended" in started.output()


def test_lease_command__ends_its_command_when_the_server_is_silent_for_too_long(echo, make_relay, programs):
    relay = make_relay(echo.port)
    started = programs.add(Program([program_path("farflash"), "--server", f"http://127.0.0.1:{relay.port}", "lease",
                                    "--for", "2", "--", "sh", "-c", "echo ready; exec sleep 60"]))
    started.expected_status = {4}
    started.wait_line("ready")
    relay.freeze()
    assert started.wait(10) == 4
    assert "has ended" in started.output()


class DeafServer:
    """Gives a lease and leaves its renewal without an answer."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.renewing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.listener.accept()[0],), daemon=True).start()

    def _serve(self, client):
        heard = b""
        with contextlib.suppress(OSError), client:
            while data := client.recv(65536):
                heard += data
                if b"/renew" in heard:
                    self.renewing.set()
                elif heard.startswith(b"POST") and heard.endswith(b"}"):
                    body = json.dumps({"id": "0" * 32, "board": "lab1"}).encode()
                    client.sendall(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "
                                   + str(len(body)).encode() + b"\r\n\r\n" + body)
                    heard = b""
                elif heard.startswith(b"DELETE"):
                    client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def test_lease_command__passes_signals_while_a_renewal_waits(programs):
    server = DeafServer()
    started = programs.add(Program([program_path("farflash"), "--server", server.url, "lease", "board=lab1", "--for", "30", "--",
                                    "sh", "-c", 'trap "exit 9" TERM; while :; do sleep 0.05; done']))
    started.expected_status = {9}
    assert server.renewing.wait(30)  # after a third of the time, and the client waits 15 s for the answer
    begin = time.monotonic()
    started.process.send_signal(signal.SIGTERM)
    assert started.wait() == 9 and time.monotonic() - begin < 6


def test_lease_command__has_the_status_where_children_are_ignored(echo, programs):
    started = programs.add(Program(lease_command(echo, "--", "sh", "-c", "exit 7"),
                                   preexec=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)))
    started.expected_status = {7}
    assert started.wait() == 7


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
