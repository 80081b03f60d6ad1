# SPDX-License-Identifier: Apache-2.0
"""What boards have said, in files of the server."""

import os
import re
import socket

import pytest

import firmware
from program import Program, program_path, run, wait_until
from rest import API, Rest
from server import LISTENING

TIME = r"--- 2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z "


def kept(server, name="lab1.log"):
    path = os.path.join(server.data_dir, "console", name)
    return open(path, encoding="utf-8", errors="replace").read() if os.path.exists(path) else ""


def wait_kept(server, pattern):
    return wait_until(lambda: re.search(pattern, kept(server), re.DOTALL), f"{pattern} in the log")


def test_logbook__has_output_jobs_sessions_and_leases(make_board, make_server):
    board = make_board(application="hello from the board")
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    assert server.rest.request("POST", f"{API}/boards/lab1/test?expect=hello").status == 200
    wait_kept(server, f"{TIME}job 1 \\(test\\) begins ---.*hello from the board\r?\n.*{TIME}job 1 \\(test\\): done ---")
    assert re.match(f"{TIME}lab1, the server has started ---\n{TIME}\\S+ is open ---\n", kept(server))
    lease = server.rest.request("POST", f"{API}/leases?board=lab1&seconds=60").json()["id"]
    assert server.rest.request("DELETE", f"{API}/leases/{lease}").status == 204
    with socket.create_connection(("127.0.0.1", server.port_of("lab1", "raw"))) as raw:
        raw.sendall(b"x")
        wait_kept(server, f"{TIME}leased by .*{TIME}the lease has ended ---.*{TIME}raw TCP client at 127.0.0.1:\\d+ writes ---")
    wait_kept(server, f"{TIME}raw TCP client at 127.0.0.1:\\d+ has gone ---")
    board.kill()
    wait_kept(server, f"{TIME}the port is lost: ")
    assert server.terminate() == 0


def test_logbook__goes_on_after_a_restart(make_board, make_server, tmp_path):
    board = make_board(application="hello")
    for _ in range(2):
        server = make_server(lab1=board, data_dir=tmp_path / "data")
        server.rest.wait_board("lab1", "idle")
        assert server.rest.request("POST", f"{API}/boards/lab1/test?expect=hello").status == 200
        assert server.terminate() == 0
    # What came last is there: the server has written it before it ended.
    assert len(re.findall(r"\(test\): done ---", kept(server))) == 2
    assert len(re.findall(r"the server has started", kept(server))) == 2


@pytest.mark.parametrize("keys, files", [("{size: 64KB, keep: 1}", {"lab1.log", "lab1.log.1"}), ("{size: 0}", set())])
def test_logbook__is_as_large_as_the_configuration_says(programs, make_board, tmp_path, keys, files):
    board = make_board(application=firmware.payload(3000, seed=1).hex())
    path, here = tmp_path / "farflashd.yaml", tmp_path / "said" / "here"
    path.write_text(f"listen: 127.0.0.1:0\ndata-dir: {tmp_path / 'data'}\n"
                    f"console-log: {keys[:-1]}, dir: {here}}}\n"
                    f"boards: [{{name: lab1, address: '{board.address}'}}]\n")
    server = programs.add(Program([program_path("farflashd"), "--config", str(path)]))
    rest = Rest(int(server.wait_line(LISTENING).group(1).rpartition(":")[2].rstrip("/")))
    rest.wait_board("lab1", "idle")
    for _ in range(30):  # 6 KB each, in two lines
        assert rest.request("POST", f"{API}/boards/lab1/test?expect=[0-9a-f]{{20}}").status == 200
    assert server.terminate() == 0
    assert set(os.listdir(here) if here.exists() else []) == files
    assert all((here / file).stat().st_size <= 65536 for file in files)


@pytest.mark.parametrize("keys, words", [
    ("{size: 1}", 'console-log, size: "1" is not a size'),
    ("{size: 32KB}", 'console-log, size: "32KB" is not a size'),
    ("{keep: 100}", 'console-log, keep: "100" is not 0 to 99'),
    ("{dir: ''}", "console-log, dir"),
    ("{many: 1}", "Unexpected key: many"),
])
def test_logbook__mistakes_of_the_configuration(tmp_path, keys, words):
    path = tmp_path / "farflashd.yaml"
    path.write_text(f"listen: 127.0.0.1:0\nconsole-log: {keys}\n")
    done = run([program_path("farflashd"), "--config", str(path)])
    assert done.status == 2 and words in done.stderr, done
