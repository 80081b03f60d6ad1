// SPDX-License-Identifier: Apache-2.0
/* A libudev whose USB is a file, so that boards can be plugged in and pulled without hardware.
 *
 *     FF_UDEV_PORTS=/tmp/usb/ports LD_PRELOAD=libff_udev_shim.so farflashd --discover ...
 *
 * Each line of the file is a tty: device, vendor and product (hex), place with interface, serial number and the product's
 * name, with tabs between; "\xNN" in the last two is that byte. A new file that is renamed to it is what changes on the USB.
 * What is here is what server/discover calls, and no more. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <libudev.h>

#define FIELDS 6
#define FIELD_SIZE 512

struct udev {
	int unused;
};

struct udev_list_entry {
	struct udev_list_entry *next;
	char name[32]; /* "/sys/N", N being the line */
};

struct udev_enumerate {
	struct udev_list_entry *first;
};

struct udev_device {
	char fields[FIELDS][FIELD_SIZE];
	char syspath[FIELD_SIZE + 64];
};

struct udev_monitor {
	int fd;
};

static FILE *open_ports(void)
{
	const char *path = getenv("FF_UDEV_PORTS");
	return path ? fopen(path, "re") : NULL;
}

struct udev *udev_new(void)
{
	return calloc(1, sizeof(struct udev));
}

struct udev *udev_unref(struct udev *udev)
{
	free(udev);
	return NULL;
}

/* ---- lists ---- */

struct udev_enumerate *udev_enumerate_new(struct udev *udev)
{
	(void)udev;
	return calloc(1, sizeof(struct udev_enumerate));
}

int udev_enumerate_add_match_subsystem(struct udev_enumerate *all, const char *subsystem)
{
	(void)all;
	return strcmp(subsystem, "tty") == 0 ? 0 : -EINVAL;
}

int udev_enumerate_scan_devices(struct udev_enumerate *all)
{
	FILE *file = open_ports();
	struct udev_list_entry **last = &all->first;
	char line[FIELDS * FIELD_SIZE];
	for (unsigned i = 0; file && fgets(line, sizeof(line), file); i++) {
		struct udev_list_entry *entry = calloc(1, sizeof(*entry));
		snprintf(entry->name, sizeof(entry->name), "/sys/%u", i);
		*last = entry;
		last = &entry->next;
	}
	if (file) {
		fclose(file);
	}
	return 0;
}

struct udev_list_entry *udev_enumerate_get_list_entry(struct udev_enumerate *all)
{
	return all->first;
}

struct udev_list_entry *udev_list_entry_get_next(struct udev_list_entry *entry)
{
	return entry->next;
}

const char *udev_list_entry_get_name(struct udev_list_entry *entry)
{
	return entry->name;
}

struct udev_enumerate *udev_enumerate_unref(struct udev_enumerate *all)
{
	while (all->first) {
		struct udev_list_entry *next = all->first->next;
		free(all->first);
		all->first = next;
	}
	free(all);
	return NULL;
}

/* ---- devices ---- */

static void unescape(char *text)
{
	char *to = text;
	for (; *text; to++) {
		unsigned byte = 0;
		if (text[0] == '\\' && text[1] == 'x' && sscanf(text + 2, "%2x", &byte) == 1) {
			*to = (char)byte;
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

static bool read_fields(struct udev_device *device, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < FIELDS; i++) {
		char *field = strsep(&line, "\t");
		if (!field) {
			return false;
		}
		snprintf(device->fields[i], FIELD_SIZE, "%s", field);
		unescape(device->fields[i]);
	}
	/* "1-1.2:0" is the interface 1-1.2:1.0 of the device 1-1.2 */
	char *colon = strchr(device->fields[3], ':');
	snprintf(device->syspath, sizeof(device->syspath), "/sys/devices/usb1/%.*s/%.*s:1.%s/tty",
		 (int)(colon - device->fields[3]), device->fields[3], (int)(colon - device->fields[3]),
		 device->fields[3], colon + 1);
	return true;
}

struct udev_device *udev_device_new_from_syspath(struct udev *udev, const char *path)
{
	FILE *file = open_ports();
	struct udev_device *device = calloc(1, sizeof(*device));
	char line[FIELDS * FIELD_SIZE];
	long wanted = strtol(path + strlen("/sys/"), NULL, 10);
	bool found = false;
	(void)udev;
	for (long i = 0; file && !found && fgets(line, sizeof(line), file); i++) {
		found = i == wanted && read_fields(device, line);
	}
	if (file) {
		fclose(file);
	}
	if (!found) {
		free(device);
		return NULL;
	}
	return device;
}

const char *udev_device_get_devnode(struct udev_device *device)
{
	return device->fields[0];
}

const char *udev_device_get_syspath(struct udev_device *device)
{
	return device->syspath;
}

struct udev_device *udev_device_get_parent_with_subsystem_devtype(struct udev_device *device, const char *subsystem,
								  const char *type)
{
	return strcmp(subsystem, "usb") == 0 && strcmp(type, "usb_device") == 0 ? device : NULL;
}

const char *udev_device_get_sysattr_value(struct udev_device *device, const char *name)
{
	static const char *const names[FIELDS] = { "", "idVendor", "idProduct", "", "serial", "product" };
	for (int i = 0; i < FIELDS; i++) {
		if (strcmp(names[i], name) == 0 && device->fields[i][0]) {
			return device->fields[i];
		}
	}
	return NULL;
}

struct udev_device *udev_device_unref(struct udev_device *device)
{
	free(device);
	return NULL;
}

/* ---- changes ---- */

struct udev_monitor *udev_monitor_new_from_netlink(struct udev *udev, const char *name)
{
	struct udev_monitor *monitor = calloc(1, sizeof(*monitor));
	(void)udev;
	(void)name;
	monitor->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return monitor;
}

int udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor, const char *subsystem,
						    const char *type)
{
	(void)monitor;
	(void)type;
	return strcmp(subsystem, "tty") == 0 ? 0 : -EINVAL;
}

int udev_monitor_enable_receiving(struct udev_monitor *monitor)
{
	char folder[FIELD_SIZE];
	const char *path = getenv("FF_UDEV_PORTS");
	snprintf(folder, sizeof(folder), "%s", path ? path : "/");
	*strrchr(folder, '/') = '\0';
	return inotify_add_watch(monitor->fd, folder, IN_MOVED_TO) < 0 ? -errno : 0;
}

int udev_monitor_set_receive_buffer_size(struct udev_monitor *monitor, int size)
{
	(void)monitor;
	(void)size;
	return -EPERM;
}

int udev_monitor_get_fd(struct udev_monitor *monitor)
{
	return monitor->fd;
}

struct udev_device *udev_monitor_receive_device(struct udev_monitor *monitor)
{
	char events[4096];
	while (read(monitor->fd, events, sizeof(events)) > 0) {
	}
	return NULL;
}

struct udev_monitor *udev_monitor_unref(struct udev_monitor *monitor)
{
	if (monitor) {
		close(monitor->fd);
	}
	free(monitor);
	return NULL;
}
