// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include "inner.h"

#define NO_ANSWER 0 /* tag of commands that nobody waits for */
#define TAG(code, value) (0x10000u | (uint32_t)(code) << 8 | (uint32_t)(value))
#define TAG_CODE(tag) ((enum ff_comport_code)((tag) >> 8 & 0xFF))
#define TAG_VALUE(tag) ((tag)&0xFF)

static bool asks_flow_in(uint32_t control)
{
	return (control >= FF_COMPORT_CONTROL_ASK_FLOW_IN && control <= FF_COMPORT_CONTROL_FLOW_IN_HARDWARE) ||
	       control == FF_COMPORT_CONTROL_FLOW_IN_DTR;
}

/* The state that a SET-CONTROL is about, in the words of its group. */
static uint32_t control_value(const struct ff_line *line, uint32_t control)
{
	if (asks_flow_in(control)) {
		return FF_COMPORT_CONTROL_FLOW_IN_NONE + line->format.flow;
	}
	if (control >= FF_COMPORT_CONTROL_ASK_BREAK && control <= FF_COMPORT_CONTROL_BREAK_OFF) {
		return line->breaking ? FF_COMPORT_CONTROL_BREAK_ON : FF_COMPORT_CONTROL_BREAK_OFF;
	}
	if (control >= FF_COMPORT_CONTROL_ASK_DTR && control <= FF_COMPORT_CONTROL_DTR_OFF) {
		return line->dtr ? FF_COMPORT_CONTROL_DTR_ON : FF_COMPORT_CONTROL_DTR_OFF;
	}
	if (control >= FF_COMPORT_CONTROL_ASK_RTS && control <= FF_COMPORT_CONTROL_RTS_OFF) {
		return line->rts ? FF_COMPORT_CONTROL_RTS_ON : FF_COMPORT_CONTROL_RTS_OFF;
	}
	return FF_COMPORT_CONTROL_FLOW_NONE + line->format.flow;
}

/* What a line is like, in RFC 2217's words. `value` is what was asked, for those codes where that matters. */
static uint32_t line_value(const struct ff_line *line, enum ff_comport_code code, uint32_t value)
{
	switch (code) {
	case FF_COMPORT_SET_BAUDRATE:
		return line->baud;
	case FF_COMPORT_SET_DATASIZE:
		return line->format.data_bits;
	case FF_COMPORT_SET_PARITY:
		return line->format.parity + FF_COMPORT_PARITY_NONE;
	case FF_COMPORT_SET_STOPSIZE:
		return line->format.stop_bits + FF_COMPORT_STOP_1;
	case FF_COMPORT_SET_CONTROL:
		return control_value(line, value);
	default:
		return value;
	}
}

static void set_wanted(struct ff_line *line, const struct ff_input_command *command)
{
	switch (command->kind) {
	case FF_INPUT_BAUD:
		line->baud = command->value;
		break;
	case FF_INPUT_DATA_BITS:
		line->format.data_bits = (uint8_t)command->value;
		break;
	case FF_INPUT_PARITY:
		line->format.parity = (uint8_t)command->value;
		break;
	case FF_INPUT_STOP_BITS:
		line->format.stop_bits = (uint8_t)command->value;
		break;
	case FF_INPUT_FLOW:
		line->format.flow = (uint8_t)command->value;
		break;
	case FF_INPUT_BREAK:
		line->breaking = command->value != 0;
		break;
	case FF_INPUT_LINES:
		for (size_t i = 0; i < command->step_count; i++) {
			const struct ff_line_step *step = &command->steps[i];
			line->dtr = step->dtr < 0 ? line->dtr : step->dtr == 1;
			line->rts = step->rts < 0 ? line->rts : step->rts == 1;
		}
		break;
	default:
		break;
	}
}

/* Puts a command whose end is answered as `tag` says. */
static void put(struct ff_session *session, uint32_t tag, const struct ff_input_command *command)
{
	struct ff_room *room = session->source.room;
	if (!ff_room_command(room, session, tag, command)) {
		session->doomed = true;
		return;
	}
	set_wanted(&room->wanted, command);
}

bool ff_control_put(struct ff_session *session, uint32_t tag, const struct ff_input_command *command)
{
	bool may = ff_room_claim(session->source.room, session);
	if (may) {
		put(session, tag, command);
	}
	return may;
}

/* Acknowledges at once what is so already, and changes the rest if the session may. */
static void change(struct ff_session *session, enum ff_comport_code code, uint32_t value,
		   const struct ff_input_command *command)
{
	struct ff_room *room = session->source.room;
	struct ff_line after = room->wanted;
	set_wanted(&after, command);
	uint32_t now = line_value(&room->wanted, code, value);
	bool settled = room->pending[command->kind] == 0 && now == line_value(&after, code, value);
	if (settled || !ff_room_claim(room, session)) {
		ff_access_reply(&session->access, code, now);
		return;
	}
	put(session, TAG(code, code == FF_COMPORT_SET_CONTROL ? value : 0), command);
}

/* ---- DTR and RTS ---- */

/* What an action is at this board's port: its own sequence, if it has one. */
static struct ff_input_command moves(const struct ff_room *room, enum ff_reset_action action)
{
	struct ff_input_command command = { .kind = FF_INPUT_LINES };
	bool to_loader = action == FF_RESET_TO_LOADER || action == FF_RESET_TO_LOADER_USB;
	if (to_loader || action == FF_RESET_TO_APPLICATION) {
		command.steps = ff_worker_reset_steps(room->worker, to_loader, &command.step_count);
	}
	if (!command.steps) {
		command.steps = ff_reset_match_steps(action, room->usb_jtag, &command.step_count);
	}
	return command;
}

bool ff_control_reset(struct ff_session *session, uint32_t tag)
{
	struct ff_room *room = session->source.room;
	const struct ff_input_command command = moves(room, FF_RESET_TO_APPLICATION);
	bool done = ff_control_put(session, tag, &command);
	if (done) {
		ff_bridge_log(room->bridge, room, "reset by %s", session->peer);
	}
	return done;
}

static void act(struct ff_session *session, enum ff_reset_action action)
{
	struct ff_room *room = session->source.room;
	const struct ff_input_command command = moves(room, action);
	if (!command.steps) {
		return;
	}
	if (!room->has_lines) {
		ff_bridge_log(room->bridge, room, "the port has no control lines: a reset by %s did nothing",
			      session->peer);
		return;
	}
	if (ff_room_claim(room, session)) {
		if (action != FF_RESET_RELEASE) {
			ff_bridge_log(room->bridge, room, "reset by %s: %s", session->peer,
				      ff_reset_match_name(action));
		}
		ff_resync_forget(&session->resync);
		put(session, NO_ANSWER, &command);
	} else {
		ff_reset_match_close(&session->match);
	}
}

void ff_control_expire(struct ff_session *session, int64_t now_us)
{
	act(session, ff_reset_match_expire(&session->match, now_us));
}

void ff_control_close(struct ff_session *session)
{
	enum ff_reset_action action = ff_reset_match_close(&session->match);
	if (session->source.room->holder == session) {
		act(session, action);
	}
}

static void set_line_smart(struct ff_session *session, bool is_dtr, int8_t level)
{
	struct ff_reset_match *match = &session->match;
	const struct ff_line *wanted = &session->source.room->wanted;
	if (level >= 0) {
		act(session, ff_reset_match_set(match, is_dtr ? level : -1, is_dtr ? -1 : level, ff_now_us()));
	}
	struct ff_line seen = { .dtr = match->dtr < 0 ? wanted->dtr : match->dtr == 1,
				.rts = match->rts < 0 ? wanted->rts : match->rts == 1 };
	if (level >= 0) { /* a sequence that was refused is forgotten, but still acknowledged */
		*(is_dtr ? &seen.dtr : &seen.rts) = level == 1;
	}
	uint32_t asked = is_dtr ? FF_COMPORT_CONTROL_ASK_DTR : FF_COMPORT_CONTROL_ASK_RTS;
	ff_access_reply(&session->access, FF_COMPORT_SET_CONTROL, control_value(&seen, asked));
}

/* level: 1 asserted, 0 released, -1 asks. */
static void set_line(struct ff_session *session, uint32_t value, bool is_dtr, int8_t level)
{
	static const struct ff_line_step steps[2][2] = {
		{ { -1, 0, 0 }, { -1, 1, 0 } },
		{ { 0, -1, 0 }, { 1, -1, 0 } },
	};
	struct ff_room *room = session->source.room;
	if (room->smart || !room->has_lines) {
		set_line_smart(session, is_dtr, level);
		return;
	}
	if (level < 0) {
		ff_access_reply(&session->access, FF_COMPORT_SET_CONTROL, control_value(&room->wanted, value));
		return;
	}
	const struct ff_input_command command = {
		.kind = FF_INPUT_LINES,
		.steps = &steps[is_dtr][level],
		.step_count = 1,
	};
	change(session, FF_COMPORT_SET_CONTROL, value, &command);
}

/* ---- the rest of SET-CONTROL ---- */

static void set_flow_or_break(struct ff_session *session, uint32_t value)
{
	struct ff_input_command command = { .kind = FF_INPUT_FLOW };
	switch (value) {
	case FF_COMPORT_CONTROL_FLOW_NONE:
	case FF_COMPORT_CONTROL_FLOW_XONXOFF:
	case FF_COMPORT_CONTROL_FLOW_HARDWARE:
		command.value = value - FF_COMPORT_CONTROL_FLOW_NONE;
		break;
	case FF_COMPORT_CONTROL_FLOW_IN_NONE:
	case FF_COMPORT_CONTROL_FLOW_IN_XONXOFF:
	case FF_COMPORT_CONTROL_FLOW_IN_HARDWARE:
		command.value = value - FF_COMPORT_CONTROL_FLOW_IN_NONE;
		break;
	case FF_COMPORT_CONTROL_BREAK_ON:
	case FF_COMPORT_CONTROL_BREAK_OFF:
		command.kind = FF_INPUT_BREAK;
		command.value = value == FF_COMPORT_CONTROL_BREAK_ON;
		break;
	default: /* questions, and flow control that no port here has */
		ff_access_reply(&session->access, FF_COMPORT_SET_CONTROL,
				control_value(&session->source.room->wanted, value));
		return;
	}
	change(session, FF_COMPORT_SET_CONTROL, value, &command);
}

static void set_control(struct ff_session *session, uint32_t value)
{
	switch (value) {
	case FF_COMPORT_CONTROL_ASK_DTR:
	case FF_COMPORT_CONTROL_DTR_ON:
	case FF_COMPORT_CONTROL_DTR_OFF:
		set_line(session, value, true,
			 value == FF_COMPORT_CONTROL_ASK_DTR ? -1 : value == FF_COMPORT_CONTROL_DTR_ON);
		break;
	case FF_COMPORT_CONTROL_ASK_RTS:
	case FF_COMPORT_CONTROL_RTS_ON:
	case FF_COMPORT_CONTROL_RTS_OFF:
		set_line(session, value, false,
			 value == FF_COMPORT_CONTROL_ASK_RTS ? -1 : value == FF_COMPORT_CONTROL_RTS_ON);
		break;
	default:
		set_flow_or_break(session, value);
	}
}

/* ---- settings ---- */

static void set(struct ff_session *session, enum ff_comport_code code, uint32_t value)
{
	struct ff_input_command command = { .value = value };
	bool known = value != 0 && ff_comport_value_known(code, value);
	switch (code) {
	case FF_COMPORT_SET_BAUDRATE:
		command.kind = FF_INPUT_BAUD;
		known = value >= FF_CONTROL_LOWEST_BAUD && value <= FF_CONTROL_HIGHEST_BAUD;
		break;
	case FF_COMPORT_SET_DATASIZE:
		command.kind = FF_INPUT_DATA_BITS;
		break;
	case FF_COMPORT_SET_PARITY:
		command.kind = FF_INPUT_PARITY;
		command.value = value - FF_COMPORT_PARITY_NONE;
		break;
	default:
		command.kind = FF_INPUT_STOP_BITS;
		command.value = value - FF_COMPORT_STOP_1;
	}
	if (!known) { /* a question, or a value that does not exist: what is so now is the answer */
		ff_access_reply(&session->access, code, line_value(&session->source.room->wanted, code, 0));
		return;
	}
	change(session, code, value, &command);
}

/* ---- purge ---- */

static void forget_output(struct ff_session *session)
{
	session->position = ff_console_end(ff_worker_console(session->source.room->worker));
}

/* Only the holder has anything on its way to the board, and only it may drop what others would still read. */
static void purge(struct ff_session *session, uint32_t value)
{
	static const struct ff_input_command rx = { .kind = FF_INPUT_PURGE_RX };
	static const struct ff_input_command tx = { .kind = FF_INPUT_PURGE_TX };
	struct ff_room *room = session->source.room;
	bool known = ff_comport_value_known(FF_COMPORT_PURGE_DATA, value);
	bool drops_rx = known && (value & FF_COMPORT_PURGE_RX);
	bool drops_tx = known && (value & FF_COMPORT_PURGE_TX);
	if (room->holder != session || !known) {
		if (drops_rx) {
			forget_output(session);
		}
		ff_access_reply(&session->access, FF_COMPORT_PURGE_DATA, value);
		return;
	}
	if (drops_tx) {
		ff_input_drop(ff_worker_input(room->worker), session->id);
		put(session, drops_rx ? NO_ANSWER : TAG(FF_COMPORT_PURGE_DATA, value), &tx);
	}
	if (drops_rx) {
		session->purges++;
		put(session, TAG(FF_COMPORT_PURGE_DATA, value), &rx);
	}
}

void ff_control_request(struct ff_session *session, enum ff_comport_code code, uint32_t value)
{
	switch (code) {
	case FF_COMPORT_SET_CONTROL:
		set_control(session, value);
		break;
	case FF_COMPORT_PURGE_DATA:
		purge(session, value);
		break;
	default:
		set(session, code, value);
	}
}

void ff_control_done(struct ff_session *session, const struct ff_input_done *done)
{
	if (done->tag == NO_ANSWER) {
		return;
	}
	if (done->kind == FF_INPUT_PURGE_RX) {
		session->purges--;
		session->position = done->output > session->position ? done->output : session->position;
	}
	enum ff_comport_code code = TAG_CODE(done->tag);
	ff_access_reply(&session->access, code, line_value(&done->line, code, TAG_VALUE(done->tag)));
}
