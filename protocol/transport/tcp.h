// SPDX-License-Identifier: Apache-2.0
/* Raw TCP: bytes only, for bridges without RFC 2217. No control lines, and a baud rate that only the bridge knows. */
#ifndef FF_TRANSPORT_TCP_H
#define FF_TRANSPORT_TCP_H

#include <farflash/transport.h>

#include "address.h"

/* As ff_transport_open. `options` has its defaults filled in. */
FF_WARN_UNUSED enum ff_status ff_tcp_open(struct ff_transport *transport, const struct ff_address *address,
					  const struct ff_transport_options *options, struct ff_error *error);

#endif
