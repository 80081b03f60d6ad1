// SPDX-License-Identifier: Apache-2.0
/* What a chip tells of its protections, as the member "security" of a board's info (docs/rest-api.md): made here for a
 * board on this machine, printed for both kinds. Belongs to one thread. */
#ifndef FF_CLIENT_SECURITY_H
#define FF_CLIENT_SECURITY_H

#include <stdio.h>

#include <jansson.h>

#include <farflash/security.h>

/* A new reference, NULL without memory. */
json_t *ff_security_json(const struct ff_security_info *security);

void ff_security_print(const json_t *security, FILE *out);

#endif
