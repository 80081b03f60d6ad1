# SPDX-License-Identifier: Apache-2.0
"""(d) How fast an upload reaches the disk of the server: beside a sink on libmicrohttpd that forgets what it takes, beside a
plain write and a hash of the same bytes, and as the sink does when the client's network is the limit."""

import contextlib
import hashlib
import os
import socket
import statistics
import time

import firmware
from client import farflash
from lab import board, image_file, server
from program import Program, program_path
from relay import Relay
from rest import API, Rest, form
from server import LISTENING
from table import table

SIZE = 16 << 20
TWICE_SIZE, RTT = 4 << 20, 0.02
PIECE = 64 << 10
GIGABIT = 125e6  # bytes a second
WARM = 3  # times before it counts
OCTETS = "application/octet-stream"


def timed(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def write_file(directory, data):
    path = os.path.join(directory, "plain.bin")
    with open(path, "wb") as output:
        output.write(data)
    os.unlink(path)


@contextlib.contextmanager
def sink():
    program = Program([program_path("upload-sink")])
    try:
        yield Rest(int(program.wait_line(LISTENING).group(1).rpartition(":")[2]))
    finally:
        program.terminate()


def send_to_sink(rest, data):
    reply = rest.request("PUT", "/", data, {"Content-Type": OCTETS})
    assert reply.status == 204, reply


def send_slowly(port, path, data, status):
    """As through a network of 1 Gbit/s: seconds, and the job's id if there is one."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nPrefer: respond-async\r\nContent-Length: {len(data)}\r\n\r\n".encode())
        begin = time.perf_counter()
        for at in range(0, len(data), PIECE):
            client.sendall(memoryview(data)[at:at + PIECE])
            time.sleep(max(0.0, begin + (at + PIECE) / GIGABIT - time.perf_counter()))
        reply = client.recv(65536)
        took = time.perf_counter() - begin
    assert reply.startswith(f"HTTP/1.1 {status} ".encode()), reply
    return took, reply.partition(b'"id":')[2].partition(b'"')[2].partition(b'"')[0].decode()


def send(daemon, method, query, body, kind):
    reply = daemon.rest.request(method, f"{API}/boards/lab0/flash{query}", body,
                                {"Content-Type": kind, "Prefer": "respond-async"}, timeout=120)
    assert reply.status == 202, reply
    job = reply.json()["id"]
    daemon.rest.cancel(job)
    return job


def measure_once(daemon, nothing, directory, images):
    """Seconds of each. An image that the server has is not written again, so each is a new one."""
    kind, body = form([("0x0", images[0])])
    found = {}
    data = images[1]
    for key, arguments in (("put", ("PUT", "?offset=0x0", data, OCTETS)), ("form", ("POST", "", body, kind))):
        begin = time.perf_counter()
        job = send(daemon, *arguments)
        found[key] = time.perf_counter() - begin
        daemon.rest.wait_job(job)
    found["sink"] = timed(lambda: send_to_sink(nothing, data))
    found["slow_put"], job = send_slowly(daemon.port, f"{API}/boards/lab0/flash?offset=0x0", images[2], 202)
    daemon.rest.cancel(job)
    daemon.rest.wait_job(job)
    found["slow_sink"], _ = send_slowly(nothing.port, "/", data, 204)
    found["disk"] = timed(lambda: write_file(directory, data))
    found["sha256"] = timed(lambda: hashlib.sha256(data).digest())
    return found


def write_from_afar(relay, path):
    """Seconds of a write-flash, and the bytes that it sent to the server."""
    before = relay.to_target
    done = farflash("--server", f"http://127.0.0.1:{relay.port}", "--board", "lab0", "write-flash", "0x10000", path, timeout=300)
    assert done.status == 0, done
    return done.seconds, relay.to_target - before


def measure_twice(directory, count):
    """The same image for the first time and again, RTT away."""
    found = {"first": [], "again": []}
    with board(directory, flash_size="8MB") as one, server(directory, {"lab0": one.address}) as daemon, Relay(daemon.port, RTT) as relay:
        for seed in range(count):
            path = image_file(directory, TWICE_SIZE, seed + 1)
            for row in found.values():
                row.append(write_from_afar(relay, path))
    return {key: [statistics.median(column) for column in zip(*row)] for key, row in found.items()}


def measure(directory, count, _timing, progress):
    common = firmware.payload(1 << 20) * (SIZE >> 20)
    runs = []
    with board(directory, flash_size="16MB", timing="real") as one, server(directory, {"lab0": one.address}) as daemon, \
            sink() as nothing:
        for number in range(WARM + 3 * count):
            progress(f"upload: run {number + 1} of {WARM + 3 * count}")
            runs.append(measure_once(daemon, nothing, directory, [number.to_bytes(4, "big") + bytes([kind]) + common[5:]
                                                                  for kind in range(3)]))
    return {"bytes": SIZE, "twice": measure_twice(directory, count), **{key: statistics.median(run[key] for run in runs[WARM:]) for key in runs[0]}}


def report(found):
    names = {"sink": "PUT to a libmicrohttpd sink", "put": "PUT until 202", "form": "form until 202",
             "slow_sink": "PUT to the sink over 1 Gbit/s", "slow_put": "PUT until 202 over 1 Gbit/s",
             "disk": "plain write of a file", "sha256": "SHA-256 alone"}
    peers = {"put": "sink", "form": "sink", "slow_put": "slow_sink"}
    rows = [[name, f"{found[key] * 1000:.1f}", f"{found['bytes'] / found[key] / 1e6:.0f}",
             f"{100 * found[peers[key]] / found[key]:.0f} %" if key in peers else ""] for key, name in names.items()]
    twice = [[f"write-flash of {TWICE_SIZE >> 20} MB, {RTT * 1000:.0f} ms away, {key}", f"{seconds * 1000:.1f}", f"{sent / 1e6:.3f} MB sent", ""]
             for key, (seconds, sent) in found["twice"].items()]
    return table(f"Upload of {found['bytes'] >> 20} MB, medians", ["", "ms", "MB/s", "of the sink"], rows + twice)
