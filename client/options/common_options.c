// SPDX-License-Identifier: Apache-2.0
#include "common_options.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <farflash/version.h>

#include "command.h"
#include "resets.h"
#include "stamps.h"

enum common_option {
	OPTION_SERVER = 0x100,
	OPTION_BOARD,
	OPTION_TOKEN_FILE,
	OPTION_CACERT,
	OPTION_CONNECT_ATTEMPTS,
	OPTION_BEFORE,
	OPTION_AFTER,
	OPTION_NO_STUB,
	OPTION_NO_COMPRESS,
	OPTION_NO_VERIFY,
	OPTION_FORCE,
	OPTION_JSON,
	OPTION_RESET_SEQUENCE,
	OPTION_HARD_RESET_SEQUENCE,
	OPTION_TRACE,
	OPTION_RERUN,
};

const struct argp_option ff_common_options[] = {
	{ NULL, 0, NULL, 0, "Which board:", 2 },
	{ "server", OPTION_SERVER, "URL", 0, "The farflash server (FARFLASH_SERVER; " FF_OPTIONS_DEFAULT_SERVER ")",
	  2 },
	{ "board", OPTION_BOARD, "NAME", 0, "A board of that server (FARFLASH_BOARD; its only one)", 2 },
	{ "token-file", OPTION_TOKEN_FILE, "FILE", 0,
	  "The token for the server (FARFLASH_TOKEN; ~/.config/farflash/token)", 2 },
	{ "cacert", OPTION_CACERT, "FILE", 0,
	  "What vouches for an https server: certificates, PEM (FARFLASH_CACERT; the system's)", 2 },
	{ "port", 'p', "ADDRESS", 0,
	  "No server: drive the board at ADDRESS from here: /dev/ttyUSB0, rfc2217://HOST:PORT or socket://HOST:PORT",
	  2 },
	{ NULL, 0, NULL, 0, "How:", 3 },
	{ "baud", 'b', "N", 0,
	  "Rate for the work (what the server has for the board, with --port 460800; 0 stays at 115200)", 3 },
	{ "no-stub", OPTION_NO_STUB, NULL, 0, "Stay with the chip's ROM loader", 3 },
	{ "no-compress", OPTION_NO_COMPRESS, NULL, 0, "Send plain bytes", 3 },
	{ NULL, 'u', NULL, OPTION_ALIAS, NULL, 3 },
	{ "no-verify", OPTION_NO_VERIFY, NULL, 0,
	  "Do not let the chip confirm what was written (the ESP8266 with --no-stub cannot)", 3 },
	{ "force", OPTION_FORCE, NULL, 0,
	  "Do what is refused otherwise: an image for another chip or revision, what may brick a protected chip", 3 },
	{ "chip", 'c', "NAME", 0, "Refuse a board that has another chip (auto: any)", 3 },
	{ "connect-attempts", OPTION_CONNECT_ATTEMPTS, "N", 0, "Resets to try before giving up (7)", 3 },
	{ "before", OPTION_BEFORE, "RESET", 0,
	  "Into the bootloader: default-reset, no-reset, usb-reset, no-reset-no-sync", 3 },
	{ "after", OPTION_AFTER, "RESET", 0, "Out of it: hard-reset, no-reset, soft-reset, watchdog-reset", 3 },
	{ NULL, 'a', NULL, OPTION_ALIAS, NULL, 3 },
	{ "reset-sequence", OPTION_RESET_SEQUENCE, "STEPS", 0,
	  "With --port: the board's own way into its bootloader, as in esptool's D0|R1|W0.1|D1|R0|W0.05|D0", 3 },
	{ "hard-reset-sequence", OPTION_HARD_RESET_SEQUENCE, "STEPS", 0,
	  "With --port: its own way into the application, as in R1|W0.1|R0", 3 },
	{ "rerun", OPTION_RERUN, NULL, 0,
	  "If the server ends in the middle of the job, it runs it again when it is started the next time", 3 },
	{ "json", OPTION_JSON, NULL, 0, "Print one JSON object instead of text", 3 },
	{ "verbose", 'v', NULL, 0, "Say on stderr what happens below", 3 },
	{ "trace", OPTION_TRACE, NULL, 0, "With --port: show on stderr every frame that comes and goes", 3 },
	{ NULL, 0, NULL, 0, "Help:", -1 },
	{ "version", 'V', NULL, 0, "Print the version", -1 },
	{ NULL, 'h', NULL, OPTION_HIDDEN, NULL, -1 },
	{ 0 },
};

static const char *const eol_words[] = { [FF_KEYS_CR] = "CR", [FF_KEYS_LF] = "LF", [FF_KEYS_CRLF] = "CRLF", NULL };

static bool same_word(const char *text, const char *word)
{
	while (*word != '\0' &&
	       (tolower((unsigned char)*text) == tolower((unsigned char)*word) || (*text == '_' && *word == '-'))) {
		text++;
		word++;
	}
	return *text == '\0' && *word == '\0';
}

static unsigned long number(struct argp_state *state, const char *option, const char *text, unsigned long min,
			    unsigned long max)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < min || value > max) {
		argp_error(state, "%s wants a number from %lu to %lu, not '%s'", option, min, max, text);
	}
	return value;
}

static int priority(struct argp_state *state, const char *text)
{
	unsigned long steps = number(state, "--priority", text[0] == '-' ? text + 1 : text, 0, 10);

	return text[0] == '-' ? -(int)steps : (int)steps;
}

static int64_t seconds(struct argp_state *state, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value > 0) || value > 1e6) {
		argp_error(state, "--seconds wants a number greater than 0, not '%s'", text);
	}
	return (int64_t)(value * 1e6);
}

/* One of the words that an option knows, in the order of their values; esptool 4 wrote "no_reset". */
static int choice(struct argp_state *state, const char *option, const char *text, const char *const *words)
{
	char known[128] = "";
	size_t used = 0;

	for (int i = 0; words[i] != NULL; i++) {
		if (same_word(text, words[i])) {
			return i;
		}
		if (used < sizeof(known)) {
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i > 0 ? ", " : "",
						 words[i]);
		}
	}
	argp_error(state, "%s knows %s, not '%s'", option, known, text);
	return 0;
}

static const char *sequence(struct argp_state *state, const char *option, const char *text)
{
	struct ff_error error = FF_ERROR_NONE;

	if (ff_check_reset_sequence(text, &error) != FF_OK) {
		argp_error(state, "%s: %s", option, error.text);
	}
	return text;
}

static void setting(struct argp_state *state, char *to, size_t size, const char *word)
{
	if (strlen(word) >= size) {
		argp_error(state, "'%s' is no flash setting", word);
	}
	memcpy(to, word, strlen(word) + 1);
}

static error_t parse_place(int key, char *argument, struct ff_options *options)
{
	switch (key) {
	case OPTION_SERVER:
		options->server = argument;
		return 0;
	case OPTION_TOKEN_FILE:
		options->token_file = argument;
		return 0;
	case OPTION_CACERT:
		options->cacert = argument;
		return 0;
	case OPTION_BOARD:
		options->board = argument;
		return 0;
	case 'p':
		options->port = argument;
		return 0;
	case 'C':
		options->build_dir = argument;
		return 0;
	case FF_OPTION_LOG:
		options->log = argument;
		return 0;
	case FF_OPTION_LOCAL_RFC2217:
		options->local_rfc2217 = argument;
		return 0;
	case FF_OPTION_LOCAL_RAW:
		options->local_raw = argument;
		return 0;
	case FF_OPTION_LOCAL_PTY:
		options->local_pty = argument;
		return 0;
	case FF_OPTION_CANCEL:
		options->cancel = argument;
		return 0;
	case FF_OPTION_SINCE:
		options->since = argument;
		return 0;
	case FF_OPTION_ADDRESS:
		options->address = argument;
		return 0;
	case FF_OPTION_SELECT:
		options->select = argument;
		return 0;
	case FF_OPTION_REASON:
		options->reason = argument;
		return 0;
	case 'c':
		options->chip = strcmp(argument, "auto") == 0 ? NULL : argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What an option without an argument sets. */
static const struct {
	int key;
	bool value;
	size_t at; /* the bool among the options */
} flags[] = {
	{ OPTION_NO_STUB, true, offsetof(struct ff_options, no_stub) },
	{ OPTION_NO_COMPRESS, true, offsetof(struct ff_options, no_compress) },
	{ 'u', true, offsetof(struct ff_options, no_compress) },
	{ FF_OPTION_COMPRESS, false, offsetof(struct ff_options, no_compress) },
	{ 'z', false, offsetof(struct ff_options, no_compress) },
	{ OPTION_NO_VERIFY, true, offsetof(struct ff_options, no_verify) },
	{ FF_OPTION_VERIFY, false, offsetof(struct ff_options, no_verify) },
	{ FF_OPTION_ENCRYPT, true, offsetof(struct ff_options, encrypt) },
	{ FF_OPTION_ENCRYPT_FILES, true, offsetof(struct ff_options, encrypt_files) },
	{ FF_OPTION_IGNORE_ENCRYPTION_EFUSES, true, offsetof(struct ff_options, ignore_encryption_efuses) },
	{ 'e', true, offsetof(struct ff_options, erase_all) },
	{ OPTION_FORCE, true, offsetof(struct ff_options, force) },
	{ OPTION_JSON, true, offsetof(struct ff_options, json) },
	{ OPTION_RERUN, true, offsetof(struct ff_options, rerun) },
	{ FF_OPTION_ALL, true, offsetof(struct ff_options, all) },
	{ FF_OPTION_END, true, offsetof(struct ff_options, end) },
	{ FF_OPTION_RESET, true, offsetof(struct ff_options, reset) },
	{ FF_OPTION_NON_VOLATILE, true, offsetof(struct ff_options, non_volatile) },
	{ 'v', true, offsetof(struct ff_options, verbose) },
	{ OPTION_TRACE, true, offsetof(struct ff_options, trace) },
};

static error_t parse_flag(int key, struct ff_options *options)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].key == key) {
			*(bool *)((char *)options + flags[i].at) = flags[i].value;
			return 0;
		}
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_test(int key, char *argument, struct argp_state *state, struct ff_options *options)
{
	switch (key) {
	case FF_OPTION_EXPECT:
		options->expect = argument;
		return 0;
	case FF_OPTION_FAIL:
		options->fail = argument;
		return 0;
	case FF_OPTION_TIMEOUT:
		options->timeout_s = (unsigned)number(state, "--timeout", argument, 1, 86400);
		return 0;
	case FF_OPTION_LIMIT:
		options->limit = (unsigned)number(state, "--limit", argument, 1, 1000);
		return 0;
	case FF_OPTION_FOR:
		options->lease_s = (unsigned)number(state, "--for", argument, 1, 86400);
		return 0;
	case FF_OPTION_WAIT:
		options->wait_s = (unsigned)number(state, "--wait", argument, 0, 604800);
		options->waits = true;
		return 0;
	case FF_OPTION_PRIORITY:
		options->priority = priority(state, argument);
		return 0;
	case FF_OPTION_BOOTS:
		options->boots = (unsigned)number(state, "--boots", argument, 2, 1000);
		return 0;
	case FF_OPTION_NO_CRASH:
		options->no_crash = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_monitor(int key, char *argument, struct argp_state *state, struct ff_options *options)
{
	const struct timespec epoch = { .tv_sec = 0 };
	char stamp[FF_STAMPS_SIZE];

	switch (key) {
	case FF_OPTION_SECONDS:
		options->limit_us = seconds(state, argument);
		return 0;
	case FF_OPTION_HISTORY:
		options->history = (uint32_t)number(state, "--history", argument, 0, 100000000);
		return 0;
	case FF_OPTION_TIMESTAMPS:
		options->stamps = argument != NULL ? argument : FF_STAMPS_DEFAULT;
		if (!ff_stamps_text(stamp, options->stamps, &epoch)) {
			argp_error(state, "--timestamps wants a time format that gives 1 to %d characters, not '%s'",
				   FF_STAMPS_SIZE - 2, options->stamps);
		}
		return 0;
	case FF_OPTION_EOL:
		options->eol = (enum ff_keys_eol)choice(state, "--eol", argument, eol_words);
		options->eol_given = true;
		return 0;
	case FF_OPTION_NO_RECONNECT:
		options->no_reconnect = true;
		return 0;
	default:
		return parse_test(key, argument, state, options);
	}
}

static error_t parse_value(int key, char *argument, struct argp_state *state, struct ff_options *options)
{
	switch (key) {
	case 'b':
		options->baud = (uint32_t)number(state, "--baud", argument, 0, 4000000);
		options->baud_given = true;
		return 0;
	case OPTION_CONNECT_ATTEMPTS:
		options->attempts = (unsigned)number(state, "--connect-attempts", argument, 1, FF_RESETS_MAX_ATTEMPTS);
		return 0;
	case OPTION_BEFORE:
		options->before = (enum ff_before)choice(state, "--before", argument, ff_resets_before);
		return 0;
	case OPTION_AFTER:
	case 'a':
		options->after = (enum ff_after)choice(state, "--after", argument, ff_resets_after);
		return 0;
	case OPTION_RESET_SEQUENCE:
		options->reset_sequence = sequence(state, "--reset-sequence", argument);
		return 0;
	case OPTION_HARD_RESET_SEQUENCE:
		options->hard_reset_sequence = sequence(state, "--hard-reset-sequence", argument);
		return 0;
	case FF_OPTION_FLASH_MODE:
		setting(state, options->settings.mode, sizeof(options->settings.mode), argument);
		return 0;
	case FF_OPTION_FLASH_FREQ:
		setting(state, options->settings.freq, sizeof(options->settings.freq), argument);
		return 0;
	case FF_OPTION_FLASH_SIZE:
		setting(state, options->settings.size, sizeof(options->settings.size), argument);
		return 0;
	case FF_OPTION_BYTES:
		options->status_bytes = (unsigned)number(state, "--bytes", argument, 1, 3);
		return 0;
	default:
		return parse_monitor(key, argument, state, options);
	}
}

error_t ff_common_options_parse(int key, char *argument, struct argp_state *state, struct ff_options *options)
{
	error_t result;

	if (key == 'h') {
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
	}
	if (key == 'V') {
		puts("farflash " FF_VERSION);
		exit(EXIT_SUCCESS);
	}
	result = parse_place(key, argument, options);
	if (result == ARGP_ERR_UNKNOWN) {
		result = parse_flag(key, options);
	}
	if (result == ARGP_ERR_UNKNOWN) {
		result = parse_value(key, argument, state, options);
	}
	return result;
}
