// SPDX-License-Identifier: Apache-2.0
/* One program of the power hook, from its start to its end.
 *
 * It has an environment of its own, no descriptors but the standard ones, its own process group, the root as its directory,
 * and default signals. What it says on output and error is read as it comes, and the last of it kept. When it takes too
 * long, the group is told to end, and killed a second later. A process that it leaves behind in good order is left alone. */
#ifndef FF_POWER_HOOK_H
#define FF_POWER_HOOK_H

#include <stdint.h>

#include <farflash/status.h>

#include "power.h"

struct ff_hook {
	char *const *argv;
	const char *action; /* for messages, and the program's FARFLASH_POWER */
	const struct ff_power_caller *caller;
	uint32_t limit_ms;
};

/* Errors as ff_power_run(). */
FF_WARN_UNUSED enum ff_status ff_hook_run(const struct ff_hook *hook, struct ff_error *error);

#endif
