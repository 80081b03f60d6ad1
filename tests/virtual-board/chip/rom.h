// SPDX-License-Identifier: Apache-2.0
/* Inside the ROM: what its files share. */
#ifndef FF_VB_ROM_H
#define FF_VB_ROM_H

#include "cpu.h"

#define FF_ROM_DATA_HEADER 16u /* size, sequence number and two unused words before the bytes of a data command */
#define FF_ROM_BLOCK_MAX 0x1800u
#define FF_ROM_BEGIN_WORDS 4u /* of a BEGIN; a fifth asks for encryption */

/* Second status byte ("ROM Loader Errors"). */
enum ff_rom_error {
	FF_ROM_NO_ERROR = 0,
	FF_ROM_BAD_FORMAT = 0x05,
	FF_ROM_BAD_RESULT = 0x06,
	FF_ROM_BAD_CHECKSUM = 0x07,
	FF_ROM_FLASH_WRITE = 0x08,
	FF_ROM_FLASH_READ = 0x09,
	FF_ROM_READ_LENGTH = 0x0A,
	FF_ROM_BAD_INFLATE = 0x0B,
	FF_ROM_BAD_ADLER = 0x0C,
};

static inline uint32_t ff_rom_word(const struct ff_request *request, size_t index)
{
	return ff_get_le32(request->data + 4 * index);
}

/* Success as most commands report it: the error byte stays what it was. */
void ff_rom_send_done(struct ff_soc *soc);

/* Success of the commands that clear the error byte, with the first `size` bytes of the reply buffer. */
void ff_rom_send_clean(struct ff_soc *soc, size_t size);

/* The same, leaving the error byte. */
void ff_rom_send_data(struct ff_soc *soc, size_t size);

void ff_rom_send_error(struct ff_soc *soc, size_t size, enum ff_rom_error error);

/* Done, or the error. */
void ff_rom_send_result(struct ff_soc *soc, enum ff_rom_error error);

/* A frame without content, before the rate changes or the chip resets. */
void ff_rom_send_empty_frame(struct ff_soc *soc);

/* Fills in what a BEGIN command says. */
void ff_rom_begin_download(struct ff_download *download, const struct ff_request *request);

/* Checks a block of a data command against its download, and counts it. Sizes must be a multiple of `multiple`. */
enum ff_rom_error ff_rom_take_block(struct ff_download *download, const struct ff_request *request, uint32_t multiple);

/* rom_flash.c: the commands that work on the flash. */
void ff_rom_on_flash_begin(struct ff_soc *soc, const struct ff_request *request);
void ff_rom_on_flash_data(struct ff_soc *soc, const struct ff_request *request);
void ff_rom_on_flash_end(struct ff_soc *soc, const struct ff_request *request);
void ff_rom_on_defl_begin(struct ff_soc *soc, const struct ff_request *request);
void ff_rom_on_defl_data(struct ff_soc *soc, const struct ff_request *request);
void ff_rom_on_defl_end(struct ff_soc *soc, const struct ff_request *request);
void ff_rom_on_read_flash(struct ff_soc *soc, const struct ff_request *request);
void ff_rom_on_md5(struct ff_soc *soc, const struct ff_request *request);

#endif
