// SPDX-License-Identifier: Apache-2.0
/* What the two halves of a job's JSON share: job_json_asked.c is what was asked, job_json_known.c what is known. For nobody else.
 * Pure; any thread. */
#ifndef FF_STORE_JOB_JSON_INNER_H
#define FF_STORE_JOB_JSON_INNER_H

#include <stdbool.h>

#include <jansson.h>

/* A new text, to be freed; NULL: out of memory, or there is no object. Takes the reference. */
char *ff_job_json_print(json_t *object);

/* Whether it may become a file's name. */
bool ff_job_json_is_sha256(const char *text);

#endif
