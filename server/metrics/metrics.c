// SPDX-License-Identifier: Apache-2.0
#include "metrics.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define MICROSECONDS 1000000

struct ff_metric {
	struct ff_metric_spec spec;
	struct ff_metric *next;
	size_t series;
	size_t width; /* cells of one series: its value; of a histogram the buckets, the infinite one, and the sum */
	atomic_int_least64_t cells[];
};

struct ff_metrics {
	struct ff_metric *first;
	struct ff_metric **end;
};

struct ff_metrics *ff_metrics_new(void)
{
	struct ff_metrics *metrics = calloc(1, sizeof(*metrics));
	if (metrics) {
		metrics->end = &metrics->first;
	}
	return metrics;
}

void ff_metrics_free(struct ff_metrics *metrics)
{
	while (metrics && metrics->first) {
		struct ff_metric *metric = metrics->first;
		metrics->first = metric->next;
		free(metric);
	}
	free(metrics);
}

static unsigned values_of(const struct ff_metric_label *label)
{
	return label->name ? label->count : 1;
}

struct ff_metric *ff_metrics_add(struct ff_metrics *metrics, const struct ff_metric_spec *spec)
{
	if (!metrics) {
		return NULL;
	}
	size_t series = (size_t)values_of(&spec->labels[0]) * values_of(&spec->labels[1]);
	size_t width = spec->type == FF_METRIC_HISTOGRAM ? spec->bound_count + 2 : 1;
	struct ff_metric *metric = calloc(1, sizeof(*metric) + series * width * sizeof(metric->cells[0]));
	if (!metric) {
		return NULL;
	}
	metric->spec = *spec;
	metric->series = series;
	metric->width = width;
	*metrics->end = metric;
	metrics->end = &metric->next;
	return metric;
}

/* The cells of a series, NULL if there is none. */
static atomic_int_least64_t *find(struct ff_metric *metric, unsigned first, unsigned second)
{
	if (!metric || first >= values_of(&metric->spec.labels[0]) || second >= values_of(&metric->spec.labels[1])) {
		return NULL;
	}
	size_t index = (size_t)first * values_of(&metric->spec.labels[1]) + second;
	return metric->cells + index * metric->width;
}

/* Nothing else is published by these numbers, so no order is needed. */
static void add(atomic_int_least64_t *cell, int64_t amount)
{
	atomic_fetch_add_explicit(cell, amount, memory_order_relaxed);
}

static int64_t get(const atomic_int_least64_t *cell)
{
	return atomic_load_explicit(cell, memory_order_relaxed);
}

void ff_metric_count(struct ff_metric *metric, unsigned first, unsigned second, int64_t amount)
{
	atomic_int_least64_t *cells = find(metric, first, second);
	if (cells && metric->spec.type != FF_METRIC_HISTOGRAM) {
		add(cells, amount);
	}
}

void ff_metric_set(struct ff_metric *metric, unsigned first, unsigned second, int64_t value)
{
	atomic_int_least64_t *cells = find(metric, first, second);
	if (cells && metric->spec.type == FF_METRIC_GAUGE) {
		atomic_store_explicit(cells, value, memory_order_relaxed);
	}
}

void ff_metric_observe(struct ff_metric *metric, unsigned first, unsigned second, int64_t microseconds)
{
	atomic_int_least64_t *cells = find(metric, first, second);
	if (!cells || metric->spec.type != FF_METRIC_HISTOGRAM) {
		return;
	}
	int64_t value = microseconds > 0 ? microseconds : 0; /* the wall clock may have been set back */
	unsigned bucket = 0;
	while (bucket < metric->spec.bound_count && value > metric->spec.bounds_us[bucket]) {
		bucket++;
	}
	add(&cells[bucket], 1);
	add(&cells[metric->width - 1], value);
}

/* ---- text ---- */

static void print_escaped(FILE *out, const char *text, bool quotes)
{
	for (; *text; text++) {
		if (*text == '\n') {
			fputs("\\n", out);
		} else if (*text == '\\' || (*text == '"' && quotes)) {
			fprintf(out, "\\%c", *text);
		} else {
			fputc(*text, out);
		}
	}
}

/* "name_suffix{kind="flash",le="0.1"} "; `le` may be NULL. */
static void print_series(FILE *out, const struct ff_metric *metric, size_t index, const char *suffix, const char *le)
{
	unsigned inner = values_of(&metric->spec.labels[1]);
	const size_t values[FF_METRIC_LABELS] = { index / inner, index % inner };
	const char *before = "{";
	fprintf(out, "%s%s", metric->spec.name, suffix);
	for (int i = 0; i < FF_METRIC_LABELS; i++) {
		const struct ff_metric_label *label = &metric->spec.labels[i];
		if (label->name) {
			fprintf(out, "%s%s=\"", before, label->name);
			print_escaped(out, label->values[values[i]], true);
			fputc('"', out);
			before = ",";
		}
	}
	if (le) {
		fprintf(out, "%sle=\"%s\"", before, le);
		before = ",";
	}
	fputs(*before == ',' ? "} " : " ", out);
}

static void print_histogram(FILE *out, const struct ff_metric *metric, size_t index, const atomic_int_least64_t *cells)
{
	int64_t count = 0;
	int64_t sum = get(&cells[metric->width - 1]);
	for (unsigned i = 0; i <= metric->spec.bound_count; i++) {
		char le[32] = "+Inf";
		if (i < metric->spec.bound_count) {
			snprintf(le, sizeof(le), "%g", (double)metric->spec.bounds_us[i] / MICROSECONDS);
		}
		count += get(&cells[i]);
		print_series(out, metric, index, "_bucket", le);
		fprintf(out, "%lld\n", (long long)count);
	}
	print_series(out, metric, index, "_sum", NULL);
	fprintf(out, "%lld.%06lld\n", (long long)(sum / MICROSECONDS), (long long)(sum % MICROSECONDS));
	print_series(out, metric, index, "_count", NULL);
	fprintf(out, "%lld\n", (long long)count);
}

static bool is_empty(const struct ff_metric *metric, const atomic_int_least64_t *cells)
{
	for (size_t i = 0; i < metric->width; i++) {
		if (get(&cells[i]) != 0) {
			return false;
		}
	}
	return true;
}

static void print_metric(FILE *out, const struct ff_metric *metric)
{
	static const char *const types[] = {
		[FF_METRIC_COUNTER] = "counter",
		[FF_METRIC_GAUGE] = "gauge",
		[FF_METRIC_HISTOGRAM] = "histogram",
	};
	fprintf(out, "# HELP %s ", metric->spec.name);
	print_escaped(out, metric->spec.help, false);
	fprintf(out, "\n# TYPE %s %s\n", metric->spec.name, types[metric->spec.type]);
	for (size_t i = 0; i < metric->series; i++) {
		const atomic_int_least64_t *cells = metric->cells + i * metric->width;
		if (metric->spec.sparse && is_empty(metric, cells)) {
			continue;
		}
		if (metric->spec.type == FF_METRIC_HISTOGRAM) {
			print_histogram(out, metric, i, cells);
		} else {
			print_series(out, metric, i, "", NULL);
			fprintf(out, "%lld\n", (long long)get(cells));
		}
	}
}

char *ff_metrics_print(const struct ff_metrics *metrics)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out) {
		return NULL;
	}
	for (const struct ff_metric *metric = metrics->first; metric; metric = metric->next) {
		print_metric(out, metric);
	}
	bool failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
