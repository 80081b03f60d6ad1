// SPDX-License-Identifier: Apache-2.0
/* What the main thread does while the server runs: it waits for signals, and sees to it that the boards are those that the
 * configuration says. */
#ifndef FF_FLEET_UPKEEP_H
#define FF_FLEET_UPKEEP_H

#include <signal.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "config.h"
#include "discovery.h"
#include "fleet.h"

struct ff_upkeep {
	const sigset_t *signals; /* blocked in every thread */
	const struct ff_log *log;
	const struct ff_config *config; /* the one that the server has started with */
	struct ff_fleet *fleet;
	struct ff_discovery *discovery;
	struct ff_quarantine *quarantine;
	void (*on_reload)(void *context); /* at SIGHUP, before the file is read: what else is to be read again */
	void *context;
};

/* Returns with the signal that ends the server. SIGHUP reads the configuration file again, if there
 * is one. */
int ff_upkeep_run(const struct ff_upkeep *upkeep);

#endif
