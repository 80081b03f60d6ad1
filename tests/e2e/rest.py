# SPDX-License-Identifier: Apache-2.0
"""A small client of the REST interface, on http.client, and a runner for the `curl` program."""

import http.client
import json
import uuid

from program import run, wait_until

API = "/api/v1"
ENDED = ("done", "failed", "cancelled", "interrupted")


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def type(self):
        return (self.headers.get("Content-Type") or "").split(";")[0].strip()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"HTTP {self.status}\n{self.headers}\n{self.body[:2000]!r}"


def form(parts):
    """A multipart body of (field, bytes[, file name]) parts: (content type, body)."""
    boundary = uuid.uuid4().hex
    body = b""
    for field, content, *name in parts:
        file_name = f'; filename="{name[0]}"' if name else '; filename="image.bin"'
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"{file_name}\r\n'
        body += head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


class Rest:
    def __init__(self, port, host="127.0.0.1"):
        self.host, self.port = host, port
        self.url = f"http://{host}:{port}"

    def connect(self, timeout=60.0):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=60.0):
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def get(self, path):
        """The JSON of a resource under /api/v1, which must be there."""
        reply = self.request("GET", API + path)
        assert reply.status == 200, reply
        return reply.json()

    def flash(self, board, *parts, query="", headers=None, timeout=60.0):
        """POSTs (offset, bytes) parts to a board."""
        kind, body = form(parts)
        return self.request("POST", f"{API}/boards/{board}/flash{query}", body,
                            {"Content-Type": kind, **(headers or {})}, timeout)

    def flash_async(self, board, *parts, query=""):
        """The same with respond-async; returns the job."""
        reply = self.flash(board, *parts, query=query, headers={"Prefer": "respond-async"})
        assert reply.status == 202, reply
        return reply.json()

    def put(self, board, image, query="?offset=0x0", headers=None, timeout=60.0):
        return self.request("PUT", f"{API}/boards/{board}/flash{query}", image, headers, timeout)

    def board(self, name):
        return self.get(f"/boards/{name}")

    def job(self, job_id):
        return self.get(f"/jobs/{job_id}")

    def cancel(self, job_id):
        return self.request("DELETE", f"{API}/jobs/{job_id}")

    def wait_job(self, job_id, states=ENDED, timeout=40.0):
        def reached():
            job = self.job(job_id)
            return job if job["state"] in states else None
        return wait_until(reached, f"job {job_id} to be {' or '.join(states)}", timeout)

    def wait_phase(self, job_id, phase, timeout=20.0):
        """Waits until a job is in a phase and has made some progress there; fails if it ends before."""
        def reached():
            job = self.job(job_id)
            assert job["state"] not in ENDED, job
            progress = job["progress"]
            return job if progress and progress["phase"] == phase and progress["done"] > 0 else None
        return wait_until(reached, f"job {job_id} to be in phase {phase}", timeout, 0.005)

    def wait_board(self, name, state, detail="", timeout=30.0):
        """Waits until a board is in a state, and its detail says `detail`."""
        def reached():
            board = self.board(name)
            return board if board["state"] == state and detail in (board["detail"] or "") else None
        return wait_until(reached, f"board {name} to be {state} {detail}", timeout)

    def events(self, job_id, timeout=60.0):
        """Yields (event, data) of a job's event stream until the server closes it."""
        connection = self.connect(timeout)
        try:
            connection.request("GET", f"{API}/jobs/{job_id}/events", headers={"Accept": "text/event-stream"})
            reply = connection.getresponse()
            assert reply.status == 200 and reply.getheader("Content-Type").startswith("text/event-stream"), reply.headers
            yield from parse_events(reply)
        finally:
            connection.close()


def parse_events(stream):
    """Reads server-sent events as the HTML standard defines them, each event's data as JSON."""
    name, data = "message", []
    for raw in stream:
        line = raw.decode().rstrip("\r\n")
        if not line:
            if data:
                yield name, json.loads("\n".join(data))
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
    assert not data, "the stream ended in the middle of an event"


def assert_problem(reply, status, code, *words):
    """A reply must be an RFC 9457 problem with this status and code, and its text must name each of `words`."""
    assert reply.status == status, reply
    assert reply.type == "application/problem+json", reply
    problem = reply.json()
    assert problem["status"] == status and problem["code"] == code, problem
    assert problem["type"] == f"urn:farflash:problem:{code}", problem
    assert problem["title"], problem
    for word in words:
        assert word.lower() in problem["detail"].lower(), f"{word!r} is not in: {problem['detail']}"
    return problem


def curl(*arguments, timeout=60.0, **options):
    """Runs `curl`; see program.run for the options."""
    return run(["curl", "--silent", "--show-error", "--max-time", timeout, *arguments], timeout=timeout + 5, **options)
