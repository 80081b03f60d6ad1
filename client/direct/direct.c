// SPDX-License-Identifier: Apache-2.0
#include "direct.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "digest.h"
#include "job.h"
#include "resets.h"
#include "utf8.h"

/* A board while it is open. */
struct session {
	struct ff_run *run;
	struct ff_transport transport;
	struct ff_flasher *flasher;
	struct ff_observer observer; /* must outlive the flasher */
	enum ff_after after;
	bool needs_rom; /* the work is the ROM loader's */
	bool leaves;    /* the work starts something on the board */
	bool has_erased;
	bool has_written;
	double reboot_s;
};

static void show(void *context, const struct ff_progress *progress)
{
	struct session *session = context;

	session->has_erased |= progress->phase == FF_PHASE_ERASE;
	session->has_written |= progress->phase == FF_PHASE_WRITE;
	ff_display_update(session->run->display, ff_phase_name(progress->phase), progress->done, progress->total);
}

/* Seen at once, and part of the job. */
static void take_note(void *context, const char *text)
{
	const struct session *session = context;
	const struct ff_run *run = session->run;

	ff_display_note(run->display, "%s", text);
	json_array_append_new(json_object_get(run->result, "notes"), ff_utf8_text(text));
}

static bool is_cancelled(void *context)
{
	const struct session *session = context;

	ff_display_tick(session->run->display);
	return *session->run->interrupts != 0;
}

static enum ff_status check_chip(const struct session *session, struct ff_error *error)
{
	const struct ff_options *options = session->run->options;
	const char *chip = ff_flasher_info(session->flasher)->chip;

	if (options->force || ff_options_accept_chip(options, chip)) {
		return FF_OK;
	}
	return ff_error_set(error, FF_ERR_WRONG_CHIP, "it is an %s, not the %s that was asked for; --force goes on",
			    chip, options->chip);
}

/* A way out that this board does not have is told before the work, and the board leaves by the usual one. */
static enum ff_status check_after(struct session *session, struct ff_error *error)
{
	enum ff_after after = session->run->options->after;
	enum ff_status status =
		after == FF_AFTER_HARD_RESET ? FF_OK : ff_flasher_check_leave(session->flasher, after, error);

	if (status == FF_OK) {
		session->after = after;
	}
	return status;
}

static enum ff_status open_port(struct session *session, struct ff_error *error)
{
	const struct ff_options *options = session->run->options;
	const struct ff_transport_options transport_options = { .log = session->run->log };

	return ff_transport_open(&session->transport, options->port, &transport_options, error);
}

static enum ff_status open_board(struct session *session, struct ff_error *error)
{
	struct ff_run *run = session->run;
	const struct ff_options *options = run->options;
	struct ff_connect_options connect = { .before = options->before,
					      .attempts = options->attempts,
					      .baud = options->baud,
					      .no_stub = options->no_stub || session->needs_rom,
					      .reset_sequence = options->reset_sequence,
					      .hard_reset_sequence = options->hard_reset_sequence };
	enum ff_status status = open_port(session, error);

	if (status != FF_OK) {
		return status;
	}
	if (!session->transport.has_lines && connect.before == FF_BEFORE_DEFAULT_RESET) {
		ff_display_note(
			run->display,
			"%s has no control lines: the board must be in its bootloader already (hold BOOT, press reset)",
			options->port);
		connect.before = FF_BEFORE_NO_RESET;
	}
	session->observer = (struct ff_observer){
		.progress = show, .cancelled = is_cancelled, .context = session, .log = run->log, .note = take_note
	};
	status = ff_flasher_open(&session->flasher, &session->transport, &connect, &session->observer, error);
	if (status == FF_OK) {
		status = check_chip(session, error);
	}
	return status == FF_OK ? check_after(session, error) : status;
}

/* Leaves the board as asked. What was done is done: a board that cannot be reset is worth a note, not a failure; one that
 * was lost in the work is not worth a second one. */
static void close_board(struct session *session, enum ff_status worked)
{
	struct ff_run *run = session->run;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_after after = session->after;
	int64_t begun_us = ff_now_us();

	if (session->flasher != NULL) {
		if (!session->transport.has_lines && after == FF_AFTER_HARD_RESET) {
			if (!session->leaves) {
				ff_display_note(run->display,
						"%s has no control lines: reset the board to start its application",
						run->options->port);
			}
			after = FF_AFTER_NO_RESET;
		}
		if (ff_flasher_close(session->flasher, after, &error) != FF_OK && worked != FF_ERR_LOST) {
			ff_display_note(run->display, "%s: the board could not be reset: %s", run->options->port,
					error.text);
		}
		session->reboot_s = (double)(ff_now_us() - begun_us) / 1e6;
	}
	ff_transport_close(&session->transport);
}

/* What is known of the board goes into the job even if the work on it fails. */
static void note_info(const struct session *session, json_t *job)
{
	struct ff_security_info security;

	if (session->flasher != NULL) {
		bool tells = ff_flasher_security_info(session->flasher, &security, NULL) == FF_OK;

		ff_job_set_info(job, ff_flasher_info(session->flasher), tells ? &security : NULL);
	}
}

static json_t *phase_times(const struct session *session)
{
	const int64_t *times = ff_flasher_phase_times(session->flasher);
	json_t *phases = json_object();

	for (unsigned phase = 0; phase < FF_PHASE_COUNT; phase++) {
		if (times[phase] > 0) {
			json_object_set_new(phases, ff_phase_name(phase), json_real((double)times[phase] / 1e6));
		}
	}
	return phases;
}

static bool hash_source(const struct ff_source *source, char hex[FF_DIGEST_HEX_SIZE], struct ff_error *error)
{
	uint8_t piece[4096];
	struct ff_digest digest;

	ff_digest_begin(&digest);
	for (uint64_t at = 0; at < source->size; at += sizeof(piece)) {
		size_t size = source->size - at < sizeof(piece) ? (size_t)(source->size - at) : sizeof(piece);

		if (source->read(source->context, at, piece, size, error) != FF_OK) {
			ff_digest_release(&digest);
			return false;
		}
		ff_digest_add(&digest, piece, size);
	}
	return ff_digest_end(&digest, hex);
}

static json_t *region_json(const struct ff_region *region, const char *sha256, bool is_written)
{
	char offset[16];
	json_t *object;

	snprintf(offset, sizeof(offset), "0x%x", region->offset);
	object = json_pack("{s:s, s:I, s:s, s:o}", "offset", offset, "size", (json_int_t)region->source.size, "sha256",
			   sha256, "name", ff_utf8_text(region->name));
	if (is_written) {
		json_object_set_new(object, "encrypt", json_boolean(region->encrypt));
		json_object_set_new(object, "written", json_null());
	}
	return object;
}

enum ff_status ff_direct_open_images(struct ff_run *run, const struct ff_images *images,
				     struct ff_region regions[FF_MAX_REGIONS], struct ff_error *error)
{
	json_t *noted = json_object_get(run->result, "regions");
	bool is_written = ff_job_is_of_kind(run->result, "flash");
	enum ff_status status = ff_images_open(images, regions, error);

	for (size_t i = 0; i < images->count && status == FF_OK; i++) {
		char sha256[FF_DIGEST_HEX_SIZE];

		if (!hash_source(&regions[i].source, sha256, error)) {
			return ff_error_set(error, FF_ERR_IO, "cannot read %.200s", regions[i].name);
		}
		json_array_append_new(noted, region_json(&regions[i], sha256, is_written));
	}
	return status;
}

/* What each region's bytes were when they were written. */
static void note_written(json_t *job, const struct ff_write_report *report)
{
	size_t index;
	json_t *region;

	json_array_foreach(json_object_get(job, "regions"), index, region)
	{
		char sha256[2 * sizeof(report->patched_sha256) + 1];

		json_object_set(region, "written", json_object_get(region, "sha256"));
		if (report->patched && report->patched_region == index) {
			for (size_t i = 0; i < sizeof(report->patched_sha256); i++) {
				snprintf(sha256 + 2 * i, 3, "%02x", report->patched_sha256[i]);
			}
			json_object_set_new(region, "written", json_string(sha256));
		}
	}
}

static void set_result(struct session *session, const struct ff_write_report *report, json_t *job)
{
	const struct ff_board_info *info = ff_flasher_info(session->flasher);
	json_t *result = json_pack("{s:I, s:I, s:b, s:I, s:b, s:I, s:o}", "bytes", (json_int_t)report->bytes,
				   "wire_bytes", (json_int_t)report->wire_bytes, "verified", report->verified,
				   "unverified_bytes", (json_int_t)report->unverified, "stub", info->stub, "baud",
				   (json_int_t)info->baud, "phases", phase_times(session));

	json_object_set_new(job, "result", result);
}

static const char *or_keep(const char *word)
{
	return word[0] != '\0' ? word : "keep";
}

/* Takes over the reference. */
static void set_options(const struct ff_options *options, json_t *asked, json_t *job)
{
	json_object_set_new(job, "options",
			    ff_resets_report(asked, options->before, options->after, options->attempts));
}

static void set_write_options(const struct ff_options *options, json_t *job)
{
	set_options(options,
		    json_pack("{s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:s, s:s, s:s}", "baud", (json_int_t)options->baud,
			      "force", options->force, "stub", !options->no_stub, "compress", !options->no_compress,
			      "verify", !options->no_verify, "erase_all", options->erase_all,
			      "ignore_encryption_efuses", options->ignore_encryption_efuses, "flash_mode",
			      or_keep(options->settings.mode), "flash_freq", or_keep(options->settings.freq),
			      "flash_size", or_keep(options->settings.size)),
		    job);
}

/* What a cancelled work leaves behind, in the server's words; NULL: nothing. */
static const char *damage(const struct session *session)
{
	if (session->has_written) {
		return "cancelled after the write had begun: the flash may hold an incomplete image";
	}
	return session->has_erased ? "cancelled after the erase had begun: some of the flash may be erased" : NULL;
}

static bool finish(struct session *session, enum ff_status status, const struct ff_error *error)
{
	struct ff_run *run = session->run;
	json_t *phases = json_object_get(json_object_get(run->result, "result"), "phases");

	if (status == FF_ERR_CANCELLED && damage(session) != NULL) {
		ff_failure_set(&run->failure, ff_status_code(status), "%s: %s", run->options->port, damage(session));
	} else if (status != FF_OK) {
		ff_failure_set_error(&run->failure, run->options->port, error);
	}
	if (json_is_object(phases) && session->reboot_s > 0) {
		json_object_set_new(phases, ff_phase_name(FF_PHASE_REBOOT), json_real(session->reboot_s));
	}
	ff_job_finish(run->result, &run->failure);
	return status == FF_OK;
}

bool ff_direct_flash(struct ff_run *run, const struct ff_images *images)
{
	struct session session = { .run = run };
	struct ff_region regions[FF_MAX_REGIONS] = { { .offset = 0 } };
	const struct ff_write_options options = { .force = run->options->force,
						  .no_compress = run->options->no_compress,
						  .no_verify = run->options->no_verify,
						  .erase_all = run->options->erase_all,
						  .ignore_encryption_efuses = run->options->ignore_encryption_efuses,
						  .flash_mode = run->options->settings.mode,
						  .flash_freq = run->options->settings.freq,
						  .flash_size = run->options->settings.size };
	struct ff_write_report report;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status;

	run->result = ff_job_new("flash", run->options->port);
	set_write_options(run->options, run->result);
	status = ff_direct_open_images(run, images, regions, &error);
	if (status == FF_OK) {
		status = open_board(&session, &error);
	}
	if (status == FF_OK && !options.force) {
		status = ff_images_check_chip(images, ff_flasher_info(session.flasher)->chip, &error);
	}
	if (status == FF_OK) {
		status = ff_flasher_write(session.flasher, regions, images->count, &options, &report, &error);
	}
	if (status == FF_OK) {
		set_result(&session, &report, run->result);
		note_written(run->result, &report);
	}
	note_info(&session, run->result);
	close_board(&session, status);
	ff_images_close(images, regions);
	return finish(&session, status, &error);
}

bool ff_direct_info(struct ff_run *run)
{
	struct session session = { .run = run };
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status;

	run->result = ff_job_new("info", run->options->port);
	set_options(run->options, json_object(), run->result);
	status = open_board(&session, &error);
	note_info(&session, run->result);
	close_board(&session, status);
	return finish(&session, status, &error);
}

static enum ff_status do_task(struct session *session, const struct ff_direct_task *task, struct ff_error *error)
{
	const struct ff_board_info *info = ff_flasher_info(session->flasher);
	json_t *result = json_pack("{s:b, s:I}", "stub", info->stub, "baud", (json_int_t)info->baud);
	enum ff_status status = task->work(task->context, session->flasher, result, error);

	if (status == FF_OK) {
		json_object_set_new(result, "phases", phase_times(session));
		json_object_set(session->run->result, "result", result);
	}
	json_decref(result);
	return status;
}

/* As a server tells them of the same work. */
static json_t *task_options(const struct ff_options *options, const struct ff_direct_task *task)
{
	json_t *asked = json_pack("{s:I, s:b}", "baud", (json_int_t)options->baud, "stub", !options->no_stub);

	if (task->takes_force) {
		json_object_set_new(asked, "force", json_boolean(options->force));
	}
	if (task->takes_settings) {
		json_object_set_new(asked, "flash_mode", json_string(or_keep(options->settings.mode)));
		json_object_set_new(asked, "flash_freq", json_string(or_keep(options->settings.freq)));
		json_object_set_new(asked, "flash_size", json_string(or_keep(options->settings.size)));
	}
	return asked;
}

bool ff_direct_work(struct ff_run *run, const struct ff_direct_task *task)
{
	struct session session = { .run = run, .needs_rom = task->needs_rom, .leaves = task->leaves };
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status;

	if (run->options->port == NULL) {
		json_decref(task->target);
		return ff_failure_set(&run->failure, "invalid-argument",
				      "%s needs --port ADDRESS: it is not done through a server",
				      run->options->command->name);
	}
	run->result = ff_job_new(task->kind, run->options->port);
	json_object_set_new(run->result, "target", task->target != NULL ? task->target : json_null());
	set_options(run->options, task_options(run->options, task), run->result);
	status = open_board(&session, &error);
	if (status == FF_OK) {
		status = do_task(&session, task, &error);
	}
	note_info(&session, run->result);
	close_board(&session, status);
	return finish(&session, status, &error);
}

enum ff_status ff_direct_reset_lines(const struct ff_run *run, struct ff_transport *transport, struct ff_error *error)
{
	const char *sequence = run->options->hard_reset_sequence;

	return sequence != NULL ? ff_board_run_sequence(transport, sequence, error) : ff_board_reset(transport, error);
}

bool ff_direct_reset(struct ff_run *run)
{
	struct session session = { .run = run };
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status;

	run->result = ff_job_new("reset", run->options->port);
	status = open_port(&session, &error);
	if (status == FF_OK) {
		status = ff_direct_reset_lines(run, &session.transport, &error);
	}
	ff_transport_close(&session.transport);
	return finish(&session, status, &error);
}
