# SPDX-License-Identifier: Apache-2.0
"""The client at a server that wants tokens."""

import pytest

from client import BUSY, DONE, USAGE, farflash, farflash_json
from program import wait_until
from tokens import Bearer, make_token


@pytest.fixture
def guarded(make_server, board, tmp_path):
    """A server with the board lab1; `tokens` has one of each scope."""
    tokens = {scope: make_token(tmp_path / "data", scope, scope) for scope in ("read", "console", "flash", "admin")}
    server = make_server(lab1=board, data_dir=tmp_path / "data")
    server.tokens = tokens
    server.rest = Bearer(server.port, tokens["admin"])
    server.rest.wait_board("lab1", "idle")
    return server


def ask(server, token, *arguments, **options):
    return farflash("--server", server.url, *arguments, env={"FARFLASH_TOKEN": token}, **options)


def test_client__shows_a_token(guarded, app_file):
    flash = guarded.tokens["flash"]
    assert ask(guarded, flash, "write-flash", "0x10000", str(app_file)).status == DONE
    assert ask(guarded, guarded.tokens["console"], "reset").status == DONE
    assert ask(guarded, guarded.tokens["read"], "boards").status == DONE


@pytest.mark.parametrize("token, words", (("", "wants a token"), ("ff_0", "not known")))
def test_client__says_what_is_missing(guarded, token, words):
    for command in (("boards",), ("erase-flash",), ("monitor", "--no-reconnect")):
        done = ask(guarded, token, *command)
        assert done.status == BUSY and words in done.stderr, done


def test_client__says_what_is_not_allowed(guarded):
    done = ask(guarded, guarded.tokens["read"], "erase-flash")
    assert done.status == BUSY and "scope flash" in done.stderr, done
    answer, done = farflash_json("--server", guarded.url, "reset", env={"FARFLASH_TOKEN": guarded.tokens["flash"]}, status=BUSY)
    assert answer["error"]["code"] == "forbidden" and guarded.tokens["flash"] not in done.stdout + done.stderr


def test_client__takes_the_token_of_a_file(guarded, tmp_path):
    path = tmp_path / "config" / "farflash" / "token"
    path.parent.mkdir(parents=True)
    path.write_text(guarded.tokens["read"] + "\n")
    path.chmod(0o600)
    ours = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert farflash("--server", guarded.url, "boards", env=ours).status == DONE
    assert farflash("--server", guarded.url, "--token-file", str(path), "boards", env={"FARFLASH_TOKEN": "ff_0"}).status == DONE
    path.chmod(0o640)
    done = farflash("--server", guarded.url, "boards", env=ours)
    assert done.status == USAGE and "chmod 600" in done.stderr, done
    path.chmod(0o600)
    path.write_text("two words\n")
    done = farflash("--server", guarded.url, "boards", env=ours)
    assert done.status == USAGE and "no token" in done.stderr, done
    done = farflash("--server", guarded.url, "--token-file", str(tmp_path / "none"), "boards")
    assert done.status == USAGE and "cannot open" in done.stderr, done


def test_client__lease_passes_the_token_on(guarded):
    done = ask(guarded, guarded.tokens["flash"], "lease", "--board", "lab1", "--", "sh", "-c", 'test -n "$FARFLASH_TOKEN"')
    assert done.status == DONE, done
    wait_until(lambda: guarded.rest.get("/leases")["leases"] == [], "the lease to be handed back")


def test_client__monitor_and_connect_show_it_as_well(guarded, start_farflash):
    env = {"FARFLASH_TOKEN": guarded.tokens["console"]}
    assert ask(guarded, guarded.tokens["console"], "monitor", "--seconds", "0.2").status == DONE
    connected = start_farflash("--server", guarded.url, "connect", "lab1", env=env, status=(0, 130, 143))
    url = connected.wait_line(r"^ +(rfc2217://127\.0\.0\.1:\d+)$").group(1)
    assert farflash("--port", url, "--no-stub", "chip-id").status == DONE
    refused = ask(guarded, "ff_0", "connect", "lab1")
    assert refused.status == BUSY and "not known" in refused.stderr, refused
