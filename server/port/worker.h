// SPDX-License-Identifier: Apache-2.0
/* One board and the thread that owns its port.
 *
 * Only the owner thread touches the transport. Others post tasks into a bounded mailbox, which it runs in order; between
 * tasks it pumps the board's output into the console, and what the board's holder puts into the input to the board. A port that cannot be opened or that goes away is tried again
 * with growing pauses, and at once when a task wants it. Everyone else sees copies: ff_worker_view().
 * new/free, with references for those who may still have it when its owner lets it go; every function may be called from
 * any thread unless it says otherwise, and none waits for the board except ff_worker_join() and ff_worker_free(). */
#ifndef FF_PORT_WORKER_H
#define FF_PORT_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/flasher.h>
#include <farflash/log.h>
#include <farflash/status.h>
#include <farflash/transport.h>

#include "broker.h"
#include "console.h"
#include "input.h"
#include "labels.h"
#include "logbook.h"
#include "power.h"

#define FF_BOARD_NAME_SIZE 65
#define FF_BOARD_ADDRESS_SIZE 256
#define FF_BOARD_USB_SIZE 64
#define FF_BOARD_SERIAL_SIZE 128
#define FF_BOARD_PRODUCT_SIZE 128
#define FF_CHIP_NAME_SIZE 24
#define FF_CHIP_DESCRIPTION_SIZE 40
#define FF_CHIP_FEATURES_SIZE 256
#define FF_TASK_LABEL_SIZE 24
#define FF_WORKER_MAX_TASKS 64 /* tasks that may wait for one board */

/* X(constant, name) */
#define FF_BOARD_STATE_MAP(X) \
	X(FF_BOARD_IDLE, "idle") \
	X(FF_BOARD_BUSY, "busy") \
	X(FF_BOARD_LOST, "lost")

#define FF_BOARD_STATE_ENUM(constant, name) constant,
enum ff_board_state { FF_BOARD_STATE_MAP(FF_BOARD_STATE_ENUM) FF_BOARD_STATE_COUNT };
#undef FF_BOARD_STATE_ENUM

/* "idle", ... Never NULL. */
const char *ff_board_state_name(enum ff_board_state state);

/* A board's own reset sequences, checked; "" where those that suit the port will do. */
struct ff_board_resets {
	char enter[FF_RESET_SEQUENCE_SIZE]; /* into the bootloader */
	char hard[FF_RESET_SEQUENCE_SIZE];  /* into the application */
};

/* What the last probe or flash found out about the board. */
struct ff_board_facts {
	bool known; /* false: everything else is zero */
	char chip[FF_CHIP_NAME_SIZE];
	unsigned revision; /* major * 100 + minor */
	uint8_t mac[6];
	uint32_t crystal_mhz; /* 0 where unknown */
	uint32_t flash_id;    /* as in struct ff_board_info */
	uint32_t flash_size;  /* bytes, 0 where unknown */
	int64_t probed_ms;    /* Unix time in milliseconds */
	bool tells_security;
	struct ff_security_info security;
	char description[FF_CHIP_DESCRIPTION_SIZE]; /* as in struct ff_board_info, like the rest */
	char features[FF_CHIP_FEATURES_SIZE];
	bool has_eui64;
	uint8_t eui64[8];
	enum ff_secure_boot secure_boot;
	enum ff_flash_encryption flash_encryption;
};

/* Where a board is. What comes from a USB descriptor is bounded, valid UTF-8 and free of control characters. */
struct ff_board_place {
	char address[FF_BOARD_ADDRESS_SIZE]; /* of its port; empty: there is none now */
	bool sought;                         /* somebody looks for its port, so that the rest is known */
	bool present;                        /* the port is there */
	char usb[FF_BOARD_USB_SIZE];         /* "1-1.2"; empty: not on USB, or not known */
	char serial[FF_BOARD_SERIAL_SIZE];   /* the device's serial number; empty: the same */
	char product[FF_BOARD_PRODUCT_SIZE]; /* what it calls itself; the same */
};

/* A copy of a board's state at one moment. */
struct ff_board_view {
	struct ff_board_place place;
	enum ff_board_state state;
	char detail[FF_ERROR_TEXT_SIZE]; /* why it is lost; empty otherwise */
	char task[FF_TASK_LABEL_SIZE];   /* label of the task that makes it busy; empty otherwise */
	size_t waiting;                  /* labelled tasks in the mailbox */
	bool has_lines;                  /* the port, when it was last open, could reset the board */
	bool usb_jtag;                   /* the port is the chip's own USB-Serial-JTAG peripheral */
	struct ff_holder holder;         /* who may write to the board */
	struct ff_keep keep;             /* the lease that it is kept for */
	struct ff_board_facts facts;
};

struct ff_task;

/* For a task that works beside the port: it calls look() some ten times a second, so that the board's output goes on, and a
 * port that goes away is let go and found again. True: the port is open. */
struct ff_port_care {
	bool (*look)(void *context);
	void *context;
};

/* What a task does. All of it runs in the owner thread and must not call ff_worker_join() or ff_worker_free(). */
struct ff_task_ops {
	/* Works with the open port, which is lent for the call. FF_ERR_LOST marks the board as lost; after other errors
	 * that put the port itself in doubt it is opened anew. `error` is empty. NULL: the task needs no port, and beside()
	 * is all of it. */
	enum ff_status (*run)(struct ff_task *task, struct ff_transport *transport, struct ff_error *error);
	/* Works without the port, which may come and go. May be NULL if run() is not. */
	enum ff_status (*beside)(struct ff_task *task, const struct ff_port_care *care, struct ff_error *error);
	/* Whether beside() may mend what has failed so, the opening of the port included: then run() has one more try after
	 * it. NULL: nothing can. */
	bool (*can_mend)(struct ff_task *task, enum ff_status status, const struct ff_error *error);
	/* The last call, once for every task that was posted and not withdrawn: with what run() answered, with the reason
	 * why the port could not be opened (then run() was not called), or with FF_ERR_CANCELLED when the worker stops or
	 * the task's lease is over.
	 * The board's state has been updated by then, and the worker does not touch the task again. */
	void (*finished)(struct ff_task *task, enum ff_status status, const struct ff_error *error);
	/* The board is free for others before finished() is called; if this is set, when that calls ff_worker_let_go(): one
	 * whose end takes a while to be told does so in the moment before it is told. */
	bool lets_go;
};

/* Embedded in whatever belongs to the task; must live until finished() or a successful withdrawal. */
struct ff_task {
	const struct ff_task_ops *ops;
	const char *label;    /* shown as the board's work; NULL: a short task that leaves the board idle */
	uint64_t lease;       /* that it comes with, 0: none */
	uint64_t number;      /* from ff_worker_ticket(), 0: it has come only now; the worker's from the posting on */
	struct ff_task *next; /* the worker's */
};

struct ff_worker;

struct ff_worker_options {
	uint64_t number;     /* unique in this process, for those who must not hold the worker; 0: it has none */
	const char *name;    /* shorter than FF_BOARD_NAME_SIZE; copied */
	const char *address; /* shorter than FF_BOARD_ADDRESS_SIZE; copied; empty: its port is not there */
	uint32_t work_baud;  /* rate that jobs use unless they say otherwise; the worker only keeps it */
	struct ff_board_resets resets;  /* for jobs; the worker only keeps them */
	const struct ff_labels *labels; /* what its owner says of it; copied; may be NULL */
	const struct ff_power *power;   /* how its power is switched; copied; NULL: it cannot be */
	struct ff_logbook *logbook;     /* keeps what it says; must outlive the worker; NULL: nobody does */
	uint16_t rfc2217_port;          /* the board's TCP ports, 0: none; the worker only keeps them */
	uint16_t raw_port;
	const struct ff_log *log; /* may be NULL; must outlive the worker; lines get the board's name in front */
	/* May be NULL; told after a change of state, after console output and after progress of the input; must not wait. */
	void (*notify)(void *context);
	void *notify_context;
	/* May be NULL; told whenever something that kept the board from new work has ended; must not wait. */
	void (*freed)(void *context);
	void *freed_context;
	/* May be NULL; told by the owner thread when a task has found out something about the board; must not wait. */
	void (*learned)(void *context);
	void *learned_context;
	/* Opens the port; NULL means ff_transport_open(). */
	enum ff_status (*open)(struct ff_transport *transport, const char *address,
			       const struct ff_transport_options *options, struct ff_error *error);
};

/* Starts the owner thread, which opens the port on its own. FF_ERR_ARGUMENT (name or address too long, a reset sequence),
 * FF_ERR_NO_MEMORY, FF_ERR_IO (no thread or descriptor left). */
FF_WARN_UNUSED enum ff_status ff_worker_new(struct ff_worker **worker, const struct ff_worker_options *options,
					    struct ff_error *error);

/* Its owner's end: stops, waits for the end of the thread and gives the owner's reference back. NULL is harmless. */
void ff_worker_free(struct ff_worker *worker);

/* A reference for somebody else. The owner's must outlive the thread. */
struct ff_worker *ff_worker_ref(struct ff_worker *worker);

/* Gives it back; with the last one everything is released. NULL is harmless. */
void ff_worker_unref(struct ff_worker *worker);

/* The task that runs has come to its end, and who hears of that may have the board at once. Owner thread. */
void ff_worker_let_go(struct ff_worker *worker);

/* Asks the thread to end after the task that runs; tasks that wait are finished with FF_ERR_CANCELLED and `reason`, a
 * constant. Once; a second reason counts for nothing. */
void ff_worker_stop(struct ff_worker *worker, const char *reason);

/* Whether it has been asked to. */
bool ff_worker_is_stopping(struct ff_worker *worker);

/* Waits for the end of a stopped thread; false if it has not come by the deadline. One thread at a time. */
bool ff_worker_join(struct ff_worker *worker, int64_t deadline_us);

/* Takes over baud, resets, labels and power for what begins from now on; the rest of the options counts for nothing. One
 * thread at a time. FF_ERR_ARGUMENT: a reset sequence; FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_worker_configure(struct ff_worker *worker, const struct ff_worker_options *options,
						  struct ff_error *error);

/* The board is somewhere else now, or nowhere. A port that is open stays so as long as it works, because it is the device
 * that counts and not its name, unless `at_once` says that it is not the board's any more; a task is not disturbed. */
void ff_worker_move(struct ff_worker *worker, const struct ff_board_place *place, bool at_once);

/* Puts a task at the end of the mailbox. FF_ERR_BUSY: the mailbox is full; FF_ERR_CANCELLED: the worker stops;
 * FF_ERR_DENIED: the board is kept for another lease than the task's, or the task's is over. On
 * failure the task was not taken and finished() will not be called. */
FF_WARN_UNUSED enum ff_status ff_worker_post(struct ff_worker *worker, struct ff_task *task);

/* The same, but FF_ERR_BUSY unless the board is free, as ff_worker_is_free() has it. */
FF_WARN_UNUSED enum ff_status ff_worker_post_if_free(struct ff_worker *worker, struct ff_task *task);

/* A place in the order of tasks and holders for a task that will be posted later: a holder who comes from now on has to let it
 * go first. */
uint64_t ff_worker_ticket(struct ff_worker *worker);

/* Takes a task back that still waits; its finished() will not be called. False: it runs, has run, or was never posted. */
bool ff_worker_withdraw(struct ff_worker *worker, struct ff_task *task);

/* Makes `who` the holder of the board, unless somebody else is. Tasks with a label that are there already run first,
 * later ones wait until the holder has gone and its input has been written. */
bool ff_worker_claim(struct ff_worker *worker, const struct ff_holder *who);

/* The holder of this id goes. Harmless if it is none. */
void ff_worker_release(struct ff_worker *worker, uint64_t id);

/* Whether nobody uses the board: no lease, no holder, no task and no input that waits. */
bool ff_worker_is_free(struct ff_worker *worker);

/* Keeps the board for a lease. FF_ERR_BUSY: it is not free, or stops. */
FF_WARN_UNUSED enum ff_status ff_worker_keep(struct ff_worker *worker, const struct ff_keep *keep);

/* The lease is over. Its holder is none any more and what it has put is dropped, the line is as it is between sessions
 * before anything else happens; of tasks that came with it, none begins. One that runs is its owner's to end. Harmless if
 * the board is not kept for it. */
void ff_worker_unkeep(struct ff_worker *worker, uint64_t lease);

/* Whether one that comes with this lease, or with none, is not kept from the board by one. */
bool ff_worker_admits(struct ff_worker *worker, uint64_t lease);

/* Wakes the owner thread: there is new input, or a reader that it waits for has read. */
void ff_worker_wake(struct ff_worker *worker);

/* A task has written into the console: whoever reads it is told. Owner thread. */
void ff_worker_tell(struct ff_worker *worker);

/* Marks the console's end with what happens to the board, for the logbook. */
void ff_worker_mark(struct ff_worker *worker, const char *format, ...) FF_PRINTF(2, 3);

void ff_worker_view(struct ff_worker *worker, struct ff_board_view *view);

/* What may keep a board from new work. */
struct ff_board_use {
	bool lost;
	bool free;      /* as ff_worker_is_free() has it */
	bool works;     /* a task with a label waits or runs */
	uint64_t lease; /* that it is kept for, 0: none */
	uint64_t limit; /* tasks with greater numbers have to wait for a holder; UINT64_MAX: there is none */
};

void ff_worker_use(struct ff_worker *worker, struct ff_board_use *use);

/* Whether the owner thread has left an earlier call of this unanswered for longer than that, without being in a task. */
bool ff_worker_is_stuck(struct ff_worker *worker, int64_t patience_us);

/* Remembers what a flasher found out. `security` is NULL where the chip does not tell. Owner thread, from a task. */
void ff_worker_learn(struct ff_worker *worker, const struct ff_board_info *info,
		     const struct ff_security_info *security);

/* Remembers what was known before there was this worker, unless something has been found out since. */
void ff_worker_remember(struct ff_worker *worker, const struct ff_board_facts *facts);

uint64_t ff_worker_number(const struct ff_worker *worker);

/* Valid as long as the reference that the caller has. */
struct ff_console *ff_worker_console(struct ff_worker *worker);
struct ff_input *ff_worker_input(struct ff_worker *worker);
const char *ff_worker_name(const struct ff_worker *worker);
uint32_t ff_worker_work_baud(const struct ff_worker *worker);
const struct ff_board_resets *ff_worker_resets(const struct ff_worker *worker);
const struct ff_labels *ff_worker_own_labels(const struct ff_worker *worker);
const struct ff_power *ff_worker_power(const struct ff_worker *worker);

/* The steps of the board's own sequence into its bootloader, or into its application; NULL: it has none. */
const struct ff_line_step *ff_worker_reset_steps(const struct ff_worker *worker, bool to_loader, size_t *count);
uint16_t ff_worker_rfc2217_port(const struct ff_worker *worker);
uint16_t ff_worker_raw_port(const struct ff_worker *worker);

/* The log with the board's name in front. Valid as long as the worker. */
const struct ff_log *ff_worker_log(const struct ff_worker *worker);

/* Unix time in milliseconds. */
int64_t ff_wall_ms(void);

#endif
