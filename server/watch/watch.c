// SPDX-License-Identifier: Apache-2.0
#include "watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"
#include "lines.h"
#include "pattern.h"

#define AFTERMATH_US 1000000 /* in which a crash tells its registers and its backtrace */
#define QUOTE_SIZE 160

struct ff_watch {
	struct ff_watch_options options;
	struct ff_pattern *expect;
	struct ff_pattern *fail;
	int64_t begun_us;
	int64_t until_us;
	unsigned boots;
	bool over;
	enum ff_verdict found; /* the verdict as soon as it is known */
	struct ff_watch_result result;
	struct ff_lines lines;
	char plain[FF_LINES_MAX]; /* a line without its colours */
};

const char *ff_verdict_name(enum ff_verdict verdict)
{
#define FF_VERDICT_NAME(constant, name) [constant] = (name),
	static const char *const names[] = { FF_VERDICT_MAP(FF_VERDICT_NAME) };
#undef FF_VERDICT_NAME
	return names[verdict];
}

enum ff_status ff_watch_new(struct ff_watch **result, const struct ff_watch_options *options, int64_t now_us,
			    struct ff_error *error)
{
	struct ff_watch *watch = calloc(1, sizeof(*watch));
	if (!watch) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	watch->options = *options;
	watch->begun_us = now_us;
	watch->until_us = now_us + options->limit_us;
	if (watch->options.boots == 0) {
		watch->options.boots = FF_WATCH_DEFAULT_BOOTS;
	}
	ff_lines_init(&watch->lines);
	enum ff_status status = FF_OK;
	if (options->expect) {
		status = ff_pattern_new(&watch->expect, "expect", options->expect, error);
	}
	if (status == FF_OK && options->fail) {
		status = ff_pattern_new(&watch->fail, "fail", options->fail, error);
	}
	watch->options.expect = NULL; /* the caller's */
	watch->options.fail = NULL;
	if (status != FF_OK) {
		ff_watch_free(watch);
		return status;
	}
	*result = watch;
	return FF_OK;
}

void ff_watch_free(struct ff_watch *watch)
{
	if (watch) {
		ff_pattern_free(watch->expect);
		ff_pattern_free(watch->fail);
		free(watch);
	}
}

/* ---- lines ---- */

/* Without escape sequences as terminals have them: ESC [ ... letter, and ESC with one character. */
static size_t strip(const char *text, size_t size, char *plain)
{
	size_t used = 0;
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\x1b') {
			plain[used++] = text[i];
			continue;
		}
		bool sequence = i + 1 < size && text[i + 1] == '[';
		i++;
		for (i += sequence; sequence && i < size && (text[i] < '@' || text[i] > '~'); i++) {
		}
	}
	return used;
}

/* Part of a line for people: what is no printable ASCII becomes a dot. */
static const char *quote(char text[QUOTE_SIZE], const char *line, size_t size)
{
	size_t kept = size < QUOTE_SIZE - 1 ? size : QUOTE_SIZE - 1;
	for (size_t i = 0; i < kept; i++) {
		text[i] = line[i];
		if (line[i] < ' ' || line[i] > '~') {
			text[i] = '.';
		}
	}
	text[kept] = '\0';
	return text;
}

static void decide(struct ff_watch *watch, enum ff_verdict verdict, int64_t at_us, const char *format, ...)
	FF_PRINTF(4, 5);

static void decide(struct ff_watch *watch, enum ff_verdict verdict, int64_t at_us, const char *format, ...)
{
	va_list arguments;
	watch->found = verdict;
	watch->result.at_us = at_us - watch->begun_us;
	va_start(arguments, format);
	vsnprintf(watch->result.reason, sizeof(watch->result.reason), format, arguments);
	va_end(arguments);
	/* The time for the reason to follow does not end with the time for the test. */
	watch->until_us = at_us + (verdict == FF_VERDICT_PASSED ? 0 : AFTERMATH_US);
}

static bool matches(struct ff_watch *watch, struct ff_pattern *pattern, const char *what, int64_t at_us,
		    const char *line, size_t size, bool complete)
{
	if (!pattern || watch->found != FF_VERDICT_OPEN) {
		return false;
	}
	enum ff_pattern_match match = ff_pattern_find(pattern, line, size, complete);
	if (match == FF_PATTERN_COSTLY) {
		char text[QUOTE_SIZE];
		decide(watch, FF_VERDICT_FAILED, at_us,
		       "the pattern of \"%s\" takes too long for the line \"%s\": write a simpler one", what,
		       quote(text, line, size));
	}
	return match == FF_PATTERN_YES;
}

static void judge_patterns(struct ff_watch *watch, int64_t at_us, const char *line, size_t size, bool complete)
{
	char text[QUOTE_SIZE];
	if (matches(watch, watch->fail, "fail", at_us, line, size, complete)) {
		decide(watch, FF_VERDICT_FAILED, at_us, "the board said \"%s\"", quote(text, line, size));
	}
	if (matches(watch, watch->expect, "expect", at_us, line, size, complete)) {
		decide(watch, FF_VERDICT_PASSED, at_us, "the board said \"%s\"", quote(text, line, size));
	}
}

static void judge_crash(struct ff_watch *watch, int64_t at_us, const char *line, size_t size)
{
	char text[QUOTE_SIZE];
	const char *crash = ff_crash_find(line, size);
	watch->boots += ff_crash_is_boot(line, size);
	if (crash) {
		decide(watch, FF_VERDICT_CRASHED, at_us, "the board crashed (%s): \"%s\"", crash,
		       quote(text, line, size));
	} else if (watch->boots > 1 && ff_crash_is_watchdog_boot(line, size)) {
		decide(watch, FF_VERDICT_CRASHED, at_us, "a watchdog has reset the board: \"%s\"",
		       quote(text, line, size));
	} else if (watch->boots >= watch->options.boots) {
		decide(watch, FF_VERDICT_CRASHED, at_us, "the board is in a boot loop: it has booted %u times",
		       watch->boots);
	}
}

static void on_line(void *context, int64_t begun_us, const char *text, size_t size)
{
	struct ff_watch *watch = context;
	if (watch->options.line) {
		watch->options.line(watch->options.context, begun_us - watch->begun_us, text, size);
	}
	size_t plain = strip(text, size, watch->plain);
	judge_patterns(watch, begun_us, watch->plain, plain, true);
	if (watch->found == FF_VERDICT_OPEN && !watch->options.ignore_crashes) {
		judge_crash(watch, begun_us, watch->plain, plain);
	}
}

/* A prompt has no end. */
static void on_unfinished(void *context, int64_t begun_us, const char *text, size_t size)
{
	struct ff_watch *watch = context;
	size_t plain = strip(text, size, watch->plain);
	judge_patterns(watch, begun_us, watch->plain, plain, false);
}

static struct ff_lines_events events(struct ff_watch *watch)
{
	return (struct ff_lines_events){ on_line, on_unfinished, watch };
}

/* ---- the clock ---- */

void ff_watch_feed(struct ff_watch *watch, const uint8_t *bytes, size_t size, int64_t now_us)
{
	const struct ff_lines_events to = events(watch);
	if (!watch->over) {
		ff_lines_feed(&watch->lines, bytes, size, now_us, &to);
	}
}

static void run_out(struct ff_watch *watch)
{
	double seconds = (double)watch->options.limit_us / 1e6;
	int64_t at_us = watch->begun_us + watch->options.limit_us;
	if (watch->expect) {
		decide(watch, FF_VERDICT_TIMEOUT, at_us, "the board did not say what was expected within %g s",
		       seconds);
	} else {
		decide(watch, FF_VERDICT_PASSED, at_us, "nothing went wrong for %g s", seconds);
	}
}

bool ff_watch_is_over(struct ff_watch *watch, int64_t now_us)
{
	const struct ff_lines_events to = events(watch);
	if (watch->over || now_us < watch->until_us) {
		return watch->over;
	}
	ff_lines_end(&watch->lines, &to); /* may still decide */
	if (watch->found == FF_VERDICT_OPEN) {
		run_out(watch);
	}
	watch->over = true;
	watch->result.verdict = watch->found;
	return true;
}

int64_t ff_watch_deadline(const struct ff_watch *watch)
{
	return watch->until_us;
}

const struct ff_watch_result *ff_watch_result(const struct ff_watch *watch)
{
	return &watch->result;
}
