// SPDX-License-Identifier: Apache-2.0
/* Stream sockets to a board's host: connecting within a time, closing without losing the last bytes. Any thread. */
#ifndef FF_TRANSPORT_SOCKET_H
#define FF_TRANSPORT_SOCKET_H

#include <stdint.h>

#include <farflash/status.h>

#include "address.h"

struct ff_socket_result {
	int fd;          /* non-blocking, close-on-exec, without Nagle's delay, with keepalive; the caller's */
	uint32_t rtt_us; /* how long the connection took: one round trip */
};

/* Connects to the first of the host's addresses that answers. Each address gets its share of what is left of
 * `timeout_ms`. The resolver is not part of that time: it has its own limits (resolv.conf).
 * FF_ERR_UNREACHABLE, FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_socket_connect(struct ff_socket_result *result, const struct ff_address *address,
						uint32_t timeout_ms, struct ff_error *error);

/* Says that nothing more will be sent, waits for the other end to close, at most `linger_ms`, and closes. Closing at
 * once while input is unread would make the kernel send a reset, and the peer could lose the last bytes: the release
 * of a reset line, for one. */
void ff_socket_close(int fd, uint32_t linger_ms);

#endif
