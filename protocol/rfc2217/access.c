// SPDX-License-Identifier: Apache-2.0
#include "access.h"

#include <string.h>

#define MODEM_LINES (FF_COMPORT_MODEM_CTS | FF_COMPORT_MODEM_DSR | FF_COMPORT_MODEM_RI | FF_COMPORT_MODEM_DCD)
#define DELTA_SHIFT 4 /* from a line to its delta bit */
/* RFC 2217, section 3: "The initial LINESTATE-MASK is 0, the initial MODEMSTATE-MASK 255". */
#define INITIAL_LINE_MASK 0
#define INITIAL_MODEM_MASK 255
#define NOTHING_TO_SEND (FF_COMPORT_LINE_HOLDING_EMPTY | FF_COMPORT_LINE_SHIFT_EMPTY)

void ff_access_reply(struct ff_access *access, enum ff_comport_code code, uint32_t value)
{
	const struct ff_comport_message message = { .from = FF_COMPORT_SERVER, .code = code, .value = value };
	uint8_t bytes[FF_COMPORT_MESSAGE_MAX];
	size_t size = ff_comport_build(bytes, sizeof(bytes), &message);
	ff_telnet_send_subnegotiation(&access->telnet, FF_TELNET_OPTION_COM_PORT, bytes, size);
}

static void reply_signature(struct ff_access *access)
{
	const struct ff_comport_message message = {
		.from = FF_COMPORT_SERVER,
		.code = FF_COMPORT_SIGNATURE,
		.text = (const uint8_t *)access->signature,
		.text_size = strnlen(access->signature, FF_ACCESS_SIGNATURE_MAX),
	};
	uint8_t bytes[1 + FF_ACCESS_SIGNATURE_MAX];
	size_t size = ff_comport_build(bytes, sizeof(bytes), &message);
	ff_telnet_send_subnegotiation(&access->telnet, FF_TELNET_OPTION_COM_PORT, bytes, size);
}

static void handle(struct ff_access *access, const struct ff_comport_message *message)
{
	switch (message->code) {
	case FF_COMPORT_SIGNATURE:
		if (message->text_size == 0) { /* otherwise it is the client's own */
			reply_signature(access);
		}
		break;
	case FF_COMPORT_NOTIFY_LINESTATE:
		ff_access_reply(access, message->code, access->line);
		break;
	case FF_COMPORT_NOTIFY_MODEMSTATE:
		ff_access_reply(access, message->code, access->modem);
		break;
	case FF_COMPORT_FLOWCONTROL_SUSPEND:
	case FF_COMPORT_FLOWCONTROL_RESUME:
		access->suspended = message->code == FF_COMPORT_FLOWCONTROL_SUSPEND;
		break;
	case FF_COMPORT_SET_LINESTATE_MASK:
		access->line_mask = (uint8_t)message->value;
		ff_access_reply(access, message->code, message->value);
		break;
	case FF_COMPORT_SET_MODEMSTATE_MASK:
		access->modem_mask = (uint8_t)message->value;
		ff_access_reply(access, message->code, message->value);
		break;
	default:
		access->events->request(access->context, message->code, message->value);
	}
}

/* ---- events of the telnet codec ---- */

static void on_data(void *context, const uint8_t *bytes, size_t size)
{
	const struct ff_access *access = context;
	access->events->data(access->context, bytes, size);
}

static void on_subnegotiation(void *context, uint8_t option, const uint8_t *bytes, size_t size)
{
	struct ff_access *access = context;
	struct ff_comport_message message;
	if (option == FF_TELNET_OPTION_COM_PORT && access->agreed && ff_comport_parse(&message, bytes, size) &&
	    message.from == FF_COMPORT_CLIENT) {
		handle(access, &message);
	}
}

/* Either side may carry the option: RFC 2217 wants WILL from the client, but some ask the server to. The state of the modem
 * lines comes unasked, because pyserial cannot tell them before. */
static void on_option(void *context, enum ff_telnet_side side, uint8_t option, bool on)
{
	struct ff_access *access = context;
	(void)side;
	if (option != FF_TELNET_OPTION_COM_PORT) {
		return;
	}
	bool before = access->agreed;
	access->agreed = ff_telnet_enabled(&access->telnet, FF_TELNET_US, option) ||
			 ff_telnet_enabled(&access->telnet, FF_TELNET_THEM, option);
	if (!access->agreed) {
		access->suspended = false;
	}
	if (on && !before && access->agreed) {
		access->events->agreed(access->context);
		ff_access_reply(access, FF_COMPORT_NOTIFY_MODEMSTATE, access->modem);
	}
}

static void on_send(void *context, const uint8_t *bytes, size_t size)
{
	const struct ff_access *access = context;
	access->events->send(access->context, bytes, size);
}

static const struct ff_telnet_events telnet_events = {
	.data = on_data,
	.subnegotiation = on_subnegotiation,
	.option = on_option,
	.send = on_send,
};

void ff_access_init(struct ff_access *access, const struct ff_access_events *events, void *context,
		    const char *signature, uint8_t modem)
{
	static const uint8_t options[] = { FF_TELNET_OPTION_BINARY, FF_TELNET_OPTION_SGA, FF_TELNET_OPTION_COM_PORT };
	access->events = events;
	access->context = context;
	access->signature = signature;
	access->agreed = false;
	access->suspended = false;
	access->line_mask = INITIAL_LINE_MASK;
	access->modem_mask = INITIAL_MODEM_MASK;
	access->line = NOTHING_TO_SEND;
	access->modem = modem & MODEM_LINES;
	ff_telnet_init(&access->telnet, &telnet_events, access);
	/* Agrees and never offers: a client that hears DO COM-PORT before it has sent its own WILL takes the matter for settled
	 * and never sends it (pyserial 3.5). */
	for (size_t i = 0; i < sizeof(options); i++) {
		ff_telnet_allow(&access->telnet, FF_TELNET_US, options[i]);
		ff_telnet_allow(&access->telnet, FF_TELNET_THEM, options[i]);
	}
}

void ff_access_receive(struct ff_access *access, const uint8_t *bytes, size_t size)
{
	ff_telnet_receive(&access->telnet, bytes, size);
}

void ff_access_send_data(struct ff_access *access, const uint8_t *bytes, size_t size)
{
	ff_telnet_send_data(&access->telnet, bytes, size);
}

void ff_access_tell_modem(struct ff_access *access, uint8_t modem)
{
	uint8_t lines = modem & MODEM_LINES;
	uint8_t changed = lines ^ access->modem;
	/* RI has no delta bit but one for its trailing edge. */
	uint8_t deltas = (uint8_t)(changed >> DELTA_SHIFT);
	if ((changed & FF_COMPORT_MODEM_RI) && (lines & FF_COMPORT_MODEM_RI)) {
		deltas &= (uint8_t)~FF_COMPORT_MODEM_TRAILING_RI;
	}
	access->modem = lines;
	if (access->agreed && ((changed | deltas) & access->modem_mask)) {
		ff_access_reply(access, FF_COMPORT_NOTIFY_MODEMSTATE, (lines | deltas) & access->modem_mask);
	}
}

void ff_access_tell_line(struct ff_access *access, uint8_t line)
{
	if (access->agreed && (line & access->line_mask)) {
		ff_access_reply(access, FF_COMPORT_NOTIFY_LINESTATE, line & access->line_mask);
	}
}
