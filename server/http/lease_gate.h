// SPDX-License-Identifier: Apache-2.0
/* Who may use a leased board over HTTP. For the request's thread. */
#ifndef FF_HTTP_LEASE_GATE_H
#define FF_HTTP_LEASE_GATE_H

#include "request.h"

#define FF_LEASE_HEADER "Farflash-Lease"
#define FF_LEASE_PARAM "lease"

/* Finds the lease that the request comes with, as its handler wants it: request->lease, or a problem. */
void ff_lease_gate_check(struct ff_request *request);

/* Makes it the problem that somebody has leased the board. False: nobody has. */
bool ff_lease_gate_refuse_leased(struct ff_request *request, const struct ff_worker *board);

/* Makes it the problem that the board is leased, or that the request's lease has ended. */
void ff_lease_gate_refuse(struct ff_request *request);

#endif
