# SPDX-License-Identifier: Apache-2.0
"""The end of a lease against writers on every door, seen from the board; ./dev soak plays many more rounds."""

import pytest

import fence

ROUNDS = 6


@pytest.fixture
def recorder():
    started = fence.Recorder()
    yield started
    started.close()


@pytest.mark.parametrize("door", fence.DOORS)
def test_fence__nothing_of_the_old_holder_comes_behind_the_next_ones_first_byte(make_server, recorder, door):
    server = make_server(options=("--shortest-lease", "1"), lab1=recorder.address)
    server.rest.wait_board("lab1", "idle")
    fence.race(server, recorder, 1, ROUNDS, (door,))
