// SPDX-License-Identifier: Apache-2.0
#include "cpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "slip.h"

#define UART_FIFO 128
#define BITS_PER_BYTE 10
#define LINE_MAX_SIZE 256
#define CHECKSUM_SEED 0xEF

void ff_cpu_spend(struct ff_soc *soc, int64_t ns)
{
	soc->time += ns;
}

void ff_cpu_send(struct ff_soc *soc, const void *bytes, size_t size)
{
	const struct ff_soc_line *line = &soc->options.line;
	soc->line_idle = line->send(line->context, bytes, size, soc->time, soc->baud);
	/* All but a FIFO full of it must have left before the last byte can be handed over. */
	int64_t fifo_ns = UART_FIFO * BITS_PER_BYTE * FF_NS_PER_S / soc->baud;
	if (soc->line_idle - fifo_ns > soc->time) {
		soc->time = soc->line_idle - fifo_ns;
	}
}

void ff_cpu_print(struct ff_soc *soc, const char *format, ...)
{
	char line[LINE_MAX_SIZE];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (length > 0) {
		ff_cpu_send(soc, line, (size_t)length < sizeof(line) ? (size_t)length : sizeof(line) - 1);
	}
}

void ff_cpu_send_frame(struct ff_soc *soc, const uint8_t *bytes, size_t size)
{
	uint8_t frame[FF_SLIP_ENCODED_MAX(FF_RX_FRAME_MAX)];
	size_t encoded = ff_slip_encode(frame, sizeof(frame), bytes, size);
	ff_cpu_send(soc, frame, encoded);
}

void ff_cpu_set_baud(struct ff_soc *soc, uint32_t baud)
{
	if (soc->options.usb.kind != FF_USB_NONE) {
		return; /* it changes a UART that nobody listens to */
	}
	if (soc->line_idle > soc->time) {
		soc->time = soc->line_idle;
	}
	if (baud == 0) {
		/* A division by zero on the chip. */
		soc->mode = FF_MODE_HUNG;
		return;
	}
	soc->baud = baud;
	bool stub = soc->mode == FF_MODE_STUB;
	uint64_t sixteenths = ((uint64_t)(stub ? soc->model->stub_uart_clock : soc->model->uart_clock) << 4) / baud;
	/* From the ESP32 on the divider has a fraction, above the 20 bits that clients look at. */
	uint32_t fraction = soc->model->generation == FF_GEN_ESP8266 ? 0 : (uint32_t)(sixteenths & 15) << 20;
	ff_bus_write(soc->bus, soc->model->uart_divider_reg, (uint32_t)(sixteenths >> 4) | fraction);
}

void ff_cpu_write_register(struct ff_soc *soc, uint32_t address, uint32_t value, uint32_t mask)
{
	const struct ff_usb_layout *usb = &soc->model->usb;
	if (!ff_watchdogs_allow(soc, address)) {
		return;
	}
	uint32_t kept = mask == UINT32_MAX ? 0 : ff_bus_read(soc->bus, address) & ~mask;
	uint32_t whole = kept | (value & mask);
	ff_bus_write(soc->bus, address, whole);
	ff_watchdogs_written(soc, address, whole);
	if (usb->force_reg && address == usb->force_reg) {
		soc->force_download = whole & usb->force_download;
	}
}

uint32_t ff_cpu_checksum(const uint8_t *bytes, size_t size)
{
	uint8_t sum = CHECKSUM_SEED;
	for (size_t i = 0; i < size; i++) {
		sum ^= bytes[i];
	}
	return sum;
}
