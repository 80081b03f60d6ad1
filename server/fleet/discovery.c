// SPDX-License-Identifier: Apache-2.0
#include "discovery.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "discovery_file.h"
#include "discovery_inner.h"

enum ff_status ff_discovery_init(struct ff_discovery *discovery, const struct ff_config *config, struct ff_fleet *fleet,
				 const struct ff_log *log, struct ff_error *error)
{
	*discovery = (struct ff_discovery){ .config = config, .log = log, .fleet = fleet };
	discovery->learned_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	discovery->ports = calloc(FF_PORT_SOURCE_MAX, sizeof(*discovery->ports));
	discovery->taken = calloc(FF_PORT_SOURCE_MAX, sizeof(*discovery->taken));
	discovery->boards = calloc(FF_BOARDS_MAX, sizeof(*discovery->boards));
	discovery->macs = calloc(FF_DISCOVERY_MACS, sizeof(*discovery->macs));
	if (asprintf(&discovery->path, "%s/boards.json", config->data_dir) < 0) {
		discovery->path = NULL;
	}
	if (!discovery->ports || !discovery->taken || !discovery->boards || !discovery->macs || !discovery->path) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	if (discovery->learned_fd < 0) {
		return ff_error_set_errno(error, FF_ERR_IO, errno, "no descriptor is left");
	}
	ff_discovery_read(discovery);
	return FF_OK;
}

void ff_discovery_release(struct ff_discovery *discovery)
{
	if (discovery->path) {
		close(discovery->learned_fd);
	}
	ff_port_source_close(&discovery->source);
	free(discovery->path);
	free(discovery->written);
	free(discovery->ports);
	free(discovery->taken);
	free(discovery->boards);
	free(discovery->macs);
	*discovery = (struct ff_discovery){ .path = NULL };
}

void ff_discovery_learned(void *context)
{
	const struct ff_discovery *discovery = context;
	eventfd_write(discovery->learned_fd, 1);
}

int ff_discovery_fd(const struct ff_discovery *discovery)
{
	return discovery->source.ops ? discovery->source.ops->fd(discovery->source.self) : -1;
}

/* ---- ports ---- */

/* Whether no other port that is there has its serial number. */
static bool is_alone(const struct ff_discovery *discovery, const struct ff_found_port *port)
{
	size_t same = 0;
	for (size_t i = 0; i < discovery->port_count; i++) {
		const struct ff_found_port *other = &discovery->ports[i];
		same += other->vendor == port->vendor && other->interface == port->interface &&
			strcmp(other->serial, port->serial) == 0;
	}
	return same == 1;
}

bool ff_discovery_is_same(const struct ff_discovery *discovery, const struct ff_found_port *before, size_t now)
{
	const struct ff_found_port *port = &discovery->ports[now];
	return ff_port_id_is_same(before, port, is_alone(discovery, port));
}

void ff_discovery_assign(struct ff_discovery *discovery, struct ff_member *member, const struct ff_found_port *port)
{
	struct ff_board_place place = { .sought = true, .present = port != NULL };
	bool fixed = member->config.address[0] != '\0' && !member->discovered;
	bool moved = port && (!member->has_port || strcmp(member->port.device, port->device) != 0 ||
			      strcmp(member->port.usb, port->usb) != 0 || !member->present);
	if (port ? !moved : !member->present && member->has_port) {
		return;
	}
	if (port) {
		member->port = *port;
		member->has_port = true;
	}
	member->present = port != NULL;
	if (member->has_port) {
		snprintf(place.usb, sizeof(place.usb), "%s", member->port.usb);
		snprintf(place.serial, sizeof(place.serial), "%s", member->port.serial);
		snprintf(place.product, sizeof(place.product), "%s", member->port.product);
	}
	snprintf(place.address, sizeof(place.address), "%s", fixed ? member->config.address : port ? port->device : "");
	ff_log(discovery->log, FF_LOG_INFO, "%s: %s%s (usb %s)", member->config.name,
	       port ? "the board is at " : "the board is not plugged in", port ? port->device : "",
	       place.usb[0] ? place.usb : "-");
	ff_worker_move(member->worker, &place, false);
	if (member->discovered) {
		ff_guests_remember(discovery, member);
	}
}

/* ---- boards with an address: they are not looked for, but it is told what they are ---- */

static void settle_fixed(struct ff_discovery *discovery, struct ff_member *member)
{
	const char *address = member->config.address;
	char real[PATH_MAX];
	address += strncmp(address, "serial:", 7) == 0 ? 7 : 0;
	if (*address != '/') {
		return;
	}
	const struct ff_found_port *found = NULL;
	for (size_t i = 0; i < discovery->port_count && realpath(address, real); i++) {
		char device[PATH_MAX];
		if (realpath(discovery->ports[i].device, device) && strcmp(device, real) == 0 &&
		    ff_guests_clear(discovery, i, member)) {
			discovery->taken[i] = true;
			found = &discovery->ports[i];
		}
	}
	if (found || member->has_port) {
		ff_discovery_assign(discovery, member, found);
	}
}

/* ---- boards with an identity ---- */

static struct ff_known_mac *find_mac(struct ff_discovery *discovery, const uint8_t mac[6])
{
	for (size_t i = 0; i < discovery->mac_count; i++) {
		if (memcmp(discovery->macs[i].mac, mac, 6) == 0) {
			return &discovery->macs[i];
		}
	}
	return NULL;
}

/* A chip behind an adapter is where it was seen last. */
static bool was_seen_at(struct ff_discovery *discovery, const struct ff_port_id *identity, size_t port)
{
	struct ff_port_id rest = *identity;
	const struct ff_known_mac *seen = find_mac(discovery, identity->mac);
	rest.has_mac = false;
	bool rest_fits = ff_port_id_is_empty(&rest) || ff_port_id_matches(&rest, &discovery->ports[port]);
	return identity->has_mac && seen && rest_fits && ff_discovery_is_same(discovery, &seen->port, port);
}

static void settle_sought(struct ff_discovery *discovery, struct ff_member *member)
{
	const struct ff_port_id *identity = &member->config.identity;
	const struct ff_found_port *found = NULL;
	for (size_t i = 0; i < discovery->port_count && !found; i++) {
		bool fits = ff_port_id_matches(identity, &discovery->ports[i]) || was_seen_at(discovery, identity, i);
		if (fits && !discovery->taken[i] && ff_guests_clear(discovery, i, member)) {
			discovery->taken[i] = true;
			found = &discovery->ports[i];
		}
	}
	ff_discovery_assign(discovery, member, found);
}

/* ---- boards that were taken in ---- */

static void settle_guest(struct ff_discovery *discovery, struct ff_member *member)
{
	const struct ff_found_port *found = NULL;
	for (size_t i = 0; i < discovery->port_count && !found; i++) {
		if (!discovery->taken[i] && ff_discovery_is_same(discovery, &member->port, i)) {
			discovery->taken[i] = true;
			found = &discovery->ports[i];
		}
	}
	ff_discovery_assign(discovery, member, found);
}

static bool is_wanted(const struct ff_discovery *discovery, const struct ff_found_port *port)
{
	const struct ff_config *config = discovery->config;
	bool listed = false;
	for (size_t i = 0; i < config->vendor_count; i++) {
		listed |= config->vendors[i] == port->vendor;
	}
	return config->vendor_count > 0 ? listed : ff_port_id_is_usual(port);
}

/* ---- chips ---- */

static void note_mac(struct ff_discovery *discovery, const uint8_t mac[6], int64_t seen_ms,
		     const struct ff_found_port *port)
{
	struct ff_known_mac *known = find_mac(discovery, mac);
	if (!known) {
		/* The first is forgotten for the last. */
		if (discovery->mac_count == FF_DISCOVERY_MACS) {
			memmove(discovery->macs, discovery->macs + 1, --discovery->mac_count * sizeof(*known));
		}
		known = &discovery->macs[discovery->mac_count++];
		*known = (struct ff_known_mac){ .seen_ms = INT64_MIN };
		memcpy(known->mac, mac, sizeof(known->mac));
	}
	if (seen_ms > known->seen_ms) {
		known->seen_ms = seen_ms;
		known->port = *port;
	}
}

static bool is_mac(const uint8_t mac[6])
{
	return mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5];
}

static void learn(struct ff_discovery *discovery)
{
	for (size_t i = 0; i < discovery->fleet->count; i++) {
		const struct ff_member *member = discovery->fleet->members[i];
		struct ff_board_view view;
		ff_worker_view(member->worker, &view);
		if (view.facts.known && member->present && is_mac(view.facts.mac)) {
			note_mac(discovery, view.facts.mac, view.facts.probed_ms, &member->port);
		}
	}
}

/* A board that was taken in, and whose chip has been seen behind another port since: it is at that port now. */
static void follow_chip(struct ff_discovery *discovery, struct ff_member *member)
{
	struct ff_board_view view;
	ff_worker_view(member->worker, &view);
	const struct ff_known_mac *seen = view.facts.known ? find_mac(discovery, view.facts.mac) : NULL;
	if (!seen || seen->seen_ms <= view.facts.probed_ms) {
		return;
	}
	for (size_t i = 0; i < discovery->port_count; i++) {
		bool there = ff_discovery_is_same(discovery, &member->port, i);
		if (!there && ff_discovery_is_same(discovery, &seen->port, i) &&
		    ff_guests_clear(discovery, i, member)) {
			member->port = discovery->ports[i];
			member->present = false; /* so that it is told where it is */
			return;
		}
	}
}

/* ---- all of it ---- */

static bool is_needed(const struct ff_discovery *discovery)
{
	bool needed = discovery->config->discover;
	for (size_t i = 0; i < discovery->fleet->count; i++) {
		needed |= !ff_port_id_is_empty(&discovery->fleet->members[i]->config.identity);
	}
	return needed;
}

static bool open_source(struct ff_discovery *discovery)
{
	struct ff_error error = FF_ERROR_NONE;
	if (!discovery->source.ops && is_needed(discovery) && ff_udev_ports_open(&discovery->source, &error) != FF_OK) {
		ff_log(discovery->log, FF_LOG_ERROR, "boards cannot be looked for: %s", error.text);
	}
	return discovery->source.ops != NULL;
}

/* Settles all members of a kind. One that comes to a port may send away who was taken in there, so the places in the fleet
 * change. */
static void settle_all(struct ff_discovery *discovery, bool (*is_one)(const struct ff_member *member),
		       void (*settle_one)(struct ff_discovery *discovery, struct ff_member *member))
{
	struct ff_fleet *fleet = discovery->fleet;
	for (size_t i = 0; i < fleet->count; i++) {
		struct ff_member *member = fleet->members[i];
		if (is_one(member)) {
			settle_one(discovery, member);
		}
		while (fleet->members[i] != member) {
			i--;
		}
	}
}

static bool is_fixed(const struct ff_member *member)
{
	return !member->discovered && member->config.address[0];
}

static bool is_sought(const struct ff_member *member)
{
	return !ff_port_id_is_empty(&member->config.identity);
}

static bool is_guest(const struct ff_member *member)
{
	return member->discovered;
}

/* Those for whom somebody has said more go first. */
static void settle(struct ff_discovery *discovery)
{
	settle_all(discovery, is_fixed, settle_fixed);
	settle_all(discovery, is_sought, settle_sought);
	settle_all(discovery, is_guest, follow_chip);
	settle_all(discovery, is_guest, settle_guest);
	for (size_t i = 0; i < discovery->port_count && discovery->config->discover; i++) {
		if (!discovery->taken[i] && is_wanted(discovery, &discovery->ports[i])) {
			ff_guests_take_in(discovery, i);
		}
	}
}

void ff_discovery_look(struct ff_discovery *discovery)
{
	eventfd_t count;
	(void)eventfd_read(discovery->learned_fd, &count);
	discovery->again = false;
	if (open_source(discovery)) {
		const struct ff_port_source *source = &discovery->source;
		source->ops->drain(source->self);
		discovery->port_count = source->ops->list(source->self, discovery->ports, FF_PORT_SOURCE_MAX);
		memset(discovery->taken, 0, FF_PORT_SOURCE_MAX * sizeof(*discovery->taken));
		if (!discovery->recalled) {
			ff_guests_recall(discovery);
			discovery->recalled = true;
		}
		learn(discovery);
		settle(discovery);
	}
	ff_discovery_write(discovery);
}

void ff_discovery_tidy(struct ff_discovery *discovery)
{
	ff_guests_tidy(discovery);
	ff_discovery_write(discovery);
}
