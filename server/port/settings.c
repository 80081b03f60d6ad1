// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <stdlib.h>

static enum ff_status parse_resets(struct ff_settings *settings, struct ff_error *error)
{
	const struct ff_board_resets *resets = &settings->resets;
	enum ff_status status = FF_OK;
	if (resets->enter[0]) {
		status = ff_sequence_parse(&settings->enter, resets->enter, error);
	}
	if (status == FF_OK && resets->hard[0]) {
		status = ff_sequence_parse(&settings->hard, resets->hard, error);
	}
	return status;
}

enum ff_status ff_settings_new(struct ff_settings **result, const struct ff_worker_options *options,
			       struct ff_error *error)
{
	struct ff_settings *settings = calloc(1, sizeof(*settings));
	if (!settings) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "%s: out of memory", options->name);
	}
	settings->work_baud = options->work_baud;
	settings->resets = options->resets;
	if (options->labels) {
		settings->labels = *options->labels;
	}
	if (options->power) {
		settings->power = *options->power;
	}
	enum ff_status status = parse_resets(settings, error);
	if (status != FF_OK) {
		free(settings);
		return status;
	}
	*result = settings;
	return FF_OK;
}

void ff_settings_free(struct ff_settings *settings)
{
	while (settings) {
		struct ff_settings *before = settings->before;
		free(settings);
		settings = before;
	}
}
