// SPDX-License-Identifier: Apache-2.0
#include <farflash/flasher.h>

#include <stdlib.h>

#include "establish.h"
#include "reset.h"
#include "session.h"
#include "speed.h"

#define DEFAULT_BAUD 115200
#define DEFAULT_ATTEMPTS 7
#define MAX_ATTEMPTS 100

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

/* After a failed open: the port at its rate, and a board that was reset into its loader back in its application. What
 * fails here is not worth a word beside what failed before. */
static void put_back(struct ff_flasher *flasher, enum ff_status failure)
{
	if (failure == FF_ERR_LOST || failure == FF_ERR_ARGUMENT) {
		return;
	}
	enum ff_status status = ff_establish_port_rate(flasher, NULL);
	if (status == FF_OK && flasher->loader.resets > 0) {
		status = ff_board_reset(flasher->transport, NULL);
	}
	ff_log(flasher->observer.log, FF_LOG_DEBUG, "put the board back: %s", ff_status_text(status));
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
		status = ff_establish(created, error);
	}
	if (status != FF_OK) {
		put_back(created, status);
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

enum ff_status ff_flasher_security_info(const struct ff_flasher *flasher, struct ff_security_info *security,
					struct ff_error *error)
{
	const struct ff_loader *loader = &flasher->loader;
	if (!loader->security_known) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the %s does not tell its security state",
				    loader->chip->name);
	}
	*security = loader->security;
	return FF_OK;
}

const int64_t *ff_flasher_phase_times(const struct ff_flasher *flasher)
{
	return flasher->times;
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

static enum ff_status leave(struct ff_flasher *flasher, enum ff_after after, struct ff_error *error)
{
	if (after == FF_AFTER_NO_RESET) {
		return stay(flasher, error);
	}
	/* First the rate, so that the application's first words are readable. */
	enum ff_status status = ff_establish_port_rate(flasher, error);
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
	ff_session_enter(flasher, FF_PHASE_REBOOT, 0, 0);
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
