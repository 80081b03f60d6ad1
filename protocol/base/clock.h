// SPDX-License-Identifier: Apache-2.0
/* Absolute deadlines in microseconds of CLOCK_MONOTONIC; ff_now_us() and ff_deadline_ms() are in the public header.
 * Any thread. */
#ifndef FF_BASE_CLOCK_H
#define FF_BASE_CLOCK_H

#include <stdint.h>

#include <farflash/transport.h>

/* Milliseconds until the deadline, rounded up, for poll(): 0 when it has passed, at most one hour. */
int ff_deadline_poll_ms(int64_t deadline_us);

/* Sleeps until the deadline, through signals. */
void ff_sleep_until(int64_t deadline_us);

void ff_sleep_ms(uint32_t ms);

#endif
