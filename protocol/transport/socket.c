// SPDX-License-Identifier: Apache-2.0
#include "socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"

/* A peer that vanished without a word is noticed after 10 + 3 * 5 seconds of silence, or when what was sent has not
 * been acknowledged for 25. */
#define KEEPALIVE_IDLE_S 10
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_PROBES 3
#define UNACKNOWLEDGED_MS 25000

static void set_option(int fd, int level, int option, int value)
{
	/* Each of these improves the connection; none is worth failing for. */
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

static void tune(int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
}

/* Waits for the outcome of a connect() in progress. Answers its errno, 0 for success. */
static int await_connection(int fd, int64_t deadline_us)
{
	const struct ff_fd io = { .fd = fd, .is_socket = true, .name = "" };
	short happened = 0;
	enum ff_status status = ff_fd_wait(&io, POLLOUT, &happened, deadline_us, NULL);
	if (status != FF_OK) {
		return status == FF_ERR_TIMEOUT ? ETIMEDOUT : EIO;
	}
	int outcome = 0;
	socklen_t size = sizeof(outcome);
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &outcome, &size) < 0 ? errno : outcome;
}

/* Answers the errno of the failure, or 0 and the descriptor. */
static int connect_to(const struct addrinfo *info, int64_t deadline_us, int *result)
{
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, info->ai_protocol);
	if (fd < 0) {
		return errno;
	}
	tune(fd);
	int outcome = connect(fd, info->ai_addr, info->ai_addrlen) < 0 ? errno : 0;
	if (outcome == EINPROGRESS || outcome == EINTR) {
		outcome = await_connection(fd, deadline_us);
	}
	if (outcome != 0) {
		close(fd);
		return outcome;
	}
	*result = fd;
	return 0;
}

static enum ff_status refuse(const struct ff_address *address, int outcome, uint32_t timeout_ms, struct ff_error *error)
{
	switch (outcome) {
	case ECONNREFUSED:
		return ff_error_set_errno(error, FF_ERR_UNREACHABLE, outcome,
					  "nothing listens at %s; is the server running, and is the port right?",
					  address->text);
	case ETIMEDOUT:
		return ff_error_set(error, FF_ERR_UNREACHABLE, "%s does not answer within %u ms", address->text,
				    (unsigned)timeout_ms);
	default:
		return ff_error_set_errno(error, FF_ERR_UNREACHABLE, outcome, "cannot connect to %s", address->text);
	}
}

static enum ff_status resolve(struct addrinfo **list, const struct ff_address *address, struct ff_error *error)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV,
	};
	int outcome = getaddrinfo(address->host, address->port, &hints, list);
	if (outcome == EAI_SYSTEM) {
		return ff_error_set_errno(error, FF_ERR_UNREACHABLE, errno, "cannot look up the host of %s",
					  address->text);
	}
	if (outcome != 0) {
		return ff_error_set(error, FF_ERR_UNREACHABLE, "cannot look up the host of %s: %s", address->text,
				    gai_strerror(outcome));
	}
	return FF_OK;
}

static unsigned count_addresses(const struct addrinfo *list)
{
	unsigned count = 0;
	for (; list; list = list->ai_next) {
		count++;
	}
	return count;
}

enum ff_status ff_socket_connect(struct ff_socket_result *result, const struct ff_address *address, uint32_t timeout_ms,
				 struct ff_error *error)
{
	struct addrinfo *list = NULL;
	enum ff_status status = resolve(&list, address, error);
	if (status != FF_OK) {
		return status;
	}
	int64_t deadline_us = ff_deadline_ms(timeout_ms);
	unsigned left = count_addresses(list);
	int outcome = EHOSTUNREACH;
	for (const struct addrinfo *info = list; info; info = info->ai_next) {
		int64_t start_us = ff_now_us();
		int64_t share_us = (deadline_us - start_us) / left--;
		outcome = connect_to(info, start_us + share_us, &result->fd);
		if (outcome == 0) {
			result->rtt_us = (uint32_t)(ff_now_us() - start_us);
			break;
		}
	}
	freeaddrinfo(list);
	return outcome == 0 ? FF_OK : refuse(address, outcome, timeout_ms, error);
}

void ff_socket_close(int fd, uint32_t linger_ms)
{
	const struct ff_fd io = { .fd = fd, .is_socket = true, .name = "" };
	int64_t deadline_us = ff_deadline_ms(linger_ms);
	bool open = shutdown(fd, SHUT_WR) == 0;
	while (open && ff_now_us() < deadline_us) {
		short happened = 0;
		open = ff_fd_wait(&io, POLLIN, &happened, deadline_us, NULL) == FF_OK &&
		       ff_fd_discard(&io, deadline_us, NULL) == FF_OK;
	}
	close(fd);
}
