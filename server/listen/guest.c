// SPDX-License-Identifier: Apache-2.0
#include "guest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

ssize_t ff_guest_receive(struct ff_guest *guest, uint8_t *bytes, size_t capacity)
{
	size_t left = guest->extra_size - guest->extra_at;
	if (left == 0) {
		return recv(guest->fd, bytes, capacity, 0);
	}
	size_t size = left < capacity ? left : capacity;
	memcpy(bytes, guest->extra + guest->extra_at, size);
	guest->extra_at += size;
	return (ssize_t)size;
}

bool ff_guest_has_extra(const struct ff_guest *guest)
{
	return guest->extra_at < guest->extra_size;
}

void ff_guest_free(struct ff_guest *guest)
{
	if (guest) {
		guest->close(guest->closer);
		free(guest->extra);
		free(guest->pass);
		free(guest);
	}
}
