// SPDX-License-Identifier: Apache-2.0
/* Where a plain file belongs that stands without an offset. */
#ifndef FF_CLIENT_LONE_H
#define FF_CLIENT_LONE_H

#include <stdint.h>

/* 0x10000, where ESP-IDF's usual partition tables have the application, for an image that has an application's
 * description; 0 for everything else, which then is a merged image. A file that cannot be read is for others to
 * complain about. */
uint32_t ff_lone_offset(const char *path);

#endif
