// SPDX-License-Identifier: Apache-2.0
/* What was asked of a job. */
#include "job_json.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "job_json_inner.h"
#include "power.h"
#include "resets.h"
#include "utf8.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define WATCHED_PATTERN_BYTES 4096 /* more than a pattern may have */
#define LONGEST_NAME 65536         /* of a file, as the client gave it */

/* ---- tables ---- */

static const char *before_name(int value)
{
	return ff_resets_before[value];
}

static const char *after_name(int value)
{
	return ff_resets_after[value];
}

#define BEFORE_COUNT (FF_BEFORE_NO_RESET_NO_SYNC + 1)
#define AFTER_COUNT (FF_AFTER_WATCHDOG_RESET + 1)

static const struct ff_field option_fields[] = {
	FF_FIELD_OF(ff_job_options, before, before_name, BEFORE_COUNT),
	FF_FIELD_OF(ff_job_options, after, after_name, AFTER_COUNT),
	FF_FIELD(FF_FIELD_NUMBER, ff_job_options, attempts),
	FF_FIELD(FF_FIELD_NUMBER, ff_job_options, baud),
	FF_FIELD(FF_FIELD_BOOL, ff_job_options, force),
	FF_FIELD(FF_FIELD_BOOL, ff_job_options, stub),
	FF_FIELD(FF_FIELD_BOOL, ff_job_options, compress),
	FF_FIELD(FF_FIELD_BOOL, ff_job_options, verify),
	FF_FIELD(FF_FIELD_BOOL, ff_job_options, erase_all),
	FF_FIELD(FF_FIELD_BOOL, ff_job_options, ignore_encryption_efuses),
	FF_FIELD(FF_FIELD_BOOL, ff_job_options, rerun),
	FF_FIELD(FF_FIELD_TEXT, ff_job_options, who),
	FF_FIELD(FF_FIELD_TEXT, ff_job_options, flash_mode),
	FF_FIELD(FF_FIELD_TEXT, ff_job_options, flash_freq),
	FF_FIELD(FF_FIELD_TEXT, ff_job_options, flash_size),
};

static const struct ff_field target_fields[] = {
	FF_FIELD(FF_FIELD_NUMBER, ff_job_target, start),      FF_FIELD(FF_FIELD_NUMBER, ff_job_target, size),
	FF_FIELD(FF_FIELD_NUMBER, ff_job_target, value),      FF_FIELD(FF_FIELD_NUMBER, ff_job_target, mask),
	FF_FIELD(FF_FIELD_BOOL, ff_job_target, non_volatile),
};

static const struct ff_field region_fields[] = {
	FF_FIELD(FF_FIELD_NUMBER, ff_job_region, offset),
	FF_FIELD(FF_FIELD_NUMBER, ff_job_region, size),
	FF_FIELD(FF_FIELD_TEXT, ff_job_region, sha256),
	FF_FIELD(FF_FIELD_BOOL, ff_job_region, encrypt),
};

static const struct ff_field watch_fields[] = {
	FF_FIELD(FF_FIELD_NUMBER, ff_job_watch, timeout_ms),
	FF_FIELD(FF_FIELD_BOOL, ff_job_watch, ignore_crashes),
	FF_FIELD(FF_FIELD_NUMBER, ff_job_watch, boots),
};

/* ---- writing ---- */

static json_t *pack_regions(const struct ff_job_region *regions, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *region = ff_fields_pack(region_fields, COUNT(region_fields), &regions[i]);
		if (region && regions[i].name) {
			json_object_set_new(region, "name", ff_utf8_text(regions[i].name));
		}
		json_array_append_new(list, region);
	}
	return list;
}

static json_t *pack_watch(const struct ff_job_watch *watch)
{
	json_t *object = ff_fields_pack(watch_fields, COUNT(watch_fields), watch);
	if (object && watch->expect) {
		json_object_set_new(object, "expect", ff_utf8_text(watch->expect));
	}
	if (object && watch->fail) {
		json_object_set_new(object, "fail", ff_utf8_text(watch->fail));
	}
	return object;
}

/* What it waits for, and how. */
static json_t *pack_turn(const struct ff_job *job)
{
	const char *select = ff_job_select(job);
	return json_pack("{s:o*, s:i, s:I, s:I, s:s*}", "select", select ? ff_utf8_text(select) : NULL, "priority",
			 ff_job_priority(job), "wait_s", (json_int_t)ff_job_wait_s(job), "batch",
			 (json_int_t)ff_job_batch(job), "left_out", ff_job_left_out(job));
}

char *ff_job_json_asked(const struct ff_job *job)
{
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	const struct ff_job_watch *watch = ff_job_watch(job);
	return ff_job_json_print(json_pack(
		"{s:o, s:o, s:o, s:o, s:o*}", "options",
		ff_fields_pack(option_fields, COUNT(option_fields), ff_job_options(job)), "target",
		ff_fields_pack(target_fields, COUNT(target_fields), ff_job_target(job)), "regions",
		pack_regions(regions, count), "turn", pack_turn(job), "watch", watch ? pack_watch(watch) : NULL));
}

/* ---- reading ---- */

/* A copy of a member that is text, NULL if it is not there. False: it is something else, too long, or there is no memory. */
static bool read_text(const json_t *object, const char *key, size_t most, char **text)
{
	const json_t *value = json_object_get(object, key);
	const char *found = json_string_value(value);
	*text = NULL;
	if (!value) {
		return true;
	}
	if (!found || json_string_length(value) > most || strlen(found) != json_string_length(value)) {
		return false;
	}
	*text = strdup(found);
	return *text != NULL;
}

static bool read_regions(const json_t *list, struct ff_job_spec *spec)
{
	size_t count = json_array_size(list);
	if (!json_is_array(list) || count > FF_MAX_REGIONS) {
		return false;
	}
	spec->regions = calloc(count + 1, sizeof(*spec->regions));
	if (!spec->regions) {
		return false;
	}
	bool right = true;
	for (size_t i = 0; i < count && right; i++) {
		const json_t *object = json_array_get(list, i);
		spec->region_count = i + 1;
		right = ff_fields_unpack(region_fields, COUNT(region_fields), &spec->regions[i], object) &&
			ff_job_json_is_sha256(spec->regions[i].sha256) &&
			read_text(object, "name", LONGEST_NAME, &spec->regions[i].name);
	}
	return right;
}

static bool read_watch(const json_t *object, struct ff_job_spec *spec)
{
	if (!object) {
		return spec->kind != FF_JOB_TEST; /* which alone has one, and needs it */
	}
	spec->watch = calloc(1, sizeof(*spec->watch));
	return spec->watch && ff_fields_unpack(watch_fields, COUNT(watch_fields), spec->watch, object) &&
	       read_text(object, "expect", WATCHED_PATTERN_BYTES, &spec->watch->expect) &&
	       read_text(object, "fail", WATCHED_PATTERN_BYTES, &spec->watch->fail);
}

/* Jobs from before there was a choice of boards have none. */
static bool read_turn(const json_t *object, struct ff_job_spec *spec)
{
	json_int_t priority = json_integer_value(json_object_get(object, "priority"));
	json_int_t wait_s = json_integer_value(json_object_get(object, "wait_s"));
	json_int_t batch = json_integer_value(json_object_get(object, "batch"));
	if (priority < FF_ORDER_LOWEST || priority > FF_ORDER_HIGHEST || wait_s < 0 || wait_s > UINT32_MAX ||
	    batch < 0) {
		return false;
	}
	spec->priority = (int)priority;
	spec->wait_s = (uint32_t)wait_s;
	spec->batch = (uint64_t)batch;
	return read_text(object, "select", FF_SELECTOR_MAX_TEXT, &spec->select) &&
	       read_text(object, "left_out", FF_BOARDS_MAX * (FF_BOARD_NAME_SIZE + 1), &spec->left_out) &&
	       (spec->board[0] || spec->select);
}

bool ff_job_json_read_asked(const char *text, struct ff_job_spec *spec)
{
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	bool right = ff_fields_unpack(option_fields, COUNT(option_fields), &spec->options,
				      json_object_get(object, "options")) &&
		     ff_fields_unpack(target_fields, COUNT(target_fields), &spec->target,
				      json_object_get(object, "target")) &&
		     read_regions(json_object_get(object, "regions"), spec) &&
		     read_watch(json_object_get(object, "watch"), spec) &&
		     read_turn(json_object_get(object, "turn"), spec) &&
		     (spec->kind != FF_JOB_POWER || spec->target.value < FF_POWER_ACTION_COUNT);
	json_decref(object);
	if (!right) {
		ff_job_spec_release(spec);
	}
	return right;
}
