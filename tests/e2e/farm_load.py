# SPDX-License-Identifier: Apache-2.0
"""People and CI jobs on a farm, all at once: they flash, read, reset, take leases, renew and end them or let them run out, and
cancel, while cables are pulled. Afterwards everything that they were told has to fit together. What each of them does follows
from the seed and its number; when it happens does not."""

import collections
import itertools
import random
import re
import threading
import time

import firmware
from metrics import Metrics
from program import wait_until
from rest import API, ENDED

HEADER = "Farflash-Lease"
SLOT, FIRST_SLOT = 0x2000, 0x10000  # each client has a slot of its own on every board
CLIENTS_MAX = (0x100000 - FIRST_SLOT) // SLOT
REFUSED = {409, 410, 429}      # somebody else has the board, the lease has ended, too many jobs
TROUBLE = {502, 503, 504}      # the board's cable was pulled
CABLE = {"board-lost", "unreachable", "port-not-found", "port-denied", "io-error", "no-answer", "timeout", "protocol-error",
         "port-busy", "command-refused", "verify-failed", "unknown-chip", "busy"}


class Ledger:
    """What the clients were told, kept for the end."""

    def __init__(self, budget):
        self._lock, self._left = threading.Lock(), budget
        self.ended = {}      # job id: its end
        self.cancelled = 0   # requests to cancel that were taken
        self.leases = []     # (board, id, from when, until when) in which it was surely in force
        self.writes = []     # (board, lease or None, sent, answered) of accepted jobs
        self.wrong = []

    def take_turn(self):
        """Whether there is still a job to submit."""
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def note_end(self, job):
        with self._lock:
            before = self.ended.setdefault(job["id"], job)
            if (before["state"], before["result"]) != (job["state"], job["result"]):
                self.wrong.append(f"two ends of a job: {before}, then {job}")

    def note_lease(self, board, lease, begin, end):
        with self._lock:
            if end > begin:
                self.leases.append((board, lease, begin, end))

    def note_accepted(self, board, lease, sent, answered):
        with self._lock:
            self.writes.append((board, lease, sent, answered))

    def blame(self, text):
        with self._lock:
            self.wrong.append(text)

    def check_leases(self):
        """No two leases of a board at a time, and no job of somebody else meanwhile."""
        by_board = collections.defaultdict(list)
        for board, lease, begin, end in self.leases:
            by_board[board].append((begin, end, lease))
        for board, rows in by_board.items():
            rows.sort()
            for one, other in itertools.pairwise(rows):
                if other[0] < one[1] and other[2] != one[2]:
                    self.wrong.append(f"{board} had two leases for {one[1] - other[0]:.3f} s")
        for board, lease, sent, answered in self.writes:
            for begin, end, holder in by_board[board]:
                if holder != lease and begin < sent and answered < end:
                    self.wrong.append(f"a job for {board} was taken in the middle of somebody else's lease")


class Client(threading.Thread):
    """One of them. `steps` are what it may do next, some more often than others."""

    def __init__(self, farm, ledger, number, seed):
        super().__init__(name=f"client {number}", daemon=True)
        self.farm, self.rest, self.ledger = farm, farm.rest, ledger
        self.random = random.Random(f"{seed}/{number}")
        self.offset = FIRST_SLOT + number * SLOT
        self.serial = itertools.count(number << 16)
        self.steps = (self.flash,) * 4 + (self.queue_some, self.lease, self.lease, self.reset, self.read, self.look)

    def run(self):
        try:
            while self.ledger.take_turn():
                self.random.choice(self.steps)(self.random.choice(self.farm.names))
        except Exception as error:  # told in the thread of the test
            self.ledger.blame(f"{self.name}: {type(error).__name__}: {error}")

    def submit(self, method, board, path, body=None, lease=None, wait=True):
        """Asks for a job; returns it as far as the answer tells, or None if it was refused."""
        headers = {} if wait else {"Prefer": "respond-async"}
        if lease:
            headers[HEADER] = lease
        sent = time.monotonic()
        reply = self.rest.request(method, f"{API}/boards/{board}/{path}", body, headers, timeout=120)
        answered = time.monotonic()
        octets = reply.type == "application/octet-stream"
        found = None if octets else reply.json()
        job = found if found and "id" in found else (found or {}).get("job")
        assert reply.status in {200, 202} | REFUSED | TROUBLE, reply
        if job:
            self.ledger.note_accepted(board, lease, sent, answered)
            if job["state"] in ENDED:
                self.ledger.note_end(job)
                assert (reply.status == 200) == (job["state"] == "done"), reply
        return job

    def image(self):
        return firmware.payload(self.random.randrange(1, SLOT), seed=next(self.serial))

    def flash(self, board, lease=None):
        image = self.image()
        job = self.submit("PUT", board, f"flash?offset={self.offset:#x}", image, lease)
        self.judge(board, job, image)

    def judge(self, board, job, image):
        """A write that is done must be in the flash: this slot is nobody else's."""
        if job and job["state"] == "done":
            found = self.farm.flash(board, self.offset, len(image))
            assert found == image, f"job {job['id']} is done, but {board} does not hold at {self.offset:#x} what it wrote"
        elif job and job["state"] == "failed":
            assert job["error"]["code"] in CABLE, job

    def queue_some(self, board, lease=None):
        """Several at once, of which one may be cancelled in whatever state it is."""
        queued = []
        for _ in range(self.random.randint(1, 3)):
            image = self.image()
            job = self.submit("PUT", board, f"flash?offset={self.offset:#x}", image, lease, wait=False)
            queued += [(job, image)] if job else []
        if queued and self.random.random() < 0.6:
            victim = self.random.choice(queued)[0]["id"]
            status = self.rest.cancel(victim).status
            assert status in (202, 409), status
            self.ledger.cancelled += status == 202
        ended = [(self.rest.wait_job(job["id"], timeout=120), image) for job, image in queued]
        for job, _ in ended:
            self.ledger.note_end(job)
        if ended:
            self.judge(board, *ended[-1])

    def lease(self, board):
        seconds, wait = self.random.choice((1, 1, 2, 5)), self.random.choice((0, 0, 5))
        sent = time.monotonic()
        reply = self.rest.request("POST", f"{API}/leases?board={board}&seconds={seconds}&wait={wait}")
        begin = time.monotonic()
        if reply.status != 201:
            assert reply.status in REFUSED, reply
            return
        lease = reply.json()["id"]
        until = (sent if wait == 0 else begin - 1) + seconds  # one that has waited began later than it was asked for
        until = max(until, sent + seconds) if wait == 0 else begin  # and it is not known how long before the answer
        for _ in range(self.random.randrange(3)):
            self.random.choice((self.flash, self.queue_some))(board, lease)
        if self.random.random() < 0.3:
            sent = time.monotonic()
            if self.rest.request("POST", f"{API}/leases/{lease}/renew?seconds={seconds}").status == 200:
                until = sent + seconds
        if self.random.random() < 0.7:
            until = min(until, time.monotonic())
            reply = self.rest.request("DELETE", f"{API}/leases/{lease}")
            assert reply.status in (204, 410), reply
        self.ledger.note_lease(board, lease, begin, until)

    def reset(self, board):
        self.submit("POST", board, "reset")

    def read(self, board):
        """The problem of a read that fails has its job; what is read has none."""
        job = self.submit("GET", board, "flash?offset=0x0&size=0x1000", wait=False)
        if job:
            self.ledger.note_end(self.rest.wait_job(job["id"], timeout=120))

    def look(self, board):
        for path in (f"/boards/{board}", "/jobs", "/leases"):
            self.rest.get(path)


class Puller(threading.Thread):
    """Pulls cables, one at a time, until it is stopped."""

    def __init__(self, farm, seed, pause=0.3):
        super().__init__(name="puller", daemon=True)
        self.farm, self.random, self.pause = farm, random.Random(f"{seed}/puller"), pause
        self.pulled, self._stop_it = 0, threading.Event()

    def run(self):
        while not self._stop_it.wait(self.random.random() * 2 * self.pause):
            with self.farm.pulled(self.random.choice(self.farm.names)):
                self.pulled += 1
                self._stop_it.wait(self.random.random() * self.pause)

    def stop(self):
        self._stop_it.set()
        self.join()


def check_metrics(rest, ledger):
    """The server has counted what the clients were told."""
    states = collections.Counter(job["error"]["code"] if job["error"] else "ok" for job in ledger.ended.values())

    def counted():
        metrics, found = Metrics(rest), collections.Counter()
        for (name, labels), value in metrics.values.items():
            if name == "farflash_jobs_total" and value:
                found[dict(labels)["result"]] += int(value)
        return (metrics, found) if found.total() >= states.total() else None
    metrics, found = wait_until(counted, f"{states.total()} jobs to be counted")
    assert found == states, f"the server counts {found}, its clients {states}"
    for name, labels in (("farflash_jobs", {"state": "waiting"}), ("farflash_jobs", {"state": "running"}),
                         ("farflash_boards", {"state": "lost"}), ("farflash_boards", {"state": "busy"})):
        assert metrics.get(name, **labels) == 0, (name, labels)
    for (name, labels), value in metrics.values.items():
        assert name != "farflash_bridge_sessions" or value == 0, (labels, value)


def check_log(farm, jobs):
    """Nothing that the server calls an error, and no more lines than there was work."""
    lines = farm.server.output().splitlines()
    errors = [line for line in lines if re.match(r"\S+ error ", line) and not re.search(r"job \d+ \(\S+\) failed", line)]
    assert not errors, errors[:5]
    assert len(lines) < 100 + 30 * jobs, f"{len(lines)} lines of log for {jobs} jobs"


def run(farm, clients, jobs, seed, say=lambda text: None, pull=True):
    """`clients` do about `jobs` things; raises AssertionError with everything that was wrong. Returns the ledger."""
    assert clients <= CLIENTS_MAX
    ledger, before = Ledger(jobs), farm.footprint()
    crowd, puller = [Client(farm, ledger, number, seed) for number in range(clients)], Puller(farm, seed)
    for one in crowd + [puller] * pull:
        one.start()
    while any(one.is_alive() for one in crowd):
        for one in crowd:
            one.join(1)
        say(f"{len(ledger.ended)} jobs have ended, {puller.pulled} cables were pulled")
    if pull:
        puller.stop()
    ledger.pulled = puller.pulled
    assert not ledger.wrong, "\n".join(ledger.wrong)
    farm.wait_idle()
    ledger.check_leases()
    check_against_list(farm.rest, ledger)
    wait_until(lambda: not farm.rest.get("/leases")["leases"], "all leases to end")
    check_metrics(farm.rest, ledger)
    farm.wait_footprint(before)
    check_log(farm, len(ledger.ended))
    assert not ledger.wrong, "\n".join(ledger.wrong)
    return ledger


def check_against_list(rest, ledger):
    """Whatever the server still remembers has ended, and as it was told."""
    for job in rest.get("/jobs")["jobs"]:
        if job["state"] not in ENDED:
            ledger.blame(f"a job has not ended: {job}")
        elif job["id"] not in ledger.ended:
            ledger.blame(f"nobody has asked for {job}")
        else:
            ledger.note_end(job)
