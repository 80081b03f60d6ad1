// SPDX-License-Identifier: Apache-2.0
#include "clock.h"

#include <errno.h>
#include <time.h>

#define US_PER_S 1000000
#define NS_PER_US 1000
#define MAX_POLL_MS (3600 * 1000)

int64_t ff_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

int64_t ff_deadline_ms(uint32_t ms)
{
	return ff_now_us() + (int64_t)ms * 1000;
}

int ff_deadline_poll_ms(int64_t deadline_us)
{
	int64_t left_ms = (deadline_us - ff_now_us() + 999) / 1000;
	if (left_ms <= 0) {
		return 0;
	}
	return left_ms > MAX_POLL_MS ? MAX_POLL_MS : (int)left_ms;
}

void ff_sleep_until(int64_t deadline_us)
{
	struct timespec until = {
		.tv_sec = (time_t)(deadline_us / US_PER_S),
		.tv_nsec = (long)(deadline_us % US_PER_S) * NS_PER_US,
	};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
	}
}

void ff_sleep_ms(uint32_t ms)
{
	ff_sleep_until(ff_deadline_ms(ms));
}
