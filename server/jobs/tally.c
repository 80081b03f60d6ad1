// SPDX-License-Identifier: Apache-2.0
#include "tally.h"

#define MS 1000
#define SECOND ((int64_t)1000000)
#define COUNT(array) (unsigned)(sizeof(array) / sizeof((array)[0]))

enum { WAITING, RUNNING };

static const char *const states[] = { [WAITING] = "waiting", [RUNNING] = "running" };

#define KIND_TEXT(name, text) [name] = text,
static const char *const kinds[] = { FF_JOB_KIND_MAP(KIND_TEXT) };
static const char *const phases[] = { FF_PHASE_MAP(KIND_TEXT) };
static const char *const retries[] = { FF_RETRY_MAP(KIND_TEXT) };
#undef KIND_TEXT

#define STATUS_TEXT(name, code, text) [name] = code,
static const char *const results[] = { FF_STATUS_MAP(STATUS_TEXT) };
#undef STATUS_TEXT

/* A reset takes a few ms, a sync a tenth of a second, an erase of 16 MB two minutes. */
static const int64_t times[] = { 10 * MS,     50 * MS,        100 * MS,    250 * MS,    500 * MS,
				 SECOND,      5 * SECOND / 2, 5 * SECOND,  10 * SECOND, 30 * SECOND,
				 60 * SECOND, 120 * SECOND,   300 * SECOND };

static struct ff_metric *add_times(struct ff_metrics *metrics, const char *name, const char *help,
				   const struct ff_metric_label *label)
{
	struct ff_metric_spec spec = {
		.type = FF_METRIC_HISTOGRAM,
		.name = name,
		.help = help,
		.bounds_us = times,
		.bound_count = COUNT(times),
		.sparse = label != NULL,
	};
	if (label) {
		spec.labels[0] = *label;
	}
	return ff_metrics_add(metrics, &spec);
}

void ff_tally_init(struct ff_tally *tally, struct ff_metrics *metrics)
{
	const struct ff_metric_label kind = { .name = "kind", .values = kinds, .count = COUNT(kinds) };
	const struct ff_metric_label phase = { .name = "phase", .values = phases, .count = COUNT(phases) };
	const struct ff_metric_label result = { .name = "result", .values = results, .count = COUNT(results) };
	const struct ff_metric_label what = { .name = "what", .values = retries, .count = COUNT(retries) };
	const struct ff_metric_label state = { .name = "state", .values = states, .count = COUNT(states) };
	tally->ended =
		ff_metrics_add(metrics, &(struct ff_metric_spec){
						.type = FF_METRIC_COUNTER,
						.name = "farflash_jobs_total",
						.help = "Jobs that have ended, by kind and by code of the result.",
						.labels = { kind, result },
						.sparse = true,
					});
	tally->active = ff_metrics_add(metrics, &(struct ff_metric_spec){
							.type = FF_METRIC_GAUGE,
							.name = "farflash_jobs",
							.help = "Jobs that wait (the length of the queue) or run.",
							.labels = { state },
						});
	tally->bytes =
		ff_metrics_add(metrics, &(struct ff_metric_spec){
						.type = FF_METRIC_COUNTER,
						.name = "farflash_job_bytes_total",
						.help = "Bytes written, read or compared by jobs, by their kind.",
						.labels = { kind },
						.sparse = true,
					});
	tally->wire_bytes =
		ff_metrics_add(metrics, &(struct ff_metric_spec){
						.type = FF_METRIC_COUNTER,
						.name = "farflash_job_wire_bytes_total",
						.help = "Bytes of images sent to boards, after compression.",
					});
	tally->retries =
		ff_metrics_add(metrics, &(struct ff_metric_spec){
						.type = FF_METRIC_COUNTER,
						.name = "farflash_wire_retries_total",
						.help = "What jobs had to do once more because of errors on the wire.",
						.labels = { what },
					});
	tally->waited =
		add_times(metrics, "farflash_job_wait_seconds", "Time from the request of a job to its begin.", NULL);
	tally->took =
		add_times(metrics, "farflash_job_duration_seconds", "Time from the begin of a job to its end.", &kind);
	tally->phases = add_times(metrics, "farflash_phase_duration_seconds",
				  "Time that jobs which succeeded spent in each phase.", &phase);
}

void ff_tally_wait(const struct ff_tally *tally)
{
	ff_metric_count(tally->active, WAITING, 0, 1);
}

void ff_tally_begin(const struct ff_tally *tally)
{
	ff_metric_count(tally->active, WAITING, 0, -1);
	ff_metric_count(tally->active, RUNNING, 0, 1);
}

void ff_tally_withdraw(const struct ff_tally *tally)
{
	ff_metric_count(tally->active, WAITING, 0, -1);
}

void ff_tally_retry(const struct ff_tally *tally, enum ff_retry what)
{
	ff_metric_count(tally->retries, what, 0, 1);
}

void ff_tally_end(const struct ff_tally *tally, struct ff_job *job)
{
	struct ff_job_view view;
	ff_job_view(job, &view);
	unsigned kind = ff_job_kind(job);
	ff_metric_count(tally->ended, kind, (unsigned)view.status, 1);
	if (view.started_ms == 0) {
		ff_tally_withdraw(tally);
		return;
	}
	ff_metric_count(tally->active, RUNNING, 0, -1);
	ff_metric_observe(tally->waited, 0, 0, (view.started_ms - view.created_ms) * MS);
	ff_metric_observe(tally->took, kind, 0, (view.finished_ms - view.started_ms) * MS);
	ff_metric_count(tally->bytes, kind, 0, (int64_t)view.result.bytes);
	ff_metric_count(tally->wire_bytes, 0, 0, (int64_t)view.result.wire_bytes);
	for (unsigned i = 0; i < FF_PHASE_COUNT; i++) {
		if (view.result.phase_us[i] > 0) {
			ff_metric_observe(tally->phases, i, 0, view.result.phase_us[i]);
		}
	}
}
