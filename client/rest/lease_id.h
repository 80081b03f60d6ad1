// SPDX-License-Identifier: Apache-2.0
/* The lease that the environment tells, FARFLASH_LEASE. Any thread. */
#ifndef FF_CLIENT_LEASE_ID_H
#define FF_CLIENT_LEASE_ID_H

#include <stdbool.h>

#define FF_LEASE_ID_TEXT_SIZE 33

/* Whether the text is a lease's id: 32 hexadecimal digits. */
bool ff_lease_id_is_one(const char *text);

/* NULL: there is none, or what is there is none. */
const char *ff_lease_id_of_environment(void);

#endif
