# SPDX-License-Identifier: Apache-2.0
"""(f) The TCP ports of farflashd beside Debian's ser2net, in front of loopback devices: throughput, CPU and latency.

All of them have the same devices, one after the other, as often as there are runs; the medians and their ratios count."""

import contextlib
import os
import statistics
import tempfile

from crowd import Flow, connect, echo, echo_device, flow, is_heard, join
from lab import board, server
from ser2net import program, ser2net
from table import table

MB = 1 << 20
MANY = 64
MESSAGES = 1024
OURS = "farflashd"
PEER = "ser2net"
PEER_AT_ONCE = "ser2net, chardelay: false"
SCENES = {"1 session": (1, 32 * MB), f"{MANY} boards, a session each": (MANY, MB), f"{MANY} readers of a board": (1, 2 * MB)}
KINDS = ("raw", "rfc2217")


class Bridge:
    """What is measured: a process, and the ports of its boards."""

    def __init__(self, pid, ports):
        self.pid, self.ports = pid, ports

    def cpu(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def devices(stack, directory):
    """MANY loopback devices."""
    place = tempfile.mkdtemp(dir=directory)
    paths = [os.path.join(place, f"tty{number}") for number in range(MANY)]
    for path in paths:
        stack.enter_context(board(directory, device="echo", listen=f"pty:{path}"))
    return paths


@contextlib.contextmanager
def bridge_of(name, directory, paths):
    if name != OURS:
        with ser2net(directory, paths, delays=name == PEER) as (process, ports):
            yield Bridge(process.pid, ports)
        return
    names = [f"b{number}" for number in range(MANY)]
    with server(directory, dict(zip(names, paths))) as daemon:
        yield Bridge(daemon.pid, [{kind: daemon.port_of(one, kind) for kind in KINDS} for one in names])


def clients(stack, bridge, scene, kind):
    """The scene's connections; those that write come first."""
    if "readers" not in scene:
        ports = bridge.ports[:SCENES[scene][0]]
        return [stack.enter_context(contextlib.closing(connect(port[kind], kind))) for port in ports], []
    writer = stack.enter_context(contextlib.closing(connect(bridge.ports[0][kind], kind)))
    readers = []
    for _ in range(MANY - 1):
        readers.append(stack.enter_context(contextlib.closing(connect_reader(bridge.ports[0][kind], kind, writer))))
    return [writer], readers


def connect_reader(port, kind, writer):
    """A connection that hears what the writer has the device say."""
    reader = join(port, kind)
    echo(writer)
    while not is_heard(reader):  # it had not been accepted yet
        echo(writer)
    return reader


def throughput(bridge, scene, kind):
    """MB a second through the writers, CPU seconds for each MB that anybody got, and the share that readers got."""
    with contextlib.ExitStack() as stack:
        writers, readers = clients(stack, bridge, scene, kind)
        sending = [Flow(client, kind, SCENES[scene][1]) for client in writers]
        listening = [Flow(client, kind, SCENES[scene][1], writes=False) for client in readers]
        before = bridge.cpu()
        seconds = flow(sending + listening, sending)
        cpu = bridge.cpu() - before
    sent = sum(one.expected for one in sending)
    heard = sum(one.got for one in sending + listening)
    share = sum(one.got for one in listening) / sum(one.expected for one in listening) if listening else None
    return {"mb_s": sent / MB / seconds, "cpu_mb": cpu / (heard / MB), "share": share}


def quantile(seconds, share):
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))]


def latency(bridge, scene, kind):
    """Seconds that small messages take there and back: p50 and p99."""
    with contextlib.ExitStack() as stack:
        writers, readers = clients(stack, bridge, scene, kind)
        seconds = []
        for number in range(MESSAGES):
            seconds.append(echo(writers[number % len(writers)]))
    del readers
    return {"p50": quantile(seconds, 0.5), "p99": quantile(seconds, 0.99)}


def bare_latency(device):
    seconds = echo_device(device, MESSAGES)
    return {"p50": quantile(seconds, 0.5), "p99": quantile(seconds, 0.99)}


def median(runs):
    return {key: statistics.median(run[key] for run in runs) if runs[0][key] is not None else None for key in runs[0]}


def measure(directory, count, _timing, progress):
    names = (OURS, PEER, PEER_AT_ONCE) if program() else (OURS,)
    places = [(scene, kind) for scene in SCENES for kind in KINDS]
    runs, bare = {place: {name: [] for name in names} for place in places}, []
    with contextlib.ExitStack() as stack:
        progress("peers: starting boards")
        paths = devices(stack, directory)
        for number in range(count):
            bare.append(bare_latency(paths[0]))
            for name in names:
                with bridge_of(name, directory, paths) as bridge:
                    for place in places:
                        progress(f"peers: {name}, {', '.join(place)}, run {number + 1} of {count}")
                        runs[place][name].append({**throughput(bridge, *place), **latency(bridge, *place)})
    return {"bare": median(bare), "rows": [{"scene": place[0], "kind": place[1],
                                            **{name: median(of) for name, of in runs[place].items()}} for place in places]}


def report(found):
    rows, notes = [], []
    for row in found["rows"]:
        for name in (OURS, PEER, PEER_AT_ONCE):
            if name not in row:
                continue
            one, ours = row[name], row[OURS]
            added = {key: (one[key] - found["bare"][key]) * 1000 for key in ("p50", "p99")}
            rows.append([f"{row['scene']}, {row['kind']}", name, f"{one['mb_s']:.1f}", f"{one['cpu_mb'] * 1000:.2f}",
                         f"{added['p50']:.2f}", f"{added['p99']:.2f}",
                         f"{ours['mb_s'] / one['mb_s']:.2f}x", f"{ours['cpu_mb'] / one['cpu_mb']:.2f}x",
                         f"{one['share'] * 100:.0f} %" if one["share"] is not None else "-"])
    if PEER not in found["rows"][0]:
        notes = ["", "ser2net is not here: apt-get install ser2net."]
    return table("The TCP ports of farflashd beside ser2net, medians",
                 ["", "", "MB/s", "CPU ms/MB", "added p50 ms", "p99 ms", "ours: MB/s", "CPU", "readers got"], rows, notes)
