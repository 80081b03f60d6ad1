// SPDX-License-Identifier: Apache-2.0
/* SHA-256 over bytes as they go by. begin/end or release; belongs to one thread. */
#ifndef FF_CLIENT_DIGEST_H
#define FF_CLIENT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_DIGEST_HEX_SIZE 65

struct ff_digest {
	void *context; /* NULL: without memory, or ended */
};

void ff_digest_begin(struct ff_digest *digest);

void ff_digest_add(struct ff_digest *digest, const uint8_t *bytes, size_t size);

/* Writes lower-case hex and releases. False: without memory; `hex` is then empty. */
bool ff_digest_end(struct ff_digest *digest, char hex[FF_DIGEST_HEX_SIZE]);

/* Harmless on a zeroed one. */
void ff_digest_release(struct ff_digest *digest);

#endif
