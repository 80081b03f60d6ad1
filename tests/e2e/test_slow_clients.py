# SPDX-License-Identifier: Apache-2.0
"""500 connections that take their time: a flash does not, and whoever comes is served."""

import firmware
import slow_clients
from farm import descriptors
from program import wait_until

COUNT = 500
PROMPT = 10.0  # seconds: on a busy machine, under a sanitizer, and far from an idle connection's 60
SLACK = 4      # times, and so many seconds more; ratios are for ./dev soak farm and ./dev bench


def test_slow_clients__hold_nobody_up(make_board, make_server):
    server = make_server(lab1=make_board(timing="real"))
    server.rest.wait_board("lab1", "idle")
    image = firmware.image("esp32", 0x18000)
    alone = slow_clients.flash_seconds(server.rest, image)
    before = descriptors(server.pid)
    with slow_clients.Crowd(server.port, COUNT) as crowd:
        wait_until(lambda: slow_clients.connections(server.rest) > COUNT * 0.9, "the slow ones to be let in")
        with_them = slow_clients.flash_seconds(server.rest, image)
        longest = max(slow_clients.ask_seconds(server.rest) for _ in range(20))
        print(f"alone {alone:.2f} s, beside {COUNT} slow connections {with_them:.2f} s; an answer took {longest:.3f} s at most; "
              f"{slow_clients.connections(server.rest)} connections, {sum(one.closed for one in crowd.all)} were ended")
        assert with_them < SLACK * alone + SLACK
        assert longest < PROMPT
    wait_until(lambda: descriptors(server.pid) <= before, "the slow ones to be forgotten")
    assert not [name for name in server.files() if "upload" in name]
