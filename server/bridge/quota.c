// SPDX-License-Identifier: Apache-2.0
/* What the bridge logs of its peers, and how much of it. */
#include <stdarg.h>
#include <stdio.h>

#include "clock.h"
#include "inner.h"

#define QUOTA_LINES 30
#define QUOTA_US 10000000

static bool may_log(struct ff_bridge *bridge)
{
	struct ff_quota *quota = &bridge->quota;
	int64_t now = ff_now_us();
	if (now - quota->since_us >= QUOTA_US) {
		if (quota->kept_back > 0) {
			ff_log(bridge->log, FF_LOG_INFO, "%u more lines about connections were left out",
			       quota->kept_back);
		}
		*quota = (struct ff_quota){ .since_us = now };
	}
	bool may = quota->lines < QUOTA_LINES;
	*(may ? &quota->lines : &quota->kept_back) += 1;
	return may;
}

void ff_bridge_log(struct ff_bridge *bridge, const struct ff_room *room, const char *format, ...)
{
	char line[384];
	va_list arguments;
	if (!bridge->log || bridge->log->level < FF_LOG_INFO || !may_log(bridge)) {
		return;
	}
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	ff_log(bridge->log, FF_LOG_INFO, "%s: %s", ff_worker_name(room->worker), line);
}
