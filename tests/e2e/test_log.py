# SPDX-License-Identifier: Apache-2.0
"""The server's log: text and JSON, on a terminal and in systemd's journal."""

import json
import re

import pytest

from program import Program, program_path, run
from server import LISTENING

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
# The shell knows what the test cannot: which file its standard error is.
IN_JOURNAL = 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"'


@pytest.fixture
def log_of(programs, tmp_path, board):
    """log_of(option, ..., systemd=False) is the log of a server that has probed lab1 and looked at nothing."""
    def lines(*options, systemd=False, env=None):
        command = [program_path("farflashd"), "--listen", "127.0.0.1:0", "--data-dir", tmp_path / "data",
                   "--rfc2217", "0", "--raw", "0", "--board", f"lab1={board.address}", *options]
        before = ["bash", "-c", IN_JOURNAL, "bash"] if systemd else []
        server = programs.add(Program([*before, *command], env=env))
        url = server.wait_line(LISTENING).group(1)
        assert run(["curl", "-fsS", "-X", "POST", f"{url}/api/v1/boards/lab1/info"]).status == 0
        server.wait_line(r"job 1 \(info\) is done")
        server.process.terminate()
        assert server.wait() == 0
        return [line for line in server.output().splitlines() if not re.search(LISTENING, line)]
    return lines


def test_log__text(log_of):
    lines = log_of()
    assert all(re.match(rf"{TIME} (info |warn |error) \S", line) for line in lines), lines
    assert any(re.fullmatch(rf"{TIME} info  lab1: job 1 \(info\) is done", line) for line in lines), lines


def test_log__json(log_of):
    events = [json.loads(line) for line in log_of("--log-format", "json")]
    assert all(re.fullmatch(TIME, event["time"]) and event["level"] and event["message"] for event in events)
    done, = [event for event in events if event["message"] == "job 1 (info) is done"]
    assert (done["level"], done["board"], done["job"]) == ("info", "lab1", "1")
    stopped = events[-1]
    assert stopped["message"] == "stopped" and "board" not in stopped and "job" not in stopped


def test_log__text_for_the_journal(log_of):
    lines = log_of("--log-level", "debug", systemd=True)
    assert "<6>lab1: job 1 (info) is done" in lines and "<6>stopped" in lines
    assert {line[:3] for line in lines} >= {"<6>", "<7>"} and all(re.match("<[3467]>", line) for line in lines), lines


def test_log__json_for_the_journal(log_of):
    lines = log_of("--log-format", "json", systemd=True)
    assert all(line.startswith(("<6>{", "<4>{")) for line in lines), lines
    assert not any("time" in json.loads(line[3:]) for line in lines)


def test_log__another_stream_is_not_the_journal(log_of):
    assert all(re.match(TIME, line) for line in log_of(env={"JOURNAL_STREAM": "1:1"}))


def test_log__format_that_is_none(tmp_path):
    result = run([program_path("farflashd"), "--log-format", "xml"])
    assert result.status == 2 and '"xml" is neither text nor json' in result.stderr
