// SPDX-License-Identifier: Apache-2.0
#include "trail.h"

#include <stdio.h>
#include <string.h>

#include "listen.h"

#define ACTION_SIZE 96

/* A GET that needs the board's lease makes a job; all others only look. */
static bool changes(const struct ff_request *request)
{
	if (!request->handler || strcmp(request->method, MHD_HTTP_METHOD_HEAD) == 0) {
		return false;
	}
	return strcmp(request->method, MHD_HTTP_METHOD_GET) != 0 || request->handler->lease == FF_LEASE_NEEDED;
}

static const char *board_of(const struct ff_request *request)
{
	if (request->worker) {
		return ff_worker_name(request->worker);
	}
	if (request->job) {
		return ff_job_board(request->job);
	}
	return request->trail_board[0] ? request->trail_board : NULL;
}

void ff_trail_about(struct ff_request *request, const char *owner, const char *board)
{
	snprintf(request->trail_owner, sizeof(request->trail_owner), "%s", owner);
	snprintf(request->trail_board, sizeof(request->trail_board), "%s", board);
}

void ff_trail_note(struct ff_request *request, const char *result)
{
	const struct ff_audit *audit = request->http->audit;
	char action[ACTION_SIZE];
	char peer[FF_LISTEN_PEER_SIZE];
	char address[FF_KEEP_PEER_SIZE];
	struct ff_lease lease;
	if (!audit || request->noted) {
		return;
	}
	request->noted = true;
	if (request->lease != 0 && request->worker && ff_leases_of(request->http->leases, request->worker, &lease) &&
	    lease.keep.lease == request->lease) {
		ff_trail_about(request, lease.keep.owner, ff_worker_name(request->worker));
	}
	const char *who = request->who[0] ? request->who : request->trail_owner;
	snprintf(action, sizeof(action), "%s %s", request->method, request->route);
	ff_listen_peer(ff_request_socket(request), peer, sizeof(peer));
	ff_listen_peer_address(peer, address);
	audit->note(audit->context, &(struct ff_audit_line){
					    .who = who[0] ? who : NULL,
					    .from = address,
					    .action = action,
					    .board = board_of(request),
					    .job = request->job ? ff_job_id(request->job) : NULL,
					    .result = result,
				    });
}

void ff_trail_answer(struct ff_request *request, unsigned http_status)
{
	char number[16];
	if (request->noted || !changes(request)) {
		return;
	}
	snprintf(number, sizeof(number), "%u", http_status);
	ff_trail_note(request, request->problem.http_status ? request->problem.code : number);
}

void ff_trail_skip(struct ff_request *request)
{
	request->noted = true;
}
