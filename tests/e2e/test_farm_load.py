# SPDX-License-Identifier: Apache-2.0
"""Many clients on a farm, in short; ./dev soak does it with 64 boards and 50 clients."""

import farm_load
from farm import farm

BOARDS, CLIENTS, JOBS, SEED = 8, 12, 150, 1


def test_farm_load__every_job_ends_once_and_every_lease_is_alone(tmp_path):
    with farm(tmp_path, BOARDS) as rack:
        ledger = farm_load.run(rack, CLIENTS, JOBS, SEED)
        states = {job["state"] for job in ledger.ended.values()}
        assert ledger.pulled > 0 and ledger.leases and {"done"} <= states, (ledger.pulled, states)
