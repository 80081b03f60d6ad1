// SPDX-License-Identifier: Apache-2.0
#include "port.h"

#include <stdio.h>

#include "clock.h"
#include "error.h"
#include "trace.h"

#define UNSLICED_MS 150 /* pauses up to this long are left to the port, which keeps them better */
#define MAX_STEPS 32    /* that a port takes at once */
#define BAUD_TIMEOUT_MS 3000
#define REOPEN_MS 5000 /* a chip is back on the bus after one or two seconds */
#define REOPEN_SLICE_MS 100

static enum ff_status hand_over(struct ff_link *link, const struct ff_line_step *steps, size_t count,
				struct ff_error *error)
{
	struct ff_transport *transport = link->transport;
	for (size_t i = 0; i < count && ff_link_traces(link); i++) {
		char line[FF_TRACE_LINE_SIZE];
		ff_trace_step(line, &steps[i]);
		ff_link_trace(link, '=', line);
	}
	enum ff_status status = transport->ops->set_lines(transport->self, steps, count, error);
	if (status != FF_OK) {
		return ff_error_set(error, status, "cannot move the control lines: %s", ff_status_text(status));
	}
	return FF_OK;
}

enum ff_status ff_port_move_lines(struct ff_link *link, const struct ff_line_step *steps, size_t count,
				  struct ff_error *error)
{
	struct ff_line_step batch[MAX_STEPS];
	size_t filled = 0;
	for (size_t i = 0; i < count; i++) {
		uint16_t hold = steps[i].hold_ms;
		bool sliced = hold > UNSLICED_MS;
		batch[filled] = steps[i];
		batch[filled++].hold_ms = sliced ? 0 : hold;
		if (!sliced && i + 1 < count && filled < MAX_STEPS) {
			continue;
		}
		enum ff_status status = hand_over(link, batch, filled, error);
		if (status == FF_OK && sliced) {
			status = ff_link_pause(link, hold, error);
		}
		if (status != FF_OK) {
			return status;
		}
		filled = 0;
	}
	return FF_OK;
}

enum ff_status ff_port_set_baud(struct ff_link *link, uint32_t baud, struct ff_error *error)
{
	struct ff_transport *transport = link->transport;
	int64_t deadline = ff_deadline_ms(BAUD_TIMEOUT_MS + transport->latency_ms);
	enum ff_status status = transport->ops->set_baud(transport->self, baud, deadline, error);
	if (status != FF_OK) {
		return ff_error_set(error, status, "the port cannot do %u baud: %s", baud, ff_status_text(status));
	}
	link->baud = baud;
	if (ff_link_traces(link)) {
		char line[FF_TRACE_LINE_SIZE];
		snprintf(line, sizeof(line), "port at %u baud", baud);
		ff_link_trace(link, '=', line);
	}
	return FF_OK;
}

bool ff_port_can_reopen(const struct ff_link *link)
{
	return link->transport->ops->reopen != NULL;
}

enum ff_status ff_port_reopen(struct ff_link *link, struct ff_error *error)
{
	struct ff_transport *transport = link->transport;
	int64_t deadline = ff_deadline_ms(REOPEN_MS);
	ff_log(link->hooks.log, FF_LOG_INFO, "the port went away; waiting for the board to come back");
	for (;;) {
		enum ff_status status = ff_link_check_cancel(link, error);
		if (status != FF_OK) {
			return status;
		}
		int64_t slice = ff_deadline_ms(REOPEN_SLICE_MS);
		struct ff_error local = FF_ERROR_NONE;
		status = transport->ops->reopen(transport, slice < deadline ? slice : deadline, &local);
		if (status == FF_OK) {
			ff_link_restart(link);
			if (ff_link_traces(link)) {
				ff_link_trace(link, '=', "port open again");
			}
			return FF_OK;
		}
		if (status != FF_ERR_LOST || ff_now_us() >= deadline) {
			ff_error_keep(error, &local);
			return status;
		}
	}
}
