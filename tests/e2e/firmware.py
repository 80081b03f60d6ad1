# SPDX-License-Identifier: Apache-2.0
"""Makes images that look like real ones: ESP application and bootloader images with a valid header, checksum and
digest, partition tables, and content whose deflate ratio is that of compiled firmware (0.5 to 0.6).

As a program: firmware.py --chip esp32 --size 262144 --output app.bin

The formats are those of the "Firmware Image Format" page of the esptool documentation and of the "Partition Tables"
page of the ESP-IDF guide."""

import argparse
import hashlib
import random
import struct
import zlib

CHIP_IDS = {"esp32": 0, "esp32s2": 2, "esp32c3": 5, "esp32s3": 9, "esp32c2": 12, "esp32c6": 13, "esp32h2": 16,
            "esp32p4": 18, "esp32c61": 20, "esp32c5": 23, "esp32h21": 25, "esp32h4": 28, "esp32s31": 32}
NAMES = {"esp8266": "ESP8266", "esp32": "ESP32", "esp32s2": "ESP32-S2", "esp32s3": "ESP32-S3", "esp32c2": "ESP32-C2",
         "esp32c3": "ESP32-C3", "esp32c5": "ESP32-C5", "esp32c6": "ESP32-C6", "esp32c61": "ESP32-C61", "esp32h2": "ESP32-H2",
         "esp32p4": "ESP32-P4", "esp32h21": "ESP32-H21", "esp32h4": "ESP32-H4", "esp32s31": "ESP32-S31"}
LOAD_ADDRESS = {"esp8266": 0x40100000, "esp32": 0x400D0020, "esp32s2": 0x40080020, "esp32s3": 0x42000020,
                "esp32c2": 0x42000020, "esp32c3": 0x42000020, "esp32c5": 0x42000020, "esp32c6": 0x42000020,
                "esp32c61": 0x42000020, "esp32h2": 0x42000020, "esp32p4": 0x40000020,
                "esp32h21": 0x42000020, "esp32h4": 0x42000020, "esp32s31": 0x40000020}
BOOTLOADER_AT = {"esp8266": 0x0, "esp32": 0x1000, "esp32s2": 0x1000, "esp32s3": 0x0, "esp32c2": 0x0, "esp32c3": 0x0,
                 "esp32c5": 0x2000, "esp32c6": 0x0, "esp32c61": 0x0, "esp32h2": 0x0, "esp32p4": 0x2000, "esp32h21": 0x0,
                 "esp32h4": 0x2000, "esp32s31": 0x2000}
IMAGE_MAGIC, CHECKSUM_SEED = 0xE9, 0xEF
SECTOR = 4096
ANY_REVISION = 0xFFFF


def payload(size, seed=1):
    """`size` bytes like compiled code: repeated phrases (instructions, tables) between bytes that do not repeat."""
    source = random.Random(seed)
    phrases = [source.randbytes(source.randint(4, 11)) for _ in range(400)]
    parts, length = [], 0
    while length < size:
        phrase = phrases[min(int(source.expovariate(1 / 80)), len(phrases) - 1)]
        fresh = source.randbytes(source.randint(1, 6))
        parts += (phrase, fresh)
        length += len(phrase) + len(fresh)
    return b"".join(parts)[:size]


def checksum(data):
    value = CHECKSUM_SEED
    for byte in data:
        value ^= byte
    return value


def extended_header(chip_id, min_revision, max_revision):
    """The 16 bytes that every chip since the ESP32 adds; revisions are major * 100 + minor."""
    old_min = min(min_revision // 100, 0xFF)
    return struct.pack("<B3sHBHH4sB", 0xEE, bytes(3), chip_id, old_min, min_revision, max_revision, bytes(4), 1)


def image(chip, size, *, chip_id=None, min_revision=0, max_revision=ANY_REVISION, seed=1):
    """An application image of exactly `size` bytes (a multiple of 16, at least 256) in one segment."""
    assert size % 16 == 0 and size >= 256
    flash_config = bytes((0x02, 0x20))  # DIO; 4 MB, 40 MHz
    header = struct.pack("<BB2sI", IMAGE_MAGIC, 1, flash_config, LOAD_ADDRESS[chip])
    tail = 1  # checksum
    if chip != "esp8266":
        header += extended_header(CHIP_IDS[chip] if chip_id is None else chip_id, min_revision, max_revision)
        tail += 32  # SHA-256
    length = (size - len(header) - 8 - tail) // 4 * 4
    segment = payload(length, seed)
    body = header + struct.pack("<II", LOAD_ADDRESS[chip], length) + segment
    body += bytes(-(len(body) + 1) % 16) + bytes((checksum(segment),))
    if chip != "esp8266":
        body += hashlib.sha256(body).digest()
    return body + b"\xff" * (size - len(body))


def bootloader(chip, size=0x6000, seed=2):
    return image(chip, size, seed=seed)


def signed(image):
    """The image with an RSA signature block for secure boot v2 behind it, as far as it can be told without the key
    (ESP-IDF guide, "Signature Block Format")."""
    image += b"\xff" * (-len(image) % SECTOR)
    block = (struct.pack("<BBxx32s", 0xE7, 2, hashlib.sha256(image).digest())).ljust(1196, b"\x5a")
    return image + (block + struct.pack("<I16x", zlib.crc32(block))).ljust(SECTOR, b"\xff")


def partition_table(app_offset=0x10000, app_size=0x100000):
    """A table with nvs, phy_init and one factory application, padded to a sector as gen_esp32part.py does."""
    entries = [(1, 2, 0x9000, 0x6000, "nvs"), (1, 1, 0xF000, 0x1000, "phy_init"),
               (0, 0, app_offset, app_size, "factory")]
    table = b"".join(struct.pack("<HBBII16sI", 0x50AA, kind, sub, offset, size, name.encode(), 0)
                     for kind, sub, offset, size, name in entries)
    table += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(table).digest()
    return table.ljust(0xC00, b"\xff")


def main():
    parser = argparse.ArgumentParser(description="Writes an image that looks like real firmware.")
    parser.add_argument("--chip", default="esp32", choices=sorted(LOAD_ADDRESS))
    parser.add_argument("--size", type=lambda text: int(text, 0), default=262144, help="bytes, a multiple of 16")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    with open(arguments.output, "wb") as output:
        output.write(image(arguments.chip, arguments.size, seed=arguments.seed))


if __name__ == "__main__":
    main()
