// SPDX-License-Identifier: Apache-2.0
/* The messages of RFC 2217, the telnet COM-PORT option (44), for both roles: what stands in a subnegotiation after the
 * option byte. Escaping is telnet's. Pure functions over values: any thread, no I/O, no allocation. */
#ifndef FF_RFC2217_COMPORT_H
#define FF_RFC2217_COMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who sent a message: codes 0 to 12 come from the client, 100 to 112 from the access server. */
enum ff_comport_role { FF_COMPORT_CLIENT, FF_COMPORT_SERVER };

/* The client's codes; the server's are these plus 100. X(constant, code, name) */
#define FF_COMPORT_CODE_MAP(X) \
	X(FF_COMPORT_SIGNATURE, 0, "SIGNATURE")                      /* text; empty from the client asks for one */ \
	X(FF_COMPORT_SET_BAUDRATE, 1, "SET-BAUDRATE")                /* bits per second; 0 asks */ \
	X(FF_COMPORT_SET_DATASIZE, 2, "SET-DATASIZE")                /* 5 to 8 bits; 0 asks */ \
	X(FF_COMPORT_SET_PARITY, 3, "SET-PARITY")                    /* enum ff_comport_parity */ \
	X(FF_COMPORT_SET_STOPSIZE, 4, "SET-STOPSIZE")                /* enum ff_comport_stop */ \
	X(FF_COMPORT_SET_CONTROL, 5, "SET-CONTROL")                  /* enum ff_comport_control */ \
	X(FF_COMPORT_NOTIFY_LINESTATE, 6, "NOTIFY-LINESTATE")        /* FF_COMPORT_LINE_ bits */ \
	X(FF_COMPORT_NOTIFY_MODEMSTATE, 7, "NOTIFY-MODEMSTATE")      /* FF_COMPORT_MODEM_ bits */ \
	X(FF_COMPORT_FLOWCONTROL_SUSPEND, 8, "FLOWCONTROL-SUSPEND")  /* no value */ \
	X(FF_COMPORT_FLOWCONTROL_RESUME, 9, "FLOWCONTROL-RESUME")    /* no value */ \
	X(FF_COMPORT_SET_LINESTATE_MASK, 10, "SET-LINESTATE-MASK")   /* FF_COMPORT_LINE_ bits */ \
	X(FF_COMPORT_SET_MODEMSTATE_MASK, 11, "SET-MODEMSTATE-MASK") /* FF_COMPORT_MODEM_ bits */ \
	X(FF_COMPORT_PURGE_DATA, 12, "PURGE-DATA")                   /* enum ff_comport_purge */

enum ff_comport_code {
#define FF_COMPORT_CODE_ENUM(constant, code, name) constant = (code),
	FF_COMPORT_CODE_MAP(FF_COMPORT_CODE_ENUM)
#undef FF_COMPORT_CODE_ENUM
};

#define FF_COMPORT_CODE_COUNT 13
#define FF_COMPORT_SERVER_BASE 100

enum ff_comport_parity {
	FF_COMPORT_PARITY_ASK = 0,
	FF_COMPORT_PARITY_NONE = 1,
	FF_COMPORT_PARITY_ODD = 2,
	FF_COMPORT_PARITY_EVEN = 3,
	FF_COMPORT_PARITY_MARK = 4,
	FF_COMPORT_PARITY_SPACE = 5,
};

enum ff_comport_stop {
	FF_COMPORT_STOP_ASK = 0,
	FF_COMPORT_STOP_1 = 1,
	FF_COMPORT_STOP_2 = 2,
	FF_COMPORT_STOP_1_5 = 3,
};

/* Values of SET-CONTROL. "Flow" is both directions, or outbound only where a server tells them apart.
 * X(constant, value, name) */
#define FF_COMPORT_CONTROL_MAP(X) \
	X(FF_COMPORT_CONTROL_ASK_FLOW, 0, "ask flow control") \
	X(FF_COMPORT_CONTROL_FLOW_NONE, 1, "no flow control") \
	X(FF_COMPORT_CONTROL_FLOW_XONXOFF, 2, "XON/XOFF flow control") \
	X(FF_COMPORT_CONTROL_FLOW_HARDWARE, 3, "hardware flow control") \
	X(FF_COMPORT_CONTROL_ASK_BREAK, 4, "ask break") \
	X(FF_COMPORT_CONTROL_BREAK_ON, 5, "break on") \
	X(FF_COMPORT_CONTROL_BREAK_OFF, 6, "break off") \
	X(FF_COMPORT_CONTROL_ASK_DTR, 7, "ask DTR") \
	X(FF_COMPORT_CONTROL_DTR_ON, 8, "DTR on") \
	X(FF_COMPORT_CONTROL_DTR_OFF, 9, "DTR off") \
	X(FF_COMPORT_CONTROL_ASK_RTS, 10, "ask RTS") \
	X(FF_COMPORT_CONTROL_RTS_ON, 11, "RTS on") \
	X(FF_COMPORT_CONTROL_RTS_OFF, 12, "RTS off") \
	X(FF_COMPORT_CONTROL_ASK_FLOW_IN, 13, "ask inbound flow control") \
	X(FF_COMPORT_CONTROL_FLOW_IN_NONE, 14, "no inbound flow control") \
	X(FF_COMPORT_CONTROL_FLOW_IN_XONXOFF, 15, "XON/XOFF inbound flow control") \
	X(FF_COMPORT_CONTROL_FLOW_IN_HARDWARE, 16, "hardware inbound flow control") \
	X(FF_COMPORT_CONTROL_FLOW_DCD, 17, "DCD flow control") \
	X(FF_COMPORT_CONTROL_FLOW_IN_DTR, 18, "DTR inbound flow control") \
	X(FF_COMPORT_CONTROL_FLOW_DSR, 19, "DSR flow control")

enum ff_comport_control {
#define FF_COMPORT_CONTROL_ENUM(constant, value, name) constant = (value),
	FF_COMPORT_CONTROL_MAP(FF_COMPORT_CONTROL_ENUM)
#undef FF_COMPORT_CONTROL_ENUM
};

/* Which buffer of the server to empty. RX holds what came from the board. */
enum ff_comport_purge { FF_COMPORT_PURGE_RX = 1, FF_COMPORT_PURGE_TX = 2, FF_COMPORT_PURGE_BOTH = 3 };

/* NOTIFY-LINESTATE and its mask: the 16550's line status register. */
#define FF_COMPORT_LINE_DATA_READY 0x01
#define FF_COMPORT_LINE_OVERRUN 0x02
#define FF_COMPORT_LINE_PARITY 0x04
#define FF_COMPORT_LINE_FRAMING 0x08
#define FF_COMPORT_LINE_BREAK 0x10
#define FF_COMPORT_LINE_HOLDING_EMPTY 0x20
#define FF_COMPORT_LINE_SHIFT_EMPTY 0x40
#define FF_COMPORT_LINE_TIMEOUT 0x80

/* NOTIFY-MODEMSTATE and its mask: the 16550's modem status register. */
#define FF_COMPORT_MODEM_DELTA_CTS 0x01
#define FF_COMPORT_MODEM_DELTA_DSR 0x02
#define FF_COMPORT_MODEM_TRAILING_RI 0x04
#define FF_COMPORT_MODEM_DELTA_DCD 0x08
#define FF_COMPORT_MODEM_CTS 0x10
#define FF_COMPORT_MODEM_DSR 0x20
#define FF_COMPORT_MODEM_RI 0x40
#define FF_COMPORT_MODEM_DCD 0x80

struct ff_comport_message {
	enum ff_comport_role from;
	enum ff_comport_code code; /* without the server's 100 */
	uint32_t value;            /* 0 where the message has none */
	const uint8_t *text;       /* SIGNATURE only: borrowed, not terminated, may be NULL when empty */
	size_t text_size;
};

/* The longest message other than a SIGNATURE: a code and a baud rate. */
#define FF_COMPORT_MESSAGE_MAX 5

/* Reads a message, the bytes of a subnegotiation after its option. Answers false and leaves *message alone for an
 * unknown code and for a length that the code does not have: SET-BAUDRATE has 4 bytes of value, most others 1,
 * FLOWCONTROL none. NOTIFY from the client, which RFC 2217 does not know but pyserial sends to poll, may have none.
 *
 * The value is not judged: see ff_comport_value_known. message->text points into `bytes`. */
bool ff_comport_parse(struct ff_comport_message *message, const uint8_t *bytes, size_t size);

/* Writes a message. Answers its size (at most FF_COMPORT_MESSAGE_MAX, or 1 + text_size for a SIGNATURE), or 0 if it
 * does not fit. Values of one byte must be below 256. */
size_t ff_comport_build(uint8_t *out, size_t capacity, const struct ff_comport_message *message);

/* Whether RFC 2217 gives the value a meaning, for requests of a client: parity 9 has none. */
bool ff_comport_value_known(enum ff_comport_code code, uint32_t value);

/* "SET-BAUDRATE"; "?" for an unknown code. Never NULL. */
const char *ff_comport_code_name(enum ff_comport_code code);

/* "RTS on"; "?" for an unknown value of SET-CONTROL. Never NULL. */
const char *ff_comport_control_name(uint32_t value);

#endif
