# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: the configuration is another, and the server goes on."""

import os
import signal

import pytest

from bridge import Raw
from console import Talk
from program import Program, program_path, wait_until
from rest import Rest
from server import LISTENING

IMAGE = os.urandom(80_000)


class Reloading(Program):
    """A farflashd with a configuration file that can be written anew."""

    def __init__(self, folder, boards, options="", arguments=(), env=None):
        self.path = folder / "farflashd.yaml"
        self.head = f"data-dir: {folder / 'data'}\nlisten: 127.0.0.1:0\n"
        self.write(boards, options)
        super().__init__([program_path("farflashd"), "--config", str(self.path), *arguments], env=env)
        self.url = self.wait_line(LISTENING).group(1)
        self.port = int(self.url.rsplit(":", 1)[1])
        self.rest = Rest(self.port)

    def write(self, boards, options=""):
        """`boards`: name, address (None: other keys say where it is) and other keys of each."""
        lines = [f"- name: {name}\n" + (f"  address: '{address}'\n" if address else "")
                 + "".join(f"  {key}: {value}\n" for key, value in keys.items()) for name, address, keys in boards]
        self.path.write_text(f"{self.head}{options}boards:{' []' if not lines else ''}\n{''.join(lines)}")

    def reload(self, answer="the boards are those of"):
        """Sends the signal and waits for the last thing that the server says of it."""
        start = len(self.lines)
        os.kill(self.pid, signal.SIGHUP)
        return self.wait_line(answer, start=start).string

    def names(self):
        return [board["name"] for board in self.rest.get("/boards")["boards"]]

    def wait_names(self, names):
        wait_until(lambda: self.names() == names, f"the boards {names}, not {self.names()}")


@pytest.fixture
def start(programs, tmp_path):
    def make(boards, options="", arguments=()):
        return programs.add(Reloading(tmp_path, boards, options, arguments))
    return make


def test_reload__boards_come_and_go_beside_work(start, make_board):
    """A flash job and a session of one board notice nothing of what happens to the others."""
    lab1, lab2, lab3 = make_board(timing="real"), make_board(), make_board(chip="esp32c3")
    server = start([("lab1", lab1.address, {}), ("lab2", lab2.address, {})])
    server.rest.wait_board("lab1", "idle")
    ports = server.rest.board("lab1")["rfc2217"], server.rest.board("lab1")["raw"]
    with Raw(ports[1]) as session, Raw(server.rest.board("lab2")["raw"]) as other:
        job = server.rest.flash_async("lab1", ("0x10000", IMAGE))
        server.rest.wait_phase(job["id"], "write")
        server.write([("lab1", lab1.address, {"labels": "[rack=7]"}), ("lab3", lab3.address, {})])
        server.reload()
        server.wait_names(["lab1", "lab3"])
        other.wait(b"lab2: the board was removed from the server")
        other.ends()
        assert server.rest.wait_job(job["id"])["state"] == "done"
        assert lab1.holds(0x10000, IMAGE)
        assert server.rest.board("lab1")["labels"]["rack"] == ["7"]
        assert (server.rest.board("lab1")["rfc2217"], server.rest.board("lab1")["raw"]) == ports
        session.send(b"x")  # it is there still, and may write
        wait_until(lambda: (server.rest.board("lab1")["holder"] or "").startswith("raw TCP"), "the session's hold")
    assert server.rest.request("GET", "/api/v1/boards/lab2").status == 404
    assert server.rest.flash("lab3", ("0x0", IMAGE), query="?verify=true").status == 200


def test_reload__a_removed_board_takes_its_work_with_it(start, make_board):
    board = make_board(timing="real")
    server = start([("lab1", board.address, {})])
    server.rest.wait_board("lab1", "idle")
    running = server.rest.flash_async("lab1", ("0x10000", IMAGE))
    waiting = server.rest.flash_async("lab1", ("0x10000", IMAGE))
    server.rest.wait_phase(running["id"], "write")
    with Talk(server) as console:
        server.write([])
        server.reload()
        console.wait_message("notice", "the board was removed")
        console.wait_close()
    server.wait_names([])
    detail = server.rest.wait_job(running["id"])["error"]["detail"]
    assert "after the write had begun" in detail and detail.endswith("(the board was removed from the server)"), detail
    detail = server.rest.wait_job(waiting["id"])["error"]["detail"]
    assert detail == "lab1: cancelled before it began (the board was removed from the server)"
    # It comes back under its name, and has its history.
    server.write([("lab1", board.address, {})])
    server.reload()
    server.rest.wait_board("lab1", "idle")
    assert {job["id"] for job in server.rest.get("/jobs?board=lab1")["jobs"]} == {running["id"], waiting["id"]}
    assert server.rest.flash("lab1", ("0x10000", IMAGE)).status == 200
    assert board.holds(0x10000, IMAGE)


def test_reload__a_lease_ends_with_its_board(start, make_board):
    server = start([("lab1", make_board().address, {})])
    server.rest.wait_board("lab1", "idle")
    reply = server.rest.request("POST", "/api/v1/leases?board=lab1")
    assert reply.status == 201, reply
    lease = reply.json()["id"]
    server.write([])
    server.reload()
    wait_until(lambda: server.rest.request("GET", f"/api/v1/leases/{lease}").status == 410, "the lease's end")
    assert server.rest.get("/leases")["leases"] == []


def test_reload__mistakes_change_nothing(start, make_board):
    board = make_board()
    server = start([("lab1", board.address, {})])
    server.write([("lab2", board.address, {}), ("lab3", "/dev/ttyUSB9", {"baud": "fast"})])
    said = server.reload("everything stays as it is")
    assert f"{server.path}, line 6: board lab3: " in said and "fast" in said, said
    server.path.write_text("boards: [}\n")
    assert "near line 1" in server.reload("everything stays as it is")
    server.path.unlink()
    server.reload("everything stays as it is")
    assert server.names() == ["lab1"]


def test_reload__keys_that_need_a_restart_are_named(start, make_board):
    boards = [("lab1", make_board().address, {})]
    server = start(boards, "max-upload: 1MB\nshortest-lease: 60\n")
    server.write(boards, "max-upload: 2MB\nwriter-blocks-jobs: wait\n")
    assert server.reload("needs a restart").endswith("needs a restart: max-upload, writer-blocks-jobs, shortest-lease")
    server.write(boards, "max-upload: 1MB\nshortest-lease: 60\n")
    server.reload()
    assert server.names() == ["lab1"]


def test_reload__boards_of_the_command_line_stay(start, make_board):
    one, two = make_board(), make_board()
    server = start([("lab2", two.address, {})], arguments=["--board", f"lab1={one.address}"])
    assert server.names() == ["lab2", "lab1"]
    server.write([])
    server.reload()
    server.wait_names(["lab1"])
    server.write([("lab1", two.address, {})])
    assert "two boards are called lab1" in server.reload("everything stays as it is")
    server.wait_names(["lab1"])


def test_reload__a_board_moves(start, make_board):
    """Another address is another port for the same board: who listens to it goes on."""
    one, two = make_board(application="here is one"), make_board(application="here is two")
    server = start([("lab1", one.address, {})])
    server.rest.wait_board("lab1", "idle")
    with Raw(server.rest.board("lab1")["raw"]) as session:
        server.write([("lab1", two.address, {"rfc2217": "0"})])  # not the port that the session is at
        server.reload()
        session.ends()
    server.write([("lab1", one.address, {"rfc2217": "0"})])
    server.reload()
    server.rest.wait_board("lab1", "idle")
    with Raw(server.rest.board("lab1")["raw"]) as session:
        server.write([("lab1", two.address, {"rfc2217": "0"})])
        server.reload()
        wait_until(lambda: server.rest.board("lab1")["address"] == two.address, "the new address")
        server.rest.wait_board("lab1", "idle")
        assert server.rest.request("POST", "/api/v1/boards/lab1/reset").status == 200
        session.wait(b"here is two")


def test_reload__without_a_file_the_signal_ends_the_server(make_server):
    server = make_server()
    os.kill(server.pid, signal.SIGHUP)
    assert server.wait() == 0
