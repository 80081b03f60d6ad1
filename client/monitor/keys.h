// SPDX-License-Identifier: Apache-2.0
/* What is typed at the monitor: bytes for the board, with the line ending that it wants, and behind Ctrl-] the monitor's
 * own keys.
 *
 * Pure, a plain value; one thread. */
#ifndef FF_MONITOR_KEYS_H
#define FF_MONITOR_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_KEYS_MENU 0x1d /* Ctrl-] */

/* What Enter sends. */
enum ff_keys_eol { FF_KEYS_CR, FF_KEYS_LF, FF_KEYS_CRLF, FF_KEYS_EOLS };

enum ff_keys_action {
	FF_KEYS_NONE,
	FF_KEYS_QUIT,
	FF_KEYS_HELP,
	FF_KEYS_RESET,
	FF_KEYS_BREAK,
	FF_KEYS_STAMPS,
	FF_KEYS_LOG,
	FF_KEYS_NEXT_EOL,  /* eol is the next one already */
	FF_KEYS_SEND_MENU, /* Ctrl-] is among the bytes */
	FF_KEYS_UNKNOWN    /* the key behind Ctrl-] is none of the menu's */
};

struct ff_keys {
	enum ff_keys_eol eol;
	bool in_menu; /* Ctrl-] was the last key */
};

/* Takes keys up to the first that asks for an action, which is told in *action, and answers how many. *made bytes are for
 * the board; `bytes` has room for 2 * size. */
size_t ff_keys_take(struct ff_keys *keys, const uint8_t *typed, size_t size, uint8_t *bytes, size_t *made,
		    enum ff_keys_action *action);

/* "CR", "LF", "CRLF". */
const char *ff_keys_eol_name(enum ff_keys_eol eol);

/* The menu, a line for each key. */
extern const char ff_keys_help[];

#endif
