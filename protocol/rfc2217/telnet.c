// SPDX-License-Identifier: Apache-2.0
#include "telnet.h"

#include <string.h>

/* Commands are 240 and up (RFC 854, page 14). */
#define FIRST_COMMAND FF_TELNET_SE

#define FLAG_ALLOWED 1
#define FLAG_REFUSED 2 /* the peer asked once and got its no */

enum state { STATE_DATA, STATE_IAC, STATE_VERB, STATE_SB, STATE_SB_DATA, STATE_SB_IAC };

void ff_telnet_init(struct ff_telnet *telnet, const struct ff_telnet_events *events, void *context)
{
	*telnet = (struct ff_telnet){ .events = events, .context = context };
}

void ff_telnet_allow(struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option)
{
	telnet->flags[side][option] |= FLAG_ALLOWED;
}

bool ff_telnet_enabled(const struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option)
{
	return telnet->q[side][option] == FF_TELNET_Q_YES;
}

bool ff_telnet_pending(const struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option)
{
	return telnet->q[side][option] >= FF_TELNET_Q_WANT_NO;
}

/* ---- options ---- */

static void send_verb(struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option, bool on)
{
	uint8_t verb;
	if (side == FF_TELNET_US) {
		verb = on ? FF_TELNET_WILL : FF_TELNET_WONT;
	} else {
		verb = on ? FF_TELNET_DO : FF_TELNET_DONT;
	}
	telnet->events->send(telnet->context, (uint8_t[]){ FF_TELNET_IAC, verb, option }, 3);
}

/* Moves to a new state and tells the owner when that settles the option. */
static void settle(struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option, enum ff_telnet_q q)
{
	telnet->q[side][option] = (uint8_t)q;
	if (telnet->events->option && (q == FF_TELNET_Q_NO || q == FF_TELNET_Q_YES)) {
		telnet->events->option(telnet->context, side, option, q == FF_TELNET_Q_YES);
	}
}

void ff_telnet_request(struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option, bool on)
{
	uint8_t *q = &telnet->q[side][option];
	if (on) {
		ff_telnet_allow(telnet, side, option);
	}
	switch ((enum ff_telnet_q) * q) {
	case FF_TELNET_Q_NO:
	case FF_TELNET_Q_YES:
		if (on != (*q == FF_TELNET_Q_YES)) {
			*q = on ? FF_TELNET_Q_WANT_YES : FF_TELNET_Q_WANT_NO;
			send_verb(telnet, side, option, on);
		}
		break;
	case FF_TELNET_Q_WANT_NO:
	case FF_TELNET_Q_WANT_NO_OPPOSITE:
		*q = on ? FF_TELNET_Q_WANT_NO_OPPOSITE : FF_TELNET_Q_WANT_NO;
		break;
	case FF_TELNET_Q_WANT_YES:
	case FF_TELNET_Q_WANT_YES_OPPOSITE:
		*q = on ? FF_TELNET_Q_WANT_YES : FF_TELNET_Q_WANT_YES_OPPOSITE;
		break;
	}
}

/* The peer asks for the option to be on: WILL for its side, DO for ours. */
static void received_on(struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option)
{
	uint8_t *flags = &telnet->flags[side][option];
	switch ((enum ff_telnet_q)telnet->q[side][option]) {
	case FF_TELNET_Q_NO:
		if (*flags & FLAG_ALLOWED) {
			send_verb(telnet, side, option, true);
			settle(telnet, side, option, FF_TELNET_Q_YES);
		} else if (!(*flags & FLAG_REFUSED)) {
			*flags |= FLAG_REFUSED;
			send_verb(telnet, side, option, false);
		}
		break;
	case FF_TELNET_Q_YES:
		break;
	case FF_TELNET_Q_WANT_NO: /* an error of the peer, RFC 1143: "DONT answered by WILL" */
		settle(telnet, side, option, FF_TELNET_Q_NO);
		break;
	case FF_TELNET_Q_WANT_NO_OPPOSITE: /* the same, but we wanted it on again anyway */
	case FF_TELNET_Q_WANT_YES:
		settle(telnet, side, option, FF_TELNET_Q_YES);
		break;
	case FF_TELNET_Q_WANT_YES_OPPOSITE:
		telnet->q[side][option] = FF_TELNET_Q_WANT_NO;
		send_verb(telnet, side, option, false);
		break;
	}
}

/* The peer asks for, or agrees to, the option being off: WONT for its side, DONT for ours. */
static void received_off(struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option)
{
	switch ((enum ff_telnet_q)telnet->q[side][option]) {
	case FF_TELNET_Q_NO:
		break;
	case FF_TELNET_Q_YES:
		send_verb(telnet, side, option, false);
		settle(telnet, side, option, FF_TELNET_Q_NO);
		break;
	case FF_TELNET_Q_WANT_NO_OPPOSITE:
		telnet->q[side][option] = FF_TELNET_Q_WANT_YES;
		send_verb(telnet, side, option, true);
		break;
	case FF_TELNET_Q_WANT_NO:
	case FF_TELNET_Q_WANT_YES:
	case FF_TELNET_Q_WANT_YES_OPPOSITE:
		settle(telnet, side, option, FF_TELNET_Q_NO);
		break;
	}
}

static void received_verb(struct ff_telnet *telnet, uint8_t verb, uint8_t option)
{
	switch (verb) {
	case FF_TELNET_WILL:
		received_on(telnet, FF_TELNET_THEM, option);
		break;
	case FF_TELNET_DO:
		received_on(telnet, FF_TELNET_US, option);
		break;
	case FF_TELNET_WONT:
		received_off(telnet, FF_TELNET_THEM, option);
		break;
	case FF_TELNET_DONT:
		received_off(telnet, FF_TELNET_US, option);
		break;
	}
}

/* ---- receiving ---- */

static void keep(struct ff_telnet *telnet, uint8_t byte)
{
	if (telnet->size == sizeof(telnet->subnegotiation)) {
		telnet->oversized = true;
		return;
	}
	telnet->subnegotiation[telnet->size++] = byte;
}

/* The byte after IAC outside a subnegotiation. Other commands (NOP, AYT, a stray SE...) carry nothing for a serial port,
 * so they are passed over, as is a byte that is no command at all. */
static void received_command(struct ff_telnet *telnet, uint8_t byte)
{
	telnet->state = STATE_DATA;
	switch (byte) {
	case FF_TELNET_IAC:
		telnet->events->data(telnet->context, &byte, 1);
		break;
	case FF_TELNET_WILL:
	case FF_TELNET_WONT:
	case FF_TELNET_DO:
	case FF_TELNET_DONT:
		telnet->verb = byte;
		telnet->state = STATE_VERB;
		break;
	case FF_TELNET_SB:
		telnet->state = STATE_SB;
		break;
	}
}

/* The byte after IAC inside a subnegotiation. */
static void received_inner_command(struct ff_telnet *telnet, uint8_t byte)
{
	telnet->state = STATE_SB_DATA;
	if (byte == FF_TELNET_IAC) {
		keep(telnet, byte);
	} else if (byte == FF_TELNET_SE) {
		telnet->state = STATE_DATA;
		if (!telnet->oversized) {
			telnet->events->subnegotiation(telnet->context, telnet->option, telnet->subnegotiation,
						       telnet->size);
		}
	} else if (byte < FIRST_COMMAND) {
		/* Some servers forget to escape IAC here. What follows cannot be a command, so both are data. */
		keep(telnet, FF_TELNET_IAC);
		keep(telnet, byte);
	} else {
		/* The peer broke off and goes on with another command. */
		received_command(telnet, byte);
	}
}

static void received_byte(struct ff_telnet *telnet, uint8_t byte)
{
	switch ((enum state)telnet->state) {
	case STATE_DATA:
		telnet->state = STATE_IAC;
		break;
	case STATE_IAC:
		received_command(telnet, byte);
		break;
	case STATE_VERB:
		telnet->state = STATE_DATA;
		received_verb(telnet, telnet->verb, byte);
		break;
	case STATE_SB:
		if (byte == FF_TELNET_IAC) { /* no option at all, as in IAC SB IAC SE */
			telnet->state = STATE_IAC;
			break;
		}
		telnet->option = byte;
		telnet->size = 0;
		telnet->oversized = false;
		telnet->state = STATE_SB_DATA;
		break;
	case STATE_SB_DATA:
		if (byte == FF_TELNET_IAC) {
			telnet->state = STATE_SB_IAC;
		} else {
			keep(telnet, byte);
		}
		break;
	case STATE_SB_IAC:
		received_inner_command(telnet, byte);
		break;
	}
}

/* The length of the run of bytes before the next IAC. */
static size_t plain_run(const uint8_t *bytes, size_t size)
{
	const uint8_t *iac = memchr(bytes, FF_TELNET_IAC, size);
	return iac ? (size_t)(iac - bytes) : size;
}

void ff_telnet_receive(struct ff_telnet *telnet, const uint8_t *bytes, size_t size)
{
	size_t at = 0;
	while (at < size) {
		size_t run = telnet->state == STATE_DATA ? plain_run(bytes + at, size - at) : 0;
		if (run > 0) {
			telnet->events->data(telnet->context, bytes + at, run);
			at += run;
		} else {
			received_byte(telnet, bytes[at++]);
		}
	}
}

bool ff_telnet_is_in_data(const struct ff_telnet *telnet)
{
	return telnet->state == STATE_DATA;
}

/* ---- sending ---- */

void ff_telnet_send_data(struct ff_telnet *telnet, const uint8_t *bytes, size_t size)
{
	static const uint8_t iac = FF_TELNET_IAC;
	while (size > 0) {
		size_t run = plain_run(bytes, size);
		if (run < size) {
			run++;
			telnet->events->send(telnet->context, bytes, run);
			telnet->events->send(telnet->context, &iac, 1);
		} else {
			telnet->events->send(telnet->context, bytes, run);
		}
		bytes += run;
		size -= run;
	}
}

void ff_telnet_send_subnegotiation(struct ff_telnet *telnet, uint8_t option, const uint8_t *bytes, size_t size)
{
	telnet->events->send(telnet->context, (uint8_t[]){ FF_TELNET_IAC, FF_TELNET_SB, option }, 3);
	ff_telnet_send_data(telnet, bytes, size);
	telnet->events->send(telnet->context, (uint8_t[]){ FF_TELNET_IAC, FF_TELNET_SE }, 2);
}
