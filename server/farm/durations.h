// SPDX-License-Identifier: Apache-2.0
/* How long work of each kind took lately, to tell when the next can begin. A plain value of bounded size. */
#ifndef FF_FARM_DURATIONS_H
#define FF_FARM_DURATIONS_H

#include <stdint.h>

#define FF_DURATIONS_KINDS 16
#define FF_DURATIONS_KEPT 7 /* of each kind */

struct ff_durations {
	uint32_t ms[FF_DURATIONS_KINDS][FF_DURATIONS_KEPT];
	unsigned count[FF_DURATIONS_KINDS]; /* ever noted */
};

/* Work of this kind, below FF_DURATIONS_KINDS, took so long; the oldest is forgotten for it. */
void ff_durations_note(struct ff_durations *durations, unsigned kind, int64_t took_ms);

/* Their median in milliseconds; -1: nothing is known. */
int64_t ff_durations_median(const struct ff_durations *durations, unsigned kind);

#endif
