// SPDX-License-Identifier: Apache-2.0
/* What the command line has to know of a command, and of the options that it may have. Constant data. */
#ifndef FF_CLIENT_COMMAND_H
#define FF_CLIENT_COMMAND_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

struct ff_file_options;
struct ff_run;

/* How much a command tells of its progress. */
enum ff_telling {
	FF_TELL_NOTHING,
	FF_TELL_TERMINAL, /* a line on a terminal; silent in a pipe, where the result alone is wanted */
	FF_TELL_ALWAYS    /* lines in a pipe too */
};

struct ff_command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary;   /* one line */
	const char *details;   /* for the command's own help, may be NULL */
	size_t max_words;
	enum ff_telling telling;
	bool reads_files;                  /* @FILE stands for the words in FILE */
	const struct argp_option *options; /* NULL: the common ones alone; glibc leaks what it makes of an empty list */
	/* Takes an option before the common ones do; NULL where there is nothing but those. */
	error_t (*parse_file_option)(int key, char *argument, struct argp_state *state,
				     struct ff_file_options *options);
	/* Does it, prints for people unless --json was given, sets run->result. False: run->failure says why. */
	bool (*run)(struct ff_run *run);
};

/* Keys of the options that belong to one command each; those with a letter are their own key. */
enum ff_command_option {
	FF_OPTION_FLASH_MODE = 0x200,
	FF_OPTION_FLASH_FREQ,
	FF_OPTION_FLASH_SIZE,
	FF_OPTION_COMPRESS,
	FF_OPTION_RESET,
	FF_OPTION_SECONDS,
	FF_OPTION_CANCEL,
	FF_OPTION_SELECT,
	FF_OPTION_ALL,
	FF_OPTION_PRIORITY,
	FF_OPTION_REASON,
	FF_OPTION_END,
	FF_OPTION_BYTES,
	FF_OPTION_NON_VOLATILE,
	FF_OPTION_ENCRYPT,
	FF_OPTION_ENCRYPT_FILES,
	FF_OPTION_IGNORE_ENCRYPTION_EFUSES,
	FF_OPTION_VERIFY,
	FF_OPTION_EXPECT,
	FF_OPTION_FAIL,
	FF_OPTION_TIMEOUT,
	FF_OPTION_NO_CRASH,
	FF_OPTION_BOOTS,
	FF_OPTION_LOG,
	FF_OPTION_FOR,
	FF_OPTION_ADDRESS,
	FF_OPTION_WAIT,
	FF_OPTION_HISTORY,
	FF_OPTION_TIMESTAMPS,
	FF_OPTION_EOL,
	FF_OPTION_NO_RECONNECT,
	FF_OPTION_LOCAL_RFC2217,
	FF_OPTION_LOCAL_RAW,
	FF_OPTION_LOCAL_PTY,
	FF_OPTION_SINCE,
	FF_OPTION_LIMIT,
};

#endif
