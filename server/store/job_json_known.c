// SPDX-License-Identifier: Apache-2.0
/* What is known of a job: how far it is, what has come of it, and what it has learned of its board. */
#include "job_json.h"

#include <string.h>

#include "fields.h"
#include "job_json_inner.h"
#include "utf8.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- tables ---- */

static const char *phase_name(int value)
{
	return ff_phase_name((enum ff_phase)value);
}

static const char *verdict_name(int value)
{
	return ff_verdict_name((enum ff_verdict)value);
}

static const char *status_name(int value)
{
	return ff_status_code((enum ff_status)value);
}

static const char *secure_boot_name(int value)
{
	return ff_secure_boot_name((enum ff_secure_boot)value);
}

static const char *flash_encryption_name(int value)
{
	return ff_flash_encryption_name((enum ff_flash_encryption)value);
}

static const struct ff_field result_fields[] = {
	FF_FIELD(FF_FIELD_NUMBER, ff_job_result, bytes),  FF_FIELD(FF_FIELD_NUMBER, ff_job_result, wire_bytes),
	FF_FIELD(FF_FIELD_BOOL, ff_job_result, verified), FF_FIELD(FF_FIELD_NUMBER, ff_job_result, unverified),
	FF_FIELD(FF_FIELD_NUMBER, ff_job_result, before), FF_FIELD(FF_FIELD_NUMBER, ff_job_result, value),
	FF_FIELD(FF_FIELD_BOOL, ff_job_result, stub),     FF_FIELD(FF_FIELD_NUMBER, ff_job_result, baud),
};

/* Of few results. */
static const struct ff_field patched_fields[] = {
	FF_FIELD(FF_FIELD_NUMBER, ff_job_result, patched_region),
	FF_FIELD(FF_FIELD_TEXT, ff_job_result, patched_sha256),
};

static const struct ff_field progress_fields[] = {
	FF_FIELD_OF(ff_progress, phase, phase_name, FF_PHASE_COUNT),
	FF_FIELD(FF_FIELD_NUMBER, ff_progress, region),
	FF_FIELD(FF_FIELD_NUMBER, ff_progress, offset),
	FF_FIELD(FF_FIELD_NUMBER, ff_progress, done),
	FF_FIELD(FF_FIELD_NUMBER, ff_progress, total),
};

static const struct ff_field verdict_fields[] = {
	FF_FIELD_OF(ff_watch_result, verdict, verdict_name, FF_VERDICT_COUNT),
	FF_FIELD(FF_FIELD_NUMBER, ff_watch_result, at_us),
	FF_FIELD(FF_FIELD_TEXT, ff_watch_result, reason),
};

static const struct ff_field security_fields[] = {
	FF_FIELD(FF_FIELD_NUMBER, ff_security_info, flags),
	FF_FIELD(FF_FIELD_NUMBER, ff_security_info, crypt_count),
	FF_FIELD(FF_FIELD_BYTES, ff_security_info, key_purposes),
	FF_FIELD(FF_FIELD_BOOL, ff_security_info, has_id),
	FF_FIELD(FF_FIELD_NUMBER, ff_security_info, chip_id),
	FF_FIELD(FF_FIELD_NUMBER, ff_security_info, api_version),
};

static const struct ff_field fact_fields[] = {
	FF_FIELD(FF_FIELD_TEXT, ff_board_facts, chip),
	FF_FIELD(FF_FIELD_NUMBER, ff_board_facts, revision),
	FF_FIELD(FF_FIELD_BYTES, ff_board_facts, mac),
	FF_FIELD(FF_FIELD_NUMBER, ff_board_facts, crystal_mhz),
	FF_FIELD(FF_FIELD_NUMBER, ff_board_facts, flash_id),
	FF_FIELD(FF_FIELD_NUMBER, ff_board_facts, flash_size),
	FF_FIELD(FF_FIELD_NUMBER, ff_board_facts, probed_ms),
	FF_FIELD(FF_FIELD_TEXT, ff_board_facts, description),
	FF_FIELD(FF_FIELD_TEXT, ff_board_facts, features),
	FF_FIELD(FF_FIELD_BOOL, ff_board_facts, has_eui64),
	FF_FIELD(FF_FIELD_BYTES, ff_board_facts, eui64),
	FF_FIELD_OF(ff_board_facts, secure_boot, secure_boot_name, FF_SECURE_BOOT_COUNT),
	FF_FIELD_OF(ff_board_facts, flash_encryption, flash_encryption_name, FF_FLASH_ENCRYPTION_COUNT),
};

static const struct ff_field view_fields[] = {
	FF_FIELD(FF_FIELD_TEXT, ff_job_view, sha256),
	FF_FIELD_OF(ff_job_view, status, status_name, FF_STATUS_COUNT),
	FF_FIELD(FF_FIELD_BOOL, ff_job_view, by_shutdown),
	FF_FIELD(FF_FIELD_BOOL, ff_job_view, by_lease),
	FF_FIELD(FF_FIELD_BOOL, ff_job_view, by_removal),
	FF_FIELD(FF_FIELD_TEXT, ff_job_view, detail),
};

/* ---- writing ---- */

static json_t *pack_steps(struct ff_job *job, unsigned count)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < count; i++) {
		struct ff_job_step step = ff_job_step(job, i);
		json_array_append_new(list, json_pack("[s, i]", ff_phase_name(step.phase), (int)step.region));
	}
	return list;
}

static json_t *pack_notes(struct ff_job *job, unsigned count)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < count; i++) {
		json_array_append_new(list, ff_utf8_text(ff_job_note(job, i)));
	}
	return list;
}

static json_t *pack_same(struct ff_job *job, const struct ff_job_view *view)
{
	size_t count = 0;
	json_t *list = json_array();
	(void)ff_job_regions(job, &count);
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, json_boolean(view->same[i]));
	}
	return list;
}

static json_t *pack_result(const struct ff_job_result *result)
{
	json_t *object = ff_fields_pack(result_fields, COUNT(result_fields), result);
	json_t *phases = json_object();
	for (int phase = 0; phase < FF_PHASE_COUNT; phase++) {
		if (result->phase_us[phase] > 0) {
			json_object_set_new(phases, phase_name(phase), json_integer(result->phase_us[phase]));
		}
	}
	json_object_set_new(object, "phase_us", phases);
	if (result->patched_sha256[0]) {
		json_object_set_new(object, "patched", ff_fields_pack(patched_fields, COUNT(patched_fields), result));
	}
	return object;
}

static json_t *pack_facts(const struct ff_board_facts *facts)
{
	json_t *object = ff_fields_pack(fact_fields, COUNT(fact_fields), facts);
	if (object && facts->tells_security) {
		json_object_set_new(object, "security",
				    ff_fields_pack(security_fields, COUNT(security_fields), &facts->security));
	}
	return object;
}

char *ff_job_json_facts(const struct ff_board_facts *facts)
{
	json_t *object = pack_facts(facts);
	return object ? ff_job_json_print(object) : NULL;
}

char *ff_job_json_known(struct ff_job *job, const struct ff_job_view *view)
{
	json_t *object = ff_fields_pack(view_fields, COUNT(view_fields), view);
	if (!object) {
		return NULL;
	}
	json_object_set_new(object, "steps", pack_steps(job, view->steps));
	json_object_set_new(object, "notes", pack_notes(job, view->notes));
	if (view->has_progress) {
		json_object_set_new(object, "progress",
				    ff_fields_pack(progress_fields, COUNT(progress_fields), &view->progress));
	}
	if (view->result.known) {
		json_object_set_new(object, "result", pack_result(&view->result));
	}
	if (view->compared) {
		json_object_set_new(object, "same", pack_same(job, view));
	}
	if (view->verdict.verdict != FF_VERDICT_OPEN) {
		json_object_set_new(object, "verdict",
				    ff_fields_pack(verdict_fields, COUNT(verdict_fields), &view->verdict));
	}
	if (view->facts.known) {
		json_object_set_new(object, "facts", pack_facts(&view->facts));
	}
	return ff_job_json_print(object);
}

/* ---- reading ---- */

static bool read_steps(const json_t *list, size_t regions, struct ff_job_past *past)
{
	size_t count = json_array_size(list);
	bool right = json_is_array(list) && count <= FF_JOB_MAX_STEPS;
	for (size_t i = 0; i < count && right; i++) {
		const json_t *step = json_array_get(list, i);
		json_int_t region = json_integer_value(json_array_get(step, 1));
		int phase = ff_fields_value(phase_name, FF_PHASE_COUNT, json_string_value(json_array_get(step, 0)));
		right = phase >= 0 && region >= 0 && (region == 0 || (size_t)region < regions);
		if (right) {
			past->step_phase[i] = (uint8_t)phase;
			past->step_region[i] = (uint8_t)region;
			past->view.steps = (unsigned)i + 1;
		}
	}
	return right;
}

static bool read_notes(const json_t *list, struct ff_job_past *past)
{
	size_t count = json_array_size(list);
	bool right = json_is_array(list) && count <= FF_JOB_MAX_NOTES;
	for (size_t i = 0; i < count && right; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		char *note = text ? strdup(text) : NULL;
		right = note != NULL;
		if (right) {
			past->notes[past->view.notes++] = note;
		}
	}
	return right;
}

static bool read_result(const json_t *object, struct ff_job_result *result)
{
	const char *key;
	json_t *value;
	if (!object) {
		return true;
	}
	json_object_foreach(json_object_get(object, "phase_us"), key, value)
	{
		int phase = ff_fields_value(phase_name, FF_PHASE_COUNT, key);
		if (phase >= 0) { /* one that is no more is not missed */
			result->phase_us[phase] = json_integer_value(value);
		}
	}
	result->known = true;
	const json_t *patched = json_object_get(object, "patched");
	bool right = !patched || (ff_fields_unpack(patched_fields, COUNT(patched_fields), result, patched) &&
				  ff_job_json_is_sha256(result->patched_sha256));
	return right && ff_fields_unpack(result_fields, COUNT(result_fields), result, object);
}

static bool read_same(const json_t *list, size_t regions, struct ff_job_view *view)
{
	if (!list) {
		return true;
	}
	view->compared = true;
	for (size_t i = 0; i < regions && i < FF_MAX_REGIONS; i++) {
		view->same[i] = json_is_true(json_array_get(list, i));
	}
	return json_is_array(list) && json_array_size(list) == regions;
}

static bool read_facts(const json_t *object, struct ff_board_facts *facts)
{
	if (!object) {
		return true;
	}
	const json_t *security = json_object_get(object, "security");
	facts->known = true;
	facts->tells_security = security != NULL;
	return ff_fields_unpack(fact_fields, COUNT(fact_fields), facts, object) &&
	       (!security || ff_fields_unpack(security_fields, COUNT(security_fields), &facts->security, security));
}

static bool read_optional(const json_t *object, const struct ff_field *fields, size_t count, void *record)
{
	return !object || ff_fields_unpack(fields, count, record, object);
}

bool ff_job_json_read_known(const char *text, size_t regions, struct ff_job_past *past)
{
	struct ff_job_view *view = &past->view;
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const json_t *progress = json_object_get(object, "progress");
	view->has_progress = progress != NULL;
	bool right = ff_fields_unpack(view_fields, COUNT(view_fields), view, object) &&
		     read_steps(json_object_get(object, "steps"), regions, past) &&
		     read_optional(progress, progress_fields, COUNT(progress_fields), &view->progress) &&
		     read_optional(json_object_get(object, "verdict"), verdict_fields, COUNT(verdict_fields),
				   &view->verdict) &&
		     read_result(json_object_get(object, "result"), &view->result) &&
		     read_same(json_object_get(object, "same"), regions, view) &&
		     read_facts(json_object_get(object, "facts"), &view->facts) &&
		     read_notes(json_object_get(object, "notes"), past);
	json_decref(object);
	if (!right) {
		ff_job_past_release(past);
		view->notes = 0;
	}
	return right;
}

bool ff_job_json_read_facts(const char *text, struct ff_board_facts *facts)
{
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	*facts = (struct ff_board_facts){ .known = false };
	bool right = object && read_facts(object, facts);
	json_decref(object);
	return right;
}
