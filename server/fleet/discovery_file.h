// SPDX-License-Identifier: Apache-2.0
/* What discovery remembers, as a file: boards.json in the data directory. */
#ifndef FF_FLEET_DISCOVERY_FILE_H
#define FF_FLEET_DISCOVERY_FILE_H

#include "discovery.h"

/* Takes over what the file says, as far as it makes sense; a board of the configuration keeps its TCP ports, others only if
 * they were taken in. A file that is none is logged. */
void ff_discovery_read(struct ff_discovery *discovery);

/* Writes it if anything is new. A failure is logged, and tried again the next time. */
void ff_discovery_write(struct ff_discovery *discovery);

#endif
