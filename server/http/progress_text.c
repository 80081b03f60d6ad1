// SPDX-License-Identifier: Apache-2.0
#include "progress_text.h"

#include <stdio.h>
#include <string.h>

#include "problem.h"
#include "text.h"

#define PERCENT_STEP 10 /* a line each */
#define BYTES_PER_MB 1048576
#define DESCRIPTION_SIZE 128

/* "flash 4096 bytes in 1 region to", "reset of", ...: what a job does, up to the board's name. */
static void describe(char text[DESCRIPTION_SIZE], const struct ff_job *job)
{
	const struct ff_job_target *target = ff_job_target(job);
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	unsigned long long bytes = 0;
	for (size_t i = 0; i < count; i++) {
		bytes += regions[i].size;
	}
	switch (ff_job_kind(job)) {
	case FF_JOB_FLASH:
		snprintf(text, DESCRIPTION_SIZE, "flash %llu bytes in %zu region%s to", bytes, count,
			 count == 1 ? "" : "s");
		break;
	case FF_JOB_TEST:
		snprintf(text, DESCRIPTION_SIZE, count > 0 ? "flash %llu bytes to, and test," : "test", bytes);
		break;
	case FF_JOB_VERIFY:
		snprintf(text, DESCRIPTION_SIZE, "compare %llu bytes in %zu region%s with", bytes, count,
			 count == 1 ? "" : "s");
		break;
	case FF_JOB_LOAD_RAM:
		snprintf(text, DESCRIPTION_SIZE, "load a program of %llu bytes into RAM of", bytes);
		break;
	case FF_JOB_READ:
	case FF_JOB_ERASE:
		if (target->size == 0) {
			snprintf(text, DESCRIPTION_SIZE, "%s all flash from 0x%x on of",
				 ff_job_kind_name(ff_job_kind(job)), target->start);
			break;
		}
		snprintf(text, DESCRIPTION_SIZE, "%s %u bytes of flash at 0x%x of", ff_job_kind_name(ff_job_kind(job)),
			 target->size, target->start);
		break;
	case FF_JOB_POWER:
		snprintf(text, DESCRIPTION_SIZE, "power %s of",
			 ff_power_action_name((enum ff_power_action)target->value));
		break;
	case FF_JOB_READ_MEMORY:
		snprintf(text, DESCRIPTION_SIZE, "read %u bytes of memory at 0x%08x of", target->size, target->start);
		break;
	case FF_JOB_WRITE_MEMORY:
		snprintf(text, DESCRIPTION_SIZE, "write 0x%08x with mask 0x%08x to memory at 0x%08x of", target->value,
			 target->mask, target->start);
		break;
	case FF_JOB_WRITE_FLASH_STATUS:
		snprintf(text, DESCRIPTION_SIZE, "write 0x%0*x to the flash's status%s of", 2 * (int)target->size,
			 target->value, target->non_volatile ? ", for good," : "");
		break;
	default:
		snprintf(text, DESCRIPTION_SIZE, "%s of", ff_job_kind_name(ff_job_kind(job)));
	}
}

static enum ff_status tell_head(struct ff_job *job, const struct ff_job_view *view, struct ff_buf *out)
{
	char text[DESCRIPTION_SIZE];
	const char *board = ff_job_board(job);
	describe(text, job);
	return ff_buf_printf(out, "job %s: %s %s%s%s\n", ff_job_id(job), text,
			     board[0] ? "" : "any board that matches ", ff_job_place(job),
			     view->state == FF_JOB_QUEUED ? ", waiting for its turn" : "");
}

/* Where it stands among those who wait. */
static enum ff_status tell_turn(struct ff_progress_text *text, struct ff_job *job, struct ff_buf *out)
{
	char start[FF_TEXT_TIME_SIZE] = "";
	struct ff_forecast forecast;
	ff_job_forecast(job, &forecast);
	if (forecast.position == 0 || forecast.position == text->position) {
		return FF_OK;
	}
	text->position = forecast.position;
	if (forecast.start_ms) {
		ff_text_time(start, forecast.start_ms);
	}
	return ff_buf_printf(out, "waiting: position %u%s%s\n", forecast.position,
			     start[0] ? ", expected to begin at " : "", start);
}

/* The board that has been chosen for it. */
static enum ff_status tell_board(struct ff_progress_text *text, const struct ff_job *job,
				 const struct ff_job_view *view, struct ff_buf *out)
{
	if (text->told_board || view->state == FF_JOB_QUEUED || !ff_job_select(job) || !ff_job_board(job)[0]) {
		return FF_OK;
	}
	text->told_board = true;
	return ff_buf_printf(out, "board: %s\n", ff_job_board(job));
}

static enum ff_status tell_reboot(struct ff_job *job, struct ff_buf *out)
{
	struct ff_worker *worker = ff_job_worker(job);
	struct ff_board_view board = { .has_lines = true };
	if (worker) {
		ff_worker_view(worker, &board);
	}
	return ff_buf_printf(out, "%s: %s\n", ff_phase_name(FF_PHASE_REBOOT),
			     board.has_lines ? "resetting the board into its application"
					     : "this port cannot reset the board; press its reset button");
}

static enum ff_status tell_step(struct ff_job *job, struct ff_job_step step, struct ff_buf *out)
{
	static const char *const stories[FF_PHASE_COUNT] = {
		[FF_PHASE_PREPARE] = "reading the images",
		[FF_PHASE_RESET] = "resetting the board into its bootloader",
		[FF_PHASE_SYNC] = "talking to the bootloader",
		[FF_PHASE_STUB] = "uploading the stub flasher",
		[FF_PHASE_BAUD] = "changing the baud rate",
		[FF_PHASE_READ] = "reading",
		[FF_PHASE_ERASE] = "erasing",
		[FF_PHASE_WATCH] = "what the board says",
		[FF_PHASE_POWER] = "switching the board's power",
	};
	const char *phase = ff_phase_name(step.phase);
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	if ((step.phase == FF_PHASE_WRITE || step.phase == FF_PHASE_VERIFY) && step.region < count) {
		const struct ff_job_region *region = &regions[step.region];
		return ff_buf_printf(out, "%s: %llu bytes at 0x%x%s%s\n", phase, (unsigned long long)region->size,
				     region->offset, region->name ? ", " : "", region->name ? region->name : "");
	}
	if (step.phase == FF_PHASE_PREPARE && step.region > 0) {
		return FF_OK; /* said with the first of them */
	}
	if (step.phase == FF_PHASE_REBOOT) {
		return tell_reboot(job, out);
	}
	const char *story = stories[step.phase];
	return ff_buf_printf(out, "%s%s%s\n", phase, story ? ": " : "", story ? story : "");
}

static enum ff_status tell_facts(const struct ff_board_facts *facts, struct ff_buf *out)
{
	static const uint8_t no_mac[sizeof(facts->mac)] = { 0 };
	char revision[FF_TEXT_REVISION_SIZE];
	char mac[FF_TEXT_MAC_SIZE];
	char flash[32] = "flash of unknown size";
	/* In secure download mode a chip tells neither. */
	bool identified = memcmp(facts->mac, no_mac, sizeof(no_mac)) != 0;
	ff_text_revision(revision, facts->revision);
	ff_text_mac(mac, facts->mac);
	if (facts->flash_size >= BYTES_PER_MB) {
		snprintf(flash, sizeof(flash), "%u MB flash", facts->flash_size / BYTES_PER_MB);
	} else if (facts->flash_size > 0) {
		snprintf(flash, sizeof(flash), "%u KB flash", facts->flash_size / 1024);
	}
	return identified ? ff_buf_printf(out, "board: %s %s, MAC %s, %s\n", facts->chip, revision, mac, flash)
			  : ff_buf_printf(out, "board: %s, %s\n", facts->chip, flash);
}

static enum ff_status tell_percent(struct ff_progress_text *text, const struct ff_progress *progress,
				   struct ff_buf *out)
{
	if (progress->total == 0) {
		return FF_OK;
	}
	unsigned percent = (unsigned)(progress->done * 100 / progress->total) / PERCENT_STEP * PERCENT_STEP;
	if (percent <= text->percent) {
		return FF_OK;
	}
	text->percent = percent;
	return ff_buf_printf(out, "%s: %u %% (%llu of %llu bytes)\n", ff_phase_name(progress->phase), percent,
			     (unsigned long long)progress->done, (unsigned long long)progress->total);
}

static enum ff_status tell_failure(const struct ff_job_view *view, struct ff_buf *out)
{
	char detail[sizeof(view->detail)];
	memcpy(detail, view->detail, sizeof(detail));
	ff_text_clean(detail);
	return ff_buf_printf(out, "failed: %s: %s\n", ff_problem_job_code(view), detail);
}

static enum ff_status tell_success(struct ff_job *job, const struct ff_job_view *view, double seconds,
				   struct ff_buf *out)
{
	const struct ff_job_result *result = &view->result;
	unsigned long long bytes = result->bytes;
	switch (ff_job_kind(job)) {
	case FF_JOB_FLASH:
		return ff_buf_printf(out, "done: %llu bytes written%s in %.1f s (%llu bytes on the wire)\n", bytes,
				     result->verified ? " and verified" : "", seconds,
				     (unsigned long long)result->wire_bytes);
	case FF_JOB_VERIFY:
		return ff_buf_printf(out, "done: the flash holds all %llu bytes (compared in %.1f s)\n", bytes,
				     seconds);
	case FF_JOB_TEST:
		return ff_buf_printf(out, "done: %s: %s (after %.1f s)\n", ff_verdict_name(view->verdict.verdict),
				     view->verdict.reason, (double)view->verdict.at_us / 1e6);
	case FF_JOB_LOAD_RAM:
		return ff_buf_printf(out, "done: %llu bytes loaded into RAM and started in %.1f s\n", bytes, seconds);
	case FF_JOB_ERASE:
		if (bytes == 0) {
			return ff_buf_printf(out, "done: the whole flash erased in %.1f s\n", seconds);
		}
		return ff_buf_printf(out, "done: %llu bytes erased in %.1f s\n", bytes, seconds);
	case FF_JOB_READ:
	case FF_JOB_READ_MEMORY:
		return ff_buf_printf(out, "done: %llu bytes read in %.1f s; GET /api/v1/jobs/%s/content has them\n",
				     bytes, seconds, ff_job_id(job));
	case FF_JOB_READ_FLASH_STATUS:
	case FF_JOB_WRITE_FLASH_STATUS:
		return ff_buf_printf(out, "done: the flash's status is 0x%0*x (%.1f s)\n", 2 * (int)bytes,
				     result->value, seconds);
	default:
		return ff_buf_printf(out, "done: %s in %.1f s\n", ff_job_kind_name(ff_job_kind(job)), seconds);
	}
}

/* Which regions the flash holds: the verdict alone names those that it does not. */
static enum ff_status tell_same(struct ff_job *job, const struct ff_job_view *view, struct ff_buf *out)
{
	enum ff_status status = FF_OK;
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	for (size_t i = 0; view->compared && i < count && status == FF_OK; i++) {
		status = ff_buf_printf(out, "%s: 0x%x%s%s\n", view->same[i] ? "same" : "differs", regions[i].offset,
				       regions[i].name ? ", " : "", regions[i].name ? regions[i].name : "");
	}
	return status;
}

/* Exactly which bytes lie where. */
static enum ff_status tell_written(struct ff_job *job, const struct ff_job_view *view, struct ff_buf *out)
{
	enum ff_status status = FF_OK;
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	for (size_t i = 0; i < count && status == FF_OK; i++) {
		const char *sha256 = ff_job_written(job, view, i);
		if (sha256) {
			status = ff_buf_printf(out, "written: %llu bytes at 0x%x, sha256:%s%s%s\n",
					       (unsigned long long)regions[i].size, regions[i].offset, sha256,
					       regions[i].name ? ", " : "", regions[i].name ? regions[i].name : "");
		}
	}
	return status;
}

static enum ff_status tell_notes(struct ff_progress_text *text, struct ff_job *job, const struct ff_job_view *view,
				 struct ff_buf *out)
{
	enum ff_status status = FF_OK;
	for (; text->notes < view->notes && status == FF_OK; text->notes++) {
		char line[FF_ERROR_TEXT_SIZE];
		snprintf(line, sizeof(line), "%s", ff_job_note(job, text->notes));
		ff_text_clean(line);
		status = ff_buf_printf(out, "note: %s\n", line);
	}
	return status;
}

enum ff_status ff_progress_text_verdict(struct ff_job *job, const struct ff_job_view *view, struct ff_buf *out)
{
	double seconds = view->started_ms ? (double)(view->finished_ms - view->started_ms) / 1000 : 0;
	enum ff_status status = tell_same(job, view, out);
	if (status == FF_OK) {
		status = tell_written(job, view, out);
	}
	if (status != FF_OK) {
		return status;
	}
	return view->state == FF_JOB_DONE ? tell_success(job, view, seconds, out) : tell_failure(view, out);
}

enum ff_status ff_progress_text_render(struct ff_progress_text *text, struct ff_job *job,
				       const struct ff_job_view *view, struct ff_buf *out)
{
	enum ff_status status = FF_OK;
	if (!text->told_head) {
		text->told_head = true;
		status = tell_head(job, view, out);
	}
	if (status == FF_OK && view->state == FF_JOB_QUEUED) {
		status = tell_turn(text, job, out);
	}
	if (status == FF_OK) {
		status = tell_board(text, job, view, out);
	}
	while (status == FF_OK && text->steps < view->steps) {
		struct ff_job_step step = ff_job_step(job, text->steps);
		bool starts_work = step.phase >= FF_PHASE_WRITE; /* the phases before it are the way to the loader */
		if (starts_work && view->facts.known && !text->told_facts) {
			text->told_facts = true;
			status = tell_facts(&view->facts, out);
			continue;
		}
		text->steps++;
		text->percent = 0;
		status = tell_step(job, step, out);
	}
	if (status == FF_OK) {
		status = tell_notes(text, job, view, out);
	}
	bool ended = ff_job_state_ended(view->state);
	if (status == FF_OK && !ended && view->has_progress) {
		status = tell_percent(text, &view->progress, out);
	}
	return status;
}
