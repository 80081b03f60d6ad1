// SPDX-License-Identifier: Apache-2.0
/* The connection below net2217's slots: moves bytes between socket and ff_remote, and waits for what the server has to
 * acknowledge. One thread at a time. */
#ifndef FF_TRANSPORT_NETWIRE_H
#define FF_TRANSPORT_NETWIRE_H

#include <farflash/log.h>

#include "address.h"
#include "fd.h"
#include "remote.h"

struct ff_netwire {
	struct ff_fd io;
	const struct ff_log *log;
	uint32_t latency_ms;
	struct ff_address address; /* io.name points into it */
	struct ff_remote remote;
};

/* Sends what the socket takes now. */
FF_WARN_UNUSED enum ff_status ff_netwire_push(struct ff_netwire *net, struct ff_error *error);

/* Sends, takes, and if nothing came waits until something does. FF_OK after any movement, FF_ERR_TIMEOUT without a text
 * after none. */
FF_WARN_UNUSED enum ff_status ff_netwire_turn(struct ff_netwire *net, int64_t deadline_us, struct ff_error *error);

typedef bool (*ff_netwire_condition)(const struct ff_remote *remote, enum ff_comport_code code);

/* Turns until the condition holds, at least once. FF_ERR_TIMEOUT without a text: a peer that only chatters does not
 * carry the wait past its deadline. */
FF_WARN_UNUSED enum ff_status ff_netwire_wait(struct ff_netwire *net, ff_netwire_condition holds,
					      enum ff_comport_code code, int64_t deadline_us, struct ff_error *error);

/* Waits until all output has gone. A server that is stuck in sending to us may take nothing before we listen, so this
 * listens, but only as long as that costs no data that nobody has read yet. */
FF_WARN_UNUSED enum ff_status ff_netwire_flush(struct ff_netwire *net, int64_t deadline_us, struct ff_error *error);

/* Waits for all acknowledgements of one kind, and goes on without those that do not come in time. */
FF_WARN_UNUSED enum ff_status ff_netwire_await_acks(struct ff_netwire *net, enum ff_comport_code code,
						    int64_t deadline_us, struct ff_error *error);

/* Waits until the server reports the rate. Answers to older requests, or to other clients of a shared port, may come
 * before the right one. */
FF_WARN_UNUSED enum ff_status ff_netwire_await_baud(struct ff_netwire *net, uint32_t baud, int64_t deadline_us,
						    struct ff_error *error);

#endif
