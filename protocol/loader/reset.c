// SPDX-License-Identifier: Apache-2.0
#include "reset.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* dtr, rts, pause in ms. Passing through 1,1 first lets ports that cannot move both lines at once still end up with
 * EN low and IO0 high. */
static const struct ff_line_step tight_short[] = {
	{ 0, 0, 0 }, { 1, 1, 0 }, { 0, 1, 100 }, { 1, 0, 50 }, { 0, 0, 0 },
};
static const struct ff_line_step tight_long[] = {
	{ 0, 0, 0 }, { 1, 1, 0 }, { 0, 1, 100 }, { 1, 0, 550 }, { 0, 0, 0 },
};
/* One line after the other: some drivers lose a change of both. */
static const struct ff_line_step classic_short[] = {
	{ 0, -1, 0 }, { -1, 1, 100 }, { 1, -1, 0 }, { -1, 0, 50 }, { 0, -1, 0 },
};
static const struct ff_line_step classic_long[] = {
	{ 0, -1, 0 }, { -1, 1, 100 }, { 1, -1, 0 }, { -1, 0, 550 }, { 0, -1, 0 },
};
/* From IO0 low to EN low it goes through 1,1: 0,0 would be a release in between. */
static const struct ff_line_step usb_jtag[] = {
	{ 0, 0, 100 }, { 1, 0, 100 }, { 1, 1, 0 }, { 0, 1, 100 }, { 0, 0, 0 },
};
/* A port on USB-OTG resets whenever RTS falls, and DTR says where to; the transport has left RTS up. The first and the last
 * step are for applications (TinyUSB of the Arduino core) that want to see all four states. */
static const struct ff_line_step usb_otg[] = {
	{ 0, 1, 100 },
	{ 1, 1, 0 },
	{ 1, 0, 50 },
	{ 0, 0, 0 },
};
static const struct ff_line_step application[] = { { 0, 1, 100 }, { 0, 0, 0 } };
static const struct ff_line_step application_usb[] = { { 0, 1, 200 }, { 0, 0, 200 } };
/* An adapter that moves RTS by itself, as bytes come and go: with DTR asserted that does not reach EN, so DTR stays. */
static const struct ff_line_step application_dtr[] = { { 0, -1, 0 }, { -1, 1, 100 }, { 1, -1, 100 }, { -1, 0, 0 } };

#define LAST_RELEASE 1 /* the step that a port that keeps DTR leaves out */

static const struct ff_reset to_loader[] = {
	{ "tight", tight_short, COUNT(tight_short) },       { "tight, slow EN", tight_long, COUNT(tight_long) },
	{ "classic", classic_short, COUNT(classic_short) }, { "classic, slow EN", classic_long, COUNT(classic_long) },
	{ "USB-Serial-JTAG", usb_jtag, COUNT(usb_jtag) },
};
#define UART_COUNT (COUNT(to_loader) - 1)

static const struct ff_reset to_loader_dtr[] = {
	{ "tight, DTR kept", tight_short, COUNT(tight_short) - LAST_RELEASE },
	{ "tight, slow EN, DTR kept", tight_long, COUNT(tight_long) - LAST_RELEASE },
	{ "classic, DTR kept", classic_short, COUNT(classic_short) - LAST_RELEASE },
	{ "classic, slow EN, DTR kept", classic_long, COUNT(classic_long) - LAST_RELEASE },
};

static const struct ff_reset to_loader_otg = { "USB-OTG", usb_otg, COUNT(usb_otg) };

static const struct ff_reset to_application = { "hard reset", application, COUNT(application) };
static const struct ff_reset to_application_usb = { "hard reset over USB", application_usb, COUNT(application_usb) };
static const struct ff_reset to_application_dtr = { "hard reset, DTR kept", application_dtr, COUNT(application_dtr) };

const struct ff_reset *ff_reset_to_loader(const struct ff_transport *transport, bool usb, unsigned attempt)
{
	if (usb || transport->kind == FF_PORT_USB_JTAG) {
		return &to_loader[UART_COUNT];
	}
	if (transport->kind == FF_PORT_USB_OTG) {
		return &to_loader_otg;
	}
	if (transport->keeps_dtr) {
		return &to_loader_dtr[attempt % COUNT(to_loader_dtr)];
	}
	return &to_loader[attempt % (transport->kind == FF_PORT_UNKNOWN ? COUNT(to_loader) : UART_COUNT)];
}

const struct ff_reset *ff_reset_to_application(const struct ff_transport *transport, bool usb)
{
	if (transport->keeps_dtr) {
		return &to_application_dtr;
	}
	return usb ? &to_application_usb : &to_application;
}
