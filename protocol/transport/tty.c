// SPDX-License-Identifier: Apache-2.0
#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "baud.h"
#include "device.h"
#include "lines.h"

static enum ff_status tty_set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	struct ff_device *device = self;
	(void)deadline_us;
	enum ff_status status = ff_device_check_baud(device, baud, error);
	if (status != FF_OK) {
		return status;
	}
	int outcome = ff_baud_set(device->io.fd, baud);
	if (outcome == EIO) {
		return ff_fd_lost(&device->io, outcome, error);
	}
	if (outcome != 0) {
		return ff_error_set_errno(error, FF_ERR_UNSUPPORTED, outcome, "%s cannot do %u baud", device->name,
					  (unsigned)baud);
	}
	return ff_device_confirm_baud(device, baud, error);
}

static enum ff_status tty_set_lines(void *self, const struct ff_line_step *steps, size_t count, struct ff_error *error)
{
	const struct ff_device *device = self;
	if (!ff_lines_exist(device->io.fd)) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "%s is a virtual port without control lines and cannot reset the board",
				    device->name);
	}
	return ff_device_set_lines(self, steps, count, error);
}

static void tty_close(void *self)
{
	struct ff_device *device = self;
	close(device->io.fd);
	free(device);
}

static const struct ff_transport_ops ops = {
	.read = ff_device_read,
	.write = ff_device_write,
	.drain = ff_device_drain,
	.discard = ff_device_discard,
	.set_baud = tty_set_baud,
	.set_lines = tty_set_lines,
	.poll_fd = ff_device_poll_fd,
	.close = tty_close,
};

static enum ff_status prepare(struct ff_device *device, bool *has_lines, const struct ff_transport_options *options,
			      struct ff_error *error)
{
	static const struct ff_line_step release = { .dtr = 0, .rts = 0 };
	enum ff_status status = ff_device_claim(device, error);
	if (status == FF_OK) {
		status = ff_device_make_raw(device, error);
	}
	if (status == FF_OK) {
		status = tty_set_baud(device, options->baud, 0, error);
	}
	*has_lines = ff_lines_exist(device->io.fd);
	if (status == FF_OK && *has_lines) {
		status = ff_lines_run(&device->io, &release, 1, error);
	}
	return status;
}

enum ff_status ff_tty_open(struct ff_transport *transport, const char *path, const char *name,
			   const struct ff_transport_options *options, struct ff_error *error)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		return ff_device_open_failed(name, errno, error);
	}
	struct ff_device *device = calloc(1, sizeof(*device));
	if (!device) {
		close(fd);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory for %s", name);
	}
	ff_device_init(device, fd, name);
	bool has_lines = false;
	enum ff_status status = prepare(device, &has_lines, options, error);
	if (status != FF_OK) {
		tty_close(device);
		return status;
	}
	*transport = (struct ff_transport){
		.ops = &ops, .self = device, .has_lines = has_lines, .port = &ff_device_port_ops
	};
	return FF_OK;
}
