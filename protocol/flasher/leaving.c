// SPDX-License-Identifier: Apache-2.0
/* The end of a session: ff_flasher_leave() and what leads out of the loader otherwise. */
#include <farflash/flasher.h>

#include "establish.h"
#include "leave.h"
#include "session.h"
#include "speed.h"

enum ff_status ff_flasher_check_leave(const struct ff_flasher *flasher, enum ff_after after, struct ff_error *error)
{
	const struct ff_loader *loader = &flasher->loader;
	const char *bar = NULL;
	switch (after) {
	case FF_AFTER_HARD_RESET:
		bar = flasher->transport->has_lines ? NULL : "the port has no control lines to reset it by";
		break;
	case FF_AFTER_SOFT_RESET:
		bar = ff_leave_soft_bar(loader);
		break;
	case FF_AFTER_WATCHDOG_RESET:
		bar = ff_leave_watchdog_bar(loader);
		break;
	case FF_AFTER_NO_RESET:
		break;
	}
	return bar ? ff_error_set(error, FF_ERR_UNSUPPORTED, "%s: %s", loader->chip->name, bar) : FF_OK;
}

static enum ff_status stay(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	if (flasher->in_step && loader->link.baud != loader->initial_baud) {
		/* The next one to talk to this loader will start at the usual rate. */
		enum ff_status status = ff_speed_set_baud(loader, loader->initial_baud, error);
		if (status != FF_OK) {
			return status;
		}
	}
	return ff_establish_port_rate(flasher, error);
}

/* First the rate, so that the application's first words are readable. */
static enum ff_status reset_by_lines(struct ff_flasher *flasher, struct ff_error *error)
{
	enum ff_status status = ff_establish_port_rate(flasher, error);
	enum ff_status reset = ff_leave_by_lines(&flasher->loader, &flasher->hard_reset_sequence, error);
	return status == FF_OK ? reset : status;
}

/* These are asked of the loader, at its rate; a port that went away with the chip keeps the rate that it had. */
static enum ff_status ask_to_leave(struct ff_flasher *flasher,
				   enum ff_status (*ask)(struct ff_loader *loader, struct ff_error *error),
				   struct ff_error *error)
{
	enum ff_status status = ff_establish_ready(flasher, error);
	if (status == FF_OK) {
		status = ask(&flasher->loader, error);
	}
	enum ff_status rate = ff_establish_port_rate(flasher, status == FF_OK ? NULL : error);
	return status == FF_OK && rate != FF_ERR_LOST ? rate : status;
}

static enum ff_status leave(struct ff_flasher *flasher, enum ff_after after, struct ff_error *error)
{
	switch (after) {
	case FF_AFTER_NO_RESET:
		return stay(flasher, error);
	case FF_AFTER_SOFT_RESET:
		return ask_to_leave(flasher, ff_leave_softly, error);
	case FF_AFTER_WATCHDOG_RESET:
		return ask_to_leave(flasher, ff_leave_by_watchdog, error);
	case FF_AFTER_HARD_RESET:
		break;
	}
	bool custom = flasher->hard_reset_sequence.count > 0;
	if (!custom && flasher->in_step && ff_leave_needs_watchdog(&flasher->loader)) {
		return ask_to_leave(flasher, ff_leave_by_watchdog, error);
	}
	return reset_by_lines(flasher, error);
}

/* Nothing but closing may follow. */
static void begin(struct ff_flasher *flasher)
{
	flasher->left = true;
	/* A caller who cancelled the work still wants the board left in order. */
	flasher->loader.link.hooks.cancelled = NULL;
	ff_session_enter(flasher, FF_PHASE_REBOOT, 0, 0);
}

enum ff_status ff_flasher_leave(struct ff_flasher *flasher, enum ff_after after, struct ff_error *error)
{
	if (flasher->left) {
		return FF_OK;
	}
	begin(flasher);
	enum ff_status status = leave(flasher, after, error);
	ff_session_rest(flasher);
	return status;
}

enum ff_status ff_flasher_run(struct ff_flasher *flasher, struct ff_error *error)
{
	bool soft = !ff_leave_soft_bar(&flasher->loader);
	if (flasher->left) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the board has been left already");
	}
	if (!soft && ff_leave_watchdog_bar(&flasher->loader)) {
		return ff_flasher_check_leave(flasher, FF_AFTER_SOFT_RESET, error);
	}
	begin(flasher);
	enum ff_status status = leave(flasher, soft ? FF_AFTER_SOFT_RESET : FF_AFTER_WATCHDOG_RESET, error);
	ff_session_rest(flasher);
	return status;
}
