# SPDX-License-Identifier: Apache-2.0
"""Bytes lost, changed, doubled or held up, at three rates, through writing, reading and verifying: every run ends in a
flash that its file proves, or says why not. ./dev soak goes on from here."""

import random

import pytest

import trial
from client import DONE, farflash_json

RATES = ("0.00001", "0.0001", "0.001")
KINDS = ("drop", "corrupt", "dup", "delay")
EVERYTHING = [(chip, loader, kind, rate) for chip, loader in (("esp32c3", "stub"), ("esp32", "rom")) for kind in KINDS
              for rate in RATES]
OTHERS = [(chip, "stub", kind, "0.0001") for chip in ("esp8266", "esp32p4") for kind in KINDS]
OPERATIONS = ("verify", "verify, other", "read", "write")


@pytest.mark.parametrize("chip, loader, kind, rate", EVERYTHING + OTHERS)
def test_fault_matrix__the_verdict_is_the_truth(make_board, tmp_path, chip, loader, kind, rate):
    board = make_board(chip, content=trial.OLD, flash_size="1MB", faults=[f"{kind}:{rate}", "seed:3"])
    for operation in OPERATIONS:
        verdict = trial.attempt(board, str(tmp_path), chip, loader, operation)
        print(operation, verdict)
        assert verdict.kind in (trial.RIGHT, trial.FAILURE), f"{operation}: {verdict}"


@pytest.mark.parametrize("kind", ("drop", "corrupt", "dup"))
def test_fault_matrix__a_large_region_gets_through_in_pieces(make_board, tmp_path, kind):
    """256 KB that deflate makes no smaller: one write of them would meet six damaged bytes, so it takes several."""
    content = random.Random(7).randbytes(0x40000)
    (tmp_path / "data.bin").write_bytes(content)
    board = make_board("esp32c3", flash_size="1MB", faults=[f"{kind}:0.00003", "seed:5"])
    told, done = farflash_json("-v", "--port", board.address, "write-flash", "0x10000", tmp_path / "data.bin")
    assert done.status == DONE and told["result"]["verified"] is True, done
    assert "going on at 0x" in done.stderr and any("went on in pieces" in note for note in told["notes"]), done
    assert board.holds(0x10000, content)
