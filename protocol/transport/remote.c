// SPDX-License-Identifier: Apache-2.0
#include "remote.h"

#include <string.h>

/* Kept free of data and telnet's answers (but for the two bytes that one may be longer than its last piece of a
 * question), so that requests find room even when the server takes nothing. */
#define REQUEST_ROOM 1024
/* IAC SB option code value IAC SE, everything escaped */
#define REQUEST_MAX (2 * FF_COMPORT_MESSAGE_MAX + 6)

/* ---- events of the telnet codec ---- */

static void on_data(void *context, const uint8_t *bytes, size_t size)
{
	struct ff_remote *remote = context;
	if (size > FF_REMOTE_INPUT_SIZE) {
		remote->dropped += size - FF_REMOTE_INPUT_SIZE;
		bytes += size - FF_REMOTE_INPUT_SIZE;
		size = FF_REMOTE_INPUT_SIZE;
	}
	size_t room = ff_remote_input_room(remote);
	if (size > room) {
		remote->dropped += size - room;
		remote->input_at += size - room;
	}
	if (size > FF_REMOTE_INPUT_SIZE - remote->input_end) {
		remote->input_end -= remote->input_at;
		memmove(remote->input, remote->input + remote->input_at, remote->input_end);
		remote->input_at = 0;
	}
	memcpy(remote->input + remote->input_end, bytes, size);
	remote->input_end += size;
}

static void drop_input(struct ff_remote *remote)
{
	remote->input_at = 0;
	remote->input_end = 0;
}

static void on_send(void *context, const uint8_t *bytes, size_t size)
{
	struct ff_remote *remote = context;
	if (size > FF_REMOTE_OUTPUT_SIZE - remote->output_end) {
		remote->output_end -= remote->output_at;
		memmove(remote->output, remote->output + remote->output_at, remote->output_end);
		remote->output_at = 0;
	}
	/* There is room: everybody who sends has looked first. */
	memcpy(remote->output + remote->output_end, bytes, size);
	remote->output_end += size;
}

/* Either side may carry the option: RFC 2217 wants WILL from the client, but some servers offer it themselves. */
static void on_option(void *context, enum ff_telnet_side side, uint8_t option, bool on)
{
	struct ff_remote *remote = context;
	if (option != FF_TELNET_OPTION_COM_PORT) {
		return;
	}
	remote->agreed = ff_telnet_enabled(&remote->telnet, FF_TELNET_US, option) ||
			 ff_telnet_enabled(&remote->telnet, FF_TELNET_THEM, option);
	remote->refused = !remote->agreed && side == FF_TELNET_US && !on;
}

static void note_line(struct ff_remote *remote, uint32_t control)
{
	switch (control) {
	case FF_COMPORT_CONTROL_DTR_ON:
	case FF_COMPORT_CONTROL_DTR_OFF:
		remote->dtr = control == FF_COMPORT_CONTROL_DTR_ON;
		break;
	case FF_COMPORT_CONTROL_RTS_ON:
	case FF_COMPORT_CONTROL_RTS_OFF:
		remote->rts = control == FF_COMPORT_CONTROL_RTS_ON;
		break;
	}
}

static void on_subnegotiation(void *context, uint8_t option, const uint8_t *bytes, size_t size)
{
	struct ff_remote *remote = context;
	struct ff_comport_message message;
	if (option != FF_TELNET_OPTION_COM_PORT || !ff_comport_parse(&message, bytes, size)) {
		return;
	}
	if (message.code == FF_COMPORT_FLOWCONTROL_SUSPEND || message.code == FF_COMPORT_FLOWCONTROL_RESUME) {
		remote->suspended = message.code == FF_COMPORT_FLOWCONTROL_SUSPEND;
		return;
	}
	if (message.from != FF_COMPORT_SERVER) {
		return;
	}
	struct ff_remote_request *request = &remote->requests[message.code];
	if (message.code == FF_COMPORT_PURGE_DATA && request->waiting > 0 && message.value != FF_COMPORT_PURGE_TX) {
		drop_input(remote);
	}
	request->waiting -= request->waiting > 0;
	request->answered = true;
	request->forgetful = false;
	request->answer = message.value;
	/* An acknowledgement on the way may be older than our newest request, which is what the line will be. */
	if (message.code == FF_COMPORT_SET_CONTROL && request->waiting == 0) {
		note_line(remote, message.value);
	}
}

static const struct ff_telnet_events events = {
	.data = on_data,
	.subnegotiation = on_subnegotiation,
	.option = on_option,
	.send = on_send,
};

void ff_remote_init(struct ff_remote *remote)
{
	*remote = (struct ff_remote){ .dtr = -1, .rts = -1 };
	ff_telnet_init(&remote->telnet, &events, remote);
}

/* ---- received bytes ---- */

static size_t output_room(const struct ff_remote *remote)
{
	return FF_REMOTE_OUTPUT_SIZE - (remote->output_end - remote->output_at);
}

size_t ff_remote_receivable(const struct ff_remote *remote)
{
	size_t room = output_room(remote);
	return room > REQUEST_ROOM ? room - REQUEST_ROOM : 0;
}

void ff_remote_receive(struct ff_remote *remote, const uint8_t *bytes, size_t size)
{
	ff_telnet_receive(&remote->telnet, bytes, size);
}

size_t ff_remote_take(struct ff_remote *remote, uint8_t *bytes, size_t capacity)
{
	size_t size = remote->input_end - remote->input_at;
	if (size > capacity) {
		size = capacity;
	}
	memcpy(bytes, remote->input + remote->input_at, size);
	remote->input_at += size;
	return size;
}

size_t ff_remote_input_room(const struct ff_remote *remote)
{
	return FF_REMOTE_INPUT_SIZE - (remote->input_end - remote->input_at);
}

/* ---- bytes to send ---- */

void ff_remote_sent(struct ff_remote *remote, size_t size)
{
	remote->output_at += size;
}

size_t ff_remote_put(struct ff_remote *remote, const uint8_t *bytes, size_t size)
{
	size_t fits = ff_remote_receivable(remote) / 2; /* every byte may have to be escaped */
	if (size > fits) {
		size = fits;
	}
	ff_telnet_send_data(&remote->telnet, bytes, size);
	return size;
}

void ff_remote_negotiate(struct ff_remote *remote)
{
	struct ff_telnet *telnet = &remote->telnet;
	ff_telnet_allow(telnet, FF_TELNET_THEM, FF_TELNET_OPTION_COM_PORT);
	ff_telnet_allow(telnet, FF_TELNET_THEM, FF_TELNET_OPTION_ECHO);
	ff_telnet_request(telnet, FF_TELNET_US, FF_TELNET_OPTION_COM_PORT, true);
	ff_telnet_request(telnet, FF_TELNET_US, FF_TELNET_OPTION_BINARY, true);
	ff_telnet_request(telnet, FF_TELNET_THEM, FF_TELNET_OPTION_BINARY, true);
	ff_telnet_request(telnet, FF_TELNET_US, FF_TELNET_OPTION_SGA, true);
	ff_telnet_request(telnet, FF_TELNET_THEM, FF_TELNET_OPTION_SGA, true);
}

static void send_message(struct ff_remote *remote, enum ff_comport_code code, uint32_t value)
{
	const struct ff_comport_message message = { .from = FF_COMPORT_CLIENT, .code = code, .value = value };
	uint8_t bytes[FF_COMPORT_MESSAGE_MAX];
	if (output_room(remote) < REQUEST_MAX) {
		return;
	}
	size_t size = ff_comport_build(bytes, sizeof(bytes), &message);
	ff_telnet_send_subnegotiation(&remote->telnet, FF_TELNET_OPTION_COM_PORT, bytes, size);
}

void ff_remote_ask(struct ff_remote *remote, enum ff_comport_code code, uint32_t value)
{
	remote->requests[code].waiting++;
	remote->requests[code].answered = false;
	send_message(remote, code, value);
}

void ff_remote_ask_line(struct ff_remote *remote, enum ff_comport_control question)
{
	send_message(remote, FF_COMPORT_SET_CONTROL, question);
}

static void ask_dtr(struct ff_remote *remote, int8_t dtr)
{
	if (dtr >= 0) {
		remote->dtr = dtr;
		ff_remote_ask(remote, FF_COMPORT_SET_CONTROL,
			      dtr ? FF_COMPORT_CONTROL_DTR_ON : FF_COMPORT_CONTROL_DTR_OFF);
	}
}

static void ask_rts(struct ff_remote *remote, int8_t rts)
{
	if (rts >= 0) {
		remote->rts = rts;
		ff_remote_ask(remote, FF_COMPORT_SET_CONTROL,
			      rts ? FF_COMPORT_CONTROL_RTS_ON : FF_COMPORT_CONTROL_RTS_OFF);
	}
}

/* The server changes one line after the other. With the two transistors of a usual board only DTR 0, RTS 1 resets, so
 * from 1,1 to 0,0 RTS must go first, and from 0,0 to 1,1 DTR. The rest is esptool's classic order: DTR first, which also
 * pulls IO0 before it lets go of EN on boards that are wired without transistors. */
void ff_remote_ask_lines(struct ff_remote *remote, int8_t dtr, int8_t rts)
{
	if (dtr == 0 && rts == 0) {
		ask_rts(remote, rts);
		ask_dtr(remote, dtr);
	} else {
		ask_dtr(remote, dtr);
		ask_rts(remote, rts);
	}
}

void ff_remote_give_up(struct ff_remote *remote, enum ff_comport_code code)
{
	remote->requests[code].waiting = 0;
	remote->requests[code].forgetful = true;
	if (code == FF_COMPORT_PURGE_DATA) {
		drop_input(remote);
	}
}
