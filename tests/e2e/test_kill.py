# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment loses no accepted job, and none runs twice unless asked for; tests/soak has the long form."""

import random

import kills

MOMENTS = 10


def test_kill__at_random_moments(tmp_path):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    print(kills.judge(str(tmp_path), seed, MOMENTS))
