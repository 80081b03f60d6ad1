// SPDX-License-Identifier: Apache-2.0
/* The images of one flash request: on their way to disk, from a form whose parts are named by their offsets or from a plain
 * body; or in the firmware store already, where the request only names them. init/release; one thread. */
#ifndef FF_HTTP_UPLOAD_H
#define FF_HTTP_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/flasher.h>

#include "firmware.h"
#include "image_name.h"
#include "job.h"
#include "multipart.h"
#include "problem.h"

struct ff_uploads {
	struct ff_firmware_store *store;
	uint64_t max_bytes; /* of image, all parts together */
	uint64_t bytes;
	struct ff_upload *current;
	/* As many as `count`. The last one is incomplete while `current` or `may_be_name` is set; one without firmware is missing. */
	struct ff_job_region *regions;
	size_t count;
	bool may_be_name; /* of the last region: what has come so far may name an image instead of being one */
	char name[FF_IMAGE_NAME_SIZE];
	size_t name_size;
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

/* The one image, at `offset`, is in the store. */
void ff_uploads_init_named(struct ff_uploads *uploads, struct ff_firmware_store *store, uint32_t offset,
			   const struct ff_image_name *name, struct ff_problem *problem);

/* Takes a piece of the body, or sets the problem. */
void ff_uploads_write(struct ff_uploads *uploads, const uint8_t *bytes, size_t size, struct ff_problem *problem);

/* Ends the body, once, or sets the problem. */
void ff_uploads_end(struct ff_uploads *uploads, struct ff_problem *problem);

/* Whether the store is still at work on one of the images. Takes no lock. */
bool ff_uploads_are_pending(const struct ff_uploads *uploads);

/* When none is pending: checks the regions against each other; on success hands them over, otherwise sets the problem. */
void ff_uploads_take(struct ff_uploads *uploads, struct ff_job_region **regions, size_t *count,
		     struct ff_problem *problem);

/* What the store's disk did not do is the server's own problem, no gateway's. */
void ff_uploads_disk_problem(struct ff_problem *problem, const struct ff_error *error);

/* Drops whatever was not handed over. */
void ff_uploads_release(struct ff_uploads *uploads);

#endif
