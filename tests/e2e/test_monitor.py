# SPDX-License-Identifier: Apache-2.0
"""farflash monitor as a person uses it: on a terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import threading
import time

import pytest

from client import DONE, UNREACHABLE, USAGE, farflash
from console import Talk
from program import DEFAULT_WAIT, environment, program_path, sanitizer_report, wait_until

APPLICATION = "hello from the application"
MENU = b"\x1d"
BOOT = "SPI_FAST_FLASH_BOOT"
READY = "Ctrl-] q quits"
KB = 1024


class Terminal:
    """farflash on a pseudo terminal, which also shows what it says on standard error."""

    def __init__(self, *arguments, prepare=None):
        self.master, slave = pty.openpty()
        self.slave = slave
        if prepare is not None:
            mode = termios.tcgetattr(slave)
            prepare(mode)
            termios.tcsetattr(slave, termios.TCSANOW, mode)
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen([program_path("farflash"), *map(str, arguments)], stdin=slave, stdout=slave,
                                        stderr=slave, env=environment(), start_new_session=True,
                                        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))
        self.shown = b""
        self._changed = threading.Condition()
        self._over = False
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self):
        while not self._over:
            if select.select([self.master], [], [], 0.05)[0]:
                data = os.read(self.master, 4096)
                with self._changed:
                    self.shown += data
                    self._changed.notify_all()

    @property
    def text(self):
        return self.shown.decode(errors="replace")

    def wait(self, pattern, start=0, timeout=DEFAULT_WAIT):
        """Waits until `pattern` is found behind `start`; returns the end of it."""
        with self._changed:
            found = None

            def look():
                nonlocal found
                found = re.search(pattern, self.text[start:])
                return found
            assert self._changed.wait_for(look, timeout), f"wanted {pattern} in {self.text[start:]!r}"
            return start + found.end()

    def type(self, keys):
        os.write(self.master, keys)

    def end(self):
        status = self.process.wait(DEFAULT_WAIT)
        assert sanitizer_report(self.text) is None, self.text
        return status

    def is_restored(self):
        return termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._over = True
        self._reader.join()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal():
    opened = []

    def start(*arguments, **options):
        opened.append(Terminal(*arguments, **options))
        return opened[-1]
    yield start
    for one in opened:
        one.close()


@pytest.fixture
def board(make_board):
    return make_board(application=APPLICATION)


@pytest.fixture(params=("server", "port"))
def where(request, board, make_server):
    if request.param == "port":
        return "--port", board.address
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    return "--server", server.url


@pytest.fixture
def echo(make_board, make_server):
    server = make_server(lab1=make_board(device="echo"))
    server.rest.wait_board("lab1", "idle")
    return server


# ---- keys ----

@pytest.mark.parametrize("key", (b"q", b"x", b"\x11", MENU))
def test_monitor__the_menu_quits(where, terminal, key):
    monitor = terminal(*where, "monitor")
    monitor.wait(READY)
    assert not monitor.is_restored()
    monitor.type(MENU + key)
    assert monitor.end() == DONE
    assert monitor.is_restored()


def test_monitor__shows_what_happens_while_its_reset_waits(terminal, make_board, make_server, app):
    """A console that is left alone for a minute is taken for dead."""
    server = make_server(lab1=make_board(timing="real"))
    server.rest.wait_board("lab1", "idle")
    first, second = (server.rest.flash_async("lab1", ("0x10000", app), query="?baud=0")["id"] for _ in range(2))
    server.rest.wait_job(first, ("running",))
    screen = terminal("--server", server.url, "monitor", "--reset")
    wait_until(lambda: any(job["kind"] == "reset" for job in server.rest.get("/jobs")["jobs"]), "the reset to wait")
    server.rest.cancel(first)
    screen.wait(f"has ended job {first}")
    server.rest.wait_job(second, ("running",))  # and the reset behind it has yet to come
    server.rest.cancel(second)
    screen.wait(BOOT)


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGHUP, signal.SIGINT))
def test_monitor__a_signal_restores_the_terminal(where, terminal, number):
    monitor = terminal(*where, "monitor")
    monitor.wait(READY)
    monitor.process.send_signal(number)
    assert monitor.end() == DONE
    assert monitor.is_restored()


def test_monitor__the_reset_key(where, terminal):
    monitor = terminal(*where, "monitor", "--reset")
    at = monitor.wait(APPLICATION, monitor.wait(READY))
    monitor.type(MENU + b"r")
    at = monitor.wait(BOOT, at)
    monitor.wait(APPLICATION, at)
    assert "the board was reset" in monitor.text
    monitor.type(MENU + b"q")
    assert monitor.end() == DONE


def test_monitor__help_and_unknown_keys(where, terminal):
    monitor = terminal(*where, "monitor")
    at = monitor.wait(READY)
    monitor.type(MENU + b"z")
    at = monitor.wait("h lists all keys", at)
    monitor.type(MENU)
    at = monitor.wait("h lists all keys", at)
    monitor.type(b"h")
    at = monitor.wait("Ctrl-] r  reset the board", at)
    monitor.type(MENU + b"e")
    monitor.wait("Enter sends LF", at)


def echoed(monitor, keys, wanted):
    at = len(monitor.text)
    monitor.type(keys)
    monitor.wait(re.escape(wanted), at)


def test_monitor__keys_reach_the_board(echo, terminal):
    """Control characters among them: a board may have a shell of its own."""
    monitor = terminal("--server", echo.url, "monitor")
    monitor.wait(READY)
    echoed(monitor, b"one\x03two\x1athree\x1c", "one\x03two\x1athree\x1c")
    echoed(monitor, b"a" + MENU + b"sb", "a\x1db")
    monitor.type(MENU + b"q")
    assert monitor.end() == DONE


@pytest.mark.parametrize("eol,wanted", (("CR", "end\rof"), ("LF", "end\r\nof"), ("CRLF", "end\r\r\nof")))
def test_monitor__what_enter_sends(echo, terminal, eol, wanted):
    """The terminal makes CR LF of a board's LF."""
    monitor = terminal("--server", echo.url, "monitor", "--eol", eol)
    monitor.wait(READY)
    echoed(monitor, b"end\rof", wanted)


def refused_again(server):
    """Waits until the server repeats a refusal, which it does every two seconds at most."""
    def is_refused():
        other.send(b"x")
        other.receive(0.1)
        return any(message["type"] == "refused" for message in other.messages)
    with Talk(server) as other:
        other.send(b"x")
        other.wait_message("refused")
        wait_until(is_refused, "a second refusal")


def test_monitor__a_second_writer_is_told(echo, terminal):
    with Talk(echo) as first:
        first.send(b"mine")
        first.wait_output(b"mine")
        monitor = terminal("--server", echo.url, "monitor")
        at = monitor.wait(READY)
        monitor.type(b"x")
        at = monitor.wait("lab1 is in use by", at)
        refused_again(echo)  # by then the server tells the monitor again, too
        monitor.type(b"y")
        first.send(b"after that")
        first.wait_output(b"after that")
        monitor.wait("after that", at)
        assert monitor.text.count("lab1 is in use by") == 1
        monitor.type(MENU + b"r")
        monitor.wait("lab1 is in use by", at)


def test_monitor__who_only_resets_holds_nobody_up(board, make_server, terminal):
    server = make_server(lab1=board)
    server.rest.wait_board("lab1", "idle")
    monitor = terminal("--server", server.url, "monitor")
    monitor.type(MENU + b"r")
    monitor.wait(APPLICATION, monitor.wait("the board was reset"))
    assert farflash("--server", server.url, "read-mac").status == DONE


def test_monitor__who_types_no_more_holds_nobody_up(echo, terminal):
    monitor = terminal("--server", echo.url, "monitor")
    monitor.wait(READY)
    echoed(monitor, b"typed", "typed")
    assert echo.rest.board("lab1")["holder"].startswith("console client")
    wait_until(lambda: echo.rest.board("lab1")["holder"] is None, "the board to be free")
    echoed(monitor, b"again", "again")


def test_monitor__a_bare_line_feed_begins_a_line(echo, terminal):
    """Even on a terminal that would leave it as it is."""
    def no_output_processing(mode):
        mode[1] &= ~termios.OPOST
    monitor = terminal("--server", echo.url, "monitor", prepare=no_output_processing)
    monitor.wait(READY)
    echoed(monitor, b"a\nb", "a\r\nb")
    monitor.type(MENU + b"q")
    assert monitor.end() == DONE
    assert monitor.is_restored()


def test_monitor__ends_with_its_reader(where):
    with subprocess.Popen([program_path("farflash"), *where, "monitor", "--reset"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, env=environment()) as monitor:
        monitor.stdout.readline()
        monitor.stdout.close()
        assert monitor.wait(DEFAULT_WAIT) == DONE


def test_monitor__a_pipe_is_sent(echo):
    """Its end is not the monitor's."""
    done = farflash("--server", echo.url, "monitor", "--seconds", "2", stdin=b"to the board\n")
    assert done.status == DONE and done.stdout == "to the board\n", done
    assert done.seconds >= 2


def test_monitor__line_endings_of_a_pipe(echo, tmp_path):
    log = tmp_path / "log"
    farflash("--server", echo.url, "monitor", "--seconds", "1", "--eol", "CRLF", "--log", log, stdin=b"a\nb\n")
    assert log.read_bytes() == b"a\r\nb\r\n"


# ---- stamps and log ----

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} "


def test_monitor__time_stamps(where):
    done = farflash(*where, "monitor", "--reset", "--timestamps", "--seconds", "1.5")
    assert done.status == DONE and APPLICATION in done.stdout, done
    for line in done.stdout.splitlines():
        assert re.match(STAMP, line), done


def test_monitor__time_stamps_by_key(where, terminal):
    monitor = terminal(*where, "monitor", "--reset")
    at = monitor.wait(APPLICATION, monitor.wait(READY))
    assert not re.search(STAMP, monitor.text)
    monitor.type(MENU + b"t")
    at = monitor.wait(STAMP + APPLICATION, at)
    monitor.type(MENU + b"t")
    monitor.wait(r"\n" + APPLICATION, monitor.wait("time stamps off", at))


def test_monitor__bad_time_stamps_and_line_endings(where):
    assert farflash(*where, "monitor", "--timestamps=").status == USAGE
    assert farflash(*where, "monitor", "--eol", "LFCR").status == USAGE


def test_monitor__log(where, tmp_path):
    log = tmp_path / "board.log"
    log.write_bytes(b"before\n")
    done = farflash(*where, "monitor", "--reset", "--log", log, "--seconds", "1.5")
    assert done.status == DONE and APPLICATION in done.stdout, done
    assert log.read_text().replace("\r\n", "\n") == "before\n" + done.stdout.replace("\r\n", "\n")


def test_monitor__log_by_key(where, terminal, tmp_path):
    log = tmp_path / "board.log"
    monitor = terminal(*where, "monitor", "--reset", "--log", log)
    at = monitor.wait(APPLICATION, monitor.wait(READY))
    monitor.type(MENU + b"l")
    at = monitor.wait("log off: ", at)
    size = log.stat().st_size
    at = monitor.wait(APPLICATION, at)
    assert log.stat().st_size == size
    monitor.type(MENU + b"l")
    monitor.wait(APPLICATION + r"[^\n]*\n", monitor.wait("log on: ", at))
    assert log.stat().st_size > size


def test_monitor__a_full_disk_ends_the_log_only(where, terminal):
    monitor = terminal(*where, "monitor", "--reset", "--log", "/dev/full")
    at = monitor.wait("cannot write the log /dev/full: No space left on device")
    monitor.wait(APPLICATION, monitor.wait(APPLICATION, at))
    assert monitor.text.count("cannot write the log") == 1


def test_monitor__a_log_that_cannot_be(where, tmp_path):
    done = farflash(*where, "monitor", "--log", tmp_path / "none" / "log")
    assert done.status == USAGE and "No such file" in done.stderr, done


# ---- losses ----

def test_monitor__history(echo, terminal):
    with Talk(echo) as talk:
        talk.send(b"long ago")
        talk.wait_output(b"long ago")
    done = farflash("--server", echo.url, "monitor", "--history", "3", "--seconds", "0.5")
    assert done.stdout == "ago", done
    assert farflash("--server", echo.url, "monitor", "--seconds", "0.5").stdout == ""
    monitor = terminal("--server", echo.url, "monitor", "--history", "3")
    monitor.wait("ago", monitor.wait(READY))


def test_monitor__a_broken_connection_loses_and_repeats_nothing(echo, make_relay, terminal):
    relay = make_relay(echo.port)
    monitor = terminal("--server", f"http://127.0.0.1:{relay.port}", "monitor")
    monitor.wait(READY)
    with Talk(echo) as talk:
        talk.send(b"<0001>")
        at = monitor.wait("<0001>")
        relay.cut()
        monitor.wait("trying again", at)
        talk.send(b"<0002>")
        talk.wait_output(b"<0002>")
    at = monitor.wait("the connection is back", at)
    monitor.wait("<0002>", at)
    monitor.type(b"<0003>")
    monitor.wait("<0003>", at)
    assert re.findall(r"<\d+>", monitor.text) == ["<0001>", "<0002>", "<0003>"]
    monitor.type(MENU + b"q")
    assert monitor.end() == DONE


def test_monitor__the_server_starts_anew(board, make_server, unused_ports, terminal):
    port, = unused_ports(1)
    server = make_server(lab1=board, options=["--listen", f"127.0.0.1:{port}"])
    server.rest.wait_board("lab1", "idle")
    monitor = terminal("--server", f"http://127.0.0.1:{port}", "monitor", "--reset")
    at = monitor.wait(APPLICATION, monitor.wait(READY))
    server.terminate()
    at = monitor.wait("trying again", at)
    make_server(lab1=board, options=["--listen", f"127.0.0.1:{port}"])
    monitor.wait(APPLICATION, monitor.wait("a server that has started anew", at))
    assert monitor.text.count("trying again") == 1
    monitor.type(MENU + b"q")
    assert monitor.end() == DONE


def test_monitor__says_what_the_server_has_no_more(echo, make_relay, terminal):
    relay = make_relay(echo.port)
    monitor = terminal("--server", f"http://127.0.0.1:{relay.port}", "monitor")
    at = monitor.wait(READY)
    relay.unplug()
    at = monitor.wait("trying again", at)
    with Talk(echo) as talk:
        for _ in range(25):
            talk.send(b"." * 8000)
        wait_until(lambda: talk.receive() and len(talk.output) == 200000, "the echo")
        relay.plug()
        missing = 200000 - 128 * KB
        at = monitor.wait(f"{missing} bytes of the board's output are missing here", monitor.wait("is back", at))
        talk.send(b"<end>")
        monitor.wait("<end>", at)
    assert monitor.text.count(".", at) == 128 * KB


def test_monitor__the_time_is_up_without_a_connection(echo, terminal):
    monitor = terminal("--server", echo.url, "monitor", "--seconds", "3")
    monitor.wait(READY)
    echo.terminate()
    at = monitor.wait("trying again")
    assert monitor.end() == UNREACHABLE
    monitor.wait("farflash: .*the server ended the console", at)
    assert monitor.is_restored()


def test_monitor__ctrl_c_leaves_while_there_is_no_connection(echo, terminal):
    monitor = terminal("--server", echo.url, "monitor")
    monitor.wait(READY)
    echo.terminate()
    monitor.wait("trying again")
    monitor.type(b"\x03")
    assert monitor.end() == DONE
    assert monitor.is_restored()


def test_monitor__no_reconnect(echo, terminal):
    monitor = terminal("--server", echo.url, "monitor", "--no-reconnect")
    monitor.wait(READY)
    echo.terminate()
    assert monitor.end() == UNREACHABLE
    assert monitor.is_restored()


def test_monitor__a_lost_board_behind_a_server(make_board, make_server, unused_ports, terminal):
    port, = unused_ports(1)
    options = {"listen": f"rfc2217:{port}", "application": APPLICATION, "options": ["--boot", "app"]}
    board = make_board(**options)
    server = make_server(lab1=board)
    monitor = terminal("--server", server.url, "monitor")
    at = monitor.wait(APPLICATION, monitor.wait(READY))
    board.kill()
    at = monitor.wait("lab1 is lost", at)
    make_board(**options)
    monitor.wait(APPLICATION, monitor.wait("lab1 is there", at))
    assert "trying again" not in monitor.text


@pytest.mark.parametrize("kind", ("pty", "rfc2217", "raw"))
def test_monitor__a_port_that_is_unplugged(make_board, terminal, tmp_path, unused_ports, kind):
    """It is told at once, and the output goes on when the board is back."""
    port = tmp_path / "tty" if kind == "pty" else unused_ports(1)[0]
    options = {"listen": f"{kind}:{port}", "application": APPLICATION, "options": ["--boot", "app"]}
    board = make_board(**options)
    monitor = terminal("--port", port if kind == "pty" else board.address, "monitor")
    at = monitor.wait(APPLICATION, monitor.wait(READY))
    if kind == "pty":
        port.unlink()  # or it leads to whoever is given the terminal's number next
    begun = time.monotonic()
    board.kill()
    at = monitor.wait("trying again", at)
    assert time.monotonic() - begun < 5
    make_board(**options)
    monitor.wait(APPLICATION, monitor.wait("the port is back", at))
    monitor.type(MENU + b"q")
    assert monitor.end() == DONE


def test_monitor__no_server_and_no_board(echo, unused_ports, terminal):
    port, = unused_ports(1)
    for url, board, status in ((f"http://127.0.0.1:{port}", "lab1", UNREACHABLE), (echo.url, "lab2", USAGE)):
        monitor = terminal("--server", url, "--board", board, "monitor")
        assert monitor.end() == status
        assert monitor.is_restored()
