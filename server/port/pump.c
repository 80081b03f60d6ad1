// SPDX-License-Identifier: Apache-2.0
#include "pump.h"

#include <poll.h>
#include <sys/eventfd.h>

#include "clock.h"

#define READ_SIZE 4096
#define READS 16                  /* before the rest has its turn again */
#define NO_DESCRIPTOR_PAUSE_MS 50 /* how often a port without a descriptor is looked at */

enum ff_status ff_pump_output(const struct ff_transport *transport, struct ff_console *console, struct ff_pump *pump,
			      struct ff_error *error)
{
	uint8_t bytes[READ_SIZE];
	for (int i = 0; i < READS; i++) {
		size_t got = 0;
		struct ff_error local = FF_ERROR_NONE;
		size_t room = ff_console_room(console, sizeof(bytes));
		pump->held = room == 0;
		pump->moved = false;
		if (room == 0) {
			return FF_OK;
		}
		enum ff_status status = transport->ops->read(transport->self, bytes, room, &got, 0, &local);
		if (status == FF_ERR_TIMEOUT) {
			return FF_OK;
		}
		if (status != FF_OK) {
			return ff_error_set(error, status, "%s", local.text[0] ? local.text : ff_status_text(status));
		}
		ff_console_write(console, bytes, got);
		pump->moved = true;
	}
	return FF_OK;
}

void ff_pump_wait(const struct ff_pump_wait *wait)
{
	short events = (short)((wait->readable ? POLLIN : 0) | (wait->writable ? POLLOUT : 0));
	struct pollfd fds[2] = { { .fd = wait->wake_fd, .events = POLLIN }, { .fd = -1, .events = events } };
	int timeout = wait->deadline_us == INT64_MAX ? -1 : ff_deadline_poll_ms(wait->deadline_us);
	/* A descriptor of which nothing is wanted is left out: its hang-up would be reported all the same, and end no wait. */
	if (wait->transport && events) {
		fds[1].fd = wait->transport->ops->poll_fd(wait->transport->self);
		if (fds[1].fd < 0 && (timeout < 0 || timeout > NO_DESCRIPTOR_PAUSE_MS)) {
			timeout = NO_DESCRIPTOR_PAUSE_MS;
		}
	}
	if (poll(fds, 2, timeout) > 0 && fds[0].revents) {
		eventfd_t count;
		eventfd_read(wait->wake_fd, &count);
	}
}
