// SPDX-License-Identifier: Apache-2.0
#include "meters.h"

#include <farflash/version.h>

#define COUNT(array) (unsigned)(sizeof(array) / sizeof((array)[0]))

static const char *const classes[] = { "1xx", "2xx", "3xx", "4xx", "5xx" };
static const char *const versions[] = { FF_VERSION };

/* A board in quarantine counts as such, and not as what it is besides. */
enum { QUARANTINED = FF_BOARD_STATE_COUNT };

#define STATE_NAME(constant, name) [constant] = (name),
static const char *const states[] = { FF_BOARD_STATE_MAP(STATE_NAME)[QUARANTINED] = "quarantined" };
#undef STATE_NAME

static struct ff_metric *add(struct ff_metrics *metrics, enum ff_metric_type type, const char *name, const char *help)
{
	return ff_metrics_add(metrics, &(struct ff_metric_spec){ .type = type, .name = name, .help = help });
}

static struct ff_metric *add_labelled(struct ff_metrics *metrics, enum ff_metric_type type, const char *name,
				      const char *help, struct ff_metric_label label)
{
	const struct ff_metric_spec spec = { .type = type, .name = name, .help = help, .labels = { label } };
	return ff_metrics_add(metrics, &spec);
}

void ff_meters_init(struct ff_meters *meters, struct ff_metrics *metrics)
{
	struct ff_metric *build =
		add_labelled(metrics, FF_METRIC_GAUGE, "farflash_build_info", "1, with the version as a label.",
			     (struct ff_metric_label){ "version", versions, COUNT(versions) });
	ff_metric_set(build, 0, 0, 1);
	struct ff_metric *start = add(metrics, FF_METRIC_GAUGE, "process_start_time_seconds",
				      "When the server was started, in seconds of Unix time.");
	ff_metric_set(start, 0, 0, ff_wall_ms() / 1000);
	meters->boards = add_labelled(metrics, FF_METRIC_GAUGE, "farflash_boards", "Boards by their state.",
				      (struct ff_metric_label){ "state", states, COUNT(states) });
	meters->requests = add_labelled(metrics, FF_METRIC_COUNTER, "farflash_http_requests_total",
					"HTTP requests that were answered, by class of the status.",
					(struct ff_metric_label){ "class", classes, COUNT(classes) });
	meters->connections = add(metrics, FF_METRIC_GAUGE, "farflash_http_connections",
				  "HTTP connections, consoles included, that are open.");
	meters->upload_bytes = add(metrics, FF_METRIC_COUNTER, "farflash_http_upload_bytes_total",
				   "Bytes of bodies that bring images.");
}

void ff_meters_answer(const struct ff_meters *meters, unsigned http_status)
{
	ff_metric_count(meters->requests, http_status / 100 - 1, 0, 1);
}

void ff_meters_look(const struct ff_meters *meters, struct ff_worker *const *workers, size_t count,
		    struct ff_quarantine *quarantine)
{
	int64_t boards[COUNT(states)] = { 0 };
	for (size_t i = 0; i < count; i++) {
		struct ff_board_view view;
		struct ff_quarantine_view reason;
		ff_worker_view(workers[i], &view);
		boards[ff_quarantine_look(quarantine, ff_worker_name(workers[i]), &reason) ? QUARANTINED
											   : view.state]++;
	}
	for (unsigned i = 0; i < COUNT(states); i++) {
		ff_metric_set(meters->boards, i, 0, boards[i]);
	}
}
