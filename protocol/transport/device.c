// SPDX-License-Identifier: Apache-2.0
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <linux/serial.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "baud.h"
#include "clock.h"
#include "format.h"
#include "lines.h"

#define BITS_PER_BYTE 10 /* start, 8, stop */
#define US_PER_S 1000000

void ff_device_init(struct ff_device *device, int fd, const char *name)
{
	snprintf(device->name, sizeof(device->name), "%s", name);
	device->io = (struct ff_fd){ .fd = fd, .name = device->name };
}

enum ff_status ff_device_open_failed(const char *name, int sys_errno, struct ff_error *error)
{
	switch (sys_errno) {
	case ENOENT:
	case ENOTDIR:
	case ENODEV:
	case ENXIO:
		return ff_error_set_errno(error, FF_ERR_NOT_FOUND, sys_errno,
					  "there is no %s; is the board plugged in?", name);
	case EACCES:
	case EPERM:
		return ff_error_set_errno(error, FF_ERR_DENIED, sys_errno,
					  "no permission to open %s; join its group (usually: sudo adduser $USER "
					  "dialout, then log in again)",
					  name);
	case EBUSY:
	case EWOULDBLOCK:
		return ff_error_set_errno(error, FF_ERR_BUSY, sys_errno,
					  "%s is in use by another program; close it (fuser -v finds it) and try again",
					  name);
	case ENOTTY:
		return ff_error_set_errno(error, FF_ERR_ARGUMENT, sys_errno, "%s is no serial port", name);
	case ENOMEM:
		return ff_error_set_errno(error, FF_ERR_NO_MEMORY, sys_errno, "cannot open %s", name);
	default:
		return ff_error_set_errno(error, FF_ERR_IO, sys_errno, "cannot open %s", name);
	}
}

enum ff_status ff_device_claim(const struct ff_device *device, struct ff_error *error)
{
	int fd = device->io.fd;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		return ff_device_open_failed(device->name, errno, error);
	}
	return FF_OK;
}

enum ff_status ff_device_make_raw(const struct ff_device *device, struct ff_error *error)
{
	struct termios settings;
	if (tcgetattr(device->io.fd, &settings) < 0) {
		return ff_device_open_failed(device->name, errno, error);
	}
	cfmakeraw(&settings);
	settings.c_iflag &= ~(tcflag_t)(IXON | IXOFF | IXANY);
	settings.c_cflag &= ~(tcflag_t)(CRTSCTS | CSTOPB | HUPCL);
	settings.c_cflag |= CLOCAL | CREAD;
	/* With VMIN 0 a read of nothing would look like a hang-up. */
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	if (tcsetattr(device->io.fd, TCSANOW, &settings) < 0) {
		return ff_error_set_errno(error, FF_ERR_IO, errno, "cannot configure %s", device->name);
	}
	return FF_OK;
}

enum ff_status ff_device_check_baud(const struct ff_device *device, uint32_t baud, struct ff_error *error)
{
	if (baud < FF_BAUD_MIN || baud > FF_BAUD_MAX) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s: %u baud is not between %d and %d", device->name,
				    (unsigned)baud, FF_BAUD_MIN, FF_BAUD_MAX);
	}
	return FF_OK;
}

enum ff_status ff_device_confirm_baud(struct ff_device *device, uint32_t baud, struct ff_error *error)
{
	uint32_t actual = ff_baud_get(device->io.fd);
	if (!ff_baud_is_near(actual, baud)) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "%s cannot do %u baud: its driver chose %u; try a lower rate", device->name,
				    (unsigned)baud, (unsigned)actual);
	}
	device->baud = baud;
	return FF_OK;
}

enum ff_status ff_device_read(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
			      struct ff_error *error)
{
	const struct ff_device *device = self;
	return ff_fd_read(&device->io, bytes, capacity, got, deadline_us, error);
}

enum ff_status ff_device_write(void *self, const uint8_t *bytes, size_t size, int64_t deadline_us,
			       struct ff_error *error)
{
	const struct ff_device *device = self;
	return ff_fd_write(&device->io, bytes, size, deadline_us, error);
}

/* tcdrain() knows no deadline, and on a stuck USB adapter no end. So this asks how much is left and sleeps for as long
 * as those bytes take on the wire; tcdrain() then waits for the UART's own buffer only. */
enum ff_status ff_device_drain(void *self, int64_t deadline_us, struct ff_error *error)
{
	const struct ff_device *device = self;
	for (;;) {
		int left = 0;
		if (ioctl(device->io.fd, TIOCOUTQ, &left) < 0) {
			return ff_fd_lost(&device->io, errno, error);
		}
		if (left <= 0) {
			break;
		}
		int64_t now_us = ff_now_us();
		if (now_us >= deadline_us) {
			return ff_error_set(error, FF_ERR_TIMEOUT, "%s has %d bytes left to send", device->name, left);
		}
		int64_t sent_us = now_us + (int64_t)left * BITS_PER_BYTE * US_PER_S / device->baud + 1000;
		ff_sleep_until(sent_us < deadline_us ? sent_us : deadline_us);
	}
	while (tcdrain(device->io.fd) < 0) {
		if (errno != EINTR) {
			return ff_fd_lost(&device->io, errno, error);
		}
	}
	return FF_OK;
}

enum ff_status ff_device_discard(void *self, int64_t deadline_us, struct ff_error *error)
{
	const struct ff_device *device = self;
	if (tcflush(device->io.fd, TCIFLUSH) < 0) {
		return ff_fd_lost(&device->io, errno, error);
	}
	/* The flush leaves what the driver has received and not yet passed on. */
	return ff_fd_discard(&device->io, deadline_us, error);
}

enum ff_status ff_device_set_lines(void *self, const struct ff_line_step *steps, size_t count, struct ff_error *error)
{
	const struct ff_device *device = self;
	return ff_lines_run(&device->io, steps, count, error);
}

int ff_device_poll_fd(void *self)
{
	const struct ff_device *device = self;
	return device->io.fd;
}

static enum ff_status write_some(void *self, const uint8_t *bytes, size_t size, size_t *done, bool *writable,
				 struct ff_error *error)
{
	const struct ff_device *device = self;
	return ff_fd_write_some(&device->io, bytes, size, done, writable, error);
}

static enum ff_status discard_output(void *self, struct ff_error *error)
{
	const struct ff_device *device = self;
	return tcflush(device->io.fd, TCOFLUSH) < 0 ? ff_fd_lost(&device->io, errno, error) : FF_OK;
}

static enum ff_status set_format(void *self, const struct ff_line_format *format, int64_t deadline_us,
				 struct ff_error *error)
{
	const struct ff_device *device = self;
	(void)deadline_us;
	int outcome = ff_format_set(device->io.fd, format);
	if (outcome == EIO || outcome == ENODEV) {
		return ff_fd_lost(&device->io, outcome, error);
	}
	if (outcome != 0) {
		return ff_error_set_errno(error, FF_ERR_UNSUPPORTED, outcome,
					  "%s cannot do that number of bits, parity, stop bits or flow control",
					  device->name);
	}
	return FF_OK;
}

static enum ff_status set_break(void *self, bool on, int64_t deadline_us, struct ff_error *error)
{
	const struct ff_device *device = self;
	(void)deadline_us;
	if (ioctl(device->io.fd, on ? TIOCSBRK : TIOCCBRK) == 0) {
		return FF_OK;
	}
	if (errno == EIO || errno == ENODEV) {
		return ff_fd_lost(&device->io, errno, error);
	}
	return ff_error_set_errno(error, FF_ERR_UNSUPPORTED, errno, "%s cannot send a break", device->name);
}

static enum ff_status read_status(void *self, struct ff_line_status *result, struct ff_error *error)
{
	const struct ff_device *device = self;
	struct serial_icounter_struct counts = { 0 };
	int bits = 0;
	if (ioctl(device->io.fd, TIOCMGET, &bits) < 0) {
		if (errno == EIO || errno == ENODEV) {
			return ff_fd_lost(&device->io, errno, error);
		}
		return ff_error_set_errno(error, FF_ERR_UNSUPPORTED, errno, "%s has no modem lines", device->name);
	}
	(void)ioctl(device->io.fd, TIOCGICOUNT, &counts); /* zeros, where the driver does not count */
	*result = (struct ff_line_status){
		.modem = (uint8_t)((bits & TIOCM_CTS ? FF_MODEM_CTS : 0) | (bits & TIOCM_DSR ? FF_MODEM_DSR : 0) |
				   (bits & TIOCM_RI ? FF_MODEM_RI : 0) | (bits & TIOCM_CD ? FF_MODEM_DCD : 0)),
		.overruns = (uint32_t)counts.overrun + (uint32_t)counts.buf_overrun,
		.parity_errors = (uint32_t)counts.parity,
		.framing_errors = (uint32_t)counts.frame,
		.breaks = (uint32_t)counts.brk,
	};
	return FF_OK;
}

const struct ff_transport_port_ops ff_device_port_ops = {
	.write_some = write_some,
	.discard_output = discard_output,
	.set_format = set_format,
	.set_break = set_break,
	.status = read_status,
};
