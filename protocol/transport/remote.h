// SPDX-License-Identifier: Apache-2.0
/* The client's end of an RFC 2217 connection: received bytes become data and knowledge about the port, requests become
 * bytes to send. No I/O, no clock, no allocation: net2217 moves the bytes and does the waiting. One thread at a time. */
#ifndef FF_TRANSPORT_REMOTE_H
#define FF_TRANSPORT_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "comport.h"
#include "telnet.h"

#define FF_REMOTE_INPUT_SIZE 32768
#define FF_REMOTE_OUTPUT_SIZE 4096

/* One kind of request. RFC 2217 has no numbers on its messages, so answers are counted. */
struct ff_remote_request {
	unsigned waiting; /* sent and not yet acknowledged */
	bool answered;    /* an acknowledgement has come since the last request */
	bool forgetful;   /* a wait for an acknowledgement was in vain, and none has come since */
	uint32_t answer;  /* its value: what the port really does */
};

/* Read by net2217, written here. */
struct ff_remote {
	struct ff_telnet telnet;
	struct ff_remote_request requests[FF_COMPORT_CODE_COUNT];
	int8_t dtr; /* 1 asserted, 0 released, -1 unknown */
	int8_t rts;
	bool agreed;      /* the peer speaks RFC 2217 */
	bool refused;     /* the peer said that it does not */
	bool suspended;   /* the peer wants no data for now */
	uint64_t dropped; /* received bytes that gave way to newer ones */
	size_t input_at;
	size_t input_end;
	size_t output_at;
	size_t output_end;
	uint8_t input[FF_REMOTE_INPUT_SIZE];
	uint8_t output[FF_REMOTE_OUTPUT_SIZE];
};

void ff_remote_init(struct ff_remote *remote);

/* ---- received bytes ---- */

/* How many bytes ff_remote_receive takes now, so that every answer of telnet's finds room. */
size_t ff_remote_receivable(const struct ff_remote *remote);

/* Takes all bytes, at most ff_remote_receivable() of them. The acknowledgement of a purge drops the input before it and
 * none behind it. Data beyond FF_REMOTE_INPUT_SIZE pushes out the oldest:
 * that happens only while an acknowledgement is awaited behind a flood of console output. */
void ff_remote_receive(struct ff_remote *remote, const uint8_t *bytes, size_t size);

/* Moves received data out and answers how much, 0 if there is none. */
size_t ff_remote_take(struct ff_remote *remote, uint8_t *bytes, size_t capacity);

/* How much data still fits without pushing out any. */
size_t ff_remote_input_room(const struct ff_remote *remote);

/* ---- bytes to send: output[output_at..output_end) ---- */

/* `size` bytes of the output have gone. */
void ff_remote_sent(struct ff_remote *remote, size_t size);

/* Appends as much of the data as fits, escaped, and answers how much that was. */
size_t ff_remote_put(struct ff_remote *remote, const uint8_t *bytes, size_t size);

/* Offers COM-PORT, and BINARY and SGA both ways. */
void ff_remote_negotiate(struct ff_remote *remote);

/* Appends a request whose acknowledgement will be counted. If the server has taken nothing for so long that not even
 * requests fit, it is left out, and its acknowledgement will be missed like any other. */
void ff_remote_ask(struct ff_remote *remote, enum ff_comport_code code, uint32_t value);

/* Appends a question about DTR or RTS. Many servers never answer these, so nothing counts on it. */
void ff_remote_ask_line(struct ff_remote *remote, enum ff_comport_control question);

/* Appends the requests that change both lines (-1: unchanged) in an order that passes no resetting state. */
void ff_remote_ask_lines(struct ff_remote *remote, int8_t dtr, int8_t rts);

/* Nobody waits any longer for this acknowledgement. That of a purge counts as come now: input so far is dropped. */
void ff_remote_give_up(struct ff_remote *remote, enum ff_comport_code code);

#endif
