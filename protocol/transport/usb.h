// SPDX-License-Identifier: Apache-2.0
/* Which USB device a serial port belongs to, so that it is found again after it was off the bus: its port may have another
 * name then, and the device another product id, because a chip's ROM and its application are different devices there.
 *
 * Plain values, any thread. */
#ifndef FF_TRANSPORT_USB_H
#define FF_TRANSPORT_USB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/transport.h>

struct sp_port;

#define FF_USB_PATH_SIZE 64
#define FF_USB_SERIAL_SIZE 128

struct ff_usb {
	bool known; /* false: not on USB, and everything else is zero */
	uint16_t vendor;
	uint16_t product;
	char serial[FF_USB_SERIAL_SIZE]; /* "" for none */
	char path[FF_USB_PATH_SIZE]; /* where it is plugged in, as the kernel writes it: "1-1.2"; "" where unknown */
	unsigned interface;          /* which of the device's; 0 where the path is unknown */
};

/* Takes place and interface from a device's path in sysfs: "/sys/devices/.../1-1.2/1-1.2:1.0/ttyUSB0". False, and nothing
 * is changed, if there are none in it. */
bool ff_usb_parse_path(struct ff_usb *usb, const char *path);

/* Asks libserialport and sysfs about a port that has been named, and need not be open. */
void ff_usb_identify(struct ff_usb *usb, const struct sp_port *port);

/* Whether `found` is the device that was `wanted`, back again: plugged in at the same place, or a chip of Espressif's with
 * the same serial number; where the place is not known, any device of the same maker with the same serial number. False
 * for devices that are not known. */
bool ff_usb_is_same(const struct ff_usb *wanted, const struct ff_usb *found);

/* Looks among all serial ports for the one of `wanted`, without opening any; writes its path ("/dev/ttyACM1"). */
bool ff_usb_find(const struct ff_usb *wanted, char *path, size_t size);

/* What the ids tell. Sources: esptool 5.3, loader.py, uses_usb_jtag_serial() and uses_usb_otg(). */
enum ff_port_kind ff_usb_kind(const struct ff_usb *usb);

/* Whether its driver's RTS follows the data, so that DTR has to stay asserted. Source: esp-pylib 1, constants.py,
 * HARDWARE_FLOW_CONTROL_VID_PIDS. */
bool ff_usb_keeps_dtr(const struct ff_usb *usb);

#endif
