// SPDX-License-Identifier: Apache-2.0
#include "leave.h"

#include "connect.h"
#include "error.h"
#include "flash.h"
#include "port.h"
#include "reset.h"

/* Bit 31 enables the watchdog, bits 28 to 30 make its first stage reset the chip, bits 0 to 15 are lengths of that reset
 * (esptool 5.3, targets/esp32c3.py, watchdog_reset()). */
#define WATCHDOG_RESETS (1U << 31 | 5U << 28 | 1U << 8 | 2)
#define WATCHDOG_TICKS 2000
#define WATCHDOG_WAIT_MS 500
#define STRAP_SPI_BOOT (1U << 3)
#define STUB_GONE_MS 300
#define STUB_SYNCS 2

const char *ff_leave_watchdog_bar(const struct ff_loader *loader)
{
	const struct ff_chip_watchdogs *dogs = loader->chip->watchdogs;
	if (!dogs || dogs->rtc_timeout == 0) {
		return "this chip cannot be reset by its watchdog";
	}
	return loader->secure_download ? "in secure download mode the watchdog is out of reach" : NULL;
}

const char *ff_leave_soft_bar(const struct ff_loader *loader)
{
	bool can = !loader->stub || loader->chip->id == FF_CHIP_NO_ID;
	return can ? NULL : "the stub flasher cannot start the application; the ROM loader can (no stub)";
}

static enum ff_status barred(const struct ff_loader *loader, const char *bar, struct ff_error *error)
{
	return ff_error_set(error, FF_ERR_UNSUPPORTED, "%s: %s", loader->chip->name, bar);
}

/* The watchdog bites 15 ms after it is let loose, so it is not locked again: that command would reach the application. */
enum ff_status ff_leave_by_watchdog(struct ff_loader *loader, struct ff_error *error)
{
	const char *bar = ff_leave_watchdog_bar(loader);
	if (bar) {
		return barred(loader, bar, error);
	}
	const struct ff_chip_watchdogs *dogs = loader->chip->watchdogs;
	enum ff_status status = ff_loader_write_register(loader, dogs->rtc_protect, FF_CHIP_WATCHDOG_KEY, error);
	if (status == FF_OK) {
		status = ff_loader_write_register(loader, dogs->rtc_timeout, WATCHDOG_TICKS, error);
	}
	if (status != FF_OK) {
		return status;
	}
	struct ff_error local = FF_ERROR_NONE;
	status = ff_loader_write_register(loader, dogs->rtc_config, WATCHDOG_RESETS, &local);
	if (status == FF_OK) {
		status = ff_link_pause(&loader->link, WATCHDOG_WAIT_MS, &local);
	}
	/* It may bite before the reply has left, and take the port along. */
	bool bitten = status == FF_ERR_LOST || (status == FF_ERR_TIMEOUT && ff_link_has_heard_boot(&loader->link));
	if (status == FF_OK || bitten) {
		return FF_OK;
	}
	ff_error_keep(error, &local);
	return status;
}

bool ff_leave_needs_watchdog(struct ff_loader *loader)
{
	const struct ff_chip_usb_boot *boot = loader->chip->usb_boot;
	if (loader->secure_download || !boot) {
		return false;
	}
	if (loader->chip->flags & FF_CHIP_UNFORCE_DOWNLOAD) {
		enum ff_status status = ff_loader_write_bits(loader, boot->force_download, 0, boot->force_bit, NULL);
		ff_log(loader->link.hooks.log, FF_LOG_DEBUG, "take back forced download mode: %s",
		       ff_status_text(status));
	}
	if (loader->console != FF_CONSOLE_USB_OTG || boot->strap == 0) {
		return loader->console == FF_CONSOLE_USB_OTG;
	}
	uint32_t strap = 0;
	uint32_t forced = 0;
	return ff_loader_read_register(loader, boot->strap, &strap, NULL) == FF_OK &&
	       ff_loader_read_register(loader, boot->force_download, &forced, NULL) == FF_OK &&
	       !(strap & STRAP_SPI_BOOT) && !(forced & boot->force_bit);
}

static enum ff_status move_lines(struct ff_loader *loader, const struct ff_sequence *sequence, bool usb,
				 struct ff_error *error)
{
	if (!loader->link.transport->has_lines) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the port has no control lines, so the board cannot be reset from here: press its "
				    "reset button");
	}
	if (sequence && sequence->count > 0) {
		return ff_port_move_lines(&loader->link, sequence->steps, sequence->count, error);
	}
	const struct ff_reset *reset = ff_reset_to_application(loader->link.transport, usb);
	return ff_port_move_lines(&loader->link, reset->steps, reset->count, error);
}

enum ff_status ff_leave_by_lines(struct ff_loader *loader, const struct ff_sequence *sequence, struct ff_error *error)
{
	bool otg = loader->console == FF_CONSOLE_USB_OTG || loader->link.transport->kind == FF_PORT_USB_OTG;
	bool jtag = loader->console == FF_CONSOLE_USB_JTAG || loader->link.transport->kind == FF_PORT_USB_JTAG;
	bool slow_jtag = jtag && loader->chip && (loader->chip->flags & FF_CHIP_SLOW_USB_JTAG_RESET);
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status = move_lines(loader, sequence, otg || slow_jtag, &local);
	if (status == FF_ERR_LOST && (otg || jtag)) {
		return FF_OK;
	}
	ff_error_keep(error, &local);
	return status;
}

/* No reply comes. esp-flasher-stub 1.1 knows the command and ignores it, which only shows afterwards. */
static enum ff_status leave_esp8266_stub(struct ff_loader *loader, struct ff_error *error)
{
	struct ff_command command;
	ff_packet_start(&command, FF_OP_RUN_USER_CODE);
	ff_link_forget(&loader->link);
	enum ff_status status = ff_link_send(&loader->link, &command, error);
	if (status == FF_OK) {
		status = ff_link_pause(&loader->link, STUB_GONE_MS, error);
	}
	if (status != FF_OK || loader->link.heard_total > 0) {
		return status; /* a boot log, at whatever rate */
	}
	if (ff_connect_sync(loader, STUB_SYNCS, NULL) != FF_OK) {
		return FF_OK;
	}
	return ff_error_set(error, FF_ERR_UNSUPPORTED,
			    "the stub flasher of the %s does not start the application; the ROM loader does (no stub)",
			    loader->chip->name);
}

enum ff_status ff_leave_softly(struct ff_loader *loader, struct ff_error *error)
{
	const char *bar = ff_leave_soft_bar(loader);
	if (bar) {
		return barred(loader, bar, error);
	}
	return loader->stub ? leave_esp8266_stub(loader, error) : ff_flash_run(loader, error);
}
