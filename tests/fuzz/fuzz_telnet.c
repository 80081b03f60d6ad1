// SPDX-License-Identifier: Apache-2.0
/* Telnet: any split gives the same events and replies, replies never exceed the input, what one end sends the other
 * receives, and two ends that answer each other fall silent. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "telnet.h"

#define MAX_INPUT 2048
#define MAX_WIRE (2 * MAX_INPUT + 64)

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

struct end {
	struct ff_telnet telnet;
	uint64_t digest; /* of all events; data byte by byte, so that runs do not matter */
	size_t data_size;
	uint8_t last[MAX_INPUT]; /* payload of the last subnegotiation */
	size_t last_size;
	bool had_subnegotiation;
	uint8_t wire[MAX_WIRE];
	size_t wire_size;
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
	end->data_size += size;
}

static void on_subnegotiation(void *context, uint8_t option, const uint8_t *bytes, size_t size)
{
	struct end *end = context;
	CHECK(size <= FF_TELNET_SUBNEGOTIATION_MAX);
	tell(end, 0x1000 + option);
	for (size_t i = 0; i < size; i++) {
		tell(end, 0x2000 + bytes[i]);
	}
	memcpy(end->last, bytes, size);
	end->last_size = size;
	end->had_subnegotiation = true;
}

static void on_option(void *context, enum ff_telnet_side side, uint8_t option, bool on)
{
	struct end *end = context;
	CHECK(ff_telnet_enabled(&end->telnet, side, option) == on);
	tell(end, 0x10000 + (unsigned)side * 512 + option * 2u + on);
}

static void on_send(void *context, const uint8_t *bytes, size_t size)
{
	struct end *end = context;
	CHECK(size <= sizeof(end->wire) - end->wire_size);
	memcpy(end->wire + end->wire_size, bytes, size);
	end->wire_size += size;
}

static const struct ff_telnet_events events = { on_data, on_subnegotiation, on_option, on_send };

static void end_init(struct end *end, uint8_t wishes)
{
	end->digest = 0xCBF29CE484222325;
	end->data_size = end->last_size = end->wire_size = 0;
	end->had_subnegotiation = false;
	ff_telnet_init(&end->telnet, &events, end);
	ff_telnet_allow(&end->telnet, FF_TELNET_THEM, FF_TELNET_OPTION_BINARY);
	ff_telnet_allow(&end->telnet, FF_TELNET_US, FF_TELNET_OPTION_SGA);
	if (wishes & 1) {
		ff_telnet_request(&end->telnet, FF_TELNET_US, FF_TELNET_OPTION_COM_PORT, true);
	}
	if (wishes & 2) {
		ff_telnet_request(&end->telnet, FF_TELNET_THEM, FF_TELNET_OPTION_BINARY, true);
	}
	if (wishes & 4) {
		ff_telnet_request(&end->telnet, FF_TELNET_THEM, FF_TELNET_OPTION_BINARY, false);
	}
}

static void check_split(const uint8_t *bytes, size_t size, uint8_t wishes)
{
	static struct end whole, split;
	end_init(&whole, wishes);
	end_init(&split, wishes);
	size_t own = whole.wire_size;
	ff_telnet_receive(&whole.telnet, bytes, size);
	size_t piece = wishes % 7 + 1u;
	for (size_t at = 0; at < size; at += piece) {
		ff_telnet_receive(&split.telnet, bytes + at, size - at < piece ? size - at : piece);
	}
	CHECK(whole.digest == split.digest && whole.data_size == split.data_size);
	CHECK(whole.wire_size == split.wire_size && memcmp(whole.wire, split.wire, whole.wire_size) == 0);
	CHECK(whole.wire_size - own <= size && whole.data_size <= size);
}

static void check_round_trip(const uint8_t *bytes, size_t size)
{
	static struct end from, to, reference;
	end_init(&from, 0);
	end_init(&to, 0);
	end_init(&reference, 0);
	ff_telnet_send_data(&from.telnet, bytes, size);
	CHECK(from.wire_size <= 2 * size);
	ff_telnet_receive(&to.telnet, from.wire, from.wire_size);
	CHECK(to.wire_size == 0 && to.data_size == size);
	if (size > 0) {
		on_data(&reference, bytes, size);
	}
	CHECK(to.digest == reference.digest);

	from.wire_size = 0;
	ff_telnet_send_subnegotiation(&from.telnet, FF_TELNET_OPTION_COM_PORT, bytes, size);
	CHECK(from.wire_size <= 2 * size + 6);
	ff_telnet_receive(&to.telnet, from.wire, from.wire_size);
	CHECK(to.had_subnegotiation == (size <= FF_TELNET_SUBNEGOTIATION_MAX));
	if (to.had_subnegotiation) {
		CHECK(to.last_size == size && memcmp(to.last, bytes, size) == 0);
	}
}

/* After any input, whatever `left` still wants to say must die out between two of our own ends. */
static void check_silence(const uint8_t *bytes, size_t size, uint8_t wishes)
{
	static struct end left, right;
	end_init(&left, wishes);
	end_init(&right, (uint8_t)(wishes >> 3));
	ff_telnet_receive(&left.telnet, bytes, size);
	for (int round = 0; round < 8; round++) {
		struct end *from = round % 2 ? &right : &left;
		struct end *to = round % 2 ? &left : &right;
		ff_telnet_receive(&to->telnet, from->wire, from->wire_size);
		from->wire_size = 0;
	}
	CHECK(left.wire_size == 0 && right.wire_size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 1 || size > MAX_INPUT) {
		return 0;
	}
	check_split(bytes + 1, size - 1, bytes[0]);
	check_round_trip(bytes + 1, size - 1);
	check_silence(bytes + 1, size - 1, bytes[0]);
	return 0;
}
