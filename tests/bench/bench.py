#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed and memory of farflash, as tables. Prints what it measured and asserts nothing about it.

    bench.py [--runs 3] [--only wire,operations,distance,memory,upload,peers,farm,accept] [--json FILE]

The programs come from FARFLASH_BIN (default build/bin). Boards are virtual ones that hold wire and flash to real times."""

import argparse
import json
import os
import platform
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]

import accept  # noqa: E402
import distance  # noqa: E402
import memory  # noqa: E402
import operations  # noqa: E402
import peers  # noqa: E402
import rack  # noqa: E402
import upload  # noqa: E402
import wire  # noqa: E402
from program import bin_dir  # noqa: E402
from table import Progress  # noqa: E402

TIMING_HEADER = os.path.join(HERE, "..", "virtual-board", "flash", "timing.h")
SUBJECTS = {"wire": wire, "operations": operations, "distance": distance, "memory": memory, "upload": upload,
            "peers": peers, "farm": rack, "accept": accept}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="how often each time is measured; the median counts (3)")
    parser.add_argument("--only", default=",".join(SUBJECTS), help="subjects, with commas between them")
    parser.add_argument("--json", metavar="FILE", help="write everything to FILE as well")
    chosen = parser.parse_args()
    chosen.only = chosen.only.split(",")
    unknown = set(chosen.only) - set(SUBJECTS)
    if unknown or chosen.runs < 1:
        parser.error(f"no such subject: {', '.join(sorted(unknown))}" if unknown else "--runs wants 1 or more")
    return chosen


def board_timing():
    """The numbers behind --timing real, in nanoseconds, from the header that documents them."""
    with open(TIMING_HEADER, encoding="utf-8") as header:
        text = header.read()
    text = text[text.index("ff_timing_real = {"):text.index("ff_timing_fast")]
    unit = {"": 1, "US": 1000, "MS": 1000000, "S": 1000000000}
    return {name: int(value) * unit[scale] for name, value, scale in
            re.findall(r"\.(\w+) = (\d+)(?: \* FF_NS_PER_(\w+))?,", text)}


def main():
    chosen = arguments()
    results = {"machine": platform.platform(), "cpus": os.cpu_count(), "programs": bin_dir(), "runs": chosen.runs,
               "timing": board_timing()}
    progress = Progress()
    for name in chosen.only:
        with tempfile.TemporaryDirectory(prefix="farflash-bench-") as directory:
            results[name] = SUBJECTS[name].measure(directory, chosen.runs, results["timing"], progress)
        progress.clear()
        print(SUBJECTS[name].report(results[name]), end="\n\n", flush=True)
    if chosen.json:
        with open(chosen.json, "w", encoding="utf-8") as output:
            json.dump(results, output, indent=2)


if __name__ == "__main__":
    main()
