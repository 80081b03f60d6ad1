// SPDX-License-Identifier: Apache-2.0
/* Commands and their replies over a transport: framing, matching, deadlines, cancelling.
 *
 * A link is a value of the caller that borrows its transport; nothing to release. It belongs to one thread. It allocates
 * nothing; it is large (about 50 kB), so it does not belong on a stack. */
#ifndef FF_LOADER_LINK_H
#define FF_LOADER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/transport.h>

#include "packet.h"
#include "slip.h"

/* The caller looking over the link's shoulder. Every member may be zero. */
struct ff_link_hooks {
	bool (*cancelled)(void *context); /* asked at least every 200 ms while the link waits */
	void *context;
	const struct ff_log *log;
};

/* Replies are small; the rest is room for noise. */
#define FF_LINK_FRAME_SIZE 8192
#define FF_LINK_INPUT_SIZE 1024
#define FF_LINK_HEARD_SIZE 512

struct ff_link {
	struct ff_transport *transport; /* borrowed */
	struct ff_link_hooks hooks;
	int64_t begun_us; /* the trace counts from here */
	uint32_t baud;    /* for the time that bytes take; the owner keeps it right */
	struct ff_slip_decoder decoder;
	uint8_t frame[FF_LINK_FRAME_SIZE];
	uint8_t input[FF_LINK_INPUT_SIZE];
	size_t input_at;
	size_t input_size;
	uint8_t output[FF_SLIP_ENCODED_MAX(FF_PACKET_MAX_SIZE)];
	uint32_t sent_us;                  /* what its bytes take on the wire, not yet waited for */
	uint8_t heard[FF_LINK_HEARD_SIZE]; /* first bytes received since ff_link_forget() */
	size_t heard_size;
	uint64_t heard_total; /* all bytes received since then */
	bool reboot_ends;     /* a boot log ends the present wait */
	bool held;            /* a whole frame is in the decoder, for the next ff_link_receive() */
};

/* `hooks` is copied. */
void ff_link_init(struct ff_link *link, struct ff_transport *transport, uint32_t baud,
		  const struct ff_link_hooks *hooks);

/* Sends one command. Errors: FF_ERR_TIMEOUT (the port takes no bytes), FF_ERR_CANCELLED, those of the transport. */
FF_WARN_UNUSED enum ff_status ff_link_send(struct ff_link *link, const struct ff_command *command,
					   struct ff_error *error);

/* Sends bytes as they are. Errors as ff_link_send(). */
FF_WARN_UNUSED enum ff_status ff_link_send_bytes(struct ff_link *link, const uint8_t *bytes, size_t size,
						 struct ff_error *error);

/* Sends bytes as a SLIP frame that is no command. Errors as ff_link_send(). */
FF_WARN_UNUSED enum ff_status ff_link_send_frame(struct ff_link *link, const uint8_t *bytes, size_t size,
						 struct ff_error *error);

/* When a wait of `timeout_ms` for the answer to what was sent ends: counted from now, and stretched by the port's
 * latency and by the time that the bytes sent need on the wire. */
int64_t ff_link_deadline(const struct ff_link *link, uint32_t timeout_ms);

/* Waits for the next frame of any kind; it is valid until the next call. Noise outside frames and broken frames are
 * skipped. FF_ERR_TIMEOUT leaves `error` alone. Other errors: FF_ERR_CANCELLED, those of the transport. */
FF_WARN_UNUSED enum ff_status ff_link_receive(struct ff_link *link, int64_t deadline_us, const uint8_t **frame,
					      size_t *size, struct ff_error *error);

/* Waits until the next frame has begun for certain: `enough` bytes of it are there, or all. ff_link_receive() has it then.
 * Errors as ff_link_receive(). */
FF_WARN_UNUSED enum ff_status ff_link_await_frame(struct ff_link *link, size_t enough, int64_t deadline_us,
						  struct ff_error *error);

/* Waits for the reply to `opcode`; replies to other commands and broken ones are skipped. The reply may report a
 * failure. FF_ERR_TIMEOUT leaves `error` alone. FF_ERR_REFUSED: a ROM does not know the command. Other errors as
 * ff_link_receive(). */
FF_WARN_UNUSED enum ff_status ff_link_reply(struct ff_link *link, uint8_t opcode, int64_t deadline_us,
					    struct ff_reply *reply, struct ff_error *error);

/* Sends a command and waits for its successful reply with `payload` bytes of answer, which are at reply->data until
 * the next call. `reply` may be NULL.
 * Errors: FF_ERR_REFUSED (rom_code is set), FF_ERR_TIMEOUT, FF_ERR_PROTOCOL (reply too short), FF_ERR_CANCELLED, those
 * of the transport. */
FF_WARN_UNUSED enum ff_status ff_link_call(struct ff_link *link, const struct ff_command *command, size_t payload,
					   uint32_t timeout_ms, struct ff_reply *reply, struct ff_error *error);

/* The waiting half of ff_link_call(), for callers who have something to do after sending. They empty what was heard
 * before they send: a boot log ends the wait at once. */
FF_WARN_UNUSED enum ff_status ff_link_finish(struct ff_link *link, uint8_t opcode, size_t payload, int64_t deadline_us,
					     struct ff_reply *reply, struct ff_error *error);

/* Waits without sending, and keeps an ear open. Errors: FF_ERR_CANCELLED, those of the transport. */
FF_WARN_UNUSED enum ff_status ff_link_pause(struct ff_link *link, uint32_t ms, struct ff_error *error);

/* Reads what is there without waiting, and drops it, half a frame included: noise before a conversation. It counts as
 * heard. Errors: FF_ERR_CANCELLED, those of the transport. */
FF_WARN_UNUSED enum ff_status ff_link_flush(struct ff_link *link, struct ff_error *error);

/* Has the port drop everything received so far, half a frame included. May cost a round trip. */
FF_WARN_UNUSED enum ff_status ff_link_discard(struct ff_link *link, struct ff_error *error);

/* Whether anybody wants to see what goes over the wire. */
bool ff_link_traces(const struct ff_link *link);

/* Adds a line to the trace: the time since the link began, '>' for what is sent, '<' for what came and '=' for the port
 * itself, and the text. */
void ff_link_trace(const struct ff_link *link, char direction, const char *text);

/* Forgets what was received and not yet looked at, half a frame included; the port is not asked. */
void ff_link_restart(struct ff_link *link);

/* FF_ERR_CANCELLED if the hook says so. */
FF_WARN_UNUSED enum ff_status ff_link_check_cancel(const struct ff_link *link, struct ff_error *error);

/* Empties what was heard. */
void ff_link_forget(struct ff_link *link);

/* Writes what was heard as printable text, without line ends and at most `size` - 1 bytes of it; noise becomes dots.
 * Starts at the chip's reset reason ("rst:0x1 ...") if one was heard. */
void ff_link_heard(const struct ff_link *link, char *text, size_t size);

/* True if `needle` was among the first bytes heard. */
bool ff_link_has_heard(const struct ff_link *link, const char *needle);

/* True if a boot log was among them. */
bool ff_link_has_heard_boot(const struct ff_link *link);

#endif
