# SPDX-License-Identifier: Apache-2.0
"""Boards that are found where they are plugged in: by place, serial number and MAC, under whatever name. The USB is a file, and
the boards are ptys."""

import json
import time

import pytest

from bridge import Raw
from client import farflash
from program import wait_until
from test_reload import Reloading

IMAGE = bytes(range(256)) * 64
ESP, CP210X = "303a:1001", "10c4:ea60"


@pytest.fixture
def plugged(make_board, tmp_path):
    """plugged(name, ...) is a virtual board whose tty has this name."""
    def make(name, **options):
        options.setdefault("chip", "esp32")
        return make_board(listen=f"pty:{tmp_path / name}", **options), tmp_path / name
    return make


@pytest.fixture
def start(programs, tmp_path, usb):
    def make(boards=(), options="discover: true\n"):
        return programs.add(Reloading(tmp_path, boards, options, env=usb.env))
    return make


def names(server):
    return [board["name"] for board in server.rest.get("/boards")["boards"]]


def wait_names(server, wanted):
    wait_until(lambda: sorted(names(server)) == sorted(wanted), f"the boards {wanted}, not {names(server)}")


def test_discover__a_board_comes_goes_and_returns_on_another_tty(start, usb, plugged):
    (_, one), (_, two) = plugged("ttyUSB0"), plugged("ttyUSB1")
    server = start()
    assert names(server) == []
    usb.plug((one, CP210X, "1-1.2", "ABC12345", "CP2102N"))
    board = wait_until(lambda: server.rest.get("/boards")["boards"], "a board")[0]
    assert board["name"] == "cp210x-abc12345"
    board = server.rest.wait_board("cp210x-abc12345", "idle")
    assert (board["address"], board["usb"], board["serial"], board["product"], board["present"]) == (
        str(one), "1-1.2", "ABC12345", "CP2102N", True)
    job = server.rest.flash(board["name"], ("0x0", IMAGE), query="?verify=false").json()
    usb.plug()
    wait_until(lambda: server.rest.board("cp210x-abc12345")["present"] is False, "the board to be away")
    usb.plug((two, CP210X, "1-4", "ABC12345", "CP2102N"))
    moved = wait_until(lambda: [b for b in server.rest.get("/boards")["boards"] if b["address"] == str(two)], "the board")[0]
    assert names(server) == ["cp210x-abc12345"]
    assert (moved["usb"], moved["rfc2217"], moved["raw"]) == ("1-4", board["rfc2217"], board["raw"])
    assert [known["id"] for known in server.rest.get("/jobs?board=cp210x-abc12345")["jobs"]] == [job["id"]]
    text = farflash("--server", server.url, "boards").stdout
    assert "cp210x-abc12345" in text and str(two) in text and "1-4" in text and "ABC12345" in text


@pytest.mark.parametrize("options, words", (("discover: true\n", "no board is plugged in yet"),
                                            ("", "there is no board.*--board.*--config.*--discover")))
def test_discover__a_start_without_boards_says_what_to_do(start, options, words):
    start(options=options).wait_line(words)


def test_discover__only_what_may_be_a_board_is_taken_in(start, usb, plugged):
    _, one = plugged("ttyUSB0")
    server = start([("lab1", str(one), {})])
    usb.plug((one, CP210X, "1-1", "ABC12345"),  # has a name already
             ("/dev/ttyACM77", "1199:9091", "1-3", "MODEM"),
             ("/dev/ttyUSB78", "0403:6010", "1-4:0", "FT5XYZ"), ("/dev/ttyUSB79", "0403:6010", "1-4:1", "FT5XYZ"),
             ("/dev/ttyUSB80", CP210X, "2-1.1", "0001"), ("/dev/ttyUSB81", CP210X, "2-1.2", "0001"))
    wait_names(server, ["lab1", "ftdi-ft5xyz", "ftdi-ft5xyz-1", "cp210x-2-1.1", "cp210x-2-1.2"])
    lab1 = server.rest.board("lab1")
    assert (lab1["address"], lab1["usb"], lab1["serial"], lab1["present"]) == (str(one), "1-1", "ABC12345", True)
    # Twins are told apart by their place alone.
    usb.plug(("/dev/ttyUSB81", CP210X, "2-1.1", "0001"), ("/dev/ttyUSB80", CP210X, "2-1.2", "0001"))
    wait_until(lambda: server.rest.board("cp210x-2-1.1")["address"] == "/dev/ttyUSB81", "the first twin")
    assert server.rest.board("cp210x-2-1.2")["address"] == "/dev/ttyUSB80"


def test_discover__named_boards_are_found(start, usb, plugged):
    """By place, serial number and a MAC that the port has for a serial number; others notice nothing."""
    (_, one), (_, two), (_, three) = plugged("ttyUSB0"), plugged("ttyUSB1"), plugged("ttyACM0", chip="esp32c3")
    server = start([("place", None, {"usb": "1-1.2", "labels": "[rack=1]"}), ("serial", None, {"serial": "XYZ99"}),
                    ("mac", None, {"mac": "7c:df:a1:00:00:01"})], "")
    assert all(not board["present"] and board["state"] == "lost" for board in server.rest.get("/boards")["boards"])
    assert server.rest.wait_board("place", "lost", "not plugged in")["address"] is None
    usb.plug((one, CP210X, "1-1.2", "0001"), (two, CP210X, "1-1.3", "XYZ99"), (three, ESP, "1-2", "7C:DF:A1:00:00:01"),
             ("/dev/ttyUSB80", CP210X, "2-1.1", "0001"))
    for name, address in (("place", one), ("serial", two), ("mac", three)):
        assert server.rest.wait_board(name, "idle")["address"] == str(address)
    assert len(names(server)) == 3
    with Raw(server.rest.board("place")["raw"]) as session:
        usb.plug((one, CP210X, "1-1.2", "0001"), (three, ESP, "1-2", "7C:DF:A1:00:00:01"))
        wait_until(lambda: server.rest.board("serial")["present"] is False, "the board to be away")
        usb.plug((one, CP210X, "1-1.2", "0001"), (three, ESP, "1-7", "7C:DF:A1:00:00:01"), (two, CP210X, "3-1", "XYZ99"))
        wait_until(lambda: server.rest.board("mac")["usb"] == "1-7", "the chip at its new place")
        assert server.rest.wait_board("serial", "idle")["usb"] == "3-1"
        session.send(b"x")
        wait_until(lambda: server.rest.board("place")["holder"], "the session's hold")
    # The file may say otherwise.
    server.write([("place", None, {"usb": "1-7"})], "")
    server.reload()
    server.wait_names(["place"])
    assert server.rest.wait_board("place", "idle")["address"] == str(three)


def test_discover__a_board_is_known_by_its_chip(start, usb, plugged):
    """A named board follows the chip that was seen behind another adapter, once whoever has that adapter is free."""
    (_, one), (board, two) = plugged("ttyUSB0"), plugged("ttyUSB1", options=("--mac", "24:0a:c4:00:00:77"))
    server = start([("lab1", None, {"mac": "24:0a:c4:00:00:77"})])
    usb.plug((one, CP210X, "1-1", "AAAAAA"), (two, CP210X, "1-2", "BBBBBB"))
    wait_names(server, ["lab1", "cp210x-aaaaaa", "cp210x-bbbbbb"])
    server.rest.wait_board("cp210x-bbbbbb", "idle")
    assert server.rest.board("lab1")["present"] is False
    assert server.rest.request("POST", "/api/v1/boards/cp210x-bbbbbb/info?before=no-reset").status == 200
    wait_names(server, ["lab1", "cp210x-aaaaaa"])
    assert server.rest.wait_board("lab1", "idle")["address"] == str(two)
    # Remembered: after a restart nobody need look again.
    server.terminate()
    remembered = json.loads((server.path.parent / "data" / "boards.json").read_text())
    assert [known["mac"] for known in remembered["macs"]] == ["24:0a:c4:00:00:77"]
    again = start([("lab1", None, {"mac": "24:0a:c4:00:00:77"})])
    assert again.rest.wait_board("lab1", "idle")["address"] == str(two)
    assert sorted(names(again)) == ["cp210x-aaaaaa", "lab1"]


def queue_behind(server, name):
    """A job that takes long, and one that waits behind it; their ids."""
    asynchronous = {"Prefer": "respond-async"}
    running = server.rest.request("GET", f"/api/v1/boards/{name}/flash?size=all&baud=115200", headers=asynchronous)
    assert running.status == 202, running
    server.rest.wait_phase(running.json()["id"], "read")
    return running.json()["id"], server.rest.flash_async(name, ("0x0", IMAGE))["id"]


def test_discover__a_board_that_is_unplugged_at_a_restart_keeps_what_it_had(start, usb, plugged):
    """Its name, a lease, and a job that waits until it is back, on another tty."""
    (board, one), (_, two) = plugged("ttyUSB0", timing="real"), plugged("ttyUSB1", chip="esp32c3")
    server = start()
    usb.plug((one, CP210X, "1-1", "AAAAAA"), (two, CP210X, "1-2", "BBBBBB"))
    wait_names(server, ["cp210x-aaaaaa", "cp210x-bbbbbb"])
    server.rest.wait_board("cp210x-aaaaaa", "idle")
    server.rest.wait_board("cp210x-bbbbbb", "idle")
    assert server.rest.request("POST", "/api/v1/leases?board=cp210x-bbbbbb&seconds=600&owner=ann").status == 201
    running, waiting = queue_behind(server, "cp210x-aaaaaa")
    server.kill()
    usb.plug()
    again = start()
    wait_names(again, ["cp210x-aaaaaa", "cp210x-bbbbbb"])
    away = again.rest.board("cp210x-aaaaaa")
    assert (away["present"], away["address"], away["serial"]) == (False, None, "AAAAAA"), away
    assert again.rest.board("cp210x-bbbbbb")["lease"]["owner"] == "ann"
    assert again.rest.job(running)["state"] == "interrupted" and again.rest.job(waiting)["state"] == "queued"
    board.kill()
    restored, three = plugged("ttyUSB7")
    usb.plug((three, CP210X, "1-4", "AAAAAA"))
    assert again.rest.wait_job(waiting)["state"] == "done"
    assert restored.holds(0, IMAGE)


def remembered(server):
    return json.loads((server.path.parent / "data" / "boards.json").read_text())


def test_discover__who_has_been_gone_for_long_is_forgotten(start, usb):
    """After a week, but not while it is leased; until then it is known over a restart."""
    server = start()
    usb.plug(*((f"/dev/ttyUSB{90 + i}", CP210X, f"1-{i + 1}", serial) for i, serial in enumerate(("AAAAAA", "BBBBBB", "CCCCCC"))))
    everybody = ["cp210x-aaaaaa", "cp210x-bbbbbb", "cp210x-cccccc"]
    wait_names(server, everybody)
    assert server.rest.request("POST", "/api/v1/leases?board=cp210x-bbbbbb&seconds=600&owner=ann").status == 201
    usb.plug()
    wait_until(lambda: not any(board["present"] for board in server.rest.get("/boards")["boards"]), "all to be away")
    server.terminate()
    again = start()
    assert sorted(names(again)) == everybody, "they were here a moment ago"
    again.terminate()
    known = remembered(again)
    for board in known["boards"]:
        assert abs(board["gone"] / 1000 - time.time()) < 100, board
        board["gone"] -= 8 * 86400 * 1000 if board["name"] != "cp210x-cccccc" else 0
    (again.path.parent / "data" / "boards.json").write_text(json.dumps(known))
    third = start()
    wait_names(third, ["cp210x-bbbbbb", "cp210x-cccccc"])
    wait_until(lambda: len(remembered(third)["boards"]) == 2, "the file to say so")


def test_discover__a_newcomer_takes_the_place_of_the_longest_gone(start, usb):
    """256 boards are the most; one that somebody has leased does not count as gone."""
    def port(number):
        return (f"/dev/ttyUSB{1000 + number}", CP210X, f"1-1.{number}", f"SERIAL{number:03}")
    server = start()
    usb.plug(*(port(number) for number in range(256)))
    patience = {"timeout": 120, "interval": 0.3}  # a sanitizer makes much of 256 threads
    wait_until(lambda: len(names(server)) == 256, "all boards", **patience)
    assert server.rest.request("POST", "/api/v1/leases?board=cp210x-serial004&seconds=600&owner=ann").status == 201
    for away in ((4, 5), range(6)):  # these two go before the others
        usb.plug(*(port(number) for number in range(256) if number not in away))
        wait_until(lambda: not any(server.rest.board(f"cp210x-serial00{number}")["present"] for number in away),
                   "some to be away", **patience)
    usb.plug(*(port(number) for number in range(6, 258)))
    wait_until(lambda: {"cp210x-serial256", "cp210x-serial257"} <= set(names(server)), "the newcomers", **patience)
    left = set(names(server))
    assert len(left) == 256 and "cp210x-serial005" not in left and "cp210x-serial004" in left


def test_discover__a_board_that_gets_a_name_is_not_two(start, usb, plugged):
    """One that was taken in, and that the configuration names from now on: at once, at a restart, and while it is away."""
    (_, one), (_, two) = plugged("ttyUSB0"), plugged("ttyUSB1")
    server = start()
    usb.plug((one, CP210X, "1-1", "AAAAAA"), (two, CP210X, "1-2", "BBBBBB"))
    wait_names(server, ["cp210x-aaaaaa", "cp210x-bbbbbb"])
    server.write([("lab1", None, {"serial": "AAAAAA"})], "discover: true\n")
    server.reload()
    wait_names(server, ["lab1", "cp210x-bbbbbb"])
    assert server.rest.wait_board("lab1", "idle")["address"] == str(one)
    server.terminate()
    usb.plug()
    again = start([("lab1", None, {"serial": "AAAAAA"}), ("lab2", None, {"usb": "1-2"})])
    wait_names(again, ["lab1", "lab2"])
    again.terminate()
    third = start([("lab3", str(two), {})])
    usb.plug((one, CP210X, "1-1", "AAAAAA"), (two, CP210X, "1-2", "BBBBBB"))
    wait_names(third, ["lab3", "cp210x-aaaaaa"])


def test_discover__two_boards_may_get_names_at_once(start, usb):
    """Those who were taken in leave the list while the new ones are settled."""
    server = start()
    usb.plug(*((f"/dev/ttyUSB{90 + i}", CP210X, f"1-{i}", f"SERIAL{i}") for i in range(4)))
    wait_names(server, [f"cp210x-serial{i}" for i in range(4)])
    server.write([("lab3", None, {"serial": "SERIAL3"}), ("lab0", None, {"usb": "1-0"})], "discover: true\n")
    server.reload()
    wait_names(server, ["lab0", "lab3", "cp210x-serial1", "cp210x-serial2"])
    assert [server.rest.board(name)["address"] for name in ("lab0", "lab3")] == ["/dev/ttyUSB90", "/dev/ttyUSB93"]


def test_discover__what_a_device_says_of_itself_is_hostile(start, usb):
    server = start()
    usb.plug(("/dev/ttyUSB90", CP210X, "1-1", r"$(reboot);\x1b[2J\xff\x07ABC", r"\x1b]0;x\x07\xe2\x80\xae<script>" + "A" * 400))
    board = wait_until(lambda: server.rest.get("/boards")["boards"], "a board")[0]
    assert board["name"] == "cp210x---reboot---x1b-2j-xff-x07abc"
    assert board["serial"] == r"$(reboot);\x1b[2J\xff\x07ABC"
    assert board["product"].startswith(r"\x1b]0;x\x07\xe2\x80\xae<script>AAAA") and len(board["product"]) < 128
    assert "\x1b" not in farflash("--server", server.url, "boards").stdout + server.output()


def test_discover__off_unless_asked_for(start, usb):
    usb.plug(("/dev/ttyUSB90", CP210X, "1-1", "ABC12345"))
    server = start(options="")
    server.reload()
    assert names(server) == []
