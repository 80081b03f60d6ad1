# SPDX-License-Identifier: Apache-2.0
"""Starts Debian's ser2net in front of serial devices."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile

from program import wait_until

KINDS = {"raw": "tcp", "rfc2217": "telnet(rfc2217=true),tcp"}
CONNECTIONS = 64


def program():
    """The path of ser2net, or None."""
    return shutil.which("ser2net", path=os.environ.get("PATH", "") + ":/usr/sbin")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def is_listening(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def ser2net(directory, devices, delays):
    """Yields the process and the ports: [{"raw": port, "rfc2217": port}, ...] for each device. `delays`: it gathers what
    a device says for a millisecond, as it does unless told otherwise."""
    numbers = iter(free_ports(len(devices) * len(KINDS)))
    ports, lines = [], []
    for device in devices:
        ports.append({kind: next(numbers) for kind in KINDS})
        for kind, accepter in KINDS.items():
            port = ports[-1][kind]
            lines += [f"connection: &c{port}", f"  accepter: {accepter},127.0.0.1,{port}",
                      f"  connector: serialdev(nouucplock),{device},115200n81,local", "  options:",
                      f"    max-connections: {CONNECTIONS}", f"    chardelay: {str(delays).lower()}"]
    config = os.path.join(tempfile.mkdtemp(dir=directory), "ser2net.yaml")
    with open(config, "w", encoding="utf-8") as output:
        output.write("\n".join(lines) + "\n")
    with open(config + ".log", "w", encoding="utf-8") as log:
        process = subprocess.Popen([program(), "-n", "-u", "-c", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        # One that was not read from its configuration is reported in the log only.
        wait_until(lambda: all(is_listening(port) for one in ports for port in one.values()), "ser2net")
        yield process, ports
    finally:
        process.kill()
        process.wait()
