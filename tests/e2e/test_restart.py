# SPDX-License-Identifier: Apache-2.0
"""What outlives the server: jobs, leases, the trail of who did what, how boards have fared."""

import os
import re
import resource
import signal
import socket
import sqlite3
import stat
import time

import pytest

from program import run, program_path, wait_until
from rest import API, assert_problem

ASYNC = {"Prefer": "respond-async"}
HEADER = "Farflash-Lease"
SHORT = ("--shortest-lease", "1")
DATABASE = "farflash.db"


@pytest.fixture
def restart(make_server):
    """restart(server, board) starts a server anew on the data of one that has ended."""
    def start(server, options=(), **boards):
        return make_server(data_dir=server.data_dir, options=options, **boards)
    return start


def ask(server, path, method="POST", status=202, headers=None):
    reply = server.rest.request(method, f"{API}/boards/lab1/{path}", headers={**ASYNC, **(headers or {})})
    assert reply.status == status, reply
    return reply.json()["id"]


def now():
    """As the server writes times."""
    seconds = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03}Z"


def wait_running(server, job):
    wait_until(lambda: server.rest.job(job)["state"] == "running", f"job {job} to run")


# ---- jobs ----

def test_restart__history_is_shown_as_before(make_server, restart, board, app):
    server = make_server(lab1=board)
    assert server.rest.flash("lab1", ("0x10000", app)).status == 200
    assert server.rest.request("POST", f"{API}/boards/lab1/info").status == 200
    reply = server.rest.request("PUT", f"{API}/boards/lab1/flash?offset=0x1001", b"1234")
    assert_problem(reply, 400, "unaligned-offset")
    before = server.rest.get("/jobs")
    assert [job["state"] for job in before["jobs"]] == ["done", "done"]
    server.kill()
    again = restart(server, lab1=board)
    assert again.rest.get("/jobs") == before
    assert ask(again, "reset") == "3"
    history = again.rest.board("lab1")["history"]
    assert (history["done"], history["failed"]) == (2, 0) and history["last_success"], history


def test_restart__what_waits_runs_and_what_ran_is_interrupted(make_server, restart, make_board):
    server = make_server(lab1=make_board(timing="real"))
    server.rest.wait_board("lab1", "idle")
    running = ask(server, "flash?size=all&baud=115200", "GET")
    waiting = [ask(server, "reset"), ask(server, "info"), ask(server, "reset")]
    server.rest.wait_phase(running, "read")
    server.kill()
    again = restart(server, lab1=make_board())
    for job in waiting:
        assert again.rest.wait_job(job)["state"] == "done"
    ended = again.rest.job(running)
    assert ended["state"] == "interrupted" and ended["error"]["code"] == "interrupted", ended
    assert "interrupted; the flash is as it was" in ended["error"]["detail"], ended
    assert ended["info"]["chip"] == "ESP32" and ended["info"]["mac"], ended
    assert ended["started"] and ended["finished"], ended
    begun = re.findall(r"job (\d+) \(\w+\) begins", again.output())
    assert begun == waiting, "in their order, and once"
    assert_problem(again.rest.request("DELETE", f"{API}/jobs/{running}"), 409, "job-ended")
    assert again.rest.board("lab1")["history"]["interrupted"] == 1


@pytest.mark.parametrize("how", (signal.SIGKILL, signal.SIGTERM))
def test_restart__an_interrupted_write_says_so_and_runs_again_if_asked_for(make_server, restart, make_board, app, how):
    board = make_board(timing="real")
    server = make_server(lab1=board)
    reply = server.rest.flash("lab1", ("0x10000", app), query="?baud=230400&rerun=true", headers=ASYNC)
    job = reply.json()["id"]
    assert reply.json()["rerun"] is True and reply.json()["repeats"] is None
    server.rest.wait_phase(job, "write")
    server.process.send_signal(how)
    server.expected_status = {0, -signal.SIGKILL}
    server.wait(10)
    again = restart(server, lab1=board)
    ended = again.rest.job(job)
    assert ended["state"] == ("interrupted" if how == signal.SIGKILL else "cancelled")
    assert "the flash may hold an incomplete image" in ended["error"]["detail"]
    assert ended["info"]["chip"] == "ESP32" and ended["progress"]["phase"] in ("write", "reboot"), ended
    repeated = again.rest.wait_job(str(int(job) + 1))
    assert repeated["repeats"] == job and repeated["state"] == "done", repeated
    assert board.holds(0x10000, app)
    again.kill()
    third = restart(again, lab1=board)
    assert [row["id"] for row in third.rest.get("/jobs")["jobs"]] == [repeated["id"], job], "once is enough"


def test_restart__waiting_images_are_written(make_server, restart, make_board, app):
    board = make_board(timing="real")
    server = make_server(lab1=board)
    running = ask(server, "flash?size=all&baud=115200", "GET")
    wait_running(server, running)
    waiting = server.rest.flash_async("lab1", ("0x10000", app))["id"]
    server.kill()
    again = restart(server, lab1=board)
    assert again.rest.wait_job(waiting)["state"] == "done"
    assert board.holds(0x10000, app)


def test_restart__sigterm_keeps_what_waits(make_server, restart, make_board):
    server = make_server(lab1=make_board(timing="real"))
    running = ask(server, "flash?size=all&baud=115200", "GET")
    wait_running(server, running)
    waiting = ask(server, "reset")
    connection = server.rest.connect()
    connection.request("POST", f"{API}/boards/lab1/reset")  # waits for its end
    wait_until(lambda: len(server.rest.get("/jobs")["jobs"]) == 3, "the third job")
    os.kill(server.pid, signal.SIGTERM)
    reply = connection.getresponse()
    assert reply.status == 503 and b"waits for its next start" in reply.read()
    connection.close()
    assert server.wait(15) == 0
    again = restart(server, lab1=make_board())
    assert again.rest.wait_job(waiting)["state"] == "done"
    assert again.rest.wait_job("3")["state"] == "done"
    assert again.rest.job(running)["state"] == "cancelled"


def test_restart__a_job_of_a_board_that_is_gone_fails(make_server, restart, make_board, board):
    server = make_server(lab1=make_board(timing="real"), lab2=board)
    wait_running(server, ask(server, "flash?size=all&baud=115200", "GET"))
    waiting = ask(server, "reset")
    server.kill()
    again = restart(server, lab2=board)
    ended = again.rest.job(waiting)
    assert ended["state"] == "failed" and "no board of this name" in ended["error"]["detail"], ended
    assert ended["board"] == "lab1" and [board["name"] for board in again.rest.get("/boards")["boards"]] == ["lab2"]


def test_restart__client_shows_what_was_interrupted(make_server, restart, make_board, start_farflash, app_file):
    slow = make_board(timing="real")
    server = make_server(lab1=slow)
    client = start_farflash("--server", server.url, "write-flash", "--rerun", "--baud", "230400", "0x10000", app_file,
                            status={1, 3})
    job = server.rest.wait_board("lab1", "busy")["job"]
    server.rest.wait_phase(job, "write")
    server.kill()
    client.wait(60)
    again = restart(server, lab1=slow)
    shown = run([program_path("farflash"), "--server", again.url, "jobs", job])
    assert "interrupted" in shown.stdout, shown
    assert again.rest.wait_job("2")["repeats"] == job


@pytest.mark.parametrize("how", (signal.SIGKILL, signal.SIGTERM))
def test_restart__client_goes_on_with_the_repeat(make_server, restart, make_board, start_farflash, app_file, app, how):
    """Of one job, and of those of a batch, which has a row for each board all the same; and with what had not begun."""
    boards = {name: make_board(timing="real") for name in ("lab1", "lab2", "lab3")}
    labels = {"lab1": "rack=1", "lab2": "rack=2", "lab3": "rack=2"}
    addresses = {name: f"{boards[name].address},label={labels[name]}" for name in boards}
    server = make_server(**addresses)
    write = ("--server", server.url, "write-flash", "--rerun", "--baud", "115200")
    one = start_farflash(*write, "--select", "rack=1", "0x10000", app_file)
    batch = start_farflash(*write, "--select", "rack=2", "--all", "0x10000", app_file)
    running = [server.rest.wait_board(name, "busy")["job"] for name in boards]
    behind = [start_farflash("--server", server.url, *where, "reset", *boards_of) for where, boards_of in (
        (("--board", "lab1"), ()), ((), ("--select", "rack=2", "--all")))]
    wait_until(lambda: len(server.rest.get("/jobs")["jobs"]) == 6, "all of them to be asked for")
    for job in running:
        server.rest.wait_phase(job, "write")
    job = running[0]
    server.process.send_signal(how)
    server.expected_status = {0, -how}
    server.wait(10)
    again = restart(server, options=("--listen", f"127.0.0.1:{server.port}"), **addresses)
    one.wait_line(f"job {job} was interrupted, as the server was started anew; job \\d+ repeats it")
    assert [client.wait(60) for client in (one, batch, *behind)] == [0] * 4
    assert all(board.holds(0x10000, app) for board in boards.values())
    jobs = {row["id"]: row for row in again.rest.get("/jobs")["jobs"]}
    repeats = [row for row in jobs.values() if row["repeats"]]
    assert len(jobs) == 9 and len(repeats) == 3
    assert all(jobs[row["repeats"]]["repeated_by"] == row["id"] and row["repeated_by"] is None for row in repeats), jobs
    number = next(row["batch"] for row in repeats if row["batch"])
    rows = again.rest.get(f"/batches/{number}")["rows"]
    assert [row["board"] for row in rows] == ["lab2", "lab3"] and all(row["repeats"] for row in rows)
    assert len([line for line in batch.output().splitlines() if line.startswith(("lab2 ", "lab3 "))]) == 2, batch.output()
    again.kill()
    third = restart(again, **addresses)
    assert third.rest.job(job)["repeated_by"] == jobs[job]["repeated_by"]


# ---- what boards are ----

def test_restart__chips_are_known_as_before(make_server, restart, make_board):
    """So that who waits for a chip gets one, and nobody has to probe a rack that was only restarted."""
    server = make_server(lab1=make_board(timing="real"), lab2=make_board(chip="esp32c3"))
    for name in ("lab1", "lab2"):
        server.rest.wait_board(name, "idle")
        assert server.rest.request("POST", f"{API}/boards/{name}/info").status == 200
    before = [server.rest.board(name)["info"] for name in ("lab1", "lab2")]
    running = ask(server, "flash?size=all&baud=115200", "GET")
    wait_running(server, running)
    reply = server.rest.request("POST", f"{API}/reset?select=chip=esp32", headers=ASYNC)
    assert reply.status == 202 and reply.json()["state"] == "queued", reply
    server.kill()
    again = restart(server, lab1=make_board(), lab2=make_board(chip="esp32c3"))
    ended = again.rest.wait_job(reply.json()["id"])
    assert (ended["state"], ended["board"]) == ("done", "lab1"), ended
    assert [again.rest.board(name)["info"] for name in ("lab1", "lab2")] == before
    leased = again.rest.request("POST", f"{API}/leases?select=chip=esp32c3").json()
    assert leased["board"] == "lab2", leased


def test_restart__a_chip_that_is_another_one_now_is_found_out(make_server, restart, make_board, app_file):
    server = make_server(lab1=make_board(chip="esp32c3"))
    assert server.rest.request("POST", f"{API}/boards/lab1/info").status == 200
    server.kill()
    again = restart(server, lab1=make_board())
    assert again.rest.board("lab1")["info"]["chip"] == "ESP32-C3"
    write = [program_path("farflash"), "--server", again.url, "--chip", "esp32", "write-flash", "0x10000", app_file]
    assert run(write).status == 0
    assert again.rest.board("lab1")["info"]["chip"] == "ESP32"


# ---- leases ----

def take(server, query="board=lab1&seconds=60&owner=ann"):
    reply = server.rest.request("POST", f"{API}/leases?{query}")
    assert reply.status == 201, reply
    return reply.json()


def test_restart__a_lease_goes_on(make_server, restart, board):
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    lease = take(server)
    server.kill()
    with open(os.path.join(server.data_dir, DATABASE), "rb") as file:
        assert lease["id"].encode() not in file.read(), "an id is a secret"
    again = restart(server, lab1=board)
    assert again.rest.get(f"/leases/{lease['id']}") == lease
    assert_problem(again.rest.request("POST", f"{API}/boards/lab1/reset"), 409, "board-leased", "ann")
    assert_problem(again.rest.request("POST", f"{API}/leases?board=lab1"), 409, "board-leased")
    assert again.rest.request("POST", f"{API}/boards/lab1/reset", headers={HEADER: lease["id"]}).status == 200
    assert again.rest.request("DELETE", f"{API}/leases/{lease['id']}").status == 204
    again.kill()
    third = restart(again, lab1=board)
    assert_problem(third.rest.request("GET", f"{API}/leases/{lease['id']}"), 410, "lease-ended")
    take(third)


def test_restart__a_lease_whose_time_is_over_has_ended_with_its_jobs(make_server, restart, make_board):
    server = make_server(lab1=make_board(timing="real"), options=SHORT)
    server.rest.wait_board("lab1", "idle")
    lease = take(server, "board=lab1&seconds=1&owner=ann")
    with_lease = {HEADER: lease["id"]}
    running = ask(server, "flash?size=all&baud=115200", "GET", headers=with_lease)
    waiting = ask(server, "reset", headers=with_lease)
    wait_running(server, running)
    server.kill()
    wait_until(lambda: now() > lease["expires"], "the end of the lease")
    again = restart(server, options=SHORT, lab1=make_board())
    ended = again.rest.job(waiting)
    assert ended["state"] == "cancelled" and "its lease has ended" in ended["error"]["detail"], ended
    assert again.rest.board("lab1")["lease"] is None
    assert_problem(again.rest.request("GET", f"{API}/leases/{lease['id']}"), 410, "lease-ended")
    assert again.rest.request("POST", f"{API}/boards/lab1/reset").status == 200


# ---- the trail ----

def trail(server, query=""):
    return server.rest.get(f"/audit{query}")["audit"]


def test_audit__tells_who_did_what(make_server, restart, board, tmp_path):
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    server.rest.request("GET", f"{API}/boards/lab1")  # looks only
    assert server.rest.request("POST", f"{API}/boards/lab1/reset").status == 200
    assert server.rest.request("GET", f"{API}/jobs/1").status == 200  # the same
    lease = take(server, "board=lab1&seconds=60&owner=ann")
    assert_problem(server.rest.request("POST", f"{API}/boards/lab1/reset"), 409, "board-leased")
    assert_problem(server.rest.request("GET", f"{API}/boards/lab1/flash"), 409, "board-leased")
    assert server.rest.request("PATCH", f"{API}/leases/{lease['id']}?seconds=70").status == 200
    ask(server, "flash?size=0x1000", "GET", headers={HEADER: lease["id"]})
    server.rest.wait_board("lab1", "idle")
    assert server.rest.request("DELETE", f"{API}/leases/{lease['id']}").status == 204
    wait_until(lambda: len(trail(server)) == 9, "the trail")
    server.kill()
    again = restart(server, lab1=board)
    lines = [(line["who"], line["from"], line["action"], line["board"], line["job"], line["result"])
             for line in reversed(trail(again, "?board=lab1&limit=1000&since=2020-01-01T00:00:00Z"))]
    reset = "POST /api/v1/boards/*/reset"
    assert lines == [
        (None, "127.0.0.1", reset, "lab1", "1", "accepted"),
        ("ann", "127.0.0.1", "lease-taken", "lab1", None, None),
        ("ann", "127.0.0.1", "POST /api/v1/leases", "lab1", None, "201"),
        (None, "127.0.0.1", reset, "lab1", None, "board-leased"),
        (None, "127.0.0.1", "GET /api/v1/boards/*/flash", "lab1", None, "board-leased"),
        ("ann", "127.0.0.1", "PATCH /api/v1/leases/*", "lab1", None, "200"),
        ("ann", "127.0.0.1", "GET /api/v1/boards/*/flash", "lab1", "2", "accepted"),
        ("ann", "127.0.0.1", "lease-ended", "lab1", None, "handed-back"),
        ("ann", "127.0.0.1", "DELETE /api/v1/leases/*", "lab1", None, "204"),
    ]
    assert trail(again, "?board=lab2") == [] and len(trail(again, "?limit=2")) == 2
    assert trail(again, "?since=2999-01-01T00:00:00Z") == []
    shown = run([program_path("farflash"), "--server", again.url, "audit", "--board", "lab1", "--limit", "1"])
    assert shown.stdout.splitlines()[1].split()[1:] == [
        "ann", "127.0.0.1", "lab1", "-", "204", "DELETE", "/api/v1/leases/*"], shown.stdout


def test_audit__names_the_sessions_that_write(server):
    with socket.create_connection(("127.0.0.1", server.port_of("lab1", "raw"))) as session:
        session.sendall(b"x")
        wait_until(lambda: trail(server), "the trail")
    line, = trail(server)
    assert (line["action"], line["board"], line["from"]) == ("writes", "lab1", "127.0.0.1"), line


@pytest.mark.parametrize("query", ("?limit=0", "?limit=1001", "?since=yesterday", "?who=me"))
def test_audit__refuses_bad_queries(rest, query):
    assert_problem(rest.request("GET", f"{API}/audit{query}"), 400, "invalid-argument")


# ---- the file ----

def test_restart__leaves_one_file(server):
    path = os.path.join(server.data_dir, DATABASE)
    assert server.rest.request("POST", f"{API}/boards/lab1/reset").status == 200
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    os.kill(server.pid, signal.SIGTERM)
    assert server.wait(5) == 0
    assert [name for name in os.listdir(server.data_dir) if name.startswith(DATABASE)] == [DATABASE]


def refusal(server):
    """What a second server with the same data says when it does not start."""
    result = run([program_path("farflashd"), "--listen", "127.0.0.1:0", "--data-dir", server.data_dir])
    assert result.status == 1, result
    return result.stderr


def test_restart__one_server_at_a_time(server):
    assert "is in use by" in refusal(server)


def test_restart__a_damaged_database_is_refused(server):
    os.kill(server.pid, signal.SIGTERM)
    assert server.wait(5) == 0
    path = os.path.join(server.data_dir, DATABASE)
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\x5a" * 8192)
    assert "damaged" in refusal(server) and "move it away" in refusal(server)
    with open(path, "r+b") as file:
        file.write(b"This is no database at all. " * 10)
    assert "damaged" in refusal(server)


def test_restart__a_newer_database_is_refused(server):
    os.kill(server.pid, signal.SIGTERM)
    assert server.wait(5) == 0
    with sqlite3.connect(os.path.join(server.data_dir, DATABASE)) as database:
        database.execute("PRAGMA user_version = 999")
    assert "version 999" in refusal(server)


def test_restart__full_disk_refuses_jobs_and_leases_and_gets_over_it(server):
    """With a limit on the size of files, which is a full disk in small."""
    rest = server.rest
    assert rest.request("POST", f"{API}/boards/lab1/reset").status == 200
    limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    assert_problem(rest.request("POST", f"{API}/boards/lab1/reset"), 507, "no-space", "no space left")
    assert_problem(rest.request("POST", f"{API}/leases?board=lab1"), 507, "no-space")
    assert len(rest.get("/jobs")["jobs"]) == 1 and rest.board("lab1")["lease"] is None
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits)
    assert rest.request("POST", f"{API}/boards/lab1/reset").status == 200
    take(server)


def test_restart__a_start_on_a_full_disk_says_so(server):
    """After an orderly end: what SQLite needs beside the file does not fit. After a crash it is there still."""
    os.kill(server.pid, signal.SIGTERM)
    assert server.wait(5) == 0
    path = os.path.join(server.data_dir, DATABASE)
    before = open(path, "rb").read()
    result = run(["prlimit", "--fsize=4096", program_path("farflashd"), "--listen", "127.0.0.1:0",
                  "--data-dir", server.data_dir])
    assert result.status == 1 and f"{path} cannot be written: no space left on the disk" in result.stderr, result
    assert open(path, "rb").read() == before


def test_restart__a_job_that_ends_on_a_full_disk_has_ended(make_server, restart, make_board):
    board = make_board(timing="real")
    server = make_server(lab1=board)
    job = ask(server, "flash?size=0x8000&baud=115200", "GET")
    server.rest.wait_phase(job, "read")
    limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    server.rest.wait_job(job)
    server.wait_line("is not recorded yet")
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits)
    server.wait_line("everything is recorded again")
    ended = server.rest.job(job)
    server.kill()
    assert restart(server, lab1=board).rest.job(job) == ended


def test_restart__any_board_is_waited_for_again(make_server, restart, make_board):
    server = make_server(lab1=f"{make_board().address},label=rack=1")
    server.rest.wait_board("lab1", "idle")
    held = server.rest.request("POST", f"{API}/leases?board=lab1&seconds=60")
    assert held.status == 201, held
    before = [server.rest.request("POST", f"{API}/reset?select=rack=1&priority={priority}", headers=ASYNC).json()["id"]
              for priority in (0, 3)]
    assert [server.rest.job(job)["position"] for job in before] == [2, 1]
    server.kill()
    again = restart(server, lab1=f"{make_board().address},label=rack=1")
    jobs = [again.rest.job(job) for job in before]
    assert [job["position"] for job in jobs] == [2, 1]
    assert all(job["select"] == "rack=1" and job["board"] is None for job in jobs)
    assert again.rest.request("DELETE", held.headers["Location"]).status == 204
    assert [again.rest.wait_job(job)["board"] for job in before] == ["lab1", "lab1"]


# ---- quarantine ----

def test_restart__boards_stay_in_quarantine(make_server, restart, make_board):
    dead = make_board()
    boards = {"lab1": dead, "lab2": make_board()}
    server = make_server(options=("--quarantine-after", "1"), **boards)
    dead.kill()
    assert server.rest.request("POST", f"{API}/boards/lab1/reset").status in (502, 503)
    wait_until(lambda: server.rest.board("lab1")["quarantine"], "lab1 to be in quarantine")
    put = server.rest.request("PUT", f"{API}/boards/lab2/quarantine?reason=a%20loose%20wire")
    assert put.status == 200 and put.json()["quarantine"]["who"] == "127.0.0.1", put
    before = [server.rest.board(name)["quarantine"] for name in boards]
    server.kill()
    again = restart(server, **boards)
    assert [again.rest.board(name)["quarantine"] for name in boards] == before
    assert_problem(again.rest.request("POST", f"{API}/boards/lab2/reset"), 409, "board-quarantined", "a loose wire")
    assert again.rest.request("DELETE", f"{API}/boards/lab2/quarantine").status == 204
    again.kill()
    last = restart(again, **boards)
    assert last.rest.board("lab2")["quarantine"] is None
    assert last.rest.board("lab1")["quarantine"] == before[0]


def test_restart__a_database_of_the_first_version_is_taken_over(make_server, restart, board):
    server = make_server(lab1=board)
    assert server.rest.request("POST", f"{API}/boards/lab1/info").status == 200
    server.terminate()
    with sqlite3.connect(os.path.join(server.data_dir, DATABASE)) as database:
        database.executescript("DROP TABLE quarantine; DROP TABLE facts; PRAGMA user_version = 1")
    database.close()
    again = restart(server, lab1=board)
    assert again.rest.board("lab1")["info"]["chip"] == "ESP32"
    assert again.rest.job("1")["state"] == "done"
    assert again.rest.request("PUT", f"{API}/boards/lab1/quarantine?reason=smoke").status == 200
