// SPDX-License-Identifier: Apache-2.0
#include "handshake.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#define KEY_BYTES 16
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */

bool ff_handshake_make_key(char key[FF_HANDSHAKE_KEY_SIZE])
{
	unsigned char bytes[KEY_BYTES];
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
		return false;
	}
	EVP_EncodeBlock((unsigned char *)key, bytes, sizeof(bytes));
	return true;
}

static bool is_key(const char *key)
{
	unsigned char bytes[FF_HANDSHAKE_KEY_SIZE];
	return strlen(key) == FF_HANDSHAKE_KEY_SIZE - 1 && strcmp(key + 22, "==") == 0 && !strchr("=", key[21]) &&
	       EVP_DecodeBlock(bytes, (const unsigned char *)key, FF_HANDSHAKE_KEY_SIZE - 1) >= 0;
}

bool ff_handshake_accept(const char *key, char accept[FF_HANDSHAKE_ACCEPT_SIZE])
{
	char text[FF_HANDSHAKE_KEY_SIZE + sizeof(GUID)];
	unsigned char digest[SHA_DIGEST_LENGTH];
	if (!is_key(key)) {
		return false;
	}
	snprintf(text, sizeof(text), "%s%s", key, GUID);
	if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha1(), NULL) != 1) {
		return false;
	}
	EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
	return true;
}

size_t ff_handshake_head_size(const char *bytes, size_t size)
{
	const char *end = size == 0 ? NULL : memmem(bytes, size, "\r\n\r\n", 4);
	return end ? (size_t)(end - bytes) + 4 : 0;
}

/* ---- an answer's head ---- */

/* A field's value without the spaces around it. */
struct value {
	const char *text;
	size_t size;
};

static struct value trimmed(const char *text, size_t size)
{
	while (size > 0 && (text[0] == ' ' || text[0] == '\t')) {
		text++;
		size--;
	}
	while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) {
		size--;
	}
	return (struct value){ text, size };
}

static bool equals(struct value value, const char *word)
{
	return value.size == strlen(word) && strncasecmp(value.text, word, value.size) == 0;
}

/* Whether a list with commas between its words has this one. */
static bool lists(struct value value, const char *word)
{
	while (value.size > 0) {
		const char *comma = memchr(value.text, ',', value.size);
		size_t size = comma ? (size_t)(comma - value.text) : value.size;
		if (equals(trimmed(value.text, size), word)) {
			return true;
		}
		size += comma != NULL;
		value.text += size;
		value.size -= size;
	}
	return false;
}

struct reading {
	struct ff_handshake_answer answer;
	char accept[FF_HANDSHAKE_ACCEPT_SIZE]; /* the one that belongs to the key */
	bool accepted;
	bool upgrade;
	bool connection;
};

static void take_length(struct ff_handshake_answer *answer, struct value value)
{
	size_t length = 0;
	for (size_t i = 0; i < value.size; i++) {
		if (!isdigit((unsigned char)value.text[i]) || length > SIZE_MAX / 10 - 10) {
			return;
		}
		length = length * 10 + (size_t)(value.text[i] - '0');
	}
	answer->has_length = value.size > 0;
	answer->length = length;
}

static void take_field(struct reading *reading, struct value name, struct value value)
{
	if (equals(name, "Upgrade")) {
		reading->upgrade = equals(value, "websocket");
	} else if (equals(name, "Connection")) {
		reading->connection = reading->connection || lists(value, "Upgrade");
	} else if (equals(name, "Sec-WebSocket-Accept")) {
		reading->accepted =
			value.size == strlen(reading->accept) && memcmp(value.text, reading->accept, value.size) == 0;
	} else if (equals(name, "Content-Length")) {
		take_length(&reading->answer, value);
	}
}

/* "HTTP/1.1 101 Switching Protocols" */
static bool take_status(struct reading *reading, const char *line, size_t size)
{
	if (size < 12 || memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ' || (size > 12 && line[12] != ' ')) {
		return false;
	}
	for (int i = 9; i < 12; i++) {
		if (!isdigit((unsigned char)line[i])) {
			return false;
		}
		reading->answer.status = reading->answer.status * 10 + (unsigned)(line[i] - '0');
	}
	return true;
}

enum ff_status ff_handshake_read(struct ff_handshake_answer *answer, const char *head, size_t size, const char *key,
				 struct ff_error *error)
{
	struct reading reading = { .accepted = false };
	bool first = true;
	(void)ff_handshake_accept(key, reading.accept);
	for (const char *end; (end = memmem(head, size, "\r\n", 2)) && end > head;) {
		size_t line = (size_t)(end - head);
		const char *colon = memchr(head, ':', line);
		if (first && !take_status(&reading, head, line)) {
			return ff_error_set(error, FF_ERR_PROTOCOL, "the answer is no HTTP");
		}
		if (!first && colon) {
			size_t name = (size_t)(colon - head);
			take_field(&reading, (struct value){ head, name }, trimmed(colon + 1, line - name - 1));
		}
		first = false;
		head = end + 2;
		size -= line + 2;
	}
	if (first) {
		return ff_error_set(error, FF_ERR_PROTOCOL, "the answer is no HTTP");
	}
	reading.answer.upgraded =
		reading.answer.status == 101 && reading.upgrade && reading.connection && reading.accepted;
	*answer = reading.answer;
	return FF_OK;
}
