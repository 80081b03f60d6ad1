# SPDX-License-Identifier: Apache-2.0
"""libfarflash as somebody else sees it: built, installed into a prefix of its own, found by pkg-config and by CMake, and
linked into the examples, which then flash a board. docs/library.md shows these very examples."""

import ctypes
import os
import re
import shutil
import signal

import pytest

import firmware
from program import Program, run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = ("flash.c", "progress.c", "encrypted.c", "custom_transport.c", "flash.cpp")
COMPILERS = {".c": ["cc", "-std=gnu17"], ".cpp": ["c++", "-std=c++17"]}
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
OFFSET = 0x10000


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def succeed(*arguments, env=None):
    done = run(arguments, env=env, timeout=120)
    assert done.status == 0, done
    return done.stdout


class Installed:
    """An installed libfarflash."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.libdir = prefix / "lib"
        self.include = prefix / "include"
        self.shared = {"LD_LIBRARY_PATH": str(self.libdir)}

    def pkg_config(self, *arguments):
        env = {"PKG_CONFIG_PATH": str(self.libdir / "pkgconfig")}
        return succeed("pkg-config", *arguments, "farflash", env=env).split()

    def headers(self):
        return sorted(path.name for path in (self.include / "farflash").iterdir())


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    build, prefix = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("prefix")
    succeed("cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DFF_PROGRAMS=OFF", "-DFF_TESTS=OFF",
            "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_INSTALL_PREFIX={prefix}", "-DCMAKE_INSTALL_LIBDIR=lib")
    succeed("cmake", "--build", build)
    succeed("cmake", "--install", build)
    return Installed(prefix)


@pytest.fixture(scope="module")
def cmake_examples(installed, tmp_path_factory):
    """The folder of the examples that CMake has built, by the kind of the library."""
    folders = {}
    for kind, target in (("shared", "farflash::farflash"), ("static", "farflash::static")):
        folders[kind] = tmp_path_factory.mktemp("examples")
        succeed("cmake", "-S", os.path.join(ROOT, "examples"), "-B", folders[kind], "-G", "Ninja",
                f"-DCMAKE_PREFIX_PATH={installed.prefix}", f"-DFARFLASH_TARGET={target}")
        succeed("cmake", "--build", folders[kind])
    return folders


def compile_example(installed, example, kind, program):
    compiler = COMPILERS[os.path.splitext(example)[1]]
    flags = installed.pkg_config("--cflags", "--libs", *(["--static"] if kind == "static" else []))
    static = ["-static"] if kind == "static" else []
    succeed(*compiler, *STRICT, *static, os.path.join(ROOT, "examples", example), *flags, "-o", program)
    return program


def test_library__exports_what_its_headers_declare(installed):
    text = "".join(read(installed.include, "farflash", name) for name in installed.headers())
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    declared = set(re.findall(r"\b(ff_\w+)\([^;]*;", code))
    assert "ff_flasher_open" in declared and "ff_version" in declared
    names = succeed("nm", "-D", "--defined-only", "--format=just-symbols", installed.libdir / "libfarflash.so").split()
    assert set(names) == declared


def test_library__tells_its_versions(installed):
    header = read(installed.include, "farflash", "version.h")
    version = re.search(r'#define FF_VERSION "([\d.]+)"', header).group(1)
    number = int(re.search(r"#define FF_VERSION_NUMBER (0x\w+)", header).group(1), 16)
    abi = re.search(r"#define FF_ABI_VERSION (\d+)", header).group(1)
    assert version == f"{number >> 16}.{number >> 8 & 0xff}.{number & 0xff}"
    assert installed.pkg_config("--modversion") == [version]
    library = ctypes.CDLL(str(installed.libdir / "libfarflash.so"))
    library.ff_version.restype = ctypes.c_char_p
    assert library.ff_version() == version.encode()
    dynamic = succeed("readelf", "-d", installed.libdir / "libfarflash.so")
    assert f"soname: [libfarflash.so.{abi}]" in dynamic


@pytest.mark.parametrize("suffix", COMPILERS)
def test_library__each_header_compiles_alone(installed, suffix, tmp_path):
    source = tmp_path / f"header{suffix}"
    for name in installed.headers():
        source.write_text(f"#include <farflash/{name}>\n")
        succeed(*COMPILERS[suffix], *STRICT, *installed.pkg_config("--cflags"), "-fsyntax-only", source)


def test_library__docs_show_the_examples():
    quoted = re.findall(r"<!-- (examples/\S+) -->\n```\w+\n(.*?)```\n", read(ROOT, "docs", "library.md"), re.DOTALL)
    assert sorted(path for path, _ in quoted) == sorted(f"examples/{name}" for name in EXAMPLES)
    for path, text in quoted:
        assert text == read(ROOT, path), f"docs/library.md does not show {path} as it is"


@pytest.mark.parametrize("kind", ("shared", "static"))
@pytest.mark.parametrize("example", ("flash.c", "flash.cpp"))
def test_library__writes_a_file(installed, example, kind, board, app, app_file, tmp_path):
    program = compile_example(installed, example, kind, tmp_path / "flash")
    env = installed.shared if kind == "shared" else None
    assert succeed(program, board.address, hex(OFFSET), app_file, env=env) == "ESP32: written and verified\n"
    assert board.holds(OFFSET, app)


@pytest.mark.parametrize("kind", ("shared", "static"))
def test_library__cmake_finds_it(cmake_examples, kind, board, app, app_file):
    succeed(cmake_examples[kind] / "flash_cpp", board.address, hex(OFFSET), app_file)
    assert board.holds(OFFSET, app)


def test_library__example_says_what_is_wrong(cmake_examples, board, tmp_path):
    missing = tmp_path / "missing.bin"
    done = run([cmake_examples["shared"] / "flash_c", board.address, hex(OFFSET), missing])
    assert done.status == 1 and str(missing) in done.stderr
    assert board.is_untouched()


@pytest.mark.parametrize("kind", ("shared", "static"))
def test_library__shows_progress_with_the_stub_of_the_prefix(cmake_examples, kind, board, app, app_file):
    done = run([cmake_examples[kind] / "progress_c", board.address, hex(OFFSET), app_file])
    assert done.status == 0 and done.stdout.startswith(f"{len(app)} bytes written, "), done
    for phase in ("stub", "baud", r"write 0x\w+: 100 %", r"verify 0x\w+: 100 %"):
        assert re.search(f"^{phase}$", done.stderr, re.MULTILINE), done
    assert "warning: " not in done.stderr
    assert board.holds(OFFSET, app)


def test_library__has_the_chip_encrypt(cmake_examples, make_board, tmp_path):
    (tmp_path / "key.bin").write_bytes(bytes(range(32)))
    board = make_board(options=["--security", "flash-encryption", "--flash-key", tmp_path / "key.bin"])
    image = firmware.bootloader("esp32")
    (tmp_path / "bootloader.bin").write_bytes(image)
    done = run([cmake_examples["shared"] / "encrypted_c", board.address, "0x1000", tmp_path / "bootloader.bin"])
    assert done.status == 0 and "flash encryption: development" in done.stdout, done
    assert f"{len(image)} bytes written, {len(image)} of them unverified" in done.stdout
    assert "could not be verified" in done.stderr and board.flash(0x1000, len(image)) != image


def test_library__looks_for_stubs_in_the_tree_of_the_library(installed, board, app_file, tmp_path):
    moved = shutil.copytree(installed.prefix, tmp_path / "moved", symlinks=True)
    (moved / "share" / "farflash" / "stubs" / "esp32.json").write_text("recognised")
    program = compile_example(installed, "flash.c", "shared", tmp_path / "flash")
    done = run([program, board.address, hex(OFFSET), app_file], env={"LD_LIBRARY_PATH": str(moved / "lib")})
    assert done.status == 1 and str(moved) in done.stderr and "esp32.json is not a stub flasher" in done.stderr


def test_library__cancels(programs, cmake_examples, make_board, app_file):
    board = make_board(timing="real")
    program = programs.add(Program([cmake_examples["shared"] / "progress_c", board.address, hex(OFFSET), app_file]))
    program.expected_status = {1}
    program.wait_line("write 0x")
    program.process.send_signal(signal.SIGINT)
    assert program.wait() == 1
    program.wait_line("^cancelled: ")


def test_library__flashes_through_a_transport_of_the_caller(cmake_examples, make_board, app, app_file):
    board = make_board(listen="raw:0")
    output = succeed(cmake_examples["shared"] / "custom_transport_c", "127.0.0.1", board.port, hex(OFFSET), app_file)
    assert output == "ESP32: written and verified; now reset it\n"
    assert board.holds(OFFSET, app)
