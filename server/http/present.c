// SPDX-License-Identifier: Apache-2.0
#include "present.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

/* jansson's pack: "s?" is null for a NULL string, "o?" for a NULL object (which must not hide a lack of memory, so that
 * "o" is used for objects that were made on the spot). */

static json_t *present_time(int64_t unix_ms)
{
	if (unix_ms == 0) {
		return json_null();
	}
	char text[FF_TEXT_TIME_SIZE];
	ff_text_time(text, unix_ms);
	return json_string(text);
}

static json_t *present_offset(uint32_t offset)
{
	char text[16];
	snprintf(text, sizeof(text), "0x%x", offset);
	return json_string(text);
}

json_t *ff_present_info(const struct ff_board_facts *facts)
{
	char revision[FF_TEXT_REVISION_SIZE];
	char mac[FF_TEXT_MAC_SIZE];
	ff_text_revision(revision, facts->revision);
	ff_text_mac(mac, facts->mac);
	bool known = facts->known;
	return json_pack("{s:s?, s:s?, s:s?, s:o, s:o, s:o, s:o}", "chip", known ? facts->chip : NULL, "revision",
			 known ? revision : NULL, "mac", known ? mac : NULL, "crystal_mhz",
			 facts->crystal_mhz ? json_integer(facts->crystal_mhz) : json_null(), "flash_id",
			 facts->flash_id ? present_offset(facts->flash_id) : json_null(), "flash_size",
			 facts->flash_size ? json_integer(facts->flash_size) : json_null(), "probed",
			 present_time(facts->probed_ms));
}

json_t *ff_present_board(struct ff_worker *worker)
{
	static const char *const states[] = {
		[FF_BOARD_IDLE] = "idle",
		[FF_BOARD_BUSY] = "busy",
		[FF_BOARD_LOST] = "lost",
	};
	struct ff_board_view view;
	ff_worker_view(worker, &view);
	ff_text_clean(view.detail);
	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:I, s:o}", "name", ff_worker_name(worker), "address",
			 ff_worker_address(worker), "state", states[view.state], "detail",
			 view.detail[0] ? view.detail : NULL, "job", view.task[0] ? view.task : NULL, "queued",
			 (json_int_t)view.waiting, "info", ff_present_info(&view.facts));
}

json_t *ff_present_progress(const struct ff_job_view *view)
{
	const struct ff_progress *progress = &view->progress;
	return json_pack("{s:s, s:I, s:I, s:o}", "phase", ff_phase_name(progress->phase), "done",
			 (json_int_t)progress->done, "total", (json_int_t)progress->total, "offset",
			 present_offset(progress->offset));
}

static json_t *present_regions(const struct ff_job *job)
{
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *region =
			json_pack("{s:o, s:I, s:s, s:s?}", "offset", present_offset(regions[i].offset), "size",
				  (json_int_t)regions[i].size, "sha256", regions[i].sha256, "name", regions[i].name);
		if (json_array_append_new(list, region) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *present_options(const struct ff_job_options *options)
{
	return json_pack("{s:I, s:b, s:b, s:b, s:b}", "baud", (json_int_t)options->baud, "force", options->force,
			 "stub", options->stub, "compress", options->compress, "verify", options->verify);
}

static json_t *present_result(const struct ff_job_result *result)
{
	if (!result->known) {
		return json_null();
	}
	json_t *phases = json_object();
	for (int phase = 0; phase < FF_PHASE_COUNT; phase++) {
		if (result->phase_us[phase] > 0) {
			json_object_set_new(phases, ff_phase_name((enum ff_phase)phase),
					    json_real((double)result->phase_us[phase] / 1e6));
		}
	}
	return json_pack("{s:I, s:I, s:b, s:b, s:I, s:o}", "bytes", (json_int_t)result->report.bytes, "wire_bytes",
			 (json_int_t)result->report.wire_bytes, "verified", result->report.verified, "stub",
			 result->stub, "baud", (json_int_t)result->baud, "phases", phases);
}

static json_t *present_error(struct ff_job_view *view)
{
	if (view->status == FF_OK) {
		return json_null();
	}
	ff_text_clean(view->detail);
	return json_pack("{s:s, s:s}", "code", ff_problem_job_code(view), "detail", view->detail);
}

json_t *ff_present_job(struct ff_job *job)
{
	struct ff_job_view view;
	ff_job_view(job, &view);
	bool flash = ff_job_kind(job) == FF_JOB_FLASH;
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "id", ff_job_id(job), "kind",
				   ff_job_kind_name(ff_job_kind(job)), "board", ff_worker_name(ff_job_worker(job)),
				   "state", ff_job_state_name(view.state), "created", present_time(view.created_ms),
				   "started", present_time(view.started_ms), "finished", present_time(view.finished_ms),
				   "progress", view.has_progress ? ff_present_progress(&view) : json_null(), "regions",
				   flash ? present_regions(job) : json_array(), "options",
				   flash ? present_options(ff_job_options(job)) : json_null());
	if (!object) {
		return NULL;
	}
	if (json_object_set_new(object, "result", present_result(&view.result)) != 0 ||
	    json_object_set_new(object, "info", view.facts.known ? ff_present_info(&view.facts) : json_null()) != 0 ||
	    json_object_set_new(object, "error", present_error(&view)) != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *ff_present_problem(const struct ff_problem *problem, const char *board, struct ff_job *job)
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
	return object;
}
