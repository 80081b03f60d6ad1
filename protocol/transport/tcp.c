// SPDX-License-Identifier: Apache-2.0
#include "tcp.h"

#include <stdlib.h>

#include "fd.h"
#include "socket.h"

#define LINGER_MS 100

struct tcp {
	struct ff_fd io;
	uint32_t baud; /* asked for at open, and taken as what the bridge runs at */
	uint32_t latency_ms;
	struct ff_address address; /* io.name points into it */
};

static enum ff_status tcp_read(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
			       struct ff_error *error)
{
	const struct tcp *tcp = self;
	return ff_fd_read(&tcp->io, bytes, capacity, got, deadline_us, error);
}

static enum ff_status tcp_write(void *self, const uint8_t *bytes, size_t size, int64_t deadline_us,
				struct ff_error *error)
{
	const struct tcp *tcp = self;
	return ff_fd_write(&tcp->io, bytes, size, deadline_us, error);
}

/* What the kernel has taken leaves by itself, and nothing tells when it has reached the board. */
static enum ff_status tcp_drain(void *self, int64_t deadline_us, struct ff_error *error)
{
	(void)self;
	(void)deadline_us;
	(void)error;
	return FF_OK;
}

static enum ff_status tcp_discard(void *self, int64_t deadline_us, struct ff_error *error)
{
	const struct tcp *tcp = self;
	return ff_fd_discard(&tcp->io, deadline_us, error);
}

static enum ff_status tcp_set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	const struct tcp *tcp = self;
	(void)deadline_us;
	if (baud == tcp->baud) {
		return FF_OK;
	}
	return ff_error_set(error, FF_ERR_UNSUPPORTED,
			    "%s is raw TCP and cannot change the baud rate; use an rfc2217:// port for that",
			    tcp->io.name);
}

static enum ff_status tcp_set_lines(void *self, const struct ff_line_step *steps, size_t count, struct ff_error *error)
{
	const struct tcp *tcp = self;
	(void)steps;
	(void)count;
	return ff_error_set(error, FF_ERR_UNSUPPORTED,
			    "%s is raw TCP and cannot reset the board; use an rfc2217:// port, or reset it by hand",
			    tcp->io.name);
}

static int tcp_poll_fd(void *self)
{
	const struct tcp *tcp = self;
	return tcp->io.fd;
}

static void tcp_close(void *self)
{
	struct tcp *tcp = self;
	ff_socket_close(tcp->io.fd, LINGER_MS + 2 * tcp->latency_ms);
	free(tcp);
}

static const struct ff_transport_ops ops = {
	.read = tcp_read,
	.write = tcp_write,
	.drain = tcp_drain,
	.discard = tcp_discard,
	.set_baud = tcp_set_baud,
	.set_lines = tcp_set_lines,
	.poll_fd = tcp_poll_fd,
	.close = tcp_close,
};

static enum ff_status tcp_write_some(void *self, const uint8_t *bytes, size_t size, size_t *done, bool *writable,
				     struct ff_error *error)
{
	const struct tcp *tcp = self;
	return ff_fd_write_some(&tcp->io, bytes, size, done, writable, error);
}

static const struct ff_transport_port_ops port_ops = { .write_some = tcp_write_some };

enum ff_status ff_tcp_open(struct ff_transport *transport, const struct ff_address *address,
			   const struct ff_transport_options *options, struct ff_error *error)
{
	struct ff_socket_result connection;
	enum ff_status status = ff_socket_connect(&connection, address, options->connect_timeout_ms, error);
	if (status != FF_OK) {
		return status;
	}
	struct tcp *tcp = calloc(1, sizeof(*tcp));
	if (!tcp) {
		ff_socket_close(connection.fd, 0);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory for %s", address->text);
	}
	tcp->address = *address;
	tcp->io = (struct ff_fd){ .fd = connection.fd, .is_socket = true, .name = tcp->address.text };
	tcp->baud = options->baud;
	tcp->latency_ms = (connection.rtt_us + 500) / 1000;
	*transport = (struct ff_transport){
		.ops = &ops,
		.self = tcp,
		.latency_ms = tcp->latency_ms,
		.fixed_baud = true,
		.port = &port_ops,
	};
	return FF_OK;
}
