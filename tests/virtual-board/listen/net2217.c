// SPDX-License-Identifier: Apache-2.0
/* RFC 2217: a serial port with rate and control lines over telnet. The lines stay as they are when a client goes, as
 * those of a port do whose driver leaves them alone. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "comport.h"
#include "port.h"
#include "tcp.h"
#include "telnet.h"

#define READ_SIZE 4096
#define OUT_CAP (64u * 1024)
/* Above this much unsent output the board's bytes wait in the line, where a purge can reach them. */
#define OUT_HIGH 8192u
#define DEFAULT_BAUD 115200
#define MODEM_STATE (FF_COMPORT_MODEM_CTS | FF_COMPORT_MODEM_DSR | FF_COMPORT_MODEM_DCD)
#define LINE_STATE (FF_COMPORT_LINE_HOLDING_EMPTY | FF_COMPORT_LINE_SHIFT_EMPTY)

struct net2217 {
	struct ff_tcp tcp;
	struct ff_telnet telnet;
	struct ff_buf out;
	const struct ff_port_events *events;
	char name[64];
	uint32_t baud;
	uint8_t datasize, parity, stopsize;
	uint8_t flow, flow_in; /* values of SET-CONTROL */
	bool dtr, rts, breaking;
	bool suspended; /* the client wants no data for now */
};

/* ---- messages ---- */

static void reply(struct net2217 *net, enum ff_comport_code code, uint32_t value)
{
	uint8_t bytes[FF_COMPORT_MESSAGE_MAX];
	struct ff_comport_message message = { .from = FF_COMPORT_SERVER, .code = code, .value = value };
	size_t size = ff_comport_build(bytes, sizeof(bytes), &message);
	ff_telnet_send_subnegotiation(&net->telnet, FF_TELNET_OPTION_COM_PORT, bytes, size);
}

static void reply_signature(struct net2217 *net)
{
	uint8_t bytes[1 + sizeof(net->name)];
	struct ff_comport_message message = {
		.from = FF_COMPORT_SERVER,
		.code = FF_COMPORT_SIGNATURE,
		.text = (const uint8_t *)net->name,
		.text_size = strlen(net->name),
	};
	size_t size = ff_comport_build(bytes, sizeof(bytes), &message);
	ff_telnet_send_subnegotiation(&net->telnet, FF_TELNET_OPTION_COM_PORT, bytes, size);
}

static void set_lines(struct net2217 *net, bool dtr, bool rts)
{
	net->dtr = dtr;
	net->rts = rts;
	net->events->lines(net->events->context, dtr, rts);
}

/* The state that a SET-CONTROL is about, as its own value. */
static uint32_t control_state(const struct net2217 *net, uint32_t asked)
{
	if (asked <= FF_COMPORT_CONTROL_FLOW_HARDWARE || asked == FF_COMPORT_CONTROL_FLOW_DCD ||
	    asked == FF_COMPORT_CONTROL_FLOW_DSR) {
		return net->flow;
	}
	if (asked <= FF_COMPORT_CONTROL_BREAK_OFF) {
		return net->breaking ? FF_COMPORT_CONTROL_BREAK_ON : FF_COMPORT_CONTROL_BREAK_OFF;
	}
	if (asked <= FF_COMPORT_CONTROL_DTR_OFF) {
		return net->dtr ? FF_COMPORT_CONTROL_DTR_ON : FF_COMPORT_CONTROL_DTR_OFF;
	}
	if (asked <= FF_COMPORT_CONTROL_RTS_OFF) {
		return net->rts ? FF_COMPORT_CONTROL_RTS_ON : FF_COMPORT_CONTROL_RTS_OFF;
	}
	return net->flow_in;
}

static void set_control(struct net2217 *net, uint32_t value)
{
	switch (value) {
	case FF_COMPORT_CONTROL_BREAK_ON:
	case FF_COMPORT_CONTROL_BREAK_OFF:
		net->breaking = value == FF_COMPORT_CONTROL_BREAK_ON;
		break;
	case FF_COMPORT_CONTROL_DTR_ON:
	case FF_COMPORT_CONTROL_DTR_OFF:
		set_lines(net, value == FF_COMPORT_CONTROL_DTR_ON, net->rts);
		break;
	case FF_COMPORT_CONTROL_RTS_ON:
	case FF_COMPORT_CONTROL_RTS_OFF:
		set_lines(net, net->dtr, value == FF_COMPORT_CONTROL_RTS_ON);
		break;
	default:
		/* The board has no flow control lines: only none can be had. */
		break;
	}
	reply(net, FF_COMPORT_SET_CONTROL, control_state(net, value));
}

/* A setting with 0 as the question and an echo of what holds now. */
static void set_byte(struct net2217 *net, const struct ff_comport_message *message, uint8_t *setting)
{
	if (message->value != 0 && ff_comport_value_known(message->code, message->value)) {
		*setting = (uint8_t)message->value;
	}
	reply(net, message->code, *setting);
}

static void set_baud(struct net2217 *net, uint32_t baud)
{
	if (ff_comport_value_known(FF_COMPORT_SET_BAUDRATE, baud) && baud != 0) {
		net->baud = baud;
		net->events->baud(net->events->context, baud);
	}
	reply(net, FF_COMPORT_SET_BAUDRATE, net->baud);
}

static void purge(struct net2217 *net, uint32_t which)
{
	if (ff_comport_value_known(FF_COMPORT_PURGE_DATA, which)) {
		net->events->purge(net->events->context, which & FF_COMPORT_PURGE_RX, which & FF_COMPORT_PURGE_TX);
	}
	reply(net, FF_COMPORT_PURGE_DATA, which);
}

static void handle_message(struct net2217 *net, const struct ff_comport_message *message)
{
	switch (message->code) {
	case FF_COMPORT_SIGNATURE:
		if (message->text_size == 0) {
			reply_signature(net);
		}
		break;
	case FF_COMPORT_SET_BAUDRATE:
		set_baud(net, message->value);
		break;
	case FF_COMPORT_SET_DATASIZE:
		set_byte(net, message, &net->datasize);
		break;
	case FF_COMPORT_SET_PARITY:
		set_byte(net, message, &net->parity);
		break;
	case FF_COMPORT_SET_STOPSIZE:
		set_byte(net, message, &net->stopsize);
		break;
	case FF_COMPORT_SET_CONTROL:
		set_control(net, message->value);
		break;
	case FF_COMPORT_NOTIFY_LINESTATE:
		reply(net, FF_COMPORT_NOTIFY_LINESTATE, LINE_STATE);
		break;
	case FF_COMPORT_NOTIFY_MODEMSTATE:
		reply(net, FF_COMPORT_NOTIFY_MODEMSTATE, MODEM_STATE);
		break;
	case FF_COMPORT_FLOWCONTROL_SUSPEND:
	case FF_COMPORT_FLOWCONTROL_RESUME:
		net->suspended = message->code == FF_COMPORT_FLOWCONTROL_SUSPEND;
		break;
	case FF_COMPORT_SET_LINESTATE_MASK:
	case FF_COMPORT_SET_MODEMSTATE_MASK:
		/* Neither state ever changes, so the masks have nothing to hide. */
		reply(net, message->code, message->value);
		break;
	case FF_COMPORT_PURGE_DATA:
		purge(net, message->value);
		break;
	}
}

/* ---- telnet's callbacks ---- */

static void on_data(void *context, const uint8_t *bytes, size_t size)
{
	struct net2217 *net = context;
	net->events->bytes(net->events->context, bytes, size);
}

static void on_subnegotiation(void *context, uint8_t option, const uint8_t *bytes, size_t size)
{
	struct ff_comport_message message;
	if (option == FF_TELNET_OPTION_COM_PORT && ff_comport_parse(&message, bytes, size) &&
	    message.from == FF_COMPORT_CLIENT) {
		handle_message(context, &message);
	}
}

static void on_option(void *context, enum ff_telnet_side side, uint8_t option, bool on)
{
	struct net2217 *net = context;
	if (side == FF_TELNET_THEM && option == FF_TELNET_OPTION_COM_PORT && on) {
		reply(net, FF_COMPORT_NOTIFY_MODEMSTATE, MODEM_STATE);
	}
}

static void on_send(void *context, const uint8_t *bytes, size_t size)
{
	struct net2217 *net = context;
	if (ff_buf_append(&net->out, bytes, size) != FF_OK) {
		/* A client that asks without ever reading the answers. */
		ff_tcp_drop(&net->tcp);
	}
}

static const struct ff_telnet_events telnet_events = {
	.data = on_data,
	.subnegotiation = on_subnegotiation,
	.option = on_option,
	.send = on_send,
};

/* ---- the port ---- */

/* Waits for the client to begin: one that hears DO COM-PORT before it has sent its own WILL takes the matter for settled
 * and never sends it (pyserial 3.5). */
static void greet(struct net2217 *net)
{
	static const uint8_t options[] = {
		FF_TELNET_OPTION_BINARY,
		FF_TELNET_OPTION_SGA,
		FF_TELNET_OPTION_COM_PORT,
	};
	ff_buf_clear(&net->out);
	net->suspended = false;
	ff_telnet_init(&net->telnet, &telnet_events, net);
	for (size_t i = 0; i < sizeof(options); i++) {
		ff_telnet_allow(&net->telnet, FF_TELNET_US, options[i]);
		ff_telnet_allow(&net->telnet, FF_TELNET_THEM, options[i]);
	}
}

static void flush(struct net2217 *net)
{
	ff_buf_consume(&net->out, ff_tcp_write(&net->tcp, net->out.bytes, net->out.size));
}

static size_t poll_fds(void *self, struct pollfd *fds)
{
	struct net2217 *net = self;
	ff_tcp_poll_fds(&net->tcp, fds, net->events->room(net->events->context) > 0, net->out.size > 0);
	return FF_TCP_FDS;
}

static void service(void *self, const struct pollfd *fds, size_t count)
{
	struct net2217 *net = self;
	(void)count;
	if (ff_tcp_accept(&net->tcp, fds)) {
		greet(net);
	} else if (fds[1].revents & ~POLLOUT) {
		uint8_t bytes[READ_SIZE];
		size_t room = net->events->room(net->events->context);
		size_t got = ff_tcp_read(&net->tcp, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
		ff_telnet_receive(&net->telnet, bytes, got);
	}
	net->tcp.blocked = false;
	flush(net);
}

static bool writable(void *self)
{
	const struct net2217 *net = self;
	return net->tcp.client < 0 || (!net->suspended && net->out.size < OUT_HIGH);
}

static size_t write_bytes(void *self, const uint8_t *bytes, size_t size)
{
	struct net2217 *net = self;
	if (net->tcp.client < 0) {
		return size;
	}
	if (!writable(net)) {
		return 0;
	}
	size_t taken = size < OUT_HIGH ? size : OUT_HIGH;
	ff_telnet_send_data(&net->telnet, bytes, taken);
	flush(net);
	return taken;
}

static void vanish(void *self)
{
	struct net2217 *net = self;
	ff_tcp_close(&net->tcp);
	net->dtr = net->rts = false;
}

static void detach(void *self)
{
	struct net2217 *net = self;
	ff_tcp_drop(&net->tcp);
	net->dtr = net->rts = false;
}

static enum ff_status come_back(void *self, struct ff_error *error)
{
	struct net2217 *net = self;
	return ff_tcp_reopen(&net->tcp, error);
}

static void close_port(void *self)
{
	struct net2217 *net = self;
	ff_tcp_close(&net->tcp);
	ff_buf_release(&net->out);
	free(net);
}

static const struct ff_port_ops ops = {
	.poll_fds = poll_fds,
	.service = service,
	.write = write_bytes,
	.writable = writable,
	.vanish = vanish,
	.detach = detach,
	.come_back = come_back,
	.close = close_port,
};

enum ff_status ff_port_net2217_open(struct ff_port *port, const char *where, const char *name,
				    const struct ff_port_events *events, struct ff_error *error)
{
	struct net2217 *net = calloc(1, sizeof(*net));
	if (!net) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "Out of memory");
	}
	net->events = events;
	net->baud = DEFAULT_BAUD;
	net->datasize = 8;
	net->parity = FF_COMPORT_PARITY_NONE;
	net->stopsize = FF_COMPORT_STOP_1;
	net->flow = FF_COMPORT_CONTROL_FLOW_NONE;
	net->flow_in = FF_COMPORT_CONTROL_FLOW_IN_NONE;
	strncpy(net->name, name, sizeof(net->name) - 1);
	ff_buf_init(&net->out, OUT_CAP);
	enum ff_status status = ff_tcp_open(&net->tcp, where, error);
	if (status != FF_OK) {
		free(net);
		return status;
	}
	*port = (struct ff_port){ .ops = &ops, .self = net, .has_lines = true };
	ff_tcp_address(&net->tcp, "rfc2217", port->address, sizeof(port->address));
	events->baud(events->context, net->baud);
	return FF_OK;
}
