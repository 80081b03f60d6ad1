// SPDX-License-Identifier: Apache-2.0
/* One run of one command: what it was given, and what it leaves. All pointers but the result are borrowed. */
#ifndef FF_CLIENT_RUN_H
#define FF_CLIENT_RUN_H

#include <signal.h>

#include <jansson.h>

#include <farflash/log.h>

#include "display.h"
#include "failure.h"
#include "options.h"

struct ff_run {
	const struct ff_options *options;
	const volatile sig_atomic_t *interrupts; /* how many signals have asked us to stop */
	const struct ff_log *log;
	struct ff_display *display;
	json_t *result; /* owned; what --json prints */
	int status;     /* the exit status, if nothing has failed: that of the command that was run */
	struct ff_failure failure;
};

#endif
