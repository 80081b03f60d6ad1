// SPDX-License-Identifier: Apache-2.0
#include "failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct exit_row {
	const char *code;
	enum ff_exit status;
};

/* Every code that does not simply mean "it failed on the board". */
static const struct exit_row exit_rows[] = {
	{ "", FF_EXIT_DONE },
	{ "ok", FF_EXIT_DONE },
	/* what the user gave */
	{ "invalid-argument", FF_EXIT_USAGE },
	{ "missing-offset", FF_EXIT_USAGE },
	{ "bad-offset", FF_EXIT_USAGE },
	{ "unaligned-offset", FF_EXIT_USAGE },
	{ "empty-image", FF_EXIT_USAGE },
	{ "overlapping-regions", FF_EXIT_USAGE },
	{ "bad-multipart", FF_EXIT_USAGE },
	{ "upload-too-large", FF_EXIT_USAGE },
	{ "no-such-board", FF_EXIT_USAGE },
	{ "no-such-job", FF_EXIT_USAGE },
	{ "no-such-firmware", FF_EXIT_USAGE },
	{ "wrong-hash", FF_EXIT_USAGE },
	{ "firmware-in-use", FF_EXIT_BUSY },
	{ "no-such-lease", FF_EXIT_USAGE },
	{ "no-such-batch", FF_EXIT_USAGE },
	{ "no-such-resource", FF_EXIT_USAGE },
	{ "no-such-content", FF_EXIT_USAGE },
	{ "method-not-allowed", FF_EXIT_USAGE },
	{ "length-required", FF_EXIT_USAGE },
	{ "unsupported-media-type", FF_EXIT_USAGE },
	{ "wrong-chip", FF_EXIT_USAGE },
	{ "wrong-revision", FF_EXIT_USAGE },
	{ "too-large", FF_EXIT_USAGE },
	{ "bad-format", FF_EXIT_USAGE },
	{ "unsupported", FF_EXIT_USAGE },
	{ "protected", FF_EXIT_USAGE },
	/* who cannot be reached */
	{ "port-not-found", FF_EXIT_UNREACHABLE },
	{ "unreachable", FF_EXIT_UNREACHABLE },
	{ "board-lost", FF_EXIT_UNREACHABLE },
	{ "no-answer", FF_EXIT_UNREACHABLE },
	{ "server-unreachable", FF_EXIT_UNREACHABLE },
	{ "not-a-server", FF_EXIT_UNREACHABLE },
	{ "no-board", FF_EXIT_UNREACHABLE },
	{ "job-lost", FF_EXIT_UNREACHABLE },
	{ "shutting-down", FF_EXIT_UNREACHABLE },
	{ "not-recorded", FF_EXIT_UNREACHABLE },
	{ "session-expired", FF_EXIT_UNREACHABLE },
	/* who does not let us */
	{ "port-busy", FF_EXIT_BUSY },
	{ "port-denied", FF_EXIT_BUSY },
	{ "board-busy", FF_EXIT_BUSY },
	{ "board-leased", FF_EXIT_BUSY },
	{ "lease-ended", FF_EXIT_BUSY },
	{ "forbidden-origin", FF_EXIT_BUSY },
	{ "unknown-host", FF_EXIT_BUSY },
	{ "unauthorized", FF_EXIT_BUSY },
	{ "forbidden", FF_EXIT_BUSY },
	{ "too-many-requests", FF_EXIT_BUSY },
	{ "too-many-streams", FF_EXIT_BUSY },
	{ "job-ended", FF_EXIT_BUSY },
	{ "job-not-ended", FF_EXIT_BUSY },
	{ "too-many-jobs", FF_EXIT_BUSY },
	{ "no-board-free", FF_EXIT_BUSY },
	{ "board-quarantined", FF_EXIT_BUSY },
};

enum ff_exit ff_failure_exit(const char *code)
{
	for (size_t i = 0; i < sizeof(exit_rows) / sizeof(exit_rows[0]); i++) {
		if (strcmp(code, exit_rows[i].code) == 0) {
			return exit_rows[i].status;
		}
	}
	return FF_EXIT_FAILED;
}

bool ff_failure_may_pass(const struct ff_failure *failure)
{
	/* A proxy in front of a server that is away answers in its stead, and is not one. */
	static const char *const codes[] = { "server-unreachable", "shutting-down", "not-a-server", "too-many-requests",
					     "too-many-streams" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(failure->code, codes[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* A text may come from a server or a board: nothing in it shall steer the reader's terminal. */
static void disarm(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f) {
			*text = ' ';
		}
	}
}

bool ff_failure_set(struct ff_failure *failure, const char *code, const char *format, ...)
{
	if (failure->code[0] == '\0') {
		va_list arguments;

		snprintf(failure->code, sizeof(failure->code), "%s", code);
		va_start(arguments, format);
		vsnprintf(failure->text, sizeof(failure->text), format, arguments);
		va_end(arguments);
		disarm(failure->text);
	}
	return false;
}

bool ff_failure_set_error(struct ff_failure *failure, const char *board, const struct ff_error *error)
{
	const char *code = ff_status_code(error->status);
	const char *text = error->text[0] != '\0' ? error->text : ff_status_text(error->status);

	if (board == NULL || strstr(text, board) != NULL) {
		return ff_failure_set(failure, code, "%s", text);
	}
	return ff_failure_set(failure, code, "%s: %s", board, text);
}
