// SPDX-License-Identifier: Apache-2.0
/* Recognises the sequences of DTR and RTS by which tools reset a board, from line changes as they arrive over a network.
 *
 * On the usual two transistors only two states of the lines mean anything: RTS alone holds the chip in reset, DTR alone
 * holds IO0 low. A tool steps through them with exact pauses, which a network stretches, and one pause too long between two
 * steps boots the application. So nothing is passed on until the whole of a sequence is known; then the owner replays it
 * beside the port. A state that is no part of any sequence is passed on after a while: somebody wants to hold it.
 *
 * Pure: no I/O, no clock of its own. A plain value; one thread. Sequences as in esptool 5.3, reset.py, espflash 4 and
 * esptool-js 0.7; see docs/rfc2217.md. */
#ifndef FF_BRIDGE_RESET_MATCH_H
#define FF_BRIDGE_RESET_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/transport.h>

/* The longest pause within a sequence: 0.2 s of the tool's own, and a second and more that the network adds. */
#define FF_RESET_MATCH_PATIENCE_US 2500000

enum ff_reset_action {
	FF_RESET_NOTHING,
	FF_RESET_TO_LOADER,      /* the two transistors' way, ending with IO0 low until FF_RESET_RELEASE */
	FF_RESET_TO_LOADER_USB,  /* the USB-Serial-JTAG peripheral's way, whole */
	FF_RESET_TO_APPLICATION, /* a pulse at EN, whole */
	FF_RESET_RELEASE,        /* both lines released */
	FF_RESET_HOLD_EN,        /* RTS alone, until further notice */
	FF_RESET_HOLD_IO0,       /* DTR alone, until further notice */
};

struct ff_reset_match {
	uint8_t state;
	int8_t dtr; /* as the client has set it: 1, 0, -1 not yet */
	int8_t rts;
	int64_t deadline_us; /* when ff_reset_match_expire has something to say; INT64_MAX: never */
};

/* A client that has not touched the lines. */
void ff_reset_match_init(struct ff_reset_match *match);

/* The client has set a line (-1: this one not). Answers what to do at the port. */
enum ff_reset_action ff_reset_match_set(struct ff_reset_match *match, int8_t dtr, int8_t rts, int64_t now_us);

/* Time has passed. */
enum ff_reset_action ff_reset_match_expire(struct ff_reset_match *match, int64_t now_us);

/* The client goes. */
enum ff_reset_action ff_reset_match_close(struct ff_reset_match *match);

/* The steps of an action at the port of a board that is known to be on USB-Serial-JTAG, or not. NULL for
 * FF_RESET_NOTHING. Constants. */
const struct ff_line_step *ff_reset_match_steps(enum ff_reset_action action, bool usb_jtag, size_t *count);

/* "to the bootloader", for the log. Never NULL. */
const char *ff_reset_match_name(enum ff_reset_action action);

#endif
