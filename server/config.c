// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <farflash/transport.h>

#include "params.h"

#define MAX_KEY_SIZE (FF_RESET_SEQUENCE_SIZE + 32)
#define LEAST_SIZE 4096
#define LARGEST_PORT 65535
#define LARGEST_SIZE ((uint64_t)4 << 30)

void ff_config_init(struct ff_config *config)
{
	*config = (struct ff_config){
		.max_upload = FF_CONFIG_DEFAULT_MAX_UPLOAD,
		.max_content = FF_CONFIG_DEFAULT_MAX_CONTENT,
		.log_level = FF_LOG_INFO,
		.rfc2217_base = FF_PORTS_DEFAULT,
		.raw_base = FF_PORTS_DEFAULT,
		.listen = { .host = "127.0.0.1", .port = "8217" },
	};
}

void ff_config_release(struct ff_config *config)
{
	free(config->boards);
	free(config->data_dir);
	ff_config_init(config);
}

static enum ff_status set_name(struct ff_config_board *board, const char *text, size_t size, struct ff_error *error)
{
	bool good = size > 0 && size < sizeof(board->name);
	for (size_t i = 0; i < size && good; i++) {
		good = isalnum((unsigned char)text[i]) || strchr("._-", text[i]);
	}
	/* "." and ".." would vanish from a URL. */
	if (!good || strspn(text, ".") >= size) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "the board's name \"%.*s\" must be 1 to %d letters, digits, '.', '_' or '-'",
				    (int)size, text, FF_BOARD_NAME_SIZE - 1);
	}
	memcpy(board->name, text, size);
	board->name[size] = 0;
	return FF_OK;
}

static enum ff_status set_address(struct ff_config_board *board, const char *text, size_t size, struct ff_error *error)
{
	bool good = size > 0 && size < sizeof(board->address);
	for (size_t i = 0; i < size && good; i++) {
		good = isgraph((unsigned char)text[i]);
	}
	if (!good) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "board %s: the address is %s", board->name,
				    size == 0 ? "missing: NAME=ADDRESS" : "too long or holds strange characters");
	}
	memcpy(board->address, text, size);
	board->address[size] = 0;
	struct ff_error reason = FF_ERROR_NONE;
	if (ff_transport_check_address(board->address, &reason) != FF_OK) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "board %s: %s", board->name, reason.text);
	}
	return FF_OK;
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

/* A key and its value end at the comma before the next key; a comma before anything else belongs to the value. */
static size_t key_size(const char *key)
{
	size_t size = strcspn(key, ",");
	while (key[size] == ',') {
		size_t next = strcspn(key + size + 1, ",=");
		if (key[size + 1 + next] == '=') {
			break;
		}
		size += 1 + next;
	}
	return size;
}

static enum ff_status set_sequence(const struct ff_config_board *board, char sequence[FF_RESET_SEQUENCE_SIZE],
				   const char *key, const char *value, struct ff_error *error)
{
	struct ff_error reason = FF_ERROR_NONE;
	if (ff_check_reset_sequence(value, &reason) != FF_OK) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "board %s: %s: %s", board->name, key, reason.text);
	}
	snprintf(sequence, FF_RESET_SEQUENCE_SIZE, "%s", value);
	return FF_OK;
}

static enum ff_status set_port_key(const struct ff_config_board *board, int *port, const char *key, const char *value,
				   struct ff_error *error)
{
	char what[FF_BOARD_NAME_SIZE + 32];
	snprintf(what, sizeof(what), "board %s, %.10s", board->name, key);
	return ff_config_set_port(port, what, value, error);
}

static enum ff_status set_reset_key(struct ff_config_board *board, const char *value, struct ff_error *error)
{
	board->passthrough = strcmp(value, "passthrough") == 0;
	if (!board->passthrough && strcmp(value, "smart") != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "board %s: \"reset=%s\" must be smart or passthrough",
				    board->name, value);
	}
	return FF_OK;
}

static enum ff_status set_value(struct ff_config_board *board, const char *key, const char *value,
				struct ff_error *error)
{
	if (strcmp(key, "baud") == 0) {
		return ff_params_baud(value, &board->baud)
			       ? FF_OK
			       : ff_error_set(
					 error, FF_ERR_ARGUMENT,
					 "board %s: \"baud=%s\" must be 0 (keep the connect rate) or from 50 to 4000000",
					 board->name, value);
	}
	if (strcmp(key, "rfc2217") == 0) {
		return set_port_key(board, &board->rfc2217, key, value, error);
	}
	if (strcmp(key, "raw") == 0) {
		return set_port_key(board, &board->raw, key, value, error);
	}
	if (strcmp(key, "reset") == 0) {
		return set_reset_key(board, value, error);
	}
	if (strcmp(key, "reset-sequence") == 0) {
		return set_sequence(board, board->resets.enter, key, value, error);
	}
	if (strcmp(key, "hard-reset-sequence") == 0) {
		return set_sequence(board, board->resets.hard, key, value, error);
	}
	return ff_error_set(
		error, FF_ERR_ARGUMENT,
		"board %s: there is no key \"%s\"; those that can be given are baud, rfc2217, raw, reset=smart or "
		"passthrough, reset-sequence and hard-reset-sequence",
		board->name, key);
}

static enum ff_status set_key(struct ff_config_board *board, const char *text, size_t size, struct ff_error *error)
{
	char key[MAX_KEY_SIZE];
	if (size >= sizeof(key)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "board %s: \"%.40s...\" is too long", board->name, text);
	}
	memcpy(key, text, size);
	key[size] = '\0';
	char *value = strchr(key, '=');
	if (value) {
		*value++ = '\0';
	}
	return set_value(board, key, value ? value : "", error);
}

static enum ff_status parse_board(struct ff_config_board *board, const char *text, struct ff_error *error)
{
	const char *equals = strchr(text, '=');
	if (!equals) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "\"%s\" is not NAME=ADDRESS, as in lab1=/dev/ttyUSB0 or lab1=rfc2217://host:2217",
				    text);
	}
	enum ff_status status = set_name(board, text, (size_t)(equals - text), error);
	const char *address = equals + 1;
	size_t size = strcspn(address, ",");
	if (status == FF_OK) {
		status = set_address(board, address, size, error);
	}
	for (const char *key = address + size; status == FF_OK && *key == ','; key += size) {
		key++;
		size = key_size(key);
		status = set_key(board, key, size, error);
	}
	return status;
}

enum ff_status ff_config_add_board(struct ff_config *config, const char *text, struct ff_error *error)
{
	struct ff_config_board board = {
		.baud = FF_CONFIG_DEFAULT_BAUD,
		.rfc2217 = FF_PORTS_DEFAULT,
		.raw = FF_PORTS_DEFAULT,
	};
	enum ff_status status = parse_board(&board, text, error);
	if (status != FF_OK) {
		return status;
	}
	for (size_t i = 0; i < config->board_count; i++) {
		if (strcmp(config->boards[i].name, board.name) == 0) {
			return ff_error_set(error, FF_ERR_ARGUMENT, "two boards are called %s", board.name);
		}
		if (strcmp(config->boards[i].address, board.address) == 0) {
			return ff_error_set(error, FF_ERR_ARGUMENT, "the boards %s and %s have the same address %s",
					    config->boards[i].name, board.name, board.address);
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
	config->boards[config->board_count++] = board;
	return FF_OK;
}

/* The power of two that a unit stands for, -1 for none. */
static int unit_shift(const char *unit)
{
	static const struct {
		const char *name;
		int shift;
	} units[] = {
		{ "", 0 },    { "b", 0 },    { "k", 10 }, { "kb", 10 }, { "kib", 10 }, { "m", 20 },
		{ "mb", 20 }, { "mib", 20 }, { "g", 30 }, { "gb", 30 }, { "gib", 30 },
	};
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcasecmp(unit, units[i].name) == 0) {
			return units[i].shift;
		}
	}
	return -1;
}

static enum ff_status set_size(uint64_t *size, const char *text, struct ff_error *error)
{
	uint64_t value = 0;
	const char *at = text;
	for (; isdigit((unsigned char)*at) && value <= LARGEST_SIZE; at++) {
		value = value * 10 + (uint64_t)(*at - '0');
	}
	bool digits = at > text;
	int shift = unit_shift(at + strspn(at, " "));
	if (!digits || shift < 0 || value > LARGEST_SIZE || value << shift > LARGEST_SIZE ||
	    value << shift < LEAST_SIZE) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "\"%s\" is not a size from 4KB to 4GB, as in 64MB", text);
	}
	*size = value << shift;
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

enum ff_status ff_config_set_writer(struct ff_config *config, const char *text, struct ff_error *error)
{
	config->jobs_wait_for_writers = strcmp(text, "wait") == 0;
	if (!config->jobs_wait_for_writers && strcmp(text, "refuse") != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "\"%s\" is neither wait nor refuse", text);
	}
	return FF_OK;
}

enum ff_status ff_config_set_log_level(struct ff_config *config, const char *text, struct ff_error *error)
{
	static const char *const names[] = {
		[FF_LOG_ERROR] = "error", [FF_LOG_WARN] = "warn",   [FF_LOG_INFO] = "info",
		[FF_LOG_DEBUG] = "debug", [FF_LOG_TRACE] = "trace",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			config->log_level = (enum ff_log_level)i;
			return FF_OK;
		}
	}
	return ff_error_set(error, FF_ERR_ARGUMENT, "\"%s\" is not a log level: error, warn, info, debug or trace",
			    text);
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
