// SPDX-License-Identifier: Apache-2.0
/* esptool's words for the ways into the loader and out of it: on the client's command line, in the server's queries and in
 * a job's JSON. Constant; any thread. */
#ifndef FF_REPORT_RESETS_H
#define FF_REPORT_RESETS_H

#include <jansson.h>

#include <farflash/flasher.h>

#define FF_RESETS_MAX_ATTEMPTS 100 /* of ff_connect_options.attempts */

/* Indexed by enum ff_before and enum ff_after, with NULL behind the last. */
extern const char *const ff_resets_before[];
extern const char *const ff_resets_after[];

/* Adds "before", "after" and "connect_attempts" (null where it is 0, the engine's own number) to a job's options, and
 * answers them. NULL `options` stays NULL: out of memory. */
json_t *ff_resets_report(json_t *options, enum ff_before before, enum ff_after after, unsigned attempts);

#endif
