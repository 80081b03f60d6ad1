// SPDX-License-Identifier: Apache-2.0
/* Whatever a peer sends after the handshake, and whatever a server answers to one. */
#include <stdlib.h>
#include <string.h>

#include "handshake.h"
#include "websocket.h"

#define MAX_MESSAGE 2000
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hear(void *context, bool is_text, const uint8_t *bytes, size_t size)
{
	struct ff_websocket **websocket = context;
	if (size > MAX_MESSAGE) {
		abort();
	}
	/* An echo, as far as there is room. */
	(void)ff_websocket_send(*websocket, is_text, bytes, size);
}

static void talk(enum ff_websocket_role role, const uint8_t *data, size_t size)
{
	struct ff_websocket *websocket = NULL;
	struct ff_error error = FF_ERROR_NONE;
	uint8_t out[100];
	if (ff_websocket_new(&websocket, role, MAX_MESSAGE, hear, &websocket, &error) != FF_OK) {
		abort();
	}
	for (size_t at = 0; at < size && ff_websocket_receive(websocket, data + at, 1, &error) == FF_OK; at++) {
		if (at % 7 == 0) {
			(void)ff_websocket_output(websocket, out, sizeof(out));
		}
	}
	while (ff_websocket_output(websocket, out, sizeof(out)) > 0) {
	}
	if (strlen(ff_websocket_close_reason(websocket)) >= FF_WEBSOCKET_REASON_SIZE) {
		abort();
	}
	ff_websocket_free(websocket);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ff_handshake_answer answer = { .status = 0 };
	size_t head = ff_handshake_head_size((const char *)data, size);
	if (head > size) {
		abort();
	}
	if (head > 0 && ff_handshake_read(&answer, (const char *)data, head, KEY, NULL) == FF_OK &&
	    (answer.status > 999 || (answer.upgraded && answer.status != 101))) {
		abort();
	}
	talk(FF_WEBSOCKET_SERVER, data, size);
	talk(FF_WEBSOCKET_CLIENT, data, size);
	return 0;
}
