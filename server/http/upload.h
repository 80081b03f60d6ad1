// SPDX-License-Identifier: Apache-2.0
/* The images of one flash request on their way to disk: from a form whose parts are named by their offsets, or from a
 * plain body. init/release; one thread. */
#ifndef FF_HTTP_UPLOAD_H
#define FF_HTTP_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/flasher.h>

#include "firmware.h"
#include "job.h"
#include "multipart.h"
#include "problem.h"

struct ff_uploads {
	struct ff_firmware_store *store;
	uint64_t max_bytes; /* of image, all parts together */
	uint64_t bytes;
	struct ff_upload *current;
	struct ff_job_region *regions; /* as many as `count`; the last one is incomplete while `current` is set */
	size_t count;
	bool is_form;
	bool any_offset; /* nothing is written: regions may overlap and begin anywhere */
	struct ff_multipart form;
};

/* Both begin with what is zero but for `any_offset`.
 *
 * Begins a form with the Content-Type header's value, or sets the problem. */
void ff_uploads_init_form(struct ff_uploads *uploads, struct ff_firmware_store *store, uint64_t max_bytes,
			  const char *content_type, struct ff_problem *problem);

/* Begins a single image at `offset`. */
void ff_uploads_init_single(struct ff_uploads *uploads, struct ff_firmware_store *store, uint64_t max_bytes,
			    uint32_t offset, struct ff_problem *problem);

/* Takes a piece of the body, or sets the problem. */
void ff_uploads_write(struct ff_uploads *uploads, const uint8_t *bytes, size_t size, struct ff_problem *problem);

/* Ends the body and checks the regions against each other; on success hands them over, otherwise sets the problem. */
void ff_uploads_finish(struct ff_uploads *uploads, struct ff_job_region **regions, size_t *count,
		       struct ff_problem *problem);

/* Drops whatever was not handed over. */
void ff_uploads_release(struct ff_uploads *uploads);

#endif
