# SPDX-License-Identifier: Apache-2.0
"""Boards, ports and disks that fail: a clear verdict in bounded time, and a server that goes on working."""

import errno
import fcntl
import os
import resource
import signal
import socket
import threading

import pytest

import firmware
from program import program_path, run, wait_until
from rest import API, assert_problem

SMALL = 0x4000
DISK_LIMIT = 0x20000


def small(seed=1):
    return firmware.image("esp32", SMALL, seed=seed)


def assert_works(rest, board, seed=50, name="lab1"):
    """The next flash is as good as any."""
    image = small(seed)
    reply = rest.flash(name, ("0x10000", image))
    assert reply.status == 200 and reply.json()["result"]["verified"], reply
    assert board.holds(0x10000, image)


def far(relay):
    return f"rfc2217://127.0.0.1:{relay.port}"


def test_board_trouble__no_answer_says_what_was_tried(make_board, make_server):
    loopback = make_board(device="echo")  # a port with lines, but no chip behind it
    rest = make_server(lab1=loopback).rest
    problem = assert_problem(rest.flash("lab1", ("0x10000", small())), 504, "no-answer", "lab1", "reset", "7")
    assert problem["job"]["state"] == "failed" and problem["job"]["error"]["code"] == "no-answer"
    assert rest.board("lab1")["state"] == "idle"


def test_board_trouble__no_answer_without_lines(make_board, make_server):
    running = make_board(listen="raw:0", options=["--boot", "app"])  # the application runs, and raw TCP cannot reset it
    rest = make_server(lab1=running).rest
    assert_problem(rest.flash("lab1", ("0x10000", small())), 504, "no-answer", "lab1", "bootloader")


def test_board_trouble__board_that_is_not_there(make_server):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    rest = make_server(lab1=f"rfc2217://127.0.0.1:{port}", lab2="/dev/no-such-port").rest
    for name in ("lab1", "lab2"):
        assert rest.wait_board(name, "lost")["detail"]
    assert_problem(rest.flash("lab1", ("0x10000", small())), 503, "unreachable", "lab1", str(port))
    assert_problem(rest.flash("lab2", ("0x10000", small())), 503, "port-not-found", "lab2", "/dev/no-such-port")


def test_board_trouble__board_that_comes_late_is_found(make_board, make_server, make_relay):
    board = make_board()
    relay = make_relay(board.port)
    relay.unplug()
    rest = make_server(lab1=far(relay)).rest
    rest.wait_board("lab1", "lost")
    relay.plug()
    rest.wait_board("lab1", "idle")
    assert_works(rest, board)


def test_board_trouble__lost_in_mid_write(make_board, make_server, make_relay, app):
    board = make_board(timing="real")
    relay = make_relay(board.port)
    rest = make_server(lab1=far(relay)).rest
    rest.wait_board("lab1", "idle")
    job = rest.flash_async("lab1", ("0x10000", app), query="?baud=230400")
    rest.wait_phase(job["id"], "write")
    relay.unplug()
    ended = rest.wait_job(job["id"], timeout=10)
    assert (ended["state"], ended["error"]["code"]) == ("failed", "board-lost")
    lost = rest.wait_board("lab1", "lost")
    assert lost["detail"] and lost["job"] is None
    relay.plug()
    rest.wait_board("lab1", "idle")
    assert_works(rest, board)
    assert rest.job(job["id"])["state"] == "failed"


def test_board_trouble__lost_between_jobs(make_board, make_server, make_relay):
    board = make_board()
    relay = make_relay(board.port)
    rest = make_server(lab1=far(relay)).rest
    rest.wait_board("lab1", "idle")
    assert_works(rest, board, seed=51)
    relay.unplug()
    rest.wait_board("lab1", "lost")
    relay.plug()
    rest.wait_board("lab1", "idle")
    assert_works(rest, board, seed=52)


def test_board_trouble__queued_jobs_outlive_a_lost_one(make_board, make_server):
    # vanish comes back after a second; what waits behind the lost job finds the board again.
    board = make_board(faults=["vanish:30000:0.2"])
    rest = make_server(lab1=board).rest
    rest.wait_board("lab1", "idle")
    first = rest.flash_async("lab1", ("0x10000", firmware.image("esp32", 0x20000)))
    assert rest.wait_job(first["id"])["error"]["code"] == "board-lost"
    rest.wait_board("lab1", "idle")
    assert_works(rest, board)


def test_board_trouble__md5_mismatch(make_board, make_server):
    board = make_board(faults=["badflash:0x11000:always"])
    rest = make_server(lab1=board).rest
    rest.wait_board("lab1", "idle")
    image = b"\x00" * SMALL  # programs every bit, so the bad cell shows
    problem = assert_problem(rest.flash("lab1", ("0x10000", image, "app.bin")), 502, "verify-failed", "lab1", "0x10000")
    assert problem["job"]["error"]["code"] == "verify-failed"
    assert board.flash(0x10000, SMALL) != image
    elsewhere = rest.flash("lab1", ("0x20000", small()))
    assert elsewhere.status == 200, elsewhere
    assert board.holds(0x20000, small())


def limit_files():
    """A file size limit whose signal is ignored: writing beyond it fails, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_LIMIT, DISK_LIMIT))


@pytest.mark.parametrize("method", ("PUT", "POST"))
def test_board_trouble__no_disk_space(make_board, make_server, method):
    board = make_board()
    server = make_server(lab1=board, preexec=limit_files)
    rest, files = server.rest, server.files()
    rest.wait_board("lab1", "idle")
    big = firmware.payload(4 * DISK_LIMIT)
    reply = rest.put("lab1", big) if method == "PUT" else rest.flash("lab1", ("0x0", big))
    assert_problem(reply, 507, "no-space")
    assert server.files() == files and rest.get("/jobs")["jobs"] == []
    assert board.is_untouched()
    assert_works(rest, board)


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 256 kB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root; the file size limit has tested the same answer")
    path = tmp_path / "tiny"
    path.mkdir()
    mounted = run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", path])
    if mounted.status != 0:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    yield path
    run(["umount", "-l", path])


def test_board_trouble__full_disk(tiny_disk, make_board, make_server):
    board = make_board()
    server = make_server(lab1=board, data_dir=tiny_disk / "data")
    server.rest.wait_board("lab1", "idle")
    before = os.statvfs(tiny_disk)
    assert_problem(server.rest.put("lab1", firmware.payload(1 << 20)), 507, "no-space")
    left = os.statvfs(tiny_disk)
    assert (before.f_bavail - left.f_bavail) * left.f_frsize < 20 << 10  # records may have grown
    assert_works(server.rest, board)


def test_board_trouble__listening_port_in_use(server, tmp_path):
    done = run([program_path("farflashd"), "--listen", f"127.0.0.1:{server.port}", "--data-dir", tmp_path / "other"])
    assert done.status != 0
    assert str(server.port) in done.stderr and "in use" in done.stderr.lower()
    assert server.rest.request("GET", "/healthz").status == 200


def test_board_trouble__serial_port_locked_by_another(make_board, make_server, tmp_path):
    board = make_board(listen=f"pty:{tmp_path}/tty")
    with open(tmp_path / "tty", "rb+", buffering=0) as holder:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        rest = make_server(lab1=str(tmp_path / "tty")).rest
        rest.wait_board("lab1", "lost", "in use")
        assert_problem(rest.flash("lab1", ("0x10000", small())), 409, "port-busy", "lab1", str(tmp_path / "tty"))
        assert board.is_untouched()
    rest.wait_board("lab1", "idle")
    assert_works(rest, board)


def test_board_trouble__server_locks_its_serial_port(make_board, make_server, tmp_path):
    make_board(listen=f"pty:{tmp_path}/tty")
    rest = make_server(lab1=str(tmp_path / "tty")).rest
    rest.wait_board("lab1", "idle")
    handle = os.open(tmp_path / "tty", os.O_RDWR | os.O_NOCTTY)
    try:
        with pytest.raises(OSError) as refused:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert refused.value.errno == errno.EWOULDBLOCK
    finally:
        os.close(handle)


def test_board_trouble__queue_is_bounded(make_board, make_server, make_relay):
    board = make_board()
    relay = make_relay(board.port)
    rest = make_server(lab1=far(relay)).rest
    rest.wait_board("lab1", "idle")
    relay.freeze()
    replies = [rest.put("lab1", b"x", headers={"Prefer": "respond-async"}) for _ in range(80)]
    accepted = [reply.json()["id"] for reply in replies if reply.status == 202]
    refused = replies[len(accepted):]
    assert accepted and refused
    for reply in refused:
        assert reply.status in (429, 503) and reply.json()["code"] == "too-many-jobs", reply
    for job in reversed(accepted):
        assert rest.cancel(job).status == 202
    relay.freeze(False)
    for job in accepted:
        assert rest.wait_job(job)["state"] == "cancelled"
    rest.wait_board("lab1", "idle")
    assert_works(rest, board)


def test_board_trouble__server_stays_responsive_while_a_board_hangs(make_server):
    """A port that accepts and then says nothing: opening it must not hold up anyone."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        rest = make_server(lab1=f"rfc2217://127.0.0.1:{silent.getsockname()[1]}").rest
        silent.settimeout(10)
        connection, _ = silent.accept()
        with connection:
            pending = threading.Thread(target=rest.request, args=("POST", f"{API}/boards/lab1/info"))
            pending.start()
            for _ in range(20):
                assert rest.request("GET", f"{API}/boards", timeout=2).status == 200
        pending.join(30)
        assert not pending.is_alive()
    wait_until(lambda: rest.board("lab1")["state"] == "lost", "the board to be lost")


def test_board_trouble__two_servers_do_not_share_a_serial_port(make_board, make_server, tmp_path):
    board = make_board(listen=f"pty:{tmp_path}/tty")
    first = make_server(lab1=str(tmp_path / "tty"))
    first.rest.wait_board("lab1", "idle")
    second = make_server(lab1=str(tmp_path / "tty"))
    second.rest.wait_board("lab1", "lost", "in use")
    assert_works(first.rest, board)
    first.judge()
    second.rest.wait_board("lab1", "idle")
    assert_works(second.rest, board, seed=60)


@pytest.mark.parametrize("arguments, word", (
    (["--board", "x"], "x"), (["--board", "=socket://a:1"], "name"), (["--board", "a=ftp://b"], "ftp://b"),
    (["--board", "twin=socket://h:1", "--board", "twin=socket://h:2"], "twin"), (["--listen", "nowhere"], "nowhere"),
    (["--max-upload", "much"], "much"), (["--nonsense"], "nonsense")))
def test_board_trouble__wrong_arguments_are_named(arguments, word, tmp_path):
    done = run([program_path("farflashd"), "--data-dir", tmp_path / "data", *arguments], timeout=10)
    assert done.status == 2 and word in done.stderr, done


def test_board_trouble__data_dir_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    done = run([program_path("farflashd"), "--listen", "127.0.0.1:0", "--data-dir", tmp_path / "file" / "data"], timeout=10)
    assert done.status != 0 and str(tmp_path / "file") in done.stderr, done
