// SPDX-License-Identifier: Apache-2.0
/* A byte channel to one board with, where the port has them, a baud rate and the two control lines.
 *
 * A transport belongs to one thread at a time and has no locks. All deadlines are absolute, in microseconds of the
 * clock behind ff_now_us() (CLOCK_MONOTONIC). Callers who own an unusual channel fill in the table themselves. */
#ifndef FARFLASH_TRANSPORT_H
#define FARFLASH_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/status.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* One step of a reset sequence: both lines change together where the port allows it, then the step holds. */
struct ff_line_step {
	int8_t dtr;       /* 1 asserted, 0 released, -1 unchanged */
	int8_t rts;       /* the same */
	uint16_t hold_ms; /* pause after the change, 0 to 10000 */
};

/* What is behind a port, as far as its USB ids tell. */
enum ff_port_kind {
	FF_PORT_UNKNOWN, /* not on this machine's USB: a network port, a built-in UART, a channel of the caller's own */
	FF_PORT_UART,    /* a USB adapter, and the chip's UART behind it */
	FF_PORT_USB_JTAG, /* the chip itself, with its USB-Serial-JTAG peripheral */
	FF_PORT_USB_OTG   /* the chip itself, whose ROM loader talks on USB-OTG */
};

struct ff_transport;

/* All slots but reopen are mandatory. `self` is the pointer beside the table. On FF_ERR_LOST the port is gone: only
 * reopen and close are useful after it. `error` may be NULL in every call. */
struct ff_transport_ops {
	/* Waits until at least one byte is there, then takes what is there, up to `capacity` (not 0). With a deadline in the
	 * past it only looks. FF_ERR_TIMEOUT: nothing came; it writes `error` too, so pass NULL where silence is no failure.
	 * A read that fails with anything else ends the transport's life. */
	enum ff_status (*read)(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
			       struct ff_error *error);
	/* Hands over all bytes or fails: after FF_ERR_TIMEOUT an unknown part has gone out. */
	enum ff_status (*write)(void *self, const uint8_t *bytes, size_t size, int64_t deadline_us,
				struct ff_error *error);
	/* Waits until the bytes written have left the port, as far as the port can tell: a network port cannot tell what lies
	 * beyond this machine, and RFC 2217 has no word for it. */
	enum ff_status (*drain)(void *self, int64_t deadline_us, struct ff_error *error);
	/* Drops input that was received and not read. */
	enum ff_status (*discard)(void *self, int64_t deadline_us, struct ff_error *error);
	/* Changes the rate, 50 to 4000000 baud, both directions. FF_ERR_UNSUPPORTED: the port chose a rate that is more than
	 * 3 % off, or cannot change it. */
	enum ff_status (*set_baud)(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error);
	/* Runs a whole reset sequence of at most 32 steps with its pauses. FF_ERR_UNSUPPORTED where the port has no lines. */
	enum ff_status (*set_lines)(void *self, const struct ff_line_step *steps, size_t count, struct ff_error *error);
	/* A descriptor that polls readable when more input may be there, for an owner's event loop; -1 if there is none.
	 * Only meaningful after read() answered FF_ERR_TIMEOUT with a past deadline: earlier, bytes may wait inside. */
	int (*poll_fd)(void *self);
	/* Releases everything, `self` included. */
	void (*close)(void *self);
	/* Optional, NULL where it makes no sense. After FF_ERR_LOST: opens the port of the same device again, at the rate it
	 * had, and waits for it until the deadline; one that has passed means only to look. A device on USB is known by where
	 * it is plugged in, or by its serial number, not by the name of its port. `kind` may be another afterwards.
	 * FF_ERR_LOST: it is not there (yet). Other errors as those of ff_transport_open(). */
	enum ff_status (*reopen)(struct ff_transport *transport, int64_t deadline_us, struct ff_error *error);
};

/* How a UART frames a byte, and what holds it up. */
enum ff_parity { FF_PARITY_NONE, FF_PARITY_ODD, FF_PARITY_EVEN, FF_PARITY_MARK, FF_PARITY_SPACE };
enum ff_stop_bits { FF_STOP_BITS_1, FF_STOP_BITS_2, FF_STOP_BITS_1_5 };
enum ff_flow { FF_FLOW_NONE, FF_FLOW_XONXOFF, FF_FLOW_HARDWARE };

struct ff_line_format {
	uint8_t data_bits; /* 5 to 8 */
	uint8_t parity;    /* enum ff_parity */
	uint8_t stop_bits; /* enum ff_stop_bits */
	uint8_t flow;      /* enum ff_flow, both directions */
};

/* What a port is opened with. */
#define FF_LINE_FORMAT_8N1 ((struct ff_line_format){ 8, FF_PARITY_NONE, FF_STOP_BITS_1, FF_FLOW_NONE })

#define FF_MODEM_CTS 0x1
#define FF_MODEM_DSR 0x2
#define FF_MODEM_RI 0x4
#define FF_MODEM_DCD 0x8

struct ff_line_status {
	uint8_t modem;     /* FF_MODEM_ bits that are asserted */
	uint32_t overruns; /* counted since some time before the open; 0 where the port does not count */
	uint32_t parity_errors;
	uint32_t framing_errors;
	uint32_t breaks;
};

/* What only some ports can do: each slot may be NULL, and so may the table. Rules as above. */
struct ff_transport_port_ops {
	/* Hands over what fits without waiting, perhaps nothing. *writable: something is left, of these bytes or of earlier
	 * ones, that goes on when poll_fd() polls writable; `size` may be 0 then. */
	enum ff_status (*write_some)(void *self, const uint8_t *bytes, size_t size, size_t *done, bool *writable,
				     struct ff_error *error);
	/* Drops output that was written and has not left the port. */
	enum ff_status (*discard_output)(void *self, struct ff_error *error);
	/* FF_ERR_UNSUPPORTED: the port cannot, and has kept a format of its own. */
	enum ff_status (*set_format)(void *self, const struct ff_line_format *format, int64_t deadline_us,
				     struct ff_error *error);
	/* Holds the line in the break state until it is told otherwise. */
	enum ff_status (*set_break)(void *self, bool on, int64_t deadline_us, struct ff_error *error);
	/* Only looks, and never waits. FF_ERR_UNSUPPORTED where the port has no modem lines. */
	enum ff_status (*status)(void *self, struct ff_line_status *status, struct ff_error *error);
};

struct ff_transport {
	const struct ff_transport_ops *ops;
	void *self;
	bool has_lines;  /* DTR and RTS exist: the board can be reset */
	bool fixed_baud; /* set_baud can only confirm the rate of the open (raw TCP): leave the board at that rate */
	/* Round trip to the port as measured at open, 0 for a local port; waits are stretched by it. */
	uint32_t latency_ms;
	enum ff_port_kind kind; /* chooses the reset sequence */
	bool keeps_dtr; /* DTR has to stay asserted, or RTS would reset the board as bytes come and go (CP2102C) */
	const struct ff_transport_port_ops *port; /* may be NULL */
};

struct ff_transport_options {
	uint32_t baud;               /* rate at open, 0 means 115200 */
	uint32_t connect_timeout_ms; /* for network ports, 0 means 5000 */
	const struct ff_log *log;    /* may be NULL; must outlive the transport */
};

/* Opens a board's address, in pyserial's notation:
 *   /dev/ttyUSB0, serial:/dev/serial/by-id/...   a serial port
 *   rfc2217://host:port[?ign_set_control...]     a port behind an RFC 2217 server (IPv6: [::1]:port)
 *   socket://host:port                           raw TCP, without control lines
 * Opening leaves the board running: neither line is asserted for longer than the port's driver insists on.
 *
 * options: may be NULL. Errors: FF_ERR_ARGUMENT (address), FF_ERR_NOT_FOUND, FF_ERR_DENIED, FF_ERR_BUSY,
 * FF_ERR_UNREACHABLE, FF_ERR_PROTOCOL (the peer does not speak RFC 2217), FF_ERR_TIMEOUT (it does, but never confirms the
 * baud rate), FF_ERR_UNSUPPORTED (the port cannot do that rate, or not 8N1), FF_ERR_LOST, FF_ERR_NO_MEMORY, FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_transport_open(struct ff_transport *transport, const char *address,
						const struct ff_transport_options *options, struct ff_error *error);

/* Closes it and clears the record. Harmless on a closed or zeroed one. */
void ff_transport_close(struct ff_transport *transport);

/* Checks the form of an address without touching it: FF_OK or FF_ERR_ARGUMENT with the reason. */
FF_WARN_UNUSED enum ff_status ff_transport_check_address(const char *address, struct ff_error *error);

/* Microseconds of the monotonic clock that all deadlines use. Any thread. */
int64_t ff_now_us(void);

/* The deadline `ms` milliseconds from now. Any thread. */
int64_t ff_deadline_ms(uint32_t ms);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
