# SPDX-License-Identifier: Apache-2.0
"""Kills farflashd with SIGKILL at random moments while clients are at work, and holds what it says after each restart against
what its answers had promised, what its logs tell and what the boards' flash holds."""

import collections
import http.client
import os
import random
import re
import shutil
import sqlite3
import tempfile
import threading
import time

from board import Board
from program import Program, program_path, wait_until
from rest import API, ENDED, form
from server import Server

ASYNC = {"Prefer": "respond-async"}
SLOT, SLOTS, FIRST_SLOT = 4096, 900, 0x10000
BEGINS = re.compile(r"job (\d+) \(([a-z-]+)\) begins")
UNREACHABLE = (OSError, http.client.HTTPException)
CLIENTS = 4
AT_ONCE = 10  # jobs that are asked for between two deaths: more could not run in that time
LEASED = "leased"  # the board for which jobs are only asked with a lease


class Promise:
    """A job that the server has accepted, and what it has been asked for."""

    def __init__(self, job, image=None, offset=None):
        self.id, self.board, self.kind, self.rerun = job["id"], job["board"], job["kind"], job["rerun"]
        self.created = job["created"]
        self.image, self.offset = image, offset
        self.ended = None  # as it was shown first when it had ended


class Lease:
    def __init__(self, lease):
        self.id, self.board, self.shown = lease["id"], lease["board"], lease
        self.given_back = False  # it may have been, or has been


class Trial:
    """Some boards, one data directory, and a server that is started and killed again and again."""

    def __init__(self, directory, seed, boards=3):
        self.choose = random.Random(seed)
        self.directory = directory
        self.data_dir = os.path.join(directory, "data")
        self.boards = {}
        for name in [*(f"lab{number}" for number in range(boards)), LEASED]:
            folder = os.path.join(directory, name)
            os.mkdir(folder)
            self.boards[name] = Board(folder)
        self.lock = threading.Lock()
        self.promises = {}  # by id
        self.leases = []
        self.begun = collections.Counter()
        self.slots = dict.fromkeys(self.boards, 0)
        self.left = 0  # of AT_ONCE

    def close(self):
        for board in self.boards.values():
            board.judge()

    # ---- the clients ----

    def _slot(self, name):
        """A place in the board's flash that no other job writes, and what is to be there."""
        with self.lock:
            slot = self.slots[name]
            self.slots[name] += 1
        assert slot < SLOTS
        return FIRST_SLOT + slot * SLOT, (f"{name} {slot} " * 20).encode()

    def _submit(self, rest, choose):
        name = choose.choice(list(self.boards))
        rerun = choose.choice(("true", "false"))
        headers = dict(ASYNC)
        with self.lock:
            lease = next((lease for lease in self.leases if lease.board == name and not lease.given_back), None)
            self.left -= 1
            if self.left < 0 or (name == LEASED and not lease):
                return
        if lease:
            headers["Farflash-Lease"] = lease.id
        image = offset = None
        if choose.random() < 0.6:
            offset, image = self._slot(name)
            kind, body = form([(hex(offset), image)])
            reply = rest.request("POST", f"{API}/boards/{name}/flash?rerun={rerun}", body,
                                 {**headers, "Content-Type": kind})
        else:
            what = choose.choice(("reset", "info"))
            reply = rest.request("POST", f"{API}/boards/{name}/{what}?rerun={rerun}", headers=headers)
        if reply.status == 202:
            promise = Promise(reply.json(), image, offset)
            with self.lock:
                assert promise.id not in self.promises, f"two jobs have the id {promise.id}"
                self.promises[promise.id] = promise
        else:
            assert reply.status in (409, 410, 429, 503), reply

    def _look(self, rest, choose):
        with self.lock:
            promise = choose.choice(list(self.promises.values())) if self.promises else None
        if promise:
            self._see(promise, rest.job(promise.id))

    def _see(self, promise, job):
        """What has ended once stays as it was."""
        with self.lock:
            if promise.ended:
                assert job == promise.ended, f"{promise.ended}\nhas become\n{job}"
            elif job["state"] in ENDED:
                promise.ended = job

    def _cancel(self, rest, choose):
        with self.lock:
            promise = choose.choice(list(self.promises.values())) if self.promises else None
        if promise:
            reply = rest.cancel(promise.id)
            assert reply.status in (202, 409), reply
            if reply.status == 202 and reply.json()["state"] == "cancelled":
                self._see(promise, reply.json())

    def _lease(self, rest, choose):
        name = choose.choice((LEASED, *self.boards))
        reply = rest.request("POST", f"{API}/leases?board={name}&seconds=600&owner=client")
        if reply.status == 201:
            with self.lock:
                self.leases.append(Lease(reply.json()))
        else:
            assert reply.status == 409, reply

    def _give_back(self, rest, choose):
        with self.lock:
            held = [lease for lease in self.leases if not lease.given_back]
            lease = choose.choice(held) if held else None
            if lease:
                lease.given_back = True  # whatever the answer is, or whether there is one
        if lease:
            reply = rest.request("DELETE", f"{API}/leases/{lease.id}")
            assert reply.status == 204, reply

    def _client(self, rest, seed, stop, wrong):
        choose = random.Random(seed)
        actions = (self._submit,) * 6 + (self._look,) * 2 + (self._cancel, self._lease, self._give_back)
        try:
            while not stop.is_set():
                choose.choice(actions)(rest, choose)
                time.sleep(choose.uniform(0, 0.02))
        except UNREACHABLE:
            pass  # the server is gone
        except AssertionError as error:
            wrong.append(error)

    def _work(self, server, seconds):
        stop, wrong = threading.Event(), []
        self.left = AT_ONCE
        clients = [threading.Thread(target=self._client, args=(server.rest, self.choose.random(), stop, wrong))
                   for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(seconds)
        server.process.kill()
        stop.set()
        for client in clients:
            client.join()
        if wrong:
            raise wrong[0]

    # ---- the server ----

    def _start(self):
        return Server(self.directory, {name: board.address for name, board in self.boards.items()},
                      data_dir=self.data_dir)

    def _note_begun(self, program):
        for job, _ in BEGINS.findall(program.output()):
            self.begun[job] += 1
            assert self.begun[job] == 1, f"job {job} has begun twice"

    def _kill_while_it_starts(self, seconds):
        boards = [argument for name, board in self.boards.items() for argument in ("--board", f"{name}={board.address}")]
        program = Program([program_path("farflashd"), "--listen", "127.0.0.1:0", "--data-dir", self.data_dir, *boards])
        time.sleep(seconds)
        program.kill()
        self._note_begun(program)

    def _check_database(self):
        """On a copy, because whoever opens it tidies up."""
        with tempfile.TemporaryDirectory(dir=self.directory) as copy:
            for name in os.listdir(self.data_dir):
                if name.startswith("farflash.db"):
                    shutil.copy(os.path.join(self.data_dir, name), copy)
            database = sqlite3.connect(os.path.join(copy, "farflash.db"))
            try:
                assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            finally:
                database.close()

    def _check_jobs(self, rest):
        shown = {job["id"]: job for job in rest.get("/jobs")["jobs"]}
        numbers = [int(job) for job in shown]
        assert numbers == sorted(numbers, reverse=True), "newest first"
        for promise in self.promises.values():
            job = shown.get(promise.id)
            assert job, f"job {promise.id} is lost: {promise.ended}"
            assert (job["kind"], job["board"], job["created"]) == (promise.kind, promise.board, promise.created), job
            self._see(promise, job)
        repeats = collections.Counter(job["repeats"] for job in shown.values() if job["repeats"])
        for job in shown.values():
            interrupted = job["state"] == "interrupted"
            again = interrupted and job["rerun"] and not job["repeats"]  # a repeat is the last
            assert repeats[job["id"]] == (1 if again else 0), f"{job}: {repeats}"
            assert not interrupted or job["started"], job
            assert (job["finished"] is not None) == (job["state"] in ENDED), job

    def _check_leases(self, rest):
        shown = rest.get("/leases")["leases"]
        boards = [lease["board"] for lease in shown]
        assert len(set(boards)) == len(boards), f"a board has two leases: {shown}"
        for lease in self.leases:
            reply = rest.request("GET", f"{API}/leases/{lease.id}")
            if not lease.given_back:
                assert reply.status == 200 and reply.json() == lease.shown, f"{lease.shown}: {reply}"
                assert lease.board in boards
            elif reply.status == 200:  # the server died before it had taken it back
                lease.given_back = False
            else:
                assert reply.status == 410, reply

    def _check(self, server):
        self._check_jobs(server.rest)
        self._check_leases(server.rest)

    # ---- what is for the caller ----

    def kill_once(self):
        """One restart, and one death at a moment that nobody knows."""
        if self.choose.random() < 0.2:
            self._kill_while_it_starts(self.choose.uniform(0, 0.3))
        server = self._start()
        try:
            self._check(server)
            self._work(server, self.choose.uniform(0, 0.6))
        finally:
            server.kill()
            self._note_begun(server)
        self._check_database()

    def finish(self):
        """Lets everything come to its end, and holds the flash of the boards against what the jobs say."""
        server = self._start()
        try:
            self._check(server)
            rest = server.rest
            wait_until(lambda: all(job["state"] in ENDED for job in rest.get("/jobs")["jobs"]), "the end of all jobs", 60)
            self._check(server)
            shown = {job["id"]: job for job in rest.get("/jobs")["jobs"]}
        finally:
            status = server.terminate()
            self._note_begun(server)
        assert status == 0, server.output()
        self._check_flash(shown)
        self._check_counts(shown)
        left = [name for name in os.listdir(self.data_dir) if name.startswith(("run-", "farflash.db-"))]
        assert not left, left
        return collections.Counter(job["state"] for job in shown.values())

    def _check_flash(self, shown):
        again = {job["repeats"]: job for job in shown.values() if job["repeats"]}
        for promise in self.promises.values():
            if promise.image is None:
                continue
            job, states = shown[promise.id], set()
            while job:
                states.add(job["state"])
                job = again.get(job["id"])
            found = self.boards[promise.board].flash(promise.offset, len(promise.image))
            if "done" in states:
                assert found == promise.image, f"job {promise.id} was done, and the flash does not hold it"
            elif states == {"cancelled"} and not shown[promise.id]["started"]:
                assert found == b"\xff" * len(found), f"job {promise.id} never began, and has written"

    def _check_counts(self, shown):
        """How boards have fared, by their own count, is what the jobs say."""
        database = sqlite3.connect(os.path.join(self.data_dir, "farflash.db"))
        rows = database.execute("SELECT name, done, failed, cancelled, interrupted FROM boards").fetchall()
        database.close()
        for name, *counts in rows:
            states = collections.Counter(job["state"] for job in shown.values() if job["board"] == name)
            assert counts == [states[state] for state in ENDED], f"{name}: {counts}, {states}"


def judge(directory, seed, moments, say=lambda text: None):
    """Kills the server at so many moments; a line that says what came of it. Raises for whatever is wrong."""
    trial = Trial(directory, seed)
    try:
        for moment in range(moments):
            trial.kill_once()
            say(f"{moment + 1} of {moments} moments, {len(trial.promises)} jobs")
        states = trial.finish()
    finally:
        trial.close()
    told = ", ".join(f"{states[state]} {state}" for state in ENDED)
    return f"{len(trial.promises)} jobs accepted ({told}, repeats among them), {len(trial.leases)} leases"
