// SPDX-License-Identifier: Apache-2.0
/* The same for a console's WebSocket. The first byte says how the input is sent: as it is, or as frames that are well made.
 * Of those each begins with a byte for its kind, and, unless it is an order, one for its size. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fcntl.h>

#include "loopback.h"

#define MAX_INPUT 4096
#define MAX_SENT (MAX_INPUT * 40) /* the longest order and its head, for each byte */
#define HEAD_SIZE 6

static const char *const orders[] = {
	"{\"type\":\"reset\"}",
	"{\"type\":\"release\"}",
	"{\"type\":\"break\",\"ms\":1}",
	"{\"type\":\"baud\",\"rate\":115200}",
};

static const uint8_t opcodes[] = { 0x82, 0x82, 0x81, 0x02, 0x80, 0x89, 0x8A, 0x88 };

struct guest {
	int fd;
	atomic_int closed;
};

static void give_back(void *closer)
{
	struct guest *guest = closer;
	close(guest->fd);
	CHECK(atomic_fetch_add(&guest->closed, 1) == 0);
}

/* The client's end of a new guest's connection. `extra` came with its handshake. */
static int welcome(struct ff_bridge *bridge, struct guest *closer, uint8_t wish, const uint8_t *extra,
		   size_t extra_size)
{
	int ends[2];
	struct ff_guest *guest = calloc(1, sizeof(*guest));
	CHECK(guest && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	*closer = (struct guest){ .fd = ends[1] };
	guest->fd = ends[1];
	guest->close = give_back;
	guest->closer = closer;
	memcpy(guest->peer, "fuzzer", sizeof("fuzzer"));
	guest->history = wish & 3;
	guest->resumes = wish & 4;
	guest->position = wish / 8;
	guest->extra = malloc(extra_size + 1);
	CHECK(guest->extra);
	memcpy(guest->extra, extra, extra_size);
	guest->extra_size = extra_size;
	ff_bridge_welcome(bridge, 0, guest);
	return ends[0];
}

static size_t put_frame(uint8_t *to, uint8_t opcode, const void *bytes, size_t size)
{
	const uint8_t head[HEAD_SIZE] = { opcode, (uint8_t)(0x80 | size) }; /* a mask of zeros */
	memcpy(to, head, sizeof(head));
	memcpy(to + sizeof(head), bytes, size);
	return sizeof(head) + size;
}

static size_t make_frames(const uint8_t *bytes, size_t size, uint8_t *to)
{
	size_t made = 0;
	for (size_t at = 0; at < size;) {
		uint8_t kind = bytes[at++];
		if (kind >= 128) {
			const char *order = orders[kind % 4];
			made += put_frame(to + made, 0x81, order, strlen(order));
			continue;
		}
		size_t length = at < size ? bytes[at++] % 126 : 0;
		length = length < size - at ? length : size - at;
		made += put_frame(to + made, opcodes[kind % 8], bytes + at, length);
		at += length;
	}
	return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static uint8_t sent[MAX_SENT];
	struct guest guest;
	size_t heard = 0;
	if (size < 3 || size > MAX_INPUT) {
		return 0;
	}
	uint8_t how = bytes[0];
	size_t wire = size - 2;
	if (how & 1) {
		wire = make_frames(bytes + 2, size - 2, sent);
	} else {
		memcpy(sent, bytes + 2, wire);
	}
	size_t extra = how & 8 ? (size_t)(how / 16) * 8 : 0;
	extra = extra < wire ? extra : wire;
	int fd = welcome(loopback_start(), &guest, bytes[1], sent, extra);
	size_t piece = how & 4 ? 1 + (size_t)how / 8 : wire + 1;
	if (loopback_send(fd, sent + extra, wire - extra, piece, how & 2, &heard) && shutdown(fd, SHUT_WR) == 0) {
		while (loopback_hear(fd, false, &heard)) {
		}
	}
	close(fd);
	while (atomic_load(&guest.closed) == 0) {
		usleep(50);
	}
	loopback_probe();
	return 0;
}
