// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <string.h>

static const char *const eols[FF_KEYS_EOLS] = { [FF_KEYS_CR] = "\r", [FF_KEYS_LF] = "\n", [FF_KEYS_CRLF] = "\r\n" };

static const struct {
	char key;
	enum ff_keys_action action;
} menu[] = {
	{ 'q', FF_KEYS_QUIT },     { 'x', FF_KEYS_QUIT },      { 'h', FF_KEYS_HELP },   { '?', FF_KEYS_HELP },
	{ 'r', FF_KEYS_RESET },    { 'b', FF_KEYS_BREAK },     { 't', FF_KEYS_STAMPS }, { 'l', FF_KEYS_LOG },
	{ 'e', FF_KEYS_NEXT_EOL }, { 's', FF_KEYS_SEND_MENU },
};

const char ff_keys_help[] = "Ctrl-] q  quit (a second Ctrl-] does, too)\n"
			    "Ctrl-] r  reset the board\n"
			    "Ctrl-] b  send a break\n"
			    "Ctrl-] t  time stamps on or off\n"
			    "Ctrl-] l  log to a file on or off\n"
			    "Ctrl-] e  what Enter sends: CR, LF, CRLF\n"
			    "Ctrl-] s  send Ctrl-] itself\n"
			    "Ctrl-] h  this help";

const char *ff_keys_eol_name(enum ff_keys_eol eol)
{
	static const char *const names[FF_KEYS_EOLS] = {
		[FF_KEYS_CR] = "CR", [FF_KEYS_LF] = "LF", [FF_KEYS_CRLF] = "CRLF"
	};

	return names[eol];
}

/* With or without Shift, and with Ctrl still held down. */
static enum ff_keys_action find(uint8_t key)
{
	uint8_t plain = key >= 'A' && key <= 'Z' ? (uint8_t)(key + 32) : key;

	if (key == FF_KEYS_MENU) {
		return FF_KEYS_QUIT;
	}
	if (plain >= 1 && plain <= 26) {
		plain = (uint8_t)(plain + 'a' - 1);
	}
	for (size_t i = 0; i < sizeof(menu) / sizeof(menu[0]); i++) {
		if ((uint8_t)menu[i].key == plain) {
			return menu[i].action;
		}
	}
	return FF_KEYS_UNKNOWN;
}

size_t ff_keys_take(struct ff_keys *keys, const uint8_t *typed, size_t size, uint8_t *bytes, size_t *made,
		    enum ff_keys_action *action)
{
	size_t at = 0;

	*made = 0;
	*action = FF_KEYS_NONE;
	while (at < size && *action == FF_KEYS_NONE) {
		uint8_t key = typed[at++];

		if (keys->in_menu) {
			*action = find(key);
			keys->in_menu = false;
			if (*action == FF_KEYS_SEND_MENU) {
				bytes[(*made)++] = FF_KEYS_MENU;
			}
		} else if (key == FF_KEYS_MENU) {
			keys->in_menu = true;
		} else if (key == '\r') {
			size_t length = strlen(eols[keys->eol]);

			memcpy(bytes + *made, eols[keys->eol], length);
			*made += length;
		} else {
			bytes[(*made)++] = key;
		}
	}
	if (*action == FF_KEYS_NEXT_EOL) {
		keys->eol = (enum ff_keys_eol)((keys->eol + 1) % FF_KEYS_EOLS);
	}
	return at;
}
