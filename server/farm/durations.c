// SPDX-License-Identifier: Apache-2.0
#include "durations.h"

void ff_durations_note(struct ff_durations *durations, unsigned kind, int64_t took_ms)
{
	if (kind < FF_DURATIONS_KINDS && took_ms >= 0) {
		unsigned at = durations->count[kind]++ % FF_DURATIONS_KEPT;
		durations->ms[kind][at] = took_ms < UINT32_MAX ? (uint32_t)took_ms : UINT32_MAX;
	}
}

int64_t ff_durations_median(const struct ff_durations *durations, unsigned kind)
{
	uint32_t sorted[FF_DURATIONS_KEPT] = { 0 };
	if (kind >= FF_DURATIONS_KINDS || durations->count[kind] == 0) {
		return -1;
	}
	unsigned count = durations->count[kind] < FF_DURATIONS_KEPT ? durations->count[kind] : FF_DURATIONS_KEPT;
	for (unsigned i = 0; i < count; i++) {
		unsigned at = i;
		for (; at > 0 && sorted[at - 1] > durations->ms[kind][i]; at--) {
			sorted[at] = sorted[at - 1];
		}
		sorted[at] = durations->ms[kind][i];
	}
	return sorted[(count - 1) / 2];
}
