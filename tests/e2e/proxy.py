# SPDX-License-Identifier: Apache-2.0
"""A proxy as companies have them: it alone knows where a name leads, tunnels what asks for it with CONNECT, and passes on plain
requests one a connection."""

import base64
import contextlib
import socket
import threading


class Proxy:
    """with Proxy({"lab.test": port}) as proxy: proxy.url is for http_proxy, proxy.asked what it was asked for."""

    def __init__(self, names, credentials=None, refuses=None):
        self.asked = []  # (method, target)
        self._names = names
        self._credentials = credentials
        self._refuses = refuses
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self._threads = []
        self._lock = threading.Lock()
        self.port = self._listener.getsockname()[1]

    @property
    def url(self):
        user = f"{self._credentials}@" if self._credentials else ""
        return f"http://{user}127.0.0.1:{self.port}"

    def methods(self):
        with self._lock:
            return [method for method, _ in self.asked]

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *exception):
        with self._lock:
            ends = [self._listener, *self._open]
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                self._start(self._serve, self._keep(self._listener.accept()[0]))

    def _keep(self, end):
        with self._lock:
            self._open.append(end)
        return end

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            head, rest = read_head(client)
            method, target, _ = head[0].split(" ", 2)
            with self._lock:
                self.asked.append((method, target))
            status = self._refusal(head)
            if status:
                client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return
            place = target if method == "CONNECT" else target.split("/", 3)[2]
            far = self._keep(socket.create_connection(("127.0.0.1", self._names[place.split(":")[0]])))
            with far:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    far.sendall(rest)
                else:
                    far.sendall(plain(head, method, target) + rest)
                self._start(pump, client, far)
                pump(far, client)

    def _refusal(self, head):
        wanted = f"basic {base64.b64encode(self._credentials.encode()).decode()}" if self._credentials else None
        given = [line.partition(":")[2].strip() for line in head if line.lower().startswith("proxy-authorization:")]
        if wanted and not any(value.lower() == wanted.lower() for value in given):
            return "407 Proxy Authentication Required"
        return self._refuses


def read_head(client):
    """A request's lines, and what came behind them."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(65536)
        if not piece:
            raise ConnectionError("no request")
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n"), rest


def plain(head, method, target):
    """The request as the server itself is asked, for a connection of its own."""
    fields = [line for line in head[1:] if not line.lower().startswith(("proxy-", "connection:"))]
    path = "/" + target.split("/", 3)[3]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *fields, "Connection: close", "", ""]).encode("latin-1")


def pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
