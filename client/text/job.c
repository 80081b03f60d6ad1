// SPDX-License-Identifier: Apache-2.0
#include "job.h"

#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "report.h"
#include "utf8.h"

/* Now, in UTC to the millisecond. */
static json_t *now_text(void)
{
	struct timeval now;
	struct tm parts;
	char text[40];
	size_t at;

	gettimeofday(&now, NULL);
	gmtime_r(&now.tv_sec, &parts);
	at = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + at, sizeof(text) - at, ".%03dZ", (int)(now.tv_usec / 1000));
	return json_string(text);
}

json_t *ff_job_new(const char *kind, const char *board)
{
	return json_pack("{s:n, s:s, s:s, s:s, s:o, s:o, s:n, s:n, s:n, s:[], s:n, s:n, s:n, s:n, s:[], s:b, s:n, s:n}",
			 "id", "kind", kind, "board", board, "state", "running", "created", now_text(), "started",
			 now_text(), "finished", "progress", "target", "regions", "options", "result", "info", "error",
			 "notes", "rerun", false, "repeats", "repeated_by");
}

void ff_job_set_info(json_t *job, const struct ff_board_info *info, const struct ff_security_info *security)
{
	json_t *now = now_text();

	json_object_set_new(job, "info", ff_report_info(info, security, json_string_value(now)));
	json_decref(now);
}

json_t *ff_job_word(uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%08x", value);
	return json_string(text);
}

json_t *ff_job_flash_target(uint32_t offset, uint32_t size)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%x", offset);
	return json_pack("{s:s, s:o}", "offset", text, "size", size > 0 ? json_integer(size) : json_null());
}

json_t *ff_job_memory_target(uint32_t address, uint32_t size)
{
	return json_pack("{s:o, s:I}", "address", ff_job_word(address), "size", (json_int_t)size);
}

void ff_job_finish(json_t *job, const struct ff_failure *failure)
{
	const char *state = "done";

	if (failure->code[0] != '\0') {
		state = strcmp(failure->code, "cancelled") == 0 ? "cancelled" : "failed";
		json_object_set_new(
			job, "error",
			json_pack("{s:s, s:o}", "code", failure->code, "detail", ff_utf8_text(failure->text)));
	}
	json_object_set_new(job, "state", json_string(state));
	json_object_set_new(job, "finished", now_text());
}

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : otherwise;
}

const char *ff_job_state(const json_t *job)
{
	return text_of(job, "state", "");
}

const char *ff_job_id(const json_t *job)
{
	return text_of(job, "id", "");
}

bool ff_job_is_of_kind(const json_t *job, const char *kind)
{
	return strcmp(text_of(job, "kind", ""), kind) == 0;
}

const char *ff_job_board(const json_t *job)
{
	return text_of(job, "board", "the board");
}

long long ff_job_bytes(const json_t *job)
{
	const json_t *done = json_object_get(json_object_get(job, "result"), "bytes");
	const json_t *asked = json_object_get(json_object_get(job, "target"), "size");
	json_int_t bytes = json_integer_value(json_is_integer(done) ? done : asked);
	size_t index;
	json_t *region;

	if (json_is_integer(done) || json_is_integer(asked)) {
		return (long long)bytes;
	}
	json_array_foreach(json_object_get(job, "regions"), index, region)
	{
		bytes += json_integer_value(json_object_get(region, "size"));
	}
	return (long long)bytes;
}

bool ff_job_has_ended(const json_t *job)
{
	const char *state = ff_job_state(job);

	return strcmp(state, "done") == 0 || strcmp(state, "failed") == 0 || strcmp(state, "cancelled") == 0 ||
	       strcmp(state, "interrupted") == 0;
}

bool ff_job_comes_back(const json_t *job)
{
	const char *code = json_string_value(json_object_get(json_object_get(job, "error"), "code"));
	bool begun = json_is_string(json_object_get(job, "started"));
	bool repeated = json_is_string(json_object_get(job, "repeated_by"));

	return code != NULL && strcmp(code, "shutting-down") == 0 && !repeated &&
	       (!begun || json_is_true(json_object_get(job, "rerun")));
}

bool ff_job_check(const json_t *job, struct ff_failure *failure)
{
	const json_t *error = json_object_get(job, "error");
	const char *state = ff_job_state(job);
	const char *board = ff_job_board(job);
	const char *detail = text_of(error, "detail", NULL);

	if (strcmp(state, "done") == 0) {
		return true;
	}
	if (strcmp(state, "cancelled") == 0 && detail == NULL) {
		return ff_failure_set(failure, "cancelled", "%s: job %s was cancelled", board, ff_job_id(job));
	}
	if (detail == NULL) {
		return ff_failure_set(failure, text_of(error, "code", "internal-error"), "%s: job %s %s", board,
				      ff_job_id(job), state);
	}
	return ff_failure_set(failure, text_of(error, "code", "internal-error"), "%s", detail);
}

/* Seconds spent in all phases. */
static double duration(const json_t *result)
{
	const char *phase;
	json_t *seconds;
	double sum = 0;

	json_object_foreach(json_object_get(result, "phases"), phase, seconds)
	{
		sum += json_number_value(seconds);
	}
	return sum;
}

static void print_chip(const json_t *info, FILE *out)
{
	json_int_t size = json_integer_value(json_object_get(info, "flash_size"));

	fprintf(out, "%s", text_of(info, "chip", "unknown chip"));
	fprintf(out, " (revision %s, MAC %s", text_of(info, "revision", "unknown"), text_of(info, "mac", "unknown"));
	if (size >= 1024 * 1024) {
		fprintf(out, ", %lld MB flash", (long long)size / (1024 * 1024));
	} else if (size > 0) {
		fprintf(out, ", %lld KB flash", (long long)size / 1024);
	}
	fputs(")\n", out);
}

void ff_job_print_flash(const json_t *job, FILE *out)
{
	const json_t *result = json_object_get(job, "result");
	const json_t *info = json_object_get(job, "info");
	long long bytes = (long long)json_integer_value(json_object_get(result, "bytes"));
	long long unverified = (long long)json_integer_value(json_object_get(result, "unverified_bytes"));
	long long wire = (long long)json_integer_value(json_object_get(result, "wire_bytes"));
	double seconds = duration(result);

	if (json_is_object(info)) {
		fprintf(out, "%s: ", text_of(job, "board", "?"));
		print_chip(info, out);
	}
	fprintf(out, "%s: wrote %lld bytes", text_of(job, "board", "?"), bytes);
	if (wire > 0 && wire != bytes) {
		fprintf(out, " (%lld compressed)", wire);
	}
	if (seconds > 0) {
		fprintf(out, " in %.1f s, %.1f kbit/s effective", seconds, (double)bytes * 8 / 1000 / seconds);
	}
	if (json_is_true(json_object_get(result, "verified"))) {
		fputs(", verified\n", out);
	} else if (unverified > 0 && unverified < bytes) {
		fprintf(out, ", verified but for %lld bytes\n", unverified);
	} else {
		fputs(", not verified\n", out);
	}
}

static void print_regions(const json_t *job, FILE *out)
{
	size_t index;
	json_t *region;

	json_array_foreach(json_object_get(job, "regions"), index, region)
	{
		const json_t *same = json_object_get(region, "same");

		const char *sha256 = text_of(region, "written", text_of(region, "sha256", NULL));

		fprintf(out, "image     %s  %lld bytes  %s", text_of(region, "offset", "?"),
			(long long)json_integer_value(json_object_get(region, "size")), text_of(region, "name", ""));
		if (json_is_boolean(same)) {
			fputs(json_is_true(same) ? "  verified" : "  differs", out);
		}
		if (sha256 != NULL) {
			fprintf(out, "  sha256:%s", sha256);
		}
		putc('\n', out);
	}
}

/* "target    0x1000  4096 bytes", and what was written there. */
static void print_target(const json_t *job, FILE *out)
{
	const json_t *target = json_object_get(job, "target");
	const char *value = text_of(target, "value", text_of(json_object_get(job, "result"), "value", NULL));
	long long bytes = ff_job_bytes(job);

	if (!json_is_object(target)) {
		return;
	}
	fprintf(out, "target    %s", text_of(target, "address", text_of(target, "offset", "?")));
	if (bytes > 0) {
		fprintf(out, "  %lld bytes", bytes);
	}
	fprintf(out, "%s%s\n", value != NULL ? "  " : "", value != NULL ? value : "");
}

static void print_notes(const json_t *job, FILE *out)
{
	size_t index;
	json_t *note;

	json_array_foreach(json_object_get(job, "notes"), index, note)
	{
		fprintf(out, "note      %s\n", json_is_string(note) ? json_string_value(note) : "");
	}
}

void ff_job_print(const json_t *job, FILE *out)
{
	const json_t *error = json_object_get(job, "error");
	const json_t *progress = json_object_get(job, "progress");
	const char *phase = text_of(progress, "phase", NULL);

	fprintf(out, "job       %s, %s on %s\n", ff_job_id(job), text_of(job, "kind", "?"),
		text_of(job, "board", text_of(job, "select", "?")));
	fprintf(out, "state     %s\n", ff_job_state(job));
	if (phase != NULL && !ff_job_has_ended(job)) {
		fprintf(out, "phase     %s, %lld of %lld bytes\n", phase,
			(long long)json_integer_value(json_object_get(progress, "done")),
			(long long)json_integer_value(json_object_get(progress, "total")));
	}
	if (json_integer_value(json_object_get(job, "position")) > 0) {
		fprintf(out, "position  %lld, expected to begin %s\n",
			(long long)json_integer_value(json_object_get(job, "position")),
			text_of(job, "expected_start", "some day"));
	}
	fprintf(out, "created   %s\n", text_of(job, "created", "-"));
	fprintf(out, "started   %s\n", text_of(job, "started", "-"));
	fprintf(out, "finished  %s\n", text_of(job, "finished", "-"));
	print_target(job, out);
	print_regions(job, out);
	if (json_is_object(json_object_get(job, "info"))) {
		fputs("board     ", out);
		print_chip(json_object_get(job, "info"), out);
	}
	print_notes(job, out);
	if (json_is_object(error)) {
		fprintf(out, "error     %s: %s\n", text_of(error, "code", "?"), text_of(error, "detail", ""));
	}
}
