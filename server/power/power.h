// SPDX-License-Identifier: Apache-2.0
/* A board's power hook: programs of its owner's that switch its power. They are argument vectors from the configuration and
 * never go through a shell; nothing that a client says becomes a part of one.
 *
 * A plain value, which can be copied. ff_power_run() waits for the programs and is for the board's owner thread; everything
 * else may be called from any thread. */
#ifndef FF_POWER_POWER_H
#define FF_POWER_POWER_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/status.h>

#define FF_POWER_WORDS_SIZE 512 /* bytes of one program's arguments, with a zero behind each */
#define FF_POWER_MAX_WORDS 32
#define FF_POWER_DEFAULT_TIMEOUT_S 10
#define FF_POWER_LONGEST_TIMEOUT_S 300

/* X(constant, name) */
#define FF_POWER_ACTION_MAP(X) \
	X(FF_POWER_ON, "on") \
	X(FF_POWER_OFF, "off") \
	X(FF_POWER_CYCLE, "cycle")

#define FF_POWER_ENUM(constant, name) constant,
enum ff_power_action { FF_POWER_ACTION_MAP(FF_POWER_ENUM) FF_POWER_ACTION_COUNT };
#undef FF_POWER_ENUM

/* The program for one action. */
struct ff_power_command {
	unsigned count;                  /* of words, 0: there is none */
	size_t size;                     /* of `words` in use */
	char words[FF_POWER_WORDS_SIZE]; /* one behind the other, each ended by a zero */
};

struct ff_power {
	struct ff_power_command commands[FF_POWER_ACTION_COUNT];
	unsigned timeout_s; /* of each program; 0: FF_POWER_DEFAULT_TIMEOUT_S */
	bool on_failure;    /* a job that cannot connect cycles the power, and tries once more */
};

/* "on", ... Never NULL. */
const char *ff_power_action_name(enum ff_power_action action);

/* The action of this name. False: there is none, or `name` is NULL. */
bool ff_power_find_action(const char *name, enum ff_power_action *action);

/* Adds a word to the program for an action. The first is the program's file, and absolute. FF_ERR_ARGUMENT: it is not, or
 * there are too many. */
FF_WARN_UNUSED enum ff_status ff_power_add_word(struct ff_power *power, enum ff_power_action action, const char *word,
						struct ff_error *error);

/* Whether it can be done. To cycle, on and off will do. */
bool ff_power_can(const struct ff_power *power, enum ff_power_action action);

struct ff_power_caller {
	const char *board;   /* the programs find them as FARFLASH_BOARD, ... */
	const char *address; /* ... and FARFLASH_ADDRESS */
	/* Called some ten times a second while a program runs. False: it is ended. */
	bool (*meanwhile)(void *context);
	void *context;
};

/* Does it, and waits until it is done. FF_ERR_UNSUPPORTED: it cannot be done; FF_ERR_POWER: a program could not be started,
 * failed, or did not end in time; FF_ERR_CANCELLED: meanwhile() said so. The text has the end of what the program said. */
FF_WARN_UNUSED enum ff_status ff_power_run(const struct ff_power *power, enum ff_power_action action,
					   const struct ff_power_caller *caller, struct ff_error *error);

#endif
