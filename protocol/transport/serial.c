// SPDX-License-Identifier: Apache-2.0
/* What libserialport 0.1.1 leaves to its users:
 * - sp_blocking_read() spins after a hang-up, since read() then answers 0: fd.c polls and reads by itself.
 * - It opens without O_CLOEXEC, TIOCEXCL and flock(): ff_device_claim() and claim() below.
 * - sp_set_baudrate() and its kin rewrite RTS, then DTR. sp_set_config() with those left at "unchanged" does not.
 * - It looks for CRTSCTS in the wrong word of termios: ff_device_make_raw() clears it. */
#include "serial.h"

#include <errno.h>
#include <libserialport.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "clock.h"
#include "device.h"
#include "lines.h"
#include "usb.h"

#define REOPEN_PAUSE_MS 20

struct serial {
	struct ff_device device; /* first: the shared slots see only this */
	struct sp_port *port;    /* owns the descriptor */
	bool exclusive;          /* TIOCEXCL is ours to undo */
	struct ff_usb usb;       /* which device it is */
};

/* libserialport keeps errno of the system call only until its next error, so this comes first after a failure. */
static enum ff_status failed(const struct serial *serial, enum sp_return outcome, const char *what,
			     struct ff_error *error)
{
	const char *name = serial->device.name;
	switch (outcome) {
	case SP_ERR_MEM:
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory for %s", name);
	case SP_ERR_SUPP:
	case SP_ERR_ARG:
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "%s cannot be %s", name, what);
	default:
		return ff_error_set_errno(error, FF_ERR_IO, sp_last_error_code(), "%s cannot be %s", name, what);
	}
}

/* The rate alone: ff_device_make_raw() has set the rest at open, and set_format() may have changed it since. */
static enum sp_return configure(struct sp_port *port, uint32_t baud)
{
	struct sp_port_config *config = NULL;
	enum sp_return outcome = sp_new_config(&config); /* every setting at "unchanged", ... */
	if (outcome != SP_OK) {
		return outcome;
	}
	sp_set_config_xon_xoff(config, (enum sp_xonxoff) - 1); /* ... but 0.1.1 forgets this one */
	sp_set_config_baudrate(config, (int)baud);
	outcome = sp_set_config(port, config);
	sp_free_config(config);
	return outcome;
}

static enum ff_status serial_set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	struct serial *serial = self;
	(void)deadline_us;
	enum ff_status status = ff_device_check_baud(&serial->device, baud, error);
	if (status != FF_OK) {
		return status;
	}
	if (serial->device.io.fd < 0) {
		return ff_fd_lost(&serial->device.io, 0, error);
	}
	enum sp_return outcome = configure(serial->port, baud);
	if (outcome == SP_ERR_FAIL && (sp_last_error_code() == EIO || sp_last_error_code() == ENODEV)) {
		return ff_fd_lost(&serial->device.io, sp_last_error_code(), error);
	}
	if (outcome != SP_OK) {
		return failed(serial, outcome, "set to that baud rate", error);
	}
	return ff_device_confirm_baud(&serial->device, baud, error);
}

static void close_port(struct serial *serial)
{
	if (serial->exclusive) {
		ioctl(serial->device.io.fd, TIOCNXCL);
	}
	if (serial->device.io.fd >= 0) {
		sp_close(serial->port);
	}
	sp_free_port(serial->port);
	serial->exclusive = false;
	serial->device.io.fd = -1;
	serial->port = NULL;
}

static void serial_close(void *self)
{
	close_port(self);
	free(self);
}

/* flock() tells the programs that ask, root's included; TIOCEXCL turns away those of other users that do not. */
static enum ff_status claim(struct serial *serial, struct ff_error *error)
{
	enum ff_status status = ff_device_claim(&serial->device, error);
	if (status != FF_OK) {
		return status;
	}
	if (ioctl(serial->device.io.fd, TIOCEXCL) < 0) {
		return ff_device_open_failed(serial->device.name, errno, error);
	}
	serial->exclusive = true;
	return FF_OK;
}

/* The kernel has asserted both lines at open, which leaves a board running; one ioctl now releases both, for boards
 * without the two transistors. A chip on USB-OTG would take the fall of RTS for a reset, so there it stays. */
static enum ff_status settle_lines(const struct serial *serial, struct ff_error *error)
{
	const struct ff_line_step release = { .dtr = ff_usb_keeps_dtr(&serial->usb),
					      .rts = ff_usb_kind(&serial->usb) == FF_PORT_USB_OTG };
	return ff_lines_run(&serial->device.io, &release, 1, error);
}

static enum ff_status configure_port(struct serial *serial, uint32_t baud, struct ff_error *error)
{
	enum ff_status status = claim(serial, error);
	if (status == FF_OK) {
		status = settle_lines(serial, error);
	}
	if (status == FF_OK) {
		status = ff_device_make_raw(&serial->device, error);
	}
	if (status == FF_OK) {
		status = serial_set_baud(serial, baud, 0, error);
	}
	return status;
}

/* Opens the port at `path`, which is no symbolic link. `wanted`: only if it is of this device; NULL takes any. */
static enum ff_status open_port(struct serial *serial, const char *path, const struct ff_usb *wanted, uint32_t baud,
				struct ff_error *error)
{
	const char *name = serial->device.name;
	struct ff_usb usb;
	enum sp_return outcome = sp_get_port_by_name(path, &serial->port);
	if (outcome != SP_OK) {
		return failed(serial, outcome, "used as a serial port", error);
	}
	ff_usb_identify(&usb, serial->port);
	if (wanted && wanted->known && !ff_usb_is_same(wanted, &usb)) {
		return ff_error_set(error, FF_ERR_LOST, "another device has the place of %s", name);
	}
	serial->usb = usb;
	if (sp_open(serial->port, SP_MODE_READ_WRITE) != SP_OK) {
		return ff_device_open_failed(name, sp_last_error_code(), error);
	}
	sp_get_port_handle(serial->port, &serial->device.io.fd);
	return configure_port(serial, baud, error);
}

static void tell_kind(struct ff_transport *transport, const struct serial *serial)
{
	transport->kind = ff_usb_kind(&serial->usb);
	transport->keeps_dtr = ff_usb_keeps_dtr(&serial->usb);
}

/* A device that has just come may belong to root until udev has seen it, or to a program that looks at every modem. */
static bool may_still_come(enum ff_status status)
{
	return status == FF_ERR_NOT_FOUND || status == FF_ERR_DENIED || status == FF_ERR_BUSY ||
	       status == FF_ERR_LOST || status == FF_ERR_IO || status == FF_ERR_UNSUPPORTED;
}

/* One look: where the device is on USB, or else under the name that it was opened by. */
static enum ff_status reopen_once(struct serial *serial, const struct ff_usb *wanted, struct ff_error *error)
{
	static const char scheme[] = "serial:";
	char path[PATH_MAX];
	const char *name = serial->device.name;
	name += strncmp(name, scheme, strlen(scheme)) == 0 ? strlen(scheme) : 0;
	if (!ff_usb_find(wanted, path, sizeof(path)) && !realpath(name, path)) {
		return ff_device_open_failed(serial->device.name, errno, error);
	}
	enum ff_status status = open_port(serial, path, wanted, serial->device.baud, error);
	if (status != FF_OK) {
		close_port(serial);
	}
	return status;
}

static enum ff_status serial_reopen(struct ff_transport *transport, int64_t deadline_us, struct ff_error *error)
{
	struct serial *serial = transport->self;
	const struct ff_usb wanted = serial->usb;
	close_port(serial);
	for (;;) {
		struct ff_error local = FF_ERROR_NONE;
		enum ff_status status = reopen_once(serial, &wanted, &local);
		if (status == FF_OK) {
			tell_kind(transport, serial);
			return FF_OK;
		}
		serial->usb = wanted;
		if (!may_still_come(status)) {
			return ff_error_set(error, status, "%s", local.text);
		}
		if (ff_now_us() >= deadline_us) {
			return ff_error_set(error, FF_ERR_LOST, "%s went away and did not come back: %s",
					    serial->device.name, local.text);
		}
		ff_sleep_ms(REOPEN_PAUSE_MS);
	}
}

static const struct ff_transport_ops ops = {
	.read = ff_device_read,
	.write = ff_device_write,
	.drain = ff_device_drain,
	.discard = ff_device_discard,
	.set_baud = serial_set_baud,
	.set_lines = ff_device_set_lines,
	.poll_fd = ff_device_poll_fd,
	.close = serial_close,
	.reopen = serial_reopen,
};

enum ff_status ff_serial_open(struct ff_transport *transport, const char *path, const char *name,
			      const struct ff_transport_options *options, struct ff_error *error)
{
	struct serial *serial = calloc(1, sizeof(*serial));
	if (!serial) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory for %s", name);
	}
	ff_device_init(&serial->device, -1, name);
	enum ff_status status = open_port(serial, path, NULL, options->baud, error);
	if (status != FF_OK) {
		serial_close(serial);
		return status;
	}
	*transport =
		(struct ff_transport){ .ops = &ops, .self = serial, .has_lines = true, .port = &ff_device_port_ops };
	tell_kind(transport, serial);
	return FF_OK;
}
