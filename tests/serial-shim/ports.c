// SPDX-License-Identifier: Apache-2.0
#include "ports.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define USB_NAME "ttyACM"
#define PTS_NAME "pts/"
#define USB_FIELDS 7

pthread_mutex_t shim_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct shim_port ports[SHIM_PORTS_MAX];

static struct shim_port *port_of_link(const char *link, size_t size)
{
	if (size == 0 || size >= sizeof(ports[0].link)) {
		return NULL;
	}
	for (size_t i = 0; i < SHIM_PORTS_MAX; i++) {
		if (ports[i].link[0] == 0) {
			memcpy(ports[i].link, link, size);
		}
		if (strlen(ports[i].link) == size && memcmp(ports[i].link, link, size) == 0) {
			return &ports[i];
		}
	}
	return NULL;
}

/* Looks where the link leads now. Answers whether the port is there. */
static bool look(struct shim_port *port)
{
	struct stat info;
	if (fstatat(AT_FDCWD, port->link, &info, 0) != 0 || !S_ISCHR(info.st_mode)) {
		return false;
	}
	if (port->device != info.st_rdev) {
		port->device = info.st_rdev; /* plugged in anew */
		port->opens = 0;
		port->bits = 0;
	}
	return true;
}

/* The `index`th port of FF_SHIM_LINK, NULL past the last one; *there tells whether it is. */
static struct shim_port *port_at(size_t index, bool *there)
{
	const char *links = getenv("FF_SHIM_LINK");
	for (size_t i = 0; links && *links; i++) {
		size_t size = strcspn(links, ":");
		if (i == index) {
			struct shim_port *port = port_of_link(links, size);
			*there = port && look(port);
			return port;
		}
		links += size + (links[size] == ':');
	}
	return NULL;
}

struct shim_port *shim_port_of_device(dev_t device)
{
	struct shim_port *port;
	bool there;
	for (size_t i = 0; (port = port_at(i, &there)); i++) {
		if (port->device == device) {
			return port;
		}
	}
	return NULL;
}

struct shim_port *shim_port_of_fd(int fd)
{
	struct stat info;
	if (fstat(fd, &info) < 0 || !S_ISCHR(info.st_mode)) {
		return NULL;
	}
	return shim_port_of_device(info.st_rdev);
}

/* The number of the slave that a name means, or -1. */
static long number_of_name(const char *name, const char *prefix)
{
	char *end;
	if (strncmp(name, prefix, strlen(prefix)) != 0) {
		return -1;
	}
	name += strlen(prefix);
	long number = strtol(name, &end, 10);
	return *name >= '0' && *name <= '9' && *end == '\0' ? number : -1;
}

struct shim_port *shim_port_of_name(const char *name)
{
	long pts = number_of_name(name, PTS_NAME), acm = number_of_name(name, USB_NAME);
	struct shim_port *port;
	bool there;
	for (size_t i = 0; (port = port_at(i, &there)); i++) {
		struct shim_usb usb;
		long number = (long)minor(port->device);
		bool named = number == pts || (number == acm && shim_usb_of_port(port, &usb));
		if (there && named) {
			return port;
		}
	}
	return NULL;
}

bool shim_usb_name(size_t index, char *name, size_t size)
{
	struct shim_port *port;
	bool there;
	for (size_t i = 0; (port = port_at(i, &there)); i++) {
		struct shim_usb usb;
		if (there && shim_usb_of_port(port, &usb) && index-- == 0) {
			snprintf(name, size, USB_NAME "%u", minor(port->device));
			return true;
		}
	}
	return false;
}

/* The text of the `index`th entry of FF_SHIM_USB. */
static const char *usb_entry(size_t index, size_t *size)
{
	const char *entries = getenv("FF_SHIM_USB");
	for (size_t i = 0; entries && i < index; i++) {
		entries = strchr(entries, ';');
		entries += entries ? 1 : 0;
	}
	*size = entries ? strcspn(entries, ";") : 0;
	return entries;
}

static bool parse_usb(struct shim_usb *usb, char *text)
{
	char *fields[USB_FIELDS] = { 0 };
	for (size_t i = 0; i < USB_FIELDS && text; i++) {
		fields[i] = strsep(&text, ",");
	}
	if (!fields[5]) {
		return false;
	}
	*usb = (struct shim_usb){
		.vendor = (unsigned)strtoul(fields[0], NULL, 16),
		.product = (unsigned)strtoul(fields[1], NULL, 16),
		.bus = (unsigned)strtoul(fields[3], NULL, 10),
		.address = (unsigned)strtoul(fields[4], NULL, 10),
		.interface = fields[6] ? (unsigned)strtoul(fields[6], NULL, 10) : 0,
	};
	snprintf(usb->serial, sizeof(usb->serial), "%s", fields[2]);
	snprintf(usb->path, sizeof(usb->path), "%s", fields[5]);
	return true;
}

bool shim_usb_of_port(const struct shim_port *port, struct shim_usb *usb)
{
	bool there;
	const struct shim_port *other;
	for (size_t i = 0; (other = port_at(i, &there)); i++) {
		if (other == port) {
			char text[256];
			size_t size;
			const char *entry = usb_entry(i, &size);
			if (size == 0 || size >= sizeof(text)) {
				return false;
			}
			memcpy(text, entry, size);
			text[size] = '\0';
			return parse_usb(usb, text);
		}
	}
	return false;
}

const char *shim_device_path(const char *path, char *real, size_t size)
{
	static const char dev[] = "/dev/";
	if (strncmp(path, dev, strlen(dev)) != 0) {
		return path;
	}
	long number = number_of_name(path + strlen(dev), USB_NAME);
	if (number < 0 || !shim_port_of_name(path + strlen(dev))) {
		return path;
	}
	snprintf(real, size, "/dev/" PTS_NAME "%ld", number);
	return real;
}
