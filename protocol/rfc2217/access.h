// SPDX-License-Identifier: Apache-2.0
/* The access server's end of an RFC 2217 connection: received bytes become data and requests about the port, replies and
 * data become bytes to send. What needs no port (option negotiation, signature, masks, suspend and resume, polls of the
 * states told last) it answers by itself. It shares telnet and comport with the client's end.
 *
 * No I/O, no clock, no allocation, nothing to release. One thread at a time. */
#ifndef FF_RFC2217_ACCESS_H
#define FF_RFC2217_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "comport.h"
#include "telnet.h"

#define FF_ACCESS_SIGNATURE_MAX 64

/* The most bytes that `n` received bytes can make it send by itself: an empty SIGNATURE takes 6 bytes to ask, and its
 * answer is the longest there is. Replies of the owner come on top, each at most FF_ACCESS_REPLY_MAX. */
#define FF_ACCESS_ANSWER_MAX(n) ((n) / 6 * (2 * FF_ACCESS_SIGNATURE_MAX + 8) + (n) + 2 * FF_ACCESS_SIGNATURE_MAX + 8)
#define FF_ACCESS_REPLY_MAX (2 * FF_COMPORT_MESSAGE_MAX + 6)

/* All are mandatory. Callbacks may send and reply, but must not feed ff_access_receive. */
struct ff_access_events {
	void (*data)(void *context, const uint8_t *bytes, size_t size);
	/* SET-BAUDRATE to SET-CONTROL and PURGE-DATA; the value is not judged. Each wants exactly one ff_access_reply with
	 * what the port really does then, now or later. */
	void (*request)(void *context, enum ff_comport_code code, uint32_t value);
	/* The client speaks RFC 2217. */
	void (*agreed)(void *context);
	/* Bytes for the wire. */
	void (*send)(void *context, const uint8_t *bytes, size_t size);
};

/* Read by the owner, written here. */
struct ff_access {
	struct ff_telnet telnet;
	const struct ff_access_events *events;
	void *context;
	const char *signature;
	bool agreed;
	bool suspended; /* the client wants no data for now */
	uint8_t line_mask;
	uint8_t modem_mask;
	uint8_t line;  /* as told last, FF_COMPORT_LINE_ bits */
	uint8_t modem; /* as told last, the upper four FF_COMPORT_MODEM_ bits */
};

/* A fresh connection that waits for the client to begin. All pointers are borrowed; `signature` has at most
 * FF_ACCESS_SIGNATURE_MAX characters. `modem` is the state at the beginning. */
void ff_access_init(struct ff_access *access, const struct ff_access_events *events, void *context,
		    const char *signature, uint8_t modem);

/* Takes all of the received bytes. */
void ff_access_receive(struct ff_access *access, const uint8_t *bytes, size_t size);

/* Sends data: at most 2 * size bytes. Whether the client has suspended it is the owner's to look at. */
void ff_access_send_data(struct ff_access *access, const uint8_t *bytes, size_t size);

/* Answers a request. */
void ff_access_reply(struct ff_access *access, enum ff_comport_code code, uint32_t value);

/* The modem lines (the upper four bits) are so now: tells the client what its mask lets through. */
void ff_access_tell_modem(struct ff_access *access, uint8_t modem);

/* These line events have happened: the same. */
void ff_access_tell_line(struct ff_access *access, uint8_t line);

#endif
