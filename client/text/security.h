// SPDX-License-Identifier: Apache-2.0
/* What a chip tells of its protections, as the member "security" of a board's info (docs/rest-api.md), for people. Belongs
 * to one thread. */
#ifndef FF_CLIENT_SECURITY_H
#define FF_CLIENT_SECURITY_H

#include <stdio.h>

#include <jansson.h>

void ff_security_print(const json_t *security, FILE *out);

#endif
