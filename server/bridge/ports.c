// SPDX-License-Identifier: Apache-2.0
#include "ports.h"

#include <stdio.h>
#include <string.h>

#include "listen.h"

#define HIGHEST_PORT 65535
#define SEARCH 1000 /* ports that are tried in place of the usual one: as many as lie between the two kinds */

static enum ff_status open_one(struct ff_ports_result *result, const struct ff_ports_wish *wish, int port,
			       const char *option, struct ff_error *error)
{
	struct ff_listen_address address = { .host = "" };
	struct ff_listener listener;
	snprintf(address.host, sizeof(address.host), "%s", wish->host);
	snprintf(address.port, sizeof(address.port), "%d", port);
	enum ff_status status = ff_listen_open(&listener, &address, option, error);
	if (status == FF_OK) {
		*result = (struct ff_ports_result){ .fd = listener.fd, .port = listener.port };
	}
	return status;
}

static enum ff_status open_usual(struct ff_ports_result *result, const struct ff_ports_wish *wish,
				 const struct ff_log *log, struct ff_error *error)
{
	int usual = wish->usual_base + (int)wish->index;
	enum ff_status status = FF_ERR_BUSY;
	for (int port = usual; port < usual + SEARCH && status == FF_ERR_BUSY; port++) {
		ff_error_clear(error);
		status = open_one(result, wish, port, wish->key, error);
		if (status == FF_OK && port != usual) {
			ff_log(log, FF_LOG_WARN,
			       "%s: port %d is in use, so its %s port is %d this time; %s=PORT after the board's address "
			       "makes it the same every time",
			       wish->board, usual, wish->key, port, wish->key);
		}
	}
	return status;
}

enum ff_status ff_ports_open(struct ff_ports_result *result, const struct ff_ports_wish *wish, const struct ff_log *log,
			     struct ff_error *error)
{
	char option[128];
	if (wish->own == 0 || (wish->own == FF_PORTS_DEFAULT && wish->base == 0)) {
		*result = (struct ff_ports_result){ .fd = -1 };
		return FF_OK;
	}
	if (wish->own > 0) {
		snprintf(option, sizeof(option), "%s=PORT of board %s", wish->key, wish->board);
		return open_one(result, wish, wish->own, option, error);
	}
	if (wish->base > 0) {
		int port = wish->base + (int)wish->index;
		if (port > HIGHEST_PORT) {
			return ff_error_set(error, FF_ERR_ARGUMENT,
					    "board %s would have port %d, which does not exist: choose a lower --%s",
					    wish->board, port, wish->key);
		}
		snprintf(option, sizeof(option), "--%s, or %s=PORT of board %s", wish->key, wish->key, wish->board);
		return open_one(result, wish, port, option, error);
	}
	if (wish->any) {
		return open_one(result, wish, 0, wish->key, error);
	}
	return open_usual(result, wish, log, error);
}
