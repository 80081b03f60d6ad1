# SPDX-License-Identifier: Apache-2.0
"""The harness itself, so that a green suite means what it says."""

import socket
import struct
import threading
import time
import zlib

import pytest

import firmware
from program import Program, run, sanitizer_report, wait_until
from relay import Relay
from rest import form, parse_events


@pytest.fixture
def echo_port():
    """A TCP server that sends back what it gets, one connection after the other."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    while data := connection.recv(65536):
                        connection.sendall(data)
                except OSError:
                    pass
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def receive(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(65536)
        assert more, f"closed after {len(data)} of {size} bytes"
        data += more
    return data


def ended(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("chip", firmware.LOAD_ADDRESS)
@pytest.mark.parametrize("size", (0x10000, 0x100000))
def test_harness__images_deflate_like_firmware(chip, size):
    image = firmware.image(chip, size)
    assert len(image) == size
    assert 0.5 <= len(zlib.compress(image, 9)) / size <= 0.6


def test_harness__image_header_is_espressifs():
    image = firmware.image("esp32c3", 4096, min_revision=301, max_revision=399)
    assert image[0] == 0xE9 and image[1] == 1
    assert struct.unpack_from("<H", image, 12)[0] == 5
    assert struct.unpack_from("<HH", image, 15) == (301, 399)
    assert image[23] == 1


def test_harness__relay_delays_by_the_round_trip(echo_port):
    rtt = 0.1
    with Relay(echo_port, rtt) as relay:
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", relay.port)) as connection:
            connection.sendall(b"x")
            assert receive(connection, 1) == b"x"
            first = time.monotonic()
            connection.sendall(b"y")
            receive(connection, 1)
        assert first - begin >= 2 * rtt  # the handshake, then the exchange
        assert time.monotonic() - first >= rtt


def test_harness__relay_keeps_every_byte(echo_port):
    data = firmware.payload(1 << 20)
    with Relay(echo_port, 0.05) as relay, socket.create_connection(("127.0.0.1", relay.port)) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        assert receive(connection, len(data)) == data
        sender.join()
        assert relay.to_target == len(data)


def test_harness__relay_cuts(echo_port):
    with Relay(echo_port) as relay, socket.create_connection(("127.0.0.1", relay.port)) as connection:
        connection.sendall(b"x")
        receive(connection, 1)
        relay.cut()
        connection.settimeout(5)
        assert ended(connection)
        with socket.create_connection(("127.0.0.1", relay.port)) as again:
            again.sendall(b"z")
            assert receive(again, 1) == b"z"


def test_harness__relay_unplugs_and_plugs(echo_port):
    with Relay(echo_port) as relay:
        relay.unplug()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", relay.port))
        relay.plug()
        with socket.create_connection(("127.0.0.1", relay.port)) as connection:
            connection.sendall(b"x")
            assert receive(connection, 1) == b"x"


def test_harness__relay_freezes_and_goes_on(echo_port):
    with Relay(echo_port) as relay, socket.create_connection(("127.0.0.1", relay.port)) as connection:
        connection.sendall(b"x")
        receive(connection, 1)
        relay.freeze()
        connection.sendall(b"y")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        relay.freeze(False)
        connection.settimeout(5)
        assert connection.recv(1) == b"y"


def test_harness__program_judges_status_and_reports():
    failing = Program(["sh", "-c", "exit 3"])
    failing.wait()
    with pytest.raises(AssertionError, match="exit status 3"):
        failing.judge()
    reporting = Program(["sh", "-c", "echo '==1==ERROR: AddressSanitizer: heap-use-after-free' >&2"])
    reporting.wait()
    with pytest.raises(AssertionError, match="sanitizer report"):
        reporting.judge()


def test_harness__program_wait_line_has_an_end():
    silent = Program(["sleep", "100"])
    silent.expected_status = {-15}
    with pytest.raises(AssertionError, match="did not in"):
        silent.wait_line("never", timeout=0.1)
    silent.judge()


def test_harness__run_fails_on_a_report():
    with pytest.raises(AssertionError, match="sanitizer report"):
        run(["sh", "-c", "echo 'a.c:1:2: runtime error: signed integer overflow' >&2"])
    assert sanitizer_report("nothing wrong") is None


def test_harness__wait_until_has_a_deadline():
    with pytest.raises(AssertionError, match="waited 0.1 s for the moon"):
        wait_until(lambda: False, "the moon", timeout=0.1)


def test_harness__parses_server_sent_events():
    stream = [b": comment\n", b"event: state\r\n", b'data: {"a":\n', b"data: 1}\n", b"\n", b"data: 2\n", b"\n"]
    assert list(parse_events(stream)) == [("state", {"a": 1}), ("message", 2)]


def test_harness__form_is_rfc_7578():
    kind, body = form([("0x0", b"\r\n--", "a.bin")])
    boundary = kind.split("boundary=")[1].encode()
    assert body.startswith(b"--" + boundary + b"\r\nContent-Disposition: form-data; name=\"0x0\"; filename=\"a.bin\"\r\n")
    assert body.endswith(b"\r\n\r\n\r\n--\r\n--" + boundary + b"--\r\n")
