# SPDX-License-Identifier: Apache-2.0
"""Who gets which board: any that matches, all that match, in a fair order; and boards that are out of use."""

import json
import threading

import pytest

import firmware
from client import farflash
from program import program_path, run, wait_until
from rest import API, assert_problem, form

IMAGE = firmware.image("esp32", 64 * 1024)
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
def rack(make_board, make_server):
    """rack(lab1=[labels], ...) starts boards and a server that knows them."""
    def make(options=(), board_options=None, **labels):
        boards = {name: make_board(**(board_options or {})) for name in labels}
        addresses = {name: f"{boards[name].address}" + "".join(f",label={one}" for one in labels[name])
                     for name in labels}
        server = make_server(options=options, **addresses)
        for name in labels:
            server.rest.wait_board(name, "idle")
        return server, boards
    return make


def post_any(rest, resource, query, image=IMAGE, headers=None):
    kind, body = form([("0x10000", image)])
    return rest.request("POST", f"{API}/{resource}?{query}", body, {"Content-Type": kind, **(headers or {})})


def lease(rest, board, seconds=60):
    reply = rest.request("POST", f"{API}/leases?board={board}&seconds={seconds}")
    assert reply.status == 201, reply
    return reply.json()


def give_back(rest, held):
    assert rest.request("DELETE", f"{API}/leases/{held['id']}").status == 204


@pytest.mark.parametrize("options", ((), ("--all",)), ids=("any", "all"))
def test_select__is_of_the_chip_that_is_named(rack, tmp_path, options):
    server, boards = rack(lab1=["rack=2"], lab2=["rack=2"])
    image = tmp_path / "app.bin"
    image.write_bytes(IMAGE)

    def write(chip):
        return farflash("--server", server.url, "--chip", chip, "write-flash", "--select", "rack=2", *options, "0x10000", str(image))
    assert server.rest.request("POST", f"{API}/boards/lab1/info").status == 200  # so that its chip is known
    refused = write("esp32c3")
    assert refused.status != 0 and "no board matches" in refused.stderr, refused
    assert server.rest.get("/jobs?board=lab2")["jobs"] == []
    assert write("ESP32").status == 0
    boards["lab1"].holds(0x10000, IMAGE)
    assert server.rest.get("/jobs?board=lab2")["jobs"] == []  # its chip is not known


def test_any__takes_a_board_that_matches(rack):
    server, boards = rack(lab1=["rack=1"], lab2=["rack=2"], lab3=["rack=2"])
    reply = post_any(server.rest, "flash", "select=rack=2")
    assert reply.status == 200, reply
    job = reply.json()
    assert job["board"] in ("lab2", "lab3") and job["select"] == "rack=2" and job["state"] == "done"
    assert job["position"] is None and job["priority"] == 0 and job["batch"] is None
    assert boards[job["board"]].flash(0x10000, len(IMAGE)) == IMAGE
    assert_problem(post_any(server.rest, "flash", "select=rack=3"), 404, "no-such-board", "rack=3")
    assert_problem(post_any(server.rest, "flash", "select=rack=2&priority=11"), 400, "invalid-argument", "priority")
    assert_problem(server.rest.request("POST", f"{API}/reset"), 400, "invalid-argument", "select=")
    assert_problem(server.rest.request("POST", f"{API}/reset?select=a=b=c"), 400, "invalid-argument")
    assert_problem(server.rest.request("POST", f"{API}/boards/lab1/reset?select=rack=1"), 400, "invalid-argument")


def test_any__waits_where_all_are_taken(rack):
    server, _ = rack(lab1=["rack=1"], lab2=["rack=1"])
    held = [lease(server.rest, "lab1"), lease(server.rest, "lab2")]
    first, second = (server.rest.request("POST", f"{API}/reset?select=rack=1", headers=ASYNC).json() for _ in "12")
    assert first["board"] is None and first["state"] == "queued" and first["position"] == 1
    assert second["position"] == 2 and second["expected_start"] is None
    urgent = server.rest.request("POST", f"{API}/reset?select=rack&priority=5", headers=ASYNC).json()
    assert urgent["position"] == 1
    assert server.rest.job(first["id"])["position"] == 2
    assert server.rest.cancel(second["id"]).status == 202
    cancelled = server.rest.job(second["id"])
    assert cancelled["state"] == "cancelled" and cancelled["board"] is None and cancelled["position"] is None
    assert cancelled["error"]["detail"] == "rack=1: cancelled before it began"
    assert_problem(server.rest.cancel(second["id"]), 409, "job-ended")
    give_back(server.rest, held[1])
    assert server.rest.wait_job(urgent["id"])["board"] == "lab2"
    assert server.rest.wait_job(first["id"])["board"] == "lab2"
    started = [server.rest.job(job["id"])["started"] for job in (urgent, first)]
    assert started == sorted(started)


def test_any__waits_no_longer_than_asked(rack):
    server, _ = rack(lab1=["rack=1"])
    lease(server.rest, "lab1")
    reply = server.rest.request("POST", f"{API}/reset?select=rack=1&wait=1")
    problem = assert_problem(reply, 409, "no-board-free", "rack=1", "1 s")
    assert problem["job"]["state"] == "failed" and "board" not in problem


def test_any__the_story_is_told(rack):
    server, _ = rack(lab1=["rack=1"])
    held = lease(server.rest, "lab1")
    job = server.rest.request("POST", f"{API}/reset?select=rack=1", headers=ASYNC).json()
    events = []

    def listen():
        events.extend(server.rest.events(job["id"]))
    listener = threading.Thread(target=listen)
    listener.start()
    text = []
    reader = threading.Thread(target=lambda: text.append(server.rest.request(
        "POST", f"{API}/reset?select=rack=1", headers={"Accept": "text/plain"})))
    reader.start()
    wait_until(lambda: len(server.rest.get("/jobs")["jobs"]) == 2, "the second job to wait")
    give_back(server.rest, held)
    listener.join(30)
    reader.join(30)
    names = [name for name, _ in events]
    assert names[:2] == ["state", "position"] and names[-1] == "end", names
    assert events[1][1] == {"position": 1, "expected_start": None}
    assert events[-1][1]["board"] == "lab1"
    lines = text[0].body.decode().splitlines()
    assert lines[0] == "job 2: reset of any board that matches rack=1, waiting for its turn", lines
    assert any(line.startswith("waiting: position ") for line in lines) and "board: lab1" in lines, lines


def test_order__names_and_selectors_stand_in_one_line(rack):
    server, _ = rack(board_options={"timing": "real"}, lab1=["rack=1"])
    running = server.rest.flash_async("lab1", ("0x10000", IMAGE))
    server.rest.wait_job(running["id"], ("running",))
    resets = []
    for path in ("reset?select=rack=1", "boards/lab1/reset?", "reset?select=rack=1", "boards/lab1/reset?priority=1",
                 "reset?select=rack&priority=-1"):
        resets.append(server.rest.request("POST", f"{API}/{path}", headers=ASYNC).json()["id"])
    places = [server.rest.job(job)["position"] for job in resets]
    assert places == [2, 3, 4, 1, 5]
    assert server.rest.board("lab1")["queued"] == 2  # those that name it
    ended = [server.rest.wait_job(job) for job in resets]
    begun = sorted(ended, key=lambda job: job["started"])
    assert [job["id"] for job in begun] == [resets[i] for i in (3, 0, 1, 2, 4)]
    later = server.rest.flash_async("lab1", ("0x10000", IMAGE))
    behind = server.rest.request("POST", f"{API}/boards/lab1/reset", headers=ASYNC).json()
    server.rest.wait_job(later["id"], ("running",))
    assert server.rest.job(behind["id"])["expected_start"] > later["created"]
    server.rest.cancel(later["id"])
    server.rest.wait_job(behind["id"])


def test_all__one_upload_for_many_boards(rack):
    server, boards = rack(lab1=["rack=1"], lab2=["rack=1"], lab3=["rack=2"])
    reply = post_any(server.rest, "flash", "select=rack=1&all=true")
    assert reply.status == 200, reply
    batch = reply.json()
    assert batch["state"] == "done" and batch["select"] == "rack=1" and batch["count"]["done"] == 2
    assert batch["quarantined"] == []
    assert [row["board"] for row in batch["rows"]] == ["lab1", "lab2"]
    assert {row["batch"] for row in batch["rows"]} == {batch["id"]}
    for name in ("lab1", "lab2"):
        assert boards[name].flash(0x10000, len(IMAGE)) == IMAGE
    assert boards["lab3"].flash(0x10000, len(IMAGE)) != IMAGE
    assert server.rest.get(f"/batches/{batch['id']}") == batch
    assert_problem(server.rest.request("GET", f"{API}/batches/999"), 404, "no-such-batch")
    assert_problem(server.rest.request("DELETE", f"{API}/batches/{batch['id']}"), 409, "job-ended")


def test_all__a_board_that_vanishes_is_a_row_that_fails(rack):
    server, boards = rack(board_options={"timing": "real"}, lab1=["rack=1"], lab2=["rack=1"])
    reply = post_any(server.rest, "flash", "select=rack=1&all=true", headers=ASYNC)
    assert reply.status == 202, reply
    batch = reply.json()
    assert reply.headers["Location"] == f"{API}/batches/{batch['id']}"
    server.rest.wait_phase(batch["rows"][1]["id"], "write")
    boards["lab2"].kill()
    rows = [server.rest.wait_job(row["id"]) for row in batch["rows"]]
    assert [row["state"] for row in rows] == ["done", "failed"]
    ended = server.rest.get(f"/batches/{batch['id']}")
    assert ended["state"] == "failed" and ended["count"]["done"] == 1 and ended["count"]["failed"] == 1
    text = post_text(server.rest, "verify", "select=rack=1&all=true")
    assert "lab1: done: " in text and "lab2: failed: " in text, text
    assert text.splitlines()[-1] == "failed: 1 of 2 boards are done"
    reply = post_any(server.rest, "verify", "select=rack=1&all=true")
    assert_problem(reply, 502, "batch-failed", "1 of 2")
    assert reply.json()["batch"]["rows"][1]["error"]["code"] in ("unreachable", "board-lost")


def post_text(rest, resource, query):
    """What is told as text, to the end or to where it breaks off."""
    kind, body = form([("0x10000", IMAGE)])
    connection = rest.connect()
    connection.request("POST", f"{API}/{resource}?{query}", body, {"Content-Type": kind, "Accept": "text/plain"})
    reply, text = connection.getresponse(), b""
    try:
        while piece := reply.read1(4096):
            text += piece
    except Exception:  # noqa: BLE001  the stream of a failed batch ends with an error
        pass
    connection.close()
    return text.decode()


def test_all__can_be_cancelled(rack):
    server, _ = rack(board_options={"timing": "real"}, lab1=["rack=1"], lab2=["rack=1"])
    held = lease(server.rest, "lab2")
    batch = post_any(server.rest, "flash", "select=rack=1&all=true", headers=ASYNC).json()
    server.rest.wait_phase(batch["rows"][0]["id"], "write")
    assert server.rest.job(batch["rows"][1]["id"])["position"] == 1  # behind the lease
    assert server.rest.request("DELETE", f"{API}/batches/{batch['id']}").status == 202
    assert [server.rest.wait_job(row["id"])["state"] for row in batch["rows"]] == ["cancelled", "cancelled"]
    give_back(server.rest, held)


def wait_quarantine(server, board):
    return wait_until(lambda: server.rest.board(board)["quarantine"], f"{board} to be in quarantine")


def test_quarantine__failures_begin_it_and_a_probe_ends_it(rack, make_board):
    server, boards = rack(options=("--quarantine-after", "2"), lab1=["rack=1"], lab2=["rack=1"])
    port = boards["lab1"].port
    boards["lab1"].kill()
    for _ in "12":
        assert server.rest.request("POST", f"{API}/boards/lab1/reset").status in (502, 503)
    quarantine = wait_quarantine(server, "lab1")
    assert not quarantine["by_hand"] and quarantine["failures"] == 2 and "last 2 jobs" in quarantine["reason"]
    assert_problem(server.rest.request("POST", f"{API}/boards/lab1/reset"), 409, "board-quarantined", "last 2 jobs")
    assert_problem(server.rest.put("lab1", IMAGE), 409, "board-quarantined")
    assert server.rest.put("lab1", IMAGE, "?offset=0&force=true").status == 503
    metrics = server.rest.request("GET", "/metrics").body.decode()
    assert 'farflash_boards{state="quarantined"} 1' in metrics
    batch = server.rest.request("POST", f"{API}/reset?select=rack=1&all=true").json()
    assert [row["board"] for row in batch["rows"]] == ["lab2"] and batch["quarantined"] == ["lab1"]
    assert server.rest.request("POST", f"{API}/boards/lab1/info").status == 503
    assert server.rest.board("lab1")["quarantine"]
    make_board(listen=f"rfc2217:{port}")
    wait_until(lambda: server.rest.request("POST", f"{API}/boards/lab1/info").status == 200, "a probe to succeed")
    wait_until(lambda: server.rest.board("lab1")["quarantine"] is None, "the quarantine to end")
    assert server.rest.request("POST", f"{API}/boards/lab1/reset").status == 200


def test_quarantine__the_server_finds_out_by_itself_who_is_well_again(rack, make_board):
    """But it does not look after a board that is not there, that somebody has leased, or that was put there by hand."""
    server, boards = rack(options=("--quarantine-after", "1", "--quarantine-probe", "1"),
                          lab1=["rack=1"], lab2=["rack=1"], lab3=["rack=1"])
    assert server.rest.request("PUT", f"{API}/boards/lab3/quarantine?reason=smoke").status == 200
    for name in ("lab1", "lab2"):
        boards[name].kill()
        assert server.rest.request("POST", f"{API}/boards/{name}/reset").status in (502, 503)
        wait_quarantine(server, name)
    make_board(listen=f"rfc2217:{boards['lab2'].port}")
    server.rest.wait_board("lab2", "idle")
    held = lease(server.rest, "lab2")
    make_board(listen=f"rfc2217:{boards['lab1'].port}")
    wait_until(lambda: server.rest.board("lab1")["quarantine"] is None, "lab1 to be found well")
    assert server.rest.get("/jobs?board=lab1")["jobs"][0]["who"] == "farflashd"
    assert server.rest.board("lab2")["quarantine"] and server.rest.board("lab3")["quarantine"]
    give_back(server.rest, held)
    wait_until(lambda: server.rest.board("lab2")["quarantine"] is None, "lab2 to be found well")
    jobs = server.rest.get("/jobs")["jobs"]
    assert [job["who"] for job in jobs if job["kind"] == "info"] == ["farflashd"] * 2, jobs
    assert server.rest.get("/jobs?board=lab3")["jobs"] == []


def test_quarantine__by_hand(rack):
    server, _ = rack(lab1=["rack=1"])
    path = f"{API}/boards/lab1/quarantine"
    assert server.rest.request("GET", path).json() == {"board": "lab1", "quarantine": None}
    assert_problem(server.rest.request("PUT", path), 400, "invalid-argument", "reason")
    reply = server.rest.request("PUT", f"{path}?reason=smells%20%1b")
    assert reply.status == 200 and reply.json()["quarantine"]["reason"] == "smells ?", reply
    waiting = server.rest.request("POST", f"{API}/reset?select=rack=1", headers=ASYNC).json()
    assert waiting["state"] == "queued" and waiting["board"] is None
    assert_problem(server.rest.request("POST", f"{API}/reset?select=rack=1&all=true"), 409, "board-quarantined")
    assert server.rest.request("POST", f"{API}/boards/lab1/info").status == 200
    assert server.rest.board("lab1")["quarantine"]["by_hand"]
    assert server.rest.job(waiting["id"])["state"] == "queued"
    assert server.rest.request("DELETE", path).status == 204
    assert server.rest.wait_job(waiting["id"])["state"] == "done"
    assert server.rest.request("DELETE", path).status == 204


def test_quarantine__a_batch_says_whom_it_leaves_out(rack):
    server, _ = rack(lab1=["rack=1"], lab2=["rack=1"], lab3=["rack=1"], lab4=["rack=2"])
    for name in ("lab1", "lab3", "lab4"):
        assert server.rest.request("PUT", f"{API}/boards/{name}/quarantine?reason=smoke").status == 200
    batch = server.rest.request("POST", f"{API}/reset?select=rack=1&all=true").json()
    assert batch["quarantined"] == ["lab1", "lab3"] and [row["board"] for row in batch["rows"]] == ["lab2"]
    server.rest.request("DELETE", f"{API}/boards/lab1/quarantine")
    assert server.rest.get(f"/batches/{batch['id']}") == batch
    text = post_text(server.rest, "flash", "select=rack=1&all=true")
    assert text.startswith("left out, as they are in quarantine: lab3\n"), text
    assert "quarantine" not in post_text(server.rest, "flash", "select=board=lab2&all=true")


def client(server, *arguments, **options):
    return run([program_path("farflash"), "--server", server.url, *arguments], **options)


def test_client__any_and_all(rack, tmp_path):
    server, boards = rack(lab1=["rack=1"], lab2=["rack=1"], lab3=["rack=2"])
    image = tmp_path / "app.bin"
    image.write_bytes(IMAGE)
    done = client(server, "write-flash", "--select", "rack=2", "0x10000", image)
    assert done.status == 0 and "lab3: wrote" in done.stdout, done
    done = client(server, "write-flash", "--select", "rack=1", "--all", "0x10000", image)
    assert done.status == 0, done
    rows = [line.split()[:3] for line in done.stdout.splitlines()]
    assert ["lab1", "2", "done"] in rows and ["lab2", "3", "done"] in rows, done
    assert boards["lab1"].holds(0x10000, IMAGE) and boards["lab2"].holds(0x10000, IMAGE)
    done = client(server, "--json", "reset", "--select", "rack=1", "--all")
    assert done.status == 0 and [row["board"] for row in json.loads(done.stdout)["rows"]] == ["lab1", "lab2"], done
    boards["lab2"].kill()
    done = client(server, "verify-flash", "--select", "rack=1", "--all", "0x10000", image)
    assert done.status == 1 and "1 of 2 boards are done" in done.stderr and "unreachable" not in done.stderr, done
    assert client(server, "reset", "--all").status == 2
    assert client(server, "reset", "--select", "rack=9").status == 2
    held = lease(server.rest, "lab1")
    done = client(server, "reset", "--select", "rack,!old", "--wait", "1", "--select", "rack=1")
    assert done.status == 4, done
    give_back(server.rest, held)


def test_client__makes_the_chips_of_a_rack_known(rack):
    server, boards = rack(lab1=["rack=1"], lab2=["rack=1"], lab3=["rack=2"])
    done = client(server, "chip-id", "--select", "rack=1", "--all")
    rows = [line for line in done.stdout.splitlines() if line.startswith("lab")]
    assert done.status == 0 and [row.split()[0] for row in rows] == ["lab1", "lab2"], done
    assert all("ESP32 v3.0, 24:0a:c4:00:00:01, 4 MB flash" in row for row in rows), done
    assert [board["name"] for board in server.rest.get("/boards?select=chip=esp32")["boards"]] == ["lab1", "lab2"]
    for command in ("chip-id", "read-mac", "flash-id"):
        done = client(server, command, "--select", "rack=2")
        assert done.status == 0 and "lab3" in done.stdout.splitlines()[0], done
        assert client(server, command, "--select", "rack=1", "--all").status == 0
    done = run([program_path("farflash"), "--port", boards["lab1"].address, "chip-id", "--select", "rack=1"])
    assert done.status == 2 and "--select" in done.stderr, done


def test_client__quarantine(rack):
    server, _ = rack(lab1=["rack=1"])
    assert client(server, "quarantine").stdout == "No board is in quarantine.\n"
    assert client(server, "quarantine", "lab1", "--reason", "a loose wire").status == 0
    listed = client(server, "quarantine").stdout
    since = server.rest.board("lab1")["quarantine"]["since"]
    assert listed == f"lab1             since {since}, by 127.0.0.1: a loose wire\n"
    assert "in quarantine: a loose wire" in client(server, "boards").stdout
    refused = client(server, "reset", "--select", "rack=1", "--all")
    assert refused.status == 4 and "all boards that match rack=1 are in quarantine" in refused.stderr, refused
    refused = client(server, "--board", "lab1", "reset")
    assert refused.status == 4 and "a loose wire" in refused.stderr
    server.rest.request("POST", f"{API}/reset?select=rack=1", headers=ASYNC)
    assert "position 1" in client(server, "jobs").stdout
    assert client(server, "quarantine", "lab1", "--end").status == 0
    server.rest.wait_job("1")


def test_client__says_which_boards_are_left_out(rack, tmp_path):
    server, boards = rack(a=["rack=1"], b=["rack=1"], c=["rack=1"])
    image = tmp_path / "app.bin"
    image.write_bytes(IMAGE)
    write = ("write-flash", "--select", "rack=1", "--all", "0x10000", image)
    assert "left out" not in client(server, *write).stderr
    for name, line in (("a", "note: 1 board is left out: in quarantine: a"),
                       ("b", "note: 2 boards are left out: in quarantine: a, b")):
        assert client(server, "quarantine", name, "--reason", "smoke").status == 0
        done = client(server, *write)
        assert done.status == 0 and line in done.stderr.splitlines() and "left out" not in done.stdout, done
    told = client(server, "--json", *write)
    assert json.loads(told.stdout)["quarantined"] == ["a", "b"] and line in told.stderr.splitlines(), told


def test_lease__those_who_wait_get_it_in_order(rack):
    server, _ = rack(lab1=["rack=1"])
    held = lease(server.rest, "lab1")
    got, threads = [], []

    def want(name, query=""):
        reply = server.rest.request("POST", f"{API}/leases?select=rack=1&owner={name}&wait=60{query}")
        assert reply.status == 201, reply
        got.append(name)
        give_back(server.rest, reply.json())

    def waiting():
        return [(one["owner"], one["position"]) for one in server.rest.get("/leases")["waiting"]]
    for number, (name, query) in enumerate((("ann", ""), ("bob", ""), ("eve", "&priority=2"), ("dan", "&priority=-1"))):
        threads.append(threading.Thread(target=want, args=(name, query)))
        threads[-1].start()
        wait_until(lambda: len(waiting()) == number + 1, "one more to wait")
    assert waiting() == [("eve", 1), ("ann", 2), ("bob", 3), ("dan", 4)]
    give_back(server.rest, held)
    for thread in threads:
        thread.join(30)
    assert got == ["eve", "ann", "bob", "dan"]


def test_lease__keeps_its_place_when_it_asks_again(rack):
    server, _ = rack(lab1=["rack=1"])
    held = lease(server.rest, "lab1")
    path = f"{API}/leases?select=rack=1"
    early = server.rest.request("POST", f"{path}&owner=early&wait=1")
    problem = assert_problem(early, 409, "board-busy")
    assert problem["position"] == 1 and len(problem["ticket"]) == 32
    job = server.rest.request("POST", f"{API}/reset?select=rack=1", headers=ASYNC).json()
    got = []
    again = threading.Thread(target=lambda: got.append(
        server.rest.request("POST", f"{path}&owner=early&wait=30&ticket={problem['ticket']}")))
    again.start()
    wait_until(lambda: server.rest.job(job["id"])["position"] == 2, "the early one to be there again")
    give_back(server.rest, held)
    again.join(20)
    assert got[0].status == 201
    give_back(server.rest, got[0].json())
    assert server.rest.wait_job(job["id"])["state"] == "done"


def test_lease_command__waits_in_line(rack, start_farflash):
    server, _ = rack(lab1=["rack=1"])
    held = lease(server.rest, "lab1")
    first = start_farflash("--server", server.url, "lease", "rack=1", "--", "sleep", "1")
    first.wait_line("waiting, position 1")
    second = start_farflash("--server", server.url, "lease", "rack=1", "--", "true")
    second.wait_line("waiting, position 2")
    give_back(server.rest, held)
    assert first.wait(30) == 0 and second.wait(30) == 0
