# SPDX-License-Identifier: Apache-2.0
"""A board's console over a WebSocket, with Debian's websocket-client as the judge of the protocol."""

import json
import time

import websocket

from program import DEFAULT_WAIT
from rest import API


def console_url(server, board="lab1", query=""):
    return f"ws://127.0.0.1:{server.port}{API}/boards/{board}/console{query}"


class Talk:
    """A connection. `hello` is the first message; `position` goes along with the output."""

    def __init__(self, server, board="lab1", query="", **options):
        self.socket = websocket.create_connection(console_url(server, board, query), timeout=DEFAULT_WAIT,
                                                  enable_multithread=True, **options)
        self.output = b""
        self.messages = []
        self.position = None
        self.hello = self.wait_message("hello")
        self.position = self.hello["position"]

    def receive(self, timeout=DEFAULT_WAIT):
        """Takes one message. False: none came in that time."""
        self.socket.settimeout(timeout)
        try:
            kind, data = self.socket.recv_data()
        except websocket.WebSocketTimeoutException:
            return False
        if kind == websocket.ABNF.OPCODE_BINARY:
            self.output += data
            self.position += len(data)
        elif kind == websocket.ABNF.OPCODE_TEXT:
            message = json.loads(data)
            if message["type"] == "missed":
                self.position += message["bytes"]
            self.messages.append(message)
        else:
            self.close_code = int.from_bytes(data[:2], "big")
            raise EOFError(f"closed with {self.close_code}")
        return True

    def _wait(self, condition, what):
        deadline = time.monotonic() + DEFAULT_WAIT
        while not (found := condition()):
            left = deadline - time.monotonic()
            assert left > 0, f"wanted {what}, got {self.output[-300:]!r} and {self.messages[-5:]}"
            self.receive(left)
        return found

    def wait_output(self, wanted):
        self._wait(lambda: wanted in self.output, wanted)

    def wait_message(self, kind, words=""):
        """The next message of this type whose text holds these words; it is taken out."""
        def look():
            for message in self.messages:
                if message["type"] == kind and words in message.get("text", message.get("detail", "")):
                    self.messages.remove(message)
                    return message
            return None
        return self._wait(look, f"{kind} {words}")

    def wait_close(self):
        """Reads until the server closes; returns the close frame's code."""
        try:
            while True:
                self._wait(lambda: False, "the end")
        except EOFError:
            return self.close_code

    def send(self, data):
        self.socket.send_binary(data)

    def order(self, kind, **values):
        self.socket.send(json.dumps({"type": kind, **values}))

    def cut(self):
        """Away without a word."""
        self.socket.sock.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
