# SPDX-License-Identifier: Apache-2.0
"""A build directory in a zip or tar.gz archive, good and hostile, at --port and through the server."""

import gzip
import io
import json
import os
import tarfile
import zipfile

import pytest

import firmware
from client import DONE, USAGE, farflash, farflash_json

KB, MB = 1024, 1024 * 1024


def make_zip(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)


def make_tar_gz(path, entries):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in entries:
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))


MAKE = {"zip": make_zip, "tar.gz": make_tar_gz}


@pytest.fixture
def build():
    """The entries of an archive of a build directory of an ESP32 project."""
    return [("bootloader/bootloader.bin", firmware.bootloader("esp32")),
            ("app.elf", b"\x7fELF" + bytes(1 * MB)),
            ("flasher_args.json", json.dumps({
                "write_flash_args": ["--flash_mode", "dio"],
                "flash_settings": {"flash_mode": "dio", "flash_size": "4MB", "flash_freq": "40m"},
                "flash_files": {"0x1000": "bootloader/bootloader.bin", "0x10000": "app.bin"},
                "extra_esptool_args": {"chip": "esp32"}}).encode()),
            ("app.bin", firmware.image("esp32", 32 * KB)),
            ("partition_table/partition-table.bin", b"not listed")]


def content(entries, name):
    return dict(entries)[name]


@pytest.fixture(params=["port", "server"])
def where(request, board):
    if request.param == "port":
        return ["--port", board.address]
    return ["--server", request.getfixturevalue("server").url]


def holds(board, build):
    return board.holds(0x1000, content(build, "bootloader/bootloader.bin")) and board.holds(
        0x10000, content(build, "app.bin"))


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("folder", ["", "build/"])
def test_archives__write_flash(where, board, build, kind, folder, tmp_path):
    path = tmp_path / "release"
    MAKE[kind](path, [(folder + name, data) for name, data in build])
    before = sorted(os.listdir(tmp_path))
    job, _ = farflash_json(*where, "write-flash", path, cwd=tmp_path)
    assert holds(board, build) and sorted(os.listdir(tmp_path)) == before
    assert sorted((region["offset"], region["name"]) for region in job["regions"]) == [
        ("0x1000", "release: bootloader.bin"), ("0x10000", "release: app.bin")]


@pytest.mark.parametrize("kind", MAKE)
def test_archives__as_build_directory(board, build, kind, tmp_path):
    path = tmp_path / f"build.{kind}"
    MAKE[kind](path, build)
    assert farflash("--port", board.address, "write-flash", "-C", path).status == DONE
    assert holds(board, build)
    done = farflash("--port", board.address, "verify-flash", "-C", path)
    assert done.status == DONE and "build." + kind + ": app.bin at 0x10000 verified" in done.stdout, done


def test_archives__merge_bin(build, tmp_path):
    make_zip(tmp_path / "build.zip", build)
    assert farflash("merge-bin", "-o", tmp_path / "merged", "-t", "0x1000", tmp_path / "build.zip").status == DONE
    assert (tmp_path / "merged").read_bytes() == content(build, "bootloader/bootloader.bin").ljust(
        0xF000, b"\xff") + content(build, "app.bin")


def test_archives__image_info(build, tmp_path):
    make_zip(tmp_path / "build.zip", build)
    told, _ = farflash_json("image-info", tmp_path / "build.zip")
    assert told["format"] == "archive"
    assert sorted((piece["offset"], piece["chip"], piece["valid"]) for piece in told["images"]) == [
        (0x1000, "ESP32", True), (0x10000, "ESP32", True)]


def test_archives__an_offset_means_the_archive_itself(board, build, tmp_path):
    build_zip, assets = tmp_path / "build.zip", tmp_path / "assets.zip"
    make_zip(build_zip, build)
    make_zip(assets, [("picture.png", b"picture")])
    where = ["--port", board.address]
    done = farflash(*where, "write-flash", "0x10000", build_zip)
    assert done.status == USAGE and "holds a build directory" in done.stderr and board.is_untouched(), done
    assert farflash(*where, "write-flash", "0x110000", assets).status == DONE
    assert farflash(*where, "--force", "write-flash", "0x200000", build_zip).status == DONE
    assert board.holds(0x110000, assets.read_bytes()) and board.holds(0x200000, build_zip.read_bytes())


def without(build, name):
    return [(entry, data) for entry, data in build if entry != name]


def with_args(build, text):
    return without(build, "flasher_args.json") + [("flasher_args.json", text)]


def listing(path):
    return json.dumps({"flash_files": {"0x10000": path}}).encode()


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.parametrize("change, why", [
    (lambda build: without(build, "app.bin"), "no file app.bin in the archive"),
    (lambda build: without(build, "flasher_args.json"), "no flasher_args.json at the top of the archive"),
    (lambda build: [("a/b/" + name, data) for name, data in build], "no flasher_args.json at the top of the archive"),
    (lambda build: build + [("app.bin", b"again")], "more than one app.bin in the archive"),
    (lambda build: [(folder + name, data) for folder in ("a/", "b/") for name, data in build],
     "more than one flasher_args.json"),
    (lambda build: with_args(build, b"{"), "not valid JSON"),
    (lambda build: with_args(build, b" " * 300000), "flasher_args.json in it is too large"),
    (lambda build: with_args(build, listing("/etc/passwd")), "no file /etc/passwd in the archive"),
    (lambda build: with_args(build, listing("../../etc/passwd")), "no file ../../etc/passwd in the archive"),
    (lambda build: without(build, "app.bin") + [("app.bin", b"")], "app.bin is empty"),
    (lambda build: without(build, "app.bin") + [("app.bin", bytes(129 * MB))], "app.bin in it is too large"),
])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives__refuses(build, kind, change, why, tmp_path):
    path = tmp_path / "release"
    MAKE[kind](path, change(build))
    done = farflash("--port", "socket://127.0.0.1:1", "write-flash", path)
    assert done.status == USAGE and why in done.stderr and "release" in done.stderr, done


def test_archives__ignores_what_is_no_regular_file(build, tmp_path):
    path = tmp_path / "release"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in without(build, "app.bin"):
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            about = tarfile.TarInfo("app.bin")
            about.type, about.linkname = kind, "/etc/passwd"
            archive.addfile(about)
    done = farflash("--port", "socket://127.0.0.1:1", "write-flash", path)
    assert done.status == USAGE and "no file app.bin in the archive" in done.stderr, done


@pytest.mark.parametrize("data", [gzip.compress(b"no tar file"), b"PK\3\4 and no more"], ids=["no tar", "no zip"])
@pytest.mark.parametrize("command", ["write-flash", "image-info"])
def test_archives__not_one_of_its_kind(data, command, tmp_path):
    path = tmp_path / "release"
    path.write_bytes(data)
    done = farflash(command, path)
    assert done.status == USAGE and f"{path}: not a zip or tar.gz archive, or a damaged one" in done.stderr, done


@pytest.mark.parametrize("kind", MAKE)
def test_archives__damaged(build, kind, tmp_path):
    path = tmp_path / "release"
    MAKE[kind](path, build)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    for damaged in (data, data[:len(data) // 2]):
        path.write_bytes(damaged)
        done = farflash("--port", "socket://127.0.0.1:1", "write-flash", path)
        assert done.status == USAGE and f"{path}: not a zip or tar.gz archive, or a damaged one" in done.stderr, done


def test_archives__encrypted_flash(build, tmp_path, make_board):
    board = make_board("esp32")  # without a key
    entries = with_args(build, json.dumps({
        "flash_files": {"0x10000": "app.bin"}, "app": {"offset": "0x10000", "file": "app.bin", "encrypted": "true"}}))
    make_zip(tmp_path / "build.zip", entries)
    done = farflash("--port", board.address, "write-flash", "--encrypt", tmp_path / "build.zip")
    assert done.status == USAGE and "has no key for flash encryption" in done.stderr, done
    assert board.is_untouched()
