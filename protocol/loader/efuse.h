// SPDX-License-Identifier: Apache-2.0
/* Fields of the words in which a chip says who it is: its efuses, and a few registers beside them.
 *
 * Each word is asked for once and kept, because on a distant board every question costs a round trip. A value of the
 * caller, for one identification by one thread; borrows its loader; nothing to release. */
#ifndef FF_LOADER_EFUSE_H
#define FF_LOADER_EFUSE_H

#include <stddef.h>
#include <stdint.h>

#include "loader.h"

/* More words than any chip is asked for; those that do not fit are asked for again. */
#define FF_EFUSES_KEPT 16

struct ff_efuses {
	struct ff_loader *loader;
	size_t count;
	struct {
		uint32_t address;
		uint32_t value;
	} words[FF_EFUSES_KEPT];
};

/* The word at `address`. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_efuses_word(struct ff_efuses *efuses, uint32_t address, uint32_t *value,
					     struct ff_error *error);

/* Up to `count` fields that follow each other from the low bits up; the first of width 0 ends them. Errors as
 * ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_efuses_bits(struct ff_efuses *efuses, const struct ff_chip_bits *fields, size_t count,
					     uint32_t *value, struct ff_error *error);

#endif
