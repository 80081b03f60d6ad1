// SPDX-License-Identifier: Apache-2.0
/* Judges a board by what it says: a pattern that means success, one that means failure, a crash, or the end of the time.
 *
 * Each line is looked at without its colours. The failure pattern goes before the one for success, and both before a
 * crash, so that a test may wait for a crash. After a failure a moment's output is still taken, because the reason often
 * follows. Pure: the owner brings bytes and clock. new/free; one thread at a time. */
#ifndef FF_WATCH_WATCH_H
#define FF_WATCH_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_WATCH_DEFAULT_BOOTS 5
#define FF_WATCH_REASON_SIZE 320

/* X(constant, name) */
#define FF_VERDICT_MAP(X) \
	X(FF_VERDICT_OPEN, "open") /* not yet */ \
	X(FF_VERDICT_PASSED, "passed") \
	X(FF_VERDICT_FAILED, "failed") \
	X(FF_VERDICT_CRASHED, "crashed") \
	X(FF_VERDICT_TIMEOUT, "timeout")

#define FF_VERDICT_ENUM(constant, name) constant,
enum ff_verdict { FF_VERDICT_MAP(FF_VERDICT_ENUM) FF_VERDICT_COUNT };
#undef FF_VERDICT_ENUM

/* "passed", ... Never NULL. */
const char *ff_verdict_name(enum ff_verdict verdict);

struct ff_watch;

struct ff_watch_options {
	const char *expect; /* pattern.h; NULL: to survive the time is success */
	const char *fail;   /* NULL: only a crash is a failure */
	bool ignore_crashes;
	unsigned boots; /* how many are too many: a boot loop; 0: FF_WATCH_DEFAULT_BOOTS */
	int64_t limit_us;
	/* Each line as it came, with the time since the beginning. May be NULL. */
	void (*line)(void *context, int64_t at_us, const char *text, size_t size);
	void *context;
};

struct ff_watch_result {
	enum ff_verdict verdict;
	int64_t at_us;                     /* since the beginning */
	char reason[FF_WATCH_REASON_SIZE]; /* a sentence in printable ASCII */
};

/* The clock starts at `now_us`. FF_ERR_ARGUMENT (a pattern), FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_watch_new(struct ff_watch **watch, const struct ff_watch_options *options,
					   int64_t now_us, struct ff_error *error);

/* NULL is harmless. */
void ff_watch_free(struct ff_watch *watch);

/* Bytes that have just come. */
void ff_watch_feed(struct ff_watch *watch, const uint8_t *bytes, size_t size, int64_t now_us);

/* Whether there is no more to wait for. The first true closes the last line and settles the verdict. */
bool ff_watch_is_over(struct ff_watch *watch, int64_t now_us);

/* When ff_watch_is_over() has to be asked again if nothing comes. */
int64_t ff_watch_deadline(const struct ff_watch *watch);

/* FF_VERDICT_OPEN until it is over. */
const struct ff_watch_result *ff_watch_result(const struct ff_watch *watch);

#endif
