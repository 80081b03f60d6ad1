// SPDX-License-Identifier: Apache-2.0
#include "selector.h"

#include <string.h>

#define TERM_SIZE (FF_LABEL_KEY_SIZE + FF_LABEL_VALUE_SIZE + 4)

/* Takes a word into a field. False: it does not fit. */
static bool take(char *field, size_t capacity, const char *word, size_t size)
{
	if (size >= capacity) {
		return false;
	}
	memcpy(field, word, size);
	field[size] = '\0';
	return true;
}

/* Splits "key", "!key", "key=value" or "key!=value". Whether key and value are possible ones is asked of the labels. */
static bool split(struct ff_selector_term *term, const char *text, size_t size)
{
	const char *equals = memchr(text, '=', size);
	size_t key = equals ? (size_t)(equals - text) : size;
	*term = (struct ff_selector_term){ 0 };
	if (equals) {
		const char *value = equals + 1;
		term->negated = key > 0 && text[key - 1] == '!';
		return value < text + size && take(term->key, sizeof(term->key), text, key - term->negated) &&
		       take(term->value, sizeof(term->value), value, (size_t)(text + size - value));
	}
	term->negated = size > 0 && text[0] == '!';
	return take(term->key, sizeof(term->key), text + term->negated, key - term->negated);
}

static enum ff_status parse_term(struct ff_selector_term *term, const char *text, size_t size, struct ff_error *error)
{
	struct ff_labels possible = { .count = 0 };
	if (size < TERM_SIZE && split(term, text, size) &&
	    ff_labels_add(&possible, term->key, term->value[0] ? term->value : "any", NULL) == FF_OK) {
		return FF_OK;
	}
	return ff_error_set(
		error, FF_ERR_ARGUMENT,
		"\"%.*s\" does not select boards: write KEY=VALUE, KEY!=VALUE, KEY or !KEY, with commas between "
		"them",
		size < TERM_SIZE ? (int)size : TERM_SIZE, text);
}

enum ff_status ff_selector_parse(struct ff_selector *selector, const char *text, struct ff_error *error)
{
	struct ff_selector parsed = { .count = 0 };
	if (strlen(text) > FF_SELECTOR_MAX_TEXT) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "a selector has at most %d characters",
				    FF_SELECTOR_MAX_TEXT);
	}
	for (const char *at = text;; at++) {
		size_t size = strcspn(at, ",");
		if (parsed.count == FF_SELECTOR_MAX_TERMS) {
			return ff_error_set(error, FF_ERR_ARGUMENT, "a selector has at most %d terms",
					    FF_SELECTOR_MAX_TERMS);
		}
		enum ff_status status = parse_term(&parsed.terms[parsed.count], at, size, error);
		if (status != FF_OK) {
			return status;
		}
		parsed.count++;
		at += size;
		if (*at == '\0') {
			break;
		}
	}
	*selector = parsed;
	return FF_OK;
}

bool ff_selector_matches(const struct ff_selector *selector, const struct ff_labels *labels)
{
	for (size_t i = 0; i < selector->count; i++) {
		const struct ff_selector_term *term = &selector->terms[i];
		bool has = ff_labels_have(labels, term->key, term->value[0] ? term->value : NULL);
		if (has == term->negated) {
			return false;
		}
	}
	return true;
}
