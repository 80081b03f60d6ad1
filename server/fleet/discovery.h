// SPDX-License-Identifier: Apache-2.0
/* Finds the boards that are known by their place on the USB, their serial number or their chip's MAC, wherever their port is
 * now, and takes in boards that nobody has named, if that is wanted. What it has to remember beyond the process (which port is
 * whose, where a MAC was seen, whose the TCP ports are) lies in one small file. Main thread, but for ff_discovery_learned(). */
#ifndef FF_FLEET_DISCOVERY_H
#define FF_FLEET_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "config.h"
#include "fleet.h"
#include "port_source.h"

#define FF_DISCOVERY_MACS 512

/* A board that was taken in, so that it is known again. */
struct ff_known_board {
	char name[FF_BOARD_NAME_SIZE];
	int64_t gone_ms; /* since when it is plugged in nowhere, Unix time in milliseconds; 0: it is */
	struct ff_found_port port;
};

/* Where a chip was last seen. */
struct ff_known_mac {
	uint8_t mac[6];
	int64_t seen_ms;
	struct ff_found_port port;
};

struct ff_discovery {
	const struct ff_config *config;
	const struct ff_log *log;
	struct ff_fleet *fleet;
	struct ff_port_source source; /* closed while nothing has to be found */
	int learned_fd;               /* an eventfd */
	char *path;                   /* of the file */
	char *written;                /* what is in it */
	struct ff_found_port *ports;  /* FF_PORT_SOURCE_MAX; those that are there */
	bool *taken;                  /* as many; a board has it */
	size_t port_count;
	struct ff_known_board *boards; /* FF_BOARDS_MAX */
	size_t board_count;
	struct ff_known_mac *macs; /* FF_DISCOVERY_MACS */
	size_t mac_count;
	bool recalled; /* the boards that an earlier run took in are back */
	bool again;    /* something waits for a board to be free */
};

/* Reads the file, before the first board is added; what is wrong with it is logged, and it counts for nothing then.
 * FF_ERR_NO_MEMORY, FF_ERR_IO; ff_discovery_release() is due either way. */
FF_WARN_UNUSED enum ff_status ff_discovery_init(struct ff_discovery *discovery, const struct ff_config *config,
						struct ff_fleet *fleet, const struct ff_log *log,
						struct ff_error *error);

/* A worker has found out something: for its `learned`; the context is the struct ff_discovery. Any thread. */
void ff_discovery_learned(void *discovery);

/* Looks which ports there are, and whose they are. Opens the source when there is something to find; without one that is
 * logged. Remembers what is to be remembered. The first look, behind the boards of the configuration, brings up those that an earlier
 * run took in, wherever they are now, so that jobs and leases find them. */
void ff_discovery_look(struct ff_discovery *discovery);

/* Takes down boards that were taken in, have been gone for a week, and are nobody's. Not before jobs and leases of an earlier run
 * are back. */
void ff_discovery_tidy(struct ff_discovery *discovery);

/* Becomes readable when there is something new; -1: never. */
int ff_discovery_fd(const struct ff_discovery *discovery);

/* Harmless on a zeroed one. */
void ff_discovery_release(struct ff_discovery *discovery);

#endif
