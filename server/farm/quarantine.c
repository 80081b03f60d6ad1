// SPDX-License-Identifier: Apache-2.0
#include "quarantine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker.h"

/* A board of which something is known. */
struct entry {
	char board[FF_BOARD_NAME_SIZE];
	struct ff_quarantine_view view;
	struct entry *next;
};

struct ff_quarantine {
	struct ff_quarantine_options options;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	struct entry *entries; /* as many as there were boards in trouble: names come from the owner */
};

struct ff_quarantine *ff_quarantine_new(const struct ff_quarantine_options *options)
{
	struct ff_quarantine *quarantine = calloc(1, sizeof(*quarantine));
	if (quarantine) {
		quarantine->options = *options;
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

/* Under the mutex. */
static enum ff_quarantine_news note_failure(struct ff_quarantine *quarantine, struct entry *entry, const char *detail)
{
	struct ff_quarantine_view *view = &entry->view;
	view->failures++;
	if (view->in || quarantine->options.after == 0 || view->failures < quarantine->options.after) {
		return FF_QUARANTINE_NOTHING;
	}
	view->in = true;
	view->by_hand = false;
	view->since_ms = ff_wall_ms();
	snprintf(view->reason, sizeof(view->reason), "its last %u jobs failed; the last one: %s", view->failures,
		 detail);
	return FF_QUARANTINE_BEGINS;
}

/* Under the mutex. What somebody has put there for a reason of his own, no success takes out. */
static enum ff_quarantine_news note_success(struct entry *entry, bool probe)
{
	bool ends = entry->view.in && probe && !entry->view.by_hand;
	entry->view.failures = 0;
	if (ends) {
		entry->view = (struct ff_quarantine_view){ .in = false };
	}
	return ends ? FF_QUARANTINE_ENDS : FF_QUARANTINE_NOTHING;
}

enum ff_quarantine_news ff_quarantine_note(struct ff_quarantine *quarantine, const char *board, enum ff_status status,
					   const char *detail, bool probe)
{
	enum ff_quarantine_news news = FF_QUARANTINE_NOTHING;
	bool blames = ff_quarantine_blames(status);
	bool works = status == FF_OK || status == FF_ERR_TEST;
	pthread_mutex_lock(&quarantine->mutex);
	struct entry *entry = find(quarantine, board, blames);
	if (entry && blames) {
		news = note_failure(quarantine, entry, detail);
	} else if (entry && works) {
		news = note_success(entry, probe);
	}
	pthread_mutex_unlock(&quarantine->mutex);
	if (news != FF_QUARANTINE_NOTHING) {
		tell(quarantine);
	}
	return news;
}

enum ff_status ff_quarantine_put(struct ff_quarantine *quarantine, const char *board, const char *reason)
{
	pthread_mutex_lock(&quarantine->mutex);
	struct entry *entry = find(quarantine, board, true);
	if (entry) {
		entry->view.since_ms = entry->view.in ? entry->view.since_ms : ff_wall_ms();
		entry->view.in = true;
		entry->view.by_hand = true;
		snprintf(entry->view.reason, sizeof(entry->view.reason), "%s", reason);
	}
	pthread_mutex_unlock(&quarantine->mutex);
	if (entry) {
		tell(quarantine);
	}
	return entry ? FF_OK : FF_ERR_NO_MEMORY;
}

bool ff_quarantine_end(struct ff_quarantine *quarantine, const char *board)
{
	pthread_mutex_lock(&quarantine->mutex);
	struct entry *entry = find(quarantine, board, false);
	bool was_in = entry && entry->view.in;
	if (entry) {
		entry->view = (struct ff_quarantine_view){ .in = false };
	}
	pthread_mutex_unlock(&quarantine->mutex);
	if (was_in) {
		tell(quarantine);
	}
	return was_in;
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
