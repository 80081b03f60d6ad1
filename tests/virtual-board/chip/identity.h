// SPDX-License-Identifier: Apache-2.0
/* The words that say who a chip is: the magic word in its ROM, MAC address and revision in its efuses.
 *
 * Plain values; one thread. */
#ifndef FF_VB_IDENTITY_H
#define FF_VB_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "bus.h"
#include "model.h"

#define FF_WORDS_MAX 16

/* A handful of read-only words. */
struct ff_words {
	struct {
		uint32_t address, value;
	} at[FF_WORDS_MAX];
	size_t count;
};

/* Lays out the identity as the chip's efuses do. */
void ff_identity_fill(struct ff_words *words, const struct ff_model *model, const struct ff_identity *identity);

/* The value at `address`, or NULL where no such word is. */
const uint32_t *ff_words_find(const struct ff_words *words, uint32_t address);

#endif
