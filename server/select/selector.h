// SPDX-License-Identifier: Apache-2.0
/* Which boards are meant, in the same words everywhere: terms that all have to hold, separated by commas.
 *
 *     chip=esp32c3      has this label
 *     rack!=1           does not have it
 *     display           has a label of this key
 *     !display          has none
 *
 * A plain value of bounded size; nothing to release. */
#ifndef FF_SELECT_SELECTOR_H
#define FF_SELECT_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/status.h>

#include "labels.h"

#define FF_SELECTOR_MAX_TERMS 16
#define FF_SELECTOR_MAX_TEXT 1024 /* characters */

struct ff_selector_term {
	char key[FF_LABEL_KEY_SIZE];
	char value[FF_LABEL_VALUE_SIZE]; /* empty: any */
	bool negated;
};

struct ff_selector {
	size_t count;
	struct ff_selector_term terms[FF_SELECTOR_MAX_TERMS];
};

/* FF_ERR_ARGUMENT with the reason; an empty text is not a selector: nobody should get all boards by mistake. */
FF_WARN_UNUSED enum ff_status ff_selector_parse(struct ff_selector *selector, const char *text, struct ff_error *error);

bool ff_selector_matches(const struct ff_selector *selector, const struct ff_labels *labels);

#endif
