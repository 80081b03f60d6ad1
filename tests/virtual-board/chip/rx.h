// SPDX-License-Identifier: Apache-2.0
/* How the software in the chip receives SLIP frames: byte by byte, into a buffer that may be absent.
 *
 * These are the receivers of the ROM (as observed on the mask ROMs of ESP32 and ESP32-C3 in an emulator) and of
 * esp-flasher-stub 1.1 (slip.c, frame_buffer.c), not a general decoder: what they lose, and when, is the point. Plain
 * values; one thread. */
#ifndef FF_VB_RX_H
#define FF_VB_RX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 8 bytes of header, 16 KB of data and what esptool adds; frame_buffer.h */
#define FF_RX_FRAME_MAX (8u + 0x4000u + 0xFFu)

enum ff_rx_kind {
	/* One buffer. Takes an unknown escape for the byte itself, drops what does not fit, and keeps what an earlier frame
	 * left behind the end of a shorter one. */
	FF_RX_ROM,
	/* Two buffers; a frame with an unknown escape or without an end is given up. */
	FF_RX_STUB
};

enum ff_rx_state { FF_RX_OUTSIDE, FF_RX_INSIDE, FF_RX_ESCAPED };

struct ff_rx_buffer {
	uint8_t bytes[FF_RX_FRAME_MAX];
	size_t size;
	bool complete;
	bool broken; /* overflow or a bad escape */
};

struct ff_rx {
	struct ff_rx_buffer buffers[2];
	unsigned filling;  /* index of the buffer that receives */
	unsigned handling; /* index of the buffer that was polled last */
	bool armed;        /* buffers[filling] takes bytes; otherwise all bytes are lost */
	enum ff_rx_kind kind;
	enum ff_rx_state state;
	size_t size; /* of the frame so far */
};

/* Empty and armed. */
void ff_rx_init(struct ff_rx *rx, enum ff_rx_kind kind);

/* One byte from the line. */
void ff_rx_byte(struct ff_rx *rx, uint8_t byte);

/* Whether ff_rx_poll has something to do. */
bool ff_rx_pending(const struct ff_rx *rx);

/* The next finished frame, valid until ff_rx_release, or NULL. Receiving goes on into the other buffer if there is one
 * and it is free. A broken frame is dropped without a word. All FF_RX_FRAME_MAX bytes may be read, those past *size are
 * of earlier frames. */
const uint8_t *ff_rx_poll(struct ff_rx *rx, size_t *size);

/* The frame that was polled last and not released. */
const uint8_t *ff_rx_handled(const struct ff_rx *rx, size_t *size);

/* Gives back the frame that was polled last. Harmless when there is none. */
void ff_rx_release(struct ff_rx *rx);

#endif
