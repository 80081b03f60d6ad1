// SPDX-License-Identifier: Apache-2.0
#include "pump.h"

#include <poll.h>
#include <sys/eventfd.h>

#include "clock.h"

#define READ_SIZE 2048
#define READS 8                   /* before the mailbox is looked at again */
#define NO_DESCRIPTOR_PAUSE_MS 50 /* how often a port without a descriptor is looked at */

enum ff_status ff_pump_output(const struct ff_transport *transport, struct ff_console *console, bool *moved,
			      struct ff_error *error)
{
	uint8_t bytes[READ_SIZE];
	for (int i = 0; i < READS; i++) {
		size_t got = 0;
		struct ff_error local = FF_ERROR_NONE;
		enum ff_status status = transport->ops->read(transport->self, bytes, sizeof(bytes), &got, 0, &local);
		*moved = status == FF_OK;
		if (status == FF_ERR_TIMEOUT) {
			return FF_OK;
		}
		if (status != FF_OK) {
			return ff_error_set(error, status, "%s", local.text[0] ? local.text : ff_status_text(status));
		}
		ff_console_write(console, bytes, got);
	}
	return FF_OK;
}

void ff_pump_wait(const struct ff_transport *transport, int wake_fd, int64_t deadline_us)
{
	struct pollfd fds[2] = { { .fd = wake_fd, .events = POLLIN }, { .fd = -1, .events = POLLIN } };
	int timeout = -1;
	if (transport) {
		fds[1].fd = transport->ops->poll_fd(transport->self);
		timeout = fds[1].fd < 0 ? NO_DESCRIPTOR_PAUSE_MS : -1;
	} else {
		timeout = ff_deadline_poll_ms(deadline_us);
	}
	if (poll(fds, 2, timeout) > 0 && fds[0].revents) {
		eventfd_t count;
		eventfd_read(wake_fd, &count);
	}
}
