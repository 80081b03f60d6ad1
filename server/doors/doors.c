// SPDX-License-Identifier: Apache-2.0
#include "doors.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool wants_tokens(void *keyring)
{
	return ff_keyring_is_in_force(keyring);
}

enum ff_status ff_doors_init(struct ff_doors *doors, struct ff_keyring *keyring, const struct ff_log *log,
			     struct ff_error *error)
{
	doors->log = log;
	doors->keyring = keyring;
	for (size_t i = 0; i < FF_BRIDGE_MAX_BOARDS; i++) {
		doors->doors[i] = (struct ff_door){ .doors = doors, .place = i, .rfc2217.fd = -1, .raw.fd = -1 };
	}
	enum ff_status status = ff_bridge_new(&doors->bridge, log, error);
	if (status == FF_OK) {
		ff_bridge_guard(doors->bridge, wants_tokens, keyring);
	}
	return status;
}

/* TCP ports carry no tokens: beyond loopback they are open where tokens are in force only if somebody has named them. */
static int default_base(const struct ff_doors *doors, int base)
{
	bool closed = !doors->loopback && ff_keyring_is_in_force(doors->keyring);
	return base == FF_PORTS_DEFAULT && closed ? 0 : base;
}

static enum ff_status open_ports(struct ff_door *door, const struct ff_config *config,
				 const struct ff_config_board *board, size_t index, struct ff_error *error)
{
	struct ff_ports_wish wish = {
		.host = config->listen.host,
		.board = board->name,
		.key = "rfc2217",
		.index = index,
		.own = board->rfc2217,
		.base = default_base(door->doors, config->rfc2217_base),
		.usual_base = FF_PORTS_RFC2217_BASE,
		.any = strcmp(config->listen.port, "0") == 0,
	};
	enum ff_status status = ff_ports_open(&door->rfc2217, &wish, door->doors->log, error);
	if (status != FF_OK) {
		return status;
	}
	wish.key = "raw";
	wish.own = board->raw;
	wish.base = default_base(door->doors, config->raw_base);
	wish.usual_base = FF_PORTS_RAW_BASE;
	return ff_ports_open(&door->raw, &wish, door->doors->log, error);
}

static void close_ports(struct ff_door *door)
{
	struct ff_ports_result *const ports[] = { &door->rfc2217, &door->raw };
	for (int i = 0; i < 2; i++) {
		if (ports[i]->fd >= 0) {
			close(ports[i]->fd);
		}
		*ports[i] = (struct ff_ports_result){ .fd = -1 };
	}
}

enum ff_status ff_doors_open(struct ff_doors *doors, const struct ff_config *config,
			     const struct ff_config_board *board, size_t index, struct ff_door **result,
			     struct ff_error *error)
{
	struct ff_door *door = doors->doors;
	while (door < doors->doors + FF_BRIDGE_MAX_BOARDS && door->taken) {
		door++;
	}
	if (door == doors->doors + FF_BRIDGE_MAX_BOARDS) {
		return ff_error_set(error, FF_ERR_BUSY, "there are %d boards already", FF_BRIDGE_MAX_BOARDS);
	}
	enum ff_status status = open_ports(door, config, board, index, error);
	if (status != FF_OK) {
		close_ports(door);
		return status;
	}
	door->taken = true;
	*result = door;
	return FF_OK;
}

static void announce(const struct ff_door *door, const struct ff_worker *worker)
{
	char rfc2217[32] = "no RFC 2217 port";
	char raw[32] = "no raw TCP port";
	if (door->rfc2217.port) {
		snprintf(rfc2217, sizeof(rfc2217), "RFC 2217 on port %u", door->rfc2217.port);
	}
	if (door->raw.port) {
		snprintf(raw, sizeof(raw), "raw TCP on port %u", door->raw.port);
	}
	ff_log(ff_worker_log(worker), FF_LOG_INFO, "%s, %s", rfc2217, raw);
}

enum ff_status ff_doors_admit(struct ff_door *door, struct ff_worker *worker, bool passthrough, struct ff_error *error)
{
	const struct ff_bridge_board board = {
		.worker = worker,
		.rfc2217_fd = door->rfc2217.fd,
		.raw_fd = door->raw.fd,
		.passthrough = passthrough,
	};
	enum ff_status status = ff_bridge_add(door->doors->bridge, door->place, &board, error);
	if (status == FF_OK) {
		door->rfc2217.fd = door->raw.fd = -1; /* the bridge's now */
		announce(door, worker);
	}
	return status;
}

void ff_doors_set_passthrough(struct ff_door *door, bool passthrough)
{
	ff_bridge_set_passthrough(door->doors->bridge, door->place, passthrough);
}

void ff_doors_shut(struct ff_door *door, const char *why)
{
	if (door) {
		ff_bridge_remove(door->doors->bridge, door->place, why);
		close_ports(door);
		door->taken = false;
	}
}

enum ff_status ff_doors_start(struct ff_doors *doors, struct ff_error *error)
{
	return ff_bridge_start(doors->bridge, error);
}

void ff_doors_notify(void *context)
{
	const struct ff_door *door = context;
	const struct ff_doors *doors = door->doors;
	doors->notify(doors->notify_context);
	ff_bridge_kick(doors->bridge, door->place);
}

void ff_doors_welcome(void *context, struct ff_worker *worker, struct ff_guest *guest)
{
	const struct ff_doors *doors = context;
	ff_bridge_welcome(doors->bridge, ff_worker_number(worker), guest);
}

bool ff_doors_has_tunnel(void *context, struct ff_worker *worker, const char *name)
{
	const struct ff_doors *doors = context;
	return ff_bridge_has_tunnel(doors->bridge, ff_worker_number(worker), name);
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
	if (doors->bridge) {
		for (size_t i = 0; i < FF_BRIDGE_MAX_BOARDS; i++) {
			close_ports(&doors->doors[i]);
		}
		ff_bridge_free(doors->bridge);
		doors->bridge = NULL;
	}
}
