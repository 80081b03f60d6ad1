// SPDX-License-Identifier: Apache-2.0
#include "port_id.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ESPRESSIF 0x303A
#define TELLING_SERIAL 6 /* characters; adapters by the dozen are called "0001" */
#define NAME_SERIAL 40   /* characters of it in a name */

/* ---- what devices say ---- */

/* The length of the character at `text`, 0: it is no UTF-8. Shortest forms only, no surrogates. */
static size_t decode(const unsigned char *text, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t size = *text < 0x80 ? 1 : *text >= 0xF0 ? 4 : *text >= 0xE0 ? 3 : *text >= 0xC0 ? 2 : 0;
	*point = size == 1 ? *text : size > 0 ? *text & (0x7FU >> size) : 0;
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xC0) != 0x80) {
			return 0;
		}
		*point = *point << 6 | (text[i] & 0x3FU);
	}
	bool good = size > 0 && *point >= least[size] && *point <= 0x10FFFF && (*point < 0xD800 || *point > 0xDFFF);
	return good ? size : 0;
}

/* C0, C1, line separators, and what turns the order of writing round. */
static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x200B && point <= 0x200F) ||
	       (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF;
}

void ff_port_id_clean(char *text, size_t size, const char *raw)
{
	size_t used = 0;
	while (*raw) {
		uint32_t point = 0;
		size_t length = decode((const unsigned char *)raw, &point);
		bool shown = length > 0 && !is_control(point) && point != '\\';
		size_t taken = length > 0 ? length : 1;
		size_t needed = shown ? length : 4 * taken;
		if (used + needed >= size) {
			break;
		}
		for (size_t i = 0; i < taken && !shown; i++) {
			snprintf(text + used + 4 * i, 5, "\\x%02x", (unsigned char)raw[i]);
		}
		if (shown) {
			memcpy(text + used, raw, length);
		}
		used += needed;
		raw += taken;
	}
	text[used] = '\0';
}

/* ---- what boards are known by ---- */

bool ff_port_id_is_usb(const char *text)
{
	size_t bus = strspn(text, "0123456789");
	size_t place = text[bus] == '-' ? strspn(text + bus + 1, "0123456789.") : 0;
	const char *rest = text + bus + 1 + place;
	if (bus == 0 || place == 0 || strlen(text) >= FF_BOARD_USB_SIZE) {
		return false;
	}
	return *rest == '\0' ||
	       (*rest == ':' && rest[1] && strlen(rest) <= 4 && !rest[1 + strspn(rest + 1, "0123456789")]);
}

bool ff_port_id_parse_mac(const char *text, uint8_t mac[6])
{
	uint8_t parsed[6];
	for (size_t i = 0; i < sizeof(parsed); i++) {
		unsigned value = 0;
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    sscanf(text, "%2x", &value) != 1) {
			return false;
		}
		parsed[i] = (uint8_t)value;
		text += 2;
		text += i < 5 && (*text == ':' || *text == '-');
	}
	if (*text) {
		return false;
	}
	memcpy(mac, parsed, sizeof(parsed));
	return true;
}

bool ff_port_id_is_empty(const struct ff_port_id *identity)
{
	return !identity->usb[0] && !identity->serial[0] && !identity->has_mac;
}

bool ff_port_id_equals(const struct ff_port_id *one, const struct ff_port_id *other)
{
	return strcmp(one->usb, other->usb) == 0 && strcmp(one->serial, other->serial) == 0 &&
	       one->has_mac == other->has_mac && memcmp(one->mac, other->mac, sizeof(one->mac)) == 0;
}

static bool is_at(const char *wanted, const struct ff_found_port *port)
{
	char full[FF_BOARD_USB_SIZE + 8];
	snprintf(full, sizeof(full), "%s:%u", port->usb, port->interface);
	return strcmp(wanted, strchr(wanted, ':') ? full : port->usb) == 0;
}

bool ff_port_id_matches(const struct ff_port_id *identity, const struct ff_found_port *port)
{
	uint8_t mac[6];
	bool mac_fits = port->vendor == ESPRESSIF && ff_port_id_parse_mac(port->serial, mac) &&
			memcmp(mac, identity->mac, sizeof(mac)) == 0;
	return !ff_port_id_is_empty(identity) && (!identity->usb[0] || is_at(identity->usb, port)) &&
	       (!identity->serial[0] || strcasecmp(identity->serial, port->serial) == 0) &&
	       (!identity->has_mac || mac_fits);
}

void ff_port_id_describe(const struct ff_port_id *identity, char *text, size_t size)
{
	const uint8_t *mac = identity->mac;
	char tail[32] = "";
	if (identity->has_mac) {
		snprintf(tail, sizeof(tail), "MAC %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
			 mac[4], mac[5]);
	}
	bool serial_comma = identity->usb[0] && identity->serial[0];
	bool mac_comma = tail[0] && (identity->usb[0] || identity->serial[0]);
	snprintf(text, size, "%s%s%s%s%s%s%s", identity->usb[0] ? "usb " : "", identity->usb, serial_comma ? ", " : "",
		 identity->serial[0] ? "serial " : "", identity->serial, mac_comma ? ", " : "", tail);
}

/* ---- ports without an owner's word ---- */

static const struct {
	uint16_t id;
	const char *name;
} vendors[] = {
	{ ESPRESSIF, "esp" }, { 0x10C4, "cp210x" }, { 0x0403, "ftdi" }, { 0x1A86, "wch" }, { 0x067B, "pl2303" },
};

static const char *vendor_name(uint16_t id)
{
	for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
		if (vendors[i].id == id) {
			return vendors[i].name;
		}
	}
	return NULL;
}

bool ff_port_id_is_usual(const struct ff_found_port *port)
{
	return vendor_name(port->vendor) != NULL;
}

static bool tells(const struct ff_found_port *port)
{
	return strlen(port->serial) >= TELLING_SERIAL;
}

bool ff_port_id_is_same(const struct ff_found_port *before, const struct ff_found_port *now, bool alone)
{
	if (before->vendor != now->vendor) {
		return false;
	}
	bool serial = strcmp(before->serial, now->serial) == 0;
	bool chip = before->vendor == ESPRESSIF; /* whose application and ROM are different products */
	bool interface = before->interface == now->interface || (chip && before->product_id != now->product_id);
	if (tells(before) && tells(now)) {
		bool place = strcmp(before->usb, now->usb) == 0;
		return interface &&
		       ((serial && (alone || place)) || (chip && place && before->product_id != now->product_id));
	}
	return interface && strcmp(before->usb, now->usb) == 0;
}

void ff_port_id_name(char name[FF_BOARD_NAME_SIZE], const struct ff_found_port *port, bool by_place)
{
	const char *vendor = vendor_name(port->vendor);
	char interface[16] = "";
	char word[NAME_SERIAL + 1];
	const char *from = tells(port) && !by_place ? port->serial : port->usb;
	size_t size = 0;
	for (; *from && size < NAME_SERIAL; from++) {
		if (isalnum((unsigned char)*from)) {
			word[size++] = (char)tolower((unsigned char)*from);
		} else if (*from != ':') { /* a MAC's */
			word[size++] = *from == '.' ? '.' : '-';
		}
	}
	word[size] = '\0';
	if (port->interface > 0 && port->vendor != ESPRESSIF) {
		snprintf(interface, sizeof(interface), "-%u", port->interface);
	}
	snprintf(name, FF_BOARD_NAME_SIZE, "%s-%s%s", vendor ? vendor : "usb", word, interface);
}
