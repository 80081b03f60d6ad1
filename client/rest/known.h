// SPDX-License-Identifier: Apache-2.0
/* Which images the server has already, so that only the others have to be sent. init/release; belongs to one thread. */
#ifndef FF_CLIENT_KNOWN_H
#define FF_CLIENT_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "digest.h"
#include "images.h"

/* What is smaller goes along with the job: to ask would not be quicker. */
#define FF_KNOWN_LEAST 4096

struct ff_known {
	char *names[FF_MAX_REGIONS]; /* of each image: what stands for it in a form, owned; NULL: it has to be sent */
	size_t count;                /* of those that the server has */
};

/* The SHA-256 of what an image holds. False: it cannot be read, or out of memory. */
bool ff_known_hash(const struct ff_image *image, char sha256[FF_DIGEST_HEX_SIZE]);

/* Names the images worth it, and makes the one question for all of them: a path to GET, to be freed; NULL: there is none to ask for,
 * or no memory for the question. False: out of memory. `known` is to be released whatever the end. */
bool ff_known_begin(struct ff_known *known, const struct ff_images *images, char **question);

/* Keeps the names of the images that the answer lists; of NULL, which no such question was answered with, none. */
void ff_known_keep(struct ff_known *known, const json_t *answer);

/* Forgets all of it. Harmless on a zeroed one. */
void ff_known_release(struct ff_known *known);

#endif
