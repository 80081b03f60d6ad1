# SPDX-License-Identifier: Apache-2.0
"""Commands on files alone: no server, no board. Their output is read here by other means than the client's own."""

import hashlib
import json
import os
import struct

import pytest

import firmware
from client import DONE, USAGE, farflash, farflash_json

KB = 1024
UF2_FAMILY = {"esp32": 0x1C5F21B0, "esp32c3": 0xD42BA06C, "esp8266": 0x7EAB61ED}


@pytest.fixture
def files(tmp_path):
    """Bootloader, partition table and application of an ESP32, as a list of (offset, path)."""
    content = {"bootloader.bin": (0x1000, firmware.bootloader("esp32")),
               "partitions.bin": (0x8000, firmware.partition_table()),
               "app.bin": (0x10000, firmware.image("esp32", 32 * KB))}
    listed = []
    for name, (offset, data) in content.items():
        (tmp_path / name).write_bytes(data)
        listed.append((offset, tmp_path / name))
    return listed


def words(files):
    return [word for offset, path in files for word in (hex(offset), path)]


def flat(files, begin=0, end=None):
    """What the flash holds from `begin` on."""
    top = max(offset + len(path.read_bytes()) for offset, path in files) if end is None else end
    flash = bytearray(b"\xff" * top)
    for offset, path in files:
        data = path.read_bytes()
        flash[offset:offset + len(data)] = data
    return bytes(flash[begin:])


def read_hex(text):
    """Intel HEX as {address: byte}."""
    memory, base, lines = {}, 0, text.splitlines()
    for line in lines:
        record = bytes.fromhex(line[1:])
        assert line[0] == ":" and sum(record) % 256 == 0 and len(record) == record[0] + 5
        offset, kind, data = int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
        if kind == 4:
            base = int.from_bytes(data, "big") << 16
        elif kind == 0:
            memory.update({base + offset + i: byte for i, byte in enumerate(data)})
    assert lines[-1] == ":00000001FF"
    return memory


def read_uf2(data):
    """UF2 as ({address: byte}, set of families); checks magic numbers and MD5."""
    memory, families = {}, set()
    assert len(data) % 512 == 0
    for at in range(0, len(data), 512):
        block = data[at:at + 512]
        first, second, flags, address, size, number, count, family = struct.unpack("<8I", block[:32])
        assert (first, second, block[508:]) == (0x0A324655, 0x9E5D5157, struct.pack("<I", 0x0AB16F30))
        assert flags & 0x2000 and number < count
        content = block[32:32 + size]
        if flags & 0x4000:
            stamp = struct.pack("<II", address, size) + hashlib.md5(content).digest()
            assert block[32 + size:32 + size + 24] == stamp
        memory.update({address + i: byte for i, byte in enumerate(content)})
        families.add(family)
    return memory, families


def memory_of(files):
    return {offset + i: byte for offset, path in files for i, byte in enumerate(path.read_bytes())}


@pytest.mark.parametrize("chip, name", [("esp32", "ESP32"), ("esp32c3", "ESP32-C3"), ("esp8266", "ESP8266")])
def test_image_info__shows_an_image(chip, name, tmp_path):
    data = firmware.image(chip, 16 * KB)
    path = tmp_path / "app.bin"
    path.write_bytes(data)
    done = farflash("image-info", path)
    assert done.status == DONE and done.stderr == "", done
    for line in (f"Image size: {16 * KB} bytes", f"Detected image type: {name}", "Segments: 1", "Flash mode: DIO",
                 f"Entry point: 0x{firmware.LOAD_ADDRESS[chip]:08x}"):
        assert line in done.stdout.splitlines(), done
    told, _ = farflash_json("image-info", path)
    image, = told["images"]
    assert told["format"] == "raw" and image["chip"] == name and image["valid"] is True
    assert image["segments"][0]["address"] == firmware.LOAD_ADDRESS[chip]
    assert image["flash"] == {"mode": "dio", "freq": "40m", "size": {"esp8266": "1MB"}.get(chip, "4MB")}
    if chip == "esp8266":
        assert image["sha256"] is None
    else:
        body = data[:image["image_size"] - 32]
        assert image["sha256"]["stored"] == hashlib.sha256(body).hexdigest()


def test_image_info__tells_damage(tmp_path):
    data = bytearray(firmware.image("esp32", 16 * KB))
    data[100] ^= 1
    path = tmp_path / "app.bin"
    path.write_bytes(data)
    done = farflash("image-info", path)
    assert done.status == DONE and done.stdout.count("(invalid - calculated") == 2, done
    told, _ = farflash_json("image-info", path)
    assert told["images"][0]["valid"] is False


@pytest.mark.parametrize("data, why", [
    (b"", "empty"), (b"\x7fELF", "the ELF file ends inside its header"), (firmware.image("esp32", 16 * KB)[:8000], "ends too early"),
    (b":0400100001020304E3\n", "line 1: its checksum"), (b":01000000AA55\n", "end record is missing"),
])
def test_image_info__says_why_it_is_none(data, why, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(data)
    done = farflash("image-info", path)
    assert done.status == USAGE and why in done.stderr and str(path) in done.stderr and done.stdout == "", done
    told, _ = farflash_json("image-info", path, status=USAGE)
    assert why in told["error"]["detail"]


def test_image_info__wants_a_file(tmp_path):
    for arguments in ([], [tmp_path], [tmp_path / "missing"], ["--chip", "esp33", __file__]):
        assert farflash("image-info", *arguments).status == USAGE


def test_merge_bin__raw(files, tmp_path):
    output = tmp_path / "merged.bin"
    done = farflash("merge-bin", "-o", output, *words(files))
    assert done.status == DONE and str(output) in done.stdout, done
    assert output.read_bytes() == flat(files)
    told, _ = farflash_json("merge_bin", "--output", output, "--target-offset", "0x1000", "--pad-to-size", "1MB",
                            *words(files))
    assert told["size"] == 0xFF000 and output.read_bytes() == flat(files, 0x1000, 0x100000)


def test_merge_bin__hex_and_back(files, tmp_path):
    merged, again = tmp_path / "merged.hex", tmp_path / "again.bin"
    assert farflash("merge-bin", "-o", merged, "-f", "hex", *words(files)).status == DONE
    assert read_hex(merged.read_text()) == memory_of(files)
    assert farflash("merge-bin", "-o", again, "0x0", merged).status == DONE
    assert again.read_bytes() == flat(files)
    told, _ = farflash_json("image-info", merged)
    assert [(piece["offset"], piece.get("valid")) for piece in told["images"]] == [
        (0x1000, True), (0x8000, None), (0x10000, True)]


@pytest.mark.parametrize("options", [[], ["--chunk-size", "256"], ["--md5-disable"]])
def test_merge_bin__uf2_and_back(files, options, tmp_path):
    merged, again = tmp_path / "merged.uf2", tmp_path / "again.bin"
    done = farflash("--chip", "esp32", "merge-bin", "-o", merged, "--format", "uf2", *options, *words(files))
    assert done.status == DONE, done
    assert read_uf2(merged.read_bytes()) == (memory_of(files), {UF2_FAMILY["esp32"]})
    assert farflash("merge-bin", "-o", again, "0", merged).status == DONE
    assert again.read_bytes() == flat(files)


@pytest.mark.parametrize("chip, offset", [("esp32", 0x1000), ("esp32c3", 0), ("esp8266", 0)])
def test_merge_bin__changes_the_flash_settings(chip, offset, tmp_path):
    bootloader, output = tmp_path / "bootloader.bin", tmp_path / "merged.bin"
    before = firmware.bootloader(chip)
    bootloader.write_bytes(before)
    size_code = {"esp8266": 8}.get(chip, 3)
    done = farflash("--chip", chip, "merge-bin", "-o", output, "--flash-mode", "qio", "-fs", "8MB", "-ff", "80m",
                    hex(offset), bootloader)
    assert done.status == DONE and done.stderr == "", done
    after = output.read_bytes()[offset:]
    assert after[:4] == before[:2] + bytes((0, size_code << 4 | 0xF))
    told, _ = farflash_json("image-info", output if offset == 0 else _cut(output, offset))
    assert told["images"][0]["valid"] is True
    if chip != "esp8266":
        end = told["images"][0]["image_size"] - 32
        assert after[4:end] == before[4:end] and hashlib.sha256(after[:end]).digest() == after[end:end + 32]


def _cut(path, offset):
    part = path.with_suffix(".part")
    part.write_bytes(path.read_bytes()[offset:])
    return part


def test_merge_bin__leaves_a_damaged_bootloader(tmp_path):
    bootloader, output = tmp_path / "bootloader.bin", tmp_path / "merged.bin"
    data = bytearray(firmware.bootloader("esp32c3"))
    data[100] ^= 1
    bootloader.write_bytes(data)
    done = farflash("--chip", "esp32c3", "merge-bin", "-o", output, "--flash-mode", "qio", "0", bootloader)
    assert done.status == DONE and "stay as they are: the image is damaged" in done.stderr, done
    assert output.read_bytes() == data


def test_merge_bin__takes_flash_args_and_build_directories(files, tmp_path):
    expected = bytearray(flat(files))
    expected[0x1002:0x1004] = bytes((0x02, 0x1F))  # dio, 2 MB, 80 MHz
    image = bytes(expected[0x1000:0x7000])
    end = json.loads(farflash("--json", "image-info", files[0][1]).stdout)["images"][0]["image_size"]
    expected[0x1000 + end - 32:0x1000 + end] = hashlib.sha256(image[:end - 32]).digest()
    listed = {hex(offset): path.name for offset, path in files}
    (tmp_path / "flash_args").write_text("--flash_mode dio --flash_freq 80m --flash_size 2MB\n" +
                                         "".join(f"{offset} {name}\n" for offset, name in listed.items()))
    (tmp_path / "flasher_args.json").write_text(json.dumps({
        "flash_files": listed, "flash_settings": {"flash_mode": "dio", "flash_size": "2MB", "flash_freq": "80m"},
        "extra_esptool_args": {"chip": "esp32"}}))
    for arguments in (["--chip", "esp32", f"@{tmp_path}/flash_args"], ["-C", tmp_path]):
        output = tmp_path / "merged.bin"
        done = farflash("merge-bin", "-o", output, *arguments, cwd="/")
        assert done.status == DONE and done.stderr == "", done
        assert output.read_bytes() == expected
        output.unlink()


@pytest.mark.parametrize("arguments, why", [
    ([], "no files"),
    (["0x1000"], "has no file behind it"),
    (["0x1000", "app.bin", "0x8000", "app.bin"], "share a flash sector"),
    (["0x1000", "missing.bin"], "missing.bin: cannot open it"),
    (["0x1000", "empty.bin"], "empty.bin: it is empty"),
    (["-t", "0x2000", "0x1000", "app.bin"], "before the target offset"),
    (["--pad-to-size", "256KB", "0x3f000", "app.bin"], "beyond the size"),
    (["--pad-to-size", "3MB", "0x0", "app.bin"], "--pad-to-size wants"),
    (["0xf0000000", "app.bin", "0", "app.bin"], "hex format leaves gaps out"),
    (["-f", "uf2", "0", "app.bin"], "add --chip"),
    (["-f", "elf", "0", "app.bin"], "--format knows"),
    (["-f", "uf2", "--chip", "esp32", "--chunk-size", "456", "0", "app.bin"], "a multiple of 4 from 4 to 452"),
    (["--chunk-size", "256", "0", "app.bin"], "are for --format uf2"),
    (["-f", "hex", "-t", "0x1000", "0x1000", "app.bin"], "are for --format raw"),
    (["--flash-size", "4MB", "0", "app.bin"], "add --chip"),
    (["--flash-size", "3MB", "--chip", "esp32", "0", "app.bin"], "--flash-size '3MB'"),
])
def test_merge_bin__refuses_and_leaves_the_output_alone(arguments, why, tmp_path):
    (tmp_path / "app.bin").write_bytes(firmware.image("esp32", 32 * KB))
    (tmp_path / "empty.bin").write_bytes(b"")
    (tmp_path / "out").write_bytes(b"precious")
    before = sorted(os.listdir(tmp_path))
    done = farflash("merge-bin", "-o", "out", *arguments, cwd=tmp_path)
    assert done.status == USAGE and why in done.stderr, done
    assert (tmp_path / "out").read_bytes() == b"precious" and sorted(os.listdir(tmp_path)) == before


def test_merge_bin__replaces_a_file_behind_a_link(files, tmp_path):
    goal, link = tmp_path / "goal.bin", tmp_path / "link.bin"
    goal.write_bytes(b"old")
    goal.chmod(0o640)
    link.symlink_to(goal)
    assert farflash("merge-bin", "-o", link, *words(files)).status == DONE
    assert link.is_symlink() and goal.read_bytes() == flat(files) and goal.stat().st_mode & 0o777 == 0o640
    for output in ("/dev/null", tmp_path, tmp_path / "no" / "such"):
        done = farflash("merge-bin", "-o", output, *words(files))
        assert done.status == USAGE and "cannot write" in done.stderr, done


def test_merge_bin__wants_an_output(files):
    done = farflash("merge-bin", *words(files))
    assert done.status == USAGE and "give -o FILE" in done.stderr, done


# Computed with espsecure 5.3: key bytes count up from 0, plain byte i is 7 * i + 1.
CRYPT_VECTORS = [
    (32, "0x1000", [], 48,
     "c16751ad9bc16547df4756bdb3eed647a8fd067fa0a67426f4740e54462d896a9652fad35f8e75fd3b885c0bc23cbf0a"),
    (24, "0xffffc0", [], 48,
     "fe695295aa40a5dc8b10b6b418143348643d67f77192886b4c9dd3f32eabf7e4d89ce8bf5ad1617df01854b7875dda06"),
    (32, "0xabcde0", ["--flash-crypt-conf", "0x2"], 32,
     "8098774e7c2e2924eb5e91a4f722487828ee0295ac32db72512ec3d2c10252f3"),
    (32, "0x10070", ["--aes-xts"], 48,
     "5e7724f199c3c7b7e3896fa3915b1da775234e4a1d541bd9731b2e69f52bee2c63471058b027e786ac4cd4506d1a917d"),
    (64, "0xfedcb0", ["-x"], 48,
     "9dac06010f64dad8ece4b8d89004923b19052d9634ba83fc9b0d981f0b72800431c971fdf5b3b9eaa12a2e381f7a351a"),
]


def plain_bytes(size):
    return bytes((7 * i + 1) % 256 for i in range(size))


@pytest.mark.parametrize("key_size, address, options, size, encrypted", CRYPT_VECTORS)
def test_flash_data__agrees_with_espsecure(key_size, address, options, size, encrypted, tmp_path):
    key, plain, output, again = (tmp_path / name for name in ("key.bin", "plain.bin", "encrypted.bin", "again.bin"))
    key.write_bytes(bytes(range(key_size)))
    plain.write_bytes(plain_bytes(size))
    done = farflash("encrypt-flash-data", "--keyfile", key, "--output", output, "--address", address, *options, plain)
    assert done.status == DONE and done.stderr == "", done
    assert output.read_bytes().hex() == encrypted
    told, _ = farflash_json("decrypt_flash_data", "-k", key, "-o", again, "-a", address, *options, output)
    assert told == {"output": str(again), "size": size} and again.read_bytes() == plain_bytes(size)


def test_flash_data__in_place(tmp_path):
    key, data = tmp_path / "key.bin", tmp_path / "data.bin"
    key.write_bytes(bytes(range(32)))
    data.write_bytes(firmware.image("esp32", 256 * KB))
    for command in ("encrypt-flash-data", "decrypt-flash-data"):
        assert farflash(command, "-k", key, "-a", "0x10000", "-o", data, data).status == DONE
        assert (data.read_bytes() == firmware.image("esp32", 256 * KB)) == command.startswith("decrypt")


@pytest.mark.parametrize("arguments, why", [
    (["-k", "key32", "-o", "out", "-a", "0"], "give a FILE"),
    (["-o", "out", "-a", "0", "data"], "give -k KEYFILE"),
    (["-k", "key32", "-a", "0", "data"], "give -o FILE"),
    (["-k", "key32", "-o", "out", "data"], "give -a OFFSET"),
    (["-k", "key32", "-o", "out", "-a", "ten", "data"], "--address wants a number"),
    (["-k", "key32", "-o", "out", "-a", "0x1008", "data"], "0x1008 is no multiple of 16"),
    (["-k", "key32", "-o", "out", "-a", "0x1001", "-x", "data"], "0x1001 is no multiple of 16"),
    (["-k", "key32", "-o", "out", "-a", "0", "odd"], "odd: its size, 17 bytes, is no multiple of 16"),
    (["-k", "key32", "-o", "out", "-a", "0", "-x", "odd"], "odd: its size, 17 bytes, is no multiple of 16"),
    (["-k", "key32", "-o", "out", "-a", "0", "empty"], "there is no data"),
    (["-k", "key32", "-o", "out", "-a", "0xfffff0", "data"], "go past the 16 MiB"),
    (["-k", "key64", "-o", "out", "-a", "0", "data"], "key64: the key has 64 bytes, not 32 or 24"),
    (["-k", "odd", "-o", "out", "-a", "0", "-x", "data"], "the key has 17 bytes, not 16, 32 or 64"),
    (["-k", "data", "-o", "out", "-a", "0", "data"], "not a key"),
    (["-k", "empty", "-o", "out", "-a", "0", "data"], "the key has 0 bytes"),
    (["-k", "missing", "-o", "out", "-a", "0", "data"], "cannot open the key file missing"),
    (["-k", "key32", "-o", "key32", "-a", "0", "data"], "would overwrite the key"),
    (["-k", "key32", "-o", "out", "-a", "0", "--flash-crypt-conf", "16", "data"], "0 to 15, not 16"),
    (["-k", "key32", "-o", "out", "-a", "0", "--flash-crypt-conf", "1", "-x", "data"], "is the ESP32's"),
    (["-k", "key32", "-o", "out", "-a", "0", "--chip", "esp32", "-x", "data"], "leave out --aes-xts"),
    (["-k", "key32", "-o", "out", "-a", "0", "--chip", "esp32c3", "data"], "add --aes-xts"),
    (["-k", "key32", "-o", "out", "-a", "0", "--chip", "esp8266", "data"], "has no flash encryption"),
])
@pytest.mark.parametrize("command", ["encrypt-flash-data", "decrypt-flash-data"])
def test_flash_data__refuses_and_leaves_the_output_alone(command, arguments, why, tmp_path):
    content = {"key32": bytes(range(32)), "key64": bytes(range(64)), "data": bytes(128), "odd": bytes(17), "empty": b"",
               "out": b"precious"}
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    done = farflash(command, *arguments, cwd=tmp_path)
    assert done.status == USAGE and why in done.stderr, done
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == content
