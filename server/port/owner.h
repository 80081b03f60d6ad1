// SPDX-License-Identifier: Apache-2.0
/* The inside of a worker, for the files that share it: owner.c is the thread, worker.c is everyone else's side. */
#ifndef FF_PORT_OWNER_H
#define FF_PORT_OWNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "mailbox.h"
#include "plug.h"
#include "pulse.h"
#include "settings.h"
#include "worker.h"

struct ff_worker {
	atomic_uint references;
	uint64_t number;
	char name[FF_BOARD_NAME_SIZE];
	_Atomic(struct ff_settings *) settings;
	uint16_t rfc2217_port;
	uint16_t raw_port;
	struct ff_log log;
	const struct ff_log *parent_log;
	void (*notify)(void *context);
	void *notify_context;
	void (*freed)(void *context);
	void *freed_context;
	void (*learned)(void *context);
	void *learned_context;
	struct ff_console console;
	struct ff_logbook_page *page; /* NULL: nobody keeps what it says */
	struct ff_input input;
	int wake_fd;
	pthread_t thread;
	bool joined;
	struct ff_pulse pulse;

	/* The owner thread's. */
	struct ff_plug plug;
	char address[FF_BOARD_ADDRESS_SIZE]; /* plug.address */
	int64_t lost_us;                     /* since when the port is closed against our will; 0: it is not */
	int64_t next_look_us;                /* at the modem lines */
	bool writable;                       /* the port has to poll writable before input goes on */
	int64_t console_held_us;             /* until when the reader that is followed is waited for; 0: it is not */

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	struct ff_board_view view;
	bool moved;         /* view.place is news to the owner thread, ... */
	bool moved_at_once; /* ... which does not stay with the port that it has open */
	struct ff_mailbox mailbox;
	struct ff_broker broker;
	bool serving; /* a task is in the owner thread's hands, ... */
	bool working; /* ... and it has a label */
	bool stopping;
	const char *stop_reason; /* a constant */
	bool ended;              /* the thread has let go of everything but its own end */
	pthread_cond_t has_ended;
};

/* Something that kept the board from new work has ended. Any thread. */
void ff_worker_tell_freed(struct ff_worker *worker);

/* The owner thread; the argument is the worker. */
void *ff_owner_run(void *worker);

#endif
