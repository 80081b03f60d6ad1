// SPDX-License-Identifier: Apache-2.0
#include "lease_gate.h"

#include <string.h>

#include "text.h"

bool ff_lease_gate_refuse_leased(struct ff_request *request, const struct ff_worker *board)
{
	char until[FF_TEXT_TIME_SIZE];
	struct ff_lease lease;
	if (!ff_leases_of(request->http->leases, board, &lease)) {
		return false;
	}
	ff_text_time(until, lease.expires_ms);
	ff_problem_set(&request->problem, FF_PROBLEM_BOARD_LEASED, "%s is leased to %s until %s", ff_worker_name(board),
		       lease.keep.owner, until);
	return true;
}

void ff_lease_gate_refuse(struct ff_request *request)
{
	const char *board = ff_worker_name(request->worker);
	if (request->lease != 0) {
		ff_problem_set(&request->problem, FF_PROBLEM_LEASE_ENDED, "the lease of %s has ended: take a new one",
			       board);
	} else if (!ff_lease_gate_refuse_leased(
			   request, request->worker)) { /* it has just been handed back, or is about to be leased */
		ff_problem_set(&request->problem, FF_PROBLEM_BOARD_BUSY, "the lease of %s is changing: try again",
			       board);
	}
}

void ff_lease_gate_check(struct ff_request *request)
{
	struct ff_leases *leases = request->http->leases;
	enum ff_lease_use use = request->handler->lease;
	struct ff_lease lease;
	if (!leases || use == FF_LEASE_UNUSED || strcmp(request->method, MHD_HTTP_METHOD_HEAD) == 0) {
		return;
	}
	const char *id = ff_request_header(request, FF_LEASE_HEADER);
	id = id ? id : ff_request_param(request, FF_LEASE_PARAM);
	if (id && ff_leases_find(leases, id, &lease) != FF_OK) {
		ff_problem_set(&request->problem, FF_PROBLEM_LEASE_ENDED,
			       "the lease that the request names has ended, or there never was one");
	} else if (id && lease.board == request->worker) {
		request->lease = lease.keep.lease;
	}
	if (use == FF_LEASE_NEEDED && !request->problem.http_status &&
	    !ff_worker_admits(request->worker, request->lease)) {
		ff_lease_gate_refuse(request);
	}
}
