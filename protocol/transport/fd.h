// SPDX-License-Identifier: Apache-2.0
/* Input and output with absolute deadlines on a non-blocking descriptor: a tty or a stream socket. Survives signals,
 * never raises SIGPIPE, never spins. One thread at a time. */
#ifndef FF_TRANSPORT_FD_H
#define FF_TRANSPORT_FD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

/* What poll() reports unasked when a port is gone. */
#define FF_FD_HANGUP (POLLHUP | POLLERR | POLLNVAL)

struct ff_fd {
	int fd; /* non-blocking; owned by whoever owns this record */
	bool is_socket;
	const char *name; /* the board's address, for messages; borrowed */
};

/* Takes what is there without waiting; *got is 0 when nothing is. FF_ERR_LOST: end of file, hang-up, broken connection.
 * FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_fd_try_read(const struct ff_fd *io, uint8_t *bytes, size_t capacity, size_t *got,
					     struct ff_error *error);

/* Hands over what fits without waiting; *done may be 0. FF_ERR_LOST, FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_fd_try_write(const struct ff_fd *io, const uint8_t *bytes, size_t size, size_t *done,
					      struct ff_error *error);

/* As the slot of the same name in struct ff_transport_port_ops. */
FF_WARN_UNUSED enum ff_status ff_fd_write_some(const struct ff_fd *io, const uint8_t *bytes, size_t size, size_t *done,
					       bool *writable, struct ff_error *error);

/* poll()s for `events` until the deadline, at least once; *happened is what poll found, which may be part of FF_FD_HANGUP
 * alone. FF_ERR_TIMEOUT, without a text, since each caller knows better what it waited for. FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_fd_wait(const struct ff_fd *io, short events, short *happened, int64_t deadline_us,
					 struct ff_error *error);

/* As the slots of the same name in struct ff_transport_ops. ff_fd_discard drops what can be read without waiting. */
FF_WARN_UNUSED enum ff_status ff_fd_read(const struct ff_fd *io, uint8_t *bytes, size_t capacity, size_t *got,
					 int64_t deadline_us, struct ff_error *error);
FF_WARN_UNUSED enum ff_status ff_fd_write(const struct ff_fd *io, const uint8_t *bytes, size_t size,
					  int64_t deadline_us, struct ff_error *error);
FF_WARN_UNUSED enum ff_status ff_fd_discard(const struct ff_fd *io, int64_t deadline_us, struct ff_error *error);

/* Records that the board is gone. `sys_errno` is 0 for an end of file. Answers FF_ERR_LOST. */
enum ff_status ff_fd_lost(const struct ff_fd *io, int sys_errno, struct ff_error *error);

#endif
