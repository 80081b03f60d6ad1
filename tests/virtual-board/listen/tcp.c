// SPDX-License-Identifier: Apache-2.0
#include "tcp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_HOST "127.0.0.1"
#define BACKLOG 4
/* A client that has died without a word is noticed after this many seconds. */
#define KEEPALIVE_IDLE_S 5
#define KEEPALIVE_INTERVAL_S 2
#define KEEPALIVE_COUNT 3

static const char busy_line[] = "farflash-board: another client is connected\r\n";

/* Takes [HOST:]PORT apart. */
static bool parse(struct ff_tcp *tcp, const char *where)
{
	const char *colon = strrchr(where, ':');
	const char *port = colon ? colon + 1 : where;
	char *end;
	unsigned long number = strtoul(port, &end, 10);
	if (*port < '0' || *port > '9' || *end != '\0' || number > UINT16_MAX) {
		return false;
	}
	tcp->port = (uint16_t)number;
	if (!colon) {
		strcpy(tcp->host, DEFAULT_HOST);
		return true;
	}
	size_t length = (size_t)(colon - where);
	if (length >= 2 && where[0] == '[' && where[length - 1] == ']') {
		where++;
		length -= 2;
	}
	if (length == 0 || length >= sizeof(tcp->host)) {
		return false;
	}
	memcpy(tcp->host, where, length);
	tcp->host[length] = '\0';
	return true;
}

static void set_option(int fd, int level, int option, int value)
{
	/* Only comfort hangs on these options. */
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

static int listen_on(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
	if (fd < 0) {
		return -1;
	}
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		int reason = errno;
		close(fd);
		errno = reason;
		return -1;
	}
	return fd;
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
		return 0;
	}
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						   : ((struct sockaddr_in *)&address)->sin_port);
}

enum ff_status ff_tcp_reopen(struct ff_tcp *tcp, struct ff_error *error)
{
	if (tcp->listener >= 0) {
		return FF_OK;
	}
	char port[8];
	snprintf(port, sizeof(port), "%u", tcp->port);
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *addresses;
	int failed = getaddrinfo(tcp->host, port, &hints, &addresses);
	if (failed) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "Cannot listen on %s: %s", tcp->host, gai_strerror(failed));
	}
	tcp->listener = listen_on(addresses);
	int reason = errno;
	freeaddrinfo(addresses);
	if (tcp->listener < 0) {
		return ff_error_set_errno(error, reason == EADDRINUSE ? FF_ERR_BUSY : FF_ERR_IO, reason,
					  "Cannot listen on %s port %u", tcp->host, tcp->port);
	}
	tcp->port = bound_port(tcp->listener);
	return FF_OK;
}

enum ff_status ff_tcp_open(struct ff_tcp *tcp, const char *where, struct ff_error *error)
{
	*tcp = (struct ff_tcp){ .listener = -1, .client = -1 };
	if (!parse(tcp, where)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "\"%s\" is not [HOST:]PORT with a port from 0 to 65535",
				    where);
	}
	return ff_tcp_reopen(tcp, error);
}

void ff_tcp_drop(struct ff_tcp *tcp)
{
	if (tcp->client >= 0) {
		close(tcp->client);
	}
	tcp->client = -1;
	tcp->blocked = false;
}

void ff_tcp_close(struct ff_tcp *tcp)
{
	ff_tcp_drop(tcp);
	if (tcp->listener >= 0) {
		close(tcp->listener);
	}
	tcp->listener = -1;
}

void ff_tcp_address(const struct ff_tcp *tcp, const char *scheme, char *out, size_t size)
{
	bool ipv6 = strchr(tcp->host, ':') != NULL;
	snprintf(out, size, "%s://%s%s%s:%u", scheme, ipv6 ? "[" : "", tcp->host, ipv6 ? "]" : "", tcp->port);
}

void ff_tcp_poll_fds(const struct ff_tcp *tcp, struct pollfd *fds, bool want_input, bool want_output)
{
	short wanted = (short)((want_input ? POLLIN : 0) | (want_output || tcp->blocked ? POLLOUT : 0));
	/* poll skips negative descriptors. A client of whom nothing is wanted is left out: its end would be reported all
	 * the same, and could not be dealt with. */
	fds[0] = (struct pollfd){ .fd = tcp->listener, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = wanted ? tcp->client : -1, .events = wanted };
}

bool ff_tcp_accept(struct ff_tcp *tcp, const struct pollfd *fds)
{
	if (!(fds[0].revents & POLLIN)) {
		return false;
	}
	int fd = accept4(tcp->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		return false;
	}
	if (tcp->client >= 0) {
		(void)send(fd, busy_line, sizeof(busy_line) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return false;
	}
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
	tcp->client = fd;
	tcp->blocked = false;
	return true;
}

size_t ff_tcp_read(struct ff_tcp *tcp, uint8_t *bytes, size_t capacity)
{
	if (tcp->client < 0 || capacity == 0) {
		return 0;
	}
	ssize_t got = recv(tcp->client, bytes, capacity, 0);
	if (got > 0) {
		return (size_t)got;
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		ff_tcp_drop(tcp);
	}
	return 0;
}

size_t ff_tcp_write(struct ff_tcp *tcp, const uint8_t *bytes, size_t size)
{
	if (tcp->client < 0 || size == 0) {
		return 0;
	}
	ssize_t sent = send(tcp->client, bytes, size, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		ff_tcp_drop(tcp);
		return 0;
	}
	size_t taken = sent > 0 ? (size_t)sent : 0;
	tcp->blocked = taken < size;
	return taken;
}
