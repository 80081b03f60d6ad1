# SPDX-License-Identifier: Apache-2.0
"""(d) How fast an upload reaches the disk of the server, beside a plain write and a hash of the same bytes."""

import hashlib
import os
import statistics
import time

import firmware
from lab import board, server
from rest import API, form
from table import table

SIZE = 16 << 20


def timed(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def write_file(directory, data):
    path = os.path.join(directory, "plain.bin")
    with open(path, "wb") as output:
        output.write(data)
    os.unlink(path)


def send(daemon, method, query, body, kind):
    reply = daemon.rest.request(method, f"{API}/boards/lab0/flash{query}", body,
                                {"Content-Type": kind, "Prefer": "respond-async"}, timeout=120)
    assert reply.status == 202, reply
    job = reply.json()["id"]
    daemon.rest.cancel(job)
    return job


def measure(directory, count, _timing, progress):
    data = firmware.payload(1 << 20) * (SIZE >> 20)
    kind, body = form([("0x0", data)])
    found = {"bytes": SIZE, "put": [], "form": [], "disk": [], "sha256": []}
    with board(directory, flash_size="16MB", timing="real") as one, server(directory, {"lab0": one.address}) as daemon:
        for number in range(count):
            progress(f"upload: run {number + 1} of {count}")
            for key, arguments in (("put", ("PUT", "?offset=0x0", data, "application/octet-stream")),
                                   ("form", ("POST", "", body, kind))):
                jobs = []
                found[key].append(timed(lambda: jobs.append(send(daemon, *arguments))))
                daemon.rest.wait_job(jobs[0])
            found["disk"].append(timed(lambda: write_file(directory, data)))
            found["sha256"].append(timed(lambda: hashlib.sha256(data).digest()))
    return {key: statistics.median(value) if isinstance(value, list) else value for key, value in found.items()}


def report(found):
    names = {"put": "PUT until 202", "form": "form until 202", "disk": "plain write of a file", "sha256": "SHA-256 alone"}
    rows = [[name, f"{found[key] * 1000:.0f}", f"{found['bytes'] / found[key] / 1e6:.0f}"] for key, name in names.items()]
    return table(f"Upload of {found['bytes'] >> 20} MB, medians", ["", "ms", "MB/s"], rows)
