// SPDX-License-Identifier: Apache-2.0
/* Jobs, batches and problems. */
#include "present.h"

#include <stdio.h>
#include <string.h>

#include "present_inner.h"
#include "resets.h"
#include "text.h"
#include "utf8.h"

json_t *ff_present_progress(const struct ff_job_view *view)
{
	const struct ff_progress *progress = &view->progress;
	return json_pack("{s:s, s:I, s:I, s:o}", "phase", ff_phase_name(progress->phase), "done",
			 (json_int_t)progress->done, "total", (json_int_t)progress->total, "offset",
			 ff_present_offset(progress->offset));
}

static json_t *present_regions(const struct ff_job *job, const struct ff_job_view *view)
{
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *region =
			json_pack("{s:o, s:I, s:s, s:s?}", "offset", ff_present_offset(regions[i].offset), "size",
				  (json_int_t)regions[i].size, "sha256", regions[i].sha256, "name", regions[i].name);
		if (ff_job_kind(job) == FF_JOB_FLASH || ff_job_kind(job) == FF_JOB_TEST) {
			json_object_set_new(region, "encrypt", json_boolean(regions[i].encrypt));
			json_object_set_new(region, "written", json_pack("s?", ff_job_written(job, view, i)));
		}
		if (ff_job_kind(job) == FF_JOB_VERIFY) {
			json_object_set_new(region, "same", view->compared ? json_boolean(view->same[i]) : json_null());
		}
		if (json_array_append_new(list, region) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* The part of flash or memory that a job is about; null where it is about none. */
static json_t *present_target(const struct ff_job *job)
{
	const struct ff_job_target *target = ff_job_target(job);
	switch (ff_job_kind(job)) {
	case FF_JOB_READ:
	case FF_JOB_ERASE:
		return json_pack("{s:o, s:o}", "offset", ff_present_offset(target->start), "size",
				 ff_present_count(target->size));
	case FF_JOB_READ_MEMORY:
		return json_pack("{s:o, s:o}", "address", ff_present_word(target->start), "size",
				 ff_present_count(target->size));
	case FF_JOB_WRITE_MEMORY:
		return json_pack("{s:o, s:o, s:o, s:o}", "address", ff_present_word(target->start), "size",
				 ff_present_count(target->size), "value", ff_present_word(target->value), "mask",
				 ff_present_word(target->mask));
	case FF_JOB_READ_FLASH_STATUS:
		return json_pack("{s:o}", "size", ff_present_count(target->size));
	case FF_JOB_POWER:
		return json_pack("{s:s}", "action", ff_power_action_name((enum ff_power_action)target->value));
	case FF_JOB_WRITE_FLASH_STATUS:
		return json_pack("{s:o, s:o, s:b}", "size", ff_present_count(target->size), "value",
				 ff_present_status(target->value, target->size), "non_volatile", target->non_volatile);
	default:
		return json_null();
	}
}

static json_t *present_setting(const char *word)
{
	return json_string(word[0] ? word : "keep");
}

static void add_settings(json_t *object, const struct ff_job_options *options)
{
	json_object_set_new(object, "flash_mode", present_setting(options->flash_mode));
	json_object_set_new(object, "flash_freq", present_setting(options->flash_freq));
	json_object_set_new(object, "flash_size", present_setting(options->flash_size));
}

/* null: the rate that the board has for its work. */
static json_t *present_baud(const struct ff_job_options *options)
{
	return options->baud == FF_JOB_BOARDS_BAUD ? json_null() : json_integer((json_int_t)options->baud);
}

/* What is asked of a write. */
static json_t *present_write(const struct ff_job_options *options)
{
	json_t *object =
		json_pack("{s:o, s:b, s:b, s:b, s:b, s:b, s:b}", "baud", present_baud(options), "force", options->force,
			  "stub", options->stub, "compress", options->compress, "verify", options->verify, "erase_all",
			  options->erase_all, "ignore_encryption_efuses", options->ignore_encryption_efuses);
	add_settings(object, options);
	return object;
}

static json_t *present_notes(struct ff_job *job, const struct ff_job_view *view)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < view->notes; i++) {
		char text[FF_ERROR_TEXT_SIZE];
		snprintf(text, sizeof(text), "%s", ff_job_note(job, i));
		ff_text_clean(text);
		if (json_array_append_new(list, json_string(text)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void add_watch(json_t *object, const struct ff_job_watch *watch)
{
	json_object_set_new(object, "expect", watch->expect ? ff_utf8_text(watch->expect) : json_null());
	json_object_set_new(object, "fail", watch->fail ? ff_utf8_text(watch->fail) : json_null());
	json_object_set_new(object, "timeout", json_integer(watch->timeout_ms / 1000));
	json_object_set_new(object, "crash", json_boolean(!watch->ignore_crashes));
	json_object_set_new(object, "boots", json_integer(watch->boots ? watch->boots : FF_WATCH_DEFAULT_BOOTS));
}

static json_t *present_loader(const struct ff_job_options *options)
{
	return json_pack("{s:o, s:b}", "baud", present_baud(options), "stub", options->stub);
}

static json_t *present_kinds_options(const struct ff_job *job)
{
	json_t *object;
	const struct ff_job_options *options = ff_job_options(job);
	switch (ff_job_kind(job)) {
	case FF_JOB_INFO:
	case FF_JOB_RUN:
		return json_object();
	case FF_JOB_FLASH:
		return present_write(options);
	case FF_JOB_TEST:
		object = present_write(options);
		add_watch(object, ff_job_watch(job));
		return object;
	case FF_JOB_VERIFY:
		object = present_loader(options);
		add_settings(object, options);
		return object;
	case FF_JOB_ERASE:
	case FF_JOB_LOAD_RAM:
		object = present_loader(options);
		json_object_set_new(object, "force", json_boolean(options->force));
		return object;
	default:
		return present_loader(options);
	}
}

static json_t *present_options(const struct ff_job *job)
{
	const struct ff_job_options *options = ff_job_options(job);
	if (ff_job_kind(job) == FF_JOB_RESET || ff_job_kind(job) == FF_JOB_POWER) {
		return json_null();
	}
	return ff_resets_report(present_kinds_options(job), options->before, options->after, options->attempts);
}

/* What only jobs of one kind have to tell. */
static void add_kinds_own(json_t *object, enum ff_job_kind kind, const struct ff_job_view *view)
{
	const struct ff_job_result *result = &view->result;
	if (view->verdict.verdict != FF_VERDICT_OPEN) {
		json_object_set_new(object, "verdict", json_string(ff_verdict_name(view->verdict.verdict)));
		json_object_set_new(object, "reason", json_string(view->verdict.reason));
		json_object_set_new(object, "seconds", json_real((double)view->verdict.at_us / 1e6));
	}
	if (kind == FF_JOB_FLASH || kind == FF_JOB_TEST) {
		json_object_set_new(object, "wire_bytes", json_integer((json_int_t)result->wire_bytes));
		json_object_set_new(object, "unverified_bytes", json_integer((json_int_t)result->unverified));
	}
	if (kind == FF_JOB_FLASH || kind == FF_JOB_VERIFY || kind == FF_JOB_TEST) {
		json_object_set_new(object, "verified", json_boolean(result->verified));
	}
	if (kind == FF_JOB_INFO && result->tells_wiring) {
		const struct ff_flash_wiring *wiring = &result->wiring;
		json_object_set_new(object, "flash_data_lines", ff_present_count(wiring->data_lines));
		json_object_set_new(object, "flash_voltage", ff_present_known(wiring->voltage));
		json_object_set_new(object, "flash_voltage_set_by", ff_present_known(wiring->voltage_set_by));
	}
	if (view->sha256[0]) {
		json_object_set_new(object, "sha256", json_string(view->sha256));
	}
	if (kind == FF_JOB_READ_MEMORY && result->bytes == FF_JOB_WORD) {
		json_object_set_new(object, "value", ff_present_word(result->value));
	}
	if (kind == FF_JOB_READ_FLASH_STATUS) {
		json_object_set_new(object, "value", ff_present_status(result->value, result->bytes));
	}
	if (kind == FF_JOB_WRITE_FLASH_STATUS) {
		json_object_set_new(object, "before", ff_present_status(result->before, result->bytes));
		json_object_set_new(object, "after", ff_present_status(result->value, result->bytes));
	}
}

static json_t *present_result(enum ff_job_kind kind, const struct ff_job_view *view)
{
	const struct ff_job_result *result = &view->result;
	if (!result->known) {
		return json_null();
	}
	json_t *object = kind == FF_JOB_INFO ? json_object() : json_pack("{s:I}", "bytes", (json_int_t)result->bytes);
	json_t *phases = json_object();
	for (int phase = 0; phase < FF_PHASE_COUNT; phase++) {
		if (result->phase_us[phase] > 0) {
			json_object_set_new(phases, ff_phase_name((enum ff_phase)phase),
					    json_real((double)result->phase_us[phase] / 1e6));
		}
	}
	add_kinds_own(object, kind, view);
	json_object_set_new(object, "stub", json_boolean(result->stub));
	json_object_set_new(object, "baud", json_integer((json_int_t)result->baud));
	if (json_object_set_new(object, "phases", phases) != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *present_error(struct ff_job_view *view)
{
	if (view->status == FF_OK) {
		return json_null();
	}
	ff_text_clean(view->detail);
	return json_pack("{s:s, s:s}", "code", ff_problem_job_code(view), "detail", view->detail);
}

static json_t *present_job_id(uint64_t number)
{
	char id[FF_TASK_LABEL_SIZE];
	snprintf(id, sizeof(id), "%llu", (unsigned long long)number);
	return number ? json_string(id) : json_null();
}

/* NULL for one that is not known yet. */
static const char *present_name(const char *name)
{
	return name[0] ? name : NULL;
}

/* What it waits for, and how long. */
static bool add_turn(json_t *object, struct ff_job *job)
{
	const char *select = ff_job_select(job);
	struct ff_forecast forecast;
	ff_job_forecast(job, &forecast);
	return json_object_set_new(object, "select", select ? ff_utf8_text(select) : json_null()) == 0 &&
	       json_object_set_new(object, "batch", present_job_id(ff_job_batch(job))) == 0 &&
	       json_object_set_new(object, "priority", json_integer(ff_job_priority(job))) == 0 &&
	       json_object_set_new(object, "position", ff_present_count(forecast.position)) == 0 &&
	       json_object_set_new(object, "expected_start", ff_present_time(forecast.start_ms)) == 0;
}

json_t *ff_present_job(struct ff_job *job)
{
	struct ff_job_view view;
	ff_job_view(job, &view);
	const char *who = ff_job_options(job)->who;
	json_t *object =
		json_pack("{s:s, s:s, s:s?, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", ff_job_id(job), "kind",
			  ff_job_kind_name(ff_job_kind(job)), "board", present_name(ff_job_board(job)), "state",
			  ff_job_state_name(view.state), "created", ff_present_time(view.created_ms), "started",
			  ff_present_time(view.started_ms), "finished", ff_present_time(view.finished_ms), "progress",
			  view.has_progress ? ff_present_progress(&view) : json_null(), "target", present_target(job),
			  "regions", present_regions(job, &view), "options", present_options(job));
	if (!object) {
		return NULL;
	}
	if (json_object_set_new(object, "result", present_result(ff_job_kind(job), &view)) != 0 ||
	    json_object_set_new(object, "info", view.facts.known ? ff_present_info(&view.facts) : json_null()) != 0 ||
	    json_object_set_new(object, "error", present_error(&view)) != 0 ||
	    json_object_set_new(object, "notes", present_notes(job, &view)) != 0 ||
	    json_object_set_new(object, "who", who[0] ? json_string(who) : json_null()) != 0 ||
	    json_object_set_new(object, "rerun", json_boolean(ff_job_options(job)->rerun)) != 0 ||
	    json_object_set_new(object, "repeats", present_job_id(ff_job_repeats(job))) != 0 ||
	    json_object_set_new(object, "repeated_by", present_job_id(ff_job_repeated_by(job))) != 0 ||
	    !add_turn(object, job)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *present_rows(const struct ff_batch *batch)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < batch->count; i++) {
		if (json_array_append_new(rows, ff_present_job(batch->jobs[i])) != 0) {
			json_decref(rows);
			return NULL;
		}
	}
	return rows;
}

static json_t *present_left_out(const struct ff_batch *batch)
{
	const char *left_out = ff_batch_left_out(batch);
	char name[FF_BOARD_NAME_SIZE];
	json_t *names = json_array();
	while (names && ff_batch_take_name(&left_out, name)) {
		json_array_append_new(names, json_string(name));
	}
	return names;
}

json_t *ff_present_batch(const struct ff_batch *batch)
{
	const struct ff_job *first = batch->jobs[0];
	const char *select = ff_job_select(first);
	size_t counts[FF_JOB_STATE_COUNT];
	ff_batch_count(batch, counts);
	json_t *states = json_object();
	for (unsigned i = 0; i < FF_JOB_STATE_COUNT; i++) {
		json_object_set_new(states, ff_job_state_name((enum ff_job_state)i),
				    json_integer((json_int_t)counts[i]));
	}
	return json_pack("{s:o, s:s, s:o, s:s, s:o, s:o, s:o}", "id", present_job_id(batch->number), "kind",
			 ff_job_kind_name(ff_job_kind(first)), "select", select ? ff_utf8_text(select) : json_null(),
			 "state", ff_job_state_name(ff_batch_state(batch)), "count", states, "quarantined",
			 present_left_out(batch), "rows", present_rows(batch));
}

json_t *ff_present_problem(const struct ff_problem *problem, const char *board, struct ff_job *job,
			   const struct ff_batch *batch)
{
	char type[96];
	char detail[sizeof(problem->detail)];
	snprintf(type, sizeof(type), "urn:farflash:problem:%s", problem->code);
	memcpy(detail, problem->detail, sizeof(detail));
	ff_text_clean(detail);
	json_t *object = json_pack("{s:s, s:s, s:I, s:s, s:s}", "type", type, "title", problem->title, "status",
				   (json_int_t)problem->http_status, "detail", detail, "code", problem->code);
	if (object && board) {
		json_object_set_new(object, "board", json_string(board));
	}
	if (object && job) {
		json_object_set_new(object, "job", ff_present_job(job));
	}
	if (object && batch) {
		json_object_set_new(object, "batch", ff_present_batch(batch));
	}
	return object;
}
