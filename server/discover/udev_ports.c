// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libudev.h>

#include "port_source.h"
#include "usb.h"

#define UDEVD "/run/udev/control"
#define RECEIVE_BUFFER (1024 * 1024) /* a hub with a rack behind it says much at once */

struct udev_ports {
	struct udev *udev;
	struct udev_monitor *monitor;
};

static int source_fd(void *self)
{
	const struct udev_ports *ports = self;
	return udev_monitor_get_fd(ports->monitor);
}

static void drain(void *self)
{
	const struct udev_ports *ports = self;
	struct udev_device *device;
	while ((device = udev_monitor_receive_device(ports->monitor))) {
		udev_device_unref(device);
	}
}

static uint16_t hex_id(struct udev_device *usb, const char *attribute)
{
	const char *text = udev_device_get_sysattr_value(usb, attribute);
	return text ? (uint16_t)strtoul(text, NULL, 16) : 0;
}

/* False: it is no port on USB. */
static bool describe(struct udev_device *tty, struct ff_found_port *port)
{
	struct ff_usb place = { .known = false };
	const char *node = udev_device_get_devnode(tty);
	const char *path = udev_device_get_syspath(tty);
	/* The parent's reference is the child's. */
	struct udev_device *usb = udev_device_get_parent_with_subsystem_devtype(tty, "usb", "usb_device");
	if (!node || !path || !usb || strlen(node) >= sizeof(port->device) || !ff_usb_parse_path(&place, path)) {
		return false;
	}
	const char *serial = udev_device_get_sysattr_value(usb, "serial");
	const char *product = udev_device_get_sysattr_value(usb, "product");
	*port = (struct ff_found_port){ .interface = place.interface };
	snprintf(port->device, sizeof(port->device), "%s", node);
	snprintf(port->usb, sizeof(port->usb), "%s", place.path);
	port->vendor = hex_id(usb, "idVendor");
	port->product_id = hex_id(usb, "idProduct");
	ff_port_id_clean(port->serial, sizeof(port->serial), serial ? serial : "");
	ff_port_id_clean(port->product, sizeof(port->product), product ? product : "");
	return true;
}

static size_t list(void *self, struct ff_found_port *found, size_t capacity)
{
	const struct udev_ports *ports = self;
	size_t count = 0;
	struct udev_enumerate *all = udev_enumerate_new(ports->udev);
	if (!all) {
		return 0;
	}
	udev_enumerate_add_match_subsystem(all, "tty");
	udev_enumerate_scan_devices(all);
	struct udev_list_entry *entry = udev_enumerate_get_list_entry(all);
	for (; entry && count < capacity; entry = udev_list_entry_get_next(entry)) {
		struct udev_device *tty = udev_device_new_from_syspath(ports->udev, udev_list_entry_get_name(entry));
		count += tty && describe(tty, &found[count]);
		udev_device_unref(tty);
	}
	udev_enumerate_unref(all);
	return count;
}

static void close_source(void *self)
{
	struct udev_ports *ports = self;
	udev_monitor_unref(ports->monitor);
	udev_unref(ports->udev);
	free(ports);
}

static const struct ff_port_source_ops ops = {
	.fd = source_fd,
	.drain = drain,
	.list = list,
	.close = close_source,
};

enum ff_status ff_udev_ports_open(struct ff_port_source *source, struct ff_error *error)
{
	struct udev_ports *ports = calloc(1, sizeof(*ports));
	if (!ports || !(ports->udev = udev_new())) {
		free(ports);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	ports->monitor = udev_monitor_new_from_netlink(ports->udev, access(UDEVD, F_OK) == 0 ? "udev" : "kernel");
	if (!ports->monitor || udev_monitor_filter_add_match_subsystem_devtype(ports->monitor, "tty", NULL) < 0 ||
	    udev_monitor_enable_receiving(ports->monitor) < 0) {
		close_source(ports);
		return ff_error_set(
			error, FF_ERR_UNSUPPORTED,
			"the kernel does not tell of devices here, so that no board can be found by itself");
	}
	/* Fails without the right to; the usual size will do then. */
	(void)udev_monitor_set_receive_buffer_size(ports->monitor, RECEIVE_BUFFER);
	*source = (struct ff_port_source){ &ops, ports };
	return FF_OK;
}

void ff_port_source_close(struct ff_port_source *source)
{
	if (source->ops) {
		source->ops->close(source->self);
		source->ops = NULL;
	}
}
