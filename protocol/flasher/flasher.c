// SPDX-License-Identifier: Apache-2.0
#include <farflash/flasher.h>

#include <stdlib.h>

#include "establish.h"
#include "leave.h"
#include "session.h"

#define DEFAULT_BAUD 115200
#define DEFAULT_ATTEMPTS 7
#define MAX_ATTEMPTS 100

static enum ff_status take_sequences(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_connect_options *options = &flasher->options;
	enum ff_status status = FF_OK;
	if (options->reset_sequence) {
		status = ff_sequence_parse(&flasher->reset_sequence, options->reset_sequence, error);
	}
	if (status == FF_OK && options->hard_reset_sequence) {
		status = ff_sequence_parse(&flasher->hard_reset_sequence, options->hard_reset_sequence, error);
	}
	options->reset_sequence = NULL;
	options->hard_reset_sequence = NULL;
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
	if (flasher->options.before == FF_BEFORE_USB_RESET && !flasher->transport->has_lines) {
		return ff_error_set(
			error, FF_ERR_UNSUPPORTED,
			"a port without control lines cannot reset the board: put it into its bootloader by "
			"hand, and ask for no reset (no-reset)");
	}
	return take_sequences(flasher, error);
}

/* After a failed open: the port at its rate, and a board that was reset into its loader back in its application. What
 * fails here is not worth a word beside what failed before. */
static void put_back(struct ff_flasher *flasher, enum ff_status failure)
{
	if (failure == FF_ERR_LOST || failure == FF_ERR_ARGUMENT || !flasher->loader.link.transport) {
		return;
	}
	enum ff_status status = ff_establish_port_rate(flasher, NULL);
	if (status == FF_OK && flasher->loader.resets > 0) {
		flasher->loader.link.hooks.cancelled = NULL;
		status = ff_leave_by_lines(&flasher->loader, &flasher->hard_reset_sequence, NULL);
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

enum ff_status ff_flasher_close(struct ff_flasher *flasher, enum ff_after after, struct ff_error *error)
{
	if (!flasher) {
		return FF_OK;
	}
	enum ff_status status = ff_flasher_leave(flasher, after, error);
	free(flasher);
	return status;
}
