// SPDX-License-Identifier: Apache-2.0
/* What is said of a board: pairs of key and value, as in chip=esp32s3 or has=display. A key may come more than once, with
 * another value each time. A plain value of bounded size; nothing to release. */
#ifndef FF_SELECT_LABELS_H
#define FF_SELECT_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/status.h>

#define FF_LABELS_MAX 32
#define FF_LABEL_KEY_SIZE 33
#define FF_LABEL_VALUE_SIZE 65

struct ff_label {
	char key[FF_LABEL_KEY_SIZE];
	char value[FF_LABEL_VALUE_SIZE];
};

struct ff_labels {
	size_t count;
	struct ff_label labels[FF_LABELS_MAX];
};

/* A key is 1 to 32 letters, digits, '-', '_' and begins with a letter; a value has up to 64 printable ASCII characters
 * without spaces, commas, '=' and '!'. Adding a pair that is there changes nothing. FF_ERR_ARGUMENT with the reason. */
FF_WARN_UNUSED enum ff_status ff_labels_add(struct ff_labels *labels, const char *key, const char *value,
					    struct ff_error *error);

/* Adds a value that comes from elsewhere (a USB descriptor, a chip's name): characters that may not be in one become '-',
 * what is too long is cut. False: it is empty, or there is no room. */
bool ff_labels_add_foreign(struct ff_labels *labels, const char *key, const char *value);

/* Whether the pair is there; a NULL value means any. Values are compared without regard to case. */
bool ff_labels_have(const struct ff_labels *labels, const char *key, const char *value);

#endif
