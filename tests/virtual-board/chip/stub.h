// SPDX-License-Identifier: Apache-2.0
/* Inside the stub: what its files share. */
#ifndef FF_VB_STUB_H
#define FF_VB_STUB_H

#include "cpu.h"

#define FF_STUB_HEADER 8u
#define FF_STUB_DATA_HEADER 16u /* size, sequence number and two unused words before the bytes of a data command */
#define FF_STUB_REPLY_MAX 64u

/* commands.h of esp-flasher-stub; on the wire the high byte comes first */
enum ff_stub_code {
	FF_STUB_SUCCESS = 0,
	FF_STUB_BAD_DATA_LEN = 0xC000,
	FF_STUB_BAD_CHECKSUM = 0xC100,
	FF_STUB_INVALID_COMMAND = 0xC300,
	FF_STUB_FAILED_SPI = 0xC400,
	FF_STUB_NOT_IN_FLASH_MODE = 0xC600,
	FF_STUB_INFLATE_ERROR = 0xC700,
	FF_STUB_NOT_ENOUGH_DATA = 0xC800,
	FF_STUB_TOO_MUCH_DATA = 0xC900,
	FF_STUB_NOT_IMPLEMENTED = 0xFF00,
};

struct ff_stub_reply {
	uint32_t value;
	uint8_t data[FF_STUB_REPLY_MAX];
	size_t size;
	enum ff_stub_code code;
	bool later; /* a task will answer, or nobody */
};

static inline uint32_t ff_stub_word(const struct ff_request *request, size_t index)
{
	return ff_get_le32(request->data + 4 * index);
}

/* Whether the flash, as large as SPI_SET_PARAMS says, holds all of it. */
static inline bool ff_stub_fits_flash(const struct ff_soc *soc, uint32_t address, uint32_t size)
{
	return ff_bus_flash_attached(soc->bus) && size <= soc->flash_size && address <= soc->flash_size - size;
}

void ff_stub_send_reply(struct ff_soc *soc, uint8_t op, const struct ff_stub_reply *reply);
void ff_stub_send_code(struct ff_soc *soc, uint8_t op, enum ff_stub_code code);

/* stub_download.c: the commands that bring data. */
void ff_stub_on_flash_begin(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply);
void ff_stub_on_flash_data(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply);
void ff_stub_on_defl_begin(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply);
void ff_stub_on_defl_data(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply);
void ff_stub_on_flash_end(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply);
void ff_stub_on_mem_begin(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply);
void ff_stub_on_mem_data(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply);
void ff_stub_on_mem_end(struct ff_soc *soc, const struct ff_request *request, struct ff_stub_reply *reply);

#endif
