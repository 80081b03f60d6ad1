// SPDX-License-Identifier: Apache-2.0
/* A session's plain socket. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session.h"

static enum ff_wire_read read_socket(struct ff_session *session)
{
	ssize_t got = recv(session->source.fd, session->in, sizeof(session->in), 0);
	if (got < 0) {
		return errno == EAGAIN || errno == EINTR ? FF_WIRE_NOTHING : FF_WIRE_BROKEN;
	}
	if (got == 0) {
		return FF_WIRE_END;
	}
	session->in_at = 0;
	session->in_end = (size_t)got;
	return FF_WIRE_SOME;
}

bool ff_wire_flush_socket(struct ff_session *session)
{
	while (ff_session_pending(session) > 0) {
		ssize_t sent = send(session->source.fd, session->out + session->out_at, ff_session_pending(session),
				    MSG_NOSIGNAL);
		if (sent < 0) {
			session->broken |= errno != EAGAIN && errno != EINTR;
			return false;
		}
		session->out_at += (size_t)sent;
	}
	session->out_at = 0;
	session->out_end = 0;
	return true;
}

static void close_socket(struct ff_session *session)
{
	close(session->source.fd);
}

const struct ff_wire ff_wire_socket = {
	.read = read_socket,
	.flush = ff_wire_flush_socket,
	.close = close_socket,
};
