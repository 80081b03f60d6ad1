// SPDX-License-Identifier: Apache-2.0
/* Who goes first of those who wait for boards: the higher priority, then the older one, and nobody waits for ever.
 *
 * A step of priority is a head start of FF_ORDER_STEP_US. So the order of two never changes while they wait, and one of the
 * lowest priority is overtaken only by those who come within the whole head start after it. Plain values; any thread. */
#ifndef FF_FARM_ORDER_H
#define FF_FARM_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#define FF_ORDER_LOWEST (-10)
#define FF_ORDER_HIGHEST 10
#define FF_ORDER_STEP_US ((int64_t)300 * 1000000)

struct ff_order {
	int64_t at_us;   /* what it is ordered by */
	uint64_t number; /* decides between equals: unique, growing */
};

/* `since_us` is when it came, by any clock that all of them share; `priority` is from FF_ORDER_LOWEST to FF_ORDER_HIGHEST. */
struct ff_order ff_order_of(int priority, int64_t since_us, uint64_t number);

/* Whether `first` goes before `second`. */
bool ff_order_before(const struct ff_order *first, const struct ff_order *second);

#endif
