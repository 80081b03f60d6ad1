# SPDX-License-Identifier: Apache-2.0
"""Noise and accidents on the wire. Whatever happens, a flash ends in bounded time, and its verdict is the truth: done only
if the flash holds the image, and failed with a code that names the cause."""

import time

import pytest

import firmware
from rest import ENDED

IMAGE = firmware.image("esp32", 0x20000)
BOUND = 40  # seconds
CODES = {"no-answer", "timeout", "protocol-error", "command-refused", "board-lost", "verify-failed", "io-error"}


def flash(rest, board, query=""):
    """Flashes IMAGE and holds the verdict against the flash file; returns the job."""
    begin = time.monotonic()
    job = rest.wait_job(rest.flash_async("lab1", ("0x10000", IMAGE), query=query)["id"], timeout=BOUND)
    assert job["state"] in ENDED and time.monotonic() - begin < BOUND
    if job["state"] == "done":
        assert job["result"]["verified"] and board.holds(0x10000, IMAGE)
    else:
        assert job["error"]["code"] in CODES and job["error"]["detail"], job
    return job


def start(make_board, make_server, *faults):
    board = make_board(faults=faults)
    rest = make_server(lab1=board).rest
    rest.wait_board("lab1", "idle")
    return board, rest


@pytest.mark.parametrize("fault, loader", (("drop:0.00001", "stub"), ("drop:0.0005", "rom"), ("corrupt:0.0005", "stub"),
                                           ("corrupt:0.0005", "rom"), ("dup:0.0005", "stub"), ("corrupt:0.002:tx", "stub"),
                                           ("corrupt:0.002:tx", "rom")))
def test_faults__noise_never_yields_a_wrong_verdict(make_board, make_server, fault, loader):
    board, rest = start(make_board, make_server, fault)
    flash(rest, board, "?stub=false" if loader == "rom" else "")


# At 20 bytes it hits the sync, at 3000 the stub's upload, at 60000 the write.
@pytest.mark.parametrize("accident", ("hang:20", "hang:60000", "reset:3000", "reset:60000",
                                      "vanish:20:0.2", "vanish:3000:0.2", "vanish:60000:0.2"))
def test_faults__one_accident_then_a_good_flash(make_board, make_server, accident):
    board, rest = start(make_board, make_server, accident)
    first = flash(rest, board)
    if accident.startswith("vanish") and first["state"] == "failed":
        assert first["error"]["code"] == "board-lost"
    rest.wait_board("lab1", "idle")
    assert flash(rest, board)["state"] == "done"


def test_faults__cell_that_fails_once_is_caught(make_board, make_server):
    board, rest = start(make_board, make_server, "badflash:0x18000")
    job = flash(rest, board)
    if job["state"] == "failed":
        assert job["error"]["code"] == "verify-failed"
    assert flash(rest, board)["state"] == "done"


# Late bytes: replies that a busy adapter or hub holds up. Those that come within the deadlines are as good as any; others
# end the job with a reason. The share is of the bytes, the pause of all that is behind one of them.
@pytest.mark.parametrize("faults", (("delay:0.0005", "pause:20"), ("delay:0.00005", "pause:400"), ("delay:0.02:tx", "pause:30")))
@pytest.mark.parametrize("loader", ("stub", "rom"))
def test_faults__late_bytes_do_not_keep_a_board_from_being_flashed(make_board, make_server, faults, loader):
    board, rest = start(make_board, make_server, *faults)
    assert flash(rest, board, "?stub=false" if loader == "rom" else "")["state"] == "done"


@pytest.mark.parametrize("fault", ("delay:1:tx", "delay:1:rx"))
def test_faults__bytes_that_are_all_too_late_are_no_answer(make_board, make_server, fault):
    board, rest = start(make_board, make_server, fault, "pause:2000")
    job = flash(rest, board)
    assert job["state"] == "failed" and job["error"]["code"] == "no-answer", job
    assert board.is_untouched()


@pytest.mark.parametrize("faults", (("delay:0.002", "pause:3000"), ("delay:0.00002", "pause:6000")))
def test_faults__bytes_that_are_too_late_now_and_then_never_yield_a_wrong_verdict(make_board, make_server, faults):
    board, rest = start(make_board, make_server, *faults)
    flash(rest, board)
