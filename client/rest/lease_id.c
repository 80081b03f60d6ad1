// SPDX-License-Identifier: Apache-2.0
#include "lease_id.h"

#include <stdlib.h>
#include <string.h>

bool ff_lease_id_is_one(const char *text)
{
	return strlen(text) == FF_LEASE_ID_TEXT_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == FF_LEASE_ID_TEXT_SIZE - 1;
}

const char *ff_lease_id_of_environment(void)
{
	const char *id = getenv("FARFLASH_LEASE");

	return id != NULL && ff_lease_id_is_one(id) ? id : NULL;
}
