// SPDX-License-Identifier: Apache-2.0
#include "discovery_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#define MAC_TEXT_SIZE 18

/* ---- reading ---- */

static void copy_text(char *text, size_t size, const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));
	ff_port_id_clean(text, size, "");
	if (value && strlen(value) < size) {
		strcpy(text, value);
	}
}

static bool read_port(const json_t *object, struct ff_found_port *port)
{
	*port = (struct ff_found_port){ .vendor = (uint16_t)json_integer_value(json_object_get(object, "vendor")) };
	port->product_id = (uint16_t)json_integer_value(json_object_get(object, "product_id"));
	port->interface = (unsigned)json_integer_value(json_object_get(object, "interface"));
	copy_text(port->usb, sizeof(port->usb), object, "usb");
	copy_text(port->serial, sizeof(port->serial), object, "serial");
	copy_text(port->product, sizeof(port->product), object, "product");
	return ff_port_id_is_usb(port->usb);
}

static bool is_named(const struct ff_discovery *discovery, const char *name)
{
	for (size_t i = 0; i < discovery->config->board_count; i++) {
		if (strcmp(discovery->config->boards[i].name, name) == 0) {
			return true;
		}
	}
	for (size_t i = 0; i < discovery->board_count; i++) {
		if (strcmp(discovery->boards[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

static void take(struct ff_discovery *discovery, const json_t *file)
{
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(file, "boards"), i, item)
	{
		struct ff_known_board *board = &discovery->boards[discovery->board_count];
		if (discovery->board_count < FF_BOARDS_MAX && read_port(item, &board->port)) {
			copy_text(board->name, sizeof(board->name), item, "name");
			board->gone_ms = json_integer_value(json_object_get(item, "gone"));
			discovery->board_count += board->name[0] != '\0';
		}
	}
	json_array_foreach(json_object_get(file, "macs"), i, item)
	{
		struct ff_known_mac *known = &discovery->macs[discovery->mac_count];
		const char *mac = json_string_value(json_object_get(item, "mac"));
		if (discovery->mac_count < FF_DISCOVERY_MACS && mac && ff_port_id_parse_mac(mac, known->mac) &&
		    read_port(item, &known->port)) {
			known->seen_ms = json_integer_value(json_object_get(item, "seen"));
			discovery->mac_count++;
		}
	}
	json_array_foreach(json_object_get(file, "series"), i, item)
	{
		const char *name = json_string_value(item);
		if (i < FF_BOARDS_MAX && name && strlen(name) < FF_BOARD_NAME_SIZE && is_named(discovery, name)) {
			strcpy(discovery->fleet->series[i], name);
		}
	}
}

void ff_discovery_read(struct ff_discovery *discovery)
{
	json_error_t problem;
	json_t *file = json_load_file(discovery->path, JSON_REJECT_DUPLICATES, &problem);
	if (json_is_object(file)) {
		take(discovery, file);
	} else if (access(discovery->path, F_OK) == 0) {
		ff_log(discovery->log, FF_LOG_WARN, "%s is not what this server writes there, and counts for nothing",
		       discovery->path);
	}
	json_decref(file);
}

/* ---- writing ---- */

static void put_port(json_t *object, const struct ff_found_port *port)
{
	json_object_set_new(object, "vendor", json_integer(port->vendor));
	json_object_set_new(object, "product_id", json_integer(port->product_id));
	json_object_set_new(object, "interface", json_integer(port->interface));
	json_object_set_new(object, "usb", json_string(port->usb));
	json_object_set_new(object, "serial", json_string(port->serial));
	json_object_set_new(object, "product", json_string(port->product));
}

static json_t *pack_series(const struct ff_fleet *fleet)
{
	json_t *series = json_array();
	size_t count = FF_BOARDS_MAX;
	while (count > 0 && !fleet->series[count - 1][0]) {
		count--;
	}
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(series, json_string(fleet->series[i]));
	}
	return series;
}

static char *print(const struct ff_discovery *discovery)
{
	json_t *boards = json_array();
	json_t *macs = json_array();
	for (size_t i = 0; i < discovery->board_count; i++) {
		const struct ff_known_board *known = &discovery->boards[i];
		json_t *item = json_pack("{s:s, s:I}", "name", known->name, "gone", (json_int_t)known->gone_ms);
		put_port(item, &known->port);
		json_array_append_new(boards, item);
	}
	for (size_t i = 0; i < discovery->mac_count; i++) {
		const struct ff_known_mac *known = &discovery->macs[i];
		char mac[MAC_TEXT_SIZE];
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", known->mac[0], known->mac[1], known->mac[2],
			 known->mac[3], known->mac[4], known->mac[5]);
		json_t *item = json_pack("{s:s, s:I}", "mac", mac, "seen", (json_int_t)known->seen_ms);
		put_port(item, &known->port);
		json_array_append_new(macs, item);
	}
	json_t *file =
		json_pack("{s:o, s:o, s:o}", "boards", boards, "macs", macs, "series", pack_series(discovery->fleet));
	char *text = file ? json_dumps(file, JSON_INDENT(1)) : NULL;
	json_decref(file);
	return text;
}

/* Whoever reads it finds the old one or the new one. errno: 0 is success. */
static int replace(const char *path, const char *text)
{
	char *next = NULL;
	if (asprintf(&next, "%s.new", path) < 0) {
		return ENOMEM;
	}
	int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t size = strlen(text);
	bool good = fd >= 0 && write(fd, text, size) == (ssize_t)size && fsync(fd) == 0;
	int failed = good ? 0 : errno;
	if (fd >= 0) {
		close(fd);
	}
	if (good && rename(next, path) != 0) {
		failed = errno;
	}
	free(next);
	return failed;
}

void ff_discovery_write(struct ff_discovery *discovery)
{
	char reason[64];
	char *text = print(discovery);
	if (!text || (discovery->written && strcmp(text, discovery->written) == 0)) {
		free(text);
		return;
	}
	int failed = replace(discovery->path, text);
	if (failed) {
		ff_log(discovery->log, FF_LOG_WARN, "which board is which cannot be kept in %s: %s", discovery->path,
		       strerror_r(failed, reason, sizeof(reason)));
		free(text);
		return;
	}
	free(discovery->written);
	discovery->written = text;
}
