# SPDX-License-Identifier: Apache-2.0
"""`farflash connect` and a server that breaks off, says little, or says it at an unusual moment."""

import queue

import pytest

from bridge import Raw
from connected import Connected
from false_server import FalseServer, hello

AT_ONCE = 5  # seconds: half of the time after which a silent server is asked for a sign of life


@pytest.fixture
def connect(start_farflash):
    """connect(server, ...) starts it, with a raw port unless the arguments say otherwise."""
    def start(server, *arguments, status=(0,)):
        return Connected(start_farflash("--server", server.url, "--json", "connect", "lab1",
                                        *(arguments or ("--raw", "0")), status=status))
    return start


def test_connect__what_a_resume_owes_goes_out_at_once(connect):
    owed = queue.Queue()

    def breaks_off(connection):
        connection.socket.sendall(connection.answer + hello())
        connection.stream(b"owed")

    def is_silent(connection):
        connection.socket.sendall(connection.answer)
        connection.socket.settimeout(0.3)  # so that the client waits for the hello
        with pytest.raises(TimeoutError):
            connection.receive()
        connection.socket.settimeout(None)
        connection.socket.sendall(hello(received=2))
        owed.put(connection.stream(b"owed"))
        connection.receive()

    with FalseServer(breaks_off, is_silent) as server:
        connected = connect(server)
        with Raw(connected.raw) as client:
            client.send(b"owed")
            assert owed.get(timeout=AT_ONCE) == 2
            assert connected.stop() == 0
