// SPDX-License-Identifier: Apache-2.0
#include "net2217.h"

#include <poll.h>
#include <stdlib.h>

#include "baud.h"
#include "clock.h"
#include "fd.h"
#include "lines.h"
#include "remote.h"
#include "socket.h"

#define CHUNK_SIZE 4096

/* How long an acknowledgement may take beyond the network's round trips. Servers on pyserial look every 50 ms and set
 * a USB adapter in a few; one that has let us wait in vain before is given no more than that. */
#define ACK_MS 500
#define FORGETFUL_ACK_MS 60
/* After an acknowledgement with another rate: the right one may be behind it, if the first answered an older request. */
#define SECOND_ANSWER_MS 250
/* A reset sequence has no deadline of its own; its few bytes always fit unless the network hangs. */
#define LINES_FLUSH_MS 3000
#define LINGER_MS 100

struct net2217 {
	struct ff_fd io;
	const struct ff_log *log;
	uint32_t latency_ms;
	struct ff_address address; /* io.name points into it */
	struct ff_remote remote;
};

/* ---- moving bytes ---- */

/* Takes what has arrived. *got: whether anything has. */
static enum ff_status pull(struct net2217 *net, bool *got, struct ff_error *error)
{
	uint8_t bytes[CHUNK_SIZE];
	size_t capacity = ff_remote_receivable(&net->remote);
	size_t size = 0;
	if (capacity > sizeof(bytes)) {
		capacity = sizeof(bytes);
	}
	enum ff_status status = FF_OK;
	if (capacity > 0) {
		status = ff_fd_try_read(&net->io, bytes, capacity, &size, error);
	}
	if (status != FF_OK) {
		return status;
	}
	uint64_t dropped = net->remote.dropped;
	ff_remote_receive(&net->remote, bytes, size);
	if (dropped == 0 && net->remote.dropped > 0) {
		ff_log(net->log, FF_LOG_WARN, "%s sends more than is being read: the oldest bytes are dropped",
		       net->io.name);
	}
	*got = size > 0;
	return FF_OK;
}

/* Sends what the socket takes now. */
static enum ff_status push(struct net2217 *net, struct ff_error *error)
{
	struct ff_remote *remote = &net->remote;
	size_t size = remote->output_end - remote->output_at;
	size_t done = 0;
	if (size == 0) {
		return FF_OK;
	}
	enum ff_status status = ff_fd_try_write(&net->io, remote->output + remote->output_at, size, &done, error);
	if (status == FF_OK) {
		ff_remote_sent(remote, done);
	}
	return status;
}

/* Sends, takes, and if nothing came waits until something does. FF_OK after any movement, FF_ERR_TIMEOUT without a text
 * after none. */
static enum ff_status turn(struct net2217 *net, int64_t deadline_us, struct ff_error *error)
{
	const struct ff_remote *remote = &net->remote;
	bool got = false;
	enum ff_status status = push(net, error);
	if (status == FF_OK) {
		status = pull(net, &got, error);
	}
	if (status != FF_OK || got) {
		return status;
	}
	bool blocked = remote->output_end > remote->output_at;
	bool receives = ff_remote_receivable(remote) > 0;
	short events = (short)((receives ? POLLIN : 0) | (blocked ? POLLOUT : 0));
	short happened = 0;
	status = ff_fd_wait(&net->io, events, &happened, deadline_us, error);
	if (status == FF_OK && (happened & FF_FD_HANGUP) && !(happened & POLLIN)) {
		return ff_fd_lost(&net->io, 0, error);
	}
	return status;
}

typedef bool (*condition)(const struct ff_remote *remote, enum ff_comport_code code);

/* Turns until the condition holds, at least once. FF_ERR_TIMEOUT without a text: a peer that only chatters does not
 * carry the wait past its deadline. */
static enum ff_status wait_until(struct net2217 *net, condition holds, enum ff_comport_code code, int64_t deadline_us,
				 struct ff_error *error)
{
	bool late = false;
	while (!holds(&net->remote, code)) {
		if (late) {
			return FF_ERR_TIMEOUT;
		}
		enum ff_status status = turn(net, deadline_us, error);
		if (status != FF_OK && status != FF_ERR_TIMEOUT) {
			return status;
		}
		late = status == FF_ERR_TIMEOUT || ff_now_us() >= deadline_us;
	}
	return FF_OK;
}

/* Waits until all output has gone. A server that is stuck in sending to us may take nothing before we listen, so this
 * listens, but only as long as that costs no data that nobody has read yet. */
static enum ff_status flush(struct net2217 *net, int64_t deadline_us, struct ff_error *error)
{
	const struct ff_remote *remote = &net->remote;
	bool late = false;
	for (;;) {
		enum ff_status status = push(net, error);
		size_t left = remote->output_end - remote->output_at;
		if (status != FF_OK || left == 0) {
			return status;
		}
		if (late) {
			return ff_error_set(error, FF_ERR_TIMEOUT, "%s takes no more bytes: %zu are left", net->io.name,
					    left);
		}
		short happened = 0;
		if (ff_remote_input_room(remote) >= CHUNK_SIZE) {
			status = turn(net, deadline_us, error);
		} else {
			status = ff_fd_wait(&net->io, POLLOUT, &happened, deadline_us, error);
		}
		if (status != FF_OK && status != FF_ERR_TIMEOUT) {
			return status;
		}
		late = status == FF_ERR_TIMEOUT || ff_now_us() >= deadline_us;
	}
}

/* ---- acknowledgements ---- */

static int64_t sooner(int64_t a_us, int64_t b_us)
{
	return a_us < b_us ? a_us : b_us;
}

static bool is_acknowledged(const struct ff_remote *remote, enum ff_comport_code code)
{
	return remote->requests[code].waiting == 0;
}

/* Waits for all acknowledgements of one kind, and goes on without those that do not come in time. */
static enum ff_status await_acks(struct net2217 *net, enum ff_comport_code code, int64_t deadline_us,
				 struct ff_error *error)
{
	const struct ff_remote_request *request = &net->remote.requests[code];
	uint32_t patience_ms = request->forgetful ? net->latency_ms + FORGETFUL_ACK_MS : 2 * net->latency_ms + ACK_MS;
	deadline_us = sooner(deadline_us, ff_deadline_ms(patience_ms));
	enum ff_status status = wait_until(net, is_acknowledged, code, deadline_us, error);
	if (status == FF_ERR_TIMEOUT) {
		ff_log(net->log, FF_LOG_DEBUG, "%s: %u acknowledgements of %s did not come", net->io.name,
		       request->waiting, ff_comport_code_name(code));
		ff_remote_give_up(&net->remote, code);
		status = FF_OK;
	}
	return status;
}

static bool is_answered(const struct ff_remote *remote, enum ff_comport_code code)
{
	return remote->requests[code].answered;
}

/* Waits until the server reports the rate. Answers to older requests, or to other clients of a shared port, may come
 * before the right one. */
static enum ff_status await_baud(struct net2217 *net, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	struct ff_remote_request *request = &net->remote.requests[FF_COMPORT_SET_BAUDRATE];
	uint32_t other = 0;
	for (;;) {
		enum ff_status status = wait_until(net, is_answered, FF_COMPORT_SET_BAUDRATE, deadline_us, error);
		if (status == FF_ERR_TIMEOUT) {
			break;
		}
		if (status != FF_OK) {
			return status;
		}
		if (ff_baud_is_near(request->answer, baud)) {
			request->waiting = 0;
			return FF_OK;
		}
		other = request->answer;
		request->answered = false;
		deadline_us = sooner(deadline_us, ff_deadline_ms(net->latency_ms + SECOND_ANSWER_MS));
	}
	ff_remote_give_up(&net->remote, FF_COMPORT_SET_BAUDRATE);
	if (other != 0) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "%s cannot do %u baud: it chose %u; try another rate",
				    net->io.name, (unsigned)baud, (unsigned)other);
	}
	return ff_error_set(error, FF_ERR_TIMEOUT, "the RFC 2217 server of %s did not confirm %u baud", net->io.name,
			    (unsigned)baud);
}

/* ---- slots ---- */

static bool has_input(const struct ff_remote *remote, enum ff_comport_code code)
{
	(void)code;
	return ff_remote_input_room(remote) < FF_REMOTE_INPUT_SIZE;
}

static enum ff_status net_read(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
			       struct ff_error *error)
{
	struct net2217 *net = self;
	enum ff_status status = wait_until(net, has_input, 0, deadline_us, error);
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
	struct net2217 *net = self;
	while (size > 0) {
		enum ff_status status = wait_until(net, may_send, 0, deadline_us, error);
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
		status = flush(net, deadline_us, error);
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
	return flush(self, deadline_us, error);
}

static enum ff_status net_discard(void *self, int64_t deadline_us, struct ff_error *error)
{
	struct net2217 *net = self;
	ff_remote_ask(&net->remote, FF_COMPORT_PURGE_DATA, FF_COMPORT_PURGE_RX);
	return await_acks(net, FF_COMPORT_PURGE_DATA, deadline_us, error);
}

static enum ff_status net_set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	struct net2217 *net = self;
	if (baud < FF_BAUD_MIN || baud > FF_BAUD_MAX) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s: %u baud is not between %d and %d", net->io.name,
				    (unsigned)baud, FF_BAUD_MIN, FF_BAUD_MAX);
	}
	ff_remote_ask(&net->remote, FF_COMPORT_SET_BAUDRATE, baud);
	return await_baud(net, baud, deadline_us, error);
}

/* Waits for a pause to pass, and listens all the while. */
static enum ff_status hold(struct net2217 *net, uint32_t hold_ms, struct ff_error *error)
{
	int64_t until_us = ff_deadline_ms(hold_ms);
	while (ff_now_us() < until_us) {
		enum ff_status status = turn(net, until_us, error);
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
	struct net2217 *net = self;
	int8_t dtr = -1, rts = -1;
	enum ff_status status = ff_lines_check(steps, count, error);
	for (size_t i = 0; status == FF_OK && i < count; i++) {
		bool changes = steps[i].dtr >= 0 || steps[i].rts >= 0;
		int8_t new_dtr = steps[i].dtr < 0 && changes && net->remote.dtr < 0 ? 0 : steps[i].dtr;
		int8_t new_rts = steps[i].rts < 0 && changes && net->remote.rts < 0 ? 0 : steps[i].rts;
		ff_remote_ask_lines(&net->remote, new_dtr == dtr ? -1 : new_dtr, new_rts == rts ? -1 : new_rts);
		dtr = new_dtr < 0 ? dtr : new_dtr;
		rts = new_rts < 0 ? rts : new_rts;
		status = flush(net, ff_deadline_ms(LINES_FLUSH_MS), error);
		if (status == FF_OK) {
			status = hold(net, steps[i].hold_ms, error);
		}
	}
	if (status != FF_OK) {
		return status;
	}
	return await_acks(net, FF_COMPORT_SET_CONTROL, INT64_MAX, error);
}

static int net_poll_fd(void *self)
{
	const struct net2217 *net = self;
	return net->io.fd;
}

static void net_close(void *self)
{
	struct net2217 *net = self;
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

/* ---- opening ---- */

static bool has_decided(const struct ff_remote *remote, enum ff_comport_code code)
{
	(void)code;
	return remote->agreed || remote->refused;
}

static enum ff_status negotiate(struct net2217 *net, int64_t deadline_us, struct ff_error *error)
{
	ff_remote_negotiate(&net->remote);
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status = wait_until(net, has_decided, 0, deadline_us, &local);
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

/* A setting that the server confirmed with another value is one that it cannot do. */
static enum ff_status check_setting(const struct net2217 *net, enum ff_comport_code code, uint32_t wanted,
				    struct ff_error *error)
{
	const struct ff_remote_request *request = &net->remote.requests[code];
	if (request->answered && request->answer != wanted) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "%s cannot do 8N1: it answered %s with %u", net->io.name,
				    ff_comport_code_name(code), (unsigned)request->answer);
	}
	return FF_OK;
}

/* All settings in one segment. The baud rate goes last: servers answer in order, so its confirmation, the one that every
 * server gives, says that no earlier answer is to be expected. */
static enum ff_status configure(struct net2217 *net, uint32_t baud, int64_t deadline_us, struct ff_error *error)
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
	enum ff_status status = await_baud(net, baud, deadline_us, error);
	for (size_t i = 0; status == FF_OK && i < sizeof(frame) / sizeof(frame[0]); i++) {
		status = check_setting(net, frame[i].code, frame[i].value, error);
	}
	if (remote->requests[FF_COMPORT_SET_CONTROL].waiting > 0) {
		ff_remote_give_up(remote, FF_COMPORT_SET_CONTROL);
	}
	return status;
}

static enum ff_status release_lines(struct net2217 *net, struct ff_error *error)
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
	return await_acks(net, FF_COMPORT_SET_CONTROL, INT64_MAX, error);
}

/* The round trip is the quicker of two exchanges, so that a server that was slow to start counts once only. */
static enum ff_status establish(struct net2217 *net, const struct ff_transport_options *options, struct ff_error *error)
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
	uint32_t rtt_ms = (uint32_t)(sooner(agreed_us - start_us, ff_now_us() - agreed_us) + 500) / 1000;
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
	struct net2217 *net = calloc(1, sizeof(*net));
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
	};
	return FF_OK;
}
