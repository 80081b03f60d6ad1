// SPDX-License-Identifier: Apache-2.0
#include "sequence.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <farflash/flasher.h>

#define MS_PER_S 1000
#define MAX_DIGITS 9 /* of a wait; the bounds are far below */

/* What is left of one step. */
struct piece {
	const char *at;
	const char *end;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct piece trim(struct piece piece)
{
	while (piece.at < piece.end && is_space(*piece.at)) {
		piece.at++;
	}
	while (piece.end > piece.at && is_space(piece.end[-1])) {
		piece.end--;
	}
	return piece;
}

/* Exactly one '0' or '1'. */
static bool read_state(struct piece piece, int8_t *state)
{
	piece = trim(piece);
	if (piece.end - piece.at != 1 || (*piece.at != '0' && *piece.at != '1')) {
		return false;
	}
	*state = *piece.at == '1';
	return true;
}

static bool read_states(struct piece piece, int8_t *dtr, int8_t *rts)
{
	const char *comma = memchr(piece.at, ',', (size_t)(piece.end - piece.at));
	return comma && read_state((struct piece){ piece.at, comma }, dtr) &&
	       read_state((struct piece){ comma + 1, piece.end }, rts);
}

/* Seconds with an optional fraction, as milliseconds rounded down. */
static bool read_wait(struct piece piece, uint32_t *ms)
{
	uint32_t whole = 0;
	uint32_t fraction = 0;
	uint32_t unit = MS_PER_S;
	unsigned digits = 0;
	for (; piece.at < piece.end && is_digit(*piece.at) && digits < MAX_DIGITS; piece.at++, digits++) {
		whole = whole * 10 + (uint32_t)(*piece.at - '0');
	}
	if (piece.at < piece.end && *piece.at == '.') {
		piece.at++;
		for (; piece.at < piece.end && is_digit(*piece.at) && digits < MAX_DIGITS; piece.at++, digits++) {
			unit /= 10;
			fraction += (uint32_t)(*piece.at - '0') * unit;
		}
	}
	if (digits == 0 || piece.at != piece.end || whole > FF_SEQUENCE_MAX_WAIT_MS / MS_PER_S) {
		return false;
	}
	*ms = whole * MS_PER_S + fraction;
	return *ms <= FF_SEQUENCE_MAX_WAIT_MS;
}

static bool append(struct ff_sequence *sequence, struct ff_line_step step)
{
	if (sequence->count == FF_SEQUENCE_MAX_STEPS) {
		return false;
	}
	sequence->steps[sequence->count++] = step;
	return true;
}

/* A wait belongs to the step before it, unless that waits already or there is none. */
static bool append_wait(struct ff_sequence *sequence, uint32_t ms)
{
	struct ff_line_step *last = sequence->count > 0 ? &sequence->steps[sequence->count - 1] : NULL;
	if (last && last->hold_ms == 0) {
		last->hold_ms = (uint16_t)ms;
		return true;
	}
	return append(sequence, (struct ff_line_step){ .dtr = -1, .rts = -1, .hold_ms = (uint16_t)ms });
}

static enum ff_status add_step(struct ff_sequence *sequence, struct piece piece, struct ff_error *error)
{
	struct ff_line_step step = { .dtr = -1, .rts = -1 };
	struct piece rest = { piece.at + 1, piece.end };
	uint32_t wait_ms = 0;
	bool good = false;
	bool room = true;
	switch (*piece.at | 0x20) {
	case 'd':
		good = read_state(rest, &step.dtr);
		break;
	case 'r':
		good = read_state(rest, &step.rts);
		break;
	case 'u':
		good = read_states(rest, &step.dtr, &step.rts);
		break;
	case 'w':
		good = read_wait(rest, &wait_ms);
		room = !good || append_wait(sequence, wait_ms);
		break;
	default:
		break;
	}
	if (!good) {
		return ff_error_set(
			error, FF_ERR_ARGUMENT,
			"\"%.*s\" is no step of a reset sequence: steps are D0, D1, R0, R1, U0,1 (DTR,RTS) and "
			"W0.1 (seconds, at most %d), divided by |",
			(int)(piece.end - piece.at), piece.at, FF_SEQUENCE_MAX_WAIT_MS / MS_PER_S);
	}
	if ((*piece.at | 0x20) != 'w') {
		room = append(sequence, step);
	}
	return room ? FF_OK
		    : ff_error_set(error, FF_ERR_ARGUMENT, "a reset sequence has at most %d steps",
				   FF_SEQUENCE_MAX_STEPS);
}

static bool moves(const struct ff_sequence *sequence)
{
	for (size_t i = 0; i < sequence->count; i++) {
		if (sequence->steps[i].dtr >= 0 || sequence->steps[i].rts >= 0) {
			return true;
		}
	}
	return false;
}

enum ff_status ff_sequence_parse(struct ff_sequence *sequence, const char *text, struct ff_error *error)
{
	struct ff_sequence found = { .count = 0 };
	size_t size = strnlen(text, FF_RESET_SEQUENCE_SIZE);
	if (size == FF_RESET_SEQUENCE_SIZE) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "a reset sequence has at most %d characters",
				    FF_RESET_SEQUENCE_SIZE - 1);
	}
	for (const char *at = text; at <= text + size;) {
		size_t length = strcspn(at, "|");
		struct piece piece = trim((struct piece){ at, at + length });
		if (piece.at < piece.end) {
			enum ff_status status = add_step(&found, piece, error);
			if (status != FF_OK) {
				return status;
			}
		}
		at += length + 1;
	}
	if (!moves(&found)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the reset sequence \"%s\" moves neither DTR nor RTS",
				    text);
	}
	*sequence = found;
	return FF_OK;
}

enum ff_status ff_check_reset_sequence(const char *text, struct ff_error *error)
{
	struct ff_sequence sequence;
	return ff_sequence_parse(&sequence, text, error);
}
