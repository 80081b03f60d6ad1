// SPDX-License-Identifier: Apache-2.0
#include "resync.h"

#include <string.h>

#define SYNC_SIZE 46 /* frame, header, 07 07 12 20, 32 times 55, frame */
#define SYNC_COMMAND 0x08
#define DIRECTION_ANSWER 0x01
#define SHORTEST_ANSWER 10 /* header and two bytes of status */
#define SLIP_END 0xC0
#define MISSES 2 /* a client that has heard one answer sends no second SYNC, let alone a third */

void ff_resync_init(struct ff_resync *resync, bool far)
{
	*resync = (struct ff_resync){ .far = far };
}

void ff_resync_forget(struct ff_resync *resync)
{
	ff_resync_init(resync, resync->far);
}

/* The byte of esptool's SYNC at a place of its frame. */
static uint8_t sync_byte(size_t at)
{
	static const uint8_t head[] = { SLIP_END, 0x00, SYNC_COMMAND, 0x24, 0x00, 0x00, 0x00,
					0x00,     0x00, 0x07,         0x07, 0x12, 0x20 };
	if (at < sizeof(head)) {
		return head[at];
	}
	return at == SYNC_SIZE - 1 ? SLIP_END : 0x55;
}

void ff_resync_sent(struct ff_resync *resync, const uint8_t *bytes, size_t size)
{
	if (size > SYNC_SIZE) {
		ff_resync_forget(resync);
		return;
	}
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != sync_byte(resync->matched)) {
			ff_resync_forget(resync);
			return;
		}
		resync->matched++;
		if (resync->matched == SYNC_SIZE) {
			resync->matched = 0;
			resync->asked = true;
			resync->hears = true;
			if (!resync->far) {
				resync->answer_size = 0;
			}
		}
	}
}

static void end_frame(struct ff_resync *resync)
{
	const uint8_t *frame = resync->frame;
	uint8_t size = resync->size;
	if (size >= SHORTEST_ANSWER && size <= FF_RESYNC_ANSWER_MAX - 2 && frame[0] == DIRECTION_ANSWER &&
	    frame[1] == SYNC_COMMAND) {
		resync->answer[0] = SLIP_END;
		memcpy(resync->answer + 1, frame, size);
		resync->answer[1 + size] = SLIP_END;
		resync->answer_size = (uint8_t)(size + 2);
	}
	resync->size = 0;
}

void ff_resync_heard(struct ff_resync *resync, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; resync->hears && i < size; i++) {
		if (bytes[i] == SLIP_END) {
			end_frame(resync);
		} else if (resync->size < FF_RESYNC_ANSWER_MAX - 1) { /* beyond that it is too long, however long */
			resync->frame[resync->size++] = bytes[i];
		}
	}
}

size_t ff_resync_request(struct ff_resync *resync, bool purges)
{
	if (purges) {
		bool missed = resync->asked && (resync->far || resync->answer_size > 0);
		resync->missed = missed ? (uint8_t)(resync->missed < MISSES ? resync->missed + 1 : MISSES) : 0;
		resync->due = resync->missed == MISSES && resync->answer_size > 0;
		resync->asked = false;
		if (!resync->far) { /* what comes later would answer nothing that is still asked */
			resync->hears = false;
			resync->size = 0;
		}
		return 0;
	}
	if (!resync->due) {
		return 0;
	}
	resync->due = false;
	return resync->answer_size;
}
