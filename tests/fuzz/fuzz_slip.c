// SPDX-License-Identifier: Apache-2.0
/* SLIP: decode(encode(x)) == x, any split gives the same events, nothing leaves its buffer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "slip.h"

#define CAPACITY 64
#define MAX_INPUT 4096

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

/* What a decoder told, folded into one number. */
struct story {
	uint64_t digest;
	size_t events;
	uint64_t stray;
};

static void tell(struct story *story, uint64_t value)
{
	story->digest = (story->digest ^ value) * 0x100000001B3;
}

static struct story decode(const uint8_t *bytes, size_t size, size_t piece)
{
	struct story story = { .digest = 0xCBF29CE484222325 };
	uint8_t buffer[CAPACITY + 1];
	buffer[CAPACITY] = 0xA5;
	struct ff_slip_decoder decoder;
	ff_slip_decoder_init(&decoder, buffer, CAPACITY);
	for (size_t at = 0; at < size;) {
		size_t part = size - at < piece ? size - at : piece;
		size_t used = 0;
		enum ff_slip_event event = ff_slip_decode(&decoder, bytes + at, part, &used);
		CHECK(used > 0 && used <= part && (event != FF_SLIP_NONE || used == part));
		CHECK(decoder.size <= CAPACITY && buffer[CAPACITY] == 0xA5);
		at += used;
		if (event == FF_SLIP_NONE) {
			continue;
		}
		story.events++;
		tell(&story, event == FF_SLIP_FRAME ? 0x100 : 0x200 + decoder.fault);
		for (size_t i = 0; event == FF_SLIP_FRAME && i < decoder.size; i++) {
			tell(&story, decoder.bytes[i]);
		}
	}
	story.stray = decoder.stray;
	return story;
}

static void check_round_trip(const uint8_t *bytes, size_t size)
{
	static uint8_t wire[FF_SLIP_ENCODED_MAX(MAX_INPUT)];
	static uint8_t plain[MAX_INPUT];
	size_t wire_size = ff_slip_encode(wire, ff_slip_encoded_max(size), bytes, size);
	CHECK(wire_size >= size + 2 && wire_size <= ff_slip_encoded_max(size));
	CHECK(ff_slip_encode(plain, wire_size - 1 < sizeof(plain) ? wire_size - 1 : 0, bytes, size) == 0);
	struct ff_slip_decoder decoder;
	ff_slip_decoder_init(&decoder, plain, size);
	size_t used = 0;
	enum ff_slip_event event = ff_slip_decode(&decoder, wire, wire_size, &used);
	CHECK(used == wire_size && decoder.stray == 0);
	CHECK(event == (size > 0 ? FF_SLIP_FRAME : FF_SLIP_NONE));
	CHECK(decoder.size == size && memcmp(plain, bytes, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 1 || size > MAX_INPUT) {
		return 0;
	}
	size_t piece = bytes[0] % 16 + 1;
	bytes++;
	size--;
	struct story whole = decode(bytes, size, MAX_INPUT);
	struct story split = decode(bytes, size, piece);
	CHECK(whole.digest == split.digest && whole.events == split.events && whole.stray == split.stray);
	check_round_trip(bytes, size);
	return 0;
}
