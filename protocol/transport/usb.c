// SPDX-License-Identifier: Apache-2.0
#include "usb.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libserialport.h>

#define PORTS "/sys/class/tty"
#define ESPRESSIF 0x303A
#define PRODUCT_USB_JTAG 0x1001
#define MIN_SERIAL 4 /* the ROM of a chip on USB-OTG says "0" */

/* "1-1.2:1.0": bus, ports, configuration, interface. False: something else. */
static bool parse_component(struct ff_usb *usb, const char *text, size_t size)
{
	static const char digits[] = "0123456789";
	size_t bus = strspn(text, digits);
	if (bus == 0 || text[bus] != '-') {
		return false;
	}
	size_t place = bus + 1 + strspn(text + bus + 1, "0123456789.");
	if (place == bus + 1 || text[place] != ':' || place >= sizeof(usb->path)) {
		return false;
	}
	size_t at = place + 1;
	at += strspn(text + at, digits);
	if (text[at] != '.') {
		return false;
	}
	size_t number = strspn(text + at + 1, digits);
	if (number == 0 || number > 3 || at + 1 + number != size) {
		return false;
	}
	memcpy(usb->path, text, place);
	usb->path[place] = '\0';
	usb->interface = (unsigned)strtoul(text + at + 1, NULL, 10);
	return true;
}

bool ff_usb_parse_path(struct ff_usb *usb, const char *path)
{
	bool found = false;
	for (const char *at = path; *at;) {
		size_t size = strcspn(at, "/");
		found = (size > 0 && parse_component(usb, at, size)) || found;
		at += size + (at[size] == '/');
	}
	return found;
}

static void find_path(struct ff_usb *usb, const char *name)
{
	char entry[PATH_MAX];
	char real[PATH_MAX];
	int size = snprintf(entry, sizeof(entry), PORTS "/%s/device", name);
	if (size > 0 && (size_t)size < sizeof(entry) && realpath(entry, real)) {
		ff_usb_parse_path(usb, real);
	}
}

void ff_usb_identify(struct ff_usb *usb, const struct sp_port *port)
{
	int vendor = 0;
	int product = 0;
	*usb = (struct ff_usb){ .known = false };
	if (sp_get_port_usb_vid_pid(port, &vendor, &product) != SP_OK) {
		return;
	}
	usb->known = true;
	usb->vendor = (uint16_t)vendor;
	usb->product = (uint16_t)product;
	const char *serial = sp_get_port_usb_serial(port);
	if (serial) {
		snprintf(usb->serial, sizeof(usb->serial), "%s", serial);
	}
	const char *name = sp_get_port_name(port);
	if (name && strncmp(name, "/dev/", 5) == 0) {
		find_path(usb, name + 5);
	}
}

bool ff_usb_is_same(const struct ff_usb *wanted, const struct ff_usb *found)
{
	if (!wanted->known || !found->known) {
		return false;
	}
	if (wanted->path[0] && found->path[0] && strcmp(wanted->path, found->path) == 0) {
		/* Another product at the same place is the chip in another mode, and numbers its interfaces anew. */
		return wanted->interface == found->interface || wanted->product != found->product;
	}
	/* Espressif's serial numbers are MAC addresses; adapters by the dozen are all called "0001". */
	bool unique = wanted->vendor == ESPRESSIF || !wanted->path[0] || !found->path[0];
	return unique && wanted->vendor == found->vendor && strlen(wanted->serial) >= MIN_SERIAL &&
	       strcmp(wanted->serial, found->serial) == 0 && wanted->interface == found->interface;
}

static bool is_wanted(const struct ff_usb *wanted, const char *path)
{
	struct sp_port *port = NULL;
	struct ff_usb found;
	if (sp_get_port_by_name(path, &port) != SP_OK) {
		return false;
	}
	ff_usb_identify(&found, port);
	sp_free_port(port);
	return ff_usb_is_same(wanted, &found);
}

bool ff_usb_find(const struct ff_usb *wanted, char *path, size_t size)
{
	DIR *ports = opendir(PORTS);
	bool found = false;
	if (!ports) {
		return false;
	}
	const struct dirent *entry = readdir(ports);
	for (; entry && !found; entry = readdir(ports)) {
		/* The others are consoles and the like, of which there are dozens. */
		if (strncmp(entry->d_name, "ttyACM", 6) == 0 || strncmp(entry->d_name, "ttyUSB", 6) == 0) {
			int length = snprintf(path, size, "/dev/%s", entry->d_name);
			found = length > 0 && (size_t)length < size && is_wanted(wanted, path);
		}
	}
	closedir(ports);
	return found;
}

enum ff_port_kind ff_usb_kind(const struct ff_usb *usb)
{
	/* On USB-OTG a ROM's product id is the chip's id: ESP32-S2, S3, P4, S31. */
	static const uint16_t otg_products[] = { 0x0002, 0x0009, 0x0012, 0x0020 };
	if (!usb->known) {
		return FF_PORT_UNKNOWN;
	}
	if (usb->vendor != ESPRESSIF) {
		return FF_PORT_UART;
	}
	if (usb->product == PRODUCT_USB_JTAG) {
		return FF_PORT_USB_JTAG;
	}
	for (size_t i = 0; i < sizeof(otg_products) / sizeof(otg_products[0]); i++) {
		if (usb->product == otg_products[i]) {
			return FF_PORT_USB_OTG;
		}
	}
	return FF_PORT_UART;
}

bool ff_usb_keeps_dtr(const struct ff_usb *usb)
{
	return usb->known && usb->vendor == 0x10C4 && usb->product == 0xEA64; /* CP2102C */
}
