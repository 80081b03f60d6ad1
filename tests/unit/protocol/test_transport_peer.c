// SPDX-License-Identifier: Apache-2.0
#include "test_transport_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <farflash/transport.h>

#include "clock.h"

#define PATIENCE_MS 10000

static void note_fault(struct peer *peer, size_t act, const char *what, const uint8_t *bytes, size_t size)
{
	int used = snprintf(peer->fault, sizeof(peer->fault), "act %zu: %s", act, what);
	for (size_t i = 0; i < size && used > 0 && (size_t)used < sizeof(peer->fault) - 4; i++) {
		used += snprintf(peer->fault + used, sizeof(peer->fault) - (size_t)used, " %02x", bytes[i]);
	}
}

/* Answers what recv() would, or -2 if nothing came within the time. */
static ssize_t receive(int fd, uint8_t *bytes, size_t size, int ms)
{
	struct pollfd item = { .fd = fd, .events = POLLIN };
	return poll(&item, 1, ms) == 1 ? recv(fd, bytes, size, 0) : -2;
}

/* A slow machine may let the peer see two segments as one, so what is too much waits for the next act. */
static bool expect(struct peer *peer, size_t index, int fd, const struct act *act)
{
	while (peer->held_size < act->size) {
		size_t room = sizeof(peer->held) - peer->held_size;
		bool is_part = peer->held_size > 0;
		ssize_t size = receive(fd, peer->held + peer->held_size, room, PATIENCE_MS);
		if (size <= 0 || (act->kind == ACT_AT_ONCE && is_part)) {
			note_fault(peer, index, size > 0 ? "came in pieces:" : "did not come:", peer->held,
				   peer->held_size);
			return false;
		}
		peer->held_size += (size_t)size;
	}
	if (memcmp(peer->held, act->bytes, act->size) != 0) {
		note_fault(peer, index, "got other bytes:", peer->held, act->size);
		return false;
	}
	peer->held_size -= act->size;
	memmove(peer->held, peer->held + act->size, peer->held_size);
	return true;
}

static bool flood(int fd, unsigned kilobytes)
{
	uint8_t block[1024];
	memset(block, 'x', sizeof(block));
	for (unsigned i = 0; i < kilobytes; i++) {
		if (send(fd, block, sizeof(block), MSG_NOSIGNAL) != sizeof(block)) {
			return false;
		}
	}
	return true;
}

static void swallow(int fd)
{
	uint8_t bytes[65536];
	while (receive(fd, bytes, sizeof(bytes), PATIENCE_MS) > 0) {
	}
}

static bool play(struct peer *peer, size_t index, int fd)
{
	const struct act *act = &peer->acts[index];
	uint8_t byte = 0;
	switch (act->kind) {
	case ACT_SEND:
		return send(fd, act->bytes, act->size, MSG_NOSIGNAL) == (ssize_t)act->size;
	case ACT_EXPECT:
	case ACT_AT_ONCE:
		return expect(peer, index, fd, act);
	case ACT_PAUSE:
		ff_sleep_ms(act->ms);
		return true;
	case ACT_SILENT:
		if (peer->held_size > 0 || receive(fd, &byte, 1, (int)act->ms) > 0) {
			note_fault(peer, index, "spoke when it should be silent", &byte, 1);
			return false;
		}
		return true;
	case ACT_FLOOD:
		return flood(fd, act->ms);
	case ACT_SWALLOW:
		swallow(fd);
		return true;
	case ACT_CLOSE:
		return false;
	}
	return false;
}

static void *run(void *context)
{
	struct peer *peer = context;
	struct pollfd item = { .fd = peer->listener, .events = POLLIN };
	int fd = poll(&item, 1, PATIENCE_MS) == 1 ? accept(peer->listener, NULL, NULL) : -1;
	if (fd < 0) {
		note_fault(peer, 0, "nobody connected", NULL, 0);
		return NULL;
	}
	size_t index = 0;
	while (index < peer->count && play(peer, index, fd)) {
		peer->done_us[index++] = ff_now_us();
	}
	if (index < peer->count && peer->acts[index].kind != ACT_CLOSE && !peer->fault[0]) {
		note_fault(peer, index, "could not send", NULL, 0);
	}
	uint8_t byte = peer->held[0];
	if (index == peer->count && (peer->held_size > 0 || receive(fd, &byte, 1, PATIENCE_MS) != 0)) {
		note_fault(peer, index, "after the end of the script", &byte, 1);
	}
	close(fd);
	return NULL;
}

void peer_start(struct peer *peer, const char *scheme, const struct act *first, size_t first_count,
		const struct act *second, size_t second_count)
{
	assert_true(first_count + second_count <= PEER_MAX_ACTS);
	memset(peer, 0, sizeof(*peer));
	for (size_t i = 0; i < first_count + second_count; i++) {
		peer->acts[i] = i < first_count ? first[i] : second[i - first_count];
	}
	peer->count = first_count + second_count;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(peer->listener >= 0);
	assert_return_code(bind(peer->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_return_code(listen(peer->listener, 1), 0);
	assert_return_code(getsockname(peer->listener, (struct sockaddr *)&address, &size), 0);
	snprintf(peer->address, sizeof(peer->address), "%s127.0.0.1:%u", scheme, ntohs(address.sin_port));
	/* A test's signals are for the code under test. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	assert_int_equal(pthread_create(&peer->thread, NULL, run, peer), 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void peer_join(struct peer *peer)
{
	pthread_join(peer->thread, NULL);
	close(peer->listener);
	if (peer->fault[0]) {
		fail_msg("%s", peer->fault);
	}
}
