// SPDX-License-Identifier: Apache-2.0
/* One job: what was asked of a board, how far it is, how it ended.
 *
 * A job is shared: everyone who holds it has a reference. What was asked is constant; the rest changes behind the
 * job's mutex and is seen through copies: ff_job_view(). Progress is merged into the latest value, so that whoever looks
 * on never holds up the owner thread, and the steps taken are kept in a short list. Any thread unless a function
 * says otherwise. */
#ifndef FF_JOBS_JOB_H
#define FF_JOBS_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/flasher.h>
#include <farflash/status.h>

#include "dispatch.h"
#include "firmware.h"
#include "watch.h"
#include "worker.h"

#define FF_JOB_BOARDS_BAUD UINT32_MAX /* as a rate: the one that the board has for its work */
#define FF_JOB_WHO_SIZE 33
#define FF_JOB_WORD 4 /* bytes of memory that are told as a value */
#define FF_JOB_MAX_STEPS (2 * FF_MAX_REGIONS + 16)
#define FF_JOB_MAX_NOTES 32
#define FF_JOB_DETAIL_SIZE (FF_BOARD_NAME_SIZE + FF_ERROR_TEXT_SIZE + 2)

/* X(constant, name) */
#define FF_JOB_KIND_MAP(X) \
	X(FF_JOB_FLASH, "flash") \
	X(FF_JOB_RESET, "reset") \
	X(FF_JOB_INFO, "info") \
	X(FF_JOB_READ, "read") \
	X(FF_JOB_VERIFY, "verify") \
	X(FF_JOB_ERASE, "erase") \
	X(FF_JOB_READ_MEMORY, "read-memory") \
	X(FF_JOB_WRITE_MEMORY, "write-memory") \
	X(FF_JOB_READ_FLASH_STATUS, "read-flash-status") \
	X(FF_JOB_WRITE_FLASH_STATUS, "write-flash-status") \
	X(FF_JOB_RUN, "run") \
	X(FF_JOB_LOAD_RAM, "load-ram") \
	X(FF_JOB_TEST, "test") \
	X(FF_JOB_POWER, "power")

#define FF_JOB_STATE_MAP(X) \
	X(FF_JOB_QUEUED, "queued") \
	X(FF_JOB_RUNNING, "running") \
	X(FF_JOB_DONE, "done") \
	X(FF_JOB_FAILED, "failed") \
	X(FF_JOB_CANCELLED, "cancelled") \
	X(FF_JOB_INTERRUPTED, "interrupted") /* the server ended in the middle of it */

#define FF_JOB_ENUM(name, text) name,
enum ff_job_kind { FF_JOB_KIND_MAP(FF_JOB_ENUM) FF_JOB_KIND_COUNT };
enum ff_job_state { FF_JOB_STATE_MAP(FF_JOB_ENUM) FF_JOB_STATE_COUNT };
#undef FF_JOB_ENUM

/* "flash", "queued", ... Never NULL. */
const char *ff_job_kind_name(enum ff_job_kind kind);
const char *ff_job_state_name(enum ff_job_state state);

/* One image of a job that writes or compares. */
struct ff_job_region {
	uint32_t offset;
	uint64_t size;
	char sha256[FF_SHA256_HEX_SIZE];
	char *name; /* the file's name as the client gave it, valid UTF-8; NULL where unknown; owned */
	struct ff_firmware *firmware; /* a reference; given back when the job ends */
	bool encrypt;                 /* FF_JOB_FLASH: by the chip, while it is written */
};

/* Releases what the regions own, and the array itself. NULL with 0 is harmless. */
void ff_job_regions_free(struct ff_job_region *regions, size_t count);

/* FF_JOB_TEST: by what the board's output is judged. */
struct ff_job_watch {
	char *expect; /* patterns, owned; NULL: none */
	char *fail;
	uint32_t timeout_ms;
	bool ignore_crashes;
	unsigned boots; /* 0: the usual number */
};

/* Releases it and what it owns. NULL is harmless. */
void ff_job_watch_free(struct ff_job_watch *watch);

/* Copies, with references to the same firmware. NULL: out of memory. */
struct ff_job_region *ff_job_regions_copy(const struct ff_job_region *regions, size_t count);
struct ff_job_watch *ff_job_watch_copy(const struct ff_job_watch *watch);

struct ff_job_options {
	enum ff_before before; /* the ways into the loader and out of it; FF_JOB_RESET has no use for them */
	enum ff_after after;
	unsigned attempts; /* resets to try, 0: the engine's own number */
	uint32_t baud;     /* rate of the work, 0 keeps the connect rate; FF_JOB_BOARDS_BAUD */
	bool force;
	bool stub;
	bool compress;
	bool verify;
	bool erase_all; /* FF_JOB_FLASH: everything first */
	bool ignore_encryption_efuses;
	char who[FF_JOB_WHO_SIZE]; /* the token that asked for it; empty: none was needed */
	bool rerun; /* if the server ends in the middle of it, it runs again, once, as a new job after the next start */
	char flash_mode[8]; /* esptool's words, empty: keep */
	char flash_freq[8];
	char flash_size[12];
};

/* Which part of flash, memory or the flash chip's status a job is about, where images do not say it. */
struct ff_job_target {
	uint32_t start;    /* flash offset or memory address */
	uint32_t size;     /* bytes; 0: all of the flash from there on */
	uint32_t value;    /* FF_JOB_WRITE_MEMORY, FF_JOB_WRITE_FLASH_STATUS: what to write; FF_JOB_POWER: which
			     * action; FF_JOB_INFO: not 0, if the flash's wiring is wanted too */
	uint32_t mask;     /* FF_JOB_WRITE_MEMORY: the bits that are written */
	bool non_volatile; /* FF_JOB_WRITE_FLASH_STATUS: for good */
};

struct ff_job_result {
	bool known;
	uint64_t bytes;                          /* that the work was about */
	uint64_t wire_bytes;                     /* FF_JOB_FLASH: after compression */
	bool verified;                           /* FF_JOB_FLASH, FF_JOB_VERIFY: the chip has confirmed them */
	uint64_t unverified;                     /* FF_JOB_FLASH: bytes that it has not */
	unsigned patched_region;                 /* FF_JOB_FLASH: whose header got flash settings; ... */
	char patched_sha256[FF_SHA256_HEX_SIZE]; /* ... its bytes as they were written; empty: there is none */
	uint32_t before;                         /* FF_JOB_WRITE_FLASH_STATUS: the status before the write */
	uint32_t value;                          /* the status now, or the word of FF_JOB_READ_MEMORY, if it was one */
	bool stub;
	uint32_t baud;
	int64_t phase_us[FF_PHASE_COUNT]; /* 0: the phase did not happen */
	bool tells_wiring;                /* FF_JOB_INFO, if that was asked for */
	struct ff_flash_wiring wiring;
};

/* A copy of a job's changing part at one moment. Times are Unix time in milliseconds, 0: not yet. */
struct ff_job_view {
	enum ff_job_state state;
	int64_t created_ms;
	int64_t started_ms;
	int64_t finished_ms;
	bool has_progress;
	struct ff_progress progress;
	unsigned steps; /* taken so far, see ff_job_step() */
	unsigned notes; /* told so far, see ff_job_note() */
	struct ff_job_result result;
	bool compared;                   /* FF_JOB_VERIFY: `same` tells of each region */
	bool same[FF_MAX_REGIONS];       /* whether the flash holds it */
	struct ff_watch_result verdict;  /* FF_JOB_TEST: open until the board has been judged */
	bool listens;                    /* FF_JOB_TEST: the board's output is being judged, or has been, ... */
	uint64_t output_from;            /* ... from this position in its console, ... */
	uint64_t output_to;              /* ... to this one, once that has ended; UINT64_MAX: not yet */
	bool has_content;                /* ff_job_content() gives what was read */
	char sha256[FF_SHA256_HEX_SIZE]; /* of what was read; empty: nothing was */
	struct ff_board_facts facts;
	enum ff_status status;           /* FF_OK until the job has failed or was cancelled */
	bool by_shutdown;                /* cancelled because the server stops */
	bool by_lease;                   /* cancelled because its lease has ended */
	bool by_removal;                 /* cancelled because its board was removed */
	bool kept;                       /* cancelled, but it runs after the server's next start */
	char detail[FF_JOB_DETAIL_SIZE]; /* what went wrong, beginning with the board's name; empty otherwise */
	uint64_t version;                /* grows with every change */
};

/* A phase that the job entered, and the region that it was for. */
struct ff_job_step {
	enum ff_phase phase;
	unsigned region;
};

/* What is known of a job from an earlier run of the server. */
struct ff_job_past {
	struct ff_job_view view;
	uint8_t step_phase[FF_JOB_MAX_STEPS];
	uint8_t step_region[FF_JOB_MAX_STEPS];
	char *notes[FF_JOB_MAX_NOTES]; /* owned */
};

struct ff_job;

/* The work itself, in the board's owner thread. */
typedef enum ff_status (*ff_job_work)(struct ff_job *job, struct ff_transport *transport, struct ff_error *error);

/* What happens to the board's power, in the same thread: all that FF_JOB_POWER is about, and the help of the others when they
 * cannot connect. */
typedef enum ff_status (*ff_job_power)(struct ff_job *job, const struct ff_port_care *care, struct ff_error *error);

struct ff_job_spec {
	enum ff_job_kind kind;
	uint64_t number;  /* the id is its decimal text */
	uint64_t repeats; /* the number of the interrupted job that this one repeats, 0: none */
	char board[FF_BOARD_NAME_SIZE];
	struct ff_worker *
		worker; /* the job has a reference of its own; NULL: there is no such board any more, or it is not chosen yet */
	char *select;    /* any board that this matches will do, if `board` is empty; taken over; NULL: none */
	int priority;    /* FF_ORDER_LOWEST to FF_ORDER_HIGHEST */
	uint32_t wait_s; /* how long it waits for its board; 0: for ever */
	uint64_t batch;  /* the number of the first of those that were asked for together, 0: it was asked for alone */
	char *left_out; /* of that first one: names of boards, as in "lab1, lab2", that the batch would be for too, were they not
			  * in quarantine; taken over; NULL: none */
	uint64_t lease;               /* that it was asked for under, 0: none */
	struct ff_dispatch *dispatch; /* where it waits; NULL: in the board's mailbox, and it has to have one */
	ff_job_work work;
	ff_job_power power;
	struct ff_job_options options;
	struct ff_job_target target;
	struct ff_job_region *regions; /* taken over if the job is made */
	size_t region_count;
	struct ff_job_watch *watch;      /* the same; NULL: FF_JOB_TEST alone has one */
	struct ff_firmware_store *store; /* where content goes that the job reads */
	uint64_t max_content;            /* bytes of it */
	void (*notify)(void *context);   /* told after each change but mere progress; must not wait */
	void *notify_context;
	bool lasting; /* it is remembered when the server starts again */

	/* What the queue is told. */
	/* Before the work, by the owner thread. A failure is the job's, which does not begin. */
	enum ff_status (*begins)(void *context, struct ff_job *job, int64_t started_ms, struct ff_error *error);
	/* It has learned what board it is, or is about to change it; by the owner thread. */
	void (*reaches)(void *context, struct ff_job *job);
	void (*retries)(void *context,
			enum ff_retry what); /* something has to be done once more; by the owner thread */
	/* Once, before anybody can see the end, which `view` tells. */
	void (*ending)(void *context, struct ff_job *job, const struct ff_job_view *view);
	void (*ended)(void *context, struct ff_job *job); /* once, after the end, by the thread that ended it */
	void *queue;                                      /* their context */
};

/* Releases what it has that a job would take over. */
void ff_job_spec_release(struct ff_job_spec *spec);

/* Makes a job in state queued, with one reference. NULL: out of memory. */
struct ff_job *ff_job_new(const struct ff_job_spec *spec);

/* Makes a job as it was, and takes over the notes of `past`. One that ran then has been interrupted: its view says since now
 * what is known of the board. NULL: out of memory. */
struct ff_job *ff_job_restore(const struct ff_job_spec *spec, const struct ff_job_past *past);

/* Releases the notes. */
void ff_job_past_release(const struct ff_job_past *past);

/* Gives a job that is not posted yet the image of one of its regions, with a reference. */
void ff_job_lend_image(struct ff_job *job, size_t region, struct ff_firmware *image);

/* Ends a job that waits and is not posted. */
void ff_job_refuse(struct ff_job *job, enum ff_status status, const struct ff_error *error);

struct ff_job *ff_job_ref(struct ff_job *job);
void ff_job_unref(struct ff_job *job);

/* Another job, of this number, repeats it. */
void ff_job_set_repeated_by(struct ff_job *job, uint64_t number);

/* Has a job that is not posted yet wait until then (ff_now_us()) for a board that is lost, where it names one. */
void ff_job_await_board(struct ff_job *job, int64_t until_us);

/* Lets it wait for its board. Whoever has it there holds a reference until the end. Errors as ff_worker_post() and
 * ff_dispatch_add(). */
FF_WARN_UNUSED enum ff_status ff_job_post(struct ff_job *job);

/* Cancels it: one that waits has ended on return, one that runs ends after its current step. `by_shutdown` says for
 * whose sake. False: it had ended already. */
bool ff_job_cancel(struct ff_job *job, bool by_shutdown);

/* The same because its lease has ended. */
bool ff_job_end_lease(struct ff_job *job);

/* The same because its board was removed. */
bool ff_job_end_board(struct ff_job *job);

void ff_job_view(struct ff_job *job, struct ff_job_view *view);

/* When its turn comes, if it waits. */
void ff_job_forecast(struct ff_job *job, struct ff_forecast *forecast);

/* Whether the state is one of those that last. */
bool ff_job_state_ended(enum ff_job_state state);

/* The step number `index`, below ff_job_view.steps. */
struct ff_job_step ff_job_step(struct ff_job *job, unsigned index);

/* What the job has read: a new reference, to be given back; NULL: there is nothing, or no more. */
struct ff_firmware *ff_job_content(struct ff_job *job);

/* Gives the content up. */
void ff_job_drop_content(struct ff_job *job);

/* The note number `index`, below ff_job_view.notes: what the user should know beside the result. Valid as long as the
 * job. */
const char *ff_job_note(struct ff_job *job, unsigned index);

/* What was asked. Constant while the caller holds a reference, but for the regions' firmware, and for the board, which is
 * chosen once where a selector says which will do. */
const char *ff_job_id(const struct ff_job *job);
uint64_t ff_job_number(const struct ff_job *job);
uint64_t ff_job_repeats(const struct ff_job *job);     /* 0: none */
uint64_t ff_job_repeated_by(const struct ff_job *job); /* the number of the job that repeats this one, 0: none */
enum ff_job_kind ff_job_kind(const struct ff_job *job);
const char *ff_job_board(const struct ff_job *job);        /* its name; empty: it is not chosen yet */
struct ff_worker *ff_job_worker(const struct ff_job *job); /* NULL: there is no such board any more, or not yet */
const char *ff_job_select(const struct ff_job *job);       /* NULL: it was asked for by the board's name */
const char *ff_job_place(const struct ff_job *job);        /* the board's name, or what selects it */
int ff_job_priority(const struct ff_job *job);
uint32_t ff_job_wait_s(const struct ff_job *job);      /* 0: for ever */
uint64_t ff_job_batch(const struct ff_job *job);       /* 0: none */
const char *ff_job_left_out(const struct ff_job *job); /* see ff_job_spec; NULL: none */
uint64_t ff_job_lease(const struct ff_job *job);
const struct ff_job_options *ff_job_options(const struct ff_job *job);
const struct ff_job_target *ff_job_target(const struct ff_job *job);
const struct ff_job_region *ff_job_regions(const struct ff_job *job, size_t *count);

/* The SHA-256 of a region's bytes as they were written, which is not that of the image where its header got flash settings. NULL: they are
 * not known to be in flash. `view` is the job's; valid as long as both. */
const char *ff_job_written(const struct ff_job *job, const struct ff_job_view *view, size_t region);
const struct ff_job_watch *ff_job_watch(const struct ff_job *job); /* NULL: not FF_JOB_TEST */

/* For the work, in the owner thread. */
void ff_job_report(struct ff_job *job, const struct ff_progress *progress);
bool ff_job_cancelled(struct ff_job *job);
void ff_job_retry(struct ff_job *job, enum ff_retry what);
void ff_job_add_note(struct ff_job *job, const char *text); /* more than FF_JOB_MAX_NOTES are dropped */
void ff_job_set_result(struct ff_job *job, const struct ff_job_result *result);
void ff_job_set_same(struct ff_job *job, const bool *same, size_t count); /* as many as there are regions */
struct ff_firmware_store *ff_job_store(const struct ff_job *job);
uint64_t ff_job_max_content(const struct ff_job *job);

/* The board's output is judged from this position of its console on. */
void ff_job_begin_output(struct ff_job *job, uint64_t position);

/* It has been judged, up to this one. */
void ff_job_set_verdict(struct ff_job *job, const struct ff_watch_result *verdict, uint64_t position);

/* Takes over the reference to what was read, or to a test's log. Unless it is a log, a job that does not end well gives it
 * up. */
void ff_job_set_content(struct ff_job *job, struct ff_firmware *content);

/* What is known of the board; the worker remembers it as well. `security` is NULL where the chip does not tell. */
void ff_job_learn(struct ff_job *job, const struct ff_board_info *info, const struct ff_security_info *security);

#endif
