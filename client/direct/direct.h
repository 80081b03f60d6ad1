// SPDX-License-Identifier: Apache-2.0
/* The engine in this process, for `--port ADDRESS`: does what the server would do and writes a job like the server's.
 * Belongs to one thread. */
#ifndef FF_CLIENT_DIRECT_H
#define FF_CLIENT_DIRECT_H

#include <stdbool.h>

#include <jansson.h>

#include <farflash/flasher.h>

#include "images.h"
#include "run.h"

/* Each leaves a job in run->result that says what happened, whatever the end, and answers false with run->failure. An
 * interrupt cancels. */

/* Writes and verifies. */
bool ff_direct_flash(struct ff_run *run, const struct ff_images *images);

/* Into the bootloader, identify, back into the application. */
bool ff_direct_info(struct ff_run *run);

/* Work on an open board. */
struct ff_direct_task {
	const char *kind; /* of the job */
	/* Adds members to the job's result, which is kept only on success. */
	enum ff_status (*work)(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error);
	void *context;
	json_t *target;   /* of the job; the reference is taken; NULL where images are the target */
	bool needs_rom;   /* the board stays in its ROM loader */
	bool leaves;      /* the work itself starts something on the board */
	bool takes_force; /* of the options; so has the job's JSON */
	bool takes_settings;
};

/* For the work: opens the images as regions and notes them in the job. Errors of ff_images_open() and of reading them;
 * ff_images_close() is due whatever the end. */
FF_WARN_UNUSED enum ff_status ff_direct_open_images(struct ff_run *run, const struct ff_images *images,
						    struct ff_region regions[FF_MAX_REGIONS], struct ff_error *error);

/* Opens the board, does the work, and leaves the board as asked. Without --port: a failure, for what no server does. */
bool ff_direct_work(struct ff_run *run, const struct ff_direct_task *task);

/* Resets into the application. */
bool ff_direct_reset(struct ff_run *run);

/* The same through an open port, by the board's own sequence if one was given. */
enum ff_status ff_direct_reset_lines(const struct ff_run *run, struct ff_transport *transport, struct ff_error *error);

#endif
