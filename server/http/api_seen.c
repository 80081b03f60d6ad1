// SPDX-License-Identifier: Apache-2.0
/* What machines ask that watch the server: /metrics. */
#include "api.h"

#include "reply.h"

static enum MHD_Result answer_metrics(struct ff_request *request)
{
	const struct ff_http *http = request->http;
	ff_meters_look(&http->meters, http->workers, http->worker_count);
	return ff_reply_text(request, FF_REPLY_METRICS, http->metrics ? ff_metrics_print(http->metrics) : NULL);
}

const struct ff_handler ff_api_metrics = { .answer = answer_metrics };
