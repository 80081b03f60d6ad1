# SPDX-License-Identifier: Apache-2.0
"""Runs the farflash client."""

import json

from program import program_path, run

DONE, FAILED, USAGE, UNREACHABLE, BUSY = range(5)  # exit statuses


def farflash(*arguments, **options):
    """Runs `farflash`; see program.run for the options."""
    return run([program_path("farflash"), *arguments], **options)


def farflash_json(*arguments, status=DONE, **options):
    """Runs it with --json and returns (the one JSON value on stdout, the finished program)."""
    done = farflash("--json", *arguments, **options)
    assert done.status == status, done
    return json.loads(done.stdout), done
