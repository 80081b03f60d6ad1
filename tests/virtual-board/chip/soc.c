// SPDX-License-Identifier: Apache-2.0
#include "soc.h"

#include <stdlib.h>
#include <string.h>

#include "cpu.h"

/* What bootloader clients start with, where the rate cannot be known. */
#define USUAL_BAUD 115200

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
	soc->baud = soc->model->rom_baud;
	soc->flash_size = soc->model->rom_flash_size;
	ff_rx_init(&soc->rx, FF_RX_ROM);
	ff_rom_reset(soc);
	ff_inflater_release(&soc->inflater);
	ff_bus_reset(soc->bus);
}

void ff_soc_start(struct ff_soc *soc, bool download, int64_t now)
{
	ff_soc_stop(soc);
	soc->download_strap = download;
	ff_boot_start(soc, soc->model->texts.power_on, now);
}

void ff_soc_crash(struct ff_soc *soc, int64_t now)
{
	if (soc->mode == FF_MODE_OFF) {
		return;
	}
	ff_soc_stop(soc);
	soc->download_strap = soc->options.line.io0_low(soc->options.line.context);
	ff_boot_start(soc, soc->model->texts.watchdog_reset, now);
}

void ff_soc_restart(struct ff_soc *soc, int64_t now)
{
	ff_soc_stop(soc);
	ff_boot_start(soc, soc->model->texts.software_reset, now);
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

void ff_soc_receive(struct ff_soc *soc, uint8_t byte, int64_t now)
{
	ff_soc_advance(soc, now);
	if (ff_soc_next_time(soc) == FF_SOC_NEVER && soc->time < now) {
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

int64_t ff_soc_next_time(const struct ff_soc *soc)
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

static void handle_frame(struct ff_soc *soc)
{
	size_t size;
	const uint8_t *frame = ff_rx_poll(&soc->rx, &size);
	if (!frame) {
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

static void run_once(struct ff_soc *soc)
{
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
