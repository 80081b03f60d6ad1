// SPDX-License-Identifier: Apache-2.0
#include "circuit.h"

void ff_circuit_init(struct ff_circuit *circuit)
{
	*circuit = (struct ff_circuit){ .en = true, .rise_time = FF_CIRCUIT_NEVER };
}

enum ff_circuit_event ff_circuit_set(struct ff_circuit *circuit, bool dtr, bool rts, int64_t now)
{
	bool was_pulled = !circuit->dtr && circuit->rts;
	bool is_pulled = !dtr && rts;
	circuit->dtr = dtr;
	circuit->rts = rts;
	if (was_pulled && !is_pulled) {
		circuit->rise_time = now + FF_CIRCUIT_EN_RISE_NS;
	}
	if (!is_pulled) {
		return FF_CIRCUIT_NOTHING;
	}
	circuit->rise_time = FF_CIRCUIT_NEVER;
	if (!circuit->en) {
		return FF_CIRCUIT_NOTHING;
	}
	circuit->en = false;
	return FF_CIRCUIT_RESET;
}

enum ff_circuit_event ff_circuit_advance(struct ff_circuit *circuit, int64_t now)
{
	if (now < circuit->rise_time) {
		return FF_CIRCUIT_NOTHING;
	}
	circuit->rise_time = FF_CIRCUIT_NEVER;
	circuit->en = true;
	bool io0_low = circuit->dtr && !circuit->rts;
	return io0_low ? FF_CIRCUIT_BOOT_DOWNLOAD : FF_CIRCUIT_BOOT;
}
