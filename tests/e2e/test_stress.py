# SPDX-License-Identifier: Apache-2.0
"""Many clients at once, of whom many leave at the wrong moment. The server must keep its answers, its boards, its disk
and its memory in order. What each client does is fixed by its number."""

import random
import threading
import time

import firmware
from program import wait_until
from rest import API, ENDED, form

CLIENTS, STEPS = 6, 20
IMAGE = firmware.image("esp32", 0x8000)
BOARDS = ("lab1", "lab2", "lab3")
VERDICTS = (200, 409, 429)  # done; cancelled by another client; too many jobs


class Client(threading.Thread):
    def __init__(self, rest, number):
        super().__init__()
        self.rest, self.random, self.error = rest, random.Random(number), None

    def run(self):
        steps = (self.look, self.look, self.flash, self.leave_a_flash, self.queue, self.cancel, self.follow, self.stop_following,
                 self.listen, self.reset, self.leave_an_upload)
        try:
            for _ in range(STEPS):
                self.random.choice(steps)(self.random.choice(BOARDS))
        except Exception as error:  # raised again in the thread of the test
            self.error = error

    def some_job(self, board):
        jobs = self.rest.get(f"/jobs?board={board}")["jobs"]
        return self.random.choice(jobs[:4])["id"] if jobs else None

    def look(self, board):
        self.rest.board(board)
        self.rest.get("/jobs")

    def flash(self, board):
        reply = self.rest.put(board, IMAGE, "?offset=0x10000")
        assert reply.status in VERDICTS, reply

    def leave_a_flash(self, board):
        connection = self.rest.connect()
        connection.request("PUT", f"{API}/boards/{board}/flash?offset=0x10000", IMAGE)
        time.sleep(self.random.random() * 0.1)
        connection.close()

    def queue(self, board):
        reply = self.rest.put(board, IMAGE, "?offset=0x10000", headers={"Prefer": "respond-async"})
        assert reply.status in (202, 429), reply

    def cancel(self, board):
        job = self.some_job(board)
        assert job is None or self.rest.cancel(job).status in (202, 409)

    def follow(self, board):
        job = self.some_job(board)
        assert job is None or list(self.rest.events(job))[-1][0] == "end"

    def stop_following(self, board):
        job = self.some_job(board)
        if job:
            events = self.rest.events(job)
            next(events)
            events.close()

    def listen(self, board):
        connection = self.rest.connect()
        connection.request("GET", f"{API}/boards/{board}/console")
        assert connection.getresponse().status == 200
        connection.close()

    def reset(self, board):
        assert self.rest.request("POST", f"{API}/boards/{board}/reset").status in VERDICTS

    def leave_an_upload(self, board):
        kind, body = form([("0x10000", IMAGE)])
        connection = self.rest.connect()
        connection.putrequest("POST", f"{API}/boards/{board}/flash")
        connection.putheader("Content-Type", kind)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:self.random.randrange(len(body))])
        connection.close()


def test_stress__many_clients_at_once(make_board, make_server):
    boards = {name: make_board(application="hello") for name in BOARDS}
    server = make_server(**boards)
    rest = server.rest
    clients = [Client(rest, number) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(60)
        assert not client.is_alive()
        if client.error:
            raise client.error
    wait_until(lambda: all(job["state"] in ENDED for job in rest.get("/jobs")["jobs"]), "all jobs to end")
    assert {job["state"] for job in rest.get("/jobs")["jobs"]} <= {"done", "cancelled"}
    wait_until(lambda: server.uploads() == [], "all uploads to be gone")
    for name, board in boards.items():
        rest.wait_board(name, "idle")
        assert rest.put(name, IMAGE, "?offset=0x10000").status == 200
        assert board.holds(0x10000, IMAGE)
