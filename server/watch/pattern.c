// SPDX-License-Identifier: Apache-2.0
#include "pattern.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A line of 4 KB in a sensible pattern takes some thousand steps. */
#define MATCH_LIMIT 200000
#define HEAP_LIMIT_KB 4096

struct ff_pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
};

static enum ff_status compile(struct ff_pattern *pattern, const char *what, const char *text, struct ff_error *error)
{
	int number = 0;
	PCRE2_SIZE at = 0;
	const uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &number, &at, NULL);
	if (!pattern->code) {
		PCRE2_UCHAR reason[160];
		pcre2_get_error_message(number, reason, sizeof(reason));
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "%s: the pattern \"%.80s\" is not valid, at character %zu: %s", what, text, at + 1,
				    (const char *)reason);
	}
	/* Without it everything works, only slower. */
	(void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
	pattern->data = pcre2_match_data_create(1, NULL);
	pattern->context = pcre2_match_context_create(NULL);
	if (!pattern->data || !pattern->context) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	pcre2_set_match_limit(pattern->context, MATCH_LIMIT);
	pcre2_set_heap_limit(pattern->context, HEAP_LIMIT_KB);
	return FF_OK;
}

enum ff_status ff_pattern_new(struct ff_pattern **result, const char *what, const char *text, struct ff_error *error)
{
	size_t size = strlen(text);
	if (size == 0 || size > FF_PATTERN_MAX) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s: a pattern has 1 to %d characters", what,
				    FF_PATTERN_MAX);
	}
	struct ff_pattern *pattern = calloc(1, sizeof(*pattern));
	if (!pattern) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	enum ff_status status = compile(pattern, what, text, error);
	if (status != FF_OK) {
		ff_pattern_free(pattern);
		return status;
	}
	*result = pattern;
	return FF_OK;
}

void ff_pattern_free(struct ff_pattern *pattern)
{
	if (pattern) {
		pcre2_match_context_free(pattern->context);
		pcre2_match_data_free(pattern->data);
		pcre2_code_free(pattern->code);
		free(pattern);
	}
}

enum ff_pattern_match ff_pattern_find(struct ff_pattern *pattern, const char *line, size_t size, bool complete)
{
	int found = pcre2_match(pattern->code, (PCRE2_SPTR)line, size, 0, complete ? 0 : PCRE2_PARTIAL_HARD,
				pattern->data, pattern->context);
	if (found >= 0) {
		return FF_PATTERN_YES;
	}
	return found == PCRE2_ERROR_NOMATCH || found == PCRE2_ERROR_PARTIAL ? FF_PATTERN_NO : FF_PATTERN_COSTLY;
}
