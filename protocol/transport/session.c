// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <string.h>

/* ---- events of the telnet codec ---- */

static void on_data(void *context, const uint8_t *bytes, size_t size)
{
	struct ff_session *session = context;
	if (size > FF_SESSION_INPUT_SIZE) {
		session->dropped += size - FF_SESSION_INPUT_SIZE;
		bytes += size - FF_SESSION_INPUT_SIZE;
		size = FF_SESSION_INPUT_SIZE;
	}
	size_t room = ff_session_input_room(session);
	if (size > room) {
		session->dropped += size - room;
		session->input_at += size - room;
	}
	if (size > FF_SESSION_INPUT_SIZE - session->input_end) {
		session->input_end -= session->input_at;
		memmove(session->input, session->input + session->input_at, session->input_end);
		session->input_at = 0;
	}
	memcpy(session->input + session->input_end, bytes, size);
	session->input_end += size;
}

static void drop_input(struct ff_session *session)
{
	session->input_at = 0;
	session->input_end = 0;
}

/* Room for what telnet answers is ensured by ff_session_receivable(), for requests by their callers. */
static void on_send(void *context, const uint8_t *bytes, size_t size)
{
	struct ff_session *session = context;
	if (size > FF_SESSION_OUTPUT_SIZE - session->output_end) {
		session->output_end -= session->output_at;
		memmove(session->output, session->output + session->output_at, session->output_end);
		session->output_at = 0;
	}
	if (size <= FF_SESSION_OUTPUT_SIZE - session->output_end) {
		memcpy(session->output + session->output_end, bytes, size);
		session->output_end += size;
	}
}

/* Either side may carry the option: RFC 2217 wants WILL from the client, but some servers offer it themselves. */
static void on_option(void *context, enum ff_telnet_side side, uint8_t option, bool on)
{
	struct ff_session *session = context;
	if (option != FF_TELNET_OPTION_COM_PORT) {
		return;
	}
	session->agreed = ff_telnet_enabled(&session->telnet, FF_TELNET_US, option) ||
			  ff_telnet_enabled(&session->telnet, FF_TELNET_THEM, option);
	session->refused = !session->agreed && side == FF_TELNET_US && !on;
}

static void note_line(struct ff_session *session, uint32_t control)
{
	switch (control) {
	case FF_COMPORT_CONTROL_DTR_ON:
	case FF_COMPORT_CONTROL_DTR_OFF:
		session->dtr = control == FF_COMPORT_CONTROL_DTR_ON;
		break;
	case FF_COMPORT_CONTROL_RTS_ON:
	case FF_COMPORT_CONTROL_RTS_OFF:
		session->rts = control == FF_COMPORT_CONTROL_RTS_ON;
		break;
	}
}

static void on_subnegotiation(void *context, uint8_t option, const uint8_t *bytes, size_t size)
{
	struct ff_session *session = context;
	struct ff_comport_message message;
	if (option != FF_TELNET_OPTION_COM_PORT || !ff_comport_parse(&message, bytes, size)) {
		return;
	}
	if (message.code == FF_COMPORT_FLOWCONTROL_SUSPEND || message.code == FF_COMPORT_FLOWCONTROL_RESUME) {
		session->suspended = message.code == FF_COMPORT_FLOWCONTROL_SUSPEND;
		return;
	}
	if (message.from != FF_COMPORT_SERVER) {
		return;
	}
	struct ff_session_request *request = &session->requests[message.code];
	if (message.code == FF_COMPORT_PURGE_DATA && request->waiting > 0) {
		drop_input(session);
	}
	request->waiting -= request->waiting > 0;
	request->answered = true;
	request->forgetful = false;
	request->answer = message.value;
	/* An acknowledgement on the way may be older than our newest request, which is what the line will be. */
	if (message.code == FF_COMPORT_SET_CONTROL && request->waiting == 0) {
		note_line(session, message.value);
	}
}

static const struct ff_telnet_events events = {
	.data = on_data,
	.subnegotiation = on_subnegotiation,
	.option = on_option,
	.send = on_send,
};

void ff_session_init(struct ff_session *session)
{
	*session = (struct ff_session){ .dtr = -1, .rts = -1 };
	ff_telnet_init(&session->telnet, &events, session);
}

/* ---- received bytes ---- */

static size_t output_room(const struct ff_session *session)
{
	return FF_SESSION_OUTPUT_SIZE - (session->output_end - session->output_at);
}

size_t ff_session_receivable(const struct ff_session *session)
{
	return output_room(session);
}

void ff_session_receive(struct ff_session *session, const uint8_t *bytes, size_t size)
{
	ff_telnet_receive(&session->telnet, bytes, size);
}

size_t ff_session_take(struct ff_session *session, uint8_t *bytes, size_t capacity)
{
	size_t size = session->input_end - session->input_at;
	if (size > capacity) {
		size = capacity;
	}
	memcpy(bytes, session->input + session->input_at, size);
	session->input_at += size;
	return size;
}

size_t ff_session_input_room(const struct ff_session *session)
{
	return FF_SESSION_INPUT_SIZE - (session->input_end - session->input_at);
}

/* ---- bytes to send ---- */

void ff_session_sent(struct ff_session *session, size_t size)
{
	session->output_at += size;
}

size_t ff_session_put(struct ff_session *session, const uint8_t *bytes, size_t size)
{
	size_t fits = output_room(session) / 2; /* every byte may have to be escaped */
	if (size > fits) {
		size = fits;
	}
	ff_telnet_send_data(&session->telnet, bytes, size);
	return size;
}

void ff_session_negotiate(struct ff_session *session)
{
	struct ff_telnet *telnet = &session->telnet;
	ff_telnet_allow(telnet, FF_TELNET_THEM, FF_TELNET_OPTION_COM_PORT);
	ff_telnet_allow(telnet, FF_TELNET_THEM, FF_TELNET_OPTION_ECHO);
	ff_telnet_request(telnet, FF_TELNET_US, FF_TELNET_OPTION_COM_PORT, true);
	ff_telnet_request(telnet, FF_TELNET_US, FF_TELNET_OPTION_BINARY, true);
	ff_telnet_request(telnet, FF_TELNET_THEM, FF_TELNET_OPTION_BINARY, true);
	ff_telnet_request(telnet, FF_TELNET_US, FF_TELNET_OPTION_SGA, true);
	ff_telnet_request(telnet, FF_TELNET_THEM, FF_TELNET_OPTION_SGA, true);
}

static void send_message(struct ff_session *session, enum ff_comport_code code, uint32_t value)
{
	const struct ff_comport_message message = { .from = FF_COMPORT_CLIENT, .code = code, .value = value };
	uint8_t bytes[FF_COMPORT_MESSAGE_MAX];
	size_t size = ff_comport_build(bytes, sizeof(bytes), &message);
	ff_telnet_send_subnegotiation(&session->telnet, FF_TELNET_OPTION_COM_PORT, bytes, size);
}

void ff_session_ask(struct ff_session *session, enum ff_comport_code code, uint32_t value)
{
	session->requests[code].waiting++;
	session->requests[code].answered = false;
	send_message(session, code, value);
}

void ff_session_ask_line(struct ff_session *session, enum ff_comport_control question)
{
	send_message(session, FF_COMPORT_SET_CONTROL, question);
}

static void ask_dtr(struct ff_session *session, int8_t dtr)
{
	if (dtr >= 0) {
		session->dtr = dtr;
		ff_session_ask(session, FF_COMPORT_SET_CONTROL,
			       dtr ? FF_COMPORT_CONTROL_DTR_ON : FF_COMPORT_CONTROL_DTR_OFF);
	}
}

static void ask_rts(struct ff_session *session, int8_t rts)
{
	if (rts >= 0) {
		session->rts = rts;
		ff_session_ask(session, FF_COMPORT_SET_CONTROL,
			       rts ? FF_COMPORT_CONTROL_RTS_ON : FF_COMPORT_CONTROL_RTS_OFF);
	}
}

/* The server changes one line after the other. With the two transistors of a usual board only DTR 0, RTS 1 resets, so
 * from 1,1 to 0,0 RTS must go first, and from 0,0 to 1,1 DTR. The rest is esptool's classic order: DTR first, which also
 * pulls IO0 before it lets go of EN on boards that are wired without transistors. */
void ff_session_ask_lines(struct ff_session *session, int8_t dtr, int8_t rts)
{
	if (dtr == 0 && rts == 0) {
		ask_rts(session, rts);
		ask_dtr(session, dtr);
	} else {
		ask_dtr(session, dtr);
		ask_rts(session, rts);
	}
}

void ff_session_give_up(struct ff_session *session, enum ff_comport_code code)
{
	session->requests[code].waiting = 0;
	session->requests[code].forgetful = true;
	if (code == FF_COMPORT_PURGE_DATA) {
		drop_input(session);
	}
}
