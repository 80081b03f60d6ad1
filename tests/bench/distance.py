# SPDX-License-Identifier: Apache-2.0
"""(b) The same write with curl to a server that is 0 to 200 ms away: what the distance adds, in round trips."""

import statistics

from lab import OFFSET, board, image_file, server
from relay import Relay
from rest import API, curl
from table import table

RTTS = (0.0, 0.05, 0.1, 0.2)
BAUD = 460800


def measure(directory, count, _timing, progress):
    path, rows = image_file(directory), []
    with board(directory, timing="real") as one, server(directory, {"lab1": one.address}) as daemon:
        for rtt in RTTS:
            seconds = []
            for number in range(count):
                progress(f"distance: {rtt * 1000:.0f} ms, run {number + 1} of {count}")
                with Relay(daemon.port, rtt) as relay:
                    done = curl("--fail-with-body", "-F", f"{OFFSET:#x}=@{path}",
                                f"http://127.0.0.1:{relay.port}{API}/boards/lab1/flash?baud={BAUD}", timeout=300)
                assert done.status == 0, done
                seconds.append(done.seconds)
            rows.append({"rtt": rtt, "seconds": statistics.median(seconds)})
    return {"baud": BAUD, "rows": rows}


def report(found):
    base, rows = found["rows"][0]["seconds"], []
    for row in found["rows"]:
        growth = row["seconds"] - base
        trips = f"{growth / row['rtt']:.1f}" if row["rtt"] else "-"
        rows.append([f"{row['rtt'] * 1000:.0f} ms", f"{row['seconds']:.2f}", f"{growth:+.2f}", trips])
    notes = ["", "The relay delays each direction by half the round trip, and each connect by a whole one; it does not",
             "model TCP windows, which add a few round trips more on a fresh connection."]
    return table(f"The same with curl at {found['baud']} baud, by distance between client and server, medians",
                 ["round trip", "whole s", "growth s", "round trips"], rows, notes)
