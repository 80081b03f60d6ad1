// SPDX-License-Identifier: Apache-2.0
/* The command line: what the user asks for, before anything is opened. Belongs to one thread. */
#ifndef FF_CLIENT_OPTIONS_H
#define FF_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/flasher.h>

#include "file_options.h"
#include "flash_settings.h"
#include "keys.h"

struct ff_command;

#define FF_OPTIONS_DEFAULT_SERVER "http://127.0.0.1:8217"
#define FF_OPTIONS_DEFAULT_BAUD 460800
#define FF_OPTIONS_MAX_WORDS (2 * FF_MAX_REGIONS)

/* A word that is no option. `folder` is where the argument file stands that it comes from, with a slash at its end;
 * NULL for the command line itself. */
struct ff_option_word {
	const char *text;
	const char *folder;
	bool encrypt; /* it stands behind --encrypt-files */
};

struct ff_options {
	const struct ff_command *command;
	/* where */
	const char *server;     /* NULL where neither option nor environment says */
	const char *board;      /* NULL: the server's only one */
	const char *token_file; /* NULL: the environment or the usual file says */
	const char *address;    /* lease: whose connections to the board's TCP ports come with it; NULL: not said */
	const char *cacert;     /* NULL: the system's */
	const char *port;       /* NULL: through the server */
	/* how */
	uint32_t baud;
	bool baud_given;
	const char *chip;  /* NULL: any */
	unsigned attempts; /* 0: the engine's default */
	enum ff_before before;
	enum ff_after after;
	bool no_stub;
	bool no_compress;
	bool no_verify;
	bool force;
	bool rerun; /* with a server: if that ends in the middle of the job */
	bool json;
	bool verbose;
	bool trace;
	const char *reset_sequence;      /* NULL: one that suits the port */
	const char *hard_reset_sequence; /* the same */
	/* what */
	struct ff_option_word words[FF_OPTIONS_MAX_WORDS];
	size_t word_count;
	const char *build_dir;
	struct ff_flash_settings settings;
	bool encrypt;       /* every image, or those that the build directory marks */
	bool encrypt_files; /* the words that say so */
	bool erase_all;
	bool ignore_encryption_efuses;
	const char *cancel;        /* id of the job to cancel */
	const char *since;         /* of audit: a time, as the server knows it */
	unsigned limit;            /* lines; 0: the server's default */
	const char *select;        /* labels of the boards that are meant; NULL: all */
	bool all;                  /* work is for all of them, instead of any one */
	int priority;              /* of the job */
	const char *reason;        /* why a board is put in quarantine */
	bool end;                  /* of the quarantine, of the lease */
	const char *local_rfc2217; /* where connect listens; NULL where it is not said */
	const char *local_raw;
	const char *local_pty;
	char **program;   /* of lease: what to run, ended by NULL, from behind "--"; NULL: nothing */
	unsigned lease_s; /* 0: the command's default */
	bool waits;       /* wait_s is given */
	unsigned wait_s;
	bool reset;
	int64_t limit_us;     /* end of the monitor, 0 for none */
	const char *expect;   /* of test: what the board has to say; NULL: nothing in particular */
	const char *fail;     /* what it must not say */
	const char *log;      /* file that gets the board's output; NULL for none */
	unsigned timeout_s;   /* 0: the server's default */
	unsigned boots;       /* the same */
	bool no_crash;        /* a crash is no failure */
	bool lone_images;     /* plain files may stand without an offset */
	uint32_t history;     /* bytes that the monitor begins with */
	const char *stamps;   /* format of the monitor's time stamps, NULL for none */
	enum ff_keys_eol eol; /* what Enter sends */
	bool eol_given;
	bool no_reconnect;
	unsigned status_bytes; /* registers of the flash chip; 0: the command's default */
	bool non_volatile;
	struct ff_file_options files;

	char **owned; /* the strings behind the pointers above */
	size_t owned_count;
};

/* Parses a command line, which calls for one of `commands`; these end with one without a name, and outlive the options. The
 * environment (FARFLASH_SERVER, FARFLASH_BOARD) fills in what it leaves open. --help, --version and wrong usage end the process,
 * as glibc's argp does, with 0 and argp_err_exit_status. Release with ff_options_release(). */
void ff_options_parse(struct ff_options *options, const struct ff_command *commands, int argc, char **argv);

/* Whether a board with this chip is one that --chip allows; "esp32c3" and "ESP32-C3" are the same. */
bool ff_options_accept_chip(const struct ff_options *options, const char *chip);

void ff_options_release(struct ff_options *options);

#endif
