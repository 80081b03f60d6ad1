# SPDX-License-Identifier: Apache-2.0
"""farflash lease: a command with a board for itself."""

import contextlib
import json
import re
import signal
import socket
import sys
import threading
import time

import pytest

from leases import SHORT, start_echo, take, wait_over
from program import Program, program_path, run, wait_until


@pytest.fixture
def echo(make_server, make_board):
    return start_echo(make_server, make_board)


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
    (["nonsense=1", "--", "true"], 2, "no board"), (["--for", "0", "--", "true"], 2, "--for"),
    (["lab1", "--end", "--", "true"], 2, "runs no command"), (["--end"], 2, "BOARD --end"),
    (["lab7", "--end"], 2, "lab1"), (["lab1", "--end"], 2, "lab1")))
def test_lease_command__says_what_is_wrong(echo, arguments, status, words):
    done = run(lease_command(echo, *arguments))
    assert done.status == status and words in done.stderr, done


def test_lease_command__shows_who_waits_and_takes_a_board_away(echo, start_farflash):
    take(echo, "board=lab1&seconds=60&owner=ann")
    command = lease_command(echo, "--", "true")
    others = [start_farflash(*command[1:]), start_farflash(*command[1:3], "lease", "board=lab1", "--", "true")]
    wait_until(lambda: len(echo.rest.get("/leases")["waiting"]) == 2, "both to wait")
    listed = run(lease_command(echo)).stdout
    assert re.search(r"^lab1 .* ann", listed, re.M) and re.search(r"^WAITING FOR .*\n(lab1|any that fits) ", listed, re.M), listed
    assert len(re.findall(r"^any that fits .*@", listed, re.M)) == 1, listed
    ended = run(lease_command(echo, "lab1", "--end"))
    assert ended.status == 0 and "lab1: no longer leased" in ended.stdout, ended
    assert [other.wait(20) for other in others] == [0, 0]


def test_lease_command__waits_or_does_not(echo):
    lease = take(echo, "board=lab1&seconds=3&owner=ann")
    done = run(lease_command(echo, "--wait", "0", "--", "true"))
    assert done.status == 4 and "ann" in done.stderr, done
    done = run(lease_command(echo, "--", "true"))
    assert done.status == 0 and "waiting" in done.stderr, done
    assert lease


@pytest.mark.parametrize("how", (signal.SIGKILL, signal.SIGTERM))
def test_lease_command__goes_on_waiting_while_the_server_is_started_anew(make_server, make_board, start_farflash, how):
    board = make_board()
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    lease = take(server)
    waiting = start_farflash("--server", server.url, "lease", "--", "true")
    wait_until(lambda: server.rest.get("/leases")["waiting"], "the client to wait")
    server.expected_status = {0, -how}
    server.process.send_signal(how)
    server.wait(10)
    waiting.wait_line("asking again")
    again = make_server(data_dir=server.data_dir, options=("--listen", f"127.0.0.1:{server.port}"), lab1=board)
    wait_until(lambda: again.rest.get("/leases")["waiting"], "the client to wait again")
    assert again.rest.request("DELETE", f"/api/v1/leases/{lease['id']}").status == 204
    assert waiting.wait(20) == 0


def test_lease_command__does_not_wait_for_a_server_that_is_not_there(unused_ports):
    done = run([program_path("farflash"), "--server", f"http://127.0.0.1:{unused_ports(1)[0]}", "lease", "--", "true"])
    assert done.status == 3 and "asking again" not in done.stderr, done


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
