// SPDX-License-Identifier: Apache-2.0
/* Telnet (RFC 854, 855) with the Q method of option negotiation (RFC 1143), for either end of a connection.
 *
 * A pure codec: received bytes go in, events and bytes to send come out through callbacks; no I/O, no allocation,
 * nothing to release. A value belongs to one thread at a time. Data is 8-bit transparent whether or not BINARY (RFC 856)
 * has been agreed, because that is how every RFC 2217 peer treats it: only IAC is special, CR NUL is not. */
#ifndef FF_RFC2217_TELNET_H
#define FF_RFC2217_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ff_telnet_command {
	FF_TELNET_SE = 240,
	FF_TELNET_SB = 250,
	FF_TELNET_WILL = 251,
	FF_TELNET_WONT = 252,
	FF_TELNET_DO = 253,
	FF_TELNET_DONT = 254,
	FF_TELNET_IAC = 255,
};

#define FF_TELNET_OPTION_BINARY 0    /* RFC 856 */
#define FF_TELNET_OPTION_ECHO 1      /* RFC 857 */
#define FF_TELNET_OPTION_SGA 3       /* RFC 858 */
#define FF_TELNET_OPTION_COM_PORT 44 /* RFC 2217 */

/* The longest subnegotiation accepted, after unescaping and without the option byte; longer ones are dropped. */
#define FF_TELNET_SUBNEGOTIATION_MAX 256

/* Whose use of an option is meant. Ours is offered by WILL and accepted by DO, theirs the other way round. */
enum ff_telnet_side { FF_TELNET_US, FF_TELNET_THEM };

/* What the codec tells its owner. All are mandatory but `option`. `bytes` live until the callback returns. Callbacks may
 * send, but must not feed ff_telnet_receive. */
struct ff_telnet_events {
	void (*data)(void *context, const uint8_t *bytes, size_t size);
	void (*subnegotiation)(void *context, uint8_t option, const uint8_t *bytes, size_t size);
	/* An option changed, or a request of ours was refused (then `on` is false). */
	void (*option)(void *context, enum ff_telnet_side side, uint8_t option, bool on);
	/* Bytes for the wire, escaped already: append them to the output. In answer to the n bytes received so far, the
	 * codec by itself sends at most n; in answer to one call's, two more, if the last call cut a command in two. */
	void (*send)(void *context, const uint8_t *bytes, size_t size);
};

/* RFC 1143, section 7; the queue bit is folded into the state. */
enum ff_telnet_q {
	FF_TELNET_Q_NO,
	FF_TELNET_Q_YES,
	FF_TELNET_Q_WANT_NO,
	FF_TELNET_Q_WANT_NO_OPPOSITE,
	FF_TELNET_Q_WANT_YES,
	FF_TELNET_Q_WANT_YES_OPPOSITE,
};

/* Read it through the functions. */
struct ff_telnet {
	const struct ff_telnet_events *events;
	void *context;
	uint8_t q[2][256]; /* enum ff_telnet_q, by side and option */
	uint8_t flags[2][256];
	uint8_t state;
	uint8_t verb;
	uint8_t option;
	bool oversized;
	size_t size;
	uint8_t subnegotiation[FF_TELNET_SUBNEGOTIATION_MAX];
};

/* A fresh connection: every option off, none agreed to. `events` and `context` are borrowed. */
void ff_telnet_init(struct ff_telnet *telnet, const struct ff_telnet_events *events, void *context);

/* From now on, agrees when the peer asks for this option. Options without it are refused, each once per connection:
 * a peer that insists gets no further answer, so that no loop can arise. */
void ff_telnet_allow(struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option);

/* Asks the peer to switch an option, unless it is so already or being asked for. The outcome arrives as an `option`
 * event. Asking for `on` implies ff_telnet_allow. */
void ff_telnet_request(struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option, bool on);

/* Whether the option is agreed on now. */
bool ff_telnet_enabled(const struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option);

/* Whether a request of ours is still unanswered. */
bool ff_telnet_pending(const struct ff_telnet *telnet, enum ff_telnet_side side, uint8_t option);

/* Takes all of the received bytes. Any split of the same bytes gives the same events, but for where the data is cut. */
void ff_telnet_receive(struct ff_telnet *telnet, const uint8_t *bytes, size_t size);

/* Whether the next byte is data unless it is IAC. */
bool ff_telnet_is_in_data(const struct ff_telnet *telnet);

/* Sends data, each IAC doubled: at most 2 * size bytes. */
void ff_telnet_send_data(struct ff_telnet *telnet, const uint8_t *bytes, size_t size);

/* Sends IAC SB option bytes IAC SE, escaped: at most 2 * size + 6 bytes. */
void ff_telnet_send_subnegotiation(struct ff_telnet *telnet, uint8_t option, const uint8_t *bytes, size_t size);

#endif
