# SPDX-License-Identifier: Apache-2.0
"""What it costs that a job is on the disk before the answer says that it is accepted: the time of such an answer, and how many of
them a second, beside an answer that records nothing."""

import contextlib
import statistics
import threading
import time

import lab
from rest import API
from table import table

ASYNC = {"Prefer": "respond-async"}
BOARDS = 16
JOBS = 800  # in all; 64 may wait for a board
CLIENTS = (1, 8, 32)


def ask(connection, method, path, status):
    """Seconds until the answer."""
    begin = time.perf_counter()
    connection.request(method, API + path, headers=ASYNC)
    reply = connection.getresponse()
    reply.read()
    assert reply.status == status, reply.status
    return time.perf_counter() - begin


def client(server, number, requests, times):
    connection = server.rest.connect()
    for name, method, path, status in requests[number]:
        times.append(ask(connection, method, path.format(name), status))
    connection.close()


def crowd(server, clients, method, path, status):
    """The times of JOBS answers to so many clients, and how many there were a second."""
    names = [f"lab{number % BOARDS}" for number in range(JOBS)]
    requests = [[(name, method, path, status) for name in names[number::clients]] for number in range(clients)]
    times = []
    threads = [threading.Thread(target=client, args=(server, number, requests, times)) for number in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, len(times) / (time.perf_counter() - begin)


def measure(directory, _count, _timing, progress):
    """The boards reset slowly enough that most jobs wait while the others are asked for."""
    rows = []
    with contextlib.ExitStack() as stack:
        boards = {f"lab{number}": stack.enter_context(lab.board(directory, device="echo")).address
                  for number in range(BOARDS)}
        for clients in CLIENTS:
            for what, method, path, status in (("a job is accepted", "POST", "/boards/{}/reset", 202),
                                               ("a board is shown", "GET", "/boards/{}", 200)):
                progress(f"accept: {what}, {clients} clients")
                with lab.server(directory, boards) as server:
                    times, rate = crowd(server, clients, method, path, status)
                rows.append({"what": what, "clients": clients, "median_ms": statistics.median(times) * 1000,
                             "p99_ms": statistics.quantiles(times, n=100)[98] * 1000, "a_second": rate})
    return {"jobs": JOBS, "boards": BOARDS, "rows": rows}


def report(found):
    rows = [[row["what"], row["clients"], f"{row['median_ms']:.1f} ms", f"{row['p99_ms']:.1f} ms", f"{row['a_second']:.0f}"]
            for row in found["rows"]]
    return table(f"{found['jobs']} answers, {found['boards']} boards; an accepted job is on the disk before the answer",
                 ["", "clients", "median", "99 of 100", "a second"], rows)
