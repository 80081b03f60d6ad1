// SPDX-License-Identifier: Apache-2.0
/* Why a command failed: a stable code (of the engine, of the server's problems, or of the client itself), one sentence
 * for the reader, and the exit status that the code stands for. A plain value; belongs to one thread. */
#ifndef FF_CLIENT_FAILURE_H
#define FF_CLIENT_FAILURE_H

#include <stdbool.h>

#include <farflash/status.h>

/* The process' exit status, as the manual page promises it. */
enum ff_exit {
	FF_EXIT_DONE = 0,
	FF_EXIT_FAILED = 1,      /* the operation failed on the board */
	FF_EXIT_USAGE = 2,       /* wrong usage or input */
	FF_EXIT_UNREACHABLE = 3, /* server or board not reachable */
	FF_EXIT_BUSY = 4         /* busy or not allowed */
};

struct ff_failure {
	char code[48];  /* kebab-case, "" while nothing has failed */
	char text[768]; /* without a final full stop */
};

/* Records a failure unless there is one already, and answers false, so that callers write `return ff_failure_set(...)`.
 * Codes and texts that are too long are cut, control characters in the text become blanks. */
bool ff_failure_set(struct ff_failure *failure, const char *code, const char *format, ...) FF_PRINTF(3, 4);

/* The same from an engine's error. `board` is put before the text unless the text names it already; NULL for none. */
bool ff_failure_set_error(struct ff_failure *failure, const char *board, const struct ff_error *error);

/* Whether the server may be well again in a moment: it is being started anew, or has too much to do. */
bool ff_failure_may_pass(const struct ff_failure *failure);

/* The exit status for a code; FF_EXIT_DONE for "" and "ok", FF_EXIT_FAILED for a code that nobody knows. */
enum ff_exit ff_failure_exit(const char *code);

#endif
