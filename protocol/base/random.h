// SPDX-License-Identifier: Apache-2.0
/* Names that nobody can guess. */
#ifndef FF_BASE_RANDOM_H
#define FF_BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#define FF_RANDOM_MOST 32

/* Writes `count` random bytes, FF_RANDOM_MOST at most, as twice as many lower-case hexadecimal digits and a zero. False: the
 * system has none, and `text` is empty. Any thread. */
bool ff_random_hex(char *text, size_t count);

#endif
