# SPDX-License-Identifier: Apache-2.0
"""Tokens: who may do what, at every route there is."""

import json
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
import websocket

from program import program_path, run, wait_until
from rest import API, Rest, assert_problem
from tokens import Bearer, make_token, remove_token, token_command, wait_in_force

ROUTES = os.path.join(os.path.dirname(__file__), "..", "..", "server", "http", "routes.c")
# Loopback in truth, but not by the look of it: what a test of "beyond" may listen on.
BEYOND = "[::ffff:127.0.0.1]:0"
SCOPES = ("read", "console", "flash", "admin")
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}

# What each route needs, written here once more: a route that is new, or needs something else, has to be here as well.
TABLE = {
    "GET /healthz": "open",
    "GET /metrics": "read",
    "GET /api/v1/boards": "read",
    "GET /api/v1/boards/*": "read",
    "GET /api/v1/boards/*/flash": "flash",
    "POST /api/v1/boards/*/flash": "flash",
    "PUT /api/v1/boards/*/flash": "flash",
    "POST /api/v1/boards/*/verify": "flash",
    "PUT /api/v1/boards/*/verify": "flash",
    "POST /api/v1/boards/*/test": "flash",
    "PUT /api/v1/boards/*/test": "flash",
    "POST /api/v1/boards/*/ram": "flash",
    "PUT /api/v1/boards/*/ram": "flash",
    "POST /api/v1/boards/*/erase": "flash",
    "GET /api/v1/boards/*/memory": "flash",
    "PUT /api/v1/boards/*/memory": "flash",
    "GET /api/v1/boards/*/flash-status": "flash",
    "PUT /api/v1/boards/*/flash-status": "flash",
    "POST /api/v1/boards/*/reset": "console",
    "POST /api/v1/boards/*/run": "console",
    "POST /api/v1/boards/*/power": "flash",
    "GET /api/v1/boards/*/info": "read",
    "POST /api/v1/boards/*/info": "flash",
    "GET /api/v1/boards/*/console": "console",
    "POST /api/v1/boards/*/console": "console",
    "GET /api/v1/boards/*/tunnel": "console",
    "GET /api/v1/boards/*/quarantine": "read",
    "PUT /api/v1/boards/*/quarantine": "flash",
    "DELETE /api/v1/boards/*/quarantine": "flash",
    "POST /api/v1/flash": "flash",
    "PUT /api/v1/flash": "flash",
    "POST /api/v1/verify": "flash",
    "PUT /api/v1/verify": "flash",
    "POST /api/v1/test": "flash",
    "PUT /api/v1/test": "flash",
    "POST /api/v1/erase": "flash",
    "POST /api/v1/reset": "console",
    "POST /api/v1/info": "flash",
    "GET /api/v1/batches/*": "read",
    "DELETE /api/v1/batches/*": "read",  # one's own
    "GET /api/v1/batches/*/events": "read",
    "GET /api/v1/jobs": "read",
    "GET /api/v1/jobs/*": "read",
    "DELETE /api/v1/jobs/*": "read",  # one's own; see below
    "GET /api/v1/jobs/*/events": "read",
    "GET /api/v1/jobs/*/content": "flash",
    "DELETE /api/v1/boards/*/lease": "admin",
    "POST /api/v1/leases": "flash",
    "GET /api/v1/leases": "read",
    "GET /api/v1/leases/*": "flash",
    "PATCH /api/v1/leases/*": "flash",
    "DELETE /api/v1/leases/*": "flash",
    "POST /api/v1/leases/*/renew": "flash",
    "GET /api/v1/audit": "admin",
    "GET /api/v1/firmware": "read",
    "POST /api/v1/firmware": "flash",
    "GET /api/v1/firmware/*": "flash",
    "PUT /api/v1/firmware/*": "flash",
    "DELETE /api/v1/firmware/*": "admin",
}


def routes():
    """The table of the server's source: {"GET /healthz": "open", ...}."""
    with open(ROUTES, encoding="utf-8") as file:
        rows = re.findall(r'\{\s*([A-Z]+),\s*"([^"]+)",\s*&\w+(?:,\s*FF_SCOPE_(\w+))?\s*\}', file.read())
    return {f"{method} {path}": scope.lower() for method, path, scope in rows}


def allowed(scope, needed):
    return scope == "admin" or needed in ("open", "read", scope)


@pytest.fixture
def guarded(make_server, board, tmp_path):
    """A server with the board lab1 and a token of each scope, in `tokens`."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    tokens = {scope: make_token(data_dir, scope, scope) for scope in SCOPES}
    server = make_server(lab1=board, data_dir=data_dir)
    server.tokens = tokens
    server.rest = Bearer(server.port, tokens["admin"])
    server.rest.wait_board("lab1", "idle")
    server.bearer = lambda scope: Bearer(server.port, tokens[scope])
    return server


def anybody(server, method, path, headers=None):
    return Rest(server.port).request(method, path, headers=headers)


def test_scopes__every_route_has_one():
    assert routes() == TABLE


def ask(rest, route):
    """Asks for a route in a way that does nothing even if it is allowed: of a board, job and lease that are not there."""
    method, path = route.split()
    return rest.request(method, path.replace("*", "none"))


def test_scopes__as_a_table(guarded):
    wrong = []
    for route, needed in TABLE.items():
        for scope in SCOPES:
            reply = ask(guarded.bearer(scope), route)
            refused = reply.status == 403
            if refused == allowed(scope, needed) or reply.status == 401:
                wrong.append((route, scope, reply.status))
            if refused:
                assert_problem(reply, 403, "forbidden", needed, scope)
    assert not wrong, wrong


@pytest.mark.parametrize("header", (
    None, "", "Bearer", "Bearer ", "Bearer ff_0", "Bearer x y", "Basic YTpi", "Bearer " + "ff_" + "0" * 64, pytest.param("Bearer " + "x" * 5000, id="long"),
    "{admin}", "Token {admin}", "Bearer {admin}0", "Bearer {admin},"))
def test_tokens__nobody_gets_in_without_one(guarded, header):
    headers = {} if header is None else {"Authorization": header.format(**guarded.tokens)}
    for route, needed in TABLE.items():
        method, path = route.split()
        reply = anybody(guarded, method, path.replace("*", "lab1"), headers)
        if needed == "open":
            assert reply.status == 200
        else:
            assert_problem(reply, 401, "unauthorized")
            assert reply.headers["WWW-Authenticate"].startswith('Bearer realm="farflash"'), reply
    assert guarded.rest.get("/jobs")["jobs"] == []


def test_tokens__what_is_not_there_is_nobodys_to_know(guarded):
    assert_problem(anybody(guarded, "GET", f"{API}/boards/nowhere"), 401, "unauthorized")
    assert_problem(anybody(guarded, "GET", f"{API}/nothing"), 404, "no-such-resource")


def test_tokens__are_never_told(guarded):
    guarded.bearer("admin").get("/boards")
    ask(guarded.bearer("read"), "POST /api/v1/boards/*/erase")
    with open(os.path.join(guarded.data_dir, "tokens.json"), encoding="utf-8") as file:
        kept = file.read()
    for token in guarded.tokens.values():
        assert token not in kept and token[3:] not in kept
        assert token not in guarded.output()
    assert stat.S_IMODE(os.stat(os.path.join(guarded.data_dir, "tokens.json")).st_mode) == 0o600


def test_tokens__come_and_go_while_the_server_runs(server):
    assert server.rest.request("GET", f"{API}/boards").status == 200
    token = make_token(server.data_dir, "ci", "read")
    wait_in_force(server)
    ci = Bearer(server.port, token)
    assert ci.request("GET", f"{API}/boards").status == 200
    remove_token(server.data_dir, "ci")
    wait_until(lambda: ci.request("GET", f"{API}/boards").status == 401, "the token to be void")
    # The last one has gone, and nobody gets in: least of all everybody.
    assert_problem(server.rest.request("GET", f"{API}/boards"), 401, "unauthorized")


@pytest.mark.parametrize("spoil", (
    pytest.param(lambda path: path.unlink(), id="gone"), pytest.param(lambda path: path.write_text("{"), id="half"),
    pytest.param(lambda path: path.chmod(0o644), id="everybody's"), pytest.param(lambda path: (path.unlink(), path.mkdir()), id="a folder"),
    pytest.param(lambda path: path.write_text('{"tokens": []}'), id="empty")))
def test_tokens__a_damaged_file_lets_nobody_in(guarded, tmp_path, spoil):
    spoil(tmp_path / "data" / "tokens.json")
    wait_until(lambda: guarded.rest.request("GET", f"{API}/boards").status == 401, "the file to be missed")
    assert_problem(anybody(guarded, "GET", f"{API}/boards"), 401, "unauthorized")
    guarded.wait_line("nobody gets in")


def test_tokens__a_damaged_file_at_the_start_too(make_server, tmp_path):
    data_dir = tmp_path / "data"
    make_token(data_dir, "ci", "read")
    (data_dir / "tokens.json").write_text("nonsense")
    server = make_server(data_dir=data_dir)
    assert_problem(server.rest.request("GET", f"{API}/boards"), 401, "unauthorized")
    server.wait_line(r"nobody gets in.*tokens\.json: line 1")
    refused = token_command("add", "more", "--scope", "read", "--data-dir", data_dir)
    assert refused.status == 1 and "tokens.json" in refused.stderr


def test_tokens__can_be_required_where_there_are_none(make_server):
    server = make_server(options=("--require-tokens",))
    assert_problem(server.rest.request("GET", f"{API}/boards"), 401, "unauthorized")
    assert server.rest.request("GET", "/healthz").status == 200


def test_tokens__expire(make_server, tmp_path):
    data_dir = tmp_path / "data"
    token = make_token(data_dir, "ci", "read", "--expires", "1")
    path = data_dir / "tokens.json"
    kept = json.loads(path.read_text())
    assert kept["tokens"][0]["expires"] - kept["tokens"][0]["created"] == 86400
    kept["tokens"][0]["expires"] = 1000
    path.write_text(json.dumps(kept))
    ci = Bearer(make_server(data_dir=data_dir).port, token)
    reply = ci.request("GET", f"{API}/boards")
    assert_problem(reply, 401, "unauthorized", "expired")
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]


@pytest.mark.parametrize("arguments, words", (
    (("add", "ci"), "--scope"), (("add", "ci", "--scope", "root"), "root"), (("add", "a b", "--scope", "read"), "a b"),
    (("add", "ci", "--scope", "read", "--boards", "=1"), ""), (("add", "ci", "--scope", "read", "--expires", "0"), "--expires"),
    (("remove",), "remove NAME"), ((), ""), (("rename", "a"), "add NAME"), (("add", "a", "b"), "")))
def test_token_command__says_what_is_wrong(tmp_path, arguments, words):
    done = token_command(*arguments, "--data-dir", tmp_path)
    assert done.status == 2 and words in done.stderr and not done.stdout, done
    assert not (tmp_path / "tokens.json").exists()


def test_token_command__lists_what_there_is(tmp_path):
    make_token(tmp_path, "ci", "flash,console", "--boards", "rack=2", "--expires", "30")
    make_token(tmp_path, "ann", "admin")
    lines = token_command("list", "--data-dir", tmp_path).stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["ci", "console,flash"], ["ann", "admin"]]
    assert lines[1].split()[-1] == "rack=2" and lines[2].split()[-2:] == ["never", "all"]
    assert token_command("add", "ci", "--scope", "read", "--data-dir", tmp_path).status == 2


# ---- some boards alone ----

@pytest.fixture
def racks(make_server, make_board, tmp_path):
    """Two boards, and a token for each."""
    data_dir = tmp_path / "data"
    one, two = make_board(), make_board()
    tokens = {rack: make_token(data_dir, f"rack{rack}", "flash,console", "--boards", f"rack={rack}") for rack in (1, 2)}
    admin = make_token(data_dir, "admin", "admin")
    server = make_server(data_dir=data_dir, options=(
        "--board", f"one={one.address},label=rack=1", "--board", f"two={two.address},label=rack=2"))
    server.rest = Bearer(server.port, admin)
    server.one, server.two = (Bearer(server.port, tokens[rack]) for rack in (1, 2))
    for name in ("one", "two"):
        server.rest.wait_board(name, "idle")
    return server


def test_boards__others_are_not_there(racks):
    assert [board["name"] for board in racks.one.get("/boards")["boards"]] == ["one"]
    assert len(racks.rest.get("/boards")["boards"]) == 2
    for route, scope in TABLE.items():
        method, path = route.split()
        if "/boards/*" in path and scope != "admin":
            headers = UPGRADE if path.endswith("tunnel") else None
            reply = racks.one.request(method, path.replace("*", "two"), headers=headers)
            assert_problem(reply, 404, "no-such-board")
    assert racks.rest.get("/jobs")["jobs"] == []


def test_boards__nor_are_their_jobs_and_leases(racks):
    job = racks.two.request("POST", f"{API}/boards/two/reset").json()["id"]
    assert [len(rest.get("/jobs")["jobs"]) for rest in (racks.one, racks.two, racks.rest)] == [0, 1, 1]
    for method, suffix in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("GET", "/content")):
        assert_problem(racks.one.request(method, f"{API}/jobs/{job}{suffix}"), 404, "no-such-job")
    assert_problem(racks.one.request("GET", f"{API}/jobs?board=two"), 404, "no-such-board")

    assert_problem(racks.one.request("POST", f"{API}/leases?board=two"), 404, "no-such-board")
    assert_problem(racks.one.request("POST", f"{API}/leases?select=rack=2"), 404, "no-such-board")
    lease = racks.one.request("POST", f"{API}/leases?select=rack").json()
    assert (lease["board"], lease["owner"], lease["address"]) == ("one", "rack1", None)
    assert [len(rest.get("/leases")["leases"]) for rest in (racks.one, racks.two, racks.rest)] == [1, 0, 1]


def test_boards__nor_who_waits_for_them(racks):
    """Who waits for any of several boards is seen by those alone who may see all."""
    racks.one.request("POST", f"{API}/leases?board=one")
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(racks.one.request, "POST", f"{API}/leases?{which}=one&wait=60")
                   for which in ("board", "select=board")]
        wait_until(lambda: len(racks.rest.get("/leases")["waiting"]) == 2, "both to wait")
        assert [row["board"] for row in racks.one.get("/leases")["waiting"]] == ["one"]
        assert racks.two.get("/leases")["waiting"] == []
        for _ in waiting:
            wait_until(lambda: racks.rest.request("DELETE", f"{API}/boards/one/lease").status == 204, "a lease to end")
        assert [future.result().status for future in waiting] == [201, 201]


def test_boards__nor_what_a_batch_leaves_out(racks):
    assert racks.rest.request("PUT", f"{API}/boards/two/quarantine?reason=smoke").status == 200
    batch = racks.rest.request("POST", f"{API}/reset?select=rack&all=true").json()
    assert batch["quarantined"] == ["two"] and [row["board"] for row in batch["rows"]] == ["one"]
    assert_problem(racks.one.request("GET", f"{API}/batches/{batch['id']}"), 404, "no-such-batch")
    own = racks.one.request("POST", f"{API}/reset?select=rack&all=true").json()
    assert own["quarantined"] == [] and racks.one.get(f"/batches/{own['id']}") == own


# ---- whose ----

def test_jobs__end_at_the_hands_of_their_owner(guarded):
    job = guarded.bearer("console").request("POST", f"{API}/boards/lab1/reset").json()
    assert job["who"] == "console"
    path = f"{API}/jobs/{job['id']}"
    for scope in ("read", "flash"):
        assert_problem(guarded.bearer(scope).request("DELETE", path), 403, "forbidden", "another token")
    for scope in ("console", "admin"):
        assert_problem(guarded.bearer(scope).request("DELETE", path), 409, "job-ended")


def test_leases__know_whose_they_are(guarded):
    reply = guarded.bearer("flash").request("POST", f"{API}/leases?board=lab1&owner=ann@laptop&address=mine")
    assert reply.status == 201, reply
    assert (reply.json()["owner"], reply.json()["address"]) == ("flash (ann@laptop)", "127.0.0.1")


def test_leases__are_taken_away_by_an_admin(guarded):
    flash, path = guarded.bearer("flash"), f"{API}/boards/lab1/lease"
    lease = flash.request("POST", f"{API}/leases?board=lab1&owner=ann").json()
    assert_problem(flash.request("DELETE", path), 403, "forbidden", "admin")
    assert guarded.rest.request("DELETE", path).status == 204
    assert_problem(flash.request("GET", f"{API}/leases/{lease['id']}"), 410, "lease-ended")
    assert_problem(guarded.rest.request("DELETE", path), 404, "no-such-lease", "lab1")
    ended = [line for line in guarded.rest.get("/audit")["audit"] if line["action"] == "lease-ended"][0]
    assert (ended["board"], ended["result"]) == ("lab1", "taken-away")


# ---- WebSockets ----

def console_socket(server, **options):
    return websocket.create_connection(f"ws://127.0.0.1:{server.port}{API}/boards/lab1/console", timeout=10, **options)


def test_websocket__takes_a_token_in_a_header(guarded):
    console_socket(guarded, header=[f"Authorization: Bearer {guarded.tokens['console']}"]).close()
    for token, status in ((guarded.tokens["flash"], 403), ("ff_0", 401)):
        with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
            console_socket(guarded, header=[f"Authorization: Bearer {token}"])
        assert refusal.value.status_code == status


def test_websocket__takes_a_token_as_a_page_can_send_it(guarded):
    page = {"origin": f"http://127.0.0.1:{guarded.port}"}
    socket = console_socket(guarded, subprotocols=["farflash", f"farflash.bearer.{guarded.tokens['console']}"], **page)
    assert socket.getsubprotocol() == "farflash"
    socket.close()
    with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
        console_socket(guarded, subprotocols=["farflash", "farflash.bearer.ff_0"], **page)
    assert refusal.value.status_code == 401


def test_server__is_not_for_other_machines_without_a_token(tmp_path):
    def start(*options):
        return run([program_path("farflashd"), "--listen", BEYOND, "--data-dir", tmp_path, *options], timeout=20)
    refused = start()
    assert refused.status == 2 and "--insecure" in refused.stderr and "farflashd token add" in refused.stderr
