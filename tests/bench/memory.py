# SPDX-License-Identifier: Apache-2.0
"""(c) Resident memory of an idle server, and what each further board adds."""

import contextlib

from lab import board, image_file, server
from table import table

MORE = 16


def idle_kb(directory, boards, flash=None):
    with server(directory, boards) as daemon:
        if flash:
            with open(flash, "rb") as image:
                reply = daemon.rest.put("lab0", image.read(), "?offset=0x10000", timeout=120)
            assert reply.status == 200, reply
        return daemon.resident_kb()


def measure(directory, _count, _timing, progress):
    with contextlib.ExitStack() as stack:
        addresses = {}
        for number in range(MORE + 1):
            progress(f"memory: board {number + 1} of {MORE + 1}")
            addresses[f"lab{number}"] = stack.enter_context(board(directory)).address
        one = {"lab0": addresses["lab0"]}
        return {"boards": MORE + 1, "one_kb": idle_kb(directory, one), "many_kb": idle_kb(directory, addresses),
                "after_flash_kb": idle_kb(directory, one, image_file(directory))}


def report(found):
    each = (found["many_kb"] - found["one_kb"]) / (found["boards"] - 1)
    rows = [["1 board, idle", f"{found['one_kb'] / 1024:.1f} MB", "16 MB"],
            [f"{found['boards']} boards, idle", f"{found['many_kb'] / 1024:.1f} MB", ""],
            ["each further board", f"{each / 1024:.2f} MB", "0.5 MB"],
            ["1 board, after a flash of 1 MB", f"{found['after_flash_kb'] / 1024:.1f} MB", ""]]
    return table("Memory of farflashd (VmRSS)", ["", "resident", "aim"], rows)
