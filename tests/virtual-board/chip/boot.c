// SPDX-License-Identifier: Apache-2.0
#include "cpu.h"

#include <string.h>

/* From the reset until the ROM prints and listens: an estimate. esptool waits 50 ms for it. */
#define ROM_START_NS (5 * FF_NS_PER_MS)
/* From the ROM's last line to the application's first: an estimate for a second-stage bootloader. */
#define APP_START_NS (50 * FF_NS_PER_MS)
#define APP_PERIOD_NS FF_NS_PER_S
#define APP_BAUD 115200
/* How long the ROM tries before the watchdog resets it: 0.4 s on an ESP32, less often here to keep logs short. */
#define NO_IMAGE_PERIOD_NS FF_NS_PER_S
#define IMAGE_MAGIC 0xE9
#define IMAGE_HEADER_SIZE 24u /* 8 bytes and, from the ESP32 on, 16 more */
#define SEGMENTS_MAX 16u
#define HZ_PER_MHZ 1000000u
#define CRYSTAL_SHIFT 24
#define STRAP_SPI_BOOT 8u

static uint32_t read_word(struct ff_soc *soc, uint32_t address)
{
	uint8_t bytes[4];
	ff_flash_io_fetch(soc, address, bytes, sizeof(bytes));
	return ff_get_le32(bytes);
}

/* The ROM tells which segments it loads (esptool docs, "Firmware Image Format"). */
static void print_segments(struct ff_soc *soc, uint32_t at, unsigned count)
{
	bool old = soc->model->generation == FF_GEN_ESP8266;
	at += old ? 8 : IMAGE_HEADER_SIZE;
	for (unsigned i = 0; i < count && i < SEGMENTS_MAX; i++) {
		uint32_t address = read_word(soc, at);
		uint32_t size = read_word(soc, at + 4);
		if (size > ff_nor_size(soc->options.nor)) {
			return; /* only the first byte looked like an image */
		}
		ff_cpu_print(soc, old ? "load 0x%08x, len %u, room 16 \r\n" : "load:0x%08x,len:%u\r\n", address, size);
		at += 8 + size;
	}
}

static void start_app(struct ff_soc *soc, uint32_t image)
{
	uint8_t header[8];
	ff_flash_io_fetch(soc, image, header, sizeof(header));
	print_segments(soc, image, header[1]);
	if (soc->model->generation != FF_GEN_ESP8266) {
		ff_cpu_print(soc, "entry 0x%08x\r\n", ff_get_le32(header + 4));
	}
	ff_watchdogs_stop(soc); /* its bootloader takes care of them */
	soc->mode = FF_MODE_APP;
	soc->seconds = 0;
	soc->timer = soc->time + APP_START_NS;
}

static void print_no_image(struct ff_soc *soc, uint32_t first_word)
{
	for (unsigned i = 0; i < soc->model->texts.no_image_lines; i++) {
		ff_cpu_print(soc, "%s", soc->model->texts.no_image);
		if (soc->model->generation != FF_GEN_ESP8266) {
			ff_cpu_print(soc, "0x%08x\r\n", first_word);
		}
	}
	soc->mode = FF_MODE_NO_IMAGE;
	soc->timer = soc->model->texts.no_image_loops ? soc->time + NO_IMAGE_PERIOD_NS : FF_SOC_NEVER;
}

static void run_flash(struct ff_soc *soc)
{
	uint32_t image = soc->model->bootloader_offset;
	uint32_t first_word = read_word(soc, image);
	if ((first_word & 0xFF) == IMAGE_MAGIC) {
		start_app(soc, image);
	} else {
		print_no_image(soc, first_word);
	}
}

void ff_boot_run_flash(struct ff_soc *soc)
{
	ff_cpu_print(soc, "%s", soc->model->texts.leaving);
	run_flash(soc);
}

void ff_boot_run_ram(struct ff_soc *soc, uint32_t entry)
{
	soc->mode = FF_MODE_APP;
	soc->task = (struct ff_task){ 0 };
	soc->from_ram = true;
	soc->ram_entry = entry;
	soc->seconds = 0;
	soc->timer = soc->time + APP_START_NS;
}

static bool boot_step(struct ff_soc *soc)
{
	const struct ff_boot_texts *texts = &soc->model->texts;
	const char *mode = soc->download ? texts->download_mode : texts->flash_mode;
	ff_cpu_print(soc, "%s%s%s", texts->banner, soc->reset_cause, mode);
	if (!soc->download) {
		run_flash(soc);
		return true;
	}
	ff_cpu_print(soc, "%s", texts->waiting);
	soc->mode = FF_MODE_ROM;
	soc->autobaud = true;
	if (soc->options.usb.watchdog_ms > 0) {
		ff_watchdogs_run(soc);
	}
	return true;
}

/* What the ROM says of its USB port, and the registers by which a client sees how it came into download mode. */
static void write_usb_words(struct ff_soc *soc)
{
	const struct ff_usb_layout *usb = &soc->model->usb;
	uint32_t console = ff_usb_console_address(soc->model, soc->options.identity.revision);
	if (console) {
		ff_bus_write(soc->bus, console, ff_usb_console(&soc->options.usb, soc->model));
	}
	if (usb->strap_reg) {
		ff_bus_write(soc->bus, usb->strap_reg, soc->strap_low ? 0 : STRAP_SPI_BOOT);
	}
	if (usb->force_reg) {
		ff_bus_write(soc->bus, usb->force_reg, soc->force_download ? usb->force_download : 0);
	}
}

void ff_boot_start(struct ff_soc *soc, const char *cause, int64_t now)
{
	soc->reset_cause = cause;
	soc->time = now + ROM_START_NS;
	soc->mode = FF_MODE_BOOTING;
	soc->task = (struct ff_task){ .step = boot_step };
	ff_bus_write(soc->bus, soc->model->uart_divider_reg, soc->model->uart_clock / soc->model->rom_baud);
	write_usb_words(soc);
	if (soc->model->crystal_reg) {
		ff_bus_write(soc->bus, soc->model->crystal_reg, soc->model->uart_clock / HZ_PER_MHZ << CRYSTAL_SHIFT);
	}
}

/* However long it is. */
static void send_app_text(struct ff_soc *soc)
{
	ff_cpu_send(soc, soc->options.app_text, strlen(soc->options.app_text));
}

static void print_app_line(struct ff_soc *soc)
{
	if (soc->seconds == 0) {
		ff_cpu_set_baud(soc, APP_BAUD);
		if (soc->from_ram) {
			ff_cpu_print(soc, "RAM application at 0x%08x\r\n", soc->ram_entry);
		}
		send_app_text(soc);
		ff_cpu_print(soc, "\r\n");
	} else {
		send_app_text(soc);
		ff_cpu_print(soc, ": %u s\r\n", soc->seconds);
	}
	soc->seconds++;
	soc->timer += APP_PERIOD_NS;
}

void ff_boot_timer(struct ff_soc *soc)
{
	if (soc->mode == FF_MODE_APP) {
		print_app_line(soc);
	} else {
		ff_soc_crash(soc, soc->time);
	}
}

void ff_boot_app_byte(struct ff_soc *soc, uint8_t byte)
{
	if (soc->seconds == 0) {
		return; /* not up yet */
	}
	if (byte != '\r' && byte != '\n') {
		if (soc->app_line_size < sizeof(soc->app_line)) {
			soc->app_line[soc->app_line_size++] = (char)byte;
		}
		return;
	}
	if (soc->app_line_size > 0) {
		ff_cpu_print(soc, "echo: %.*s\r\n", (int)soc->app_line_size, soc->app_line);
		soc->app_line_size = 0;
	}
}
