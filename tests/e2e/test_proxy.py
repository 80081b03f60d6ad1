# SPDX-License-Identifier: Apache-2.0
"""The client behind a proxy: the server's name leads nowhere but through it."""

import pytest

from client import DONE, UNREACHABLE, farflash
from connected import Connected
from proxy import Proxy

NAME = "lab.test"  # of a domain that no resolver knows
FORBIDDEN = "403 Forbidden"


@pytest.fixture
def hidden(make_server, board):
    """A server that goes by NAME."""
    return make_server(options=("--host", NAME), lab1=board.address)


def behind(proxy, **extra):
    return {"NO_PROXY": "", "http_proxy": proxy.url, "FARFLASH_SERVER": f"http://{NAME}:8217", "FARFLASH_BOARD": "lab1", **extra}


def test_proxy__a_request_passes_it(hidden, app_file, board, app):
    with Proxy({NAME: hidden.port}) as proxy:
        assert farflash("write-flash", "0x10000", str(app_file), env=behind(proxy)).status == DONE
        assert board.holds(0x10000, app)
        assert "CONNECT" not in proxy.methods() and "POST" in proxy.methods()


def test_proxy__the_console_is_a_tunnel_through_it(hidden):
    with Proxy({NAME: hidden.port}) as proxy:
        done = farflash("monitor", "--reset", "--seconds", "1", env=behind(proxy))
        assert done.status == DONE and "rst:0x1" in done.stdout, done
        assert ("CONNECT", f"{NAME}:8217") in proxy.asked


@pytest.mark.parametrize("variable", ("http_proxy", "all_proxy"))
def test_proxy__a_board_is_flashed_through_it(hidden, start_farflash, app_file, board, app, variable):
    with Proxy({NAME: hidden.port}) as proxy:
        env = behind(proxy)
        env[variable] = env.pop("http_proxy")
        connected = Connected(start_farflash("--json", "connect", "lab1", env=env))
        done = farflash("--port", f"rfc2217://127.0.0.1:{connected.rfc2217}", "--baud", "0", "write-flash", "0x20000", str(app_file))
        assert done.status == DONE, done
        assert connected.stop() == 0
        assert board.holds(0x20000, app) and "CONNECT" in proxy.methods()


def test_proxy__it_may_want_a_password(hidden):
    with Proxy({NAME: hidden.port}, credentials="me:secret") as proxy:
        done = farflash("monitor", "--reset", "--seconds", "1", env=behind(proxy))
        assert done.status == DONE and "rst:0x1" in done.stdout, done
        stranger = behind(proxy, http_proxy=f"http://127.0.0.1:{proxy.port}")
        done = farflash("monitor", "--no-reconnect", env=stranger)
        assert done.status == UNREACHABLE and "407" in done.stderr, done


def test_proxy__what_it_refuses_is_told(hidden):
    with Proxy({NAME: hidden.port}, refuses=FORBIDDEN) as proxy:
        for command in (("monitor", "--no-reconnect"), ("connect", "--raw", "0")):
            done = farflash(*command, env=behind(proxy))
            assert done.status == UNREACHABLE and "403" in done.stderr, done
        assert "CONNECT" in proxy.methods()


def test_proxy__not_for_what_no_proxy_names(hidden):
    with Proxy({NAME: hidden.port}) as proxy:
        for env in (behind(proxy, no_proxy=f"example.org,{NAME}"), behind(proxy, NO_PROXY="*")):
            for command in (("monitor", "--no-reconnect"), ("connect", "--raw", "0"), ("boards",)):
                done = farflash(*command, env=env)
                assert done.status == UNREACHABLE and "resolve" in done.stderr, done
        assert proxy.asked == []


def test_proxy__not_for_this_machine(hidden):
    with Proxy({}, refuses=FORBIDDEN) as proxy:
        done = farflash("monitor", "--seconds", "0.2", env=behind(proxy, FARFLASH_SERVER=hidden.url))
        assert done.status == DONE and proxy.asked == [], done
