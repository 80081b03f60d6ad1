// SPDX-License-Identifier: Apache-2.0
/* A pattern (the first line) against a board's output (the rest), in pieces: the lines are those that came, and the
 * verdict is one that the text allows. */
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	const uint8_t *bytes;
	size_t size;
	size_t at;
};

/* The output has this line where the one before has ended. */
static void on_line(void *context, int64_t at_us, const char *text, size_t size)
{
	struct seen *seen = context;
	if (at_us < 0 || size > FF_LINES_MAX || size > seen->size - seen->at ||
	    memcmp(seen->bytes + seen->at, text, size) != 0) {
		abort();
	}
	seen->at += size;
	while (seen->at < seen->size && (seen->bytes[seen->at] == '\r' || seen->bytes[seen->at] == '\n')) {
		bool end = seen->bytes[seen->at] == '\n';
		seen->at++;
		if (end) {
			break;
		}
	}
}

static void play(struct ff_watch *watch, const uint8_t *bytes, size_t size)
{
	int64_t now = 0;
	for (size_t at = 0; at < size;) {
		size_t piece = 1 + bytes[at] % 40;
		piece = piece < size - at ? piece : size - at;
		ff_watch_feed(watch, bytes + at, piece, now);
		now += 1000;
		at += piece;
		(void)ff_watch_is_over(watch, now);
	}
	if (!ff_watch_is_over(watch, INT64_MAX / 2) || ff_watch_result(watch)->verdict == FF_VERDICT_OPEN ||
	    ff_watch_result(watch)->reason[0] == '\0') {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	if (!end || end - data > 200) {
		return 0;
	}
	size_t length = (size_t)(end - data);
	char pattern[201];
	memcpy(pattern, data, length);
	pattern[length] = '\0';
	struct seen seen = { .bytes = end + 1, .size = size - length - 1 };
	const struct ff_watch_options options = {
		.expect = pattern[0] ? pattern : NULL,
		.fail = "FAIL|error",
		.limit_us = 10000000,
		.line = on_line,
		.context = &seen,
	};
	struct ff_watch *watch = NULL;
	struct ff_error error = FF_ERROR_NONE;
	if (ff_watch_new(&watch, &options, 0, &error) == FF_OK) {
		play(watch, seen.bytes, seen.size);
		ff_watch_free(watch);
	} else if (error.status != FF_ERR_ARGUMENT || error.text[0] == '\0') {
		abort();
	}
	return 0;
}
