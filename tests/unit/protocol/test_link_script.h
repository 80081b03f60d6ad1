// SPDX-License-Identifier: Apache-2.0
/* A transport without a port, for the tests: what is written goes to a callback frame by frame, what is read was put
 * there before. Reads that find nothing wait for their deadline, like a real port. */
#ifndef TEST_LINK_SCRIPT_H
#define TEST_LINK_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/transport.h>

#define SCRIPT_BYTES 65536
#define SCRIPT_STEPS 64

struct script;

/* A frame of the host has ended, unescaped. */
typedef void (*script_frame)(struct script *script, const uint8_t *frame, size_t size);

struct script {
	struct ff_transport transport;
	script_frame on_frame; /* may be NULL */
	void *context;
	uint8_t to_host[SCRIPT_BYTES];
	size_t to_host_size;
	size_t to_host_at;
	size_t piece;               /* most to hand out in one read; 0: all */
	enum ff_status silence;     /* what a read without input answers; FF_OK: FF_ERR_TIMEOUT after the wait */
	enum ff_status refusal;     /* what a write answers, FF_OK: it works */
	uint8_t wire[SCRIPT_BYTES]; /* the host's last bytes, as written, up to the end of its last frame */
	size_t wire_size;
	uint8_t frame[SCRIPT_BYTES];
	size_t frame_size;
	bool inside;
	bool escaped;
	struct ff_line_step steps[SCRIPT_STEPS]; /* every step of every set_lines */
	size_t step_count;
	unsigned line_calls;
	uint32_t baud;
	unsigned discards;
	bool closed;
};

void script_init(struct script *script, script_frame on_frame, void *context);

/* Puts bytes as they are in front of the host. */
void script_put(struct script *script, const void *bytes, size_t size);

/* Puts a frame, escaped, between two ENDs. */
void script_put_frame(struct script *script, const void *bytes, size_t size);

/* Puts a reply: header, `payload` bytes of answer, then `tail` bytes of status. */
void script_put_reply(struct script *script, uint8_t opcode, uint32_t value, const void *payload, size_t payload_size,
		      const void *tail, size_t tail_size);

#endif
