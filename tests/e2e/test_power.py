# SPDX-License-Identifier: Apache-2.0
"""The power hook: programs of the configuration that switch a board's power, as jobs."""

import os

import pytest

from client import BUSY, DONE, FAILED, USAGE, farflash
from program import Program, program_path, run, wait_until
from rest import API, Rest, assert_problem
from server import LISTENING


def shell(script):
    """A program of the hook, as YAML."""
    return '[/bin/sh, -c, "' + script + '"]'


@pytest.fixture
def start(programs, tmp_path):
    """start(address, key of the board, ...) starts a farflashd with the board lab1; the answer has `url` and `rest`."""
    def make(address, *keys):
        path = tmp_path / "farflashd.yaml"
        board = "".join(f"  {key}\n" for key in keys)
        path.write_text(f"listen: 127.0.0.1:0\ndata-dir: {tmp_path / 'data'}\nrfc2217: 0\n"
                        f"boards:\n- name: lab1\n  address: {address}\n{board}")
        server = programs.add(Program([program_path("farflashd"), "--config", str(path)]))
        server.url = server.wait_line(LISTENING).group(1).rstrip("/")
        server.rest = Rest(int(server.url.rpartition(":")[2]))
        return server
    return make


def switch(rest, action, **headers):
    return rest.request("POST", f"{API}/boards/lab1/power?action={action}", headers=headers)


def test_power__runs_what_the_configuration_has(start, board, tmp_path):
    log = tmp_path / "log"
    server = start(board.address, "power:", f'  on: {shell(f"echo $FARFLASH_BOARD $FARFLASH_POWER >> {log}")}',
                   f'  off: {shell(f"echo $FARFLASH_ADDRESS >> {log}")}')
    assert server.rest.board("lab1")["power"] == ["on", "off", "cycle"]
    job = switch(server.rest, "off").json()
    assert job["kind"] == "power" and job["target"] == {"action": "off"} and job["state"] == "done"
    done = farflash("--server", server.url, "power", "on")
    assert done.status == DONE and done.stdout == "lab1: power on\n"
    assert log.read_text() == f"{board.address}\nlab1 on\n"
    assert [job["kind"] for job in server.rest.get("/jobs")["jobs"]] == ["power", "power"]
    assert server.rest.wait_board("lab1", "idle")["job"] is None
    assert farflash("--server", server.url, "chip-id").status == DONE


def test_power__what_cannot_be_done_is_refused(start, server, board, tmp_path):
    there = start(board.address, f"power: {{cycle: {shell('true')}}}")
    assert there.rest.board("lab1")["power"] == ["cycle"]
    assert_problem(switch(there.rest, "off"), 422, "unsupported", "power off")
    assert_problem(switch(there.rest, "sideways"), 400, "invalid-argument", "cycle")
    assert_problem(there.rest.request("POST", f"{API}/boards/lab1/power"), 400, "invalid-argument", "action")
    assert server.rest.board("lab1")["power"] == []
    assert_problem(switch(server.rest, "cycle"), 422, "unsupported")
    assert farflash("--server", server.url, "power", "sideways").status == USAGE
    assert farflash("--port", board.address, "power", "on").status == USAGE


def test_power__a_failure_is_told_in_the_programs_words(start, board):
    server = start(board.address, "power:", f"  on: {shell('echo no hub at 1-1; exit 1')}", "  off: [/nonexistent/x]")
    problem = assert_problem(switch(server.rest, "on"), 502, "power-failed", "lab1", "status 1", "no hub at 1-1")
    assert problem["job"]["state"] == "failed"
    assert_problem(switch(server.rest, "off"), 502, "power-failed", "cannot run /nonexistent/x")
    done = farflash("--server", server.url, "power", "on")
    assert done.status == FAILED and "no hub at 1-1" in done.stderr
    text = run(["curl", "-s", "-X", "POST", "-H", "Accept: text/plain", f"{server.url}{API}/boards/lab1/power?action=on"])
    assert text.stdout.startswith("job 4: power on of lab1")
    assert text.stdout.splitlines()[-1].startswith("failed: power-failed: lab1: power on")


def test_power__needs_the_lease(start, board):
    server = start(board.address, f"power: {{cycle: {shell('true')}}}")
    lease = server.rest.request("POST", f"{API}/leases?board=lab1&seconds=60").json()
    assert_problem(switch(server.rest, "cycle"), 409, "board-leased")
    assert farflash("--server", server.url, "power", "cycle").status == BUSY
    assert switch(server.rest, "cycle", **{"Farflash-Lease": lease["id"]}).status == 200


def test_power__can_be_cancelled_and_does_not_outlive_the_server(start, board, tmp_path):
    pid = tmp_path / "pid"
    server = start(board.address, "power:", f"  on: {shell(f'echo $$ > {pid}; exec sleep 600')}", "  timeout: 300")

    def begin():
        job = switch(server.rest, "on", Prefer="respond-async").json()
        wait_until(lambda: pid.exists() and pid.read_text().strip(), "the program to run")
        number = pid.read_text().strip()
        pid.unlink()
        return job["id"], number

    job, number = begin()
    assert server.rest.board("lab1")["job"] == job
    assert server.rest.cancel(job).status == 202
    ended = server.rest.wait_job(job)
    assert ended["state"] == "cancelled" and "power was switched" in ended["error"]["detail"]
    assert not os.path.exists(f"/proc/{number}")
    job, number = begin()
    assert server.terminate() == 0
    assert not os.path.exists(f"/proc/{number}")


def test_power__the_port_may_go_and_come(start, make_board, programs, tmp_path):
    """Off takes the board's port away, on brings it back, and the jobs that follow find it."""
    link = tmp_path / "board"
    flash = tmp_path / "flash.bin"
    first = make_board(listen=f"pty:{link}")
    again = f"{program_path('farflash-board')} --chip esp32 --flash {flash} --listen pty:{link}"
    server = start(link, "power:", f"  off: [/bin/kill, '{first.pid}']",
                   f"  on: {shell(f'{again} >{tmp_path}/out 2>&1 & echo $! > {tmp_path}/pid')}")
    server.rest.wait_board("lab1", "idle")
    assert switch(server.rest, "off").status == 200
    lost = server.rest.wait_board("lab1", "lost")
    assert lost["job"] is None and lost["detail"]
    assert switch(server.rest, "on").json()["state"] == "done"
    try:
        assert server.rest.wait_board("lab1", "idle")["job"] is None
        assert server.rest.request("POST", f"{API}/boards/lab1/info").status == 200
    finally:
        os.kill(int((tmp_path / "pid").read_text()), 15)


def test_power__helps_a_job_that_cannot_connect(start, make_board, tmp_path):
    """The job finds no port, has the power cycled, and finds one; a board that does not answer after that has failed."""
    board = make_board(listen=f"pty:{tmp_path}/real")
    link = tmp_path / "link"
    server = start(link, f"power: {{cycle: [/bin/ln, -s, {tmp_path}/real, '{link}']}}", "power-cycle-on-failure: true")
    server.rest.wait_board("lab1", "lost")
    job = server.rest.request("POST", f"{API}/boards/lab1/info").json()
    assert job.get("state") == "done" and job["info"]["chip"] == "ESP32", job
    assert len(job["notes"]) == 1 and "power was cycled" in job["notes"][0]
    board.kill()
    reply = server.rest.request("POST", f"{API}/boards/lab1/info")
    assert_problem(reply, 502, "power-failed", "File exists")  # ln does not do it twice
    assert "power was cycled" in reply.json()["job"]["notes"][0]


@pytest.mark.parametrize("keys, words", [
    (["power: {on: [uhubctl]}"], 'lab1: power, on: "uhubctl" is not the absolute path'),
    (["power: {on: uhubctl}"], "near line"),
    (["power: {up: [/bin/true]}"], "Unexpected key: up"),
    (["power: {on: [/bin/true], timeout: 0}"], 'power, timeout: "0" is not 1 to 300 seconds'),
    (["power-cycle-on-failure: true"], "power-cycle-on-failure needs programs"),
    (["power: {on: [/bin/true]}", "power-cycle-on-failure: maybe"], "neither true nor false"),
])
def test_power__mistakes_of_the_configuration(tmp_path, keys, words):
    path = tmp_path / "farflashd.yaml"
    path.write_text("listen: 127.0.0.1:0\nboards:\n- name: lab1\n  address: /dev/x\n" + "".join(f"  {key}\n" for key in keys))
    done = run([program_path("farflashd"), "--config", str(path)])
    assert done.status == USAGE and words in done.stderr, done
