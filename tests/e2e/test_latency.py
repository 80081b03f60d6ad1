# SPDX-License-Identifier: Apache-2.0
"""Flashing over a distance. Times are the bench's business; here it has to work, and not to talk once per block."""

import pytest

import firmware
from client import DONE, farflash
from rest import API, curl

RTT = 0.1
IMAGE = firmware.image("esp32", 0x10000)


@pytest.fixture
def image_file(tmp_path):
    path = tmp_path / "app.bin"
    path.write_bytes(IMAGE)
    return path


def test_latency__curl_flashes_a_far_server(server, board, make_relay, image_file):
    relay = make_relay(server.port, RTT)
    done = curl("--fail-with-body", "-F", f"0x10000=@{image_file}",
                f"http://127.0.0.1:{relay.port}{API}/boards/lab1/flash")
    assert done.status == 0, done
    assert board.holds(0x10000, IMAGE)
    assert relay.connections == 1
    assert relay.to_client < 4096  # an answer, not a conversation


def test_latency__client_flashes_a_far_server(server, board, make_relay, image_file):
    relay = make_relay(server.port, RTT)
    done = farflash("--server", f"http://127.0.0.1:{relay.port}", "--board", "lab1", "write-flash", "0x10000", image_file)
    assert done.status == DONE, done
    assert board.holds(0x10000, IMAGE)


def test_latency__engine_flashes_a_far_board(make_board, make_relay, image_file):
    board = make_board()
    relay = make_relay(board.port, RTT)
    done = farflash("--port", f"rfc2217://127.0.0.1:{relay.port}", "write-flash", "0x10000", image_file)
    assert done.status == DONE, done
    assert board.holds(0x10000, IMAGE)


def test_latency__server_flashes_a_far_board(make_board, make_server, make_relay):
    board = make_board("esp32c3")
    relay = make_relay(board.port, RTT)
    rest = make_server(lab1=f"rfc2217://127.0.0.1:{relay.port}").rest
    rest.wait_board("lab1", "idle")
    image = firmware.image("esp32c3", 0x8000)
    reply = rest.flash("lab1", ("0x10000", image))
    assert reply.status == 200, reply
    assert board.holds(0x10000, image)
