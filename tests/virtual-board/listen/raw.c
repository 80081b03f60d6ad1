// SPDX-License-Identifier: Apache-2.0
/* Raw TCP: the bytes of the line and nothing else. No rate, no control lines. */
#include <stdlib.h>

#include "port.h"
#include "tcp.h"

#define READ_SIZE 16384

struct raw {
	struct ff_tcp tcp;
	const struct ff_port_events *events;
};

static size_t poll_fds(void *self, struct pollfd *fds)
{
	struct raw *raw = self;
	ff_tcp_poll_fds(&raw->tcp, fds, raw->events->room(raw->events->context) > 0, false);
	return FF_TCP_FDS;
}

static void service(void *self, const struct pollfd *fds, size_t count)
{
	struct raw *raw = self;
	(void)count;
	if (ff_tcp_accept(&raw->tcp, fds)) {
		return; /* fds[1] was about the client before */
	}
	if (fds[1].revents & POLLOUT) {
		raw->tcp.blocked = false;
	}
	if (fds[1].revents & ~POLLOUT) {
		uint8_t bytes[READ_SIZE];
		size_t room = raw->events->room(raw->events->context);
		size_t got = ff_tcp_read(&raw->tcp, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
		if (got > 0) {
			raw->events->bytes(raw->events->context, bytes, got);
		}
	}
}

static size_t write_bytes(void *self, const uint8_t *bytes, size_t size)
{
	struct raw *raw = self;
	return raw->tcp.client < 0 ? size : ff_tcp_write(&raw->tcp, bytes, size);
}

static bool writable(void *self)
{
	const struct raw *raw = self;
	return !raw->tcp.blocked;
}

static void vanish(void *self)
{
	struct raw *raw = self;
	ff_tcp_close(&raw->tcp);
}

static void detach(void *self)
{
	struct raw *raw = self;
	ff_tcp_drop(&raw->tcp);
}

static enum ff_status come_back(void *self, struct ff_error *error)
{
	struct raw *raw = self;
	return ff_tcp_reopen(&raw->tcp, error);
}

static void close_port(void *self)
{
	struct raw *raw = self;
	ff_tcp_close(&raw->tcp);
	free(raw);
}

static const struct ff_port_ops ops = {
	.poll_fds = poll_fds,
	.service = service,
	.write = write_bytes,
	.writable = writable,
	.vanish = vanish,
	.detach = detach,
	.come_back = come_back,
	.close = close_port,
};

enum ff_status ff_port_raw_open(struct ff_port *port, const char *where, const struct ff_port_events *events,
				struct ff_error *error)
{
	struct raw *raw = calloc(1, sizeof(*raw));
	if (!raw) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "Out of memory");
	}
	raw->events = events;
	enum ff_status status = ff_tcp_open(&raw->tcp, where, error);
	if (status != FF_OK) {
		free(raw);
		return status;
	}
	*port = (struct ff_port){ .ops = &ops, .self = raw };
	ff_tcp_address(&raw->tcp, "socket", port->address, sizeof(port->address));
	return FF_OK;
}
