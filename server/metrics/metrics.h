// SPDX-License-Identifier: Apache-2.0
/* Numbers that the server tells Prometheus: counters, gauges and histograms, and their text (exposition format 0.0.4).
 *
 * A label is an enumeration that is known when the metric is made, so nobody who sends requests can add a series, and a
 * count is one atomic addition without a search or a lock. Whoever counts keeps the pointer that ff_metrics_add() gave.
 * new/add/free from one thread, before and after all others; the rest from any thread. Functions that take a metric
 * accept NULL and do nothing: who is not measured need not know. */
#ifndef FF_METRICS_METRICS_H
#define FF_METRICS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_METRIC_LABELS 2

struct ff_metrics;
struct ff_metric;

enum ff_metric_type {
	FF_METRIC_COUNTER, /* only grows */
	FF_METRIC_GAUGE,
	FF_METRIC_HISTOGRAM, /* of times: takes microseconds and shows seconds */
};

/* A label and all values that it can have. The strings must outlive the metrics. */
struct ff_metric_label {
	const char *name; /* NULL: there is no such label */
	const char *const *values;
	unsigned count;
};

struct ff_metric_spec {
	enum ff_metric_type type;
	const char *name; /* must outlive the metrics, like `help` and the bounds */
	const char *help;
	struct ff_metric_label labels[FF_METRIC_LABELS];
	const int64_t *bounds_us; /* of a histogram's buckets, ascending, without the infinite one */
	unsigned bound_count;
	bool sparse; /* series that are 0 are left out: for combinations of which most never happen */
};

/* NULL: out of memory. */
struct ff_metrics *ff_metrics_new(void);

/* NULL is harmless. */
void ff_metrics_free(struct ff_metrics *metrics);

/* One more metric, shown after those that were there. It belongs to `metrics`. NULL: out of memory, or `metrics` is. */
struct ff_metric *ff_metrics_add(struct ff_metrics *metrics, const struct ff_metric_spec *spec);

/* Adds to a counter, or to a gauge (which may fall). `first` and `second` are indices of the labels' values, 0 where there
 * is no such label; what is out of range is not counted. */
void ff_metric_count(struct ff_metric *metric, unsigned first, unsigned second, int64_t amount);

/* Sets a gauge. */
void ff_metric_set(struct ff_metric *metric, unsigned first, unsigned second, int64_t value);

/* Enters a time into a histogram. */
void ff_metric_observe(struct ff_metric *metric, unsigned first, unsigned second, int64_t microseconds);

/* All of it as text, for free(). NULL: out of memory. */
char *ff_metrics_print(const struct ff_metrics *metrics);

#endif
