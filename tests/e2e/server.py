# SPDX-License-Identifier: Apache-2.0
"""Starts farflashd."""

import contextlib
import os
import re

from program import Program, program_path
from rest import Rest

LISTENING = r"listening on (https?://\S+)"


class Server(Program):
    """A farflashd with `boards`, a dict of name to address. `rest` talks to it."""

    def __init__(self, directory, boards, options=(), data_dir=None, env=None, preexec=None):
        self.data_dir = str(data_dir or os.path.join(directory, "data"))
        arguments = [program_path("farflashd"), "--listen", "127.0.0.1:0", "--data-dir", self.data_dir]
        for name, address in boards.items():
            arguments += ["--board", f"{name}={address}"]
        super().__init__([*arguments, *options], env=env, preexec=preexec)
        self.url = self.wait_line(LISTENING).group(1).rstrip("/")
        self.port = int(re.search(r":(\d+)$", self.url).group(1))
        self.rest = Rest(self.port)

    def port_of(self, board, kind):
        """The TCP port `kind` ("rfc2217" or "raw") of a board."""
        return self.rest.board(board)[kind]

    def files(self):
        """The names of images, uploads and contents on the server's disk."""
        folder = os.path.join(self.data_dir, "firmware")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def uploads(self):
        """Those of them that are uploads which have not ended."""
        return [name for name in self.files() if name.startswith("upload-")]

    def kept_images(self):
        """Deflated images that it has open, in files without a name: where they can be opened all the same."""
        kept = []
        for descriptor in os.listdir(f"/proc/{self.pid}/fd"):
            path = f"/proc/{self.pid}/fd/{descriptor}"
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                target = os.readlink(path)
                kept += [path] if "/firmware/upload-" in target and target.endswith("(deleted)") else []
        return kept

    def resident_kb(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))
