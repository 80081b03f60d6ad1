// SPDX-License-Identifier: Apache-2.0
#include "progress_text.h"

#include <stdio.h>
#include <string.h>

#include "problem.h"
#include "text.h"

#define PERCENT_STEP 10 /* a line each */
#define BYTES_PER_MB 1048576

static enum ff_status tell_head(struct ff_job *job, const struct ff_job_view *view, struct ff_buf *out)
{
	size_t count = 0;
	uint64_t bytes = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	for (size_t i = 0; i < count; i++) {
		bytes += regions[i].size;
	}
	const char *waits = view->state == FF_JOB_QUEUED ? ", waiting for its turn" : "";
	if (count == 0) {
		return ff_buf_printf(out, "job %s: %s of %s%s\n", ff_job_id(job), ff_job_kind_name(ff_job_kind(job)),
				     ff_worker_name(ff_job_worker(job)), waits);
	}
	return ff_buf_printf(out, "job %s: flash %llu bytes in %zu region%s to %s%s\n", ff_job_id(job),
			     (unsigned long long)bytes, count, count == 1 ? "" : "s",
			     ff_worker_name(ff_job_worker(job)), waits);
}

static enum ff_status tell_reboot(struct ff_job *job, struct ff_buf *out)
{
	struct ff_board_view board;
	ff_worker_view(ff_job_worker(job), &board);
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
		[FF_PHASE_READ] = "reading the flash",
		[FF_PHASE_ERASE] = "erasing",
	};
	const char *phase = ff_phase_name(step.phase);
	size_t count = 0;
	const struct ff_job_region *regions = ff_job_regions(job, &count);
	if ((step.phase == FF_PHASE_WRITE || step.phase == FF_PHASE_VERIFY) && step.region < count) {
		const struct ff_job_region *region = &regions[step.region];
		return ff_buf_printf(out, "%s: %llu bytes at 0x%x%s%s\n", phase, (unsigned long long)region->size,
				     region->offset, region->name ? ", " : "", region->name ? region->name : "");
	}
	if (step.phase == FF_PHASE_REBOOT) {
		return tell_reboot(job, out);
	}
	const char *story = stories[step.phase];
	return ff_buf_printf(out, "%s%s%s\n", phase, story ? ": " : "", story ? story : "");
}

static enum ff_status tell_facts(const struct ff_board_facts *facts, struct ff_buf *out)
{
	char revision[FF_TEXT_REVISION_SIZE];
	char mac[FF_TEXT_MAC_SIZE];
	char flash[32] = "flash of unknown size";
	ff_text_revision(revision, facts->revision);
	ff_text_mac(mac, facts->mac);
	if (facts->flash_size >= BYTES_PER_MB) {
		snprintf(flash, sizeof(flash), "%u MB flash", facts->flash_size / BYTES_PER_MB);
	} else if (facts->flash_size > 0) {
		snprintf(flash, sizeof(flash), "%u KB flash", facts->flash_size / 1024);
	}
	return ff_buf_printf(out, "board: %s %s, MAC %s, %s\n", facts->chip, revision, mac, flash);
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

static enum ff_status tell_verdict(struct ff_job *job, const struct ff_job_view *view, struct ff_buf *out)
{
	double seconds = view->started_ms ? (double)(view->finished_ms - view->started_ms) / 1000 : 0;
	if (view->state != FF_JOB_DONE) {
		char detail[sizeof(view->detail)];
		memcpy(detail, view->detail, sizeof(detail));
		ff_text_clean(detail);
		return ff_buf_printf(out, "failed: %s: %s\n", ff_problem_job_code(view), detail);
	}
	if (!view->result.known) {
		return ff_buf_printf(out, "done: %s in %.1f s\n", ff_job_kind_name(ff_job_kind(job)), seconds);
	}
	const struct ff_write_report *report = &view->result.report;
	return ff_buf_printf(out, "done: %llu bytes written%s in %.1f s (%llu bytes on the wire)\n",
			     (unsigned long long)report->bytes, report->verified ? " and verified" : "", seconds,
			     (unsigned long long)report->wire_bytes);
}

enum ff_status ff_progress_text_render(struct ff_progress_text *text, struct ff_job *job,
				       const struct ff_job_view *view, struct ff_buf *out)
{
	enum ff_status status = FF_OK;
	if (!text->told_head) {
		text->told_head = true;
		status = tell_head(job, view, out);
	}
	while (status == FF_OK && text->steps < view->steps) {
		struct ff_job_step step = ff_job_step(job, text->steps);
		bool starts_work = step.phase == FF_PHASE_WRITE || step.phase == FF_PHASE_REBOOT;
		if (starts_work && view->facts.known && !text->told_facts) {
			text->told_facts = true;
			status = tell_facts(&view->facts, out);
			continue;
		}
		text->steps++;
		text->percent = 0;
		status = tell_step(job, step, out);
	}
	bool ended = ff_job_state_ended(view->state);
	if (status == FF_OK && !ended && view->has_progress) {
		status = tell_percent(text, &view->progress, out);
	}
	return status == FF_OK && ended ? tell_verdict(job, view, out) : status;
}
