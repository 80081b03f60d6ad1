// SPDX-License-Identifier: Apache-2.0
#include "writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"

#define PATIENCE_MS 4000
#define RETRY_MS 1000
#define MOST_WAITING 8192 /* changes that nobody waits for; what is beyond is dropped */

struct item {
	struct ff_change change;
	struct item *next;

	/* Behind the mutex. */
	bool made;   /* or has failed, and `error` says why */
	bool wanted; /* somebody waits */
	struct ff_error error;
};

struct list {
	struct item *first;
	struct item **last;
	size_t count;
};

struct ff_writer {
	struct ff_db db; /* the thread's */
	const struct ff_log *log;
	struct list late; /* the thread's: what could not be made and insists */
	bool failing;     /* the thread's: it has been told so */
	pthread_t thread;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t asked;
	pthread_cond_t answered;
	struct list waiting;
	bool dropping;
	bool stopping;
};

static void init_list(struct list *list)
{
	*list = (struct list){ .last = &list->first };
}

static void append(struct list *list, struct item *item)
{
	item->next = NULL;
	*list->last = item;
	list->last = &item->next;
	list->count++;
}

/* Puts `more` behind what is there, and empties it. */
static void append_all(struct list *list, struct list *more)
{
	if (more->first) {
		*list->last = more->first;
		list->last = more->last;
		list->count += more->count;
		init_list(more);
	}
}

static void free_item(struct item *item)
{
	item->change.release(item->change.what);
	free(item);
}

/* ---- the thread ---- */

static enum ff_status make_one(struct ff_writer *writer, struct item *item)
{
	ff_error_clear(&item->error);
	return item->change.make(&writer->db, item->change.what, &item->error);
}

/* Makes items up to `end` in one transaction: all of them or none. */
static enum ff_status make_together(struct ff_writer *writer, struct item *first, const struct item *end,
				    struct ff_error *error)
{
	enum ff_status status = ff_db_exec(&writer->db, "BEGIN IMMEDIATE", error);
	for (struct item *item = first; item != end && status == FF_OK; item = item->next) {
		status = make_one(writer, item);
		if (status != FF_OK) {
			*error = item->error;
		}
	}
	if (status == FF_OK) {
		status = ff_db_exec(&writer->db, "COMMIT", error);
	}
	if (status != FF_OK && !sqlite3_get_autocommit(writer->db.handle)) {
		(void)!ff_db_exec(&writer->db, "ROLLBACK", NULL); /* what failed is known */
	}
	return status;
}

/* Tells the one who waits, or, if nobody does, ends the item. */
static void settle(struct ff_writer *writer, struct item *item)
{
	pthread_mutex_lock(&writer->mutex);
	bool wanted = item->wanted;
	item->made = true;
	pthread_mutex_unlock(&writer->mutex);
	if (!wanted) {
		free_item(item);
	}
}

/* Somebody who waits hears of the failure, and the change goes on in a copy that nobody waits for. */
static void keep_for_later(struct ff_writer *writer, struct item *item)
{
	struct item *copy = NULL;
	if (item->change.insists && writer->late.count < MOST_WAITING) {
		copy = calloc(1, sizeof(*copy));
	}
	if (copy) {
		copy->change = item->change;
		item->change.what = NULL; /* its release takes NULL */
		append(&writer->late, copy);
	}
}

static void tell_failure(struct ff_writer *writer, const struct ff_error *error)
{
	if (error && !writer->failing) {
		ff_log(writer->log, FF_LOG_ERROR, "nothing can be recorded: %s", error->text);
	} else if (!error && writer->failing) {
		ff_log(writer->log, FF_LOG_INFO, "everything is recorded again");
	}
	writer->failing = error != NULL;
}

/* One by one, so that what can be made is made. */
static void make_apart(struct ff_writer *writer, struct list *batch)
{
	bool all_made = true;
	for (struct item *item = batch->first; item;) {
		struct item *next = item->next;
		struct ff_error error = FF_ERROR_NONE;
		enum ff_status status = make_together(writer, item, next, &error);
		item->error = error;
		if (status != FF_OK) {
			all_made = false;
			tell_failure(writer, &error);
			keep_for_later(writer, item);
		}
		settle(writer, item);
		item = next;
	}
	if (all_made) {
		tell_failure(writer, NULL);
	}
}

static void make_batch(struct ff_writer *writer, struct list *batch)
{
	struct ff_error error = FF_ERROR_NONE;
	if (make_together(writer, batch->first, NULL, &error) != FF_OK) {
		make_apart(writer, batch);
	} else {
		tell_failure(writer, NULL);
		for (struct item *item = batch->first; item;) {
			struct item *next = item->next;
			settle(writer, item);
			item = next;
		}
	}
	pthread_mutex_lock(&writer->mutex);
	pthread_cond_broadcast(&writer->answered);
	pthread_mutex_unlock(&writer->mutex);
}

static void wait_ms(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_us)
{
	struct timespec until = { .tv_sec = until_us / 1000000, .tv_nsec = (until_us % 1000000) * 1000 };
	pthread_cond_timedwait(condition, mutex, &until);
}

/* All that is to be made now, what is late first; false: it is time to end. */
static bool next_batch(struct ff_writer *writer, struct list *batch)
{
	init_list(batch);
	pthread_mutex_lock(&writer->mutex);
	int64_t retry_us = ff_deadline_ms(RETRY_MS);
	while (!writer->waiting.first && !writer->stopping && (!writer->late.first || ff_now_us() < retry_us)) {
		if (writer->late.first) {
			wait_ms(&writer->asked, &writer->mutex, retry_us);
		} else {
			pthread_cond_wait(&writer->asked, &writer->mutex);
		}
	}
	append_all(batch, &writer->late);
	append_all(batch, &writer->waiting);
	bool go_on = !writer->stopping;
	writer->dropping = false;
	pthread_mutex_unlock(&writer->mutex);
	return go_on;
}

static void *run(void *argument)
{
	struct ff_writer *writer = argument;
	struct list batch;
	bool go_on = true;
	while (go_on) {
		go_on = next_batch(writer, &batch);
		if (batch.first) {
			make_batch(writer, &batch);
		}
	}
	return NULL;
}

/* ---- the others ---- */

enum ff_status ff_writer_open(struct ff_writer **result, const struct ff_db *db, const struct ff_log *log,
			      struct ff_error *error)
{
	struct ff_writer *writer = calloc(1, sizeof(*writer));
	if (!writer) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	writer->db = *db;
	writer->log = log;
	init_list(&writer->late);
	init_list(&writer->waiting);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->asked, &attributes);
	pthread_cond_init(&writer->answered, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&writer->mutex, NULL);
	if (pthread_create(&writer->thread, NULL, run, writer) != 0) {
		pthread_cond_destroy(&writer->asked);
		pthread_cond_destroy(&writer->answered);
		pthread_mutex_destroy(&writer->mutex);
		free(writer);
		return ff_error_set(error, FF_ERR_IO, "no thread is left");
	}
	pthread_setname_np(writer->thread, "ff-store");
	*result = writer;
	return FF_OK;
}

void ff_writer_close(struct ff_writer *writer)
{
	if (!writer) {
		return;
	}
	pthread_mutex_lock(&writer->mutex);
	writer->stopping = true;
	pthread_cond_signal(&writer->asked);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	if (writer->late.first) {
		ff_log(writer->log, FF_LOG_ERROR, "%zu changes could not be recorded", writer->late.count);
	}
	while (writer->late.first) {
		struct item *item = writer->late.first;
		writer->late.first = item->next;
		free_item(item);
	}
	pthread_cond_destroy(&writer->asked);
	pthread_cond_destroy(&writer->answered);
	pthread_mutex_destroy(&writer->mutex);
	ff_db_close(&writer->db);
	free(writer);
}

static struct item *make_item(const struct ff_change *change, bool wanted)
{
	struct item *item = change->what ? calloc(1, sizeof(*item)) : NULL;
	if (!item) {
		change->release(change->what);
		return NULL;
	}
	item->change = *change;
	item->wanted = wanted;
	item->error = (struct ff_error)FF_ERROR_NONE;
	return item;
}

enum ff_status ff_writer_make(struct ff_writer *writer, const struct ff_change *change, struct ff_error *error)
{
	struct item *item = make_item(change, true);
	if (!item) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	int64_t deadline_us = ff_deadline_ms(PATIENCE_MS);
	pthread_mutex_lock(&writer->mutex);
	append(&writer->waiting, item);
	pthread_cond_signal(&writer->asked);
	while (!item->made && ff_now_us() < deadline_us) {
		wait_ms(&writer->answered, &writer->mutex, deadline_us);
	}
	bool made = item->made;
	item->wanted = made;
	pthread_mutex_unlock(&writer->mutex);
	if (!made) { /* the thread's now */
		return ff_error_set(error, FF_ERR_TIMEOUT, "%s: the disk does not answer", writer->db.path);
	}
	enum ff_status status = item->error.status;
	if (status != FF_OK && error && error->status == FF_OK) {
		*error = item->error;
	}
	free_item(item);
	return status;
}

void ff_writer_send(struct ff_writer *writer, const struct ff_change *change)
{
	struct item *item = make_item(change, false);
	if (!item) {
		return;
	}
	pthread_mutex_lock(&writer->mutex);
	bool full = writer->waiting.count >= MOST_WAITING;
	bool tell = full && !writer->dropping;
	writer->dropping = full;
	if (!full) {
		append(&writer->waiting, item);
		pthread_cond_signal(&writer->asked);
	}
	pthread_mutex_unlock(&writer->mutex);
	if (full) {
		free_item(item);
	}
	if (tell) {
		ff_log(writer->log, FF_LOG_ERROR, "%s: the disk does not answer, and some lines are lost",
		       writer->db.path);
	}
}
