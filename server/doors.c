// SPDX-License-Identifier: Apache-2.0
#include "doors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum ff_status open_ports(struct ff_door *door, const struct ff_config *config, const struct ff_log *log,
				 struct ff_error *error)
{
	const struct ff_config_board *board = &config->boards[door->index];
	struct ff_ports_wish wish = {
		.host = config->listen.host,
		.board = board->name,
		.key = "rfc2217",
		.index = door->index,
		.own = board->rfc2217,
		.base = config->rfc2217_base,
		.usual_base = FF_PORTS_RFC2217_BASE,
		.any = strcmp(config->listen.port, "0") == 0,
	};
	enum ff_status status = ff_ports_open(&door->rfc2217, &wish, log, error);
	if (status != FF_OK) {
		return status;
	}
	wish.key = "raw";
	wish.own = board->raw;
	wish.base = config->raw_base;
	wish.usual_base = FF_PORTS_RAW_BASE;
	return ff_ports_open(&door->raw, &wish, log, error);
}

enum ff_status ff_doors_open(struct ff_doors *doors, const struct ff_config *config, const struct ff_log *log,
			     struct ff_error *error)
{
	doors->doors = calloc(config->board_count + 1, sizeof(*doors->doors));
	if (!doors->doors) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	doors->count = config->board_count;
	for (size_t i = 0; i < doors->count; i++) {
		doors->doors[i] = (struct ff_door){ .doors = doors, .index = i, .rfc2217.fd = -1, .raw.fd = -1 };
	}
	for (size_t i = 0; i < doors->count; i++) {
		enum ff_status status = open_ports(&doors->doors[i], config, log, error);
		if (status != FF_OK) {
			return status;
		}
	}
	return ff_bridge_new(&doors->bridge, doors->count, log, error);
}

static void announce(const struct ff_door *door, const struct ff_config_board *board, const struct ff_log *log)
{
	char rfc2217[32] = "no RFC 2217 port";
	char raw[32] = "no raw TCP port";
	if (door->rfc2217.port) {
		snprintf(rfc2217, sizeof(rfc2217), "RFC 2217 on port %u", door->rfc2217.port);
	}
	if (door->raw.port) {
		snprintf(raw, sizeof(raw), "raw TCP on port %u", door->raw.port);
	}
	ff_log(log, FF_LOG_INFO, "%s: %s, %s", board->name, rfc2217, raw);
}

enum ff_status ff_doors_start(struct ff_doors *doors, const struct ff_config *config, struct ff_worker *const *workers,
			      const struct ff_log *log, struct ff_error *error)
{
	struct ff_bridge_board *boards = calloc(doors->count + 1, sizeof(*boards));
	if (!boards) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	for (size_t i = 0; i < doors->count; i++) {
		boards[i] = (struct ff_bridge_board){
			.worker = workers[i],
			.rfc2217_fd = doors->doors[i].rfc2217.fd,
			.raw_fd = doors->doors[i].raw.fd,
			.passthrough = config->boards[i].passthrough,
		};
	}
	doors->workers = workers;
	enum ff_status status = ff_bridge_start(doors->bridge, boards, error);
	free(boards);
	for (size_t i = 0; i < doors->count && status == FF_OK; i++) {
		doors->doors[i].rfc2217.fd = doors->doors[i].raw.fd = -1; /* the bridge's now */
		announce(&doors->doors[i], &config->boards[i], log);
	}
	return status;
}

void ff_doors_notify(void *context)
{
	const struct ff_door *door = context;
	const struct ff_doors *doors = door->doors;
	doors->notify(doors->notify_context);
	ff_bridge_kick(doors->bridge, door->index);
}

static size_t board_of(const struct ff_doors *doors, const struct ff_worker *worker)
{
	size_t board = 0;
	while (doors->workers[board] != worker) {
		board++;
	}
	return board;
}

void ff_doors_welcome(void *context, struct ff_worker *worker, struct ff_guest *guest)
{
	const struct ff_doors *doors = context;
	ff_bridge_welcome(doors->bridge, board_of(doors, worker), guest);
}

bool ff_doors_has_tunnel(void *context, struct ff_worker *worker, const char *name)
{
	const struct ff_doors *doors = context;
	return ff_bridge_has_tunnel(doors->bridge, board_of(doors, worker), name);
}

bool ff_doors_are_stuck(void *context, int64_t patience_us)
{
	const struct ff_doors *doors = context;
	return ff_bridge_is_stuck(doors->bridge, patience_us);
}

void ff_doors_stop(struct ff_doors *doors)
{
	if (doors->bridge) {
		ff_bridge_stop(doors->bridge);
	}
}

void ff_doors_close(struct ff_doors *doors)
{
	for (size_t i = 0; i < doors->count; i++) {
		const int fds[] = { doors->doors[i].rfc2217.fd, doors->doors[i].raw.fd };
		for (int k = 0; k < 2; k++) {
			if (fds[k] >= 0) {
				close(fds[k]);
			}
		}
	}
	ff_bridge_free(doors->bridge);
	free(doors->doors);
	*doors = (struct ff_doors){ .bridge = NULL };
}
