// SPDX-License-Identifier: Apache-2.0
/* Other people's leases, for the command lease. Belongs to one thread. */
#ifndef FF_CLIENT_LEASES_H
#define FF_CLIENT_LEASES_H

#include <stdbool.h>

#include "run.h"

/* Prints who has which board and who waits for one; sets run->result. False: run->failure. */
bool ff_leases_list(struct ff_run *run);

/* Takes the board that is named away from whoever has it. False: run->failure. */
bool ff_leases_end(struct ff_run *run);

#endif
