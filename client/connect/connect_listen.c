// SPDX-License-Identifier: Apache-2.0
#include "connect_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 16
#define LOCAL_HOST "127.0.0.1"
#define LARGEST_PORT 65535

struct place {
	char host[200];
	char port[8];
};

/* [HOST:]PORT, an IPv6 address in brackets. */
static bool parse(struct place *place, const char *text)
{
	const char *colon = strrchr(text, ':');
	const char *port = colon != NULL ? colon + 1 : text;
	const char *host = text;
	size_t host_size = colon != NULL ? (size_t)(colon - text) : 0;
	size_t port_size = strlen(port);

	if (host_size >= 2 && host[0] == '[' && host[host_size - 1] == ']') {
		host++;
		host_size -= 2;
	} else if (memchr(host, ':', host_size) != NULL) {
		return false;
	}
	if (port_size == 0 || port_size >= sizeof(place->port) || strspn(port, "0123456789") != port_size ||
	    atoi(port) > LARGEST_PORT || host_size >= sizeof(place->host) || (colon != NULL && host_size == 0)) {
		return false;
	}
	snprintf(place->host, sizeof(place->host), "%.*s", colon != NULL ? (int)host_size : (int)strlen(LOCAL_HOST),
		 colon != NULL ? host : LOCAL_HOST);
	snprintf(place->port, sizeof(place->port), "%s", port);
	return true;
}

static int bind_one(const struct addrinfo *candidate)
{
	int fd = socket(candidate->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0) {
		return -1;
	}
	/* Otherwise connections in TIME_WAIT would keep it from its port. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, candidate->ai_addr, candidate->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		int reason = errno;

		close(fd);
		errno = reason;
		return -1;
	}
	return fd;
}

static void describe(struct ff_connect_listener *listener)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t size = sizeof(bound);
	char host[INET6_ADDRSTRLEN] = "?";
	char port[8] = "0";
	bool brackets;

	if (getsockname(listener->fd, (struct sockaddr *)&bound, &size) == 0) {
		(void)!getnameinfo((struct sockaddr *)&bound, size, host, sizeof(host), port, sizeof(port),
				   NI_NUMERICHOST | NI_NUMERICSERV);
	}
	brackets = bound.ss_family == AF_INET6;
	listener->loopback = strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
	snprintf(listener->host, sizeof(listener->host), "%s%s%s", brackets ? "[" : "", host, brackets ? "]" : "");
	listener->port = (uint16_t)atoi(port);
}

/* Answers 0, or why it cannot be: an errno, or one of getaddrinfo's as a negative number. */
static int open_place(struct ff_connect_listener *listener, const struct place *place)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int failed = getaddrinfo(place->host, place->port, &hints, &found);
	int reason = 0;

	if (failed != 0) {
		return failed < 0 ? failed : -failed;
	}
	for (const struct addrinfo *candidate = found; candidate != NULL && listener->fd < 0;
	     candidate = candidate->ai_next) {
		listener->fd = bind_one(candidate);
		reason = errno;
	}
	freeaddrinfo(found);
	if (listener->fd < 0) {
		return reason;
	}
	describe(listener);
	return 0;
}

static bool refuse(struct ff_failure *failure, int reason, const struct place *place, const char *option)
{
	switch (reason) {
	case EADDRINUSE:
		return ff_failure_set(failure, "port-busy",
				      "%s:%s is in use by another program: choose another port with %s", place->host,
				      place->port, option);
	case EACCES:
		return ff_failure_set(failure, "port-denied",
				      "no permission to listen on %s:%s: choose a port above 1023 with %s", place->host,
				      place->port, option);
	case EADDRNOTAVAIL:
		return ff_failure_set(failure, "invalid-argument", "%s is not an address of this machine", place->host);
	default:
		return ff_failure_set(failure, reason < 0 ? "invalid-argument" : "io-error",
				      "cannot listen on %s:%s: %s", place->host, place->port,
				      reason < 0 ? gai_strerror(reason) : strerror(reason));
	}
}

bool ff_connect_listen(struct ff_connect_listener *listener, const char *text, bool rfc2217, const char *option,
		       struct ff_failure *failure)
{
	struct place place;
	int reason;

	*listener = (struct ff_connect_listener){ .fd = -1, .rfc2217 = rfc2217 };
	if (text != NULL && !parse(&place, text)) {
		return ff_failure_set(failure, "invalid-argument",
				      "%s wants [HOST:]PORT, as in 127.0.0.1:2217, not '%s'", option, text);
	}
	if (text == NULL) {
		snprintf(place.host, sizeof(place.host), LOCAL_HOST);
		snprintf(place.port, sizeof(place.port), "%d", FF_CONNECT_RFC2217_PORT);
	}
	reason = open_place(listener, &place);
	if (reason != 0 && text == NULL) {
		snprintf(place.port, sizeof(place.port), "0");
		reason = open_place(listener, &place);
	}
	return reason == 0 || refuse(failure, reason, &place, option);
}

void ff_connect_unlisten(struct ff_connect_listener *listener)
{
	if (listener->fd >= 0) {
		close(listener->fd);
	}
	listener->fd = -1;
}
