// SPDX-License-Identifier: Apache-2.0
#include "upkeep.h"

#include <errno.h>
#include <time.h>

#include "config_change.h"
#include "config_file.h"

#define REAP_MS 100 /* how often boards that do not let go yet are looked at */
#define NAMES_SIZE 256

/* The file as it is now, and the boards of the command line, which stay. */
static enum ff_status read_again(const struct ff_config *before, struct ff_config *fresh, struct ff_error *error)
{
	const struct ff_config_source *source = &before->source;
	ff_config_init(fresh);
	enum ff_status status = ff_config_load(fresh, source->path, error);
	for (size_t i = source->board_count; i < before->board_count && status == FF_OK; i++) {
		struct ff_error reason = FF_ERROR_NONE;
		status = ff_config_append_board(fresh, &before->boards[i], &reason);
		if (status != FF_OK) {
			ff_error_set(error, status, "%s: with the boards of the command line, %s", source->path,
				     reason.text);
		}
	}
	return status;
}

static void reload(const struct ff_upkeep *upkeep)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_config fresh;
	char names[NAMES_SIZE];
	if (read_again(upkeep->config, &fresh, &error) != FF_OK) {
		ff_log(upkeep->log, FF_LOG_ERROR, "SIGHUP: everything stays as it is: %s", error.text);
	} else {
		if (ff_config_changed_options(upkeep->config, &fresh, names, sizeof(names))) {
			ff_log(upkeep->log, FF_LOG_WARN, "what has changed in these keys needs a restart: %s", names);
		}
		ff_fleet_apply(upkeep->fleet, &fresh);
		ff_log(upkeep->log, FF_LOG_INFO, "SIGHUP: the boards are those of %s now",
		       upkeep->config->source.path);
	}
	ff_config_release(&fresh);
}

/* 0: the time is over. */
static int wait_signal(const struct ff_upkeep *upkeep, bool hurry)
{
	const struct timespec pause = { .tv_nsec = REAP_MS * 1000000L };
	int received = hurry ? sigtimedwait(upkeep->signals, NULL, &pause) : sigwaitinfo(upkeep->signals, NULL);
	return received > 0 ? received : 0;
}

int ff_upkeep_run(const struct ff_upkeep *upkeep)
{
	for (;;) {
		bool leaving = ff_fleet_reap(upkeep->fleet);
		int received = wait_signal(upkeep, leaving);
		/* Without a file it is what it always was: the terminal has gone. */
		if (received == SIGHUP && upkeep->config->source.path) {
			reload(upkeep);
		} else if (received != 0) {
			return received;
		}
	}
}
