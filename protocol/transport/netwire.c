// SPDX-License-Identifier: Apache-2.0
#include "netwire.h"

#include <poll.h>

#include "baud.h"
#include "clock.h"

#define CHUNK_SIZE 4096

/* How long an acknowledgement may take beyond the network's round trips. Servers on pyserial look every 50 ms and set
 * a USB adapter in a few; one that has let us wait in vain before is given no more than that. */
#define ACK_MS 500
#define FORGETFUL_ACK_MS 60
/* After an acknowledgement with another rate: the right one may be behind it, if the first answered an older request. */
#define SECOND_ANSWER_MS 250

/* ---- moving bytes ---- */

/* Takes what has arrived. *got: whether anything has. */
static enum ff_status pull(struct ff_netwire *net, bool *got, struct ff_error *error)
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
enum ff_status ff_netwire_push(struct ff_netwire *net, struct ff_error *error)
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
enum ff_status ff_netwire_turn(struct ff_netwire *net, int64_t deadline_us, struct ff_error *error)
{
	const struct ff_remote *remote = &net->remote;
	bool got = false;
	enum ff_status status = ff_netwire_push(net, error);
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

/* Turns until the ff_netwire_condition holds, at least once. FF_ERR_TIMEOUT without a text: a peer that only chatters does not
 * carry the wait past its deadline. */
enum ff_status ff_netwire_wait(struct ff_netwire *net, ff_netwire_condition holds, enum ff_comport_code code,
			       int64_t deadline_us, struct ff_error *error)
{
	bool late = false;
	while (!holds(&net->remote, code)) {
		if (late) {
			return FF_ERR_TIMEOUT;
		}
		enum ff_status status = ff_netwire_turn(net, deadline_us, error);
		if (status != FF_OK && status != FF_ERR_TIMEOUT) {
			return status;
		}
		late = status == FF_ERR_TIMEOUT || ff_now_us() >= deadline_us;
	}
	return FF_OK;
}

/* Waits until all output has gone. A server that is stuck in sending to us may take nothing before we listen, so this
 * listens, but only as long as that costs no data that nobody has read yet. */
enum ff_status ff_netwire_flush(struct ff_netwire *net, int64_t deadline_us, struct ff_error *error)
{
	const struct ff_remote *remote = &net->remote;
	bool late = false;
	for (;;) {
		enum ff_status status = ff_netwire_push(net, error);
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
			status = ff_netwire_turn(net, deadline_us, error);
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
enum ff_status ff_netwire_await_acks(struct ff_netwire *net, enum ff_comport_code code, int64_t deadline_us,
				     struct ff_error *error)
{
	const struct ff_remote_request *request = &net->remote.requests[code];
	uint32_t patience_ms = request->forgetful ? net->latency_ms + FORGETFUL_ACK_MS : 2 * net->latency_ms + ACK_MS;
	deadline_us = sooner(deadline_us, ff_deadline_ms(patience_ms));
	enum ff_status status = ff_netwire_wait(net, is_acknowledged, code, deadline_us, error);
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
enum ff_status ff_netwire_await_baud(struct ff_netwire *net, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	struct ff_remote_request *request = &net->remote.requests[FF_COMPORT_SET_BAUDRATE];
	uint32_t other = 0;
	for (;;) {
		enum ff_status status = ff_netwire_wait(net, is_answered, FF_COMPORT_SET_BAUDRATE, deadline_us, error);
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
		if (ff_now_us() >= deadline_us) {
			break; /* a server that answers wrongly without end must not outlast the deadline */
		}
	}
	ff_remote_give_up(&net->remote, FF_COMPORT_SET_BAUDRATE);
	if (other != 0) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "%s cannot do %u baud: it chose %u; try another rate",
				    net->io.name, (unsigned)baud, (unsigned)other);
	}
	return ff_error_set(error, FF_ERR_TIMEOUT, "the RFC 2217 server of %s did not confirm %u baud", net->io.name,
			    (unsigned)baud);
}
