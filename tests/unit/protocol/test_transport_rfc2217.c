// SPDX-License-Identifier: Apache-2.0
#include "test_transport_rfc2217.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

const struct act good_open[GOOD_OPEN_ACTS] = {
	AT_ONCE(OFFERS),
	SEND(ACCEPTS),
	AT_ONCE(SETTINGS),
	SEND(LINES_ARE(0, 0), CONFIRMS),
};

const struct act silent_open[GOOD_OPEN_ACTS] = {
	AT_ONCE(OFFERS),
	SEND(ACCEPTS),
	AT_ONCE(SETTINGS),
	SEND(CONFIRMS),
};

static const struct ff_transport_options options = { .connect_timeout_ms = 3000 };

void open_after(struct peer *peer, struct ff_transport *transport, const struct act *opening, size_t opening_count,
		const struct act *acts, size_t count)
{
	struct ff_error error = FF_ERROR_NONE;
	peer_start(peer, "rfc2217://", opening, opening_count, acts, count);
	if (ff_transport_open(transport, peer->address, &options, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}

void write_all(struct ff_transport *transport, const uint8_t *bytes, size_t size)
{
	struct ff_error error = FF_ERROR_NONE;
	if (transport->ops->write(transport->self, bytes, size, ff_deadline_ms(5000), &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}

void read_all(struct ff_transport *transport, uint8_t *bytes, size_t size)
{
	int64_t deadline = ff_deadline_ms(5000);
	for (size_t have = 0, got = 0; have < size; have += got) {
		struct ff_error error = FF_ERROR_NONE;
		if (transport->ops->read(transport->self, bytes + have, size - have, &got, deadline, &error) != FF_OK) {
			fail_msg("after %zu bytes: %s", have, error.text);
		}
		assert_in_range(got, 1, size - have);
	}
}

void finish(struct peer *peer, struct ff_transport *transport)
{
	ff_transport_close(transport);
	peer_join(peer);
}
