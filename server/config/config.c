// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config_board.h"

#define LEAST_SIZE 4096
#define LEAST_CONSOLE ((uint64_t)64 * 1024)
#define LARGEST_PORT 65535
#define LARGEST_SIZE ((uint64_t)4 << 30)
#define LARGEST_QUOTA ((uint64_t)1 << 50)

#define MOST_FAILURES 1000
#define MOST_PROBE_S 86400

void ff_config_init(struct ff_config *config)
{
	*config = (struct ff_config){
		.shortest_lease_s = FF_CONFIG_DEFAULT_SHORTEST_LEASE_S,
		.quarantine_after = FF_CONFIG_DEFAULT_QUARANTINE_AFTER,
		.quarantine_probe_s = FF_CONFIG_DEFAULT_QUARANTINE_PROBE_S,
		.max_upload = FF_CONFIG_DEFAULT_MAX_UPLOAD,
		.max_content = FF_CONFIG_DEFAULT_MAX_CONTENT,
		.console_log = { FF_CONFIG_DEFAULT_CONSOLE_SIZE, FF_CONFIG_DEFAULT_CONSOLE_KEEP },
		.firmware_quota = FF_CONFIG_DEFAULT_FIRMWARE_QUOTA,
		.log_level = FF_LOG_INFO,
		.rfc2217_base = FF_PORTS_DEFAULT,
		.raw_base = FF_PORTS_DEFAULT,
		.listen = { .host = "127.0.0.1", .port = "8217" },
	};
	ff_config_access_init(&config->access);
}

void ff_config_release(struct ff_config *config)
{
	free(config->boards);
	free(config->data_dir);
	free(config->source.path);
	free(config->source.options);
	free(config->console_dir);
	ff_config_access_release(&config->access);
	ff_config_init(config);
}

enum ff_status ff_config_set_port(int *port, const char *what, const char *text, struct ff_error *error)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 5 || text[digits] || atoi(text) > LARGEST_PORT) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "%s: \"%s\" is not a TCP port from 1 to 65535, nor 0 for none", what, text);
	}
	*port = atoi(text);
	return FF_OK;
}

enum ff_status ff_config_set_rfc2217(struct ff_config *config, const char *text, struct ff_error *error)
{
	return ff_config_set_port(&config->rfc2217_base, "rfc2217", text, error);
}

enum ff_status ff_config_set_raw(struct ff_config *config, const char *text, struct ff_error *error)
{
	return ff_config_set_port(&config->raw_base, "raw", text, error);
}

enum ff_status ff_config_set_listen(struct ff_config *config, const char *text, struct ff_error *error)
{
	return ff_listen_parse(text, &config->listen, error);
}

enum ff_status ff_config_add_board(struct ff_config *config, const char *text, struct ff_error *error)
{
	struct ff_config_board board;
	ff_config_board_init(&board);
	enum ff_status status = ff_config_board_parse(&board, text, error);
	return status == FF_OK ? ff_config_append_board(config, &board, error) : status;
}

enum ff_status ff_config_append_board(struct ff_config *config, const struct ff_config_board *board,
				      struct ff_error *error)
{
	for (size_t i = 0; i < config->board_count; i++) {
		if (strcmp(config->boards[i].name, board->name) == 0) {
			return ff_error_set(error, FF_ERR_ARGUMENT, "two boards are called %s", board->name);
		}
		if (!ff_port_id_is_empty(&board->identity) &&
		    ff_port_id_equals(&config->boards[i].identity, &board->identity)) {
			return ff_error_set(error, FF_ERR_ARGUMENT,
					    "the boards %s and %s are looked for at the same port",
					    config->boards[i].name, board->name);
		}
		if (board->address[0] && strcmp(config->boards[i].address, board->address) == 0) {
			return ff_error_set(error, FF_ERR_ARGUMENT, "the boards %s and %s have the same address %s",
					    config->boards[i].name, board->name, board->address);
		}
	}
	if (config->board_count == FF_CONFIG_MAX_BOARDS) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "more than %d boards", FF_CONFIG_MAX_BOARDS);
	}
	struct ff_config_board *boards =
		realloc(config->boards, (config->board_count + 1) * sizeof(struct ff_config_board));
	if (!boards) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	config->boards = boards;
	config->boards[config->board_count++] = *board;
	return FF_OK;
}

/* The power of two that a unit stands for, -1 for none. */
static int unit_shift(const char *unit)
{
	static const struct {
		const char *name;
		int shift;
	} units[] = {
		{ "", 0 },     { "b", 0 },  { "k", 10 },  { "kb", 10 },  { "kib", 10 }, { "m", 20 },  { "mb", 20 },
		{ "mib", 20 }, { "g", 30 }, { "gb", 30 }, { "gib", 30 }, { "t", 40 },   { "tb", 40 }, { "tib", 40 },
	};
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcasecmp(unit, units[i].name) == 0) {
			return units[i].shift;
		}
	}
	return -1;
}

/* A size in bytes, UINT64_MAX for what is none or larger than `largest`. */
static uint64_t read_size(const char *text, uint64_t largest)
{
	uint64_t value = 0;
	const char *at = text;
	for (; isdigit((unsigned char)*at) && value <= largest; at++) {
		value = value * 10 + (uint64_t)(*at - '0');
	}
	bool digits = at > text;
	int shift = unit_shift(at + strspn(at, " "));
	return digits && shift >= 0 && value <= largest >> shift ? value << shift : UINT64_MAX;
}

static enum ff_status set_size(uint64_t *size, const char *text, struct ff_error *error)
{
	uint64_t value = read_size(text, LARGEST_SIZE);
	if (value == UINT64_MAX || value < LEAST_SIZE) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "\"%s\" is not a size from 4KB to 4GB, as in 64MB", text);
	}
	*size = value;
	return FF_OK;
}

enum ff_status ff_config_set_firmware_quota(struct ff_config *config, const char *text, struct ff_error *error)
{
	uint64_t value = read_size(text, LARGEST_QUOTA);
	if (value == UINT64_MAX) {
		return ff_error_set(
			error, FF_ERR_ARGUMENT,
			"\"%.80s\" is not a quota for firmware: a size up to 1024TB, as in 4GB, or 0 for none", text);
	}
	config->firmware_quota = value;
	return FF_OK;
}

enum ff_status ff_config_set_shortest_lease(struct ff_config *config, const char *text, struct ff_error *error)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long seconds = digits > 0 && digits <= 4 && !text[digits] ? strtoul(text, NULL, 10) : 0;
	if (seconds < 1 || seconds > 3600) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "\"%.80s\" is not a shortest lease: 1 to 3600 seconds",
				    text);
	}
	config->shortest_lease_s = (unsigned)seconds;
	return FF_OK;
}

enum ff_status ff_config_set_quarantine_after(struct ff_config *config, const char *text, struct ff_error *error)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long failures = digits > 0 && digits <= 4 && !text[digits] ? strtoul(text, NULL, 10) : ULONG_MAX;
	if (failures > MOST_FAILURES) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "\"%.80s\" is not a number of failures before the quarantine: 0 (never) to %d",
				    text, MOST_FAILURES);
	}
	config->quarantine_after = (unsigned)failures;
	return FF_OK;
}

enum ff_status ff_config_set_quarantine_probe(struct ff_config *config, const char *text, struct ff_error *error)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long seconds = digits > 0 && digits <= 5 && !text[digits] ? strtoul(text, NULL, 10) : ULONG_MAX;
	if (seconds > MOST_PROBE_S) {
		return ff_error_set(
			error, FF_ERR_ARGUMENT,
			"\"%.80s\" is not a time to the first probe of a board in quarantine: 0 (none) to %d seconds",
			text, MOST_PROBE_S);
	}
	config->quarantine_probe_s = (unsigned)seconds;
	return FF_OK;
}

enum ff_status ff_config_set_max_upload(struct ff_config *config, const char *text, struct ff_error *error)
{
	return set_size(&config->max_upload, text, error);
}

enum ff_status ff_config_set_max_content(struct ff_config *config, const char *text, struct ff_error *error)
{
	return set_size(&config->max_content, text, error);
}

enum ff_status ff_config_set_console_size(struct ff_config *config, const char *text, struct ff_error *error)
{
	uint64_t size = 0;
	struct ff_error reason = FF_ERROR_NONE;
	bool given = strcmp(text, "0") != 0;
	if (given && (set_size(&size, text, &reason) != FF_OK || size < LEAST_CONSOLE)) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "console-log, size: \"%.40s\" is not a size from 64KB to 4GB, as in 1MB, nor 0",
				    text);
	}
	config->console_log.size = size;
	return FF_OK;
}

enum ff_status ff_config_set_console_keep(struct ff_config *config, const char *text, struct ff_error *error)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 2 || text[digits]) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "console-log, keep: \"%.40s\" is not 0 to %d", text,
				    FF_LOGFILE_MOST_KEPT);
	}
	config->console_log.keep = (unsigned)atoi(text);
	return FF_OK;
}

enum ff_status ff_config_set_console_dir(struct ff_config *config, const char *path, struct ff_error *error)
{
	char *copy = strdup(path);
	if (!copy) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	free(config->console_dir);
	config->console_dir = copy;
	return *path ? FF_OK : ff_error_set(error, FF_ERR_ARGUMENT, "console-log, dir: the name is empty");
}

enum ff_status ff_config_set_discover(struct ff_config *config, const char *text, struct ff_error *error)
{
	config->discover = strcmp(text, "true") == 0;
	if (!config->discover && strcmp(text, "false") != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "\"%.40s\" is neither true nor false", text);
	}
	return FF_OK;
}

enum ff_status ff_config_add_vendor(struct ff_config *config, const char *text, struct ff_error *error)
{
	if (strlen(text) != 4 || strspn(text, "0123456789abcdefABCDEF") != 4) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "\"%.40s\" is no vendor of USB devices, as in 303a", text);
	}
	config->vendors[config->vendor_count++] = (uint16_t)strtoul(text, NULL, 16);
	return FF_OK;
}

enum ff_status ff_config_set_writer(struct ff_config *config, const char *text, struct ff_error *error)
{
	config->jobs_wait_for_writers = strcmp(text, "wait") == 0;
	if (!config->jobs_wait_for_writers && strcmp(text, "refuse") != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "\"%s\" is neither wait nor refuse", text);
	}
	return FF_OK;
}

static const char *const log_levels[] = {
	[FF_LOG_ERROR] = "error", [FF_LOG_WARN] = "warn",   [FF_LOG_INFO] = "info",
	[FF_LOG_DEBUG] = "debug", [FF_LOG_TRACE] = "trace",
};

const char *ff_config_log_level_name(enum ff_log_level level)
{
	return log_levels[level];
}

enum ff_status ff_config_set_log_level(struct ff_config *config, const char *text, struct ff_error *error)
{
	for (size_t i = 0; i < sizeof(log_levels) / sizeof(log_levels[0]); i++) {
		if (strcmp(text, log_levels[i]) == 0) {
			config->log_level = (enum ff_log_level)i;
			return FF_OK;
		}
	}
	return ff_error_set(error, FF_ERR_ARGUMENT, "\"%s\" is not a log level: error, warn, info, debug or trace",
			    text);
}

enum ff_status ff_config_set_log_format(struct ff_config *config, const char *text, struct ff_error *error)
{
	config->log_json = strcmp(text, "json") == 0;
	if (!config->log_json && strcmp(text, "text") != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "\"%s\" is neither text nor json", text);
	}
	return FF_OK;
}

enum ff_status ff_config_set_data_dir(struct ff_config *config, const char *path, struct ff_error *error)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char *made = NULL;
	int size = 0;
	if (path && *path) {
		size = asprintf(&made, "%s", path);
	} else if (path) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the data directory's name is empty");
	} else if (state && *state == '/') {
		size = asprintf(&made, "%s/farflash", state);
	} else if (geteuid() == 0) {
		size = asprintf(&made, "/var/lib/farflash");
	} else if (home && *home == '/') {
		size = asprintf(&made, "%s/.local/state/farflash", home);
	} else {
		return ff_error_set(error, FF_ERR_ARGUMENT, "HOME is not set: say where to keep data with --data-dir");
	}
	if (size < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	free(config->data_dir);
	config->data_dir = made;
	return FF_OK;
}

char *ff_config_tokens_path(const struct ff_config *config)
{
	char *path = NULL;
	if (config->access.tokens) {
		return strdup(config->access.tokens);
	}
	return asprintf(&path, "%s/tokens.json", config->data_dir) < 0 ? NULL : path;
}
