// SPDX-License-Identifier: Apache-2.0
#include "logbook.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "thread.h"

#define STACK_SIZE (128 * 1024)
#define PAUSE_NS 100000000 /* between two rounds: a board that talks costs ten writes a second, however it talks */
#define FAREWELL_S 2
#define CHUNK 32768
#define MOST_CHUNKS 8 /* of one board, before the others have their turn */
#define LINE_SIZE (FF_CONSOLE_MARK_SIZE + 64)
#define NAME_SIZE 128

struct ff_logbook_page {
	struct ff_logbook *logbook;
	char name[NAME_SIZE];
	atomic_bool kicked;
	struct ff_logbook_page *next;

	/* Behind the logbook's mutex. */
	struct ff_console *console; /* NULL: it is closed, and the thread removes it */

	/* The thread's. */
	uint64_t position; /* in the console */
	uint64_t mark;     /* number of the next one */
	uint64_t missing;  /* bytes that the file lacks here, and does not say so yet */
	bool in_line;      /* the last byte in the file ends no line */
	bool failing;
	bool known; /* older files have been looked at */
};

struct ff_logbook {
	char *dir; /* owned */
	struct ff_logfile_limits limits;
	const struct ff_log *log;
	size_t chunk; /* bytes at once */
	pthread_t thread;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct ff_logbook_page *pages;
	bool kicked;
	bool stopping;
	bool left; /* the thread is at its end */

	/* The thread's: what goes to a file next. */
	char text[CHUNK + 2 * LINE_SIZE];
	size_t size;
	size_t output; /* bytes of it that are a board's */
	uint64_t told; /* bytes whose lack it tells */
};

/* ---- the thread: what goes into a file ---- */

static void add_line(struct ff_logbook *logbook, struct ff_logbook_page *page, int64_t at_ms, const char *text)
{
	char stamp[32];
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm parts;
	gmtime_r(&seconds, &parts);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &parts);
	int size = snprintf(logbook->text + logbook->size, LINE_SIZE, "%s--- %s.%03dZ %s ---\n",
			    page->in_line ? "\n" : "", stamp, (int)(at_ms % 1000), text);
	logbook->size += size < LINE_SIZE ? (size_t)size : LINE_SIZE - 1;
	page->in_line = false;
}

static void add_missing(struct ff_logbook *logbook, struct ff_logbook_page *page)
{
	struct timespec now;
	char text[64];
	if (page->missing == logbook->told) {
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(text, sizeof(text), "%" PRIu64 " bytes are missing here", page->missing - logbook->told);
	add_line(logbook, page, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, text);
	logbook->told = page->missing;
}

/* Up to the next mark, and no more than fits. The mutex is held. */
static void add_output(struct ff_logbook *logbook, struct ff_logbook_page *page, uint64_t end)
{
	uint8_t *to = (uint8_t *)logbook->text + logbook->size;
	uint64_t before = page->position;
	size_t room = logbook->chunk - logbook->size;
	size_t wanted = end - before < room ? (size_t)(end - before) : room;
	size_t got = ff_console_read(page->console, &page->position, to, wanted);
	uint64_t lost = page->position - before - got;
	if (lost > 0) {
		/* It is said before what came after it, which is read once more. */
		page->position -= got;
		page->missing += lost;
		add_missing(logbook, page);
		return;
	}
	logbook->size += got;
	logbook->output += got;
	page->in_line = got > 0 ? to[got - 1] != '\n' : page->in_line;
}

/* Takes the next piece out of the console. The mutex is held. */
static void take(struct ff_logbook *logbook, struct ff_logbook_page *page)
{
	logbook->size = 0;
	logbook->output = 0;
	logbook->told = 0;
	add_missing(logbook, page);
	while (logbook->size < logbook->chunk) {
		struct ff_console_mark mark;
		size_t size = logbook->size;
		uint64_t end = ff_console_end(page->console);
		bool marked = ff_console_next_mark(page->console, &page->mark, &mark);
		if (marked && mark.position <= page->position) {
			page->mark++;
			add_line(logbook, page, mark.at_ms, mark.text);
			continue;
		}
		add_output(logbook, page, marked && mark.position < end ? mark.position : end);
		if (logbook->size == size) {
			return;
		}
	}
}

/* Writes the piece; `in_line` is how the file ended before. False: it could not be, and is missing. */
static bool put(struct ff_logbook *logbook, struct ff_logbook_page *page, bool in_line)
{
	char file[NAME_SIZE + 8];
	size_t written = 0;
	snprintf(file, sizeof(file), "%s.log", page->name);
	if (!page->known) {
		ff_logfile_trim(logbook->dir, file, logbook->limits.keep);
		page->known = true;
	}
	int failed = ff_logfile_append(logbook->dir, file, &logbook->limits, logbook->text, logbook->size, &written);
	if (failed && !page->failing) {
		char reason[128];
		ff_log(logbook->log, FF_LOG_ERROR, "%s: what it says cannot be kept in %s/%s: %s", page->name,
		       logbook->dir, file, strerror_r(failed, reason, sizeof(reason)));
	} else if (!failed && page->failing) {
		ff_log(logbook->log, FF_LOG_INFO, "%s: what it says is kept again", page->name);
	}
	page->failing = failed != 0;
	if (failed) {
		size_t rest = logbook->size - written;
		page->missing += rest < logbook->output ? rest : logbook->output;
		page->in_line = written > 0 ? logbook->text[written - 1] != '\n' : in_line;
	} else {
		page->missing -= logbook->told;
	}
	return !failed;
}

/* The mutex is held, but not while a file is written. */
static void serve(struct ff_logbook *logbook, struct ff_logbook_page *page)
{
	for (int i = 0; i < MOST_CHUNKS && page->console; i++) {
		bool in_line = page->in_line;
		take(logbook, page);
		if (logbook->size == 0) {
			return;
		}
		pthread_mutex_unlock(&logbook->mutex);
		bool done = put(logbook, page, in_line);
		pthread_mutex_lock(&logbook->mutex);
		if (!done) {
			return; /* a full disk is asked again in the next round, when there is something new */
		}
	}
	atomic_store(&page->kicked, true);
	logbook->kicked = true;
}

/* ---- the thread: whose turn it is ---- */

/* The mutex is held, so that nobody waits for its end. */
static void sweep(struct ff_logbook *logbook)
{
	struct ff_logbook_page **at = &logbook->pages;
	while (*at) {
		struct ff_logbook_page *page = *at;
		if (page->console) {
			at = &page->next;
		} else {
			*at = page->next;
			free(page);
		}
	}
}

static void pause_round(struct ff_logbook *logbook)
{
	struct timespec until;
	int waited = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PAUSE_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (!logbook->stopping && waited == 0) {
		waited = pthread_cond_timedwait(&logbook->changed, &logbook->mutex, &until);
	}
}

static void *run(void *argument)
{
	struct ff_logbook *logbook = argument;
	bool last = false;
	pthread_mutex_lock(&logbook->mutex);
	while (!last || logbook->kicked) {
		while (!logbook->kicked && !logbook->stopping) {
			pthread_cond_wait(&logbook->changed, &logbook->mutex);
		}
		last = logbook->stopping;
		logbook->kicked = false;
		/* New pages come in front, and only this thread takes one out. */
		for (struct ff_logbook_page *page = logbook->pages; page; page = page->next) {
			if (atomic_exchange(&page->kicked, false)) {
				serve(logbook, page);
			}
		}
		sweep(logbook);
		pause_round(logbook);
	}
	logbook->left = true;
	pthread_cond_broadcast(&logbook->changed);
	pthread_mutex_unlock(&logbook->mutex);
	return NULL;
}

/* ---- everyone else ---- */

static void init_lock(struct ff_logbook *logbook)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&logbook->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&logbook->mutex, NULL);
}

static void release(struct ff_logbook *logbook)
{
	pthread_cond_destroy(&logbook->changed);
	pthread_mutex_destroy(&logbook->mutex);
	free(logbook->dir);
	free(logbook);
}

enum ff_status ff_logbook_new(struct ff_logbook **result, const struct ff_logbook_options *options,
			      struct ff_error *error)
{
	struct ff_logbook *logbook = calloc(1, sizeof(*logbook));
	char *dir = strdup(options->dir);
	if (!logbook || !dir) {
		free(logbook);
		free(dir);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	logbook->dir = dir;
	logbook->limits = options->limits;
	logbook->log = options->log;
	/* Marks may go a little beyond it. */
	logbook->chunk = options->limits.size / 2 < CHUNK ? (size_t)options->limits.size / 2 : CHUNK;
	init_lock(logbook);
	int failed = ff_thread_start(&logbook->thread, "ff-logbook", STACK_SIZE, run, logbook);
	if (failed) {
		release(logbook);
		return ff_error_set_errno(error, FF_ERR_IO, failed,
					  "cannot start the thread that keeps what boards say");
	}
	*result = logbook;
	return FF_OK;
}

void ff_logbook_stop(struct ff_logbook *logbook)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += FAREWELL_S;
	int waited = 0;
	pthread_mutex_lock(&logbook->mutex);
	logbook->stopping = true;
	pthread_cond_broadcast(&logbook->changed);
	/* Not a join with a deadline, which ThreadSanitizer does not know. */
	while (!logbook->left && waited == 0) {
		waited = pthread_cond_timedwait(&logbook->changed, &logbook->mutex, &until);
	}
	bool left = logbook->left;
	pthread_mutex_unlock(&logbook->mutex);
	if (left) {
		pthread_join(logbook->thread, NULL);
	}
}

void ff_logbook_free(struct ff_logbook *logbook)
{
	if (!logbook) {
		return;
	}
	pthread_mutex_lock(&logbook->mutex);
	bool left = logbook->left;
	if (left) {
		sweep(logbook);
	}
	pthread_mutex_unlock(&logbook->mutex);
	if (left) {
		release(logbook); /* otherwise the thread may come back from the disk yet */
	}
}

struct ff_logbook_page *ff_logbook_open(struct ff_logbook *logbook, const char *name, struct ff_console *console)
{
	struct ff_logbook_page *page = calloc(1, sizeof(*page));
	if (!page) {
		return NULL;
	}
	page->logbook = logbook;
	page->console = console;
	page->position = ff_console_end(console);
	atomic_init(&page->kicked, false);
	snprintf(page->name, sizeof(page->name), "%s", name);
	pthread_mutex_lock(&logbook->mutex);
	page->next = logbook->pages;
	logbook->pages = page;
	pthread_mutex_unlock(&logbook->mutex);
	return page;
}

void ff_logbook_close(struct ff_logbook_page *page)
{
	if (page) {
		struct ff_logbook *logbook = page->logbook;
		pthread_mutex_lock(&logbook->mutex);
		page->console = NULL;
		pthread_mutex_unlock(&logbook->mutex);
	}
}

void ff_logbook_kick(struct ff_logbook_page *page)
{
	/* Boards kick at each byte: the mutex only for the first of a round. */
	if (page && !atomic_exchange(&page->kicked, true)) {
		struct ff_logbook *logbook = page->logbook;
		pthread_mutex_lock(&logbook->mutex);
		logbook->kicked = true;
		pthread_cond_broadcast(&logbook->changed);
		pthread_mutex_unlock(&logbook->mutex);
	}
}
