// SPDX-License-Identifier: Apache-2.0
/* A job's story in lines for people. Plain value; one thread. */
#ifndef FF_HTTP_PROGRESS_TEXT_H
#define FF_HTTP_PROGRESS_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <farflash/status.h>

#include "buf.h"
#include "job.h"

/* What has been told. Begin with zeroes. */
struct ff_progress_text {
	bool told_head;
	bool told_facts;
	bool told_board;   /* of a job that was not for a board by name */
	unsigned position; /* told last, 0: none */
	unsigned steps;
	unsigned notes;
	unsigned percent; /* of the step at hand */
};

/* Appends the lines that `view` adds to what has been told. FF_ERR_NO_MEMORY, FF_ERR_TOO_LARGE. */
FF_WARN_UNUSED enum ff_status ff_progress_text_render(struct ff_progress_text *text, struct ff_job *job,
						      const struct ff_job_view *view, struct ff_buf *out);

/* Appends the end of a job that has ended; its last line begins with "done:" or "failed:". Errors as above. */
FF_WARN_UNUSED enum ff_status ff_progress_text_verdict(struct ff_job *job, const struct ff_job_view *view,
						       struct ff_buf *out);

#endif
