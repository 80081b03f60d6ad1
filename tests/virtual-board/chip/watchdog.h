// SPDX-License-Identifier: Apache-2.0
/* The two watchdogs that reset the whole chip: the one of the low-power (RTC) domain and the super watchdog.
 *
 * On a USB-Serial-JTAG port nothing stops them when the chip enters download mode, and so they bite while a client is at work
 * unless it stops them (esptool 5.3 targets/esp32c3.py, disable_watchdogs()). On any port a client may arm the first in order
 * to reset the chip (watchdog_reset()). Their registers take writes only while the write protection holds the key.
 *
 * Part of the chip; one thread. */
#ifndef FF_VB_WATCHDOG_H
#define FF_VB_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#define FF_WATCHDOG_NEVER INT64_MAX

struct ff_soc;

struct ff_watchdogs {
	int64_t rtc_bites, swd_bites; /* when, FF_WATCHDOG_NEVER while stopped */
	int64_t rtc_patience;         /* from one feeding to the bite */
};

/* Both stop: the chip has no power, or its owner feeds them. */
void ff_watchdogs_stop(struct ff_soc *soc);

/* Both run, left over from what ran before the loader. */
void ff_watchdogs_run(struct ff_soc *soc);

/* When one bites next. */
int64_t ff_watchdogs_time(const struct ff_soc *soc);

/* A client wants to write to that register. False: the write has no effect. */
bool ff_watchdogs_allow(struct ff_soc *soc, uint32_t address);

/* It has. */
void ff_watchdogs_written(struct ff_soc *soc, uint32_t address, uint32_t value);

#endif
