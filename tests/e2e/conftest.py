# SPDX-License-Identifier: Apache-2.0
"""Fixtures that start the programs under test and judge them at the end of each test: a wrong exit status or a sanitizer
report fails the test, and the output of a failed test's programs is shown."""

import os
import re
import socket
import subprocess

import pytest

import chips
import firmware
from board import Board
from program import Program, bin_dir, program_path
from relay import Relay
from server import Server

KB = 1024


def pytest_addoption(parser):
    parser.addoption("--write-chips", action="store_true", help="write docs/chips.md anew from what this run finds")


def pytest_report_header(config):
    return f"programs under test: {bin_dir()}"


def pytest_sessionstart(session):
    missing = [name for name in ("farflash-board", "farflashd", "farflash") if not os.path.exists(program_path(name))]
    if missing:
        pytest.exit(f"{', '.join(missing)} not in {bin_dir()}: build first, or set FARFLASH_BIN", 2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.failed_call = outcome.get_result().failed


def pytest_terminal_summary(terminalreporter, config):
    """Prints the table of chips and operations when the tests behind it ran, and renews the page if that is wanted."""
    reports = [report for group in ("passed", "failed") for report in terminalreporter.getreports(group)]
    outcomes = chips.Outcomes(report for report in reports if report.when == "call")
    if not outcomes.cells:
        return
    terminalreporter.write_line("\n" + outcomes.text() + "\n")
    if config.getoption("--write-chips") and outcomes.complete():
        chips.write_page(outcomes.rows())
        terminalreporter.write_line(f"written to {chips.PAGE}")


class Programs:
    """What one test has started, in order."""

    def __init__(self):
        self.started = []

    def add(self, program):
        self.started.append(program)
        return program

    def judge_all(self):
        """Ends all, last started first; returns what was wrong."""
        wrong = []
        for program in reversed(self.started):
            try:
                program.judge()
            except AssertionError as error:
                wrong.append(str(error))
        return wrong


@pytest.fixture
def programs(request):
    started = Programs()
    yield started
    wrong = started.judge_all()
    if wrong or getattr(request.node, "failed_call", False):
        for program in started.started:
            print(f"---- {' '.join(program.arguments)}\n{program.output()}")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.fixture
def make_board(programs, tmp_path):
    """make_board(chip=..., ...) starts a farflash-board with a flash file of its own; see board.Board."""
    def make(*arguments, **options):
        directory = tmp_path / f"board{len(programs.started)}"
        directory.mkdir()
        return programs.add(Board(str(directory), *arguments, **options))
    return make


@pytest.fixture
def make_server(programs, tmp_path):
    """make_server(name=address or Board, ..., options=[...]) starts a farflashd; see server.Server."""
    def make(options=(), data_dir=None, env=None, preexec=None, **boards):
        directory = tmp_path / f"server{len(programs.started)}"
        directory.mkdir()
        addresses = {name: getattr(board, "address", board) for name, board in boards.items()}
        return programs.add(Server(str(directory), addresses, options, data_dir, env, preexec))
    return make


@pytest.fixture
def start_farflash(programs):
    """start_farflash(argument, ..., status={0}) starts the client in the background."""
    def start(*arguments, status=(0,), env=None):
        program = programs.add(Program([program_path("farflash"), *arguments], env=env))
        program.expected_status = set(status)
        return program
    return start


@pytest.fixture
def make_relay(programs):
    """make_relay(port, rtt=seconds) starts a relay in front of a local port; it goes before the programs do."""
    relays = []

    def make(port, rtt=0.0):
        relays.append(Relay(port, rtt))
        return relays[-1]
    yield make
    for relay in relays:
        relay.close()


@pytest.fixture
def board(make_board):
    """A fast virtual ESP32 with 4 MB behind RFC 2217."""
    return make_board()


@pytest.fixture
def server(make_server, board):
    """A farflashd that serves `board` as "lab1" and has found it."""
    started = make_server(lab1=board)
    started.rest.wait_board("lab1", "idle")
    return started


@pytest.fixture
def rest(server):
    return server.rest


@pytest.fixture
def rfc2217(server):
    """The number of the board's RFC 2217 port."""
    return server.port_of("lab1", "rfc2217")


@pytest.fixture
def raw(server):
    """The number of the board's raw TCP port."""
    return server.port_of("lab1", "raw")


@pytest.fixture(scope="session")
def app():
    """An ESP32 application of 128 kB."""
    return firmware.image("esp32", 128 * KB)


@pytest.fixture(scope="session")
def app_file(app, tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "app.bin"
    path.write_bytes(app)
    return path


@pytest.fixture
def unused_ports():
    """unused_ports(n): TCP ports that nobody listens on at this moment."""
    def find(count):
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        ports = [one.getsockname()[1] for one in sockets]
        for one in sockets:
            one.close()
        return ports
    return find


def sanitizer_runtime():
    """The sanitizer's runtime, which the programs want first among the preloaded libraries, or None."""
    needs = subprocess.run(["ldd", program_path("farflash")], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = re.search(r"lib[at]san\S* => (\S+)", needs)
    return found.group(1) if found else None


class Usb:
    """What is plugged in, for a farflashd that runs with `env`."""

    def __init__(self, folder):
        library = os.path.join(os.path.dirname(bin_dir()), "lib", "libff_udev_shim.so")
        assert os.path.exists(library), f"{library} is not there"
        preload = [library] if sanitizer_runtime() is None else [sanitizer_runtime(), library]
        self.path = folder / "ports"
        self.env = {"LD_PRELOAD": ":".join(preload), "FF_UDEV_PORTS": str(self.path)}
        self.plug()

    def plug(self, *ports):
        """From now on these are there, and nothing else: (device, vendor:product, place, serial number[, name])."""
        lines = []
        for device, ids, place, serial, *name in ports:
            vendor, product = ids.split(":")
            place = place if ":" in place else f"{place}:0"
            lines.append("\t".join((str(device), vendor, product, place, serial, name[0] if name else "")) + "\n")
        new = self.path.with_suffix(".new")
        new.write_text("".join(lines))
        new.rename(self.path)


@pytest.fixture
def usb(tmp_path):
    folder = tmp_path / "usb"
    folder.mkdir()
    return Usb(folder)


@pytest.fixture
def shim():
    """shim(link) is the environment in which `link` looks like a serial port of the kernel; `usb`: what it is on USB."""
    library = os.path.join(os.path.dirname(bin_dir()), "lib", "libff_serial_shim.so")
    assert os.path.exists(library), f"{library} is not there"

    def environment(link, usb=None):
        preload = [library] if sanitizer_runtime() is None else [sanitizer_runtime(), library]
        on_usb = {"FF_SHIM_USB": usb} if usb else {}
        return {"LD_PRELOAD": ":".join(preload), "FF_SHIM_LINK": str(link), **on_usb}
    return environment
