// SPDX-License-Identifier: Apache-2.0
/* What RFC 2217 looks like on the wire, by hand from RFC 854 and RFC 2217, and the start of most conversations. */
#ifndef TEST_TRANSPORT_RFC2217_H
#define TEST_TRANSPORT_RFC2217_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/transport.h>

#include "test_transport_peer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define IAC 0xFF
#define WILL 0xFB
#define WONT 0xFC
#define DO 0xFD
#define DONT 0xFE

/* IAC SB COM-PORT ... IAC SE */
#define SUB(...) 0xFF, 0xFA, 0x2C, __VA_ARGS__, 0xFF, 0xF0

#define OFFERS IAC, WILL, 44, IAC, WILL, 0, IAC, DO, 0, IAC, WILL, 3, IAC, DO, 3
#define ACCEPTS IAC, DO, 44, IAC, DO, 0, IAC, WILL, 0, IAC, DO, 3, IAC, WILL, 3

#define BAUD_115200 0x00, 0x01, 0xC2, 0x00
#define BAUD_460800 0x00, 0x07, 0x08, 0x00

/* DTR? RTS? no flow control, 8 bits, no parity, 1 stop bit, 115200 baud */
#define SETTINGS SUB(5, 7), SUB(5, 10), SUB(5, 1), SUB(2, 8), SUB(3, 1), SUB(4, 1), SUB(1, BAUD_115200)
#define CONFIRMS SUB(105, 1), SUB(102, 8), SUB(103, 1), SUB(104, 1), SUB(101, BAUD_115200)
#define LINES_ARE(dtr, rts) SUB(105, (dtr) ? 8 : 9), SUB(105, (rts) ? 11 : 12)

#define DTR_ON SUB(5, 8)
#define DTR_OFF SUB(5, 9)
#define RTS_ON SUB(5, 11)
#define RTS_OFF SUB(5, 12)

/* How a good server answers, its lines at rest; and one that does not tell about its lines, as those on pyserial. */
#define GOOD_OPEN_ACTS 4
extern const struct act good_open[GOOD_OPEN_ACTS];
extern const struct act silent_open[GOOD_OPEN_ACTS];

/* Starts the peer with an opening and what follows, and opens the transport. Fails the test if that fails. */
void open_after(struct peer *peer, struct ff_transport *transport, const struct act *opening, size_t opening_count,
		const struct act *acts, size_t count);

#define OPEN(peer, transport, acts) \
	open_after(peer, transport, good_open, COUNT(good_open), acts, sizeof(acts) / sizeof((acts)[0]))

/* Writes or reads exactly so much within 5 s, or fails the test. */
void write_all(struct ff_transport *transport, const uint8_t *bytes, size_t size);
void read_all(struct ff_transport *transport, uint8_t *bytes, size_t size);

/* Closes, and fails the test if the peer saw anything that was not in its script. */
void finish(struct peer *peer, struct ff_transport *transport);

#endif
