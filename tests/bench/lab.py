# SPDX-License-Identifier: Apache-2.0
"""Starts boards and servers for a measurement, and ends them whatever happens."""

import contextlib
import json
import os
import tempfile

import firmware
from board import Board
from program import run
from server import Server

DRIVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e", "esptool_js", "flash.mjs")
IMAGE_SIZE = 1 << 20
OFFSET = 0x10000


@contextlib.contextmanager
def board(directory, **options):
    program = Board(tempfile.mkdtemp(dir=directory), **options)
    try:
        yield program
    finally:
        program.terminate()


@contextlib.contextmanager
def server(directory, boards, **options):
    program = Server(tempfile.mkdtemp(dir=directory), boards, **options)
    try:
        for name in boards:
            program.rest.wait_board(name, "idle", timeout=60)
        yield program
    finally:
        program.terminate()


def image_file(directory, size=IMAGE_SIZE, seed=1):
    path = os.path.join(directory, f"app{size}-{seed}.bin")
    with open(path, "wb") as output:
        output.write(firmware.image("esp32", size, seed=seed))
    return path


def esptool_js(one, baud, **job):
    """Has esptool-js do a job (see its driver) on a board: the seconds of its steps and of the whole run, or None."""
    done = run(["node", DRIVER, json.dumps({"address": one.address, "baud": baud, **job})], timeout=600)
    return {**json.loads(done.stdout)["seconds"], "whole": done.seconds} if done.status == 0 else None
