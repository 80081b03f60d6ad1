# SPDX-License-Identifier: Apache-2.0
"""A running `farflash connect`, and what its local connections carry."""

import json
import os
import re
import signal
import time


class Connected:
    """A running `farflash connect`, and its places."""

    def __init__(self, program):
        self.program = program
        self.told = json.loads(program.wait_line(r'^\{"board".*\}$').group(0))

    def _port(self, kind):
        return int(re.search(r":(\d+)$", self.told[kind]).group(1))

    @property
    def rfc2217(self):
        return self._port("rfc2217")

    @property
    def raw(self):
        return self._port("raw")

    def failure(self):
        """The error that it has ended with."""
        return json.loads(self.program.wait_line(r'^\{"error".*\}$').group(0))["error"]

    def _worked(self):
        with open(f"/proc/{self.program.pid}/stat", encoding="ascii") as stat:
            return sum(map(int, stat.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def works_in(self, seconds):
        """The seconds of a processor that it takes in the next so many seconds."""
        so_far = self._worked()
        time.sleep(seconds)
        return self._worked() - so_far

    def stop(self):
        self.program.process.send_signal(signal.SIGINT)
        return self.program.wait()
