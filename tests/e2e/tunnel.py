# SPDX-License-Identifier: Apache-2.0
"""A client of GET …/tunnel, whose frames are made by hand."""

import json
import socket
import struct

import websocket


class Tunnel:
    """One connection of a session, whose client counts by itself."""

    def __init__(self, server, query="", board="lab1"):
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{server.port}/api/v1/boards/{board}/tunnel{query}",
                                                  timeout=20)
        self.texts = []
        self.data = b""
        self.acknowledged = 0
        self.hello = None
        while self.hello is None:
            self.receive()

    def receive(self):
        opcode, message = self.socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_TEXT:
            told = json.loads(message)
            if told["type"] == "hello":
                self.hello = told
            self.texts.append(told)
        elif opcode == websocket.ABNF.OPCODE_BINARY:
            self.place, self.acknowledged = struct.unpack("!QQ", message[:16])
            self.data += message[16:]
        else:
            raise EOFError(message)

    def send(self, place, acknowledged, data=b""):
        self.socket.send_binary(struct.pack("!QQ", place, acknowledged) + data)

    def wait(self, wanted):
        while wanted not in self.data:
            self.receive()

    def closes(self):
        """The code of the server's close."""
        try:
            while True:
                self.receive()
        except EOFError as end:
            return struct.unpack("!H", end.args[0][:2])[0]

    def cut(self):
        self.socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.sock.close()

    def close(self):
        self.socket.close()
