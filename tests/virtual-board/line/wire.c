// SPDX-License-Identifier: Apache-2.0
#include "wire.h"

#include <stdlib.h>

#define BITS_PER_BYTE 10
#define NS_PER_S INT64_C(1000000000)

enum ff_status ff_wire_init(struct ff_wire *wire, size_t capacity, bool paced)
{
	*wire = (struct ff_wire){ .capacity = capacity, .busy_until = INT64_MIN };
	wire->bytes = malloc(capacity);
	wire->due = paced ? malloc(capacity * sizeof(*wire->due)) : NULL;
	if (!wire->bytes || (paced && !wire->due)) {
		ff_wire_release(wire);
		return FF_ERR_NO_MEMORY;
	}
	return FF_OK;
}

void ff_wire_release(struct ff_wire *wire)
{
	free(wire->bytes);
	free(wire->due);
	*wire = (struct ff_wire){ 0 };
}

size_t ff_wire_room(const struct ff_wire *wire)
{
	return wire->capacity - wire->count;
}

/* Notes the rate of `count` bytes. When the ring of runs is full the last run takes them in: a sender that changes its
 * rate so often within one queue gets a few bytes judged by the rate before. */
static void note_rate(struct ff_wire *wire, uint32_t baud, size_t count)
{
	size_t last = (wire->run_head + wire->run_count + FF_WIRE_RUNS - 1) % FF_WIRE_RUNS;
	if (wire->run_count > 0 && (wire->runs[last].baud == baud || wire->run_count == FF_WIRE_RUNS)) {
		wire->runs[last].count += count;
		return;
	}
	wire->runs[(wire->run_head + wire->run_count) % FF_WIRE_RUNS] =
		(struct ff_wire_run){ .count = count, .baud = baud };
	wire->run_count++;
}

size_t ff_wire_send(struct ff_wire *wire, const uint8_t *bytes, size_t size, int64_t now, uint32_t baud,
		    uint32_t pace_baud)
{
	size_t taken = size < ff_wire_room(wire) ? size : ff_wire_room(wire);
	if (taken == 0) {
		return 0;
	}
	int64_t byte_ns = wire->due && pace_baud > 0 ? BITS_PER_BYTE * NS_PER_S / pace_baud : 0;
	if (wire->busy_until < now) {
		wire->busy_until = now;
	}
	size_t at = (wire->head + wire->count) % wire->capacity;
	for (size_t i = 0; i < taken; i++) {
		wire->bytes[at] = bytes[i];
		if (wire->due) {
			wire->busy_until += byte_ns;
			wire->due[at] = wire->busy_until;
		}
		at = at + 1 == wire->capacity ? 0 : at + 1;
	}
	wire->count += taken;
	note_rate(wire, baud, taken);
	return taken;
}

void ff_wire_stall(struct ff_wire *wire, int64_t now, int64_t ns)
{
	if (ns > 0) {
		wire->busy_until = (wire->busy_until < now ? now : wire->busy_until) + ns;
	}
}

int64_t ff_wire_next_due(const struct ff_wire *wire)
{
	if (wire->count == 0) {
		return FF_WIRE_NEVER;
	}
	return wire->due ? wire->due[wire->head] : INT64_MIN;
}

int64_t ff_wire_wake_time(const struct ff_wire *wire, int64_t patience_ns)
{
	if (wire->count == 0 || !wire->due) {
		return ff_wire_next_due(wire);
	}
	int64_t slice = wire->due[wire->head] + patience_ns;
	int64_t end = wire->due[(wire->head + wire->count - 1) % wire->capacity];
	return slice < end ? slice : end;
}

size_t ff_wire_arrived(const struct ff_wire *wire, int64_t now, size_t limit, const uint8_t **bytes, uint32_t *baud)
{
	if (wire->count == 0) {
		return 0;
	}
	const struct ff_wire_run *run = &wire->runs[wire->run_head];
	size_t most = wire->capacity - wire->head;
	most = run->count < most ? run->count : most;
	most = limit < most ? limit : most;
	size_t arrived = wire->due ? 0 : most;
	while (arrived < most && wire->due[wire->head + arrived] <= now) {
		arrived++;
	}
	*bytes = wire->bytes + wire->head;
	*baud = run->baud;
	return arrived;
}

void ff_wire_consume(struct ff_wire *wire, size_t count)
{
	wire->head = (wire->head + count) % wire->capacity;
	wire->count -= count;
	while (count > 0) {
		struct ff_wire_run *run = &wire->runs[wire->run_head];
		size_t part = run->count < count ? run->count : count;
		run->count -= part;
		count -= part;
		if (run->count == 0) {
			wire->run_head = (wire->run_head + 1) % FF_WIRE_RUNS;
			wire->run_count--;
		}
	}
}

bool ff_wire_receive(struct ff_wire *wire, int64_t now, struct ff_wire_byte *byte)
{
	const uint8_t *value;
	uint32_t baud;
	if (ff_wire_arrived(wire, now, 1, &value, &baud) == 0) {
		return false;
	}
	*byte = (struct ff_wire_byte){
		.value = *value,
		.baud = baud,
		.due = wire->due ? wire->due[wire->head] : now,
	};
	ff_wire_consume(wire, 1);
	return true;
}

void ff_wire_clear(struct ff_wire *wire)
{
	wire->head = wire->count = 0;
	wire->run_head = wire->run_count = 0;
	wire->busy_until = INT64_MIN;
}

void ff_wire_cut(struct ff_wire *wire, int64_t now)
{
	while (wire->due && wire->count > 0 && wire->due[(wire->head + wire->count - 1) % wire->capacity] > now) {
		struct ff_wire_run *last = &wire->runs[(wire->run_head + wire->run_count - 1) % FF_WIRE_RUNS];
		wire->count--;
		if (--last->count == 0) {
			wire->run_count--;
		}
	}
	wire->busy_until = INT64_MIN;
}
