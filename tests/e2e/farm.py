# SPDX-License-Identifier: Apache-2.0
"""A farm: many virtual boards, whose cables can be pulled, and a server in front of them."""

import contextlib
import os
import threading

from board import Board
from program import wait_until
from server import Server

SHORT_LEASES = ("--shortest-lease", "1")

KEPT_IMAGES = 8  # of the server, as the docs say


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


class Farm:
    """`boards` by name: lab0, lab1, … A board that is pulled keeps its flash and its port. `judge` raises for whatever a
    program of it did wrong."""

    def __init__(self, directory, count, server_options=SHORT_LEASES, flash_size="1MB", **board_options):
        self.names = [f"lab{number}" for number in range(count)]
        self._directory, self._options = directory, {"flash_size": flash_size, **board_options}
        self._programs, self._cables = [], {name: threading.Lock() for name in self.names}
        self.boards = {}
        for name in self.names:
            os.mkdir(os.path.join(directory, name))
            self._start(name, "rfc2217:0")
        home = os.path.join(directory, "server")
        os.mkdir(home)
        self.server = Server(home, {name: one.address for name, one in self.boards.items()}, server_options)
        self._programs.append(self.server)
        self.rest = self.server.rest
        self.wait_idle()

    def _start(self, name, listen):
        self.boards[name] = Board(os.path.join(self._directory, name), listen=listen, **self._options)
        self._programs.append(self.boards[name])

    @contextlib.contextmanager
    def pulled(self, name):
        """A board without its cable, for as long as the `with` lasts."""
        with self._cables[name]:
            port = self.boards[name].port
            self.boards[name].kill()
            try:
                yield
            finally:
                self._start(name, f"rfc2217:{port}")

    def wait_idle(self, timeout=60):
        """Waits until every board is there and has nothing to do."""
        def idle():
            return all(row["state"] == "idle" and not row["queued"] for row in self.rest.get("/boards")["boards"])
        wait_until(idle, "all boards to be idle", timeout)

    def flash(self, name, offset, size):
        """What is in a board's flash, read from its file."""
        return self.boards[name].flash(offset, size)

    def footprint(self):
        """What a server must not gather: descriptors, threads and halves of uploads."""
        return {"descriptors": descriptors(self.server.pid) - min(len(self.server.kept_images()), KEPT_IMAGES),
                "threads": threads(self.server.pid),
                "uploads": len([name for name in self.server.files() if "upload" in name])}

    def wait_footprint(self, before, timeout=20):
        """Waits until the server holds no more than before; raises with what it holds."""
        def small():
            now = self.footprint()
            return all(now[key] <= before[key] for key in before)
        try:
            wait_until(small, "the server to let go of things", timeout, 0.1)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.footprint()} after {before}") from None

    def judge(self):
        """Ends all programs; raises for the first that went wrong, when all have ended."""
        wrong = []
        for program in reversed(self._programs):
            try:
                program.judge()
            except AssertionError as error:
                wrong.append(str(error))
        assert not wrong, "\n".join(wrong)


@contextlib.contextmanager
def farm(directory, count, **options):
    """A Farm that is judged at the end; if something went wrong in between, that counts, and the server's last words come
    with it."""
    started = Farm(str(directory), count, **options)
    try:
        yield started
    except BaseException:
        print("\n".join(started.server.output().splitlines()[-60:]))
        try:
            started.judge()
        except AssertionError as error:
            print(error)
        raise
    started.judge()
