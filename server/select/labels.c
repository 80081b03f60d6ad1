// SPDX-License-Identifier: Apache-2.0
#include "labels.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_key(const char *key)
{
	size_t size = strlen(key);
	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)key[i]) && key[i] != '-' && key[i] != '_') {
			return false;
		}
	}
	return size > 0 && size < FF_LABEL_KEY_SIZE && isalpha((unsigned char)key[0]);
}

/* What a selector can name. */
static bool may_be_in_value(char c)
{
	return isgraph((unsigned char)c) && !strchr(",=!", c);
}

static bool is_value(const char *value)
{
	size_t size = strlen(value);
	for (size_t i = 0; i < size; i++) {
		if (!may_be_in_value(value[i])) {
			return false;
		}
	}
	return size > 0 && size < FF_LABEL_VALUE_SIZE;
}

enum ff_status ff_labels_add(struct ff_labels *labels, const char *key, const char *value, struct ff_error *error)
{
	if (!is_key(key)) {
		return ff_error_set(
			error, FF_ERR_ARGUMENT,
			"the label \"%.40s\" must begin with a letter and have at most %d letters, digits, '-' "
			"or '_'",
			key, FF_LABEL_KEY_SIZE - 1);
	}
	if (!is_value(value)) {
		return ff_error_set(
			error, FF_ERR_ARGUMENT,
			"the label %s=\"%.70s\" must have a value of 1 to %d characters without spaces, ',', "
			"'=' and '!'",
			key, value, FF_LABEL_VALUE_SIZE - 1);
	}
	if (ff_labels_have(labels, key, value)) {
		return FF_OK;
	}
	if (labels->count == FF_LABELS_MAX) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "more than %d labels", FF_LABELS_MAX);
	}
	struct ff_label *label = &labels->labels[labels->count++];
	snprintf(label->key, sizeof(label->key), "%s", key);
	snprintf(label->value, sizeof(label->value), "%s", value);
	return FF_OK;
}

bool ff_labels_add_foreign(struct ff_labels *labels, const char *key, const char *value)
{
	char clean[FF_LABEL_VALUE_SIZE] = "";
	size_t size = 0;
	for (; value[size] && size < sizeof(clean) - 1; size++) {
		clean[size] = '-';
		if (may_be_in_value(value[size])) {
			clean[size] = value[size];
		}
	}
	clean[size] = '\0';
	return size > 0 && ff_labels_add(labels, key, clean, NULL) == FF_OK;
}

bool ff_labels_have(const struct ff_labels *labels, const char *key, const char *value)
{
	for (size_t i = 0; i < labels->count; i++) {
		const struct ff_label *label = &labels->labels[i];
		if (strcmp(label->key, key) == 0 && (!value || strcasecmp(label->value, value) == 0)) {
			return true;
		}
	}
	return false;
}
