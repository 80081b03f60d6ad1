// SPDX-License-Identifier: Apache-2.0
/* The words with which firmware for Espressif's chips dies, and those with which a chip boots. Pure, any thread. */
#ifndef FF_WATCH_CRASH_H
#define FF_WATCH_CRASH_H

#include <stdbool.h>
#include <stddef.h>

/* What the line says has happened ("Guru Meditation"), for people; NULL: nothing of the kind. */
const char *ff_crash_find(const char *line, size_t size);

/* Whether the chip says in this line that it has just been reset. */
bool ff_crash_is_boot(const char *line, size_t size);

/* The same, and that a watchdog has done it. */
bool ff_crash_is_watchdog_boot(const char *line, size_t size);

#endif
