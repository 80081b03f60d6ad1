// SPDX-License-Identifier: Apache-2.0
#include "link.h"

#include <string.h>

#include "clock.h"
#include "error.h"
#include "trace.h"

#define SLICE_MS 100        /* longest wait between two looks at the cancel hook */
#define WRITE_SLICE_MS 100  /* the same for sending, in bytes' worth of wire time */
#define WRITE_STALL_MS 5000 /* a port that takes nothing for this long is stuck */
#define WRITE_SLICE_MIN 256
#define BITS_PER_BYTE 10
#define US_PER_S 1000000
#define SYNC_REPLIES 8
#define DRAIN_MS 200
#define FLUSH_READS 64
#define LATE_READS 64 /* with what has arrived by the deadline, in however small pieces */

void ff_link_init(struct ff_link *link, struct ff_transport *transport, uint32_t baud,
		  const struct ff_link_hooks *hooks)
{
	memset(link, 0, sizeof(*link));
	link->transport = transport;
	link->baud = baud;
	link->begun_us = ff_now_us();
	link->hooks = *hooks;
	ff_slip_decoder_init(&link->decoder, link->frame, sizeof(link->frame));
}

bool ff_link_traces(const struct ff_link *link)
{
	const struct ff_log *log = link->hooks.log;
	return log && log->write && log->level >= FF_LOG_TRACE;
}

void ff_link_trace(const struct ff_link *link, char direction, const char *text)
{
	double seconds = (double)(ff_now_us() - link->begun_us) / US_PER_S;
	ff_log(link->hooks.log, FF_LOG_TRACE, "+%.6f %c %s", seconds, direction, text);
}

/* What lies in front of the next frame, if none is being received. */
static void trace_noise(const struct ff_link *link)
{
	const uint8_t *from = link->input + link->input_at;
	size_t size = link->input_size - link->input_at;
	const uint8_t *end = memchr(from, FF_SLIP_END, size);
	size = end ? (size_t)(end - from) : size;
	if (link->decoder.state == FF_SLIP_OUTSIDE && size > 0) {
		char line[FF_TRACE_LINE_SIZE];
		ff_trace_raw(line, from, size);
		ff_link_trace(link, '<', line);
	}
}

static void trace_frame(const struct ff_link *link, char direction, const uint8_t *frame, size_t size,
			void (*format)(char *line, const uint8_t *frame, size_t size))
{
	if (ff_link_traces(link)) {
		char line[FF_TRACE_LINE_SIZE];
		format(line, frame, size);
		ff_link_trace(link, direction, line);
	}
}

enum ff_status ff_link_check_cancel(const struct ff_link *link, struct ff_error *error)
{
	if (link->hooks.cancelled && link->hooks.cancelled(link->hooks.context)) {
		return ff_error_set(error, FF_ERR_CANCELLED, "cancelled in the middle of the work");
	}
	return FF_OK;
}

static uint32_t wire_us(const struct ff_link *link, size_t bytes)
{
	return (uint32_t)((uint64_t)bytes * BITS_PER_BYTE * US_PER_S / link->baud);
}

/* In slices, so that a caller who cancels does not wait for 16 KB at 9600 baud. */
static enum ff_status send(struct ff_link *link, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct ff_transport *transport = link->transport;
	size_t slice = (size_t)link->baud / BITS_PER_BYTE * WRITE_SLICE_MS / 1000;
	if (slice < WRITE_SLICE_MIN) {
		slice = WRITE_SLICE_MIN;
	}
	int64_t start = ff_now_us();
	for (size_t at = 0; at < size;) {
		enum ff_status status = ff_link_check_cancel(link, error);
		if (status != FF_OK) {
			return status;
		}
		size_t count = size - at < slice ? size - at : slice;
		int64_t deadline = ff_deadline_ms(WRITE_STALL_MS + transport->latency_ms);
		status = transport->ops->write(transport->self, bytes + at, count, deadline, error);
		if (status != FF_OK) {
			return ff_error_set(error, status, "cannot send to the board: %s", ff_status_text(status));
		}
		at += count;
	}
	/* The port may have buffered it all: what was not yet spent in write() is still to be waited for. */
	int64_t left = wire_us(link, size) - (ff_now_us() - start);
	link->sent_us = left > 0 ? (uint32_t)left : 0;
	return FF_OK;
}

enum ff_status ff_link_send_bytes(struct ff_link *link, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	trace_frame(link, '>', bytes, size, ff_trace_raw);
	return send(link, bytes, size, error);
}

enum ff_status ff_link_send(struct ff_link *link, const struct ff_command *command, struct ff_error *error)
{
	size_t size = ff_packet_encode(command, link->output, sizeof(link->output));
	if (size == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "a command of %zu bytes is too large", command->block_size);
	}
	if (ff_link_traces(link)) {
		char line[FF_TRACE_LINE_SIZE];
		ff_trace_command(line, command);
		ff_link_trace(link, '>', line);
	}
	return send(link, link->output, size, error);
}

enum ff_status ff_link_send_frame(struct ff_link *link, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	size_t encoded = ff_slip_encode(link->output, sizeof(link->output), bytes, size);
	if (encoded == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "a frame of %zu bytes is too large", size);
	}
	trace_frame(link, '>', bytes, size, ff_trace_frame);
	return send(link, link->output, encoded, error);
}

int64_t ff_link_deadline(const struct ff_link *link, uint32_t timeout_ms)
{
	/* Twice the latency as measured once: it varies. */
	return ff_now_us() + link->sent_us + (int64_t)(timeout_ms + 2 * (uint64_t)link->transport->latency_ms) * 1000;
}

static void hear(struct ff_link *link)
{
	size_t room = sizeof(link->heard) - link->heard_size;
	size_t count = link->input_size < room ? link->input_size : room;
	memcpy(link->heard + link->heard_size, link->input, count);
	link->heard_size += count;
	link->heard_total += link->input_size;
}

/* Fills the input buffer. FF_ERR_TIMEOUT without touching `error`. */
static enum ff_status fill(struct ff_link *link, int64_t deadline_us, struct ff_error *error)
{
	struct ff_transport *transport = link->transport;
	for (;;) {
		enum ff_status status = ff_link_check_cancel(link, error);
		if (status != FF_OK) {
			return status;
		}
		int64_t slice = ff_deadline_ms(SLICE_MS);
		struct ff_error local = FF_ERROR_NONE;
		status = transport->ops->read(transport->self, link->input, sizeof(link->input), &link->input_size,
					      slice < deadline_us ? slice : deadline_us, &local);
		if (status == FF_OK) {
			link->input_at = 0;
			hear(link);
			return FF_OK;
		}
		link->input_at = 0;
		link->input_size = 0;
		if (status != FF_ERR_TIMEOUT) {
			ff_error_keep(error, &local);
			return ff_error_set(error, status, "cannot read from the board: %s", ff_status_text(status));
		}
		if (ff_now_us() >= deadline_us) {
			return FF_ERR_TIMEOUT;
		}
	}
}

/* Decodes what has come in. True at the end of a frame, which the decoder then holds. */
static bool decode(struct ff_link *link)
{
	while (link->input_at < link->input_size) {
		size_t used = 0;
		if (ff_link_traces(link)) {
			trace_noise(link);
		}
		enum ff_slip_event event = ff_slip_decode(&link->decoder, link->input + link->input_at,
							  link->input_size - link->input_at, &used);
		link->input_at += used;
		if (event == FF_SLIP_FRAME) {
			trace_frame(link, '<', link->decoder.bytes, link->decoder.size, ff_trace_received);
			return true;
		}
		if (event == FF_SLIP_BAD) {
			ff_log(link->hooks.log, FF_LOG_DEBUG, "skipped a broken frame");
		}
	}
	return false;
}

enum ff_status ff_link_await_frame(struct ff_link *link, size_t enough, int64_t deadline_us, struct ff_error *error)
{
	const struct ff_slip_decoder *decoder = &link->decoder;
	for (unsigned late = 0;; late += ff_now_us() >= deadline_us) {
		link->held = link->held || decode(link);
		bool inside = decoder->state == FF_SLIP_INSIDE || decoder->state == FF_SLIP_ESCAPED;
		if (link->held || (inside && !decoder->reported && decoder->size >= enough)) {
			return FF_OK;
		}
		enum ff_status status = late > LATE_READS ? FF_ERR_TIMEOUT : fill(link, deadline_us, error);
		if (status != FF_OK) {
			return status;
		}
	}
}

enum ff_status ff_link_receive(struct ff_link *link, int64_t deadline_us, const uint8_t **frame, size_t *size,
			       struct ff_error *error)
{
	for (unsigned late = 0;; late += ff_now_us() >= deadline_us) {
		if (link->held || decode(link)) {
			link->held = false;
			*frame = link->decoder.bytes;
			*size = link->decoder.size;
			return FF_OK;
		}
		if (link->reboot_ends && ff_link_has_heard_boot(link)) {
			return FF_ERR_TIMEOUT;
		}
		if (late > LATE_READS) {
			return FF_ERR_TIMEOUT; /* a board that talks without end must not outlast the deadline */
		}
		/* Past the deadline too: fill() looks, so that what has arrived is never missed. */
		enum ff_status status = fill(link, deadline_us, error);
		if (status != FF_OK) {
			return status;
		}
	}
}

static enum ff_status next_reply(struct ff_link *link, int64_t deadline_us, struct ff_reply *reply,
				 struct ff_error *error)
{
	for (;;) {
		const uint8_t *frame = NULL;
		size_t size = 0;
		enum ff_status status = ff_link_receive(link, deadline_us, &frame, &size, error);
		if (status != FF_OK) {
			return status;
		}
		if (ff_packet_parse(reply, frame, size)) {
			return FF_OK;
		}
		if (ff_now_us() >= deadline_us) {
			return FF_ERR_TIMEOUT; /* a flood of noise must not outlast the deadline */
		}
	}
}

/* A ROM answers a command that it does not know with the opcode of the one before, and as often as it answered that
 * one: eight times after SYNC (seen on the mask ROMs of ESP32 and ESP32-C3). The repetitions must not be taken for the
 * answer to the next command. */
static enum ff_status drain_refusals(struct ff_link *link, uint8_t opcode, struct ff_error *error)
{
	unsigned expected = opcode == FF_OP_SYNC ? SYNC_REPLIES - 1 : 0;
	int64_t deadline = ff_link_deadline(link, DRAIN_MS);
	for (unsigned seen = 0; seen < expected; seen++) {
		struct ff_reply reply;
		enum ff_status status = next_reply(link, deadline, &reply, error);
		if (status == FF_ERR_TIMEOUT) {
			break;
		}
		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}

enum ff_status ff_link_reply(struct ff_link *link, uint8_t opcode, int64_t deadline_us, struct ff_reply *reply,
			     struct ff_error *error)
{
	for (;;) {
		struct ff_reply found;
		enum ff_status status = next_reply(link, deadline_us, &found, error);
		if (status != FF_OK) {
			return status;
		}
		if (found.opcode == opcode) {
			*reply = found;
			return FF_OK;
		}
		uint16_t code = 0;
		if (ff_packet_status(&found, 0, &code) && code == FF_REPLY_UNSUPPORTED) {
			status = drain_refusals(link, found.opcode, error);
			if (status == FF_OK) {
				status = ff_error_set(error, FF_ERR_REFUSED, "the ROM does not know %s",
						      ff_packet_opcode_name(opcode));
				if (error && error->status == FF_ERR_REFUSED && error->rom_code < 0) {
					error->rom_code = code;
				}
			}
			return status;
		}
		ff_log(link->hooks.log, FF_LOG_DEBUG, "skipped a reply to %s while waiting for %s",
		       ff_packet_opcode_name(found.opcode), ff_packet_opcode_name(opcode));
		if (ff_now_us() >= deadline_us) {
			return FF_ERR_TIMEOUT;
		}
	}
}

static enum ff_status explain_timeout(struct ff_link *link, uint8_t opcode, struct ff_error *error)
{
	const char *name = ff_packet_opcode_name(opcode);
	if (ff_link_has_heard_boot(link)) {
		char heard[80];
		ff_link_heard(link, heard, sizeof(heard));
		return ff_error_set(
			error, FF_ERR_TIMEOUT,
			"the board restarted by itself during %s (\"%s\"): check its power supply and cable", name,
			heard);
	}
	return ff_error_set(error, FF_ERR_TIMEOUT, "no reply to %s in time: check cable and power, or try a lower rate",
			    name);
}

enum ff_status ff_link_finish(struct ff_link *link, uint8_t opcode, size_t payload, int64_t deadline_us,
			      struct ff_reply *reply, struct ff_error *error)
{
	struct ff_reply found;
	link->reboot_ends = true;
	enum ff_status status = ff_link_reply(link, opcode, deadline_us, &found, error);
	link->reboot_ends = false;
	if (status == FF_ERR_TIMEOUT) {
		return explain_timeout(link, opcode, error);
	}
	if (status != FF_OK) {
		return status;
	}
	uint16_t code = 0;
	if (!ff_packet_status(&found, payload, &code)) {
		return ff_error_set(error, FF_ERR_PROTOCOL, "the reply to %s has %zu bytes, at least %zu were expected",
				    ff_packet_opcode_name(opcode), found.size, payload + 2);
	}
	if (code != 0) {
		status = ff_error_set(error, FF_ERR_REFUSED, "the bootloader refused %s: %s (%04x)",
				      ff_packet_opcode_name(opcode), ff_packet_reason(code), code);
		if (error && error->status == FF_ERR_REFUSED && error->rom_code < 0) {
			error->rom_code = code;
		}
		return status;
	}
	if (reply) {
		*reply = found;
	}
	return FF_OK;
}

enum ff_status ff_link_call(struct ff_link *link, const struct ff_command *command, size_t payload, uint32_t timeout_ms,
			    struct ff_reply *reply, struct ff_error *error)
{
	ff_link_forget(link);
	enum ff_status status = ff_link_send(link, command, error);
	if (status != FF_OK) {
		return status;
	}
	return ff_link_finish(link, command->opcode, payload, ff_link_deadline(link, timeout_ms), reply, error);
}

enum ff_status ff_link_pause(struct ff_link *link, uint32_t ms, struct ff_error *error)
{
	int64_t deadline = ff_deadline_ms(ms);
	for (;;) {
		const uint8_t *frame = NULL;
		size_t size = 0;
		enum ff_status status = ff_link_receive(link, deadline, &frame, &size, error);
		if (status == FF_ERR_TIMEOUT) {
			return FF_OK;
		}
		if (status != FF_OK) {
			return status;
		}
		if (ff_now_us() >= deadline) {
			return FF_OK;
		}
	}
}

void ff_link_restart(struct ff_link *link)
{
	link->input_at = 0;
	link->input_size = 0;
	link->held = false;
	ff_slip_decoder_reset(&link->decoder);
}

enum ff_status ff_link_flush(struct ff_link *link, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	/* Bounded, in case the board talks without end. */
	for (int i = 0; i < FLUSH_READS && status == FF_OK; i++) {
		status = fill(link, 0, error);
		if (status == FF_OK) {
			trace_frame(link, '<', link->input, link->input_size, ff_trace_raw);
		}
	}
	ff_link_restart(link);
	return status == FF_ERR_TIMEOUT ? FF_OK : status;
}

enum ff_status ff_link_discard(struct ff_link *link, struct ff_error *error)
{
	struct ff_transport *transport = link->transport;
	ff_link_restart(link);
	int64_t deadline = ff_deadline_ms(WRITE_STALL_MS + transport->latency_ms);
	enum ff_status status = transport->ops->discard(transport->self, deadline, error);
	if (status != FF_OK) {
		return ff_error_set(error, status, "cannot empty the port's buffer: %s", ff_status_text(status));
	}
	return FF_OK;
}

void ff_link_forget(struct ff_link *link)
{
	link->heard_size = 0;
	link->heard_total = 0;
}

bool ff_link_has_heard(const struct ff_link *link, const char *needle)
{
	return memmem(link->heard, link->heard_size, needle, strlen(needle)) != NULL;
}

bool ff_link_has_heard_boot(const struct ff_link *link)
{
	return ff_link_has_heard(link, "rst:0x") || ff_link_has_heard(link, "rst cause:");
}

void ff_link_heard(const struct ff_link *link, char *text, size_t size)
{
	const uint8_t *from = memmem(link->heard, link->heard_size, "rst:", 4);
	if (!from) {
		from = link->heard;
	}
	const uint8_t *end = link->heard + link->heard_size;
	size_t used = 0;
	for (; from < end && used + 1 < size; from++) {
		bool line_end = *from == '\r' || *from == '\n';
		if (line_end && used > 0 && text[used - 1] == ' ') {
			continue;
		}
		text[used++] = line_end ? ' ' : *from >= 0x20 && *from < 0x7F ? (char)*from : '.';
	}
	while (used > 0 && text[used - 1] == ' ') {
		used--;
	}
	text[used] = '\0';
}
