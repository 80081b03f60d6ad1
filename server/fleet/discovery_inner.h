// SPDX-License-Identifier: Apache-2.0
/* What discovery's own files share: discovery.c settles which port is whose, guests.c has the boards that nobody has named. For
 * nobody else. Main thread. */
#ifndef FF_FLEET_DISCOVERY_INNER_H
#define FF_FLEET_DISCOVERY_INNER_H

#include "discovery.h"

/* Whether the port `now`, an index of those that are there, is the one that was known `before`. */
bool ff_discovery_is_same(const struct ff_discovery *discovery, const struct ff_found_port *before, size_t now);

/* Gives the board this port; NULL: it has none now. */
void ff_discovery_assign(struct ff_discovery *discovery, struct ff_member *member, const struct ff_found_port *port);

/* Brings up the boards that an earlier run took in, where they were; to be settled like the others. */
void ff_guests_recall(struct ff_discovery *discovery);

/* Takes in the board at this port, an index of those that are there. Where there are too many boards, the one that has been
 * gone the longest makes room; what cannot be done is logged. */
void ff_guests_take_in(struct ff_discovery *discovery, size_t port);

/* Keeps in mind where a board is that was taken in, or since when it is nowhere. */
void ff_guests_remember(struct ff_discovery *discovery, const struct ff_member *member);

/* Whoever was taken in at this port goes, for a board that has a better claim. False: the guest is at work; it is tried
 * again. */
bool ff_guests_clear(struct ff_discovery *discovery, size_t port, const struct ff_member *heir);

/* Takes down those who have been gone for a week, and are nobody's. */
void ff_guests_tidy(struct ff_discovery *discovery);

#endif
