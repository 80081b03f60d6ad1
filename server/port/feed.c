// SPDX-License-Identifier: Apache-2.0
#include "feed.h"

#define MOST_WRITES 16          /* before the board's output has its turn again */
#define COMMAND_TIMEOUT_MS 2000 /* for what the port itself has to do */
#define DRAIN_TIMEOUT_MS 2000   /* bytes of the old rate; 4096 at 115200 baud take 0.4 s */
#define SLOW_WRITE_SIZE 256     /* to ports that can only write and wait */
#define SLOW_WRITE_TIMEOUT_MS 2000

static const struct ff_line_step release_lines = { .dtr = 0, .rts = 0 };

static enum ff_status set_baud(const struct ff_transport *transport, struct ff_line *line, uint32_t baud,
			       struct ff_error *error)
{
	int64_t deadline = ff_deadline_ms(COMMAND_TIMEOUT_MS);
	if (baud == line->baud) {
		return FF_OK;
	}
	enum ff_status status = transport->ops->set_baud(transport->self, baud, deadline, error);
	if (status == FF_OK) {
		line->baud = baud;
	} else if (status != FF_ERR_LOST && status != FF_ERR_ARGUMENT) {
		/* The driver may have come near. */
		(void)!transport->ops->set_baud(transport->self, line->baud, deadline, NULL);
	}
	return status;
}

static enum ff_status set_format(const struct ff_transport *transport, struct ff_line *line,
				 const struct ff_line_format *format, struct ff_error *error)
{
	const struct ff_line_format *old = &line->format;
	if (format->data_bits == old->data_bits && format->parity == old->parity &&
	    format->stop_bits == old->stop_bits && format->flow == old->flow) {
		return FF_OK;
	}
	if (!transport->port || !transport->port->set_format) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the port does 8N1 only");
	}
	int64_t deadline = ff_deadline_ms(COMMAND_TIMEOUT_MS);
	enum ff_status status = transport->port->set_format(transport->self, format, deadline, error);
	if (status == FF_OK) {
		line->format = *format;
	} else if (status != FF_ERR_LOST) {
		(void)!transport->port->set_format(transport->self, old, deadline, NULL);
	}
	return status;
}

static enum ff_status set_break(const struct ff_transport *transport, struct ff_line *line, bool on,
				struct ff_error *error)
{
	if (on == line->breaking) {
		return FF_OK;
	}
	if (!transport->port || !transport->port->set_break) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the port cannot send a break");
	}
	enum ff_status status =
		transport->port->set_break(transport->self, on, ff_deadline_ms(COMMAND_TIMEOUT_MS), error);
	line->breaking = status == FF_OK ? on : line->breaking;
	return status;
}

static enum ff_status move_lines(const struct ff_transport *transport, struct ff_line *line,
				 const struct ff_line_step *steps, size_t count, struct ff_error *error)
{
	enum ff_status status = transport->ops->set_lines(transport->self, steps, count, error);
	for (size_t i = 0; status == FF_OK && i < count; i++) {
		line->dtr = steps[i].dtr < 0 ? line->dtr : steps[i].dtr == 1;
		line->rts = steps[i].rts < 0 ? line->rts : steps[i].rts == 1;
	}
	return status;
}

static enum ff_status restore(const struct ff_transport *transport, struct ff_line *line, struct ff_error *error)
{
	static const struct ff_line_format format = { 8, FF_PARITY_NONE, FF_STOP_BITS_1, FF_FLOW_NONE };
	enum ff_status status = set_baud(transport, line, FF_CONSOLE_BAUD, error);
	enum ff_status other = set_format(transport, line, &format, error);
	status = status == FF_OK ? other : status;
	other = set_break(transport, line, false, error);
	status = status == FF_OK ? other : status;
	if (line->dtr || line->rts) {
		other = move_lines(transport, line, &release_lines, 1, error);
		status = status == FF_OK ? other : status;
	}
	return status;
}

static enum ff_status run_command(const struct ff_transport *transport, const struct ff_input_command *command,
				  struct ff_line *line, struct ff_error *error)
{
	struct ff_line_format format = line->format;
	uint8_t value = (uint8_t)command->value;
	switch (command->kind) {
	case FF_INPUT_BAUD:
		return set_baud(transport, line, command->value, error);
	case FF_INPUT_DATA_BITS:
		format.data_bits = value;
		return set_format(transport, line, &format, error);
	case FF_INPUT_PARITY:
		format.parity = value;
		return set_format(transport, line, &format, error);
	case FF_INPUT_STOP_BITS:
		format.stop_bits = value;
		return set_format(transport, line, &format, error);
	case FF_INPUT_FLOW:
		format.flow = value;
		return set_format(transport, line, &format, error);
	case FF_INPUT_BREAK:
		return set_break(transport, line, command->value != 0, error);
	case FF_INPUT_LINES:
		return move_lines(transport, line, command->steps, command->step_count, error);
	case FF_INPUT_PURGE_RX:
		return transport->ops->discard(transport->self, ff_deadline_ms(COMMAND_TIMEOUT_MS), error);
	case FF_INPUT_PURGE_TX:
		return transport->port && transport->port->discard_output
			       ? transport->port->discard_output(transport->self, error)
			       : FF_OK;
	case FF_INPUT_RESTORE:
		return restore(transport, line, error);
	default:
		return FF_ERR_ARGUMENT;
	}
}

/* Whether the bytes before a command have to be on the wire before it: those of the old rate. */
static bool waits_for_bytes(enum ff_input_kind kind)
{
	return kind != FF_INPUT_LINES && kind != FF_INPUT_PURGE_RX && kind != FF_INPUT_PURGE_TX;
}

/* A command that fails is answered as such; only a lost port ends the run. */
static enum ff_status run(const struct ff_transport *transport, struct ff_input *input,
			  const struct ff_input_command *command, bool dropped, const struct ff_log *log,
			  struct ff_error *error)
{
	struct ff_error local = FF_ERROR_NONE;
	struct ff_line line;
	enum ff_status status = FF_OK;
	ff_input_line(input, &line);
	if (dropped) {
		ff_input_finish(input, FF_ERR_CANCELLED);
		return FF_OK;
	}
	if (waits_for_bytes(command->kind)) {
		status = transport->ops->drain(transport->self, ff_deadline_ms(DRAIN_TIMEOUT_MS), &local);
	}
	if (status == FF_OK || status == FF_ERR_TIMEOUT) {
		ff_error_clear(&local);
		status = run_command(transport, command, &line, &local);
		ff_input_set_line(input, &line);
	}
	ff_input_finish(input, status);
	if (status != FF_OK) {
		ff_log(log, FF_LOG_DEBUG, "a client's setting failed: %s",
		       local.text[0] ? local.text : ff_status_text(status));
	}
	if (status == FF_ERR_LOST) {
		return ff_error_set(error, status, "%s", local.text[0] ? local.text : ff_status_text(status));
	}
	return FF_OK;
}

static enum ff_status write_bytes(const struct ff_transport *transport, const uint8_t *bytes, size_t size, size_t *done,
				  bool *writable, struct ff_error *error)
{
	if (transport->port && transport->port->write_some) {
		return transport->port->write_some(transport->self, bytes, size, done, writable, error);
	}
	size = size < SLOW_WRITE_SIZE ? size : SLOW_WRITE_SIZE;
	int64_t deadline = ff_deadline_ms(SLOW_WRITE_TIMEOUT_MS);
	enum ff_status status = size > 0 ? transport->ops->write(transport->self, bytes, size, deadline, error) : FF_OK;
	if (status == FF_OK) {
		*done = size;
		*writable = false;
	}
	return status;
}

enum ff_status ff_feed_run(const struct ff_transport *transport, struct ff_input *input, const struct ff_log *log,
			   struct ff_feed *feed, struct ff_error *error)
{
	struct ff_input_item item;
	const uint8_t *bytes = NULL;
	enum ff_status status = FF_OK;
	for (int i = 0; i < MOST_WRITES && status == FF_OK; i++) {
		size_t done = 0;
		if (!ff_input_front(input, &item, &bytes)) {
			/* What the port keeps itself may still have to be pushed. */
			return feed->writable ? write_bytes(transport, NULL, 0, &done, &feed->writable, error) : FF_OK;
		}
		if (item.command.kind != FF_INPUT_BYTES) {
			/* It may have taken a while: tasks and the board's output have their turn. */
			feed->told = true;
			feed->moved = true;
			feed->reset =
				item.command.kind == FF_INPUT_LINES && item.command.step_count > 1 && !item.dropped;
			return run(transport, input, &item.command, item.dropped, log, error);
		}
		status = write_bytes(transport, bytes, item.size, &done, &feed->writable, error);
		if (status != FF_OK || done == 0) {
			return status;
		}
		feed->told |= ff_input_consume(input, done);
		feed->moved = true;
	}
	return status;
}

void ff_feed_reopen(const struct ff_transport *transport, struct ff_input *input, const struct ff_log *log)
{
	struct ff_line wanted;
	struct ff_error error = FF_ERROR_NONE;
	ff_input_line(input, &wanted);
	struct ff_line line = { .baud = wanted.baud, .format = FF_LINE_FORMAT_8N1 };
	enum ff_status status = set_format(transport, &line, &wanted.format, &error);
	if (status == FF_OK) {
		status = set_break(transport, &line, wanted.breaking, &error);
	}
	if (status == FF_OK && (wanted.dtr || wanted.rts)) {
		const struct ff_line_step step = { .dtr = wanted.dtr, .rts = wanted.rts };
		status = move_lines(transport, &line, &step, 1, &error);
	}
	if (status != FF_OK) {
		ff_log(log, FF_LOG_WARN, "the port is not again as its client had set it: %s", error.text);
	}
	ff_input_set_line(input, &line);
}

size_t ff_feed_give_up(struct ff_input *input, enum ff_status status)
{
	struct ff_input_item item;
	const uint8_t *bytes = NULL;
	size_t lost = 0;
	while (ff_input_front(input, &item, &bytes)) {
		if (item.command.kind == FF_INPUT_BYTES) {
			lost += item.size;
			ff_input_consume(input, item.size);
		} else {
			ff_input_finish(input, status);
		}
	}
	return lost;
}
