# SPDX-License-Identifier: Apache-2.0
"""/metrics, as Prometheus' own parser reads it."""

import socket

from metrics import Metrics, wait_value
from program import wait_until
from rest import API

def test_metrics__flash_shows_in_all_of_them(rest, app):
    before = Metrics(rest)
    assert before.get("farflash_boards", state="idle") == 1
    assert before.get("farflash_jobs", state="running") == before.get("farflash_jobs", state="waiting") == 0
    assert before.get("process_start_time_seconds") > 1.7e9
    assert rest.flash("lab1", ("0x10000", app)).status == 200
    after = wait_value(rest, 1, "farflash_jobs_total", kind="flash", result="ok")
    assert after.get("farflash_job_bytes_total", kind="flash") == len(app)
    assert 0 < after.get("farflash_job_wire_bytes_total") <= len(app) + 4096
    assert len(app) < after.get("farflash_http_upload_bytes_total") < len(app) + 1024
    for phase in ("reset", "sync", "write", "verify", "reboot"):
        assert after.get("farflash_phase_duration_seconds_count", phase=phase) == 1, phase
    assert after.get("farflash_phase_duration_seconds_count", phase="erase") == 0
    assert after.get("farflash_phase_duration_seconds_sum", phase="write") > 0
    assert after.get("farflash_job_wait_seconds_count") == 1
    assert after.get("farflash_job_duration_seconds_bucket", kind="flash", le="+Inf") == 1
    assert after.get("farflash_jobs", state="running") == after.get("farflash_jobs", state="waiting") == 0


def test_metrics__what_was_done_once_more(make_board, make_server, app):
    rest = make_server(lab1=make_board(faults=["reset:60000"])).rest
    rest.wait_board("lab1", "idle")
    kinds = ("connect", "sync", "step", "write", "read", "slower")
    assert [Metrics(rest).get("farflash_wire_retries_total", what=kind) for kind in kinds] == [0] * 6
    assert rest.flash("lab1", ("0x10000", app)).status == 200  # in spite of the reset in its middle
    found = {kind: Metrics(rest).get("farflash_wire_retries_total", what=kind) for kind in kinds}
    assert found["write"] == 1 and found["connect"] == 1 and found["read"] == found["slower"] == 0, found


def test_metrics__names_and_help_are_in_order(rest):
    for family in Metrics(rest).families:
        assert family.documentation.endswith("."), family.name
        assert family.name.startswith(("farflash_", "process_")), family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name


def test_metrics__queue_and_cancelled_jobs(make_board, make_server, app):
    server = make_server(lab1=make_board(timing="real"))
    rest = server.rest
    rest.wait_board("lab1", "idle")
    jobs = [rest.flash_async("lab1", ("0x10000", app))["id"] for _ in range(3)]
    rest.wait_job(jobs[0], ("running",))
    metrics = wait_value(rest, 1, "farflash_jobs", state="running")
    assert metrics.get("farflash_jobs", state="waiting") == 2
    assert metrics.get("farflash_boards", state="busy") == 1
    for job in reversed(jobs):
        rest.cancel(job)
    metrics = wait_value(rest, 3, "farflash_jobs_total", kind="flash", result="cancelled")
    assert metrics.get("farflash_jobs", state="waiting") == metrics.get("farflash_jobs", state="running") == 0
    assert metrics.get("farflash_job_wait_seconds_count") == 1


def test_metrics__failed_jobs_and_lost_boards(make_server, unused_ports):
    rest = make_server(lab1=f"socket://127.0.0.1:{unused_ports(1)[0]}").rest
    rest.wait_board("lab1", "lost")
    assert rest.request("POST", f"{API}/boards/lab1/info").status >= 500
    metrics = wait_value(rest, 1, "farflash_jobs_total", kind="info", result="unreachable")
    assert metrics.get("farflash_boards", state="lost") == 1 and metrics.get("farflash_boards", state="idle") == 0
    assert metrics.get("farflash_http_requests_total", **{"class": "5xx"}) == 1


def test_metrics__requests_by_class(rest):
    before = Metrics(rest)
    assert rest.request("GET", "/nowhere").status == 404
    after = Metrics(rest)
    assert after.get("farflash_http_requests_total", **{"class": "4xx"}) == 1 + before.get(
        "farflash_http_requests_total", **{"class": "4xx"})


def test_metrics__sessions_of_the_bridge(server):
    kind = {"kind": "raw TCP"}
    with socket.create_connection(("127.0.0.1", server.port_of("lab1", "raw"))):
        wait_value(server.rest, 1, "farflash_bridge_sessions", **kind)
    metrics = wait_value(server.rest, 0, "farflash_bridge_sessions", **kind)
    assert metrics.get("farflash_bridge_connections_total", **kind) == 1
    assert metrics.get("farflash_bridge_refused_total") == 0
