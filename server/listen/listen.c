// SPDX-License-Identifier: Apache-2.0
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128
#define LARGEST_PORT 65535

enum ff_status ff_listen_parse(const char *text, struct ff_listen_address *address, struct ff_error *error)
{
	const char *colon = strrchr(text, ':');
	const char *host = text;
	size_t host_size = colon ? (size_t)(colon - text) : 0;
	if (colon && host_size >= 2 && host[0] == '[' && host[host_size - 1] == ']') {
		host++;
		host_size -= 2;
	} else if (colon && memchr(host, ':', host_size)) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "\"%s\" is not ADDR:PORT: put an IPv6 address in brackets, as in [::1]:8217", text);
	}
	const char *port = colon ? colon + 1 : "";
	size_t port_size = strlen(port);
	if (!colon || port_size == 0 || port_size >= FF_LISTEN_PORT_SIZE || strspn(port, "0123456789") != port_size ||
	    atoi(port) > LARGEST_PORT || host_size >= FF_LISTEN_HOST_SIZE) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "\"%s\" is not ADDR:PORT with a port from 0 to 65535, as in 127.0.0.1:8217", text);
	}
	memset(address, 0, sizeof(*address));
	memcpy(address->host, host, host_size);
	memcpy(address->port, port, port_size);
	return FF_OK;
}

static enum ff_status refuse(struct ff_error *error, int reason, const struct ff_listen_address *address,
			     const char *option)
{
	const char *host = address->host[0] ? address->host : "*";
	if (reason == EADDRINUSE) {
		return ff_error_set(error, FF_ERR_BUSY,
				    "%s:%s is in use by another program: stop that one (ss -ltnp shows it), or choose "
				    "another port with %s",
				    host, address->port, option);
	}
	if (reason == EACCES) {
		return ff_error_set(error, FF_ERR_DENIED,
				    "no permission to listen on %s:%s: choose a port above 1023 with %s", host,
				    address->port, option);
	}
	if (reason == EADDRNOTAVAIL) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "%s is not an address of this machine: choose another with --listen", host);
	}
	return ff_error_set_errno(error, FF_ERR_IO, reason, "cannot listen on %s:%s", host, address->port);
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET) {
		return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
	}
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static enum ff_status describe(struct ff_listener *listener, const struct ff_listen_address *address,
			       struct ff_error *error)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t size = sizeof(bound);
	char host[NI_MAXHOST];
	char port[NI_MAXSERV];
	if (getsockname(listener->fd, (struct sockaddr *)&bound, &size) != 0) {
		return refuse(error, errno, address, "--listen");
	}
	if (getnameinfo((struct sockaddr *)&bound, size, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		return refuse(error, EINVAL, address, "--listen");
	}
	bool brackets = bound.ss_family == AF_INET6;
	snprintf(listener->host, sizeof(listener->host), "%s%.250s%s", brackets ? "[" : "", host, brackets ? "]" : "");
	listener->port = (uint16_t)atoi(port);
	snprintf(listener->url, sizeof(listener->url), "http://%s:%u", listener->host, (unsigned)listener->port);
	listener->loopback = is_loopback(&bound);
	return FF_OK;
}

static int bind_and_listen(const struct addrinfo *candidate)
{
	int fd = socket(candidate->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;
	if (fd < 0) {
		return -1;
	}
	/* Otherwise connections in TIME_WAIT would keep a restarted server from its port. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, candidate->ai_addr, candidate->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		int reason = errno;
		close(fd);
		errno = reason;
		return -1;
	}
	return fd;
}

enum ff_status ff_listen_open(struct ff_listener *listener, const struct ff_listen_address *address, const char *option,
			      struct ff_error *error)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int failed = getaddrinfo(address->host[0] ? address->host : NULL, address->port, &hints, &found);
	if (failed) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the address \"%s\" to listen on is not known: %s",
				    address->host, gai_strerror(failed));
	}
	struct ff_listener opened = { .fd = -1 };
	int reason = 0;
	for (const struct addrinfo *candidate = found; candidate && opened.fd < 0; candidate = candidate->ai_next) {
		opened.fd = bind_and_listen(candidate);
		reason = errno;
	}
	freeaddrinfo(found);
	if (opened.fd < 0) {
		return refuse(error, reason, address, option);
	}
	enum ff_status status = describe(&opened, address, error);
	if (status != FF_OK) {
		close(opened.fd);
		return status;
	}
	*listener = opened;
	return FF_OK;
}

void ff_listen_secure(struct ff_listener *listener)
{
	snprintf(listener->url, sizeof(listener->url), "https://%s:%u", listener->host, (unsigned)listener->port);
}

void ff_listen_peer(int fd, char *text, size_t size)
{
	struct sockaddr_storage address = { 0 };
	socklen_t address_size = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "?";
	char port[8] = "?";
	if (getpeername(fd, (struct sockaddr *)&address, &address_size) == 0) {
		(void)!getnameinfo((struct sockaddr *)&address, address_size, host, sizeof(host), port, sizeof(port),
				   NI_NUMERICHOST | NI_NUMERICSERV);
	}
	bool brackets = strchr(host, ':') != NULL;
	snprintf(text, size, "%s%s%s:%s", brackets ? "[" : "", host, brackets ? "]" : "", port);
}

bool ff_listen_address_text(const char *text, char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	if (inet_pton(AF_INET6, text, &v6) == 1) {
		if (!IN6_IS_ADDR_V4MAPPED(&v6)) {
			return inet_ntop(AF_INET6, &v6, host, FF_LISTEN_ADDRESS_SIZE) != NULL;
		}
		memcpy(&v4, v6.s6_addr + 12, sizeof(v4));
		return inet_ntop(AF_INET, &v4, host, FF_LISTEN_ADDRESS_SIZE) != NULL;
	}
	return inet_pton(AF_INET, text, &v4) == 1 && inet_ntop(AF_INET, &v4, host, FF_LISTEN_ADDRESS_SIZE) != NULL;
}

void ff_listen_peer_address(const char *peer, char *host)
{
	char text[FF_LISTEN_PEER_SIZE];
	const char *colon = strrchr(peer, ':');
	const char *from = peer[0] == '[' ? peer + 1 : peer;
	size_t size = colon ? (size_t)(colon - from) : 0;
	size -= size > 0 && from != peer; /* the bracket */
	host[0] = '\0';
	if (size > 0 && size < sizeof(text)) {
		memcpy(text, from, size);
		text[size] = '\0';
		text[strcspn(text, "%")] = '\0'; /* the interface of a link-local address */
		if (!ff_listen_address_text(text, host)) {
			host[0] = '\0';
		}
	}
}
