// SPDX-License-Identifier: Apache-2.0
#include "quarantine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quarantine_ledger.h"
#include "worker.h"

/* A board of which something is known. */
struct entry {
	char board[FF_BOARD_NAME_SIZE];
	struct ff_quarantine_view view;
	struct entry *next;
};

struct ff_quarantine {
	struct ff_quarantine_options options;

	/* One change at a time, so that the ledger hears of them in their order: held while it is told. */
	pthread_mutex_t changing;

	/* Behind the mutex; whoever adds or changes one holds `changing` as well. */
	pthread_mutex_t mutex;
	struct entry *entries; /* as many as there were boards in trouble: names come from the owner */
};

struct restore {
	struct ff_quarantine *quarantine;
	bool short_of_memory;
};

struct ff_quarantine *ff_quarantine_new(const struct ff_quarantine_options *options)
{
	struct ff_quarantine *quarantine = calloc(1, sizeof(*quarantine));
	if (quarantine) {
		quarantine->options = *options;
		pthread_mutex_init(&quarantine->changing, NULL);
		pthread_mutex_init(&quarantine->mutex, NULL);
	}
	return quarantine;
}

void ff_quarantine_free(struct ff_quarantine *quarantine)
{
	if (!quarantine) {
		return;
	}
	while (quarantine->entries) {
		struct entry *entry = quarantine->entries;
		quarantine->entries = entry->next;
		free(entry);
	}
	pthread_mutex_destroy(&quarantine->mutex);
	pthread_mutex_destroy(&quarantine->changing);
	free(quarantine);
}

static void tell(const struct ff_quarantine *quarantine)
{
	if (quarantine->options.changed) {
		quarantine->options.changed(quarantine->options.changed_context);
	}
}

/* Under the mutex. NULL: nothing is known of the board, or, if one is to be made, there is no memory. */
static struct entry *find(struct ff_quarantine *quarantine, const char *board, bool make)
{
	struct entry *entry = quarantine->entries;
	while (entry && strcmp(entry->board, board) != 0) {
		entry = entry->next;
	}
	if (!entry && make) {
		entry = calloc(1, sizeof(*entry));
		if (entry) {
			snprintf(entry->board, sizeof(entry->board), "%s", board);
			entry->next = quarantine->entries;
			quarantine->entries = entry;
		}
	}
	return entry;
}

bool ff_quarantine_blames(enum ff_status status)
{
	switch (status) {
	case FF_ERR_IO:
	case FF_ERR_TIMEOUT:
	case FF_ERR_NOT_FOUND:
	case FF_ERR_UNREACHABLE:
	case FF_ERR_LOST:
	case FF_ERR_NO_ANSWER:
	case FF_ERR_PROTOCOL:
	case FF_ERR_VERIFY:
		return true;
	default:
		return false;
	}
}

/* Within a change. What is known of a board, all zero if nothing is. */
static struct ff_quarantine_view view_of(struct ff_quarantine *quarantine, const char *board)
{
	struct ff_quarantine_view view;
	ff_quarantine_look(quarantine, board, &view);
	return view;
}

/* Within a change: it is recorded before anybody sees it, and waiting for the disk keeps nobody from looking. FF_ERR_NO_MEMORY:
 * it is not made; other errors of the ledger: it is. */
static enum ff_status set(struct ff_quarantine *quarantine, const char *board, const struct ff_quarantine_view *view,
			  struct ff_error *error)
{
	const struct ff_quarantine_ledger *ledger = quarantine->options.ledger;
	bool was_in = view_of(quarantine, board).in;
	enum ff_status status = FF_OK;
	pthread_mutex_lock(&quarantine->mutex);
	struct entry *entry = find(quarantine, board, true);
	pthread_mutex_unlock(&quarantine->mutex);
	if (!entry) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	if (ledger && view->in) {
		status = ledger->set(ledger->context, board, view, error);
	} else if (ledger && was_in) {
		status = ledger->drop(ledger->context, board, error);
	}
	if (status == FF_ERR_NO_MEMORY) {
		return status;
	}
	pthread_mutex_lock(&quarantine->mutex);
	entry->view = *view;
	pthread_mutex_unlock(&quarantine->mutex);
	return status;
}

static void on_found(void *context, const char *board, const struct ff_quarantine_view *view)
{
	struct restore *restore = context;
	struct entry *entry = find(restore->quarantine, board, true);
	if (entry) {
		entry->view = *view;
	} else {
		restore->short_of_memory = true;
	}
}

/* Nobody else knows the quarantine yet, so no lock is needed. */
enum ff_status ff_quarantine_restore(struct ff_quarantine *quarantine, struct ff_error *error)
{
	const struct ff_quarantine_ledger *ledger = quarantine->options.ledger;
	struct restore restore = { .quarantine = quarantine };
	enum ff_status status = ledger->load(ledger->context, on_found, &restore, error);
	if (status == FF_OK && restore.short_of_memory) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	return status;
}

static enum ff_quarantine_news count_failure(const struct ff_quarantine *quarantine, struct ff_quarantine_view *view,
					     const char *detail)
{
	unsigned after = quarantine->options.after;
	view->failures++;
	if (view->in || after == 0 || view->failures < after) {
		return FF_QUARANTINE_NOTHING;
	}
	view->in = true;
	view->since_ms = ff_wall_ms();
	snprintf(view->reason, sizeof(view->reason), "its last %u jobs failed; the last one: %s", view->failures,
		 detail);
	return FF_QUARANTINE_BEGINS;
}

/* What somebody has put there for a reason of his own, no success takes out. */
static enum ff_quarantine_news count_success(struct ff_quarantine_view *view, bool probe)
{
	bool ends = view->in && probe && !view->by_hand;
	view->failures = 0;
	if (ends) {
		*view = (struct ff_quarantine_view){ .in = false };
	}
	return ends ? FF_QUARANTINE_ENDS : FF_QUARANTINE_NOTHING;
}

/* A board that works and of which nothing is known has nothing to wait for. */
static bool is_known(struct ff_quarantine *quarantine, const char *board)
{
	pthread_mutex_lock(&quarantine->mutex);
	bool known = find(quarantine, board, false) != NULL;
	pthread_mutex_unlock(&quarantine->mutex);
	return known;
}

static enum ff_quarantine_news note(struct ff_quarantine *quarantine, const char *board, enum ff_status status,
				    const char *detail, bool probe, struct ff_error *error)
{
	struct ff_quarantine_view view = view_of(quarantine, board);
	enum ff_quarantine_news news =
		ff_quarantine_blames(status) ? count_failure(quarantine, &view, detail) : count_success(&view, probe);
	return set(quarantine, board, &view, error) == FF_ERR_NO_MEMORY ? FF_QUARANTINE_NOTHING : news;
}

enum ff_quarantine_news ff_quarantine_note(struct ff_quarantine *quarantine, const char *board, enum ff_status status,
					   const char *detail, bool probe, struct ff_error *error)
{
	enum ff_quarantine_news news = FF_QUARANTINE_NOTHING;
	bool works = status == FF_OK || status == FF_ERR_TEST;
	if (ff_quarantine_blames(status) || (works && is_known(quarantine, board))) {
		pthread_mutex_lock(&quarantine->changing);
		news = note(quarantine, board, status, detail, probe, error);
		pthread_mutex_unlock(&quarantine->changing);
	}
	if (news != FF_QUARANTINE_NOTHING) {
		tell(quarantine);
	}
	return news;
}

enum ff_status ff_quarantine_put(struct ff_quarantine *quarantine, const char *board, const char *who,
				 const char *reason, struct ff_error *error)
{
	pthread_mutex_lock(&quarantine->changing);
	struct ff_quarantine_view view = view_of(quarantine, board);
	view.since_ms = view.in ? view.since_ms : ff_wall_ms();
	view.in = true;
	view.by_hand = true;
	snprintf(view.who, sizeof(view.who), "%s", who);
	snprintf(view.reason, sizeof(view.reason), "%s", reason);
	enum ff_status status = set(quarantine, board, &view, error);
	pthread_mutex_unlock(&quarantine->changing);
	tell(quarantine);
	return status;
}

enum ff_status ff_quarantine_end(struct ff_quarantine *quarantine, const char *board, bool *was_in,
				 struct ff_error *error)
{
	const struct ff_quarantine_view out = { .in = false };
	pthread_mutex_lock(&quarantine->changing);
	*was_in = view_of(quarantine, board).in;
	enum ff_status status = is_known(quarantine, board) ? set(quarantine, board, &out, error) : FF_OK;
	pthread_mutex_unlock(&quarantine->changing);
	if (*was_in) {
		tell(quarantine);
	}
	return status;
}

bool ff_quarantine_look(struct ff_quarantine *quarantine, const char *board, struct ff_quarantine_view *view)
{
	*view = (struct ff_quarantine_view){ .in = false };
	if (!quarantine) {
		return false;
	}
	pthread_mutex_lock(&quarantine->mutex);
	const struct entry *entry = find(quarantine, board, false);
	if (entry) {
		*view = entry->view;
	}
	pthread_mutex_unlock(&quarantine->mutex);
	return view->in;
}
