// SPDX-License-Identifier: Apache-2.0
/* Reset sequences as tools send them, with the pauses that networks add, and what is to happen at the port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "reset_match.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MS 1000

/* "D1" sets DTR, "R0" clears RTS, "w" waits 0.1 s, "W" for longer than any sequence. The actions: L to the bootloader, U
 * the same over USB, A into the application, r release, E hold EN, I hold IO0, x at the client's end. */
struct story {
	const char *name;
	const char *client;
	const char *port;
};

#define OPEN "D1 R1 " /* as pyserial opens a port */

static const struct story stories[] = {
	{ "pyserial opens and goes", OPEN, "" },
	{ "pyserial opens and stays", OPEN "W", "" },
	{ "another one opens RTS first", "R1 D1 W", "" },
	{ "opens with both off", "D0 R0 W", "" },
	{ "opens and lets go of both", OPEN "R0 D0 W", "" },
	{ "opens twice", OPEN "D1 R1", "" },
	/* esptool over pyserial: each RTS is followed by DTR as it was. */
	{ "esptool, classic", OPEN "D0 R1 D0 w D1 R0 D1 w D0", "Lr" },
	{ "esptool, classic, again", OPEN "D0 R1 D0 w D1 R0 D1 D0 D0 R1 D0 w D1 R0 D1 w D0", "LrLr" },
	{ "esptool, hard reset after that", OPEN "D0 R1 D0 w D1 R0 D1 w D0 R1 D0 w R0 D0", "LrA" },
	{ "esptool, hard reset with both off", "D0 R0 R1 D0 w w R0 D0 w w", "A" },
	{ "esptool, USB-Serial-JTAG", OPEN "R0 D0 w D1 R0 D1 w R1 D1 D0 R1 D0 w D0 R0 D0", "U" },
	{ "esptool-js, which sets nothing at open", "D0 R1 w D1 R0 w D0", "Lr" },
	{ "esptool-js, hard reset", "R1 w R0", "A" },
	{ "esptool-js, USB-Serial-JTAG", "R0 D0 w D1 R0 w R1 D0 R1 w D0 R0", "U" },
	{ "tight, line by line, DTR first", "D0 R0 D1 R1 D0 R1 w D1 R0 w D0 R0", "Lr" },
	{ "tight, line by line, the order of our own client", "R0 D0 D1 R1 D0 w D1 R0 w D0", "Lr" },
	{ "tight after an open", OPEN "R0 D0 D1 R1 D0 w D1 R0 w D0", "Lr" },
	{ "tight that ends with both asserted", "D0 R0 D1 R1 D0 w D1 R0 w R1", "Lr" },
	{ "hard reset, our own client", "D0 R1 w R0", "A" },
	{ "espflash, hard reset", "D0 R0 D0 R1 w R0", "A" },
	{ "a pulse at EN by way of both", OPEN "D0 w D1 W", "A" },
	{ "straight from EN to IO0", "D0 R1 w r10 w D0", "Lr" },
	{ "goes with IO0 low", OPEN "D0 R1 D1 R0", "Lx" },
	{ "goes in the middle of a sequence", OPEN "D0 R1 w D1", "" },
	{ "holds the board in reset", "D0 R1 W W", "Ex" },
	{ "holds the board in reset and lets it go", "D0 R1 W R0", "Er" },

	{ "presses BOOT", "D1 R0 W D0", "Ir" },
	{ "presses BOOT, then resets", "D1 R0 W R1 D0 W", "IrEx" },
	{ "only ever sets DTR", "D1 D0 D1 W", "" },
};

static char letter(enum ff_reset_action action)
{
	return "\0LUArEI"[action];
}

static void add(char *port, enum ff_reset_action action)
{
	size_t size = strlen(port);
	port[size] = letter(action);
	port[size + 1] = 0;
}

static void play(const struct story *story, int64_t gap_us)
{
	struct ff_reset_match match;
	int64_t now = 1000 * MS;
	char port[32] = "";
	ff_reset_match_init(&match);
	for (const char *at = story->client; *at; at++) {
		int8_t level = (int8_t)(at[0] && at[1] == '1');
		if (*at == 'D' || *at == 'R') {
			now += gap_us;
			add(port, ff_reset_match_set(&match, *at == 'D' ? level : -1, *at == 'R' ? level : -1, now));
			at++;
		} else if (*at == 'r') { /* both at once: "r10" is DTR on, RTS off */
			add(port, ff_reset_match_set(&match, at[1] == '1', at[2] == '1', now));
			at += 2;
		} else if (*at == 'w') {
			now += 100 * MS;
		} else if (*at == 'W') {
			now += FF_RESET_MATCH_PATIENCE_US;
		}
		add(port, ff_reset_match_expire(&match, now));
	}
	if (ff_reset_match_close(&match) == FF_RESET_RELEASE) {
		strcat(port, "x");
	}
	if (strcmp(port, story->port) != 0) {
		fail_msg("%s, %d ms apart: \"%s\" instead of \"%s\"", story->name, (int)(gap_us / MS), port,
			 story->port);
	}
}

static void test_reset_match__knows_the_sequences_at_any_distance(void **state)
{
	(void)state;
	static const int gaps_ms[] = { 0, 1, 20, 50, 100, 300, 1000 };
	for (size_t i = 0; i < COUNT(stories); i++) {
		for (size_t k = 0; k < COUNT(gaps_ms); k++) {
			play(&stories[i], (int64_t)gaps_ms[k] * MS);
		}
	}
}

static void assert_ends(enum ff_reset_action action, bool usb, int8_t dtr, int8_t rts)
{
	size_t count = 0;
	const struct ff_line_step *steps = ff_reset_match_steps(action, usb, &count);
	assert_non_null(steps);
	assert_true(count > 0);
	assert_int_equal(steps[count - 1].dtr, dtr);
	assert_int_equal(steps[count - 1].rts, rts);
}

static void test_reset_match__replays_end_as_they_say(void **state)
{
	(void)state;
	size_t count = 1;
	assert_null(ff_reset_match_steps(FF_RESET_NOTHING, false, &count));
	assert_int_equal(count, 0);
	assert_ends(FF_RESET_TO_LOADER, false, 1, 0);
	assert_ends(FF_RESET_TO_LOADER, true, 0, 0);
	assert_ends(FF_RESET_TO_LOADER_USB, false, 0, 0);
	for (int usb = 0; usb < 2; usb++) {
		assert_ends(FF_RESET_TO_APPLICATION, usb, 0, 0);
		assert_ends(FF_RESET_RELEASE, usb, 0, 0);
		assert_ends(FF_RESET_HOLD_EN, usb, 0, 1);
		assert_ends(FF_RESET_HOLD_IO0, usb, 1, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset_match__knows_the_sequences_at_any_distance),
		cmocka_unit_test(test_reset_match__replays_end_as_they_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
