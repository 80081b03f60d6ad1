// SPDX-License-Identifier: Apache-2.0
/* A board at a port, without a server. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <farflash/transport.h>

#include "clock.h"
#include "direct.h"
#include "monitor_feed.h"

#define CONSOLE_BAUD 115200
#define WRITE_MS 1000
#define WRITE_MAX 256
#define AGAIN_MS 1000 /* for a network port that was lost: keys wait so long */
#define LOOK_MS 20
#define BREAK_MS 250
#define PIECES 16 /* a board may print faster than we read */

struct port {
	struct ff_feed feed;
	struct ff_transport transport;
	struct ff_error lost; /* what a write or an order came to */
	bool was_open;
	bool stuck; /* it was said that the board takes nothing */
};

static void tell(struct port *port, const char *text)
{
	port->feed.events.told(port->feed.events.context, text);
}

static enum ff_status open_again(struct port *port, const struct ff_transport_options *options, struct ff_error *error)
{
	if (port->transport.ops != NULL && port->transport.ops->reopen != NULL) {
		return port->transport.ops->reopen(&port->transport, ff_deadline_ms(LOOK_MS), error);
	}
	ff_transport_close(&port->transport);
	return ff_transport_open(&port->transport, port->feed.run->options->port, options, error);
}

static enum ff_feed_state open_port(struct ff_feed *feed, struct ff_failure *failure)
{
	struct port *port = (struct port *)feed;
	const struct ff_options *options = feed->run->options;
	const struct ff_transport_options transport_options = { .baud = options->baud_given && options->baud > 0
										? options->baud
										: CONSOLE_BAUD,
								.connect_timeout_ms = port->was_open ? AGAIN_MS : 0,
								.log = feed->run->log };
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status;

	status = port->was_open ? open_again(port, &transport_options, &error)
				: ff_transport_open(&port->transport, options->port, &transport_options, &error);
	if (status == FF_OK) {
		if (port->was_open) {
			tell(port, "the port is back");
		}
		port->was_open = true;
		ff_error_clear(&port->lost);
		feed->events.opened(feed->events.context);
		return FF_FEED_UP;
	}
	ff_failure_set_error(failure, options->port, &error);
	return port->was_open ? FF_FEED_LOST : FF_FEED_FAILED;
}

static bool begin_port(struct ff_feed *feed, struct ff_failure *failure)
{
	struct port *port = (struct port *)feed;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_direct_reset_lines(feed->run, &port->transport, &error);

	if (status == FF_ERR_LOST) { /* a board that is on USB itself: turn finds that out, too */
		port->lost = error;
		status = FF_OK;
	}
	return status == FF_OK || ff_failure_set_error(failure, feed->run->options->port, &error);
}

static enum ff_feed_state turn_port(struct ff_feed *feed, struct ff_failure *failure)
{
	struct port *port = (struct port *)feed;
	struct ff_transport *transport = &port->transport;
	struct ff_error error = port->lost;
	enum ff_status status = error.status;

	for (unsigned pieces = 0; pieces < PIECES && status == FF_OK; pieces++) {
		uint8_t bytes[4096];
		size_t got = 0;

		ff_error_clear(&error);
		status = transport->ops->read(transport->self, bytes, sizeof(bytes), &got, 0, &error);
		if (status == FF_OK) {
			feed->events.output(feed->events.context, bytes, got);
		}
	}
	if (status == FF_OK || status == FF_ERR_TIMEOUT) {
		return FF_FEED_UP;
	}
	ff_failure_set_error(failure, feed->run->options->port, &error);
	return status == FF_ERR_LOST ? FF_FEED_LOST : FF_FEED_FAILED;
}

/* Notes what an order came to; a port that is gone shows in the next turn. */
static bool note(struct port *port, const char *what, enum ff_status status, const struct ff_error *error)
{
	char text[FF_ERROR_TEXT_SIZE + 64];

	if (status == FF_ERR_LOST) {
		port->lost = *error;
	} else if (status == FF_ERR_UNSUPPORTED) {
		tell(port, error->text); /* it says what cannot be done */
	} else if (status != FF_OK) {
		snprintf(text, sizeof(text), "%s: %s", what, error->text);
		tell(port, text);
	}
	return status == FF_OK;
}

static size_t write_port(struct ff_feed *feed, const uint8_t *bytes, size_t size)
{
	struct port *port = (struct port *)feed;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status;

	size = size < WRITE_MAX ? size : WRITE_MAX;
	status = port->transport.ops->write(port->transport.self, bytes, size, ff_deadline_ms(WRITE_MS), &error);
	if (status != FF_ERR_TIMEOUT || !port->stuck) {
		(void)!note(port, "what was typed did not get through", status, &error);
	}
	port->stuck = status == FF_ERR_TIMEOUT;
	return size;
}

static void reset_port(struct ff_feed *feed)
{
	struct port *port = (struct port *)feed;
	struct ff_error error = FF_ERROR_NONE;

	if (note(port, "the board could not be reset", ff_direct_reset_lines(feed->run, &port->transport, &error),
		 &error)) {
		tell(port, "the board was reset");
	}
}

static void break_port(struct ff_feed *feed)
{
	struct port *port = (struct port *)feed;
	struct ff_transport *transport = &port->transport;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status;

	if (transport->port == NULL || transport->port->set_break == NULL) {
		tell(port, "this port cannot send a break");
		return;
	}
	status = transport->ops->drain(transport->self, ff_deadline_ms(WRITE_MS), &error);
	if (status == FF_OK) {
		status = transport->port->set_break(transport->self, true, ff_deadline_ms(WRITE_MS), &error);
	}
	if (status == FF_OK) {
		ff_sleep_ms(BREAK_MS);
		status = transport->port->set_break(transport->self, false, ff_deadline_ms(WRITE_MS), &error);
	}
	(void)!note(port, "no break was sent", status, &error);
}

static int fd_port(struct ff_feed *feed, short *events)
{
	struct port *port = (struct port *)feed;

	*events = POLLIN;
	return port->transport.ops->poll_fd(port->transport.self);
}

static void close_port(struct ff_feed *feed)
{
	struct port *port = (struct port *)feed;

	ff_transport_close(&port->transport);
	free(port);
}

static const struct ff_feed_ops port_ops = { .open = open_port,
					     .begin = begin_port,
					     .turn = turn_port,
					     .write = write_port,
					     .reset = reset_port,
					     .send_break = break_port,
					     .fd = fd_port,
					     .close = close_port };

struct ff_feed *ff_feed_port(struct ff_run *run, const struct ff_feed_events *events)
{
	struct port *port = calloc(1, sizeof(*port));

	if (port == NULL) {
		ff_failure_set(&run->failure, "no-memory", "out of memory");
		return NULL;
	}
	ff_error_clear(&port->lost);
	port->feed = (struct ff_feed){ .ops = &port_ops, .run = run, .board = run->options->port, .events = *events };
	return &port->feed;
}
