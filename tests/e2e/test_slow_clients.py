# SPDX-License-Identifier: Apache-2.0
"""500 connections that take their time: a flash does not, and whoever comes is served."""

import resource

import pytest

import firmware
import slow_clients
from farm import descriptors
from program import wait_until

COUNT = 500
TOO_MANY = 1000  # for the places that there are
PLACES, PLACES_OF_ONE = 512, 256
RESERVE = 16   # one of so many places stays free
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


@pytest.fixture
def descriptors_for_all():
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], 2 * TOO_MANY), limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.parametrize("addresses", (1, 10))
@pytest.mark.parametrize("kind", ("silent", "headers", "body"))
def test_slow_clients__too_many_of_them_keep_nobody_out(descriptors_for_all, server, kind, addresses):
    before = slow_clients.sockets(server.pid)
    places = PLACES_OF_ONE if addresses == 1 else PLACES
    with slow_clients.Crowd(server.port, TOO_MANY, (kind,), addresses):
        # While a thousand come within a second, those who were cut may not have gone yet.
        wait_until(lambda: slow_clients.sockets(server.pid) - before <= places - places // RESERVE, "the crowd to have settled")
        for address in ("127.0.0.1", "127.0.0.2") * 5:  # somebody else, and somebody behind the same router
            assert slow_clients.ask_from(server.port, address) == b"HTTP/1.1 200 OK"
