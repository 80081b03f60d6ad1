# SPDX-License-Identifier: Apache-2.0
"""A farflash server that knows one board, lab1, and otherwise does what the test wants: each WebSocket is a function's."""

import base64
import hashlib
import json
import select
import socket
import struct
import threading

from frames import BINARY, CLOSE, TEXT, frame

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SESSION = "0123456789abcdef" * 2


def hello(received=0, grace=30):
    """What a tunnel's server says first."""
    return frame(TEXT, json.dumps({"type": "hello", "board": "lab1", "session": SESSION, "received": received,
                                   "grace": grace}).encode(), mask=None)


class Connection:
    """The server's end of a WebSocket, before its handshake is answered."""

    def __init__(self, connection, head):
        self.socket = connection
        key, = (line.split(": ")[1] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key: "))
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        self.answer = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode()
        self.heard = b""

    def _take(self, size):
        while len(self.heard) < size:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self.heard += data
        taken, self.heard = self.heard[:size], self.heard[size:]
        return taken

    def receive(self):
        """The next frame of the client's: its opcode and what it carries."""
        opcode, size = self._take(2)
        size &= 0x7F
        if size == 126:
            size, = struct.unpack("!H", self._take(2))
        mask = self._take(4)
        return opcode & 0x0F, bytes(byte ^ mask[i % 4] for i, byte in enumerate(self._take(size)))

    def hears_more(self, within):
        """Whether the client says something more within so many seconds."""
        return bool(self.heard or select.select([self.socket], [], [], within)[0])

    def hear_out(self):
        """Receives whatever the client still has to say, until it closes."""
        while self.receive()[0] != CLOSE:
            pass

    def stream(self, wanted):
        """Receives until the tunnel's stream has `wanted` in it; returns where in the stream its first byte came from."""
        start, stream = None, b""
        while wanted not in stream:
            opcode, message = self.receive()
            if opcode == BINARY:
                start = struct.unpack("!Q", message[:8])[0] if start is None else start
                stream += message[16:]
        return start


class FalseServer:
    """Calls the next of `turns`, and the last again and again, with each WebSocket; at its end the connection is closed."""

    def __init__(self, *turns):
        self.turns = turns
        self.upgrades = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        head = b""
        with connection:
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(65536) or b"\r\n\r\n"
            if b"Upgrade: websocket" in head:
                turn = self.turns[min(self.upgrades, len(self.turns) - 1)]
                self.upgrades += 1
                try:
                    turn(Connection(connection, head.decode()))
                except (EOFError, OSError):
                    pass
            else:
                body = b'{"name":"lab1","state":"idle"}'
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                                   b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
