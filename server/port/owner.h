// SPDX-License-Identifier: Apache-2.0
/* The inside of a worker, for the two files that share it: owner.c is the thread, worker.c is everyone else's side. */
#ifndef FF_PORT_OWNER_H
#define FF_PORT_OWNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "mailbox.h"
#include "plug.h"
#include "pulse.h"
#include "sequence.h"
#include "worker.h"

struct ff_worker {
	atomic_uint references;
	uint64_t number;
	char name[FF_BOARD_NAME_SIZE];
	char address[FF_BOARD_ADDRESS_SIZE];
	uint32_t work_baud;
	struct ff_board_resets resets;
	struct ff_sequence enter; /* the same, as steps */
	struct ff_sequence hard;
	struct ff_labels labels; /* its owner's */
	struct ff_power power;
	uint16_t rfc2217_port;
	uint16_t raw_port;
	struct ff_log log;
	const struct ff_log *parent_log;
	void (*notify)(void *context);
	void *notify_context;
	struct ff_console console;
	struct ff_logbook_page *page; /* NULL: nobody keeps what it says */
	struct ff_input input;
	int wake_fd;
	pthread_t thread;
	bool joined;
	struct ff_pulse pulse;

	/* The owner thread's. */
	struct ff_plug plug;
	int64_t lost_us;         /* since when the port is closed against our will; 0: it is not */
	int64_t next_look_us;    /* at the modem lines */
	bool writable;           /* the port has to poll writable before input goes on */
	int64_t console_held_us; /* until when the reader that is followed is waited for; 0: it is not */

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	struct ff_board_view view;
	struct ff_mailbox mailbox;
	struct ff_broker broker;
	bool serving; /* a task is in the owner thread's hands */
	bool stopping;
	const char *stop_reason; /* a constant */
	bool ended;              /* the thread has let go of everything but its own end */
	pthread_cond_t has_ended;
};

/* The owner thread; the argument is the worker. */
void *ff_owner_run(void *worker);

#endif
