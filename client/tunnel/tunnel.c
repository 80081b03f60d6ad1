// SPDX-License-Identifier: Apache-2.0
#include "tunnel.h"

#include <string.h>

#define SLICE 512        /* bytes of the local peer that are run at once, if there may be requests in them */
#define INNER_SLICE 1024 /* bytes of the server's, the same */
#define OUT_HIGH 16384   /* no data goes on top of more than this */
#define OUT_FULL 32768   /* nor does anything that will be answered */
/* In the pipe, kept free of data and of the local peer's requests: for telnet's own answers to the server, so that both
 * directions can never wait for each other. */
#define PIPE_RESERVE 4096
#define MESSAGE_MAX (2 * FF_COMPORT_MESSAGE_MAX + 6)
#define LINE_EVENTS (FF_COMPORT_LINE_OVERRUN | FF_COMPORT_LINE_PARITY | FF_COMPORT_LINE_FRAMING | FF_COMPORT_LINE_BREAK)

_Static_assert(OUT_HIGH + 2 * INNER_SLICE + (INNER_SLICE / 6 + 1) * FF_ACCESS_REPLY_MAX < OUT_FULL,
	       "data leaves room for answers");
_Static_assert(OUT_FULL + FF_ACCESS_ANSWER_MAX(SLICE) + FF_ACCESS_REPLY_MAX + OUT_HIGH <= FF_TUNNEL_OUT_SIZE,
	       "answers to the local peer fit");

/* ---- towards the local peer ---- */

static size_t out_pending(const struct ff_tunnel *tunnel)
{
	return tunnel->out_end - tunnel->out_at;
}

static void append(struct ff_tunnel *tunnel, const uint8_t *bytes, size_t size)
{
	if (size > FF_TUNNEL_OUT_SIZE - tunnel->out_end) {
		tunnel->out_end -= tunnel->out_at;
		memmove(tunnel->out, tunnel->out + tunnel->out_at, tunnel->out_end);
		tunnel->out_at = 0;
	}
	if (size > FF_TUNNEL_OUT_SIZE - tunnel->out_end) {
		tunnel->broken = true; /* a server that tells of more than was asked */
		return;
	}
	memcpy(tunnel->out + tunnel->out_end, bytes, size);
	tunnel->out_end += size;
}

void ff_tunnel_sent(struct ff_tunnel *tunnel, size_t size)
{
	tunnel->out_at += size;
	if (tunnel->out_at == tunnel->out_end) {
		tunnel->out_at = tunnel->out_end = 0;
	}
}

/* ---- towards the server ---- */

static void forward(struct ff_tunnel *tunnel, enum ff_comport_code code, uint32_t value)
{
	const struct ff_comport_message message = { .from = FF_COMPORT_CLIENT, .code = code, .value = value };
	uint8_t bytes[FF_COMPORT_MESSAGE_MAX];
	size_t size = ff_comport_build(bytes, sizeof(bytes), &message);
	ff_telnet_send_subnegotiation(&tunnel->inner, FF_TELNET_OPTION_COM_PORT, bytes, size);
}

/* The server answers each purge that it knows once. */
static void purge(struct ff_tunnel *tunnel, uint32_t value)
{
	if (ff_comport_value_known(FF_COMPORT_PURGE_DATA, value)) {
		tunnel->purges += (value & FF_COMPORT_PURGE_RX) != 0;
		forward(tunnel, FF_COMPORT_PURGE_DATA, value);
	}
	ff_access_reply(&tunnel->access, FF_COMPORT_PURGE_DATA, value);
}

static void request(struct ff_tunnel *tunnel, enum ff_comport_code code, uint32_t value)
{
	enum ff_tunnel_verdict verdict = ff_tunnel_settings_request(&tunnel->settings, code, value);
	tunnel->holds = verdict == FF_TUNNEL_HOLD;
	if (tunnel->holds) {
		tunnel->held_code = code;
		tunnel->held_value = value;
		return;
	}
	forward(tunnel, code, value);
	if (verdict == FF_TUNNEL_ANSWER) {
		ff_access_reply(&tunnel->access, code, value);
	}
}

/* ---- events of the local end ---- */

static void on_local_data(void *context, const uint8_t *bytes, size_t size)
{
	struct ff_tunnel *tunnel = context;
	ff_resync_sent(&tunnel->resync, bytes, size);
	ff_telnet_send_data(&tunnel->inner, bytes, size);
}

static bool moves_lines(enum ff_comport_code code, uint32_t value)
{
	return code == FF_COMPORT_SET_CONTROL &&
	       (value == FF_COMPORT_CONTROL_DTR_ON || value == FF_COMPORT_CONTROL_DTR_OFF ||
		value == FF_COMPORT_CONTROL_RTS_ON || value == FF_COMPORT_CONTROL_RTS_OFF);
}

static void on_local_request(void *context, enum ff_comport_code code, uint32_t value)
{
	struct ff_tunnel *tunnel = context;
	bool purges = code == FF_COMPORT_PURGE_DATA && (value & FF_COMPORT_PURGE_RX);
	if (code == FF_COMPORT_PURGE_DATA) {
		purge(tunnel, value);
	} else {
		request(tunnel, code, value);
	}
	if (moves_lines(code, value)) {
		ff_resync_forget(&tunnel->resync); /* it may be a reset */
		return;
	}
	size_t again = ff_resync_request(&tunnel->resync, purges);
	if (again > 0) {
		ff_access_send_data(&tunnel->access, tunnel->resync.answer, again);
	}
}

static void on_local_agreed(void *context)
{
	(void)context;
}

static void on_local_send(void *context, const uint8_t *bytes, size_t size)
{
	append(context, bytes, size);
}

static const struct ff_access_events local_events = {
	.data = on_local_data,
	.request = on_local_request,
	.agreed = on_local_agreed,
	.send = on_local_send,
};

/* ---- events of the server's end ---- */

static void on_inner_data(void *context, const uint8_t *bytes, size_t size)
{
	struct ff_tunnel *tunnel = context;
	ff_resync_heard(&tunnel->resync, bytes, size);
	if (tunnel->purges > 0) {
		return;
	}
	if (tunnel->rfc2217) {
		ff_access_send_data(&tunnel->access, bytes, size);
	} else {
		append(tunnel, bytes, size);
	}
}

static void on_inner_subnegotiation(void *context, uint8_t option, const uint8_t *bytes, size_t size)
{
	struct ff_tunnel *tunnel = context;
	struct ff_comport_message message;
	if (option != FF_TELNET_OPTION_COM_PORT || !ff_comport_parse(&message, bytes, size) ||
	    message.from != FF_COMPORT_SERVER) {
		return;
	}
	switch (message.code) {
	case FF_COMPORT_NOTIFY_LINESTATE:
		ff_access_tell_line(&tunnel->access, (uint8_t)message.value);
		break;
	case FF_COMPORT_NOTIFY_MODEMSTATE:
		ff_access_tell_modem(&tunnel->access, (uint8_t)message.value);
		break;
	case FF_COMPORT_PURGE_DATA:
		if (tunnel->purges > 0 && message.value != FF_COMPORT_PURGE_TX) {
			tunnel->purges--;
		}
		break;
	case FF_COMPORT_SET_BAUDRATE:
	case FF_COMPORT_SET_DATASIZE:
	case FF_COMPORT_SET_PARITY:
	case FF_COMPORT_SET_STOPSIZE:
	case FF_COMPORT_SET_CONTROL:
		if (ff_tunnel_settings_answer(&tunnel->settings, message.code, message.value)) {
			ff_access_reply(&tunnel->access, message.code, message.value);
		}
		break;
	default:
		break;
	}
}

static void on_inner_option(void *context, enum ff_telnet_side side, uint8_t option, bool on)
{
	struct ff_tunnel *tunnel = context;
	if (option == FF_TELNET_OPTION_COM_PORT && side == FF_TELNET_US) {
		tunnel->refused = !on;
	}
}

/* Who makes data or requests has looked for room before; the server's telnet is given the reserve. */
static void on_inner_send(void *context, const uint8_t *bytes, size_t size)
{
	struct ff_tunnel *tunnel = context;
	if (ff_pipe_put(&tunnel->pipe, bytes, size) != size) {
		tunnel->broken = true;
	}
}

static const struct ff_telnet_events inner_events = {
	.data = on_inner_data,
	.subnegotiation = on_inner_subnegotiation,
	.option = on_inner_option,
	.send = on_inner_send,
};

/* ---- the whole ---- */

static void ask(struct ff_tunnel *tunnel, enum ff_comport_code code, uint32_t value)
{
	if (ff_tunnel_settings_ask(&tunnel->settings, code, value)) {
		forward(tunnel, code, value);
	}
}

/* Our server agrees at once, so that all of it can go in the first flight. */
static void begin(struct ff_tunnel *tunnel)
{
	static const uint8_t questions[] = { FF_COMPORT_CONTROL_ASK_FLOW, FF_COMPORT_CONTROL_ASK_FLOW_IN,
					     FF_COMPORT_CONTROL_ASK_BREAK };
	ff_telnet_request(&tunnel->inner, FF_TELNET_US, FF_TELNET_OPTION_COM_PORT, true);
	forward(tunnel, FF_COMPORT_SET_LINESTATE_MASK, LINE_EVENTS);
	if (!tunnel->rfc2217) {
		return;
	}
	ask(tunnel, FF_COMPORT_SET_BAUDRATE, 0);
	ask(tunnel, FF_COMPORT_SET_DATASIZE, 0);
	ask(tunnel, FF_COMPORT_SET_PARITY, FF_COMPORT_PARITY_ASK);
	ask(tunnel, FF_COMPORT_SET_STOPSIZE, FF_COMPORT_STOP_ASK);
	for (size_t i = 0; i < sizeof(questions); i++) {
		ask(tunnel, FF_COMPORT_SET_CONTROL, questions[i]);
	}
}

void ff_tunnel_init(struct ff_tunnel *tunnel, bool rfc2217, const char *signature)
{
	ff_pipe_init(&tunnel->pipe);
	tunnel->rfc2217 = rfc2217;
	tunnel->broken = tunnel->refused = tunnel->holds = false;
	tunnel->purges = 0;
	ff_resync_init(&tunnel->resync, true);
	tunnel->out_at = tunnel->out_end = 0;
	ff_tunnel_settings_init(&tunnel->settings);
	ff_access_init(&tunnel->access, &local_events, tunnel, signature,
		       FF_COMPORT_MODEM_CTS | FF_COMPORT_MODEM_DSR | FF_COMPORT_MODEM_DCD);
	ff_telnet_init(&tunnel->inner, &inner_events, tunnel);
	begin(tunnel);
}

/* Room in the pipe for what the local peer sends. */
static size_t pipe_room(const struct ff_tunnel *tunnel)
{
	size_t room = ff_pipe_room(&tunnel->pipe);
	return room > PIPE_RESERVE + MESSAGE_MAX ? room - PIPE_RESERVE - MESSAGE_MAX : 0;
}

/* How many of the bytes can be run at once; 0: none. Where there may be requests, at most one of them: each ends with SE, and
 * what stands behind one may have to wait for it. */
static size_t next_slice(const struct ff_tunnel *tunnel, const uint8_t *bytes, size_t size)
{
	size_t most = pipe_room(tunnel) / 2; /* every byte may have to be escaped */
	bool only_data = !tunnel->rfc2217 ||
			 (ff_telnet_is_in_data(&tunnel->access.telnet) && !memchr(bytes, FF_TELNET_IAC, size));
	size = size < most ? size : most;
	if (only_data || size == 0) {
		return size;
	}
	size = size < SLICE ? size : SLICE;
	const uint8_t *end = memchr(bytes, FF_TELNET_SE, size);
	return out_pending(tunnel) > OUT_FULL ? 0 : end ? (size_t)(end - bytes) + 1 : size;
}

size_t ff_tunnel_take(struct ff_tunnel *tunnel, const uint8_t *bytes, size_t size)
{
	size_t taken = 0;
	if (tunnel->holds && pipe_room(tunnel) > 0) {
		request(tunnel, tunnel->held_code, tunnel->held_value);
	}
	while (taken < size && !tunnel->holds && !tunnel->broken) {
		size_t slice = next_slice(tunnel, bytes + taken, size - taken);
		if (slice == 0) {
			break;
		}
		if (tunnel->rfc2217) {
			ff_access_receive(&tunnel->access, bytes + taken, slice);
		} else {
			on_local_data(tunnel, bytes + taken, slice);
		}
		taken += slice;
	}
	return taken;
}

bool ff_tunnel_move(struct ff_tunnel *tunnel)
{
	bool moved = false;
	while (!tunnel->broken && !tunnel->access.suspended && out_pending(tunnel) <= OUT_HIGH) {
		const uint8_t *bytes;
		size_t size = ff_pipe_peek(&tunnel->pipe, &bytes);
		if (size == 0) {
			break;
		}
		size = size < INNER_SLICE ? size : INNER_SLICE;
		ff_telnet_receive(&tunnel->inner, bytes, size);
		ff_pipe_consume(&tunnel->pipe, size);
		moved = true;
	}
	return moved;
}

bool ff_tunnel_set(struct ff_tunnel *tunnel, enum ff_comport_code code, uint32_t value)
{
	if (pipe_room(tunnel) == 0 || !ff_tunnel_settings_ask(&tunnel->settings, code, value)) {
		return false;
	}
	forward(tunnel, code, value);
	return true;
}
