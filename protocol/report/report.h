// SPDX-License-Identifier: Apache-2.0
/* What is known of a board, in the JSON of docs/rest-api.md: the same from the server as from a client that drives a board
 * itself. Pure; any thread. New references everywhere; NULL: out of memory. */
#ifndef FF_REPORT_REPORT_H
#define FF_REPORT_REPORT_H

#include <jansson.h>

#include <farflash/flasher.h>
#include <farflash/security.h>

/* The object "info". `info` is NULL where nothing is known yet: all members are null then. `security` is NULL where the
 * chip does not tell. `probed` is the time at which it was found out, NULL for never. */
json_t *ff_report_info(const struct ff_board_info *info, const struct ff_security_info *security, const char *probed);

/* Its member "security". */
json_t *ff_report_security(const struct ff_security_info *security);

#endif
