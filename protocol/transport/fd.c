// SPDX-License-Identifier: Apache-2.0
#include "fd.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define US_PER_S 1000000
#define NS_PER_US 1000

enum ff_status ff_fd_lost(const struct ff_fd *io, int sys_errno, struct ff_error *error)
{
	const char *what = io->is_socket ? "the other end closed the connection" : "was the board unplugged?";
	if (sys_errno == 0) {
		return ff_error_set(error, FF_ERR_LOST, "%s went away: %s", io->name, what);
	}
	return ff_error_set_errno(error, FF_ERR_LOST, sys_errno, "%s went away", io->name);
}

/* What errno means for a port that has been open. */
static enum ff_status failed(const struct ff_fd *io, int sys_errno, const char *verb, struct ff_error *error)
{
	switch (sys_errno) {
	case EIO:   /* a tty after a hang-up */
	case EBADF: /* it could not be opened again */
	case ENXIO:
	case ENODEV:
	case EPIPE:
	case ECONNRESET:
	case ECONNABORTED:
	case ENOTCONN:
	case ETIMEDOUT: /* keepalive got no answer */
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case ENETRESET:
		return ff_fd_lost(io, sys_errno, error);
	default:
		return ff_error_set_errno(error, FF_ERR_IO, sys_errno, "cannot %s %s", verb, io->name);
	}
}

static bool try_later(int sys_errno)
{
	return sys_errno == EAGAIN || sys_errno == EWOULDBLOCK || sys_errno == EINTR;
}

enum ff_status ff_fd_try_read(const struct ff_fd *io, uint8_t *bytes, size_t capacity, size_t *got,
			      struct ff_error *error)
{
	ssize_t size = read(io->fd, bytes, capacity);
	if (size < 0 && !try_later(errno)) {
		return failed(io, errno, "read from", error);
	}
	if (size == 0 && capacity > 0) {
		return ff_fd_lost(io, 0, error);
	}
	*got = size > 0 ? (size_t)size : 0;
	return FF_OK;
}

enum ff_status ff_fd_try_write(const struct ff_fd *io, const uint8_t *bytes, size_t size, size_t *done,
			       struct ff_error *error)
{
	ssize_t written = io->is_socket ? send(io->fd, bytes, size, MSG_NOSIGNAL) : write(io->fd, bytes, size);
	if (written < 0 && !try_later(errno)) {
		return failed(io, errno, "write to", error);
	}
	*done = written > 0 ? (size_t)written : 0;
	return FF_OK;
}

enum ff_status ff_fd_write_some(const struct ff_fd *io, const uint8_t *bytes, size_t size, size_t *done, bool *writable,
				struct ff_error *error)
{
	size_t sent = 0;
	enum ff_status status = size > 0 ? ff_fd_try_write(io, bytes, size, &sent, error) : FF_OK;
	if (status == FF_OK) {
		*done = sent;
		*writable = sent < size;
	}
	return status;
}

enum ff_status ff_fd_wait(const struct ff_fd *io, short events, short *happened, int64_t deadline_us,
			  struct ff_error *error)
{
	struct pollfd item = { .fd = io->fd, .events = events };
	for (;;) {
		int64_t left_us = deadline_us - ff_now_us();
		if (left_us < 0) {
			left_us = 0;
		}
		struct timespec left = {
			.tv_sec = (time_t)(left_us / US_PER_S),
			.tv_nsec = (long)(left_us % US_PER_S) * NS_PER_US,
		};
		/* ppoll, because poll's milliseconds would stretch short deadlines */
		int ready = ppoll(&item, 1, &left, NULL);
		if (ready > 0) {
			*happened = item.revents;
			return FF_OK;
		}
		if (ready == 0) {
			return FF_ERR_TIMEOUT;
		}
		if (errno != EINTR) {
			return ff_error_set_errno(error, FF_ERR_IO, errno, "cannot wait for %s", io->name);
		}
	}
}

enum ff_status ff_fd_read(const struct ff_fd *io, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
			  struct ff_error *error)
{
	bool hung_up = false;
	for (;;) {
		size_t size = 0;
		enum ff_status status = ff_fd_try_read(io, bytes, capacity, &size, error);
		if (status != FF_OK) {
			return status;
		}
		if (size > 0) {
			*got = size;
			return FF_OK;
		}
		if (hung_up) { /* and no byte was left behind: poll would report it for ever */
			return ff_fd_lost(io, 0, error);
		}
		short happened = 0;
		status = ff_fd_wait(io, POLLIN, &happened, deadline_us, error);
		if (status == FF_ERR_TIMEOUT) {
			return ff_error_set(error, status, "%s sent nothing in time", io->name);
		}
		if (status != FF_OK) {
			return status;
		}
		hung_up = happened & FF_FD_HANGUP;
	}
}

enum ff_status ff_fd_write(const struct ff_fd *io, const uint8_t *bytes, size_t size, int64_t deadline_us,
			   struct ff_error *error)
{
	bool hung_up = false;
	while (size > 0) {
		size_t done = 0;
		enum ff_status status = ff_fd_try_write(io, bytes, size, &done, error);
		if (status != FF_OK) {
			return status;
		}
		bytes += done;
		size -= done;
		if (done > 0) {
			continue;
		}
		if (hung_up) {
			return ff_fd_lost(io, 0, error);
		}
		short happened = 0;
		status = ff_fd_wait(io, POLLOUT, &happened, deadline_us, error);
		if (status == FF_ERR_TIMEOUT) {
			return ff_error_set(error, status, "%s takes no more bytes: %zu are left", io->name, size);
		}
		if (status != FF_OK) {
			return status;
		}
		hung_up = happened & FF_FD_HANGUP;
	}
	return FF_OK;
}

enum ff_status ff_fd_discard(const struct ff_fd *io, int64_t deadline_us, struct ff_error *error)
{
	uint8_t waste[4096];
	size_t got = 0;
	do {
		enum ff_status status = ff_fd_try_read(io, waste, sizeof(waste), &got, error);
		if (status != FF_OK) {
			return status;
		}
	} while (got > 0 && ff_now_us() < deadline_us);
	return FF_OK;
}
