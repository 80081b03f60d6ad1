// SPDX-License-Identifier: Apache-2.0
#include "lease_wait.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "random.h"

/* ---- tickets ---- */

void ff_tickets_init(struct ff_tickets *tickets)
{
	memset(tickets, 0, sizeof(*tickets));
	pthread_mutex_init(&tickets->mutex, NULL);
}

void ff_tickets_release(struct ff_tickets *tickets)
{
	pthread_mutex_destroy(&tickets->mutex);
}

/* Each is good for once. `since_us` stays as it is if there is none. */
static void take_ticket(struct ff_tickets *tickets, const char *id, int64_t *since_us)
{
	int64_t now_us = ff_now_us();
	pthread_mutex_lock(&tickets->mutex);
	for (size_t i = 0; i < FF_TICKETS_MOST; i++) {
		struct ff_ticket *ticket = &tickets->tickets[i];
		if (ticket->id[0] && ticket->until_us > now_us && strcmp(ticket->id, id) == 0) {
			*since_us = ticket->since_us;
			ticket->id[0] = '\0';
		}
	}
	pthread_mutex_unlock(&tickets->mutex);
}

bool ff_lease_wait_keep_place(struct ff_lease_wait *wait, char id[FF_TICKET_SIZE])
{
	struct ff_ticket ticket = {
		.since_us = wait->wish.since_us,
		.until_us = ff_now_us() + (int64_t)FF_TICKET_S * 1000000,
	};
	if (!ff_random_hex(ticket.id, sizeof(ticket.id) / 2)) {
		return false;
	}
	memcpy(id, ticket.id, sizeof(ticket.id));
	pthread_mutex_lock(&wait->tickets->mutex);
	wait->tickets->tickets[wait->tickets->next++ % FF_TICKETS_MOST] = ticket;
	pthread_mutex_unlock(&wait->tickets->mutex);
	return true;
}

/* ---- the wait ---- */

static struct ff_lease_wait *of_wish(struct ff_wish *wish)
{
	return (struct ff_lease_wait *)((char *)wish - offsetof(struct ff_lease_wait, wish));
}

/* The last that the dispatcher does with it but for letting go of the wish, which ff_lease_wait_end() waits for. */
static void settle(struct ff_lease_wait *wait, enum ff_status status)
{
	struct ff_waker *waker = wait->waker;
	wait->status = status;
	atomic_store(&wait->settled, true);
	ff_waker_kick(waker);
}

/* Takes as long as the leases' ledger needs. */
static bool offer(struct ff_wish *wish, struct ff_worker *board)
{
	struct ff_lease_wait *wait = of_wish(wish);
	enum ff_status status =
		ff_leases_take(wait->leases, board, wait->owner, wait->peer, wait->seconds, &wait->lease);
	if (status == FF_ERR_BUSY) {
		return false;
	}
	if (status == FF_OK) {
		ff_log(ff_worker_log(board), FF_LOG_INFO, "leased to %s (%s)", wait->lease.keep.owner,
		       wait->lease.keep.peer);
		wait->board = ff_worker_ref(board);
	} else {
		ff_dispatch_kick(wait->dispatch); /* the next one has a chance */
	}
	settle(wait, status);
	return true;
}

static void give_up(struct ff_wish *wish, enum ff_status status)
{
	settle(of_wish(wish), status);
}

static const struct ff_wish_ops wish_ops = { .offer = offer, .give_up = give_up };

enum ff_status ff_lease_wait_begin(struct ff_lease_wait *wait, const char *ticket)
{
	wait->wish.ops = &wish_ops;
	wait->wish.alone = true;
	wait->wish.kind = FF_DISPATCH_NO_KIND;
	wait->wish.owner = wait->owner;
	wait->wish.since_us = ff_now_us();
	if (ticket) {
		take_ticket(wait->tickets, ticket, &wait->wish.since_us);
	}
	atomic_init(&wait->settled, false);
	enum ff_status status = ff_dispatch_add(wait->dispatch, &wait->wish);
	wait->begun = status == FF_OK;
	return status;
}

void ff_lease_wait_end(struct ff_lease_wait *wait)
{
	if (!wait->begun) {
		return;
	}
	ff_dispatch_withdraw(wait->dispatch, &wait->wish);
	if (wait->board && !wait->answered) {
		(void)!ff_leases_end(wait->leases, wait->lease.id);
	}
	ff_worker_unref(wait->board);
	wait->begun = false;
}
