// SPDX-License-Identifier: Apache-2.0
#include "connect_local.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <farflash/transport.h>

#include "clock.h"
#include "connect_carrier.h"
#include "connect_pty.h"
#include "tunnel.h"

#define IN_SIZE 16384
/* A raw peer that sends no more may still read what comes of it for so long. */
#define HALF_CLOSED_US 2000000
#define PTY_LOOK_US 100000 /* how often a terminal's settings are looked at */
#define FINISH_US 5000000  /* for what is left, once the local end is gone */
#define PTY_AGAIN_MS 2000  /* until a terminal that is still open is served again */

struct ff_connect_local {
	struct ff_connect *connect;
	enum ff_connect_kind kind;
	int fd;
	char name[80];
	char signature[FF_ACCESS_SIGNATURE_MAX + 1];
	pthread_t thread;
	atomic_bool over;
	struct ff_carrier *carrier;
	struct ff_connect_pty_line line; /* of a terminal, as the server was told */
	bool gone;                       /* the local end is no more */
	bool deaf;                       /* it takes no more */
	bool closing;                    /* it sends no more */
	int64_t deadline_us;             /* the end, once it is gone or closing */
	size_t in_at;
	size_t in_end;
	uint8_t in[IN_SIZE];
	struct ff_tunnel tunnel;
};

/* ---- what is shared ---- */

bool ff_connect_init(struct ff_connect *connect, const struct ff_api *api, const char *board)
{
	*connect = (struct ff_connect){ .api = api, .board = board };
	connect->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	connect->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&connect->stopping, false);
	pthread_mutex_init(&connect->mutex, NULL);
	return connect->wake_fd >= 0 && connect->stop_fd >= 0;
}

void ff_connect_release(struct ff_connect *connect)
{
	if (connect->wake_fd >= 0) {
		close(connect->wake_fd);
	}
	if (connect->stop_fd >= 0) {
		close(connect->stop_fd);
	}
	pthread_mutex_destroy(&connect->mutex);
}

void ff_connect_tell(struct ff_connect *connect, const char *format, ...)
{
	va_list arguments;
	char text[512];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (char *p = text; *p != '\0'; p++) { /* it may come from the server */
		*p = (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p;
	}
	pthread_mutex_lock(&connect->mutex);
	fprintf(stderr, "%s: %s\n", connect->board, text);
	pthread_mutex_unlock(&connect->mutex);
}

/* ---- the local end ---- */

static bool wants_input(const struct ff_connect_local *local)
{
	return !local->gone && !local->closing && local->in_at == local->in_end;
}

static size_t out_pending(const struct ff_connect_local *local)
{
	return local->tunnel.out_end - local->tunnel.out_at;
}

static void lose(struct ff_connect_local *local)
{
	if (local->gone) {
		return;
	}
	local->gone = true;
	local->deadline_us = ff_now_us() + FINISH_US;
	if (local->kind == FF_CONNECT_PTY) {
		ff_connect_pty_forget_unread(local->fd);
	}
}

/* Tells the server what a program has set on the terminal, before the bytes that it meant this for. */
static bool follow_line(struct ff_connect_local *local)
{
	struct ff_connect_pty_line *told = &local->line;
	struct ff_connect_pty_line now;

	if (local->kind != FF_CONNECT_PTY || !ff_connect_pty_line(local->fd, &now)) {
		return true;
	}
	if (now.baud != told->baud && now.baud != 0) {
		if (!ff_tunnel_set(&local->tunnel, FF_COMPORT_SET_BAUDRATE, now.baud)) {
			return false;
		}
		told->baud = now.baud;
	}
	if (now.data_bits != told->data_bits) {
		if (!ff_tunnel_set(&local->tunnel, FF_COMPORT_SET_DATASIZE, now.data_bits)) {
			return false;
		}
		told->data_bits = now.data_bits;
	}
	if (now.parity != told->parity) {
		if (!ff_tunnel_set(&local->tunnel, FF_COMPORT_SET_PARITY, now.parity)) {
			return false;
		}
		told->parity = now.parity;
	}
	if (now.stop_bits != told->stop_bits) {
		if (!ff_tunnel_set(&local->tunnel, FF_COMPORT_SET_STOPSIZE, now.stop_bits)) {
			return false;
		}
		told->stop_bits = now.stop_bits;
	}
	return true;
}

static void read_local(struct ff_connect_local *local)
{
	ssize_t got;

	if (!wants_input(local)) {
		return;
	}
	got = read(local->fd, local->in, sizeof(local->in));
	if (got > 0) {
		local->in_at = 0;
		local->in_end = (size_t)got;
	} else if (got == 0 && local->kind == FF_CONNECT_RAW) {
		local->closing = true;
		local->deadline_us = ff_now_us() + HALF_CLOSED_US;
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		lose(local);
	}
}

/* True: something moved. */
static bool take_local(struct ff_connect_local *local)
{
	size_t taken;

	if (!follow_line(local)) {
		return false;
	}
	taken = ff_tunnel_take(&local->tunnel, local->in + local->in_at, local->in_end - local->in_at);
	local->in_at += taken;
	return taken > 0;
}

/* True: something moved. */
static bool write_local(struct ff_connect_local *local)
{
	struct ff_tunnel *tunnel = &local->tunnel;
	bool moved = false;

	while (out_pending(local) > 0) {
		const uint8_t *bytes = tunnel->out + tunnel->out_at;
		ssize_t sent;

		if (local->gone || local->deaf) { /* nobody wants it any more */
			ff_tunnel_sent(tunnel, out_pending(local));
			return true;
		}
		sent = local->kind == FF_CONNECT_PTY ? write(local->fd, bytes, out_pending(local))
						     : send(local->fd, bytes, out_pending(local), MSG_NOSIGNAL);
		if (sent < 0) {
			if (errno != EAGAIN && errno != EINTR) {
				local->deaf = true; /* what it has sent before still counts */
			}
			break;
		}
		ff_tunnel_sent(tunnel, (size_t)sent);
		moved = true;
	}
	return moved;
}

/* ---- the whole ---- */

/* The server shall have everything that came from here, whatever the local end does then. */
static void finish(struct ff_connect_local *local)
{
	bool closed = local->gone || (local->closing && ff_now_us() >= local->deadline_us);

	if (closed && local->in_at == local->in_end) {
		lose(local);
		ff_carrier_finish(local->carrier);
	}
}

/* Moves what there is. True: something moved, and more may lie behind it which no descriptor tells of. */
static bool move(struct ff_connect_local *local, enum ff_carrier_state *state)
{
	size_t room;
	bool moved;

	read_local(local);
	moved = take_local(local);
	finish(local);
	room = ff_pipe_room(&local->tunnel.pipe);
	*state = ff_carrier_turn(local->carrier);
	moved |= ff_pipe_room(&local->tunnel.pipe) > room; /* for what the local end has sent */
	moved |= ff_tunnel_move(&local->tunnel);
	moved |= write_local(local);
	return moved;
}

static void wait_for_more(struct ff_connect_local *local)
{
	short wanted = 0;
	int carrier_fd = ff_carrier_fd(local->carrier, &wanted);
	int64_t due_us = ff_carrier_deadline(local->carrier);
	short events = (short)((wants_input(local) ? POLLIN : 0) | (out_pending(local) > 0 ? POLLOUT : 0));
	/* A terminal that nobody has open says so all the time, even to who cannot read on. */
	bool watched = !local->gone && (events != 0 || (local->kind != FF_CONNECT_PTY && !local->deaf));
	struct pollfd fds[] = { { .fd = watched ? local->fd : -1, .events = events },
				{ .fd = carrier_fd, .events = wanted },
				{ .fd = local->connect->stop_fd, .events = POLLIN } };

	if (local->gone || local->closing) {
		due_us = due_us < local->deadline_us ? due_us : local->deadline_us;
	}
	if (local->kind == FF_CONNECT_PTY && due_us > ff_now_us() + PTY_LOOK_US) {
		due_us = ff_now_us() + PTY_LOOK_US;
	}
	(void)!poll(fds, 3, ff_deadline_poll_ms(due_us));
	local->deaf |= (fds[0].revents & (POLLERR | POLLNVAL)) != 0;
}

static bool is_done(const struct ff_connect_local *local)
{
	return atomic_load(&local->connect->stopping) || (local->gone && ff_now_us() >= local->deadline_us);
}

static void report(struct ff_connect_local *local)
{
	const struct ff_failure *failure = ff_carrier_failure(local->carrier);
	struct ff_connect *connect = local->connect;

	if (failure->code[0] == '\0' && !local->tunnel.broken && !local->tunnel.refused) {
		return;
	}
	pthread_mutex_lock(&connect->mutex);
	if (failure->code[0] != '\0') {
		ff_failure_set(&connect->failure, failure->code, "%s", failure->text);
	} else {
		ff_failure_set(&connect->failure, "not-a-server", "the server does not speak RFC 2217 in its tunnel");
	}
	pthread_mutex_unlock(&connect->mutex);
}

/* The local end has gone, and its time is up without the server's word. */
static void report_unconfirmed(struct ff_connect_local *local)
{
	if (local->gone && !atomic_load(&local->connect->stopping) &&
	    (local->in_at < local->in_end || ff_pipe_room(&local->tunnel.pipe) < FF_PIPE_RING)) {
		ff_connect_tell(local->connect, "what %s sent last may not have reached the board", local->name);
	}
}

static void serve(struct ff_connect_local *local)
{
	enum ff_carrier_state state = FF_CARRIER_UP;

	while (state != FF_CARRIER_ENDED && !local->tunnel.broken && !local->tunnel.refused && !is_done(local)) {
		if (!move(local, &state) && state != FF_CARRIER_ENDED) {
			wait_for_more(local);
		}
	}
	report(local);
	if (state != FF_CARRIER_ENDED) {
		report_unconfirmed(local);
	}
}

static bool go_on(void *context)
{
	struct ff_connect_local *local = context;

	return !atomic_load(&local->connect->stopping);
}

static void tell(void *context, const char *text)
{
	struct ff_connect_local *local = context;

	ff_connect_tell(local->connect, "%s", text);
}

static const struct ff_carrier_events carrier_events = { .go_on = go_on, .tell = tell };

/* There is no connection for it. A terminal stays open all the same, and so asks for one again at once. */
static void turn_away(const struct ff_connect_local *local)
{
	struct pollfd stop = { .fd = local->connect->stop_fd, .events = POLLIN };

	ff_connect_tell(local->connect, "%s is turned away: %s", local->name, ff_carrier_failure(local->carrier)->text);
	if (local->kind == FF_CONNECT_PTY) {
		tcflush(local->fd, TCIFLUSH);
		(void)!poll(&stop, 1, PTY_AGAIN_MS);
	}
}

static void *run(void *argument)
{
	struct ff_connect_local *local = argument;

	if (ff_carrier_open(local->carrier)) {
		serve(local);
	} else if (go_on(local)) {
		turn_away(local);
	}
	if (local->kind != FF_CONNECT_PTY) {
		close(local->fd);
	}
	ff_carrier_free(local->carrier);
	local->carrier = NULL;
	atomic_store(&local->over, true);
	eventfd_write(local->connect->wake_fd, 1);
	return NULL;
}

struct ff_connect_local *ff_connect_start(struct ff_connect *connect, enum ff_connect_kind kind, int fd,
					  const char *name)
{
	struct ff_connect_local *local = malloc(sizeof(*local)); /* its buffers take memory when they are used */
	sigset_t all, before;
	bool good;

	if (local == NULL) {
		return NULL;
	}
	memset(local, 0, offsetof(struct ff_connect_local, in));
	local->connect = connect;
	local->kind = kind;
	local->fd = fd;
	local->line = (struct ff_connect_pty_line){ 115200, 8, FF_COMPORT_PARITY_NONE, FF_COMPORT_STOP_1 };
	snprintf(local->name, sizeof(local->name), "%s", name);
	snprintf(local->signature, sizeof(local->signature), "farflash connect %.40s", connect->board);
	atomic_init(&local->over, false);
	ff_tunnel_init(&local->tunnel, kind == FF_CONNECT_RFC2217, local->signature);
	local->carrier = ff_carrier_new(connect->api, connect->board, &local->tunnel.pipe, &carrier_events, local);
	/* Signals are the command's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	good = local->carrier != NULL && pthread_create(&local->thread, NULL, run, local) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!good) {
		ff_carrier_free(local->carrier);
		free(local);
		return NULL;
	}
	return local;
}

bool ff_connect_is_over(const struct ff_connect_local *local)
{
	return atomic_load(&local->over);
}

enum ff_connect_kind ff_connect_kind(const struct ff_connect_local *local)
{
	return local->kind;
}

void ff_connect_reap(struct ff_connect_local *local)
{
	if (local != NULL) {
		pthread_join(local->thread, NULL);
		free(local);
	}
}
