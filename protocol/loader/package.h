// SPDX-License-Identifier: Apache-2.0
/* What each chip's efuses tell of its package and of what is inside, as data. A new chip is a new row.
 *
 * Constants of the program's whole life; any thread. Fields and texts from esptool 5.3, targets folder,
 * get_chip_description() and get_chip_features(). */
#ifndef FF_LOADER_PACKAGE_H
#define FF_LOADER_PACKAGE_H

#include <stdint.h>

#include "chip.h"

#define FF_PACKAGE_FIELDS 6
#define FF_PACKAGE_FEATURES 10

/* One meaning of a value. Of a list the first counts for which (value & mask) == this value; the last has mask 0. */
struct ff_package_choice {
	uint16_t mask;
	uint16_t value;
	const char *text; /* NULL: nothing to say */
};

/* A text that does not depend on anything, or one that fields choose. */
struct ff_package_part {
	const char *always;                            /* NULL: the fields choose */
	struct ff_chip_bits fields[FF_PACKAGE_FIELDS]; /* low bits first, 16 bits at most */
	const struct ff_package_choice *choices;
	struct ff_chip_bits maker; /* of what the text names; width 0: not told */
	const struct ff_package_choice *makers;
};

struct ff_package {
	const char *chip; /* its name */
	struct ff_package_part name;
	struct ff_package_part features[FF_PACKAGE_FEATURES]; /* the first without a text and choices ends them */
};

/* The row of a chip; NULL if there is none. */
const struct ff_package *ff_package_of(const struct ff_chip *chip);

/* The text for a value, or NULL. */
const char *ff_package_choose(const struct ff_package_choice *choices, uint32_t value);

#endif
