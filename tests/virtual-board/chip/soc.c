// SPDX-License-Identifier: Apache-2.0
#include "soc.h"

#include <stdlib.h>
#include <string.h>

#include "cpu.h"

/* What bootloader clients start with, where the rate cannot be known. */
#define USUAL_BAUD 115200
/* What the ROM's CDC device takes in one frame, beside its headers: esptool 5.3, USB_RAM_BLOCK, which it keeps to with the
 * stub as well. More is lost. */
#define OTG_FRAME_MAX (8u + 16u + 0x800u)

struct ff_soc *ff_soc_new(const struct ff_soc_options *options)
{
	struct ff_soc *soc = calloc(1, sizeof(*soc));
	if (!soc) {
		return NULL;
	}
	soc->options = *options;
	soc->model = options->model;
	soc->bus = ff_bus_new(options->model, options->nor, &options->identity);
	soc->md5 = EVP_MD_CTX_new();
	/* Where no key is burnt the hardware takes the zeroes of the efuses for one. */
	const struct ff_security *security = &options->identity.security;
	soc->crypt = ff_crypt_new(security->key, security->key_size ? security->key_size : FF_FLASH_KEY_MAX / 2,
				  soc->model->security.esp32_cipher);
	ff_inflater_init(&soc->inflater);
	if (!soc->bus || !soc->md5 || !soc->crypt) {
		ff_soc_free(soc);
		return NULL;
	}
	ff_soc_stop(soc);
	return soc;
}

void ff_soc_free(struct ff_soc *soc)
{
	if (soc) {
		ff_inflater_release(&soc->inflater);
		EVP_MD_CTX_free(soc->md5);
		ff_crypt_free(soc->crypt);
		ff_bus_free(soc->bus);
		free(soc);
	}
}

void ff_soc_stop(struct ff_soc *soc)
{
	soc->mode = FF_MODE_OFF;
	soc->task = (struct ff_task){ 0 };
	soc->backlog_size = 0;
	soc->stub_error = 0;
	soc->seconds = 0;
	soc->from_ram = false;
	soc->app_line_size = 0;
	soc->autobaud = false;
	soc->flash_ready = soc->line_idle = INT64_MIN;
	soc->baud = soc->options.usb.kind == FF_USB_NONE ? soc->model->rom_baud : FF_USB_BAUD;
	ff_watchdogs_stop(soc);
	soc->flash_size = soc->model->rom_flash_size;
	ff_rx_init(&soc->rx, FF_RX_ROM);
	ff_rom_reset(soc);
	ff_inflater_release(&soc->inflater);
	ff_bus_reset(soc->bus);
}

void ff_soc_start(struct ff_soc *soc, bool download, int64_t now)
{
	ff_soc_stop(soc);
	soc->force_download = false;
	soc->strap_low = soc->download = download;
	ff_boot_start(soc, soc->model->texts.power_on, now);
}

/* A reset without loss of power. What the pins said stays, unless they are sampled again. `once`: into download mode this
 * time, whatever they said. */
static void reset(struct ff_soc *soc, const char *cause, bool once, int64_t now)
{
	bool loops = soc->mode == FF_MODE_NO_IMAGE && cause == soc->model->texts.watchdog_reset;
	if (soc->options.usb.reenumerates && !loops) { /* while it boots in vain its port is of use to nobody anyway */
		soc->options.line.unplug(soc->options.line.context);
	}
	ff_soc_stop(soc);
	soc->download = soc->strap_low || soc->force_download || once;
	ff_boot_start(soc, cause, now);
}

static void sample_strap(struct ff_soc *soc)
{
	soc->strap_low = soc->options.line.io0_low(soc->options.line.context);
}

void ff_soc_crash(struct ff_soc *soc, int64_t now)
{
	if (soc->mode != FF_MODE_OFF) {
		sample_strap(soc);
		reset(soc, soc->model->texts.watchdog_reset, false, now);
	}
}

void ff_soc_restart(struct ff_soc *soc, int64_t now)
{
	reset(soc, soc->model->texts.software_reset, false, now);
}

/* What runs on a USB-OTG port resets by itself when its lines say so, and tells the ROM through the force bit what to do. */
static void reset_by_otg(struct ff_soc *soc, bool download, int64_t now)
{
	if (soc->mode == FF_MODE_HUNG) {
		return;
	}
	/* The stub always leaves for what is in flash: esp-stub-lib, target/esp32s3/src/usb_otg.c. */
	bool wanted = download && soc->mode != FF_MODE_STUB;
	soc->force_download = wanted && soc->model->usb.force_reg;
	reset(soc, soc->model->texts.software_reset, wanted, now);
}

void ff_soc_reset_by_usb(struct ff_soc *soc, bool download, int64_t now)
{
	if (soc->mode == FF_MODE_OFF) {
		return;
	}
	if (soc->options.usb.kind == FF_USB_OTG) {
		reset_by_otg(soc, download, now);
	} else {
		reset(soc, soc->model->texts.usb_reset, download, now);
	}
}

void ff_soc_hang(struct ff_soc *soc)
{
	if (soc->mode != FF_MODE_OFF) {
		soc->mode = FF_MODE_HUNG;
		soc->task = (struct ff_task){ 0 };
	}
}

void ff_soc_jump(struct ff_soc *soc, uint32_t entry)
{
	if (ff_known_stubs_match(soc->options.stubs, soc->bus, entry)) {
		ff_stub_start(soc);
	} else if (ff_bus_is_loaded(soc->bus, entry) && !ff_known_stubs_have_entry(soc->options.stubs, entry)) {
		/* What has a stub's entry point but not its bytes is a damaged one, and runs off. */
		ff_boot_run_ram(soc, entry);
	} else {
		ff_soc_hang(soc);
	}
}

uint32_t ff_soc_tune(struct ff_soc *soc, uint32_t peer_baud)
{
	uint32_t found = peer_baud ? peer_baud : USUAL_BAUD;
	if (soc->mode == FF_MODE_ROM && soc->autobaud && found != soc->baud) {
		ff_cpu_set_baud(soc, found);
	}
	return soc->baud;
}

/* The ROM's receiver keeps what comes while the loader is busy, up to its ring's size. */
static void receive_rom(struct ff_soc *soc, uint8_t byte)
{
	if (soc->rx.armed && soc->backlog_size == 0) {
		ff_rx_byte(&soc->rx, byte);
	} else if (soc->backlog_size < sizeof(soc->backlog)) {
		soc->backlog[soc->backlog_size++] = byte;
	}
}

static void drain_backlog(struct ff_soc *soc)
{
	size_t used = 0;
	while (used < soc->backlog_size && soc->rx.armed) {
		ff_rx_byte(&soc->rx, soc->backlog[used++]);
	}
	soc->backlog_size -= used;
	memmove(soc->backlog, soc->backlog + used, soc->backlog_size);
}

/* When what runs has something to do next. */
static int64_t work_time(const struct ff_soc *soc)
{
	switch (soc->mode) {
	case FF_MODE_OFF:
	case FF_MODE_HUNG:
		return FF_SOC_NEVER;
	case FF_MODE_APP:
	case FF_MODE_NO_IMAGE:
		return soc->timer;
	default:
		break;
	}
	bool runs = soc->task.step && !soc->task.waits_for_frame;
	return runs || ff_rx_pending(&soc->rx) ? soc->time : FF_SOC_NEVER;
}

int64_t ff_soc_next_time(const struct ff_soc *soc)
{
	int64_t work = work_time(soc), bite = ff_watchdogs_time(soc);
	return work < bite ? work : bite;
}

void ff_soc_receive(struct ff_soc *soc, uint8_t byte, int64_t now)
{
	ff_soc_advance(soc, now);
	if (work_time(soc) == FF_SOC_NEVER && soc->time < now) {
		soc->time = now; /* it was idle */
	}
	switch (soc->mode) {
	case FF_MODE_ROM:
		receive_rom(soc, byte);
		break;
	case FF_MODE_STUB:
		ff_rx_byte(&soc->rx, byte);
		break;
	case FF_MODE_APP:
		soc->time = soc->time < now ? now : soc->time;
		ff_boot_app_byte(soc, byte);
		break;
	default:
		break; /* nobody listens */
	}
}

static void handle_frame(struct ff_soc *soc)
{
	size_t size;
	const uint8_t *frame = ff_rx_poll(&soc->rx, &size);
	if (!frame || (soc->options.usb.kind == FF_USB_OTG && size > OTG_FRAME_MAX)) {
		return;
	}
	if (soc->mode == FF_MODE_ROM) {
		ff_rom_frame(soc, frame, size);
	} else {
		ff_stub_frame(soc, frame, size);
	}
}

/* The program is ready for the next frame. */
static void finish_frame(struct ff_soc *soc)
{
	ff_rx_release(&soc->rx);
	if (soc->mode == FF_MODE_ROM) {
		drain_backlog(soc);
	}
}

/* A watchdog of the low-power domain resets that as well, so that the pins are sampled again. */
static void bite(struct ff_soc *soc)
{
	int64_t at = ff_watchdogs_time(soc);
	sample_strap(soc);
	reset(soc, soc->model->texts.rtc_reset, false, at);
}

static void run_once(struct ff_soc *soc)
{
	if (ff_watchdogs_time(soc) < work_time(soc)) {
		bite(soc);
		return;
	}
	if (soc->mode == FF_MODE_APP || soc->mode == FF_MODE_NO_IMAGE) {
		soc->time = soc->time < soc->timer ? soc->timer : soc->time;
		ff_boot_timer(soc);
		return;
	}
	if (!soc->task.step) {
		handle_frame(soc);
	} else if (soc->task.step(soc)) {
		soc->task = (struct ff_task){ 0 };
	}
	if (!soc->task.step) {
		finish_frame(soc);
	}
}

void ff_soc_advance(struct ff_soc *soc, int64_t now)
{
	while (ff_soc_next_time(soc) <= now) {
		run_once(soc);
	}
}
