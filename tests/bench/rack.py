# SPDX-License-Identifier: Apache-2.0
"""(g) A rack of 64 boards that are flashed at once, beside each of them alone: speed, CPU and memory of the server for each
board. The virtual boards run on the same processors, so what they take is told as well."""

import concurrent.futures
import contextlib
import os
import re
import statistics
import time

import firmware
from lab import board, server
from program import wait_until
from table import table

MANY = 64
ALONE = 3  # of them, one after the other; they are all alike
SIZE = 256 << 10
BAUDS = (115200, 230400, 460800)
OFFSET = "0x10000"
SAMPLE_SECONDS = 5


def cpu_seconds(pids):
    """User and system time of processes."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def others_seconds(pids):
    """What everybody else has taken of the processors."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _, _, irq, soft, *_ = map(int, stat.readline().split()[1:])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK") - cpu_seconds([*pids, os.getpid()])


def seconds_of(job):
    """From begin to end, by the server's clock: its wait for a connection or a thread of this program is left out."""
    def moment(text):
        hours, minutes, seconds = re.search(r"T(\d+):(\d+):([\d.]+)Z", text).groups()
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return (moment(job["finished"]) - moment(job["started"])) % 86400


def flash(daemon, name, image, baud):
    """Seconds of the whole job."""
    reply = daemon.rest.put(name, image, f"?offset={OFFSET}&baud={baud}", timeout=600)
    assert reply.status == 200, reply
    return seconds_of(reply.json())


class Meter:
    """CPU time of the server, of the boards and of everybody else, from the start of the `with` to its end."""

    def __init__(self, daemon, boards):
        self.groups = {"server": [daemon.pid], "boards": [one.pid for one in boards]}
        self.taken = {}

    def read(self):
        every = [pid for pids in self.groups.values() for pid in pids]
        return {**{name: cpu_seconds(pids) for name, pids in self.groups.items()}, "others": others_seconds(every)}

    def __enter__(self):
        self._before = self.read()
        return self

    def __exit__(self, *_):
        self.taken = {name: after - self._before[name] for name, after in self.read().items()}


def flash_all(daemon, boards, image, baud):
    """All at once: seconds of each, CPU, and the largest memory of the server meanwhile."""
    largest = 0
    with Meter(daemon, boards.values()) as meter, concurrent.futures.ThreadPoolExecutor(len(boards)) as pool:
        running = [pool.submit(flash, daemon, name, image, baud) for name in boards]
        while concurrent.futures.wait(running, timeout=0.5).not_done:
            largest = max(largest, daemon.resident_kb())
    for one in boards.values():
        one.holds(int(OFFSET, 0), image)
    return {"seconds": [one.result() for one in running], "cpu": meter.taken, "resident_kb": largest}


def idle(daemon, boards):
    """CPU of the server in some seconds in which nobody wants anything: the boards, which have no bootloader, restart again and
    again and say so, and the consoles remember it."""
    with Meter(daemon, boards.values()) as meter:
        time.sleep(SAMPLE_SECONDS)
    return meter.taken["server"] / SAMPLE_SECONDS


def measure_run(directory, boards, image, baud, progress):
    addresses = {name: one.address for name, one in boards.items()}
    with server(directory, addresses) as daemon:
        before = daemon.resident_kb()
        progress(f"farm: {baud} baud, alone")
        alone = [flash(daemon, name, image, baud) for name in list(boards)[:ALONE]]
        progress(f"farm: {baud} baud, {len(boards)} boards at once")
        at_once = flash_all(daemon, boards, image, baud)
        wait_until(lambda: all(row["state"] == "idle" for row in daemon.rest.get("/boards")["boards"]), "idle boards")
        return {"alone": statistics.median(alone), "at_once": at_once, "idle_kb": before,
                "after_kb": daemon.resident_kb(), "idle_cpu": idle(daemon, boards)}


def measure(directory, count, _timing, progress):
    image = firmware.image("esp32", SIZE)
    with contextlib.ExitStack() as stack:
        boards = {}
        for number in range(MANY):
            progress(f"farm: board {number + 1} of {MANY}")
            boards[f"lab{number}"] = stack.enter_context(board(directory, timing="real", flash_size="1MB"))
        with server(directory, {}) as empty:
            none_kb = empty.resident_kb()
        rows = []
        for baud in BAUDS:
            runs = [measure_run(directory, boards, image, baud, progress) for _ in range(count)]
            rows.append({"baud": baud, "runs": runs})
    return {"boards": MANY, "bytes": SIZE, "none_kb": none_kb, "rows": rows}


def median(runs, key):
    return statistics.median(key(run) for run in runs)


def speed_row(row, boards):
    runs = row["runs"]
    ratios = [(run["alone"] / statistics.median(run["at_once"]["seconds"]),
               run["alone"] / max(run["at_once"]["seconds"])) for run in runs]
    elapsed = median(runs, lambda run: max(run["at_once"]["seconds"]))
    cpu = {name: median(runs, lambda run, name=name: run["at_once"]["cpu"][name]) for name in ("server", "boards", "others")}
    return [row["baud"], f"{median(runs, lambda run: run['alone']):.2f}",
            f"{median(runs, lambda run: statistics.median(run['at_once']['seconds'])):.2f}",
            f"{100 * statistics.median(one for one, _ in ratios):.1f} %",
            f"{100 * statistics.median(worst for _, worst in ratios):.1f} %",
            *[f"{100 * cpu[name] / elapsed:.0f} %" for name in ("server", "boards", "others")],
            f"{1000 * cpu['server'] / boards:.1f}"]


def report(found):
    boards, none = found["boards"], found["none_kb"]
    rows = [speed_row(row, boards) for row in found["rows"]]
    runs = [run for row in found["rows"] for run in row["runs"]]

    def each(key):
        return f"{(median(runs, key) - none) / boards / 1024:.3f} MB"
    memory = [["idle, never flashed", f"{median(runs, lambda run: run['idle_kb']) / 1024:.1f} MB", each(lambda run: run["idle_kb"])],
              ["while all are flashed", f"{median(runs, lambda run: run['at_once']['resident_kb']) / 1024:.1f} MB",
               each(lambda run: run["at_once"]["resident_kb"])],
              ["idle, all flashed", f"{median(runs, lambda run: run['after_kb']) / 1024:.1f} MB", each(lambda run: run["after_kb"])]]
    notes = ["", f"A server without boards: {none / 1024:.1f} MB. CPU of the server while {boards} boards restart again and again: "
                 f"{100 * median(runs, lambda run: run['idle_cpu']):.2f} % of a processor."]
    head = ["baud", "alone (s)", f"{boards} at once", "of lone speed", "worst board", "CPU server", "boards", "others", "server ms a board"]
    return "\n\n".join((
        table(f"Flashing {found['bytes'] >> 10} KB to {boards} boards at once, medians ({os.cpu_count()} processors are {os.cpu_count()}00 %)",
              head, rows),
        table("Memory of farflashd (VmRSS)", ["", "resident", "a board"], memory, notes)))
