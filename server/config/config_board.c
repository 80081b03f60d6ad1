// SPDX-License-Identifier: Apache-2.0
#include "config_board.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <farflash/transport.h>

#include "params.h"

#define MAX_KEY_SIZE (FF_RESET_SEQUENCE_SIZE + 32)

void ff_config_board_init(struct ff_config_board *board)
{
	*board = (struct ff_config_board){
		.baud = FF_CONFIG_DEFAULT_BAUD,
		.rfc2217 = FF_PORTS_DEFAULT,
		.raw = FF_PORTS_DEFAULT,
	};
}

enum ff_status ff_config_board_name(struct ff_config_board *board, const char *text, size_t size,
				    struct ff_error *error)
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

enum ff_status ff_config_board_address(struct ff_config_board *board, const char *text, size_t size,
				       struct ff_error *error)
{
	bool good = size > 0 && size < sizeof(board->address);
	for (size_t i = 0; i < size && good; i++) {
		good = isgraph((unsigned char)text[i]);
	}
	if (!good) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "board %s: the address is %s", board->name,
				    size == 0 ? "missing" : "too long or holds strange characters");
	}
	memcpy(board->address, text, size);
	board->address[size] = 0;
	struct ff_error reason = FF_ERROR_NONE;
	if (ff_transport_check_address(board->address, &reason) != FF_OK) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "board %s: %s", board->name, reason.text);
	}
	return FF_OK;
}

enum ff_status ff_config_board_identity(struct ff_config_board *board, const char *usb, const char *serial,
					const char *mac, struct ff_error *error)
{
	struct ff_port_id *identity = &board->identity;
	if (usb && !ff_port_id_is_usb(usb)) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "board %s: usb: \"%.40s\" is no place on the USB, as in 1-1.2 or 1-1.2:1",
				    board->name, usb);
	}
	if (serial && (!serial[0] || strlen(serial) >= sizeof(identity->serial))) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "board %s: serial: it is empty or too long", board->name);
	}
	if (mac && !ff_port_id_parse_mac(mac, identity->mac)) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "board %s: mac: \"%.40s\" is no MAC, as in 7c:df:a1:00:00:01", board->name, mac);
	}
	identity->has_mac = mac != NULL;
	snprintf(identity->usb, sizeof(identity->usb), "%s", usb ? usb : "");
	snprintf(identity->serial, sizeof(identity->serial), "%s", serial ? serial : "");
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

/* "rack=2" */
static enum ff_status add_label(struct ff_config_board *board, const char *value, struct ff_error *error)
{
	char text[FF_LABEL_KEY_SIZE + FF_LABEL_VALUE_SIZE + 2];
	struct ff_error reason = FF_ERROR_NONE;
	char *equals = NULL;
	if (strlen(value) < sizeof(text)) {
		strcpy(text, value);
		equals = strchr(text, '=');
	}
	if (!equals) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "board %s: the label \"%.100s\" is not KEY=VALUE, as in rack=2", board->name,
				    value);
	}
	*equals = '\0';
	if (ff_labels_add(&board->labels, text, equals + 1, &reason) != FF_OK) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "board %s: %s", board->name, reason.text);
	}
	return FF_OK;
}

enum ff_status ff_config_board_set(struct ff_config_board *board, const char *key, const char *value,
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
	if (strcmp(key, "label") == 0) {
		return add_label(board, value, error);
	}
	return ff_error_set(
		error, FF_ERR_ARGUMENT,
		"board %s: there is no key \"%s\"; those that can be given are baud, label, rfc2217, raw, reset=smart "
		"or passthrough, reset-sequence and hard-reset-sequence",
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
	return ff_config_board_set(board, key, value ? value : "", error);
}

enum ff_status ff_config_board_parse(struct ff_config_board *board, const char *text, struct ff_error *error)
{
	const char *equals = strchr(text, '=');
	if (!equals) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "\"%s\" is not NAME=ADDRESS, as in lab1=/dev/ttyUSB0 or lab1=rfc2217://host:2217",
				    text);
	}
	enum ff_status status = ff_config_board_name(board, text, (size_t)(equals - text), error);
	const char *address = equals + 1;
	size_t size = strcspn(address, ",");
	if (status == FF_OK) {
		status = ff_config_board_address(board, address, size, error);
	}
	for (const char *key = address + size; status == FF_OK && *key == ','; key += size) {
		key++;
		size = key_size(key);
		status = set_key(board, key, size, error);
	}
	return status;
}
