// SPDX-License-Identifier: Apache-2.0
/* Lists in a text, as in "Wi-Fi, BT 5 (LE)". Pure; any thread. */
#ifndef FF_BASE_LIST_H
#define FF_BASE_LIST_H

#include <stddef.h>

/* The item at *rest and its length; *rest moves behind it. Items are parted by a comma and a space. NULL at the end. */
const char *ff_list_next(const char **rest, size_t *size);

#endif
