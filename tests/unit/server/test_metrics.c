// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics.h"

#define THREADS 4
#define ROUNDS 20000

static const char *const kinds[] = { "flash", "read" };
static const char *const results[] = { "ok", "a \"b\"\\c\nd" };
static const int64_t bounds[] = { 100000, 2500000 };

static const struct ff_metric_label kind = { "kind", kinds, 2 };
static const struct ff_metric_label result = { "result", results, 2 };

static void check_text(struct ff_metrics *metrics, const char *expected)
{
	char *text = ff_metrics_print(metrics);
	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
	ff_metrics_free(metrics);
}

static void test_metrics__counter_and_gauge(void **state)
{
	(void)state;
	struct ff_metrics *metrics = ff_metrics_new();
	struct ff_metric *jobs = ff_metrics_add(metrics, &(struct ff_metric_spec){ .type = FF_METRIC_COUNTER,
										   .name = "jobs_total",
										   .help = "All \\ jobs\n\"so far\".",
										   .labels = { kind, result } });
	struct ff_metric *length = ff_metrics_add(
		metrics, &(struct ff_metric_spec){ .type = FF_METRIC_GAUGE, .name = "length", .help = "Now." });
	ff_metric_count(jobs, 0, 1, 3);
	ff_metric_count(jobs, 1, 0, 1);
	ff_metric_set(length, 0, 0, 5);
	ff_metric_count(length, 0, 0, -7);
	check_text(metrics, "# HELP jobs_total All \\\\ jobs\\n\"so far\".\n"
			    "# TYPE jobs_total counter\n"
			    "jobs_total{kind=\"flash\",result=\"ok\"} 0\n"
			    "jobs_total{kind=\"flash\",result=\"a \\\"b\\\"\\\\c\\nd\"} 3\n"
			    "jobs_total{kind=\"read\",result=\"ok\"} 1\n"
			    "jobs_total{kind=\"read\",result=\"a \\\"b\\\"\\\\c\\nd\"} 0\n"
			    "# HELP length Now.\n"
			    "# TYPE length gauge\n"
			    "length -2\n");
}

static void test_metrics__histogram_is_cumulative(void **state)
{
	(void)state;
	struct ff_metrics *metrics = ff_metrics_new();
	struct ff_metric *times = ff_metrics_add(metrics, &(struct ff_metric_spec){ .type = FF_METRIC_HISTOGRAM,
										    .name = "t_seconds",
										    .help = "T.",
										    .labels = { kind },
										    .bounds_us = bounds,
										    .bound_count = 2,
										    .sparse = true });
	ff_metric_observe(times, 0, 0, 100000); /* a bound belongs to its bucket */
	ff_metric_observe(times, 0, 0, 100001);
	ff_metric_observe(times, 0, 0, 9000000);
	ff_metric_observe(times, 0, 0, -5); /* a clock that was set back */
	check_text(metrics, "# HELP t_seconds T.\n"
			    "# TYPE t_seconds histogram\n"
			    "t_seconds_bucket{kind=\"flash\",le=\"0.1\"} 2\n"
			    "t_seconds_bucket{kind=\"flash\",le=\"2.5\"} 3\n"
			    "t_seconds_bucket{kind=\"flash\",le=\"+Inf\"} 4\n"
			    "t_seconds_sum{kind=\"flash\"} 9.200001\n"
			    "t_seconds_count{kind=\"flash\"} 4\n");
}

static void test_metrics__what_is_out_of_range_is_not_counted(void **state)
{
	(void)state;
	struct ff_metrics *metrics = ff_metrics_new();
	struct ff_metric *jobs = ff_metrics_add(
		metrics,
		&(struct ff_metric_spec){
			.type = FF_METRIC_COUNTER, .name = "j", .help = "J.", .labels = { kind }, .sparse = true });
	ff_metric_count(jobs, 2, 0, 1);
	ff_metric_count(jobs, 0, 1, 1);
	ff_metric_count(jobs, UINT32_MAX, 0, 1);
	ff_metric_set(jobs, 0, 0, 9);     /* is no gauge */
	ff_metric_observe(jobs, 0, 0, 9); /* nor a histogram */
	ff_metric_count(NULL, 0, 0, 1);
	ff_metric_set(NULL, 0, 0, 1);
	ff_metric_observe(NULL, 0, 0, 1);
	check_text(metrics, "# HELP j J.\n# TYPE j counter\n");
}

static void test_metrics__nothing_is_measured_without_a_registry(void **state)
{
	(void)state;
	assert_null(ff_metrics_add(NULL, &(struct ff_metric_spec){ .type = FF_METRIC_GAUGE, .name = "g" }));
	ff_metrics_free(NULL);
}

static void *count(void *metric)
{
	for (int i = 0; i < ROUNDS; i++) {
		ff_metric_count(metric, 0, 0, 1);
	}
	return NULL;
}

static void test_metrics__threads_lose_nothing(void **state)
{
	(void)state;
	struct ff_metrics *metrics = ff_metrics_new();
	struct ff_metric *jobs = ff_metrics_add(
		metrics, &(struct ff_metric_spec){ .type = FF_METRIC_COUNTER, .name = "j", .help = "J." });
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, count, jobs), 0);
	}
	free(ff_metrics_print(metrics)); /* in the middle of it */
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	check_text(metrics, "# HELP j J.\n# TYPE j counter\nj 80000\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics__counter_and_gauge),
		cmocka_unit_test(test_metrics__histogram_is_cumulative),
		cmocka_unit_test(test_metrics__what_is_out_of_range_is_not_counted),
		cmocka_unit_test(test_metrics__nothing_is_measured_without_a_registry),
		cmocka_unit_test(test_metrics__threads_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
