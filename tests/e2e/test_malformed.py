# SPDX-License-Identifier: Apache-2.0
"""A thousand requests that no client should send; ./dev soak sends ten thousand. Each is answered or its connection closed, none
by a failure of the server, and none leaves anything behind."""

import unicodedata

import firmware
import malformed
from farm import farm
from rest import ENDED

COUNT, SEED = 1000, 1
LOG_LINES, LOG_LINE = 4, 1000  # for a connection, which may carry several requests; and bytes of each


def check_log(server, count):
    lines = server.output().splitlines()
    assert len(lines) < LOG_LINES * count, f"{len(lines)} lines of log for {count} connections"
    longest = max(lines, key=len)
    assert len(longest) <= LOG_LINE, longest
    controls = [line for line in lines if any(unicodedata.category(letter) == "Cc" for letter in line)]
    assert not controls, controls[:3]


def judge(rack, seed, count):
    """Sends them and looks what they have left."""
    before = rack.footprint()
    statuses = malformed.run(rack.server, seed, count)
    for job in rack.rest.get("/jobs")["jobs"]:  # some requests were not bad enough
        if job["state"] not in ENDED:
            rack.rest.cancel(job["id"])
    rack.wait_idle()
    rack.wait_footprint(before)
    check_log(rack.server, count)
    image = firmware.image("esp32", 0x4000, seed=seed)
    reply = rack.rest.put("lab1", image, "?offset=0x10000")
    assert reply.status == 200, reply
    assert rack.boards["lab1"].holds(0x10000, image)
    return statuses


def test_malformed__is_refused_and_leaves_nothing(tmp_path):
    with farm(tmp_path, 2) as rack:
        statuses = judge(rack, SEED, COUNT)
        print(statuses)
        assert statuses[400] > COUNT / 5 and statuses[0] > 0, statuses
