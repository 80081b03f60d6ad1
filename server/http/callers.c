// SPDX-License-Identifier: Apache-2.0
#include "callers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "listen.h"
#include "thread.h"

#define SECOND_US 1000000
/* One of so many places stays free: who is cut takes a moment to go, and the next ones come meanwhile. */
#define RESERVE 16
#define STACK_SIZE ((size_t)128 * 1024)

enum phase { PHASE_HEADERS, PHASE_BODY, PHASE_ANSWER };

struct ff_caller {
	struct ff_caller *next;
	struct ff_caller **link; /* what points here */
	int fd;
	enum phase phase;
	bool let_go;
	bool cut;            /* it was shut down, and has not ended yet */
	int64_t deadline_us; /* of the headers, or of this piece of the body */
	size_t piece;        /* bytes of it so far */
	char address[FF_LISTEN_ADDRESS_SIZE];
};

/* A bucket that fills with the rate, and holds twice of it. */
struct address {
	char text[FF_LISTEN_ADDRESS_SIZE];
	int64_t full_us; /* when it is, or was, full again */
};

struct ff_callers {
	struct ff_callers_limits limits;
	pthread_t thread;

	/* All behind the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t quits;
	bool quit;
	struct ff_caller *first;
	struct address addresses[FF_CALLERS_ADDRESSES];
	size_t next_address; /* the place that is given away next */
};

/* ---- the watch ---- */

/* Whether the client is to send something. */
static bool is_awaited(const struct ff_caller *caller)
{
	return !caller->let_go && !caller->cut && caller->phase != PHASE_ANSWER;
}

/* libmicrohttpd sees the end of the connection, and closes it. */
static void cut(struct ff_caller *caller)
{
	caller->cut = true;
	shutdown(caller->fd, SHUT_RDWR);
}

static void cut_the_late(struct ff_callers *callers)
{
	int64_t now = ff_now_us();
	for (struct ff_caller *caller = callers->first; caller; caller = caller->next) {
		if (is_awaited(caller) && caller->deadline_us <= now) {
			cut(caller);
		}
	}
}

static void *watch(void *argument)
{
	struct ff_callers *callers = argument;
	pthread_mutex_lock(&callers->mutex);
	while (!callers->quit) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		(void)pthread_cond_timedwait(&callers->quits, &callers->mutex, &until);
		cut_the_late(callers);
	}
	pthread_mutex_unlock(&callers->mutex);
	return NULL;
}

struct ff_callers *ff_callers_new(const struct ff_callers_limits *limits)
{
	struct ff_callers *callers = calloc(1, sizeof(*callers));
	if (!callers) {
		return NULL;
	}
	callers->limits = *limits;
	pthread_mutex_init(&callers->mutex, NULL);
	pthread_condattr_t condition;
	pthread_condattr_init(&condition);
	pthread_condattr_setclock(&condition, CLOCK_MONOTONIC);
	pthread_cond_init(&callers->quits, &condition);
	pthread_condattr_destroy(&condition);
	bool started = ff_thread_start(&callers->thread, "ff-callers", STACK_SIZE, watch, callers) == 0;
	if (!started) {
		pthread_cond_destroy(&callers->quits);
		pthread_mutex_destroy(&callers->mutex);
		free(callers);
		return NULL;
	}
	return callers;
}

void ff_callers_free(struct ff_callers *callers)
{
	if (!callers) {
		return;
	}
	pthread_mutex_lock(&callers->mutex);
	callers->quit = true;
	pthread_cond_signal(&callers->quits);
	pthread_mutex_unlock(&callers->mutex);
	pthread_join(callers->thread, NULL);
	pthread_cond_destroy(&callers->quits);
	pthread_mutex_destroy(&callers->mutex);
	free(callers);
}

/* ---- connections ---- */

static void wait_headers(const struct ff_callers *callers, struct ff_caller *caller)
{
	caller->phase = PHASE_HEADERS;
	caller->deadline_us = ff_now_us() + (int64_t)callers->limits.header_timeout_s * SECOND_US;
}

/* Who asks for nothing goes before who sends a body; of these, who has been waited for the longest. */
static bool goes_before(const struct ff_caller *caller, const struct ff_caller *other)
{
	return !other || caller->phase < other->phase ||
	       (caller->phase == other->phase && caller->deadline_us < other->deadline_us);
}

static bool is_crowded(uint32_t count, uint32_t most)
{
	return most > 0 && count >= most - most / RESERVE - 1;
}

/* Makes room for a newcomer from this address. Those who are on their way out count no more. */
static void make_room(struct ff_callers *callers, const char *address)
{
	uint32_t count = 0;
	uint32_t neighbours = 0;
	struct ff_caller *first = NULL;
	struct ff_caller *neighbour = NULL;
	for (struct ff_caller *caller = callers->first; caller; caller = caller->next) {
		bool is_neighbour = strcmp(caller->address, address) == 0;
		count += !caller->cut;
		neighbours += is_neighbour && !caller->cut;
		if (is_awaited(caller) && goes_before(caller, first)) {
			first = caller;
		}
		if (is_awaited(caller) && is_neighbour && goes_before(caller, neighbour)) {
			neighbour = caller;
		}
	}
	if (neighbour && is_crowded(neighbours, callers->limits.max_connections_per_address)) {
		cut(neighbour);
	} else if (first && is_crowded(count, callers->limits.max_connections)) {
		cut(first);
	}
}

struct ff_caller *ff_callers_add(struct ff_callers *callers, int fd)
{
	struct ff_caller *caller = calloc(1, sizeof(*caller));
	char peer[FF_LISTEN_PEER_SIZE];
	if (!caller) {
		return NULL;
	}
	caller->fd = fd;
	ff_listen_peer(fd, peer, sizeof(peer));
	ff_listen_peer_address(peer, caller->address);
	pthread_mutex_lock(&callers->mutex);
	make_room(callers, caller->address);
	wait_headers(callers, caller);
	caller->next = callers->first;
	caller->link = &callers->first;
	if (caller->next) {
		caller->next->link = &caller->next;
	}
	callers->first = caller;
	pthread_mutex_unlock(&callers->mutex);
	return caller;
}

void ff_callers_remove(struct ff_callers *callers, struct ff_caller *caller)
{
	if (!caller) {
		return;
	}
	pthread_mutex_lock(&callers->mutex);
	*caller->link = caller->next;
	if (caller->next) {
		caller->next->link = caller->link;
	}
	pthread_mutex_unlock(&callers->mutex);
	free(caller);
}

static struct address *find_address(struct ff_callers *callers, const char *text)
{
	for (size_t i = 0; i < FF_CALLERS_ADDRESSES; i++) {
		if (strcmp(callers->addresses[i].text, text) == 0) {
			return &callers->addresses[i];
		}
	}
	struct address *address = &callers->addresses[callers->next_address];
	callers->next_address = (callers->next_address + 1) % FF_CALLERS_ADDRESSES;
	*address = (struct address){ .full_us = 0 };
	memcpy(address->text, text, sizeof(address->text));
	return address;
}

/* Each request takes its share of a second out of the bucket, which holds two. */
static bool takes(struct ff_callers *callers, const char *text)
{
	if (callers->limits.max_rate == 0) {
		return true;
	}
	struct address *address = find_address(callers, text);
	int64_t now = ff_now_us();
	int64_t share = SECOND_US / callers->limits.max_rate;
	int64_t full = (address->full_us > now ? address->full_us : now) + (share > 0 ? share : 1);
	if (full > now + 2 * SECOND_US) {
		return false;
	}
	address->full_us = full;
	return true;
}

static void wait_piece(const struct ff_callers *callers, struct ff_caller *caller)
{
	caller->piece = 0;
	caller->deadline_us = ff_now_us() + (int64_t)callers->limits.body_timeout_s * SECOND_US;
}

bool ff_callers_begin(struct ff_callers *callers, struct ff_caller *caller, bool has_body)
{
	if (!caller) {
		return true;
	}
	pthread_mutex_lock(&callers->mutex);
	caller->phase = has_body ? PHASE_BODY : PHASE_ANSWER;
	wait_piece(callers, caller);
	bool may = takes(callers, caller->address);
	pthread_mutex_unlock(&callers->mutex);
	return may;
}

void ff_callers_body(struct ff_callers *callers, struct ff_caller *caller, size_t size)
{
	if (!caller) {
		return;
	}
	pthread_mutex_lock(&callers->mutex);
	caller->piece += size;
	if (size == 0) {
		caller->phase = PHASE_ANSWER;
	} else if (caller->piece >= FF_CALLERS_BODY_PIECE) {
		wait_piece(callers, caller);
	}
	pthread_mutex_unlock(&callers->mutex);
}

void ff_callers_let_go(struct ff_callers *callers, struct ff_caller *caller)
{
	if (caller) {
		pthread_mutex_lock(&callers->mutex);
		caller->let_go = true;
		pthread_mutex_unlock(&callers->mutex);
	}
}

void ff_callers_end(struct ff_callers *callers, struct ff_caller *caller)
{
	if (caller) {
		pthread_mutex_lock(&callers->mutex);
		wait_headers(callers, caller);
		pthread_mutex_unlock(&callers->mutex);
	}
}
