// SPDX-License-Identifier: Apache-2.0
/* What both halves need; the halves are job_json_asked.c and job_json_known.c. */
#include "job_json_inner.h"

#include <string.h>

#define STYLE (JSON_COMPACT | JSON_SORT_KEYS)
#define SHA256_DIGITS 64

char *ff_job_json_print(json_t *object)
{
	char *text = object ? json_dumps(object, STYLE) : NULL;
	json_decref(object);
	return text;
}

bool ff_job_json_is_sha256(const char *text)
{
	return strlen(text) == SHA256_DIGITS && strspn(text, "0123456789abcdef") == SHA256_DIGITS;
}
