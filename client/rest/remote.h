// SPDX-License-Identifier: Apache-2.0
/* A job on the server, from its request to its end. Belongs to one thread. */
#ifndef FF_CLIENT_REMOTE_H
#define FF_CLIENT_REMOTE_H

#include <stdbool.h>

#include "content.h"
#include "images.h"
#include "run.h"

#define FF_REMOTE_RESOURCE_SIZE 128

/* Which of the user's options a resource takes beside those of its own. */
enum ff_remote_takes {
	FF_REMOTE_TAKES_LOADER,  /* ways into the loader and out of it, rate, stub */
	FF_REMOTE_TAKES_RESETS,  /* only the ways */
	FF_REMOTE_TAKES_NOTHING, /* but what any job takes */
};

struct ff_remote_task {
	const char *method; /* "POST" if it is NULL */
	/* Behind the board's path, with what its query holds beside the options for the loader and the
	 * flash settings for the images:
	 * "erase?offset=0x0&size=0x1000". */
	char resource[FF_REMOTE_RESOURCE_SIZE];
	enum ff_remote_takes takes;
	const struct ff_images *images; /* to be sent; NULL: none */
	bool writes;                    /* the images are to be written, with all the options that this has */
	const char *query;              /* more of the resource's, of any length; NULL: no more */
	bool content_whatever;          /* the content is wanted even of a job that has failed, if it has any */
	struct ff_content *content;     /* gets what the job reads and is committed then; NULL: nobody wants it */
};

/* Chooses the board, makes the job and follows it. Leaves the job in run->result, whatever the end, and answers false with
 * run->failure. An interrupt cancels the job. */
bool ff_remote_work(struct ff_run *run, const struct ff_remote_task *task);

#endif
