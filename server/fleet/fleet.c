// SPDX-License-Identifier: Apache-2.0
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_change.h"

#define REMOVED "the board was removed from the server"
#define STOPPING "the server is stopping"

enum ff_status ff_fleet_init(struct ff_fleet *fleet, const struct ff_fleet_options *options, struct ff_error *error)
{
	*fleet = (struct ff_fleet){ .options = *options };
	fleet->members = calloc(FF_BOARDS_MAX, sizeof(struct ff_member *));
	fleet->leaving = calloc(FF_BOARDS_MAX, sizeof(struct ff_worker *));
	fleet->series = calloc(FF_BOARDS_MAX, sizeof(*fleet->series));
	return fleet->members && fleet->leaving && fleet->series
		       ? FF_OK
		       : ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
}

struct ff_member *ff_fleet_find(const struct ff_fleet *fleet, const char *name)
{
	for (size_t i = 0; i < fleet->count; i++) {
		if (strcmp(fleet->members[i]->config.name, name) == 0) {
			return fleet->members[i];
		}
	}
	return NULL;
}

/* The index that was this board's before, the lowest that was nobody's, or the lowest whose board is not there. */
static size_t take_index(struct ff_fleet *fleet, const char *name)
{
	size_t found = FF_BOARDS_MAX;
	for (size_t i = 0; i < FF_BOARDS_MAX && found == FF_BOARDS_MAX; i++) {
		found = strcmp(fleet->series[i], name) == 0 ? i : found;
	}
	for (size_t i = 0; i < FF_BOARDS_MAX && found == FF_BOARDS_MAX; i++) {
		found = fleet->series[i][0] == '\0' ? i : found;
	}
	for (size_t i = 0; i < FF_BOARDS_MAX && found == FF_BOARDS_MAX; i++) {
		found = ff_fleet_find(fleet, fleet->series[i]) ? found : i;
	}
	if (found < FF_BOARDS_MAX) {
		snprintf(fleet->series[found], sizeof(fleet->series[found]), "%s", name);
	}
	return found;
}

/* ---- a board comes ---- */

/* Makes a member with its ports open, and no board yet. */
static enum ff_status prepare(struct ff_fleet *fleet, const struct ff_config_board *board, struct ff_error *error)
{
	if (fleet->count + fleet->leaving_count >= FF_BOARDS_MAX) {
		return ff_error_set(error, FF_ERR_BUSY, "there are %d boards already", FF_BOARDS_MAX);
	}
	struct ff_member *member = calloc(1, sizeof(*member));
	if (!member) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	member->config = *board;
	member->index = take_index(fleet, board->name);
	enum ff_status status =
		ff_doors_open(fleet->options.doors, fleet->options.config, board, member->index, &member->door, error);
	if (status != FF_OK) {
		free(member);
		return status;
	}
	fleet->members[fleet->count++] = member;
	return FF_OK;
}

/* Selectors ask for a board's chip, and nobody probes a whole rack because the server was started. */
static void remember(const struct ff_fleet *fleet, struct ff_worker *worker)
{
	struct ff_board_facts facts;
	if (ff_queue_facts(fleet->options.queue, ff_worker_name(worker), &facts)) {
		ff_worker_remember(worker, &facts);
	}
}

static enum ff_status start(struct ff_fleet *fleet, struct ff_member *member, struct ff_error *error)
{
	const struct ff_config_board *board = &member->config;
	const struct ff_worker_options options = {
		.number = ++fleet->last_number,
		.name = board->name,
		.address = board->address,
		.work_baud = board->baud,
		.resets = board->resets,
		.labels = &board->labels,
		.power = &board->power,
		.logbook = fleet->options.logbook,
		.log = fleet->options.log,
		.notify = ff_doors_notify,
		.notify_context = member->door,
		.freed = ff_dispatch_kick,
		.freed_context = fleet->options.dispatch,
		.learned = fleet->options.learned,
		.learned_context = fleet->options.learned_context,
		.rfc2217_port = member->door->rfc2217.port,
		.raw_port = member->door->raw.port,
	};
	enum ff_status status = ff_worker_new(&member->worker, &options, error);
	if (status == FF_OK) {
		remember(fleet, member->worker);
		status = ff_doors_admit(member->door, member->worker, board->passthrough, error);
	}
	if (status == FF_OK && (status = ff_boards_add(fleet->options.boards, member->worker)) != FF_OK) {
		ff_error_set(error, status, "%s: the board cannot be added: %s", board->name, ff_status_text(status));
	}
	return status;
}

enum ff_status ff_fleet_add(struct ff_fleet *fleet, const struct ff_config_board *boards, size_t count,
			    struct ff_error *error)
{
	size_t before = fleet->count;
	enum ff_status status = FF_OK;
	for (size_t i = 0; i < count && status == FF_OK; i++) {
		status = prepare(fleet, &boards[i], error);
	}
	for (size_t i = before; i < fleet->count && status == FF_OK; i++) {
		status = start(fleet, fleet->members[i], error);
	}
	while (status != FF_OK && fleet->count > before) {
		ff_fleet_remove(fleet, fleet->members[fleet->count - 1]);
	}
	return status;
}

/* ---- a board goes ---- */

static void forget(struct ff_fleet *fleet, const struct ff_member *member)
{
	size_t at = 0;
	while (fleet->members[at] != member) {
		at++;
	}
	memmove(fleet->members + at, fleet->members + at + 1, (--fleet->count - at) * sizeof(struct ff_member *));
}

/* In this order nothing new can begin behind what has ended. */
static void end_work(struct ff_fleet *fleet, struct ff_worker *worker)
{
	(void)!ff_boards_remove(fleet->options.boards, worker);
	ff_queue_end_board(fleet->options.queue, worker); /* for the words that those who wait are told */
	ff_worker_stop(worker, REMOVED);
	ff_queue_end_board(fleet->options.queue, worker);
	ff_leases_end_board(fleet->options.leases, worker);
}

void ff_fleet_remove(struct ff_fleet *fleet, struct ff_member *member)
{
	forget(fleet, member);
	if (member->worker) {
		end_work(fleet, member->worker);
	}
	ff_doors_shut(member->door, REMOVED);
	if (member->worker) {
		fleet->leaving[fleet->leaving_count++] = member->worker;
		ff_fleet_reap(fleet);
	}
	free(member);
}

bool ff_fleet_reap(struct ff_fleet *fleet)
{
	for (size_t i = 0; i < fleet->leaving_count;) {
		if (ff_worker_join(fleet->leaving[i], 0)) {
			ff_worker_free(fleet->leaving[i]);
			fleet->leaving[i] = fleet->leaving[--fleet->leaving_count];
		} else {
			i++;
		}
	}
	return fleet->leaving_count > 0;
}

/* ---- the configuration is another ---- */

static const struct ff_config_board *find_board(const struct ff_config *config, const char *name)
{
	for (size_t i = 0; i < config->board_count; i++) {
		if (strcmp(config->boards[i].name, name) == 0) {
			return &config->boards[i];
		}
	}
	return NULL;
}

static void remove_others(struct ff_fleet *fleet, const struct ff_config *config)
{
	for (size_t i = fleet->count; i-- > 0;) {
		struct ff_member *member = fleet->members[i];
		const struct ff_config_board *board = find_board(config, member->config.name);
		if (!board && member->discovered) {
			continue; /* nobody has named it, so nobody can take its name away */
		}
		if (!board) {
			ff_log(fleet->options.log, FF_LOG_INFO, "%s: the board is removed", member->config.name);
			ff_fleet_remove(fleet, member);
		} else if (ff_config_board_has_other_ports(&member->config, board)) {
			ff_log(fleet->options.log, FF_LOG_INFO, "%s: the board gets other TCP ports",
			       member->config.name);
			ff_fleet_remove(fleet, member);
		}
	}
}

static void change_settings(struct ff_fleet *fleet, struct ff_member *member, const struct ff_config_board *board)
{
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_worker_options options = {
		.name = board->name,
		.work_baud = board->baud,
		.resets = board->resets,
		.labels = &board->labels,
		.power = &board->power,
	};
	if (ff_worker_configure(member->worker, &options, &error) == FF_OK) {
		ff_log(fleet->options.log, FF_LOG_INFO, "%s: new settings", board->name);
	} else {
		ff_log(fleet->options.log, FF_LOG_ERROR, "%s: its settings stay: %s", board->name, error.text);
	}
}

static void change(struct ff_fleet *fleet, struct ff_member *member, const struct ff_config_board *board)
{
	const struct ff_config_board before = member->config;
	member->config = *board;
	member->discovered = false;
	if (ff_config_board_has_other_settings(&before, board)) {
		change_settings(fleet, member, board);
	}
	if (before.passthrough != board->passthrough) {
		ff_doors_set_passthrough(member->door, board->passthrough);
	}
	if (strcmp(before.address, board->address) != 0 || !ff_port_id_equals(&before.identity, &board->identity)) {
		struct ff_board_place place = { .sought = false };
		snprintf(place.address, sizeof(place.address), "%s", board->address);
		ff_log(fleet->options.log, FF_LOG_INFO, "%s: the board is %s%s now", board->name,
		       board->address[0] ? "at " : "looked for", board->address);
		member->has_port = member->present = false;
		ff_worker_move(member->worker, &place, true);
	}
}

void ff_fleet_apply(struct ff_fleet *fleet, const struct ff_config *config)
{
	remove_others(fleet, config);
	for (size_t i = 0; i < config->board_count; i++) {
		const struct ff_config_board *board = &config->boards[i];
		struct ff_member *member = ff_fleet_find(fleet, board->name);
		struct ff_error error = FF_ERROR_NONE;
		if (member) {
			change(fleet, member, board);
		} else if (ff_fleet_add(fleet, board, 1, &error) != FF_OK) {
			ff_log(fleet->options.log, FF_LOG_ERROR, "%s: the board cannot be added: %s", board->name,
			       error.text);
		}
	}
}

/* ---- the end ---- */

static bool join(struct ff_fleet *fleet, struct ff_worker *worker, int64_t deadline_us)
{
	bool ended = ff_worker_join(worker, deadline_us);
	if (!ended) {
		ff_log(fleet->options.log, FF_LOG_ERROR, "%s: the board does not let go of its thread; giving up",
		       ff_worker_name(worker));
	}
	return ended;
}

bool ff_fleet_stop(struct ff_fleet *fleet, int64_t deadline_us)
{
	bool ended = true;
	for (size_t i = 0; i < fleet->count; i++) {
		if (fleet->members[i]->worker) {
			ff_worker_stop(fleet->members[i]->worker, STOPPING);
		}
	}
	for (size_t i = 0; i < fleet->count && ended; i++) {
		ended = !fleet->members[i]->worker || join(fleet, fleet->members[i]->worker, deadline_us);
	}
	for (size_t i = 0; i < fleet->leaving_count && ended; i++) {
		ended = join(fleet, fleet->leaving[i], deadline_us);
	}
	return ended;
}

void ff_fleet_release(struct ff_fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++) {
		ff_worker_free(fleet->members[i]->worker);
		free(fleet->members[i]);
	}
	for (size_t i = 0; i < fleet->leaving_count; i++) {
		ff_worker_free(fleet->leaving[i]);
	}
	free(fleet->members);
	free(fleet->leaving);
	free(fleet->series);
	*fleet = (struct ff_fleet){ .count = 0 };
}
