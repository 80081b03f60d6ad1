// SPDX-License-Identifier: Apache-2.0
#include <farflash/flasher.h>

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "connect.h"
#include "flash.h"
#include "identify.h"
#include "reset.h"
#include "session.h"
#include "stub.h"

#define DEFAULT_BAUD 115200
#define DEFAULT_ATTEMPTS 7
#define MAX_ATTEMPTS 100
#define BAUD_TIMEOUT_MS 3000
#define ERASE_STEP (1024 * 1024)

static void on_stage(void *context, bool resetting)
{
	ff_session_enter(context, resetting ? FF_PHASE_RESET : FF_PHASE_SYNC, 0);
}

static enum ff_status connect(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_connect_plan plan = {
		.attempts = flasher->options.attempts,
		.reset = flasher->options.before == FF_BEFORE_DEFAULT_RESET && flasher->transport->has_lines,
		.stage = on_stage,
		.context = flasher,
	};
	enum ff_status status = ff_connect(&flasher->loader, &plan, error);
	if (status == FF_OK) {
		status = ff_connect_detect(&flasher->loader, error);
	}
	if (status == FF_OK) {
		status = ff_identify(&flasher->loader, error);
	}
	return status;
}

/* Why this chip has to do without a stub, or NULL. */
static const char *stub_bar(const struct ff_loader *loader)
{
	if (loader->secure_download) {
		return "secure download mode does not allow it";
	}
	if (loader->secure_boot && (loader->chip->flags & FF_CHIP_SECURE_BOOT_BARS_STUB)) {
		return "secure boot does not allow it";
	}
	return ff_chip_stub(loader->chip, loader->revision) ? NULL : "there is none for this chip";
}

static enum ff_status run_stub(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	const struct ff_log *log = flasher->observer.log;
	if (loader->stub) {
		ff_log(log, FF_LOG_INFO, "%s: the stub flasher is running already", loader->chip->name);
		return FF_OK;
	}
	if (flasher->options.no_stub) {
		return FF_OK;
	}
	const char *bar = stub_bar(loader);
	if (bar) {
		ff_log(log, FF_LOG_WARN, "%s: no stub flasher, %s", loader->chip->name, bar);
		return FF_OK;
	}
	ff_session_enter(flasher, FF_PHASE_STUB, 0);
	struct ff_stub stub = { 0 };
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status =
		ff_stub_load(&stub, flasher->options.stub_dir, ff_chip_stub(loader->chip, loader->revision), &local);
	if (status == FF_ERR_NOT_FOUND) {
		ff_log(log, FF_LOG_WARN, "%s; going on with the ROM loader, which is slower", local.text);
		return FF_OK;
	}
	if (status == FF_OK) {
		status = ff_loader_run_stub(loader, &stub, &local);
		ff_stub_release(&stub);
	}
	if (status != FF_OK && error && error->status == FF_OK) {
		*error = local;
	}
	return status;
}

static enum ff_status change_baud(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	uint32_t baud = flasher->options.baud;
	if (baud == 0 || baud == loader->link.baud) {
		return FF_OK;
	}
	if (flasher->transport->fixed_baud || !ff_loader_can_set_baud(loader)) {
		ff_log(flasher->observer.log, FF_LOG_WARN, "%s: staying at %u baud, because the %s cannot change it",
		       loader->chip->name, loader->link.baud, flasher->transport->fixed_baud ? "port" : "ROM loader");
		return FF_OK;
	}
	ff_session_enter(flasher, FF_PHASE_BAUD, 0);
	return ff_loader_set_baud(loader, baud, error);
}

static void fill_info(struct ff_flasher *flasher)
{
	const struct ff_loader *loader = &flasher->loader;
	flasher->info = (struct ff_board_info){
		.chip = loader->chip->name,
		.revision = loader->revision,
		.crystal_mhz = loader->crystal_mhz,
		.flash_id = loader->flash_id,
		.flash_size = loader->flash_size,
		.stub = loader->stub,
		.baud = loader->link.baud,
	};
	memcpy(flasher->info.mac, loader->mac, sizeof(flasher->info.mac));
}

static enum ff_status establish(struct ff_flasher *flasher, struct ff_error *error)
{
	enum ff_status status = connect(flasher, error);
	if (status == FF_OK) {
		status = run_stub(flasher, error);
	}
	if (status == FF_OK) {
		status = change_baud(flasher, error);
	}
	if (status == FF_OK) {
		ff_session_enter(flasher, FF_PHASE_SYNC, 0);
		status = ff_flash_attach(&flasher->loader, error);
	}
	if (status == FF_OK) {
		fill_info(flasher);
		flasher->in_step = true;
	}
	ff_session_rest(flasher);
	return status;
}

static enum ff_status take_options(struct ff_flasher *flasher, const struct ff_connect_options *options,
				   struct ff_error *error)
{
	if (options) {
		flasher->options = *options;
	}
	if (flasher->options.attempts > MAX_ATTEMPTS) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%u attempts are too many: 1 to %d are possible",
				    flasher->options.attempts, MAX_ATTEMPTS);
	}
	if (flasher->options.attempts == 0) {
		flasher->options.attempts = DEFAULT_ATTEMPTS;
	}
	if (flasher->options.initial_baud == 0) {
		flasher->options.initial_baud = DEFAULT_BAUD;
	}
	return FF_OK;
}

/* Puts the port back to the rate that its owner knows it at. */
static enum ff_status restore_port(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_transport *transport = flasher->transport;
	uint32_t baud = flasher->loader.initial_baud;
	if (flasher->loader.link.baud == baud) {
		return FF_OK;
	}
	int64_t deadline = ff_deadline_ms(BAUD_TIMEOUT_MS + transport->latency_ms);
	enum ff_status status = transport->ops->set_baud(transport->self, baud, deadline, error);
	if (status == FF_OK) {
		flasher->loader.link.baud = baud;
	}
	return status;
}

enum ff_status ff_flasher_open(struct ff_flasher **flasher, struct ff_transport *transport,
			       const struct ff_connect_options *options, const struct ff_observer *observer,
			       struct ff_error *error)
{
	struct ff_flasher *created = calloc(1, sizeof(*created));
	if (!created) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for a flasher");
	}
	created->transport = transport;
	if (observer) {
		created->observer = *observer;
	}
	enum ff_status status = take_options(created, options, error);
	if (status == FF_OK) {
		struct ff_link_hooks hooks = {
			.cancelled = created->observer.cancelled,
			.context = created->observer.context,
			.log = created->observer.log,
		};
		ff_loader_init(&created->loader, transport, created->options.initial_baud, &hooks);
		status = establish(created, error);
	}
	if (status != FF_OK) {
		if (status != FF_ERR_LOST && status != FF_ERR_ARGUMENT) {
			enum ff_status ignored = restore_port(created, NULL);
			(void)ignored;
		}
		free(created);
		return status;
	}
	*flasher = created;
	return FF_OK;
}

const struct ff_board_info *ff_flasher_info(const struct ff_flasher *flasher)
{
	return &flasher->info;
}

const int64_t *ff_flasher_phase_times(const struct ff_flasher *flasher)
{
	return flasher->times;
}

/* ROMs have no chip erase, but they erase what a write begins with. */
static enum ff_status erase_by_region(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	if (loader->flash_size == 0) {
		return ff_error_set(
			error, FF_ERR_UNSUPPORTED,
			"the size of the flash is unknown, so the ROM loader cannot erase it: use the stub");
	}
	for (uint32_t at = 0; at < loader->flash_size; at += ERASE_STEP) {
		uint32_t left = loader->flash_size - at;
		uint32_t step = left < ERASE_STEP ? left : ERASE_STEP;
		enum ff_status status = ff_flash_erase(loader, at, step, error);
		if (status != FF_OK) {
			return status;
		}
		ff_session_progress(flasher, (uint64_t)at + step, 0, at);
	}
	return FF_OK;
}

enum ff_status ff_flasher_erase_chip(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	ff_session_enter(flasher, FF_PHASE_ERASE, loader->flash_size);
	enum ff_status status = loader->stub ? ff_flash_erase_chip(loader, error) : erase_by_region(flasher, error);
	if (status == FF_OK) {
		ff_session_progress(flasher, loader->flash_size, 0, 0);
	} else if (status != FF_ERR_UNSUPPORTED) {
		flasher->in_step = false;
	}
	ff_session_rest(flasher);
	return status;
}

static enum ff_status stay(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	if (flasher->in_step && loader->link.baud != loader->initial_baud) {
		/* The next one to talk to this loader will start at the usual rate. */
		enum ff_status status = ff_loader_set_baud(loader, loader->initial_baud, error);
		if (status != FF_OK) {
			return status;
		}
	}
	return restore_port(flasher, error);
}

static enum ff_status leave(struct ff_flasher *flasher, enum ff_after after, struct ff_error *error)
{
	if (after == FF_AFTER_NO_RESET) {
		return stay(flasher, error);
	}
	/* First the rate, so that the application's first words are readable. */
	enum ff_status status = restore_port(flasher, error);
	enum ff_status reset = ff_board_reset(flasher->transport, error);
	return status == FF_OK ? reset : status;
}

enum ff_status ff_flasher_leave(struct ff_flasher *flasher, enum ff_after after, struct ff_error *error)
{
	if (flasher->left) {
		return FF_OK;
	}
	flasher->left = true;
	/* A caller who cancelled the work still wants the board left in order. */
	flasher->loader.link.hooks.cancelled = NULL;
	ff_session_enter(flasher, FF_PHASE_REBOOT, 0);
	enum ff_status status = leave(flasher, after, error);
	ff_session_rest(flasher);
	return status;
}

enum ff_status ff_flasher_close(struct ff_flasher *flasher, enum ff_after after, struct ff_error *error)
{
	if (!flasher) {
		return FF_OK;
	}
	enum ff_status status = ff_flasher_leave(flasher, after, error);
	free(flasher);
	return status;
}

static enum ff_status move_lines(struct ff_transport *transport, const struct ff_reset *reset, struct ff_error *error)
{
	if (!transport->has_lines) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the port has no control lines, so the board cannot be reset from here: press its "
				    "reset button");
	}
	enum ff_status status = transport->ops->set_lines(transport->self, reset->steps, reset->count, error);
	if (status != FF_OK) {
		return ff_error_set(error, status, "cannot move the control lines: %s", ff_status_text(status));
	}
	return FF_OK;
}

enum ff_status ff_board_reset(struct ff_transport *transport, struct ff_error *error)
{
	return move_lines(transport, ff_reset_to_application(), error);
}

enum ff_status ff_board_enter_bootloader(struct ff_transport *transport, struct ff_error *error)
{
	return move_lines(transport, ff_reset_to_loader(0), error);
}
