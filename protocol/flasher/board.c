// SPDX-License-Identifier: Apache-2.0
/* Resets of a board that nobody talks to. */
#include <farflash/flasher.h>

#include "error.h"
#include "reset.h"
#include "sequence.h"

static enum ff_status move_lines(struct ff_transport *transport, const struct ff_line_step *steps, size_t count,
				 struct ff_error *error)
{
	if (!transport->has_lines) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the port has no control lines, so the board cannot be reset from here: press its "
				    "reset button");
	}
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status = transport->ops->set_lines(transport->self, steps, count, &local);
	bool on_usb = transport->kind == FF_PORT_USB_JTAG || transport->kind == FF_PORT_USB_OTG;
	if (status == FF_ERR_LOST && on_usb) {
		return FF_OK; /* the chip has gone off the bus, which is the reset */
	}
	ff_error_keep(error, &local);
	if (status != FF_OK) {
		return ff_error_set(error, status, "cannot move the control lines: %s", ff_status_text(status));
	}
	return FF_OK;
}

enum ff_status ff_board_reset(struct ff_transport *transport, struct ff_error *error)
{
	const struct ff_reset *reset = ff_reset_to_application(transport, transport->kind == FF_PORT_USB_OTG);
	return move_lines(transport, reset->steps, reset->count, error);
}

enum ff_status ff_board_enter_bootloader(struct ff_transport *transport, struct ff_error *error)
{
	const struct ff_reset *reset = ff_reset_to_loader(transport, false, 0);
	return move_lines(transport, reset->steps, reset->count, error);
}

enum ff_status ff_board_run_sequence(struct ff_transport *transport, const char *text, struct ff_error *error)
{
	struct ff_sequence sequence;
	enum ff_status status = ff_sequence_parse(&sequence, text, error);
	return status == FF_OK ? move_lines(transport, sequence.steps, sequence.count, error) : status;
}
