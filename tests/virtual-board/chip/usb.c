// SPDX-License-Identifier: Apache-2.0
#include "usb.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_WATCHDOG_MS 5000u
#define MAX_WATCHDOG_S 3600.0
#define WATCHDOG "watchdog="

static bool parse_watchdog(struct ff_usb *usb, const char *word, size_t size)
{
	char *end;
	double seconds = strtod(word + strlen(WATCHDOG), &end);
	if (end != word + size || end == word + strlen(WATCHDOG) || !(seconds >= 0 && seconds <= MAX_WATCHDOG_S)) {
		return false;
	}
	usb->watchdog_ms = (uint32_t)(seconds * 1000);
	return true;
}

static bool is_word(const char *text, size_t size, const char *word)
{
	return strlen(word) == size && memcmp(text, word, size) == 0;
}

/* One word after the first. */
static bool parse_word(struct ff_usb *usb, const char *word, size_t size)
{
	if (is_word(word, size, "reenumerate")) {
		usb->reenumerates = true;
		return true;
	}
	if (is_word(word, size, "persist")) {
		usb->reenumerates = false;
		return true;
	}
	return strncmp(word, WATCHDOG, strlen(WATCHDOG)) == 0 && parse_watchdog(usb, word, size);
}

enum ff_status ff_usb_parse(struct ff_usb *usb, const char *text, struct ff_error *error)
{
	size_t size = strcspn(text, ",");
	bool jtag = is_word(text, size, "jtag"), otg = is_word(text, size, "otg");
	*usb = (struct ff_usb){
		.kind = jtag ? FF_USB_JTAG : FF_USB_OTG,
		.reenumerates = otg,
		.watchdog_ms = jtag ? DEFAULT_WATCHDOG_MS : 0,
	};
	bool valid = jtag || otg;
	for (const char *word = text + size; valid && *word == ','; word += size) {
		word++;
		size = strcspn(word, ",");
		valid = parse_word(usb, word, size);
	}
	if (!valid) {
		return ff_error_set(
			error, FF_ERR_ARGUMENT,
			"\"%s\" is not jtag or otg, with ,reenumerate, ,persist or ,watchdog=SECONDS behind it", text);
	}
	return FF_OK;
}

enum ff_status ff_usb_check(const struct ff_usb *usb, const struct ff_model *model, struct ff_error *error)
{
	if (usb->kind != FF_USB_NONE && ff_usb_console(usb, model) == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s has no USB-%s port", model->name,
				    usb->kind == FF_USB_JTAG ? "Serial-JTAG" : "OTG");
	}
	return FF_OK;
}

uint32_t ff_usb_console_address(const struct ff_model *model, uint32_t revision)
{
	bool later = model->usb.console[1].address && revision >= model->usb.console[1].since_revision;
	return model->usb.console[later].address;
}

uint32_t ff_usb_console(const struct ff_usb *usb, const struct ff_model *model)
{
	switch (usb->kind) {
	case FF_USB_JTAG:
		return model->usb.jtag_console;
	case FF_USB_OTG:
		return model->usb.otg_console;
	default:
		return 0;
	}
}

bool ff_usb_lines_set(struct ff_usb_lines *lines, enum ff_usb_kind kind, bool dtr, bool rts)
{
	struct ff_usb_lines before = *lines;
	lines->dtr = dtr;
	lines->rts = rts;
	if (kind == FF_USB_OTG) {
		lines->download = dtr;
		return before.rts && !rts;
	}
	if (!rts) {
		lines->download = dtr;
	}
	bool resets = rts && !dtr, did = before.rts && !before.dtr;
	return resets && !did;
}
