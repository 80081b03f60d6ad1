// SPDX-License-Identifier: Apache-2.0
#include "upkeep.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "config_change.h"
#include "config_file.h"
#include "prober.h"

#define LOOK_MS 100     /* how often boards are looked at that do not let go yet, or are in the way */
#define TIDY_MS 3600000 /* how often boards are looked at that may be forgotten */
#define PROBE_MS 60000  /* how often boards in quarantine are looked at, at least */
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
	upkeep->on_reload(upkeep->context);
	if (read_again(upkeep->config, &fresh, &error) != FF_OK) {
		ff_log(upkeep->log, FF_LOG_ERROR, "SIGHUP: everything stays as it is: %s", error.text);
	} else {
		if (ff_config_changed_options(upkeep->config, &fresh, names, sizeof(names))) {
			ff_log(upkeep->log, FF_LOG_WARN, "what has changed in these keys needs a restart: %s", names);
		}
		ff_fleet_apply(upkeep->fleet, &fresh);
		ff_discovery_look(upkeep->discovery);
		ff_log(upkeep->log, FF_LOG_INFO, "SIGHUP: the boards are those of %s now", upkeep->config->source.path);
	}
	ff_config_release(&fresh);
}

/* Waits for a signal or for something to look at; 0: it was no signal. */
static int wait_signal(const struct ff_upkeep *upkeep, int signal_fd, int timeout_ms)
{
	struct signalfd_siginfo received;
	struct pollfd items[] = {
		{ .fd = signal_fd, .events = POLLIN },
		{ .fd = ff_discovery_fd(upkeep->discovery), .events = POLLIN },
		{ .fd = upkeep->discovery->learned_fd, .events = POLLIN },
	};
	int ready = poll(items, 3, timeout_ms);
	if (ready > 0 && items[0].revents && read(signal_fd, &received, sizeof(received)) == sizeof(received)) {
		return (int)received.ssi_signo;
	}
	if (ready > 0 || upkeep->discovery->again) {
		ff_discovery_look(upkeep->discovery);
	}
	return 0;
}

/* What is done now and then. Answers in how many milliseconds it may be time again. */
static int look_around(const struct ff_upkeep *upkeep, struct ff_prober *prober, int64_t *tidy_us)
{
	bool leaving = ff_fleet_reap(upkeep->fleet);
	if (ff_now_us() >= *tidy_us) {
		ff_discovery_tidy(upkeep->discovery);
		*tidy_us = ff_deadline_ms(TIDY_MS);
	}
	ff_prober_look(prober);
	if (leaving || upkeep->discovery->again) {
		return LOOK_MS;
	}
	if (prober->first_s == 0) {
		return TIDY_MS;
	}
	return prober->first_s < PROBE_MS / 1000 ? (int)prober->first_s * 1000 : PROBE_MS;
}

int ff_upkeep_run(const struct ff_upkeep *upkeep)
{
	int signal_fd = signalfd(-1, upkeep->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	int64_t tidy_us = 0;
	struct ff_prober prober = {
		.boards = upkeep->fleet->options.boards,
		.quarantine = upkeep->quarantine,
		.queue = upkeep->fleet->options.queue,
		.first_s = upkeep->config->quarantine_probe_s,
	};
	for (;;) {
		int timeout_ms = look_around(upkeep, &prober, &tidy_us);
		int received = 0;
		if (signal_fd >= 0) {
			received = wait_signal(upkeep, signal_fd, timeout_ms);
		} else { /* no descriptor is left; the signals still come */
			sigwait(upkeep->signals, &received);
		}
		/* Without a file it is what it always was: the terminal has gone. */
		if (received == SIGHUP && upkeep->config->source.path) {
			reload(upkeep);
		} else if (received != 0) {
			if (signal_fd >= 0) {
				close(signal_fd);
			}
			return received;
		}
	}
}
