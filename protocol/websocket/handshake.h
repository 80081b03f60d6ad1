// SPDX-License-Identifier: Apache-2.0
/* The handshake of a WebSocket (RFC 6455, section 4): what proves that the other end has understood. Pure but for the
 * random numbers of a new key; any thread. */
#ifndef FF_WEBSOCKET_HANDSHAKE_H
#define FF_WEBSOCKET_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include <farflash/status.h>

#define FF_HANDSHAKE_KEY_SIZE 25    /* 24 characters of base64 */
#define FF_HANDSHAKE_ACCEPT_SIZE 29 /* 28 of them */
#define FF_HANDSHAKE_VERSION "13"
#define FF_HANDSHAKE_HEAD_MAX 16384 /* bytes of an answer's head */

/* A new Sec-WebSocket-Key. False: there are no random numbers to be had. */
bool ff_handshake_make_key(char key[FF_HANDSHAKE_KEY_SIZE]);

/* The Sec-WebSocket-Accept that answers a key. False: it is no key (16 bytes in base64). */
bool ff_handshake_accept(const char *key, char accept[FF_HANDSHAKE_ACCEPT_SIZE]);

/* What a server has answered. */
struct ff_handshake_answer {
	unsigned status; /* of HTTP */
	bool upgraded;   /* 101, and everything that a WebSocket's answer needs to have */
	bool has_length; /* of the body that follows a refusal */
	size_t length;
};

/* Answers how many bytes of `bytes` are the head of the answer, its empty line included; 0: it is not complete. */
size_t ff_handshake_head_size(const char *bytes, size_t size);

/* Reads a complete head; `key` is the one that was sent. FF_ERR_PROTOCOL: it is no HTTP. */
FF_WARN_UNUSED enum ff_status ff_handshake_read(struct ff_handshake_answer *answer, const char *head, size_t size,
						const char *key, struct ff_error *error);

#endif
