#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The farm at its limits, at length: what tests/e2e does in short, with 64 boards, 50 clients, 10 000 malformed requests and 100 deaths.

    farm_soak.py [--only load,malformed,slow,fence,kill] [--seed N] [--boards N] [--clients N] [--jobs N] [--requests N] [--rounds N] [--moments N]

Prints the seed; --seed N makes the same decisions again, though not at the same moments. Exit status 1 if anything was wrong.
The programs come from FARFLASH_BIN."""

import argparse
import os
import random
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]

import farm_load  # noqa: E402
import fence  # noqa: E402
import firmware  # noqa: E402
import kills  # noqa: E402
import slow_clients  # noqa: E402
import test_malformed  # noqa: E402
from farm import SHORT_LEASES, farm  # noqa: E402
from program import bin_dir, wait_until  # noqa: E402
from server import Server  # noqa: E402
from table import Progress  # noqa: E402

FLASHES = 5
SLOW = 500


def load(chosen, directory, say):
    with farm(directory, chosen.boards) as rack:
        ledger = farm_load.run(rack, chosen.clients, chosen.jobs, chosen.seed, say)
    states = [job["state"] for job in ledger.ended.values()]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    return (f"{len(states)} jobs from {chosen.clients} clients on {chosen.boards} boards ({counts}), {len(ledger.leases)} leases, "
            f"{ledger.cancelled} cancels, {ledger.pulled} cables pulled")


def malformed(chosen, directory, _say):
    with farm(directory, 2) as rack:
        statuses = test_malformed.judge(rack, chosen.seed, chosen.requests)
        grown = rack.server.resident_kb()
    told = ", ".join(f"{count} x {status or 'closed'}" for status, count in statuses.items())
    return f"{chosen.requests} connections: {told}; {grown / 1024:.1f} MB resident at the end"


def slow(chosen, directory, say):
    del chosen
    with farm(directory, 2, timing="real") as rack:
        image = firmware.image("esp32", 0x30000)
        alone = min(slow_clients.flash_seconds(rack.rest, image) for _ in range(FLASHES))
        before = rack.footprint()
        with slow_clients.Crowd(rack.server.port, SLOW):
            wait_until(lambda: slow_clients.connections(rack.rest) > SLOW * 0.9, "the slow ones to be let in")
            say("slow connections are there")
            beside = min(slow_clients.flash_seconds(rack.rest, image) for _ in range(FLASHES))
            longest = max(slow_clients.ask_seconds(rack.rest) for _ in range(500))
        rack.wait_footprint(before)
    assert beside < 2 * alone, f"{beside:.2f} s beside {SLOW} slow connections, {alone:.2f} s alone"
    return (f"a flash takes {beside / alone:.2f} times as long beside {SLOW} slow connections ({beside:.2f} s, {alone:.2f} s alone); the "
            f"slowest of 500 answers took {longest * 1000:.0f} ms")


def races(chosen, directory, say):
    recorder = fence.Recorder()
    server = Server(directory, {"lab1": recorder.address}, SHORT_LEASES)
    try:
        server.rest.wait_board("lab1", "idle")
        begin = time.monotonic()
        fence.race(server, recorder, chosen.seed, chosen.rounds)
        say("the races are over")
        took = time.monotonic() - begin
    finally:
        server.terminate()
        recorder.close()
    server.judge()
    return f"{chosen.rounds} leases ended on {len(fence.DOORS)} doors in {took:.0f} s, and nothing came late"


def kill(chosen, directory, say):
    return f"killed at {chosen.moments} moments: {kills.judge(directory, chosen.seed, chosen.moments, say)}"


SUBJECTS = {"load": load, "malformed": malformed, "slow": slow, "fence": races, "kill": kill}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SUBJECTS), help="subjects, with commas between them")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--boards", type=int, default=64)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=1300, help="things that the clients of `load` do in all (1300), which makes 1000 jobs")
    parser.add_argument("--requests", type=int, default=10000, help="malformed ones (10000)")
    parser.add_argument("--rounds", type=int, default=300, help="of `fence` (300)")
    parser.add_argument("--moments", type=int, default=100, help="of `kill` (100)")
    chosen = parser.parse_args()
    chosen.only = chosen.only.split(",")
    if set(chosen.only) - set(SUBJECTS):
        parser.error(f"--only knows {', '.join(SUBJECTS)}")
    return chosen


def main():
    chosen, wrong = arguments(), 0
    print(f"farm: --seed {chosen.seed}, programs in {bin_dir()}", flush=True)
    progress = Progress()
    for name in chosen.only:
        with tempfile.TemporaryDirectory(prefix="farflash-farm-") as directory:
            try:
                told = SUBJECTS[name](chosen, directory, lambda text, name=name: progress(f"{name}: {text}"))
            except AssertionError:
                wrong += 1
                told = f"WRONG, again with --only {name} --seed {chosen.seed}\n{traceback.format_exc()}"
        progress.clear()
        print(f"{name}: {told}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
