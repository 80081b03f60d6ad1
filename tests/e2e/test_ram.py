# SPDX-License-Identifier: Apache-2.0
"""Programs in RAM, on this machine and through a server."""

import pytest

import firmware
from client import DONE, USAGE, farflash, farflash_json
from ram_program import ram_elf, ram_image, stub_program
from rest import API, assert_problem, curl


@pytest.fixture(params=("port", "server"))
def where(request, board, make_server):
    """The options that lead to the board."""
    if request.param == "port":
        return ["--port", board.address]
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    return ["--server", server.url]


@pytest.mark.parametrize("form", ("image", "elf"))
def test_ram__a_program_is_started(where, board, tmp_path, form):
    entry, parts = stub_program("esp32")
    path = tmp_path / "program"
    path.write_bytes(ram_image("esp32", entry, parts) if form == "image" else ram_elf(entry, parts))
    told, _ = farflash_json(*where, "--no-stub", "load-ram", path)
    assert told["kind"] == "load-ram" and told["state"] == "done"
    assert told["result"]["bytes"] >= sum(len(data) for _, data in parts)
    # It runs, at the usual rate, and was not reset: here it is the stub flasher itself.
    if where[0] == "--port":
        told, _ = farflash_json(*where, "--no-stub", "--before", "no-reset", "read-mem", "0x40001000")
        assert told["result"]["stub"] is True
    assert f"0x{entry:08x}" in farflash(*where, "--no-stub", "load-ram", path).stdout


def test_ram__a_program_stays_off_the_stub(where, tmp_path):
    entry, parts = stub_program("esp32")
    (tmp_path / "program").write_bytes(ram_image("esp32", entry, parts))
    told, done = farflash_json(*where, "load-ram", tmp_path / "program", status=USAGE)
    assert told["error"]["code"] == "overlapping-regions" and "stub" in done.stderr, done


def test_ram__other_files_are_refused(where, tmp_path):
    entry, parts = stub_program("esp32")
    (tmp_path / "flash").write_bytes(firmware.image("esp32", 0x1000))
    (tmp_path / "c3").write_bytes(ram_image("esp32c3", 0x40380000, [(0x40380000, bytes(64))]))
    (tmp_path / "riscv").write_bytes(ram_elf(0x40380000, [(0x40380000, bytes(64))], machine=243))
    (tmp_path / "crowd").write_bytes(ram_elf(entry, [(0x3FFB0000 + 16 * i, bytes(16)) for i in range(65)]))
    damaged = bytearray(ram_image("esp32", entry, parts))
    damaged[100] ^= 1
    (tmp_path / "damaged").write_bytes(damaged)
    for name, words in (("flash", "write-flash"), ("c3", "ESP32-C3"), ("riscv", "processor"), ("damaged", "damaged"),
                        ("crowd", "segments"), ("missing", "missing")):
        done = farflash(*where, "load-ram", tmp_path / name)
        assert done.status != DONE and words in done.stderr, done


def test_ram__curl_uploads_and_starts_it(server, board, tmp_path):
    entry, parts = stub_program("esp32")
    path = tmp_path / "program.elf"
    path.write_bytes(ram_elf(entry, parts))
    url = f"{server.url}{API}/boards/lab1/ram?stub=false"
    done = curl("--fail-with-body", "-T", str(path), url)
    assert done.status == 0 and '"kind":"load-ram"' in done.stdout, done
    done = curl("--fail-with-body", "-F", f"0=@{path}", "-H", "Accept: text/plain", url)
    lines = done.stdout.splitlines()
    assert done.status == 0 and lines[0].startswith("job 2: load a program of ") and lines[-1].startswith("done: "), done
    # The next job finds the board as after every other one.
    assert server.rest.request("POST", f"{API}/boards/lab1/info").status == 200


def test_ram__what_is_no_program_is_a_problem(server):
    resource = f"{API}/boards/lab1/ram"
    assert_problem(server.rest.request("PUT", resource, b"nothing of the kind"), 422, "bad-format")
    assert_problem(server.rest.request("PUT", f"{resource}?offset=0x1000", b"x"), 400, "invalid-argument")
    wrong = ram_image("esp32c3", 0x40380000, [(0x40380000, bytes(64))])
    assert_problem(server.rest.request("PUT", resource, wrong), 422, "wrong-chip")
