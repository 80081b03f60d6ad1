# SPDX-License-Identifier: Apache-2.0
"""Starts farflash-board and reads its flash file."""

import os
import re

import firmware
from program import Program, program_path

LISTENING = r"listening on (\S+)"


class Board(Program):
    """A virtual board. `address` is what a user would give to --board or --port; `content` is in its flash from the
    start, or a bootloader with an application that prints `application`."""

    def __init__(self, directory, chip="esp32", listen="rfc2217:0", flash_size="4MB", timing="fast", faults=(),
                 options=(), device=None, content=None, application=None):
        self.chip = chip
        self.flash_path = os.path.join(directory, "flash.bin")
        if application is not None:
            content = b"\xff" * firmware.BOOTLOADER_AT[chip] + firmware.bootloader(chip)
            options = [*options, "--app", application]
        if content is not None:
            with open(self.flash_path, "wb") as flash:
                flash.write(content.ljust(int(flash_size.removesuffix("MB")) << 20, b"\xff"))
        kind = ["--device", device] if device else ["--chip", chip, "--flash", self.flash_path,
                                                    "--flash-size", flash_size, "--timing", timing]
        for fault in faults:
            kind += ["--fault", fault]
        super().__init__([program_path("farflash-board"), *kind, "--listen", listen, *options])
        self.address = self.wait_line(LISTENING).group(1)
        self._at_start = None if device else self.flash()

    @property
    def port(self):
        return int(re.search(r":(\d+)$", self.address).group(1))

    def flash(self, offset=0, size=None):
        with open(self.flash_path, "rb") as flash:
            flash.seek(offset)
            return flash.read(-1 if size is None else size)

    def holds(self, offset, image):
        """Whether the flash has `image` at `offset`. Says where it differs first, because a diff of 1 MB helps nobody."""
        found = self.flash(offset, len(image))
        if found == image:
            return True
        where = next((i for i, (a, b) in enumerate(zip(found, image)) if a != b), min(len(found), len(image)))
        raise AssertionError(f"flash differs from the image at 0x{offset + where:x}: "
                             f"{found[where:where + 16].hex()} instead of {image[where:where + 16].hex()}")

    def is_untouched(self):
        """Whether the flash is as it was at the start."""
        return self.flash() == self._at_start
