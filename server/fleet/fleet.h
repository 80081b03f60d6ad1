// SPDX-License-Identifier: Apache-2.0
/* Brings boards up and takes them down: their ports, their owner thread, their entry among the boards. What others know of
 * a board, they know from struct ff_boards. Main thread. */
#ifndef FF_FLEET_FLEET_H
#define FF_FLEET_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "boards.h"
#include "config.h"
#include "dispatch.h"
#include "doors.h"
#include "leases.h"
#include "queue.h"

/* A board that is there, or is about to go. */
struct ff_member {
	struct ff_config_board config;
	bool discovered; /* nobody has named it */
	bool has_port;   /* `port` is what it was last found at */
	bool present;    /* it is there now */
	struct ff_found_port port;
	size_t index; /* in the server's own series of TCP ports */
	struct ff_door *door;
	struct ff_worker *worker; /* the owner's reference */
};

struct ff_fleet_options {
	const struct ff_log *log;
	const struct ff_config *config; /* of the server; its boards are passed over */
	struct ff_boards *boards;
	struct ff_doors *doors;
	struct ff_queue *queue;
	struct ff_dispatch *dispatch;
	struct ff_leases *leases;
	struct ff_logbook *logbook;     /* NULL: what boards say is not kept */
	void (*learned)(void *context); /* as of struct ff_worker_options */
	void *learned_context;
};

struct ff_fleet {
	struct ff_fleet_options options; /* all of it must outlive the fleet */
	struct ff_member **members;      /* FF_BOARDS_MAX */
	size_t count;
	struct ff_worker **leaving; /* that do not let go of their threads yet; FF_BOARDS_MAX */
	size_t leaving_count;
	char (*series)[FF_BOARD_NAME_SIZE]; /* by index: the board whose TCP ports these are; FF_BOARDS_MAX */
	uint64_t last_number;
};

/* FF_ERR_NO_MEMORY; ff_fleet_release() is due either way. */
FF_WARN_UNUSED enum ff_status ff_fleet_init(struct ff_fleet *fleet, const struct ff_fleet_options *options,
					    struct ff_error *error);

/* Brings these boards up, all or none: first the ports of all of them, then the boards. Errors as ff_doors_open() and
 * ff_worker_new(). */
FF_WARN_UNUSED enum ff_status ff_fleet_add(struct ff_fleet *fleet, const struct ff_config_board *boards, size_t count,
					   struct ff_error *error);

/* Takes a board down: its job ends as if the server stopped, those that wait are cancelled, sessions and leases end. A
 * thread that does not let go of its port is waited for later. */
void ff_fleet_remove(struct ff_fleet *fleet, struct ff_member *member);

/* Makes the fleet what the configuration says now. Boards that are as they were do not notice; one whose ports are others
 * goes and comes again. What cannot be done for a board is logged, and nothing but that board lacks it. */
void ff_fleet_apply(struct ff_fleet *fleet, const struct ff_config *config);

/* NULL: there is none of this name. */
struct ff_member *ff_fleet_find(const struct ff_fleet *fleet, const char *name);

/* Lets go of boards that have ended at last. True: there are more to come. */
bool ff_fleet_reap(struct ff_fleet *fleet);

/* Ends the owner threads of all boards. False: one of them does not end in time. */
bool ff_fleet_stop(struct ff_fleet *fleet, int64_t deadline_us);

/* The threads must have ended. Harmless on a zeroed one. */
void ff_fleet_release(struct ff_fleet *fleet);

#endif
