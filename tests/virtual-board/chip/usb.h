// SPDX-License-Identifier: Apache-2.0
/* The chip's own USB port in place of a UART: what --usb says, and what DTR and RTS do there.
 *
 * Plain values; one thread. */
#ifndef FF_VB_USB_H
#define FF_VB_USB_H

#include <stdbool.h>
#include <stdint.h>

#include <farflash/status.h>

#include "model.h"

/* What a full-speed port carries: about 800 KB/s. Nobody sets a rate there. */
#define FF_USB_BAUD 8000000u

enum ff_usb_kind {
	FF_USB_NONE,
	FF_USB_JTAG, /* the USB-Serial-JTAG controller: hardware, there whatever the chip does */
	FF_USB_OTG   /* the ROM's, stub's or application's own CDC device: it goes away with every reset */
};

struct ff_usb {
	enum ff_usb_kind kind;
	bool reenumerates;    /* a reset takes the port away for a while */
	uint32_t watchdog_ms; /* how long the watchdogs let the ROM wait in download mode; 0: they are off */
};

/* Takes what --usb takes: jtag or otg, and after commas reenumerate, persist and watchdog=SECONDS. FF_ERR_ARGUMENT says what is wrong
 * with it. */
FF_WARN_UNUSED enum ff_status ff_usb_parse(struct ff_usb *usb, const char *text, struct ff_error *error);

/* FF_ERR_ARGUMENT: the chip has no such port. */
FF_WARN_UNUSED enum ff_status ff_usb_check(const struct ff_usb *usb, const struct ff_model *model,
					   struct ff_error *error);

/* Where the ROM of that revision names the port in use, 0 for unknown, and by which number. */
uint32_t ff_usb_console_address(const struct ff_model *model, uint32_t revision);
uint32_t ff_usb_console(const struct ff_usb *usb, const struct ff_model *model);

struct ff_usb_lines {
	bool dtr, rts;
	bool download; /* what the next reset enters */
};

/* Changes both lines; answers whether the chip resets, into download mode if lines->download.
 *
 * USB-Serial-JTAG (ESP32-C3 reference manual, "USB Serial/JTAG Controller", the table of DTR and RTS): DTR alone sets the
 * download flag, neither line clears it, RTS alone resets, both do nothing. USB-OTG (esp-stub-lib usb_otg.c, and ESP-IDF's
 * usb_console.c for the application): it resets when RTS falls, into download mode if DTR is set then. Whoever opens such a
 * port, by which a kernel sets both, and then clears both resets the chip. */
bool ff_usb_lines_set(struct ff_usb_lines *lines, enum ff_usb_kind kind, bool dtr, bool rts);

#endif
