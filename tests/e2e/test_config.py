# SPDX-License-Identifier: Apache-2.0
"""The configuration file, and the labels by which boards are chosen."""

import os
import re

import pytest

from client import DONE, USAGE, farflash, farflash_json
from program import Program, program_path, run
from server import LISTENING

SAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "farflashd.yaml")


def farflashd(*arguments):
    """One that does not get as far as to serve."""
    return run([program_path("farflashd"), *arguments])


@pytest.fixture
def start(programs, tmp_path):
    """start(text, argument, ...) starts a farflashd with this configuration; the answer is its URL."""
    def make(text, *arguments):
        path = tmp_path / "farflashd.yaml"
        path.write_text(f"data-dir: {tmp_path / 'data'}\n{text}")
        server = programs.add(Program([program_path("farflashd"), "--config", str(path), *arguments]))
        return server.wait_line(LISTENING).group(1)
    return make


def boards(url, *arguments):
    return farflash_json("--server", url, "boards", *arguments)[0]["boards"]


def names(url, select):
    return [board["name"] for board in boards(url, "--select", select)]


def test_config__file_and_command_line(start, make_board):
    one, two = make_board(), make_board(chip="esp32c3")
    url = start(f"listen: 127.0.0.1:1\nrfc2217: 0\nboards:\n- name: one\n  address: {one.address}\n  labels: [rack=1]\n",
                "--board", f"two={two.address},label=rack=2,label=has=display,baud=115200",
                "--listen", "127.0.0.1:0", "--raw", "0")
    found = {board["name"]: board for board in boards(url)}
    assert list(found) == ["one", "two"]
    assert found["two"]["labels"] == {"rack": ["2"], "has": ["display"], "board": ["two"]}
    assert [board["rfc2217"] for board in found.values()] == [None, None]


def test_config__labels_choose_boards(start, make_board):
    one, two = make_board(), make_board(chip="esp32c3")
    url = start(f"listen: 127.0.0.1:0\nboards:\n- {{name: one, address: '{one.address}', labels: [rack=1]}}\n"
                f"- {{name: two, address: '{two.address}', labels: [rack=2, has=display, has=lora]}}\n")
    assert names(url, "rack=2") == ["two"]
    assert names(url, "rack!=2") == ["one"]
    assert names(url, "has=display,has=lora") == ["two"]
    assert names(url, "!has") == ["one"]
    assert names(url, "rack") == ["one", "two"]
    assert names(url, "board=one") == ["one"]
    assert names(url, "chip=esp32c3") == []  # nobody has looked yet
    assert farflash("--server", url, "--board", "two", "chip-id").status == DONE
    assert names(url, "chip=esp32c3") == ["two"]
    assert names(url, f"mac={boards(url, '--select', 'board=two')[0]['info']['mac']}") == ["two"]
    text = farflash("--server", url, "boards", "--select", "board=two").stdout
    assert "  rack=2 has=display has=lora\n" in text and "one" not in text
    assert "No board is like that." in farflash("--server", url, "boards", "--select", "rack=9").stdout


def test_config__a_selector_that_makes_no_sense_is_refused(start):
    url = start("listen: 127.0.0.1:0\n")
    result = farflash("--server", url, "boards", "--select", "rack<3")
    assert result.status == USAGE and "rack<3" in result.stderr


def test_config__mistakes_are_told_before_anything_starts(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("listen: 127.0.0.1:0\nbords: []\n")
    result = farflashd("--config", str(path))
    assert result.status == USAGE and f"{path}, near line 1: Unexpected key: bords" in result.stderr
    assert farflashd("--config", str(tmp_path / "none.yaml")).status == USAGE


def test_config__sample_shows_every_key(tmp_path):
    """The sample is taken as it is but for its folder, and holds each option of the command line."""
    with open(SAMPLE, encoding="utf-8") as file:
        text = file.read()
    usage = farflashd("--help").stdout
    options = set(re.findall(r"--([a-z0-9-]+)=", usage)) - {"config", "board"}
    assert options and options <= set(re.findall(r"^([a-z0-9-]+):", text, re.M))
    keys = set(re.findall(r"^[ -]{4}([a-z0-9-]+):", text, re.M))
    refusal = farflashd("--board", "a=/dev/x,nonsense=1").stderr
    for key in re.search(r"can be given are (.*)", refusal.replace("\n", " ")).group(1).replace(" and ", ", ").split(", "):
        word = key.split("=")[0].strip().split(" ")[0]
        assert word in keys or f"{word}s" in keys, key
    # A port that is taken says that everything before it was fine.
    path = tmp_path / "sample.yaml"
    path.write_text(text.replace("/var/lib/farflash", str(tmp_path / "data")).replace("127.0.0.1:8217", "192.0.2.1:1"))
    assert "--listen" in farflashd("--config", str(path)).stderr
