// SPDX-License-Identifier: Apache-2.0
/* SLIP framing (RFC 1055) as Espressif's bootloaders use it: END before and after each frame.
 *
 * Encoder and decoder are plain values over buffers of the caller: no I/O, no allocation, nothing to release. One value
 * belongs to one thread at a time. */
#ifndef FF_SLIP_SLIP_H
#define FF_SLIP_SLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The four special bytes of RFC 1055. */
#define FF_SLIP_END 0xC0
#define FF_SLIP_ESC 0xDB
#define FF_SLIP_ESC_END 0xDC
#define FF_SLIP_ESC_ESC 0xDD

/* ---- decoding ---- */

enum ff_slip_event {
	FF_SLIP_NONE,  /* the input is used up, no frame has ended */
	FF_SLIP_FRAME, /* a frame ended: it is in bytes[0..size) until the next call */
	FF_SLIP_BAD,   /* a broken frame ended; see `fault` */
};

enum ff_slip_fault {
	FF_SLIP_FAULT_NONE,
	FF_SLIP_FAULT_ESCAPE,   /* ESC was followed by neither ESC_END nor ESC_ESC */
	FF_SLIP_FAULT_OVERFLOW, /* the frame was longer than the buffer */
};

enum ff_slip_state { FF_SLIP_OUTSIDE, FF_SLIP_INSIDE, FF_SLIP_ESCAPED, FF_SLIP_SKIPPING };

/* Readable by all, written by this module only. */
struct ff_slip_decoder {
	uint8_t *bytes; /* the caller's buffer */
	size_t capacity;
	size_t size;              /* bytes decoded of the frame */
	uint64_t stray;           /* bytes that came outside frames since init: boot logs, noise */
	enum ff_slip_fault fault; /* of the frame that FF_SLIP_BAD reported last */
	enum ff_slip_state state;
	bool reported; /* the frame in `bytes` was handed out; the next call starts over */
};

/* Decodes into `buffer`, whose `capacity` is the longest frame accepted, counted after unescaping. The buffer is
 * borrowed for as long as the decoder is used. */
void ff_slip_decoder_init(struct ff_slip_decoder *decoder, uint8_t *buffer, size_t capacity);

/* Forgets a half-received frame and waits for the next END. Keeps the buffer and the count of stray bytes. */
void ff_slip_decoder_reset(struct ff_slip_decoder *decoder);

/* Takes input up to the end of one frame and says in *consumed (never more than `size`) how much that was; call again
 * with the rest. Any split of the same input gives the same events.
 *
 * Empty frames (END END) are no event, so both a lost and a doubled END cost one frame at most. A broken frame is
 * skipped up to the next END, reported there as FF_SLIP_BAD, and that END may open the next frame as well: what was
 * skipped may have been noise whose END belonged to the frame after it. */
enum ff_slip_event ff_slip_decode(struct ff_slip_decoder *decoder, const uint8_t *input, size_t size, size_t *consumed);

/* ---- encoding ---- */

/* A frame under construction, so that header and payload are escaped straight to their place:
 *
 *     ff_slip_begin(&encoder, out, sizeof(out));
 *     ff_slip_put(&encoder, header, sizeof(header));
 *     ff_slip_put(&encoder, payload, payload_size);
 *     size_t size = ff_slip_end(&encoder);
 */
struct ff_slip_encoder {
	uint8_t *out; /* the caller's buffer */
	size_t capacity;
	size_t size;
	bool overflow; /* something did not fit: the frame is void */
};

/* Starts a frame at out[0]. */
void ff_slip_begin(struct ff_slip_encoder *encoder, uint8_t *out, size_t capacity);

/* Appends bytes, escaped. `bytes` may be NULL when `size` is 0. */
void ff_slip_put(struct ff_slip_encoder *encoder, const uint8_t *bytes, size_t size);

/* Ends the frame. Answers its encoded size, or 0 if it did not fit. */
size_t ff_slip_end(struct ff_slip_encoder *encoder);

/* Encodes a whole frame. Answers its encoded size, or 0 if it did not fit. */
size_t ff_slip_encode(uint8_t *out, size_t capacity, const uint8_t *bytes, size_t size);

/* The largest encoded size of a frame of `size` bytes: each byte escaped, and an END at both ends. A constant for
 * buffers; `size` up to SIZE_MAX / 2 - 1. */
#define FF_SLIP_ENCODED_MAX(size) (2 * (size_t)(size) + 2)

static inline size_t ff_slip_encoded_max(size_t size)
{
	return FF_SLIP_ENCODED_MAX(size);
}

#endif
