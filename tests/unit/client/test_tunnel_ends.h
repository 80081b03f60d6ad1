// SPDX-License-Identifier: Apache-2.0
/* The local end of a tunnel between a client and a server that are both made here: the client is bytes by hand, the server
 * the access server's own state machine, behind a pipe that the test moves along or holds. */
#ifndef FF_TEST_TUNNEL_ENDS_H
#define FF_TEST_TUNNEL_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tunnel.h"

#define LOG_SIZE (1 << 20)
#define AGREE "\xff\xfb\x2c"
#define AGREED "\xff\xfd\x2c"
#define SUB(body) "\xff\xfa\x2c" body "\xff\xf0"
#define MODEM SUB("\x6b\xb0")

/* What somebody has seen, as bytes. */
struct log {
	size_t size;
	uint8_t bytes[LOG_SIZE];
};

/* The server's line answers as the real one does: what is so at once, a change when the test says so. */
struct server {
	struct ff_access access;
	struct ff_pipe pipe;
	struct log seen; /* data, and "{code:value}" for each request */
	uint32_t line[FF_COMPORT_CODE_COUNT];
	uint32_t highest_baud;
	bool waits; /* a change has been asked for */
	enum ff_comport_code code;
	uint32_t value;
};

extern struct ff_tunnel tunnel;
extern struct server server;
extern const struct ff_access_events server_events;
extern struct log client; /* what it has been sent */

void note(struct log *log, const void *bytes, size_t size);

bool carry(struct ff_pipe *from, struct ff_pipe *to);

bool serve(size_t most);

/* The client reads. */
void read_client(void);

void settle(void);

void send_bytes(const void *bytes, size_t size);

void assert_log(struct log *log, const void *expected, size_t size);

/* Both are there; nothing has moved yet. */
void start(bool rfc2217);

/* Both ends have agreed, and the server has told what is so. */
int begin(void **state);

void finish(struct server *self);

#define SEND(text) send_bytes(text, sizeof(text) - 1)
#define ASSERT_CLIENT(text) (read_client(), assert_log(&client, text, sizeof(text) - 1))
#define ASSERT_SERVER(text) assert_log(&server.seen, text, sizeof(text) - 1)

#endif
