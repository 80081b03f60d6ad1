// SPDX-License-Identifier: Apache-2.0
/* Which images the server has already, so that only the others have to be sent. init/release; belongs to one thread. */
#ifndef FF_CLIENT_KNOWN_H
#define FF_CLIENT_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
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

/* Asks the server, in one request, for the images worth it. One that knows no such question has none of them. False: it cannot be
 * reached, or we were interrupted; `known` is to be released whatever the end. */
bool ff_known_ask(struct ff_known *known, struct ff_api *api, const struct ff_images *images,
		  struct ff_failure *failure);

/* Forgets all of it. Harmless on a zeroed one. */
void ff_known_release(struct ff_known *known);

#endif
