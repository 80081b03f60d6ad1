// SPDX-License-Identifier: Apache-2.0
/* What the two transports over a local tty (serial, tty) have in common: everything but opening and closing it.
 * Belongs to one thread at a time. */
#ifndef FF_TRANSPORT_DEVICE_H
#define FF_TRANSPORT_DEVICE_H

#include <farflash/transport.h>

#include "address.h"
#include "fd.h"

/* The head of a transport's own record: the functions below take a pointer to it as `self`. */
struct ff_device {
	struct ff_fd io;
	char name[FF_ADDRESS_SIZE]; /* io.name */
	uint32_t baud;
};

/* Fills in the record of an open descriptor; the descriptor stays with the caller. */
void ff_device_init(struct ff_device *device, int fd, const char *name);

/* Close-on-exec, and a lock that tells other programs: flock(), as esptool and pyserial look for it. FF_ERR_BUSY if
 * another one holds it. */
FF_WARN_UNUSED enum ff_status ff_device_claim(const struct ff_device *device, struct ff_error *error);

/* Raw bytes, 8N1, no flow control, no modem lines in the way, and no drop of DTR and RTS at close (HUPCL), which would
 * reset some boards. */
FF_WARN_UNUSED enum ff_status ff_device_make_raw(const struct ff_device *device, struct ff_error *error);

/* Checks the rate that the driver really chose and remembers it. FF_ERR_UNSUPPORTED. */
FF_WARN_UNUSED enum ff_status ff_device_confirm_baud(struct ff_device *device, uint32_t baud, struct ff_error *error);

/* FF_ERR_ARGUMENT unless FF_BAUD_MIN <= baud <= FF_BAUD_MAX. */
FF_WARN_UNUSED enum ff_status ff_device_check_baud(const struct ff_device *device, uint32_t baud,
						   struct ff_error *error);

/* Says why a device could not be opened and what to do about it. Answers its status: FF_ERR_NOT_FOUND, FF_ERR_DENIED,
 * FF_ERR_BUSY, FF_ERR_ARGUMENT (no tty), FF_ERR_NO_MEMORY or FF_ERR_IO. */
enum ff_status ff_device_open_failed(const char *name, int sys_errno, struct ff_error *error);

/* Slots of struct ff_transport_ops. */
enum ff_status ff_device_read(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
			      struct ff_error *error);
enum ff_status ff_device_write(void *self, const uint8_t *bytes, size_t size, int64_t deadline_us,
			       struct ff_error *error);
enum ff_status ff_device_drain(void *self, int64_t deadline_us, struct ff_error *error);
enum ff_status ff_device_discard(void *self, int64_t deadline_us, struct ff_error *error);
enum ff_status ff_device_set_lines(void *self, const struct ff_line_step *steps, size_t count, struct ff_error *error);
int ff_device_poll_fd(void *self);

/* Everything that a tty can do besides; `self` begins with a struct ff_device. */
extern const struct ff_transport_port_ops ff_device_port_ops;

#endif
