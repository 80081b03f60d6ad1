// SPDX-License-Identifier: Apache-2.0
/* Jobs as a damaged or a foreign database may tell them: what is taken can be written, and says the same when it is read
 * again. The first byte is the kind; a zero byte stands between what was asked and what is known. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "job_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ff_job *read_job(enum ff_job_kind kind, const char *asked, const char *known)
{
	struct ff_job_spec spec = { .kind = kind, .number = 1, .board = "lab1" };
	struct ff_job_past past = { .view = { .state = FF_JOB_FAILED } };
	if (!ff_job_json_read_asked(asked, &spec)) {
		return NULL;
	}
	if (!ff_job_json_read_known(known, spec.region_count, &past)) {
		ff_job_regions_free(spec.regions, spec.region_count);
		ff_job_watch_free(spec.watch);
		free(spec.select);
		return NULL;
	}
	return ff_job_restore(&spec, &past);
}

static void write_job(struct ff_job *job, char **asked, char **known)
{
	struct ff_job_view view;
	ff_job_view(job, &view);
	*asked = ff_job_json_asked(job);
	*known = ff_job_json_known(job, &view);
	if (!*asked || !*known) {
		abort();
	}
}

static void check(enum ff_job_kind kind, const char *asked, const char *known)
{
	char *texts[4];
	struct ff_job *job = read_job(kind, asked, known);
	if (!job) {
		return;
	}
	write_job(job, &texts[0], &texts[1]);
	struct ff_job *again = read_job(kind, texts[0], texts[1]);
	if (!again) {
		abort();
	}
	write_job(again, &texts[2], &texts[3]);
	if (strcmp(texts[0], texts[2]) != 0) {
		abort();
	}
	for (int i = 0; i < 4; i++) {
		free(texts[i]);
	}
	ff_job_unref(job);
	ff_job_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2) {
		return 0;
	}
	char *text = calloc(1, size + 2);
	if (!text) {
		abort();
	}
	memcpy(text, data + 1, size - 1);
	check((enum ff_job_kind)(data[0] % FF_JOB_KIND_COUNT), text, text + strlen(text) + 1);
	free(text);
	return 0;
}
