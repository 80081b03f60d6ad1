// SPDX-License-Identifier: Apache-2.0
#include "reset_match.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the client has the lines at, as far as it matters. */
enum pair {
	PAIR_FREE, /* 0,0 */
	PAIR_EN,   /* DTR 0, RTS 1 */
	PAIR_IO0,  /* DTR 1, RTS 0 */
	PAIR_BOTH, /* 1,1 */
	PAIR_COUNT
};

enum state {
	START,    /* the client has not yet set both lines: it opens the port, and steps through anything on its way */
	START_EN, /* RTS came first: an opening, or a tool that resets with RTS alone */
	REST,     /* both or none asserted, and so is the port */
	IO0,      /* DTR alone, out of rest */
	IO0_BOTH, /* then RTS as well */
	IO0_EN,   /* then RTS alone: only the USB-Serial-JTAG sequence comes this way */
	EN,       /* RTS alone, out of rest */
	EN_BOTH,  /* then DTR as well: the classic sequences do that on their way to IO0 */
	LOADER,   /* in the bootloader, the port still has IO0 low */
	HELD,     /* the port follows the client */
	STATE_COUNT
};

struct move {
	uint8_t state;
	uint8_t action;
};

/* Where each pair leads from each state. */
static const struct move moves[STATE_COUNT][PAIR_COUNT] = {
	/*             FREE                                  EN                            IO0                            BOTH */
	[START] = { { REST, 0 }, { EN, 0 }, { IO0, 0 }, { REST, 0 } },
	[START_EN] = { { REST, FF_RESET_TO_APPLICATION }, { EN, 0 }, { LOADER, FF_RESET_TO_LOADER }, { REST, 0 } },
	[REST] = { { REST, 0 }, { EN, 0 }, { IO0, 0 }, { REST, 0 } },
	[IO0] = { { REST, 0 }, { EN, 0 }, { IO0, 0 }, { IO0_BOTH, 0 } },
	[IO0_BOTH] = { { REST, 0 }, { IO0_EN, 0 }, { IO0, 0 }, { IO0_BOTH, 0 } },
	[IO0_EN] = { { REST, FF_RESET_TO_LOADER_USB }, { IO0_EN, 0 }, { LOADER, FF_RESET_TO_LOADER }, { EN_BOTH, 0 } },
	[EN] = { { REST, FF_RESET_TO_APPLICATION }, { EN, 0 }, { LOADER, FF_RESET_TO_LOADER }, { EN_BOTH, 0 } },
	[EN_BOTH] = { { REST, FF_RESET_TO_APPLICATION }, { EN, 0 }, { LOADER, FF_RESET_TO_LOADER }, { EN_BOTH, 0 } },
	[LOADER] = { { REST, FF_RESET_RELEASE }, { EN, FF_RESET_RELEASE }, { LOADER, 0 }, { REST, FF_RESET_RELEASE } },
	[HELD] = { { REST, FF_RESET_RELEASE },
		   { HELD, FF_RESET_HOLD_EN },
		   { HELD, FF_RESET_HOLD_IO0 },
		   { REST, FF_RESET_RELEASE } },
};

/* Where waiting leads; a state without an entry can wait for ever. */
static const struct move expiries[STATE_COUNT] = {
	[START_EN] = { HELD, FF_RESET_HOLD_EN },
	[IO0] = { HELD, FF_RESET_HOLD_IO0 },
	[IO0_BOTH] = { REST, 0 },
	[IO0_EN] = { HELD, FF_RESET_HOLD_EN },
	[EN] = { HELD, FF_RESET_HOLD_EN },
	[EN_BOTH] = { REST, FF_RESET_TO_APPLICATION }, /* a pulse at EN is what the board would have seen */
};

/* dtr, rts, pause in ms. */
static const struct ff_line_step loader[] = { { 0, 0, 0 }, { 1, 1, 0 }, { 0, 1, 100 }, { 1, 0, 50 } };
static const struct ff_line_step loader_usb[] = {
	{ 0, 0, 100 }, { 1, 0, 100 }, { 1, 1, 0 }, { 0, 1, 100 }, { 0, 0, 0 },
};
static const struct ff_line_step application[] = { { 0, 1, 100 }, { 0, 0, 0 } };
static const struct ff_line_step application_usb[] = { { 0, 1, 200 }, { 0, 0, 0 } };
static const struct ff_line_step release[] = { { 0, 0, 0 } };
static const struct ff_line_step hold_en[] = { { 0, 1, 0 } };
static const struct ff_line_step hold_io0[] = { { 1, 0, 0 } };

void ff_reset_match_init(struct ff_reset_match *match)
{
	*match = (struct ff_reset_match){ .state = START, .dtr = -1, .rts = -1, .deadline_us = INT64_MAX };
}

static enum ff_reset_action enter(struct ff_reset_match *match, struct move move, int64_t now_us)
{
	bool waits = expiries[move.state].state || expiries[move.state].action;
	match->state = move.state;
	match->deadline_us = waits ? now_us + FF_RESET_MATCH_PATIENCE_US : INT64_MAX;
	return (enum ff_reset_action)move.action;
}

enum ff_reset_action ff_reset_match_set(struct ff_reset_match *match, int8_t dtr, int8_t rts, int64_t now_us)
{
	int8_t old_dtr = match->dtr;
	int8_t old_rts = match->rts;
	match->dtr = dtr < 0 ? old_dtr : dtr;
	match->rts = rts < 0 ? old_rts : rts;
	if (match->deadline_us != INT64_MAX) {
		match->deadline_us = now_us + FF_RESET_MATCH_PATIENCE_US;
	}
	if (match->dtr == old_dtr && match->rts == old_rts) {
		return FF_RESET_NOTHING; /* esptool sets DTR anew after each RTS, for a driver of Windows */
	}
	if (match->rts < 0) {
		return FF_RESET_NOTHING;
	}
	if (match->dtr < 0 && match->state == START) {
		return match->rts ? enter(match, (struct move){ START_EN, 0 }, now_us) : FF_RESET_NOTHING;
	}
	enum pair pair = (enum pair)((match->dtr == 1) * 2 + (match->rts == 1));
	return enter(match, moves[match->state][pair], now_us);
}

enum ff_reset_action ff_reset_match_expire(struct ff_reset_match *match, int64_t now_us)
{
	if (now_us < match->deadline_us) {
		return FF_RESET_NOTHING;
	}
	return enter(match, expiries[match->state], now_us);
}

enum ff_reset_action ff_reset_match_close(struct ff_reset_match *match)
{
	bool moved = match->state == LOADER || match->state == HELD;
	ff_reset_match_init(match);
	return moved ? FF_RESET_RELEASE : FF_RESET_NOTHING;
}

const struct ff_line_step *ff_reset_match_steps(enum ff_reset_action action, bool usb_jtag, size_t *count)
{
	static const struct {
		const struct ff_line_step *steps;
		size_t count;
	} rows[][2] = {
		[FF_RESET_TO_LOADER] = { { loader, COUNT(loader) }, { loader_usb, COUNT(loader_usb) } },
		[FF_RESET_TO_LOADER_USB] = { { loader_usb, COUNT(loader_usb) }, { loader_usb, COUNT(loader_usb) } },
		[FF_RESET_TO_APPLICATION] = { { application, COUNT(application) },
					      { application_usb, COUNT(application_usb) } },
		[FF_RESET_RELEASE] = { { release, COUNT(release) }, { release, COUNT(release) } },
		[FF_RESET_HOLD_EN] = { { hold_en, COUNT(hold_en) }, { hold_en, COUNT(hold_en) } },
		[FF_RESET_HOLD_IO0] = { { hold_io0, COUNT(hold_io0) }, { hold_io0, COUNT(hold_io0) } },
	};
	*count = rows[action][usb_jtag].count;
	return rows[action][usb_jtag].steps;
}

const char *ff_reset_match_name(enum ff_reset_action action)
{
	static const char *const names[] = {
		[FF_RESET_NOTHING] = "nothing",
		[FF_RESET_TO_LOADER] = "to the bootloader",
		[FF_RESET_TO_LOADER_USB] = "to the bootloader over USB",
		[FF_RESET_TO_APPLICATION] = "into the application",
		[FF_RESET_RELEASE] = "both lines released",
		[FF_RESET_HOLD_EN] = "held in reset",
		[FF_RESET_HOLD_IO0] = "IO0 held low",
	};
	return names[action];
}
