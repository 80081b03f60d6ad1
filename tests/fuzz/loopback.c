// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fcntl.h>

#include "loopback.h"

#define PATIENCE_MS 20000

/* ---- the plug: a pipe ---- */

struct plug {
	int out; /* what is written comes back here */
	int in;
};

static enum ff_status plug_read(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
				struct ff_error *error)
{
	const struct plug *plug = self;
	(void)deadline_us;
	(void)error;
	ssize_t size = read(plug->out, bytes, capacity);
	CHECK(size > 0 || errno == EAGAIN);
	*got = size > 0 ? (size_t)size : 0;
	return size > 0 ? FF_OK : FF_ERR_TIMEOUT;
}

static enum ff_status plug_write_some(void *self, const uint8_t *bytes, size_t size, size_t *done, bool *writable,
				      struct ff_error *error)
{
	const struct plug *plug = self;
	(void)error;
	ssize_t sent = size > 0 ? write(plug->in, bytes, size) : 0;
	*done = sent > 0 ? (size_t)sent : 0;
	*writable = *done < size;
	return FF_OK;
}

static enum ff_status plug_write(void *self, const uint8_t *bytes, size_t size, int64_t deadline_us,
				 struct ff_error *error)
{
	(void)self;
	(void)bytes;
	(void)size;
	(void)deadline_us;
	return ff_error_set(error, FF_ERR_UNSUPPORTED, "not used");
}

static enum ff_status plug_wait(void *self, int64_t deadline_us, struct ff_error *error)
{
	(void)self;
	(void)deadline_us;
	(void)error;
	return FF_OK;
}

static enum ff_status plug_set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	(void)self;
	(void)deadline_us;
	CHECK(baud >= 50 && baud <= 4000000);
	return baud % 7 == 0 ? ff_error_set(error, FF_ERR_UNSUPPORTED, "cannot") : FF_OK;
}

static enum ff_status plug_set_lines(void *self, const struct ff_line_step *steps, size_t count, struct ff_error *error)
{
	(void)self;
	(void)error;
	CHECK(steps && count > 0 && count <= 32);
	return FF_OK;
}

static enum ff_status plug_set_format(void *self, const struct ff_line_format *format, int64_t deadline_us,
				      struct ff_error *error)
{
	(void)self;
	(void)deadline_us;
	CHECK(format->data_bits >= 5 && format->data_bits <= 8 && format->parity <= FF_PARITY_SPACE &&
	      format->stop_bits <= FF_STOP_BITS_1_5 && format->flow <= FF_FLOW_HARDWARE);
	return format->data_bits == 5 ? ff_error_set(error, FF_ERR_UNSUPPORTED, "cannot") : FF_OK;
}

static enum ff_status plug_set_break(void *self, bool on, struct ff_error *error)
{
	(void)self;
	(void)on;
	(void)error;
	return FF_OK;
}

static enum ff_status plug_break(void *self, bool on, int64_t deadline_us, struct ff_error *error)
{
	(void)deadline_us;
	return plug_set_break(self, on, error);
}

static enum ff_status plug_discard_output(void *self, struct ff_error *error)
{
	(void)self;
	(void)error;
	return FF_OK;
}

static enum ff_status plug_status(void *self, struct ff_line_status *status, struct ff_error *error)
{
	(void)self;
	(void)error;
	*status = (struct ff_line_status){ .modem = FF_MODEM_CTS };
	return FF_OK;
}

static int plug_poll_fd(void *self)
{
	const struct plug *plug = self;
	return plug->out;
}

static void plug_close(void *self)
{
	(void)self;
}

static enum ff_status plug_open(struct ff_transport *transport, const char *address,
				const struct ff_transport_options *options, struct ff_error *error)
{
	static struct plug plug;
	static const struct ff_transport_ops ops = {
		.read = plug_read,
		.write = plug_write,
		.drain = plug_wait,
		.discard = plug_wait,
		.set_baud = plug_set_baud,
		.set_lines = plug_set_lines,
		.poll_fd = plug_poll_fd,
		.close = plug_close,
	};
	static const struct ff_transport_port_ops port_ops = {
		.write_some = plug_write_some,
		.discard_output = plug_discard_output,
		.set_format = plug_set_format,
		.set_break = plug_break,
		.status = plug_status,
	};
	int ends[2];
	(void)address;
	(void)options;
	(void)error;
	CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	plug = (struct plug){ ends[0], ends[1] };
	*transport = (struct ff_transport){ .ops = &ops, .self = &plug, .has_lines = true, .port = &port_ops };
	return FF_OK;
}

/* ---- the server ---- */

static struct ff_worker *worker;
static struct ff_bridge *bridge;
static struct sockaddr_un rfc2217_port;
static struct sockaddr_un raw_port;

static void notify(void *context)
{
	(void)context;
	ff_bridge_kick(bridge, 0);
}

/* A listening socket with a name of the kernel's choice: TCP would run out of ports. */
static int listen_anywhere(struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(sa_family_t);
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)address, size) == 0 && listen(fd, 16) == 0);
	size = sizeof(*address);
	CHECK(getsockname(fd, (struct sockaddr *)address, &size) == 0);
	return fd;
}

struct ff_bridge *loopback_start(void)
{
	static const struct ff_worker_options options = {
		.name = "lab1", .address = "socket://127.0.0.1:1", .notify = notify, .open = plug_open
	};
	struct ff_error error = FF_ERROR_NONE;
	if (bridge) {
		return bridge;
	}
	CHECK(ff_bridge_new(&bridge, NULL, &error) == FF_OK);
	CHECK(ff_worker_new(&worker, &options, &error) == FF_OK);
	struct ff_bridge_board board = { .worker = worker };
	board.rfc2217_fd = listen_anywhere(&rfc2217_port);
	board.raw_fd = listen_anywhere(&raw_port);
	CHECK(ff_bridge_add(bridge, 0, &board, &error) == FF_OK);
	CHECK(ff_bridge_start(bridge, &error) == FF_OK);
	return bridge;
}

/* ---- clients ---- */

int loopback_dial(bool raw)
{
	const struct sockaddr_un *port = raw ? &raw_port : &rfc2217_port;
	socklen_t size =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 6); /* an autobound name has 5 hex digits */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0 && connect(fd, (const struct sockaddr *)port, size) == 0);
	CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	return fd;
}

bool loopback_hear(int fd, bool send_too, size_t *heard)
{
	char bytes[4096];
	struct pollfd item = { .fd = fd, .events = (short)(POLLIN | (send_too ? POLLOUT : 0)) };
	int ready = poll(&item, 1, PATIENCE_MS);
	if (ready < 0 && errno == EINTR) { /* libFuzzer's alarm */
		return true;
	}
	CHECK(ready == 1);
	if (!(item.revents & ~POLLOUT)) {
		return true;
	}
	ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
	*heard += got > 0 ? (size_t)got : 0;
	return got > 0 || (got < 0 && errno == EAGAIN);
}

bool loopback_send(int fd, const uint8_t *bytes, size_t size, size_t piece, bool reads, size_t *heard)
{
	for (size_t at = 0; at < size;) {
		size_t part = size - at < piece ? size - at : piece;
		ssize_t sent = send(fd, bytes + at, part, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN) {
			return false;
		}
		at += sent > 0 ? (size_t)sent : 0;
		if ((reads || sent < 0) && !loopback_hear(fd, true, heard)) {
			return false;
		}
	}
	return true;
}

static bool is_free(void)
{
	struct ff_board_view view;
	ff_worker_view(worker, &view);
	return view.holder.kind == FF_HOLDER_NONE;
}

void loopback_probe(void)
{
	static const uint8_t text[] = "still alive";
	size_t heard = 0;
	while (!is_free()) {
		usleep(50);
	}
	int fd = loopback_dial(true);
	CHECK(loopback_send(fd, text, sizeof(text), sizeof(text), false, &heard));
	while (heard < sizeof(text)) {
		CHECK(loopback_hear(fd, false, &heard));
	}
	close(fd);
	while (!is_free()) {
		usleep(50);
	}
}
