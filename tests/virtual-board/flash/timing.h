// SPDX-License-Identifier: Apache-2.0
/* How long the flash and the chip take, for --timing real. Values only, any thread.
 *
 * The flash is a Winbond W25Q32JV, the part on many Espressif modules. Typical values of its datasheet (revision G,
 * table "AC Electrical Characteristics"): page program tPP 0.4 ms (at most 3), sector erase tSE 45 ms (400), 32 KB block
 * erase tBE1 120 ms (1600), 64 KB block erase tBE2 150 ms (2000), chip erase tCE 10 s (50) for 4 MB. Chip erase of
 * other sizes scales with the size, as it does across the W25Q family. A page counts as one program; the ROM's routine
 * in fact sends it in pieces of 32 bytes, for which the datasheet names no typical time as a whole.
 *
 * Reads go through the SPI controller in slow mode at 20 MHz, one data line: 2.5 MB/s. That is how both the ROM and
 * esp-flasher-stub set it up (80 MHz divided by 4, esp-stub-lib target/esp32/src/flash.c).
 *
 * What the processor adds (MD5, inflate) is nowhere in a datasheet: these are estimates of 20 and 12 cycles a byte at
 * 80 MHz. They are small beside the flash. */
#ifndef FF_VB_TIMING_H
#define FF_VB_TIMING_H

#include <stdint.h>

#define FF_NS_PER_US INT64_C(1000)
#define FF_NS_PER_MS INT64_C(1000000)
#define FF_NS_PER_S INT64_C(1000000000)

/* All in nanoseconds. */
struct ff_timing {
	int64_t page_program; /* one program command of 1 to 256 bytes */
	int64_t sector_erase; /* 4 KB */
	int64_t block_erase;  /* 64 KB */
	int64_t chip_erase_per_mb;
	int64_t spi_byte;     /* one byte over SPI, either way */
	int64_t md5_byte;     /* hashing, without the read */
	int64_t inflate_byte; /* per byte that comes out */
	int64_t stub_start;   /* the stub lets the ROM's last answer out before it takes the UART over: transport.c */
	int64_t baud_settle;  /* the stub pauses before and after it changes the rate: esp-stub-lib uart.c */
};

static const struct ff_timing ff_timing_real = {
	.page_program = 400 * FF_NS_PER_US,
	.sector_erase = 45 * FF_NS_PER_MS,
	.block_erase = 150 * FF_NS_PER_MS,
	.chip_erase_per_mb = 2500 * FF_NS_PER_MS,
	.spi_byte = 400,
	.md5_byte = 250,
	.inflate_byte = 150,
	.stub_start = 10 * FF_NS_PER_MS,
	.baud_settle = 5 * FF_NS_PER_MS,
};

/* Nothing takes time. */
static const struct ff_timing ff_timing_fast = { 0 };

#endif
