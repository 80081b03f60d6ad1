// SPDX-License-Identifier: Apache-2.0
#include "tunnel_settings.h"

#define MAX_OPEN 32 /* bits of the lists */
#define UNKNOWN (-1)

static enum ff_tunnel_group group_of_control(uint32_t value)
{
	switch (value) {
	case FF_COMPORT_CONTROL_ASK_FLOW_IN:
	case FF_COMPORT_CONTROL_FLOW_IN_NONE:
	case FF_COMPORT_CONTROL_FLOW_IN_XONXOFF:
	case FF_COMPORT_CONTROL_FLOW_IN_HARDWARE:
	case FF_COMPORT_CONTROL_FLOW_IN_DTR:
		return FF_TUNNEL_FLOW_IN;
	case FF_COMPORT_CONTROL_ASK_BREAK:
	case FF_COMPORT_CONTROL_BREAK_ON:
	case FF_COMPORT_CONTROL_BREAK_OFF:
		return FF_TUNNEL_BREAK;
	case FF_COMPORT_CONTROL_ASK_DTR:
	case FF_COMPORT_CONTROL_DTR_ON:
	case FF_COMPORT_CONTROL_DTR_OFF:
		return FF_TUNNEL_DTR;
	case FF_COMPORT_CONTROL_ASK_RTS:
	case FF_COMPORT_CONTROL_RTS_ON:
	case FF_COMPORT_CONTROL_RTS_OFF:
		return FF_TUNNEL_RTS;
	default: /* the server answers anything else with the outbound flow control */
		return FF_TUNNEL_FLOW;
	}
}

static enum ff_tunnel_group group_of(enum ff_comport_code code, uint32_t value)
{
	switch (code) {
	case FF_COMPORT_SET_BAUDRATE:
		return FF_TUNNEL_BAUD;
	case FF_COMPORT_SET_DATASIZE:
		return FF_TUNNEL_DATA_BITS;
	case FF_COMPORT_SET_PARITY:
		return FF_TUNNEL_PARITY;
	case FF_COMPORT_SET_STOPSIZE:
		return FF_TUNNEL_STOP_BITS;
	default:
		return group_of_control(value);
	}
}

/* Whether the server may have to do something at the port. Of a value that it does not know it tells what is so, like of a
 * question; that one which it might know is treated as a change here does no harm. */
static bool is_change(enum ff_comport_code code, uint32_t value)
{
	if (code != FF_COMPORT_SET_CONTROL) {
		return value != 0 && ff_comport_value_known(code, value);
	}
	switch (value) {
	case FF_COMPORT_CONTROL_ASK_FLOW:
	case FF_COMPORT_CONTROL_ASK_BREAK:
	case FF_COMPORT_CONTROL_ASK_DTR:
	case FF_COMPORT_CONTROL_ASK_RTS:
	case FF_COMPORT_CONTROL_ASK_FLOW_IN:
	case FF_COMPORT_CONTROL_FLOW_DCD:
	case FF_COMPORT_CONTROL_FLOW_IN_DTR:
	case FF_COMPORT_CONTROL_FLOW_DSR:
		return false;
	default:
		return ff_comport_value_known(code, value);
	}
}

static bool is_line(enum ff_tunnel_group group)
{
	return group == FF_TUNNEL_DTR || group == FF_TUNNEL_RTS;
}

void ff_tunnel_settings_init(struct ff_tunnel_settings *settings)
{
	*settings = (struct ff_tunnel_settings){ .open = { { 0 } } };
	for (unsigned i = 0; i < FF_TUNNEL_GROUPS; i++) {
		settings->told[i] = UNKNOWN;
	}
}

static bool push(struct ff_tunnel_settings *settings, enum ff_tunnel_group group, bool waits, bool changes)
{
	struct ff_tunnel_open *open = &settings->open[group];
	if (open->count == MAX_OPEN) {
		return false;
	}
	open->waits |= (uint32_t)waits << open->count;
	open->changes |= (uint32_t)changes << open->count;
	open->count++;
	return true;
}

/* The port has one flow control for both directions. */
static void forget_other_flow(struct ff_tunnel_settings *settings, enum ff_tunnel_group group)
{
	if (group == FF_TUNNEL_FLOW) {
		settings->told[FF_TUNNEL_FLOW_IN] = UNKNOWN;
	} else if (group == FF_TUNNEL_FLOW_IN) {
		settings->told[FF_TUNNEL_FLOW] = UNKNOWN;
	}
}

enum ff_tunnel_verdict ff_tunnel_settings_request(struct ff_tunnel_settings *settings, enum ff_comport_code code,
						  uint32_t value)
{
	enum ff_tunnel_group group = group_of(code, value);
	const struct ff_tunnel_open *open = &settings->open[group];
	bool changes = is_change(code, value);
	bool foreseen = changes && open->waits == 0 && (is_line(group) || settings->told[group] == value);
	if ((!changes && open->changes != 0) || !push(settings, group, !foreseen, changes)) {
		return FF_TUNNEL_HOLD;
	}
	if (foreseen) {
		settings->told[group] = value;
		return FF_TUNNEL_ANSWER;
	}
	if (changes) {
		forget_other_flow(settings, group);
	}
	return FF_TUNNEL_WAIT;
}

bool ff_tunnel_settings_ask(struct ff_tunnel_settings *settings, enum ff_comport_code code, uint32_t value)
{
	return push(settings, group_of(code, value), false, is_change(code, value));
}

bool ff_tunnel_settings_answer(struct ff_tunnel_settings *settings, enum ff_comport_code code, uint32_t value)
{
	enum ff_tunnel_group group = group_of(code, value);
	struct ff_tunnel_open *open = &settings->open[group];
	bool waited = open->waits & 1;
	if (open->count > 0) {
		open->count--;
		open->waits >>= 1;
		open->changes >>= 1;
	}
	if (waited || open->count == 0) {
		settings->told[group] = value;
	}
	return waited;
}
