# SPDX-License-Identifier: Apache-2.0
"""Flashing with the `curl` program: the lines that the README promises, their answers and their exit statuses."""

import hashlib
import json
import re

import firmware
from board import LISTENING
from program import Program, program_path
from rest import API, curl

HTTP_ERROR, PARTIAL_FILE = 22, 18  # exit statuses of curl
OTHER_CHIP = firmware.image("esp32c3", 0x4000)


KEPT = {"before": "default-reset", "after": "hard-reset", "connect_attempts": None, "erase_all": False, "ignore_encryption_efuses": False,
        "flash_mode": "keep", "flash_freq": "keep", "flash_size": "keep"}


def flash_url(server, query=""):
    return f"{server.url}{API}/boards/lab1/flash{query}"


def test_curl__the_three_lines_of_the_readme(programs, tmp_path, app):
    """As written in the README, but for the ports, which are free ones."""
    (tmp_path / "app.bin").write_bytes(app)
    board = programs.add(Program(
        [program_path("farflash-board"), *"--chip esp32 --flash flash.bin --listen rfc2217:0".split()], cwd=tmp_path))
    address = board.wait_line(LISTENING).group(1)
    daemon = programs.add(Program(
        [program_path("farflashd"), *f"--listen 127.0.0.1:0 --board lab1={address}".split()], cwd=tmp_path,
        env={"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}))
    url = daemon.wait_line(LISTENING).group(1).rstrip("/")
    done = curl("--fail-with-body", "-F", "0x10000=@app.bin", f"{url}{API}/boards/lab1/flash", cwd=tmp_path)
    assert done.status == 0, done
    assert (tmp_path / "flash.bin").read_bytes()[0x10000:0x10000 + len(app)] == app
    assert json.loads(done.stdout)["state"] == "done"


def test_curl__several_images_in_one_form(server, board, tmp_path, app, app_file):
    loader, table = firmware.bootloader("esp32"), firmware.partition_table()
    (tmp_path / "bootloader.bin").write_bytes(loader)
    (tmp_path / "partitions.bin").write_bytes(table)
    done = curl("--fail-with-body", "-F", "0x1000=@bootloader.bin", "-F", "0x8000=@partitions.bin",
                "-F", f"65536=@{app_file}", flash_url(server), cwd=tmp_path)
    assert done.status == 0, done
    job = json.loads(done.stdout)
    wanted = [("0x1000", loader, "bootloader.bin"), ("0x8000", table, "partitions.bin"), ("0x10000", app, "app.bin")]
    assert job["regions"] == [{"offset": offset, "size": len(image), "sha256": hashlib.sha256(image).hexdigest(),
                               "name": name, "encrypt": False, "written": hashlib.sha256(image).hexdigest()} for offset, image, name in wanted]
    for offset, image, _ in wanted:
        assert board.holds(int(offset, 16), image)


def test_curl__put_writes_one_image(server, board, tmp_path):
    merged = firmware.payload(0x20001)
    (tmp_path / "merged.bin").write_bytes(merged)
    done = curl("--fail-with-body", "-T", "merged.bin", flash_url(server, "?offset=0x0"), cwd=tmp_path)
    assert done.status == 0, done
    assert board.holds(0, merged)
    assert board.flash(len(merged), 4096) == b"\xff" * 4096


def test_curl__put_from_a_pipe_has_no_length(server, board, app):
    done = curl("--fail-with-body", "-T", "-", flash_url(server, "?offset=0x10000"), stdin=app)
    assert done.status == 0, done
    assert board.holds(0x10000, app)


def test_curl__the_finished_job_tells_all(server, app, app_file):
    job = json.loads(curl("-F", f"0x10000=@{app_file}", flash_url(server)).stdout)
    assert (job["kind"], job["board"], job["state"], job["error"]) == ("flash", "lab1", "done", None)
    assert job["created"] <= job["started"] <= job["finished"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", job["created"])
    assert job["options"] == {"baud": 460800, "force": False, "stub": True, "compress": True, "verify": True,
                              **KEPT}
    result = job["result"]
    assert result["bytes"] == len(app) and result["verified"] is True and result["stub"] is True
    assert 0.4 * len(app) < result["wire_bytes"] < 0.7 * len(app)
    assert result["baud"] == 460800
    assert {"reset", "sync", "stub", "baud", "write", "verify", "reboot"} <= set(result["phases"])
    assert job["info"]["chip"] == "ESP32"


def test_curl__options_reach_the_engine(server, board, app, app_file):
    query = "?baud=921600&stub=false&compress=false&force=true"
    job = json.loads(curl("-F", f"0x10000=@{app_file}", flash_url(server, query)).stdout)
    assert job["options"] == {"baud": 921600, "force": True, "stub": False, "compress": False, "verify": True,
                              **KEPT}
    assert job["result"]["stub"] is False and job["result"]["baud"] == 921600
    assert job["result"]["wire_bytes"] >= len(app)
    assert board.holds(0x10000, app)


def test_curl__respond_async_answers_at_once(server, board, app, app_file, tmp_path):
    headers = tmp_path / "headers"
    done = curl("--fail-with-body", "-D", headers, "-H", "Prefer: respond-async", "-F", f"0x10000=@{app_file}",
                flash_url(server))
    assert done.status == 0, done
    job = json.loads(done.stdout)
    head = headers.read_text()
    assert "HTTP/1.1 202" in head
    assert f"Location: {API}/jobs/{job['id']}" in head
    assert re.search(r"(?im)^preference-applied: respond-async\r?$", head)
    assert server.rest.wait_job(job["id"])["state"] == "done"
    assert board.holds(0x10000, app)


def test_curl__text_tells_each_step_and_the_verdict(server, board, app, app_file):
    done = curl("-N", "-H", "Accept: text/plain", "-F", f"0x10000=@{app_file}", flash_url(server))
    assert done.status == 0, done
    lines = done.stdout.splitlines()
    assert len(lines) > 3
    assert lines[-1].startswith("done:")
    assert not any(line.startswith(("done:", "failed:")) for line in lines[:-1])
    assert board.holds(0x10000, app)


def test_curl__text_of_a_failure_cuts_the_body(server, tmp_path):
    (tmp_path / "c3.bin").write_bytes(OTHER_CHIP)
    done = curl("-N", "-H", "Accept: text/plain", "-F", "0x10000=@c3.bin", flash_url(server), cwd=tmp_path)
    assert done.status == PARTIAL_FILE, done
    verdict = done.stdout.splitlines()[-1]
    assert verdict.startswith("failed:") and "ESP32-C3" in verdict


def test_curl__exit_status_tells_a_failure(server, tmp_path):
    (tmp_path / "c3.bin").write_bytes(OTHER_CHIP)
    for option in ("--fail", "--fail-with-body"):
        done = curl(option, "-F", "0x10000=@c3.bin", flash_url(server), cwd=tmp_path)
        assert done.status == HTTP_ERROR, done
    assert json.loads(done.stdout)["code"] == "wrong-chip"


def test_curl__head_of_a_page_that_is_not_there(server):
    done = curl("--fail-with-body", f"{server.url}{API}/nothing")
    assert done.status == HTTP_ERROR
    assert json.loads(done.stdout)["code"] == "no-such-resource"


def test_curl__follows_the_events_of_a_job(server, app_file):
    job = json.loads(curl("-H", "Prefer: respond-async", "-F", f"0x10000=@{app_file}", flash_url(server)).stdout)
    done = curl("-N", f"{server.url}{API}/jobs/{job['id']}/events")
    assert done.status == 0, done
    assert done.stdout.rstrip().split("event: ")[-1].startswith("end\n")
