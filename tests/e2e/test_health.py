# SPDX-License-Identifier: Apache-2.0
"""/healthz tells the truth."""

import os
import resource

KB = 1024


def health(rest):
    reply = rest.request("GET", "/healthz", timeout=5)
    return reply.status, reply.json()


def test_health__lost_boards_are_counted_and_no_illness(make_server, unused_ports):
    rest = make_server(lab1=f"socket://127.0.0.1:{unused_ports(1)[0]}").rest
    rest.wait_board("lab1", "lost")
    status, told = health(rest)
    assert status == 200 and (told["status"], told["boards"], told["lost"], told["problems"]) == ("ok", 1, 1, [])


def test_health__data_directory_that_cannot_be_written(server):
    assert health(server.rest)[0] == 200
    folder = server.data_dir
    os.rename(folder, f"{folder}.away")
    status, told = health(server.rest)
    assert status == 503 and told["status"] == "failing", told
    problem, = told["problems"]
    assert problem["what"] == "data-dir" and "No such file" in problem["detail"], problem
    os.rename(f"{folder}.away", folder)
    assert health(server.rest)[0] == 200


def test_health__full_disk(server):
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (KB, KB))
    status, told = health(server.rest)
    assert status == 503 and told["problems"][0]["what"] == "data-dir", told
    assert "No space left" in told["problems"][0]["detail"], told


def test_health__leaves_nothing_in_the_data_directory(server):
    for _ in range(3):
        assert health(server.rest)[0] == 200
    assert server.files() == [] and "disk-check" not in os.listdir(server.data_dir)
