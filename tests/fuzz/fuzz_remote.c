// SPDX-License-Identifier: Apache-2.0
/* The RFC 2217 client's memory under any server and any order of use: the first bytes choose what to do, the rest is
 * what the server sends. No byte of data is lost unless it is counted as dropped or purged. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "remote.h"

#define MAX_INPUT 4096
#define REPEATS 24

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

static void check_bounds(const struct ff_remote *remote)
{
	CHECK(remote->input_at <= remote->input_end && remote->input_end <= FF_REMOTE_INPUT_SIZE);
	CHECK(remote->output_at <= remote->output_end && remote->output_end <= FF_REMOTE_OUTPUT_SIZE);
	CHECK(ff_remote_receivable(remote) < FF_REMOTE_OUTPUT_SIZE);
}

static void receive(struct ff_remote *remote, const uint8_t *bytes, size_t size)
{
	if (size > ff_remote_receivable(remote)) {
		size = ff_remote_receivable(remote);
	}
	size_t unsent = remote->output_end - remote->output_at;
	size_t unread = remote->input_end - remote->input_at;
	uint64_t dropped = remote->dropped;
	ff_remote_receive(remote, bytes, size);
	/* the answer to a verb that was cut before its last byte */
	CHECK(remote->output_end - remote->output_at <= unsent + size + 2);
	CHECK(remote->input_end - remote->input_at + (remote->dropped - dropped) <= unread + size);
}

static void use(struct ff_remote *remote, uint8_t what, const uint8_t *bytes, size_t size)
{
	static uint8_t scratch[8192];
	switch (what % 8) {
	case 0:
		ff_remote_ask(remote, (enum ff_comport_code)(what / 8 % FF_COMPORT_CODE_COUNT), what);
		break;
	case 1:
		ff_remote_ask_lines(remote, (int8_t)(what / 8 % 3 - 1), (int8_t)(what / 32 % 3 - 1));
		break;
	case 2:
		ff_remote_give_up(remote, (enum ff_comport_code)(what / 8 % FF_COMPORT_CODE_COUNT));
		break;
	case 3:
		CHECK(ff_remote_put(remote, bytes, size) <= size);
		break;
	case 4:
		ff_remote_sent(remote, (remote->output_end - remote->output_at) / (what / 8u + 1));
		break;
	case 5:
		CHECK(ff_remote_take(remote, scratch, what * 8u) <= what * 8u);
		break;
	default:
		receive(remote, bytes, size);
	}
	check_bounds(remote);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct ff_remote remote;
	if (size < REPEATS || size > MAX_INPUT) {
		return 0;
	}
	ff_remote_init(&remote);
	ff_remote_negotiate(&remote);
	for (size_t i = 0; i < REPEATS; i++) {
		use(&remote, bytes[i], bytes + REPEATS, size - REPEATS);
	}
	return 0;
}
