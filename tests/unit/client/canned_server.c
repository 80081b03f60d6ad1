// SPDX-License-Identifier: Apache-2.0
#include "canned_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

/* True once the headers and as much body as they announce are there. */
static int is_whole(const char *request)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *length = strcasestr(request, "\r\nContent-Length:");

	if (end == NULL) {
		return 0;
	}
	return length == NULL || length > end || strlen(end + 4) >= strtoul(length + 17, NULL, 10);
}

static void serve(struct canned_server *server, int connection, const char *answer)
{
	char *request = server->log + server->log_size;

	while (!is_whole(request)) {
		size_t room = CANNED_LOG_SIZE - 1 - server->log_size;
		ssize_t got = recv(connection, server->log + server->log_size, room, 0);

		if (got <= 0) {
			break;
		}
		server->log_size += (size_t)got;
		server->log[server->log_size] = '\0';
	}
	(void)!send(connection, answer, strlen(answer), MSG_NOSIGNAL);
	shutdown(connection, SHUT_RDWR);
}

static void *run(void *context)
{
	struct canned_server *server = context;

	for (; server->answers[server->served] != NULL; server->served++) {
		struct pollfd fd = { .fd = server->listener, .events = POLLIN };
		int connection;

		if (poll(&fd, 1, PATIENCE_MS) != 1) {
			break;
		}
		connection = accept(server->listener, NULL, NULL);
		if (connection < 0) {
			break;
		}
		serve(server, connection, server->answers[server->served]);
		close(connection);
	}
	return NULL;
}

void canned_server_start(struct canned_server *server, const char *const *answers)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	*server = (struct canned_server){ .answers = answers, .listener = socket(AF_INET, SOCK_STREAM, 0) };
	assert_true(server->listener >= 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->listener, 4), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
	assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

void canned_server_stop(struct canned_server *server)
{
	pthread_join(server->thread, NULL);
	close(server->listener);
	assert_null(server->answers[server->served]);
}
