# SPDX-License-Identifier: Apache-2.0
"""WebSockets made by hand: handshakes and frames as they should be, and as they never should."""

import struct

from bridge import Raw
from rest import API

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # the example of RFC 6455, section 1.3


def frame(opcode, payload=b"", fin=True, mask=b"\x12\x34\x56\x78", length=None, reserved=0):
    """One frame. `mask`: None is what a server sends, and a client must not; `length`: what it claims to have."""
    length = len(payload) if length is None else length
    masked = 0x80 if mask else 0
    head = bytes(((0x80 if fin else 0) | reserved << 4 | opcode,))
    if length < 126:
        head += bytes((masked | length,))
    elif length < 65536:
        head += bytes((masked | 126,)) + struct.pack("!H", length)
    else:
        head += bytes((masked | 127,)) + struct.pack("!Q", length)
    if not mask:
        return head + payload
    pad = (mask * (len(payload) // 4 + 1))[:len(payload)]
    hidden = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
    return head + mask + hidden.to_bytes(len(payload), "big")


def close_frame(code, mask=b"\x12\x34\x56\x78"):
    return frame(CLOSE, struct.pack("!H", code), mask=mask)


def handshake(board="lab1", **headers):
    """A request for an upgrade of lab1's console; a field that is None is left out."""
    fields = {"Host": "localhost", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": KEY, **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join((f"GET {API}/boards/{board}/console HTTP/1.1", *lines, "", "")).encode()


class HandMade(Raw):
    """A WebSocket whose bytes the test makes. `also` goes out together with the handshake."""

    def __init__(self, server, also=b""):
        super().__init__(server.port)
        self.send(handshake() + also)
        self.answer = self.wait(b"\r\n\r\n").decode()
        assert self.answer.startswith("HTTP/1.1 101 "), self.answer
