# SPDX-License-Identifier: Apache-2.0
"""Requests that no client should send, made from good ones: broken lines, headers, bodies and handshakes, cut and glued
together anywhere. Which ones follows from a seed and a number, so that each can be made again."""

import base64
import random
import re
import socket
import struct
import threading
import time

from rest import API

PATIENCE = 30.0  # until an answer or the end; on a busy machine, under a sanitizer
QUIET = 0.3      # after an answer, of a stream that goes on
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
LEASE = re.compile(rb'"id": ?"([0-9a-f]{32})"')
OF_HTTP = {501, 505}              # what HTTP itself calls a failure of the server: a method, a version that it has not
OF_BOARD = {502, 503, 504}        # what a board can be blamed for
BOARD = f"{API}/boards/lab1"
BOUNDARY = "farflash"


def part(name, content, extra=b""):
    return (b"--" + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; name="' + name + b'"; filename="a.bin"' + extra +
            b"\r\n\r\n" + content + b"\r\n")


class Good:
    """A request as it should be, in pieces that can be broken."""

    def __init__(self, method, path, headers=(), body=b""):
        self.method, self.path, self.version = method.encode(), path.encode(), b"HTTP/1.1"
        self.headers = [(b"Host", b"localhost"), *[(name.encode(), value.encode()) for name, value in headers]]
        self.body = body
        if body:
            self.headers.append((b"Content-Length", str(len(body)).encode()))

    def set(self, name, value):
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()] + [(name, value)]

    def bytes(self):
        lines = [b" ".join((self.method, self.path, self.version)), *[b": ".join(header) for header in self.headers]]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


def form(*parts, kind=f"multipart/form-data; boundary={BOUNDARY}", end=b"--farflash--\r\n"):
    return Good("POST", f"{BOARD}/flash", [("Prefer", "respond-async"), ("Content-Type", kind)], b"".join(parts) + end)


def handshake(path, key=None):
    key = key or base64.b64encode(bytes(16)).decode()
    return Good("GET", path, [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", key),
                              ("Sec-WebSocket-Version", "13")])


def good(choose):
    """One of those that the server knows. None of them keeps the board for long."""
    image = choose.randbytes(choose.randrange(1, 600))
    make = choose.choice((
        lambda: Good("GET", choose.choice(("/healthz", "/metrics", f"{API}/boards", f"{API}/jobs", f"{API}/leases"))),
        lambda: Good("GET", f"{BOARD}{choose.choice(('', '/info'))}"),
        lambda: Good("GET", f"{API}/boards?select=chip=esp32,rack!=1,!x"),
        lambda: Good("GET", f"{API}/jobs/{choose.randrange(99)}{choose.choice(('', '/events', '/content'))}"),
        lambda: Good("DELETE", f"{API}/jobs/{choose.randrange(99)}"),
        lambda: Good("PUT", f"{BOARD}/flash?offset=0x10000&baud=0", [("Prefer", "respond-async")], image),
        lambda: Good("PUT", f"{BOARD}/verify?offset=0x10000", [("Prefer", "respond-async")], image),
        lambda: Good("PUT", f"{BOARD}/test?offset=0x10000&expect=(&timeout=0", body=image),
        lambda: form(part(b"0x10000", image), part(b"0x20000", image)),
        lambda: Good("POST", f"{BOARD}/console", body=image),
        lambda: Good("POST", f"{BOARD}/erase?offset=0x1000&size=0x1000", [("Prefer", "respond-async")]),
        lambda: Good("PUT", f"{BOARD}/memory?address=0x3ffb0000&value=1", [("Prefer", "respond-async")]),
        lambda: Good("POST", f"{API}/leases", body=b'{"board": "lab1", "seconds": 1, "owner": "x"}'),
        lambda: Good("POST", f"{API}/leases?select=chip=esp32&seconds=1"),
        lambda: Good("DELETE", f"{API}/leases/{choose.randbytes(16).hex()}"),
        lambda: handshake(f"{BOARD}/console"),
        lambda: handshake(f"{BOARD}/tunnel?session={choose.randbytes(16).hex()}&received=0")))
    return make()


# ---- what can be wrong ----

NASTY = (b"", b" ", b"\0", b"\r", b"\n", b"\t", b"\xff\xfe", b"%", b"%00", b"%zz", b"%2e%2e%2f", b"../..", b"//", b"*", b"?", b"&", b"=",
         b"#", b"-1", b"+1", b"0x", b"18446744073709551616", b"99999999999999999999999999", b"1e9", b"nan", b"\xc0\xaf", b"<script>",
         b"'", b'"', b";", b"\\", b"${x}", b"%n%n%s", b"\x1b[2J", "ü".encode())
METHODS = (b"", b"get", b"BREW", b"CONNECT", b"TRACE", b"OPTIONS", b"HEAD", b"PATCH", b"G" * 5000, b"GET\0", b"\xff", b"PUT ")
VERSIONS = (b"", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/1.1 x", b"http/1.1", b"HTTP/", b"HTTP/1.1\0", b"FTP/1.1")
LENGTHS = (b"-1", b"+5", b"5x", b"", b"0x10", b"18446744073709551615", b"18446744073709551616", b"9" * 40, b"5, 5", b"5 5", b"1\r\n 2")
ENCODINGS = (b"chunked, chunked", b"gzip", b"identity", b"chunked\0", b"xchunked", b"", b"Chunked , gzip")
CHUNKS = (b"zz\r\n", b"-1\r\n", b"ffffffffffffffffff\r\nx", b"5\r\nab\r\n", b"5;ext=" + b"y" * 3000 + b"\r\nabcde\r\n", b"5\nabcde\n",
          b"\r\n", b"0\r\nTrailer: x\r\n\r\n", b"0\r\n\r\n0\r\n\r\n", b"7fffffffffffffff\r\n", b"4\r\nabcdX0\r\n\r\n", b" 4\r\nabcd\r\n")
TYPES = (b"multipart/form-data", b"multipart/form-data; boundary=", b"multipart/form-data; boundary=" + b"b" * 300, b"text/plain",
         b'multipart/form-data; boundary="a', b"multipart/form-data; boundary=a\0b", b"multipart/mixed; boundary=farflash", b"", b";;;=;")
KEYS = (b"", b"x", b"=" * 24, base64.b64encode(bytes(15)), base64.b64encode(bytes(17)), b"A" * 4000, b"\xff" * 24)


def break_line(choose, request):
    where = choose.randrange(5)
    if where == 0:
        request.method = choose.choice(METHODS)
    elif where == 1:
        request.version = choose.choice(VERSIONS)
    elif where == 2:
        request.path = choose.choice((b"", b"*", b"x" * choose.randrange(100000), b"/" * 3000, b"http://x:y@[::/", b"lab1"))
    else:
        insert(choose, request)


def insert(choose, request):
    at = choose.randrange(len(request.path) + 1)
    request.path = request.path[:at] + choose.choice(NASTY) * choose.choice((1, 1, 1, 2, 500)) + request.path[at:]


def break_query(choose, request):
    extra = choose.choice((b"offset=1", b"baud", b"=", b"&&&", b"lease=" + b"f" * choose.choice((0, 31, 32, 33, 9000)), b"x=%ff", b"select==,,!",
                           b"seconds=-5", b"wait=1e99", b"history=-1", b"from=99999999999999999999", b"session=", b"a=b&" * 2000))
    request.path += (b"&" if b"?" in request.path else b"?") + extra


def break_headers(choose, request):
    value = choose.choice(NASTY)
    broken = choose.choice(((value, value), (b"", b"x"), (b"Host ", b"localhost"), (b" folded", b"x"), (b"X" * 70000, b"y"), (b"X", b"y" * 70000),
                            (b"Host", b""), (b"Host", b"evil.example"), (b"Connection", b"close, keep-alive, upgrade"), (b"Expect", value), (b"Range", b"bytes=9-1"),
                            (b"Farflash-Lease", value * 40), (b"Last-Event-ID", value), (b"Origin", b"http://evil.example"),
                            (b"Prefer", b"wait=" + value), (b"Accept", b"*/*;q=" + value)))
    many = choose.choice((1, 1, 1, 2, 3000))
    at = choose.randrange(len(request.headers) + 1)
    request.headers[at:at] = [broken] * many
    if choose.random() < 0.2:
        request.headers = [header for header in request.headers if header[0] != b"Host"]


def break_length(choose, request):
    request.set(b"Content-Length", choose.choice(LENGTHS))
    if choose.random() < 0.3:
        request.headers.append((b"Content-Length", b"7"))


def break_chunks(choose, request):
    request.headers = [header for header in request.headers if header[0] != b"Content-Length" or choose.random() < 0.3]
    request.headers.append((b"Transfer-Encoding", b"chunked" if choose.random() < 0.8 else choose.choice(ENCODINGS)))
    body = request.body[:200]
    chunks = [b"%x\r\n%s\r\n" % (len(body), body)] if body and choose.random() < 0.5 else []
    request.body = b"".join(chunks + [choose.choice(CHUNKS) for _ in range(choose.randint(1, 3))])


def break_form(choose, request):
    image = choose.randbytes(choose.randrange(100))
    name = choose.choice((b"", b"x", b"0x10000", b"0x10001", b"-4096", b"0x100000000", b"0x10000" + b"0" * 300, b'a"b', b"\0", b"0x10000\\"))
    extra = choose.choice((b"", b"\r\nX: " + b"y" * 20000, b"\r\n" * 3, b"; filename*=utf-8''%ff", b"\r\nContent-Disposition: x", b"\n\n", b"\0"))
    parts = [part(name, image, extra) for _ in range(choose.choice((1, 1, 2, 70)))]
    broken = form(*parts, kind=choose.choice((f"multipart/form-data; boundary={BOUNDARY}", "x/y")),
                  end=choose.choice((b"--farflash--\r\n", b"", b"--farflash", b"--farflash-\r\n", b"--farflash--" + bytes(3000))))
    request.__dict__.update(broken.__dict__)
    if choose.random() < 0.3:
        request.set(b"Content-Type", choose.choice(TYPES))


def frame(choose):
    """A WebSocket frame, hardly ever one that may be sent."""
    first = choose.randrange(256)
    size = choose.choice((0, 1, 125, 126, 127))
    longer = {126: struct.pack(">H", choose.randrange(1 << 16)), 127: struct.pack(">Q", choose.getrandbits(64))}.get(size, b"")
    masked = choose.random() < 0.7
    return bytes((first, size | masked << 7)) + longer + choose.randbytes(4 * masked + min(size, 125))


def break_handshake(choose, request):
    fresh = handshake(f"{BOARD}/{choose.choice(('console', 'tunnel', 'info', 'nothing'))}")
    request.__dict__.update(fresh.__dict__)
    what = choose.randrange(5)
    if what == 0:
        request.set(b"Sec-WebSocket-Key", choose.choice(KEYS))
    elif what == 1:
        request.set(b"Sec-WebSocket-Version", choose.choice((b"", b"0", b"12", b"14", b"13, 8", b"x" * 2000)))
    elif what == 2:
        request.headers = [header for header in request.headers if choose.random() < 0.6]
    request.body = b"".join(frame(choose) for _ in range(choose.randrange(8)))  # whatever the server has answered


def break_json(choose, request):
    body = choose.choice((b"[" * 3000, b'{"board": ' * 500, b'{"board": "lab1", "seconds": 1e999}', b'{"board": "\\ud800"}', b'{"board": null}',
                          b'{"board": "\xff"}', b"{}{}", b"\0", b'{"board": "lab1", "board": "lab2"}', b'{"seconds": -9223372036854775809}',
                          b'{"owner": "' + b"x" * 3000 + b'"}', b"nul", b'"x"', b""))
    fresh = Good("POST", f"{API}/leases", body=body)
    request.__dict__.update(fresh.__dict__)


BREAKS = (break_line, break_query, break_headers, break_length, break_chunks, break_form, break_handshake, break_json)


def damage(choose, data):
    """Bytes that are changed, lost or doubled."""
    broken = bytearray(data)
    for _ in range(choose.randint(1, 4)):
        at = choose.randrange(len(broken) + 1)
        how = choose.randrange(3)
        if how == 0 and at < len(broken):
            broken[at] = choose.randrange(256)
        elif how == 1:
            del broken[at:at + choose.randint(1, 8)]
        else:
            broken[at:at] = choose.choice(NASTY)
    return bytes(broken)


def make(seed, number):
    """The bytes of one connection."""
    choose = random.Random(f"{seed}/{number}")
    pieces = []
    for _ in range(choose.choice((1, 1, 1, 1, 2, 5))):
        request = good(choose)
        for one in choose.sample(BREAKS, choose.choice((0, 1, 1, 1, 2))):
            one(choose, request)
        data = request.bytes()
        pieces.append(damage(choose, data) if choose.random() < 0.25 else data)
    data = b"".join(pieces)
    return data[:choose.randrange(len(data))] if data and choose.random() < 0.25 else data


# ---- sending them ----

def drain(client):
    """What comes until the end, or until nothing comes behind an answer."""
    heard, deadline = b"", time.monotonic() + PATIENCE
    while True:
        client.settimeout(QUIET if STATUS.search(heard) else max(deadline - time.monotonic(), 0.01))
        try:
            data = client.recv(1 << 16)
        except TimeoutError:
            assert STATUS.search(heard), f"neither an answer nor the end in {PATIENCE:g} s, but {heard[:200]!r}"
            return heard
        except ConnectionError:
            return heard
        if not data or time.monotonic() > deadline:
            return heard
        heard += data


def send(port, data):
    """All that the server says to it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has heard enough, and has closed
        return drain(client)


def judge(heard):
    """The statuses of the answers; none may say that the server is at fault."""
    statuses = [int(status) for status in STATUS.findall(heard)]
    bad = [status for status in statuses if status >= 500 and status not in OF_HTTP | OF_BOARD]
    assert not bad, f"answered {bad}: {heard[:500]!r}"
    return statuses


class Sender(threading.Thread):
    """Sends every so many of the requests from `seed`."""

    def __init__(self, server, seed, numbers):
        super().__init__(daemon=True)
        self.server, self.seed, self.numbers = server, seed, numbers
        self.statuses, self.wrong = {}, []

    def run(self):
        for number in self.numbers:
            try:
                heard = send(self.server.port, make(self.seed, number))
                for status in judge(heard) or [0]:
                    self.statuses[status] = self.statuses.get(status, 0) + 1
                for lease in LEASE.findall(heard):  # one that was made by chance must not stand in the others' way
                    self.server.rest.request("DELETE", f"{API}/leases/{lease.decode()}")
            except (AssertionError, OSError) as error:
                self.wrong.append(f"--seed {self.seed}, request {number}: {type(error).__name__}: {error}\n"
                                  f"{make(self.seed, number)[:1000]!r}")


def run(server, seed, count, senders=8, first=0):
    """Sends `count` of them; returns how often each status came (0: closed without one)."""
    crowd = [Sender(server, seed, range(first + start, first + count, senders)) for start in range(senders)]
    for one in crowd:
        one.start()
    statuses = {}
    for one in crowd:
        one.join()
        for status, times in one.statuses.items():
            statuses[status] = statuses.get(status, 0) + times
    wrong = [text for one in crowd for text in one.wrong]
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong[:5])
    return dict(sorted(statuses.items()))
