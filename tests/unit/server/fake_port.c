// SPDX-License-Identifier: Apache-2.0
#include "fake_port.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"

#define PATIENCE_S 10

struct end {
	struct ff_fake_port *port;
	int near;
};

void ff_fake_port_init(struct ff_fake_port *port)
{
	*port = (struct ff_fake_port){ .far = -1 };
	pthread_mutex_init(&port->mutex, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&port->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	snprintf(port->address, sizeof(port->address), "%p", (void *)port);
}

void ff_fake_port_release(struct ff_fake_port *port)
{
	if (port->far >= 0) {
		close(port->far);
	}
	pthread_cond_destroy(&port->changed);
	pthread_mutex_destroy(&port->mutex);
}

void ff_fake_port_notify(void *context)
{
	struct ff_fake_port *port = context;
	pthread_mutex_lock(&port->mutex);
	pthread_cond_broadcast(&port->changed);
	pthread_mutex_unlock(&port->mutex);
}

static enum ff_status read_bytes(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
				 struct ff_error *error)
{
	struct end *end = self;
	struct pollfd fd = { .fd = end->near, .events = POLLIN };
	if (poll(&fd, 1, ff_deadline_poll_ms(deadline_us)) == 0) {
		return ff_error_set(error, FF_ERR_TIMEOUT, "nothing came");
	}
	ssize_t size = recv(end->near, bytes, capacity, 0);
	if (size <= 0) {
		return ff_error_set(error, FF_ERR_LOST, "the plug was pulled");
	}
	*got = (size_t)size;
	return FF_OK;
}

static enum ff_status write_bytes(void *self, const uint8_t *bytes, size_t size, int64_t deadline_us,
				  struct ff_error *error)
{
	(void)deadline_us;
	struct end *end = self;
	if (send(end->near, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) {
		return ff_error_set(error, FF_ERR_LOST, "the plug was pulled");
	}
	return FF_OK;
}

static enum ff_status succeed(void *self, int64_t deadline_us, struct ff_error *error)
{
	(void)self;
	(void)deadline_us;
	(void)error;
	return FF_OK;
}

static enum ff_status discard(void *self, int64_t deadline_us, struct ff_error *error)
{
	struct end *end = self;
	uint8_t waste[256];
	while (recv(end->near, waste, sizeof(waste), MSG_DONTWAIT) > 0) {
	}
	pthread_mutex_lock(&end->port->mutex);
	end->port->discards++;
	pthread_mutex_unlock(&end->port->mutex);
	return succeed(self, deadline_us, error);
}

static enum ff_status set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	(void)deadline_us;
	struct ff_fake_port *port = ((struct end *)self)->port;
	pthread_mutex_lock(&port->mutex);
	port->rates++;
	pthread_cond_broadcast(&port->changed);
	while (port->hold_rates) {
		pthread_cond_wait(&port->changed, &port->mutex);
	}
	bool refused = baud == port->refused_baud;
	port->baud = refused ? port->baud : baud;
	pthread_mutex_unlock(&port->mutex);
	return refused ? ff_error_set(error, FF_ERR_UNSUPPORTED, "not at that rate") : FF_OK;
}

static enum ff_status set_lines(void *self, const struct ff_line_step *steps, size_t count, struct ff_error *error)
{
	(void)steps;
	(void)count;
	(void)error;
	struct ff_fake_port *port = ((struct end *)self)->port;
	pthread_mutex_lock(&port->mutex);
	port->resets++;
	pthread_cond_broadcast(&port->changed);
	while (port->hold_resets) {
		pthread_cond_wait(&port->changed, &port->mutex);
	}
	pthread_mutex_unlock(&port->mutex);
	return FF_OK;
}

static enum ff_status read_line(void *self, struct ff_line_status *status, struct ff_error *error)
{
	(void)error;
	struct ff_fake_port *port = ((struct end *)self)->port;
	pthread_mutex_lock(&port->mutex);
	*status = port->line;
	pthread_mutex_unlock(&port->mutex);
	return FF_OK;
}

static int poll_fd(void *self)
{
	return ((struct end *)self)->near;
}

static void close_end(void *self)
{
	struct end *end = self;
	struct ff_fake_port *port = end->port;
	pthread_mutex_lock(&port->mutex);
	close(end->near);
	close(port->far);
	port->far = -1;
	port->closed++;
	pthread_cond_broadcast(&port->changed);
	pthread_mutex_unlock(&port->mutex);
	free(end);
}

static enum ff_status look_in_vain(struct ff_transport *transport, int64_t deadline_us, struct ff_error *error)
{
	(void)transport;
	poll(NULL, 0, ff_deadline_poll_ms(deadline_us));
	return ff_error_set(error, FF_ERR_LOST, "it is not there");
}

static const struct ff_transport_ops ops = {
	.read = read_bytes,
	.write = write_bytes,
	.drain = succeed,
	.discard = discard,
	.set_baud = set_baud,
	.set_lines = set_lines,
	.poll_fd = poll_fd,
	.close = close_end,
};

static const struct ff_transport_ops usb_ops = {
	.read = read_bytes,
	.write = write_bytes,
	.drain = succeed,
	.discard = discard,
	.set_baud = set_baud,
	.set_lines = set_lines,
	.poll_fd = poll_fd,
	.close = close_end,
	.reopen = look_in_vain,
};

static const struct ff_transport_port_ops port_ops = { .status = read_line };

enum ff_status ff_fake_port_open(struct ff_transport *transport, const char *address,
				 const struct ff_transport_options *options, struct ff_error *error)
{
	(void)options;
	struct ff_fake_port *port = NULL;
	int pair[2];
	assert_int_equal(sscanf(address, "%p", (void **)&port), 1);
	pthread_mutex_lock(&port->mutex);
	enum ff_status status = port->open_status;
	port->opened++;
	if (status == FF_OK) {
		struct end *end = calloc(1, sizeof(*end));
		assert_non_null(end);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		*end = (struct end){ .port = port, .near = pair[0] };
		port->far = pair[1];
		*transport = (struct ff_transport){
			.ops = port->on_usb ? &usb_ops : &ops,
			.self = end,
			.has_lines = !port->no_lines,
			.port = &port_ops,
		};
	}
	pthread_cond_broadcast(&port->changed);
	pthread_mutex_unlock(&port->mutex);
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "it does not open");
}

void ff_fake_port_set_open_status(struct ff_fake_port *port, enum ff_status status)
{
	pthread_mutex_lock(&port->mutex);
	port->open_status = status;
	pthread_mutex_unlock(&port->mutex);
}

void ff_fake_port_set_line(struct ff_fake_port *port, const struct ff_line_status *line)
{
	pthread_mutex_lock(&port->mutex);
	port->line = *line;
	pthread_mutex_unlock(&port->mutex);
}

void ff_fake_port_unplug(struct ff_fake_port *port)
{
	pthread_mutex_lock(&port->mutex);
	shutdown(port->far, SHUT_RDWR);
	pthread_mutex_unlock(&port->mutex);
}

void ff_fake_port_hold_resets(struct ff_fake_port *port, bool hold)
{
	pthread_mutex_lock(&port->mutex);
	port->hold_resets = hold;
	pthread_cond_broadcast(&port->changed);
	pthread_mutex_unlock(&port->mutex);
}

void ff_fake_port_hold_rates(struct ff_fake_port *port, bool hold)
{
	pthread_mutex_lock(&port->mutex);
	port->hold_rates = hold;
	pthread_cond_broadcast(&port->changed);
	pthread_mutex_unlock(&port->mutex);
}

void ff_fake_port_say(struct ff_fake_port *port, const char *text)
{
	pthread_mutex_lock(&port->mutex);
	assert_int_equal(send(port->far, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	pthread_mutex_unlock(&port->mutex);
}

void ff_fake_port_hear(struct ff_fake_port *port, char *text, size_t capacity)
{
	pthread_mutex_lock(&port->mutex);
	int far = port->far;
	pthread_mutex_unlock(&port->mutex);
	struct pollfd fd = { .fd = far, .events = POLLIN };
	assert_int_equal(poll(&fd, 1, PATIENCE_S * 1000), 1);
	ssize_t size = recv(far, text, capacity - 1, 0);
	assert_true(size > 0);
	text[size] = 0;
}

void ff_fake_port_wait(struct ff_fake_port *port, bool (*holds)(void *context), void *context)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_S;
	int waited = 0;
	while (!holds(context)) {
		assert_int_equal(waited, 0);
		/* The change may have come since: then the look after the next notice, or this short wait, finds it. */
		struct timespec soon;
		clock_gettime(CLOCK_MONOTONIC, &soon);
		soon.tv_nsec += 20 * 1000 * 1000;
		soon.tv_sec += soon.tv_nsec / 1000000000;
		soon.tv_nsec %= 1000000000;
		pthread_mutex_lock(&port->mutex);
		pthread_cond_timedwait(&port->changed, &port->mutex, &soon);
		pthread_mutex_unlock(&port->mutex);
		waited = soon.tv_sec > until.tv_sec ? ETIMEDOUT : 0;
	}
}

struct resets {
	struct ff_fake_port *port;
	unsigned count;
};

static bool have_begun(void *context)
{
	const struct resets *resets = context;
	pthread_mutex_lock(&resets->port->mutex);
	bool enough = resets->port->resets >= resets->count;
	pthread_mutex_unlock(&resets->port->mutex);
	return enough;
}

void ff_fake_port_wait_resets(struct ff_fake_port *port, unsigned count)
{
	ff_fake_port_wait(port, have_begun, &(struct resets){ port, count });
}
