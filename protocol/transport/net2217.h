// SPDX-License-Identifier: Apache-2.0
/* A serial port behind an RFC 2217 server: the client role.
 *
 * Written for servers as they are: ours, ser2net, those built on pyserial (esp_rfc2217_server). Only two things are
 * insisted on, that the server agrees to COM-PORT and that it confirms the baud rate. Every other acknowledgement is
 * awaited for a bounded time, and its absence tolerated.
 *
 * Opening does not reset a usual board. The server's DTR and RTS are asked for; those found asserted are released, RTS
 * first (see ff_remote_ask_lines). If the server does not tell, both stay as they are: releasing RTS unseen would be
 * right for a plain server, but esp_rfc2217_server takes it as the order to reset. A port that a server has just opened
 * stands at 1,1 or 0,0, and either lets the board run.
 *
 * A reset sequence is not played by round trips: each step goes out as one TCP segment and its pause is kept here, so
 * that the board sees the pauses as they are meant, give or take the network's jitter. */
#ifndef FF_TRANSPORT_NET2217_H
#define FF_TRANSPORT_NET2217_H

#include <farflash/transport.h>

#include "address.h"

/* As ff_transport_open. `options` has its defaults filled in. */
FF_WARN_UNUSED enum ff_status ff_net2217_open(struct ff_transport *transport, const struct ff_address *address,
					      const struct ff_transport_options *options, struct ff_error *error);

#endif
