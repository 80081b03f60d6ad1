// SPDX-License-Identifier: Apache-2.0
/* The RFC 2217 server's end under any client: any split of the bytes gives the same data, requests and answers; what it
 * sends by itself stays within its bound; each request is for a code that wants one. The first byte chooses the split. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"

#define MAX_INPUT 2048

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

struct end {
	struct ff_access access;
	uint64_t digest;
	size_t data;
	size_t requests;
	size_t sent;
};

static void tell(struct end *end, uint64_t value)
{
	end->digest = (end->digest ^ value) * 0x100000001B3;
}

static void on_data(void *context, const uint8_t *bytes, size_t size)
{
	struct end *end = context;
	CHECK(size > 0);
	for (size_t i = 0; i < size; i++) {
		tell(end, bytes[i]);
	}
	end->data += size;
}

static void on_request(void *context, enum ff_comport_code code, uint32_t value)
{
	struct end *end = context;
	CHECK((code >= FF_COMPORT_SET_BAUDRATE && code <= FF_COMPORT_SET_CONTROL) || code == FF_COMPORT_PURGE_DATA);
	CHECK(code == FF_COMPORT_SET_BAUDRATE || value <= UINT8_MAX);
	CHECK(end->access.agreed);
	tell(end, 0x10000u + (unsigned)code);
	tell(end, value);
	end->requests++;
	ff_access_reply(&end->access, code, ff_comport_value_known(code, value) ? value : 1);
}

static void on_agreed(void *context)
{
	tell(context, 0x20000);
}

static void on_send(void *context, const uint8_t *bytes, size_t size)
{
	struct end *end = context;
	for (size_t i = 0; i < size; i++) {
		tell(end, 0x30000u + bytes[i]);
	}
	end->sent += size;
}

static void run(struct end *end, const uint8_t *bytes, size_t size, size_t step)
{
	static const struct ff_access_events events = { on_data, on_request, on_agreed, on_send };
	static const char signature[] = "a signature of the greatest length that there can be in this pla";
	_Static_assert(sizeof(signature) == FF_ACCESS_SIGNATURE_MAX + 1, "the longest");
	*end = (struct end){ .digest = 1 };
	ff_access_init(&end->access, &events, end, signature, 0xB0);
	for (size_t at = 0; at < size; at += step) {
		size_t piece = size - at < step ? size - at : step;
		size_t sent = end->sent;
		size_t requests = end->requests;
		ff_access_receive(&end->access, bytes + at, piece);
		CHECK(end->sent - sent <=
		      FF_ACCESS_ANSWER_MAX(piece) + (end->requests - requests) * FF_ACCESS_REPLY_MAX);
	}
	CHECK(end->data <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct end whole;
	static struct end split;
	if (size < 2 || size > MAX_INPUT) {
		return 0;
	}
	run(&whole, bytes + 1, size - 1, size);
	run(&split, bytes + 1, size - 1, 1u + bytes[0] % 16);
	CHECK(whole.digest == split.digest);
	return 0;
}
