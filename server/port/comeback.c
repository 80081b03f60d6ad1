// SPDX-License-Identifier: Apache-2.0
#include "comeback.h"

#include "clock.h"

#define ALONE_MS 10000
#define BAUD_TIMEOUT_MS 1000
#define PATIENCE_MS 2000 /* a chip is away for less than a second */

void ff_comeback_keep(struct ff_comeback *comeback, struct ff_transport *transport)
{
	if (!transport->ops || !transport->ops->reopen) {
		ff_transport_close(transport);
		return;
	}
	ff_comeback_drop(comeback);
	comeback->kept = *transport;
	comeback->alone_until_us = ff_deadline_ms(ALONE_MS);
	*transport = (struct ff_transport){ .ops = NULL };
}

enum ff_status ff_comeback_try(struct ff_comeback *comeback, struct ff_transport *transport, uint32_t baud,
			       struct ff_error *error)
{
	struct ff_transport *kept = &comeback->kept;
	if (!kept->ops) {
		return FF_ERR_NOT_FOUND;
	}
	struct ff_error local = FF_ERROR_NONE;
	int64_t patience = ff_deadline_ms(PATIENCE_MS);
	enum ff_status status = kept->ops->reopen(
		kept, patience < comeback->alone_until_us ? patience : comeback->alone_until_us, &local);
	if (status == FF_OK) {
		status = kept->ops->set_baud(kept->self, baud, ff_deadline_ms(BAUD_TIMEOUT_MS), &local);
	}
	if (status != FF_OK) {
		bool alone = ff_now_us() < comeback->alone_until_us;
		return alone ? ff_error_set(error, status, "%s", local.text) : FF_ERR_NOT_FOUND;
	}
	*transport = *kept;
	*kept = (struct ff_transport){ .ops = NULL };
	return FF_OK;
}

void ff_comeback_drop(struct ff_comeback *comeback)
{
	ff_transport_close(&comeback->kept);
}
