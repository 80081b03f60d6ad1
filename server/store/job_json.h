// SPDX-License-Identifier: Apache-2.0
/* A job as the store keeps it: what was asked, and what is known of it, each as a JSON text. Whatever a damaged or a foreign
 * database says, what comes out of reading is a job that the rest of the server can show. Pure; any thread. */
#ifndef FF_STORE_JOB_JSON_H
#define FF_STORE_JOB_JSON_H

#include <stdbool.h>

#include "job.h"

/* New texts, to be freed; NULL: out of memory. */
char *ff_job_json_asked(const struct ff_job *job);
char *ff_job_json_known(struct ff_job *job, const struct ff_job_view *view);

/* Fills in options, target, regions, watch, and what it waits for; what is allocated belongs to the caller. `spec` has its
 * kind and its board. False: the text
 * makes no sense, or there is no memory; then nothing is allocated. */
bool ff_job_json_read_asked(const char *text, struct ff_job_spec *spec);

/* Fills in all but state and times; the notes belong to the caller. False as above. */
bool ff_job_json_read_known(const char *text, size_t regions, struct ff_job_past *past);

/* What is known of a board's chip, alone. A new text, to be freed; NULL: out of memory. */
char *ff_job_json_facts(const struct ff_board_facts *facts);

/* False as above. */
bool ff_job_json_read_facts(const char *text, struct ff_board_facts *facts);

#endif
