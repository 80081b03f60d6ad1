# SPDX-License-Identifier: Apache-2.0
"""Leases that end while their holder writes for all he is worth, on every door; the board's side is a recorder. Behind the first
byte of the next holder there must be none of the one before. Doors, moments and ways to end follow from a seed."""

import random
import socket
import threading
import time

import websocket

from bridge import Raw, Telnet
from console import Talk
from program import wait_until
from rest import API, ENDED
from tunnel import Tunnel

HEADER = "Farflash-Lease"
ELSEWHERE = "192.0.2.7"  # nobody here has it
OLD, NEW = b"old%07d;", b"NEW%07d;"
SYNC = b"\xc0\x00\x08\x24"  # how a job's first command begins
NEW_MESSAGES = 40
PAUSE = 0.0005


class Recorder:
    """A raw serial port over TCP, `address`, that keeps what it is sent: the board's side. One connection after the other."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock, self._heard = threading.Lock(), bytearray()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        try:
            while True:
                client, _ = self._listener.accept()
                with client:
                    self._record(client)
        except OSError:
            pass  # closed

    def _record(self, client):
        try:
            while data := client.recv(65536):
                with self._lock:
                    self._heard += data
        except ConnectionError:
            pass

    def heard(self):
        with self._lock:
            return bytes(self._heard)

    def forget(self):
        with self._lock:
            self._heard.clear()

    def close(self):
        self._listener.close()


# ---- doors: each is a function that opens one and returns (send a message, close) ----

def raw(server, _lease):
    client = Raw(server.port_of("lab1", "raw"))
    return client.send, client.close


def rfc2217(server, _lease):
    client = Telnet(server.port_of("lab1", "rfc2217"))
    return client.send, client.close


def console(server, lease):
    client = Talk(server, query=f"?lease={lease}")
    return client.send, client.close


def tunnel(server, lease):
    client, sent = Tunnel(server, f"?lease={lease}"), [0]

    def send(message):
        client.send(sent[0], 0, message)
        sent[0] += len(message)
    return send, client.close


def post(server, lease):
    """POST …/console."""
    def send(message):
        reply = server.rest.request("POST", f"{API}/boards/lab1/console", message, {HEADER: lease})
        assert reply.status in (204, 409, 410, 503), reply
    return send, lambda: None


def job(server, lease):
    """A job that knocks at the chip's loader; what it writes are its own bytes."""
    def send(_message):
        reply = server.rest.request("POST", f"{API}/boards/lab1/info?connect_attempts=1", headers={HEADER: lease})
        assert reply.status in (409, 410, 503, 504), reply
    return send, lambda: None


DOORS = {"raw": raw, "rfc2217": rfc2217, "console": console, "tunnel": tunnel, "post": post, "job": job}
NEW_DOORS = ("raw", "rfc2217", "console", "tunnel", "post")  # whose bytes can be told from the others'
BY_ADDRESS = ("raw", "rfc2217")
WAYS = ("by hand", "by time", "by hand, another waits", "by time, another waits")


def take(server, door, seconds, wait=0):
    """A lease with which the door opens; returns its id."""
    address = "127.0.0.1" if door in BY_ADDRESS else ELSEWHERE
    reply = server.rest.request("POST", f"{API}/leases?board=lab1&seconds={seconds}&wait={wait}&address={address}")
    assert reply.status == 201, reply
    return reply.json()["id"]


def end(server, lease):
    """Hands it back, unless it has ended by itself."""
    assert server.rest.request("DELETE", f"{API}/leases/{lease}").status in (204, 410)


class Hammer(threading.Thread):
    """Writes numbered messages through a door, so many at a time, until it is stopped or its connection is gone."""

    def __init__(self, send, together):
        super().__init__(daemon=True)
        self.send, self.together, self._over, self.error = send, together, threading.Event(), None

    def run(self):
        number = 0
        try:
            while not self._over.wait(PAUSE):
                self.send(b"".join(OLD % (number + more) for more in range(self.together)))
                number += self.together
        except (OSError, websocket.WebSocketException):
            pass  # closed by the server: that is an end too
        except AssertionError as error:
            self.error = error

    def stop(self):
        self._over.set()
        self.join()
        if self.error:
            raise self.error


class Round:
    """One end of a lease."""

    def __init__(self, server, recorder, choose, door):
        self.server, self.recorder = server, recorder
        self.door, self.next_door, self.way = door, choose.choice(NEW_DOORS), choose.choice(WAYS)
        self.moment, self.together = choose.random() * 0.05, choose.choice((1, 1, 20, 300))

    def __str__(self):
        return f"{self.door} ({self.together} messages at a time) {self.way} after {self.moment * 1000:.1f} ms, then {self.next_door}"

    def run(self):
        self.recorder.forget()
        by_time = self.way.startswith("by time")
        lease = take(self.server, self.door, 1 if by_time else 60, wait=20)
        send, close = DOORS[self.door](self.server, lease)
        hammer = Hammer(send, self.together)
        hammer.start()
        try:
            self.wait_for_old(lease)
            following = self.change_hands(lease, by_time)
            self.write_as_next(following)
        finally:
            hammer.stop()
            close()
        self.judge()

    def wait_for_old(self, lease):
        """Until the board has heard of the old holder; by time it may be over sooner than it begins."""
        marks = (SYNC if self.door == "job" else b"old",)

        def heard():
            return any(mark in self.recorder.heard() for mark in marks) or self.is_over(lease)
        wait_until(heard, f"{self.door} to write", interval=0.001)

    def is_over(self, lease):
        return self.server.rest.request("GET", f"{API}/leases/{lease}").status == 410

    def change_hands(self, lease, by_time):
        """The next holder's lease; perhaps it is waited for already when the old one ends."""
        got = []
        waiter = threading.Thread(target=lambda: got.append(take(self.server, self.next_door, 60, wait=30)), daemon=True)
        if "waits" in self.way:
            waiter.start()
        time.sleep(self.moment)  # the moment is what is random here
        if by_time:
            wait_until(lambda: self.is_over(lease), "the lease to run out", interval=0.002)
        else:
            end(self.server, lease)
        if not waiter.is_alive() and not got:
            waiter.start()
        waiter.join(40)
        assert got, f"nobody gets the board: {self}"
        return got[0]

    def write_as_next(self, lease):
        send, close = DOORS[self.next_door](self.server, lease)
        try:
            for number in range(NEW_MESSAGES):
                send(NEW % number)
            wait_until(lambda: NEW % (NEW_MESSAGES - 1) in self.recorder.heard(), f"the last of the next holder: {self}",
                       interval=0.002)
        finally:
            close()
            end(self.server, lease)

    def judge(self):
        behind = b"NEW" + self.recorder.heard().partition(b"NEW")[2]
        expected = b"".join(NEW % number for number in range(NEW_MESSAGES))
        assert behind == expected, f"{self}: behind the next holder's first byte came {behind[:400]!r}"


def wait_free(server):
    """Until nobody has the board and no job of the round is left."""
    def free():
        row = server.rest.board("lab1")
        return row["lease"] is None and row["holder"] is None and row["state"] == "idle" and not row["queued"]
    wait_until(free, "the board to be free")
    assert all(one["state"] in ENDED for one in server.rest.get("/jobs")["jobs"])


def race(server, recorder, seed, rounds, doors=tuple(DOORS)):
    """Plays rounds, each door in its turn. Raises AssertionError with the seed and the round."""
    for number in range(rounds):
        one = Round(server, recorder, random.Random(f"{seed}/{number}"), doors[number % len(doors)])
        try:
            one.run()
            wait_free(server)
        except AssertionError as error:
            raise AssertionError(f"--seed {seed}, round {number}: {one}: {error}") from error
