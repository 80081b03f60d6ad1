// SPDX-License-Identifier: Apache-2.0
#include "net2217.h"

#include <stdlib.h>

#include "baud.h"
#include "clock.h"
#include "lines.h"
#include "netwire.h"
#include "socket.h"

/* A reset sequence has no deadline of its own; its few bytes always fit unless the network hangs. */
#define LINES_FLUSH_MS 3000
#define LINGER_MS 100

/* ---- slots ---- */

static bool has_input(const struct ff_remote *remote, enum ff_comport_code code)
{
	(void)code;
	return ff_remote_input_room(remote) < FF_REMOTE_INPUT_SIZE;
}

static enum ff_status net_read(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
			       struct ff_error *error)
{
	struct ff_netwire *net = self;
	enum ff_status status = ff_netwire_wait(net, has_input, 0, deadline_us, error);
	if (status == FF_ERR_TIMEOUT) {
		return ff_error_set(error, status, "%s sent nothing in time", net->io.name);
	}
	if (status == FF_OK) {
		*got = ff_remote_take(&net->remote, bytes, capacity);
	}
	return status;
}

static bool may_send(const struct ff_remote *remote, enum ff_comport_code code)
{
	(void)code;
	return !remote->suspended;
}

static enum ff_status net_write(void *self, const uint8_t *bytes, size_t size, int64_t deadline_us,
				struct ff_error *error)
{
	struct ff_netwire *net = self;
	while (size > 0) {
		enum ff_status status = ff_netwire_wait(net, may_send, 0, deadline_us, error);
		if (status == FF_ERR_TIMEOUT) {
			return ff_error_set(error, status, "the RFC 2217 server of %s has suspended the transfer",
					    net->io.name);
		}
		if (status != FF_OK) {
			return status;
		}
		size_t taken = ff_remote_put(&net->remote, bytes, size);
		bytes += taken;
		size -= taken;
		status = ff_netwire_flush(net, deadline_us, error);
		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}

/* RFC 2217 cannot ask whether the port has sent everything, and the server's buffers hold what the time on the wire would
 * not tell either. Whoever needs to know waits for the board's reply. */
static enum ff_status net_drain(void *self, int64_t deadline_us, struct ff_error *error)
{
	return ff_netwire_flush(self, deadline_us, error);
}

static enum ff_status net_discard(void *self, int64_t deadline_us, struct ff_error *error)
{
	struct ff_netwire *net = self;
	ff_remote_ask(&net->remote, FF_COMPORT_PURGE_DATA, FF_COMPORT_PURGE_RX);
	return ff_netwire_await_acks(net, FF_COMPORT_PURGE_DATA, deadline_us, error);
}

static enum ff_status net_set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	struct ff_netwire *net = self;
	if (baud < FF_BAUD_MIN || baud > FF_BAUD_MAX) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s: %u baud is not between %d and %d", net->io.name,
				    (unsigned)baud, FF_BAUD_MIN, FF_BAUD_MAX);
	}
	ff_remote_ask(&net->remote, FF_COMPORT_SET_BAUDRATE, baud);
	return ff_netwire_await_baud(net, baud, deadline_us, error);
}

/* Waits for a pause to pass, and listens all the while. */
static enum ff_status hold(struct ff_netwire *net, uint32_t hold_ms, struct ff_error *error)
{
	int64_t until_us = ff_deadline_ms(hold_ms);
	while (ff_now_us() < until_us) {
		enum ff_status status = ff_netwire_turn(net, until_us, error);
		if (status != FF_OK && status != FF_ERR_TIMEOUT) {
			return status;
		}
	}
	return FF_OK;
}

/* Sends a line that the sequence names for the first time even if it is thought to be so: another client of a shared
 * port may have moved it. After that only changes go out. A line that the sequence leaves alone and nobody knows is
 * released with the first change, since DTR left asserted would turn a reset by RTS into nothing. */
static enum ff_status net_set_lines(void *self, const struct ff_line_step *steps, size_t count, struct ff_error *error)
{
	struct ff_netwire *net = self;
	int8_t dtr = -1, rts = -1;
	enum ff_status status = ff_lines_check(steps, count, error);
	for (size_t i = 0; status == FF_OK && i < count; i++) {
		bool changes = steps[i].dtr >= 0 || steps[i].rts >= 0;
		int8_t new_dtr = steps[i].dtr < 0 && changes && net->remote.dtr < 0 ? 0 : steps[i].dtr;
		int8_t new_rts = steps[i].rts < 0 && changes && net->remote.rts < 0 ? 0 : steps[i].rts;
		ff_remote_ask_lines(&net->remote, new_dtr == dtr ? -1 : new_dtr, new_rts == rts ? -1 : new_rts);
		dtr = new_dtr < 0 ? dtr : new_dtr;
		rts = new_rts < 0 ? rts : new_rts;
		status = ff_netwire_flush(net, ff_deadline_ms(LINES_FLUSH_MS), error);
		if (status == FF_OK) {
			status = hold(net, steps[i].hold_ms, error);
		}
	}
	if (status != FF_OK) {
		return status;
	}
	return ff_netwire_await_acks(net, FF_COMPORT_SET_CONTROL, INT64_MAX, error);
}

static int net_poll_fd(void *self)
{
	const struct ff_netwire *net = self;
	return net->io.fd;
}

static void net_close(void *self)
{
	struct ff_netwire *net = self;
	ff_socket_close(net->io.fd, LINGER_MS + 2 * net->latency_ms);
	free(net);
}

static const struct ff_transport_ops ops = {
	.read = net_read,
	.write = net_write,
	.drain = net_drain,
	.discard = net_discard,
	.set_baud = net_set_baud,
	.set_lines = net_set_lines,
	.poll_fd = net_poll_fd,
	.close = net_close,
};

/* ---- slots that not every port has ---- */

static enum ff_status net_write_some(void *self, const uint8_t *bytes, size_t size, size_t *done, bool *writable,
				     struct ff_error *error)
{
	struct ff_netwire *net = self;
	const struct ff_remote *remote = &net->remote;
	size_t taken = 0;
	enum ff_status status = ff_netwire_push(net, error);
	if (status == FF_OK && !remote->suspended && remote->output_end == remote->output_at) {
		taken = ff_remote_put(&net->remote, bytes, size);
		status = ff_netwire_push(net, error);
	}
	if (status == FF_OK) {
		*done = taken;
		*writable = remote->output_end > remote->output_at;
	}
	return status;
}

/* Its acknowledgement is counted with those of the next discard. */
static enum ff_status net_discard_output(void *self, struct ff_error *error)
{
	struct ff_netwire *net = self;
	ff_remote_ask(&net->remote, FF_COMPORT_PURGE_DATA, FF_COMPORT_PURGE_TX);
	return ff_netwire_push(net, error);
}

/* A setting that the server confirmed with another value is one that it cannot do. */
static enum ff_status check_setting(const struct ff_netwire *net, enum ff_comport_code code, uint32_t wanted,
				    struct ff_error *error)
{
	const struct ff_remote_request *request = &net->remote.requests[code];
	if (request->answered && request->answer != wanted) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "%s cannot do that: it answered %s with %u",
				    net->io.name, ff_comport_code_name(code), (unsigned)request->answer);
	}
	return FF_OK;
}

static enum ff_status ask(struct ff_netwire *net, enum ff_comport_code code, uint32_t value, int64_t deadline_us,
			  struct ff_error *error)
{
	ff_remote_ask(&net->remote, code, value);
	enum ff_status status = ff_netwire_await_acks(net, code, deadline_us, error);
	return status == FF_OK ? check_setting(net, code, value, error) : status;
}

static enum ff_status net_set_format(void *self, const struct ff_line_format *format, int64_t deadline_us,
				     struct ff_error *error)
{
	static const uint8_t flows[] = {
		[FF_FLOW_NONE] = FF_COMPORT_CONTROL_FLOW_NONE,
		[FF_FLOW_XONXOFF] = FF_COMPORT_CONTROL_FLOW_XONXOFF,
		[FF_FLOW_HARDWARE] = FF_COMPORT_CONTROL_FLOW_HARDWARE,
	};
	enum ff_status status = ask(self, FF_COMPORT_SET_DATASIZE, format->data_bits, deadline_us, error);
	if (status == FF_OK) {
		status = ask(self, FF_COMPORT_SET_PARITY, format->parity + FF_COMPORT_PARITY_NONE, deadline_us, error);
	}
	if (status == FF_OK) {
		status = ask(self, FF_COMPORT_SET_STOPSIZE, format->stop_bits + FF_COMPORT_STOP_1, deadline_us, error);
	}
	if (status == FF_OK) {
		status = ask(self, FF_COMPORT_SET_CONTROL, flows[format->flow], deadline_us, error);
	}
	return status;
}

static enum ff_status net_set_break(void *self, bool on, int64_t deadline_us, struct ff_error *error)
{
	return ask(self, FF_COMPORT_SET_CONTROL, on ? FF_COMPORT_CONTROL_BREAK_ON : FF_COMPORT_CONTROL_BREAK_OFF,
		   deadline_us, error);
}

static enum ff_status net_status(void *self, struct ff_line_status *result, struct ff_error *error)
{
	const struct ff_netwire *net = self;
	const struct ff_remote_request *told = &net->remote.requests[FF_COMPORT_NOTIFY_MODEMSTATE];
	if (!told->answered) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "%s has not told its modem lines", net->io.name);
	}
	*result = (struct ff_line_status){
		.modem = (uint8_t)((told->answer & FF_COMPORT_MODEM_CTS ? FF_MODEM_CTS : 0) |
				   (told->answer & FF_COMPORT_MODEM_DSR ? FF_MODEM_DSR : 0) |
				   (told->answer & FF_COMPORT_MODEM_RI ? FF_MODEM_RI : 0) |
				   (told->answer & FF_COMPORT_MODEM_DCD ? FF_MODEM_DCD : 0)),
	};
	return FF_OK;
}

static const struct ff_transport_port_ops port_ops = {
	.write_some = net_write_some,
	.discard_output = net_discard_output,
	.set_format = net_set_format,
	.set_break = net_set_break,
	.status = net_status,
};

/* ---- opening ---- */

static bool has_decided(const struct ff_remote *remote, enum ff_comport_code code)
{
	(void)code;
	return remote->agreed || remote->refused;
}

static enum ff_status negotiate(struct ff_netwire *net, int64_t deadline_us, struct ff_error *error)
{
	ff_remote_negotiate(&net->remote);
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status = ff_netwire_wait(net, has_decided, 0, deadline_us, &local);
	if (status == FF_ERR_LOST) {
		/* How servers that serve one client at a time turn away the second. */
		return ff_error_set(error, FF_ERR_BUSY,
				    "the server of %s hung up at once: the port is probably in use by another client",
				    net->io.name);
	}
	if (status != FF_OK && status != FF_ERR_TIMEOUT) {
		return ff_error_set(error, status, "%s", local.text);
	}
	if (net->remote.agreed) {
		return status;
	}
	return ff_error_set(
		error, FF_ERR_PROTOCOL, "the server of %s %s; if it is a raw port, use socket:// instead of rfc2217://",
		net->io.name, net->remote.refused ? "refuses RFC 2217" : "does not answer as an RFC 2217 server");
}

/* All settings in one segment. The baud rate goes last: servers answer in order, so its confirmation, the one that every
 * server gives, says that no earlier answer is to be expected. */
static enum ff_status configure(struct ff_netwire *net, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	static const struct {
		enum ff_comport_code code;
		uint32_t value;
	} frame[] = {
		{ FF_COMPORT_SET_DATASIZE, 8 },
		{ FF_COMPORT_SET_PARITY, FF_COMPORT_PARITY_NONE },
		{ FF_COMPORT_SET_STOPSIZE, FF_COMPORT_STOP_1 },
	};
	struct ff_remote *remote = &net->remote;
	ff_remote_ask_line(remote, FF_COMPORT_CONTROL_ASK_DTR);
	ff_remote_ask_line(remote, FF_COMPORT_CONTROL_ASK_RTS);
	ff_remote_ask(remote, FF_COMPORT_SET_CONTROL, FF_COMPORT_CONTROL_FLOW_NONE);
	for (size_t i = 0; i < sizeof(frame) / sizeof(frame[0]); i++) {
		ff_remote_ask(remote, frame[i].code, frame[i].value);
	}
	ff_remote_ask(remote, FF_COMPORT_SET_BAUDRATE, baud);
	enum ff_status status = ff_netwire_await_baud(net, baud, deadline_us, error);
	for (size_t i = 0; status == FF_OK && i < sizeof(frame) / sizeof(frame[0]); i++) {
		status = check_setting(net, frame[i].code, frame[i].value, error);
	}
	if (remote->requests[FF_COMPORT_SET_CONTROL].waiting > 0) {
		ff_remote_give_up(remote, FF_COMPORT_SET_CONTROL);
	}
	return status;
}

static enum ff_status release_lines(struct ff_netwire *net, struct ff_error *error)
{
	const struct ff_remote *remote = &net->remote;
	const struct ff_line_step release = {
		.dtr = remote->dtr == 1 ? 0 : -1,
		.rts = remote->rts == 1 ? 0 : -1,
	};
	if (remote->dtr != 1 && remote->rts != 1) {
		return FF_OK;
	}
	ff_remote_ask_lines(&net->remote, release.dtr, release.rts);
	return ff_netwire_await_acks(net, FF_COMPORT_SET_CONTROL, INT64_MAX, error);
}

/* The round trip is the quicker of two exchanges, so that a server that was slow to start counts once only. */
static enum ff_status establish(struct ff_netwire *net, const struct ff_transport_options *options,
				struct ff_error *error)
{
	int64_t deadline_us = ff_deadline_ms(options->connect_timeout_ms);
	int64_t start_us = ff_now_us();
	enum ff_status status = negotiate(net, deadline_us, error);
	if (status != FF_OK) {
		return status;
	}
	int64_t agreed_us = ff_now_us();
	status = configure(net, options->baud, deadline_us, error);
	if (status != FF_OK) {
		return status;
	}
	int64_t first_us = agreed_us - start_us;
	int64_t second_us = ff_now_us() - agreed_us;
	uint32_t rtt_ms = (uint32_t)((first_us < second_us ? first_us : second_us) + 500) / 1000;
	net->latency_ms = rtt_ms > net->latency_ms ? rtt_ms : net->latency_ms;
	ff_log(net->log, FF_LOG_DEBUG, "%s: RFC 2217 agreed, round trip %u ms, DTR %d, RTS %d", net->io.name,
	       (unsigned)net->latency_ms, net->remote.dtr, net->remote.rts);
	return release_lines(net, error);
}

enum ff_status ff_net2217_open(struct ff_transport *transport, const struct ff_address *address,
			       const struct ff_transport_options *options, struct ff_error *error)
{
	struct ff_socket_result connection;
	enum ff_status status = ff_socket_connect(&connection, address, options->connect_timeout_ms, error);
	if (status != FF_OK) {
		return status;
	}
	struct ff_netwire *net = calloc(1, sizeof(*net));
	if (!net) {
		ff_socket_close(connection.fd, 0);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory for %s", address->text);
	}
	net->address = *address;
	net->io = (struct ff_fd){ .fd = connection.fd, .is_socket = true, .name = net->address.text };
	net->log = options->log;
	net->latency_ms = (connection.rtt_us + 500) / 1000;
	ff_remote_init(&net->remote);
	status = establish(net, options, error);
	if (status != FF_OK) {
		net_close(net);
		return status;
	}
	*transport = (struct ff_transport){
		.ops = &ops,
		.self = net,
		.has_lines = true,
		.latency_ms = net->latency_ms,
		.port = &port_ops,
	};
	return FF_OK;
}
