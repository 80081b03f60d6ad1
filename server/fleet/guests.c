// SPDX-License-Identifier: Apache-2.0
/* The boards that nobody has named: they are taken in, remembered while they are gone, and forgotten at last. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "config_board.h"
#include "discovery_inner.h"

#define MEMORY_MS ((int64_t)7 * 86400 * 1000) /* how long one that is gone is still listed */

/* ---- what is remembered ---- */

static struct ff_known_board *find_known(const struct ff_discovery *discovery, const char *name)
{
	for (size_t i = 0; i < discovery->board_count; i++) {
		if (strcmp(discovery->boards[i].name, name) == 0) {
			return &discovery->boards[i];
		}
	}
	return NULL;
}

static void forget(struct ff_discovery *discovery, struct ff_known_board *known)
{
	size_t behind = (size_t)(discovery->boards + --discovery->board_count - known);
	memmove(known, known + 1, behind * sizeof(*known));
}

static void remove_guest(struct ff_discovery *discovery, struct ff_member *guest)
{
	struct ff_known_board *known = find_known(discovery, guest->config.name);
	if (known) {
		forget(discovery, known);
	}
	ff_fleet_remove(discovery->fleet, guest);
}

/* Nobody works with it or waits for it. */
static bool is_unused(const struct ff_discovery *discovery, const struct ff_member *guest)
{
	return ff_worker_is_free(guest->worker) &&
	       ff_dispatch_waiting(discovery->fleet->options.dispatch, guest->worker) == 0;
}

/* The board that has been gone the longest, of those that are gone and that nobody needs; NULL: there is none. */
static struct ff_member *longest_gone(const struct ff_discovery *discovery, int64_t *gone_ms)
{
	struct ff_member *longest = NULL;
	for (size_t i = 0; i < discovery->fleet->count; i++) {
		struct ff_member *member = discovery->fleet->members[i];
		const struct ff_known_board *known = find_known(discovery, member->config.name);
		bool gone = member->discovered && !member->present && known;
		if (gone && (!longest || known->gone_ms < *gone_ms) && is_unused(discovery, member)) {
			longest = member;
			*gone_ms = known->gone_ms;
		}
	}
	return longest;
}

/* A name of which there is no board any more: it was given up for want of ports, or is the configuration's now. */
static struct ff_known_board *mere_name(const struct ff_discovery *discovery)
{
	for (size_t i = 0; i < discovery->board_count; i++) {
		const struct ff_member *member = ff_fleet_find(discovery->fleet, discovery->boards[i].name);
		if (!member || !member->discovered) {
			return &discovery->boards[i];
		}
	}
	return NULL;
}

void ff_guests_remember(struct ff_discovery *discovery, const struct ff_member *member)
{
	struct ff_known_board *known = find_known(discovery, member->config.name);
	if (!known) {
		struct ff_known_board *old = discovery->board_count == FF_BOARDS_MAX ? mere_name(discovery) : NULL;
		if (old) {
			forget(discovery, old);
		}
		if (discovery->board_count == FF_BOARDS_MAX) {
			return;
		}
		known = &discovery->boards[discovery->board_count++];
		*known = (struct ff_known_board){ .gone_ms = 0 };
		memcpy(known->name, member->config.name, FF_BOARD_NAME_SIZE);
	}
	known->port = member->port;
	if (member->present) {
		known->gone_ms = 0;
	} else if (known->gone_ms == 0) {
		known->gone_ms = ff_wall_ms();
	}
}

/* ---- boards come ---- */

static bool is_taken(const struct ff_discovery *discovery, const char *name)
{
	return ff_fleet_find(discovery->fleet, name) || find_known(discovery, name);
}

/* The name that it had, or a new one that nobody has or had. */
static void name_guest(const struct ff_discovery *discovery, size_t port, char name[FF_BOARD_NAME_SIZE])
{
	for (size_t i = 0; i < discovery->board_count; i++) {
		const struct ff_known_board *known = &discovery->boards[i];
		if (ff_discovery_is_same(discovery, &known->port, port) &&
		    !ff_fleet_find(discovery->fleet, known->name)) {
			memcpy(name, known->name, FF_BOARD_NAME_SIZE);
			return;
		}
	}
	ff_port_id_name(name, &discovery->ports[port], false);
	if (is_taken(discovery, name)) {
		ff_port_id_name(name, &discovery->ports[port], true);
	}
	size_t size = strlen(name);
	for (unsigned number = 2; is_taken(discovery, name) && number < FF_BOARDS_MAX; number++) {
		snprintf(name + size, FF_BOARD_NAME_SIZE - size, "-%u", number);
	}
}

/* `device`: where it is, so that its port is not missed in the beginning; empty: nowhere. NULL: that is logged. */
static struct ff_member *add_guest(struct ff_discovery *discovery, const char *name, const struct ff_found_port *port,
				   const char *device)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_config_board board;
	ff_config_board_init(&board);
	snprintf(board.name, sizeof(board.name), "%s", name);
	snprintf(board.address, sizeof(board.address), "%s", device);
	if (ff_fleet_add(discovery->fleet, &board, 1, &error) != FF_OK) {
		ff_log(discovery->log, FF_LOG_ERROR, "the board %s (usb %s) cannot be taken in: %s", name, port->usb,
		       error.text);
		return NULL;
	}
	struct ff_member *member = ff_fleet_find(discovery->fleet, name);
	member->discovered = true;
	member->config.address[0] = '\0'; /* nobody has said that it has to be there */
	return member;
}

static bool is_full(const struct ff_fleet *fleet)
{
	return fleet->count + fleet->leaving_count >= FF_BOARDS_MAX;
}

/* False: it is tried again when those who are just going have gone. */
static bool make_room(struct ff_discovery *discovery)
{
	const struct ff_fleet *fleet = discovery->fleet;
	int64_t gone_ms = 0;
	bool wanted = is_full(fleet) && fleet->leaving_count == 0;
	struct ff_member *longest = wanted ? longest_gone(discovery, &gone_ms) : NULL;
	if (longest) {
		ff_log(discovery->log, FF_LOG_INFO, "%s: it has been gone the longest, and makes room for another",
		       longest->config.name);
		remove_guest(discovery, longest);
	}
	bool waits = is_full(fleet) && fleet->leaving_count > 0;
	discovery->again |= waits;
	return !waits;
}

void ff_guests_take_in(struct ff_discovery *discovery, size_t port)
{
	const struct ff_found_port *found = &discovery->ports[port];
	char name[FF_BOARD_NAME_SIZE];
	if (!make_room(discovery)) {
		return;
	}
	name_guest(discovery, port, name);
	struct ff_member *member = add_guest(discovery, name, found, found->device);
	if (member) {
		ff_discovery_assign(discovery, member, found);
	}
}

/* Whether the configuration has named what was taken in as a stranger. */
static bool is_named(const struct ff_discovery *discovery, const struct ff_known_board *known)
{
	bool named = ff_fleet_find(discovery->fleet, known->name) != NULL;
	for (size_t i = 0; i < discovery->fleet->count; i++) {
		const struct ff_member *member = discovery->fleet->members[i];
		const struct ff_port_id *identity = &member->config.identity;
		named |= !member->discovered && !ff_port_id_is_empty(identity) &&
			 ff_port_id_matches(identity, &known->port);
	}
	return named;
}

/* The device that a board which was known has now; empty: none. */
static const char *find_device(const struct ff_discovery *discovery, const struct ff_known_board *known)
{
	for (size_t i = 0; i < discovery->port_count; i++) {
		if (ff_discovery_is_same(discovery, &known->port, i)) {
			return discovery->ports[i].device;
		}
	}
	return "";
}

void ff_guests_recall(struct ff_discovery *discovery)
{
	for (size_t i = 0; i < discovery->board_count && discovery->config->discover;) {
		struct ff_known_board *known = &discovery->boards[i];
		if (is_named(discovery, known)) {
			forget(discovery, known);
			continue;
		}
		struct ff_member *member =
			add_guest(discovery, known->name, &known->port, find_device(discovery, known));
		if (member) {
			member->port = known->port;
			member->has_port = member->present = true; /* as it was left */
		}
		i++;
	}
}

/* ---- boards go ---- */

bool ff_guests_clear(struct ff_discovery *discovery, size_t port, const struct ff_member *heir)
{
	struct ff_member *guest = NULL;
	for (size_t i = 0; i < discovery->fleet->count && !guest; i++) {
		struct ff_member *member = discovery->fleet->members[i];
		bool known = member->discovered && member != heir;
		guest = known && ff_discovery_is_same(discovery, &member->port, port) ? member : NULL;
	}
	if (!guest) {
		return true;
	}
	if (!is_unused(discovery, guest)) {
		discovery->again = true;
		return false;
	}
	ff_log(discovery->log, FF_LOG_INFO, "%s: it is %s", guest->config.name, heir->config.name);
	remove_guest(discovery, guest);
	return true;
}

void ff_guests_tidy(struct ff_discovery *discovery)
{
	int64_t gone_ms = 0;
	struct ff_member *longest;
	while ((longest = longest_gone(discovery, &gone_ms)) && ff_wall_ms() - gone_ms > MEMORY_MS) {
		ff_log(discovery->log, FF_LOG_INFO, "%s: it has been gone for a week, and is forgotten",
		       longest->config.name);
		remove_guest(discovery, longest);
	}
}
