#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks lines, boards and programs at random for as long as it is told, and holds every verdict against the flash file.

    soak.py [MINUTES] [--seed N] [--jobs N]

Each trial has a seed of its own, from which all its decisions follow, and prints it when the verdict is wrong: --seed N
runs that one trial alone. Exit status 1 if any verdict was wrong. The programs come from FARFLASH_BIN."""

import argparse
import collections
import concurrent.futures
import os
import random
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]

import scenarios  # noqa: E402
from program import bin_dir  # noqa: E402
from table import table  # noqa: E402
from trial import FAILURE, RIGHT, STRAY, WRONG  # noqa: E402

KINDS = (RIGHT, FAILURE, STRAY, WRONG)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", nargs="?", type=float, default=10, help="how long trials are begun (10)")
    parser.add_argument("--seed", type=int, help="run one trial alone")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1), help="trials at a time (2 a processor)")
    return parser.parse_args()


def run_trial(seed):
    """A scenarios.Outcome."""
    choose = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="farflash-soak-") as directory:
        return scenarios.run(choose, directory)


class Tally:
    """What has come out so far."""

    def __init__(self):
        self.counts = collections.defaultdict(collections.Counter)
        self.reasons = collections.Counter()
        self.wrong = []

    def add(self, seed, outcome):
        self.counts[outcome.scenario, outcome.operation][outcome.verdict.kind] += 1
        if outcome.verdict.kind == FAILURE:
            self.reasons[outcome.scenario, outcome.verdict.text.split(":")[0]] += 1
        if outcome.verdict.kind in (WRONG, STRAY):
            self.wrong.append(seed)
            print(f"{outcome.verdict.kind} ({outcome.scenario}, {outcome.operation}), again with --seed {seed}: "
                  f"{outcome.story}\n  {outcome.verdict.text}", flush=True)

    def total(self, kind):
        return sum(count[kind] for count in self.counts.values())

    def report(self):
        rows = [[scenario, operation, sum(count.values()), *(count[kind] for kind in KINDS)]
                for (scenario, operation), count in sorted(self.counts.items())]
        rows.append(["all", "", sum(row[2] for row in rows), *(self.total(kind) for kind in KINDS)])
        reasons = [[scenario, code, number] for (scenario, code), number in sorted(self.reasons.items())]
        return "\n\n".join((table("soak: trials and their verdicts", ["scenario", "operation", "trials", *KINDS], rows),
                            table("reasons of failures", ["scenario", "code", "trials"], reasons)))


def soak(minutes, jobs):
    """Begins trials until the time is over, and waits for the last of them."""
    base, tally = random.SystemRandom().randrange(1 << 32) << 20, Tally()
    print(f"soak: {minutes:g} minutes, {jobs} trials at a time, seeds from {base}, programs in {bin_dir()}", flush=True)
    deadline, number = time.monotonic() + 60 * minutes, 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {}
        while running or time.monotonic() < deadline:
            while len(running) < jobs and time.monotonic() < deadline:
                running[pool.submit(run_trial, base + number)] = base + number
                number += 1
            for done in concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED).done:
                tally.add(running.pop(done), done.result())
    return tally


def main():
    chosen = arguments()
    if chosen.seed is not None:
        tally, outcome = Tally(), run_trial(chosen.seed)
        tally.add(chosen.seed, outcome)
        print(f"{outcome.scenario}, {outcome.operation}: {outcome.story}\n  {outcome.verdict}")
    else:
        tally = soak(chosen.minutes, chosen.jobs)
        print("\n" + tally.report())
    return 1 if tally.total(WRONG) else 0


if __name__ == "__main__":
    sys.exit(main())
