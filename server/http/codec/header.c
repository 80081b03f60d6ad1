// SPDX-License-Identifier: Apache-2.0
#include "header.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FULL_WEIGHT 1000

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

void ff_header_skip_blanks(const char **at)
{
	*at += strspn(*at, " \t");
}

size_t ff_header_take_token(const char **at)
{
	const char *begin = *at;
	while (is_token_char(**at)) {
		(*at)++;
	}
	return (size_t)(*at - begin);
}

bool ff_header_equals(const char *text, size_t size, const char *word)
{
	return strlen(word) == size && strncasecmp(text, word, size) == 0;
}

/* Only \" and \\ are escapes: some browsers send Windows paths with bare backslashes. */
static bool take_quoted(const char **at, char *value, size_t capacity)
{
	size_t size = 0;
	for ((*at)++; **at != '"'; (*at)++) {
		if (**at == '\\' && ((*at)[1] == '"' || (*at)[1] == '\\')) {
			(*at)++;
		}
		if (!**at || size + 1 >= capacity) {
			return false;
		}
		value[size++] = **at;
	}
	(*at)++;
	value[size] = 0;
	return true;
}

enum ff_header_param ff_header_take_param(const char **at, const char **name, size_t *name_size, char *value,
					  size_t value_capacity)
{
	ff_header_skip_blanks(at);
	if (!**at) {
		return FF_HEADER_END;
	}
	if (**at != ';') {
		return FF_HEADER_BAD;
	}
	(*at)++;
	ff_header_skip_blanks(at);
	if (!**at) {
		return FF_HEADER_END;
	}
	*name = *at;
	*name_size = ff_header_take_token(at);
	ff_header_skip_blanks(at);
	if (*name_size == 0 || **at != '=') {
		return FF_HEADER_BAD;
	}
	(*at)++;
	ff_header_skip_blanks(at);
	if (**at == '"') {
		return take_quoted(at, value, value_capacity) ? FF_HEADER_PARAM : FF_HEADER_BAD;
	}
	const char *begin = *at;
	size_t size = ff_header_take_token(at);
	if (size == 0 || size >= value_capacity) {
		return FF_HEADER_BAD;
	}
	memcpy(value, begin, size);
	value[size] = 0;
	return FF_HEADER_PARAM;
}

/* "0", "0.5", "1.000": thousandths (RFC 9110 section 12.4.2); anything else counts as 0. */
static int parse_weight(const char *text)
{
	if (strspn(text, "0123456789.") != strlen(text)) {
		return 0;
	}
	int weight = text[0] == '1' ? FULL_WEIGHT : 0;
	if (weight == 0 && text[0] == '0' && text[1] == '.') {
		int unit = FULL_WEIGHT / 10;
		for (const char *digit = text + 2; isdigit((unsigned char)*digit) && unit > 0; digit++, unit /= 10) {
			weight += (*digit - '0') * unit;
		}
	}
	return weight;
}

/* Weight of `type` in an Accept list, -1 if it is not named; its place goes to `*place`. */
static int weight_of(const char *accept, const char *type, int *place)
{
	int position = 0;
	while (*accept) {
		size_t element = strcspn(accept, ",");
		char text[128] = "";
		if (element < sizeof(text)) {
			memcpy(text, accept, element);
		}
		const char *at = text;
		ff_header_skip_blanks(&at);
		size_t size = strcspn(at, "; \t");
		if (ff_header_equals(at, size, type)) {
			int weight = FULL_WEIGHT;
			at += size;
			const char *name;
			size_t name_size;
			char value[32] = "";
			while (ff_header_take_param(&at, &name, &name_size, value, sizeof(value)) == FF_HEADER_PARAM) {
				if (ff_header_equals(name, name_size, "q")) {
					weight = parse_weight(value);
				}
			}
			*place = position;
			return weight;
		}
		position++;
		accept += element + (accept[element] == ',');
	}
	return -1;
}

bool ff_header_prefers_text(const char *accept)
{
	int text_place = 0;
	int json_place = 0;
	if (!accept) {
		return false;
	}
	int text = weight_of(accept, "text/plain", &text_place);
	int json = weight_of(accept, "application/json", &json_place);
	return text > 0 && (text > json || (text == json && text_place < json_place));
}

bool ff_header_has_preference(const char *prefer, const char *name)
{
	while (prefer && *prefer) {
		ff_header_skip_blanks(&prefer);
		size_t size = strcspn(prefer, ";, \t=");
		bool bare = prefer[size] != '=';
		if (bare && ff_header_equals(prefer, size, name)) {
			return true;
		}
		prefer += strcspn(prefer, ",");
		prefer += *prefer == ',';
	}
	return false;
}

bool ff_header_lists(const char *list, const char *word)
{
	while (list && *list) {
		ff_header_skip_blanks(&list);
		size_t size = strcspn(list, ",");
		size_t shown = size;
		while (shown > 0 && (list[shown - 1] == ' ' || list[shown - 1] == '\t')) {
			shown--;
		}
		if (ff_header_equals(list, shown, word)) {
			return true;
		}
		list += size + (list[size] == ',');
	}
	return false;
}

bool ff_header_is_own_origin(const char *origin, const char *host)
{
	static const char *const schemes[] = { "http://", "https://" };
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t size = strlen(schemes[i]);
		if (strncasecmp(origin, schemes[i], size) == 0) {
			return host && ff_header_equals(origin + size, strlen(origin + size), host);
		}
	}
	return false;
}
