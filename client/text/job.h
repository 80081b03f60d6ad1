// SPDX-License-Identifier: Apache-2.0
/* A job as the REST interface writes it (docs/rest-api.md): made here for a board on this machine, read here for both
 * kinds, so that everything behind it need not know where the work was done. Belongs to one thread. */
#ifndef FF_CLIENT_JOB_H
#define FF_CLIENT_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include <farflash/flasher.h>

#include "failure.h"

/* A job without an id that starts now; `kind` is one of the REST interface's. Every member is there, those not known
 * yet as null. A new reference, NULL without memory. */
json_t *ff_job_new(const char *kind, const char *board);

/* Replaces "info" by what is known of the board; `security` is NULL where the chip does not tell. */
void ff_job_set_info(json_t *job, const struct ff_board_info *info, const struct ff_security_info *security);

/* Values of "target": a part of flash (`size` 0: to its end), a part of memory, a word. New references. */
json_t *ff_job_flash_target(uint32_t offset, uint32_t size);
json_t *ff_job_memory_target(uint32_t address, uint32_t size);
json_t *ff_job_word(uint32_t value);

/* Puts an end to it: "done", "cancelled" or "failed" with the failure's code and text. */
void ff_job_finish(json_t *job, const struct ff_failure *failure);

/* The state's or id's text, "" where there is none. Borrowed. */
const char *ff_job_state(const json_t *job);
const char *ff_job_id(const json_t *job);

/* Whether it is of this kind ("flash"). */
bool ff_job_is_of_kind(const json_t *job, const char *kind);

/* The board's name, "the board" where there is none. Borrowed. */
const char *ff_job_board(const json_t *job);

/* How many bytes the job was about: its result's, or else those that were asked for; 0 where nobody knows. */
long long ff_job_bytes(const json_t *job);

bool ff_job_has_ended(const json_t *job);

/* Whether a job was stopped with its server, and goes on when that is started again: it had not begun, or is repeated then. */
bool ff_job_comes_back(const json_t *job);

/* True if the job is done; otherwise its error becomes the failure. */
bool ff_job_check(const json_t *job, struct ff_failure *failure);

/* What a user wants to know of a finished flash job: chip, bytes, seconds, effective rate, verified. */
void ff_job_print_flash(const json_t *job, FILE *out);

/* All of one job, a line for each thing. */
void ff_job_print(const json_t *job, FILE *out);

#endif
