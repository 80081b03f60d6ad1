// SPDX-License-Identifier: Apache-2.0
#include "flash.h"

#include <string.h>

#include "error.h"
#include "flash_chip.h"

#define BLOCK_MINIMAL_ROM 0x400
#define BLOCK_ROM 0x1000 /* the mask ROMs of ESP32 and ESP32-C3 take up to 0x1800 */
#define BLOCK_STUB 0x4000
#define BLOCK_USB_OTG 0x800
#define ERASE_MS_PER_MB 40000
#define MD5_MS_PER_MB 8000
#define CHIP_ERASE_MS 120000
#define MB 1000000
#define ERASE_BLOCK 0x10000
#define STUB_WINDOW 0x8000
#define ROM_DEFLATE_UNIT 0x400
#define SECTORS_PER_BLOCK 16
#define MD5_TEXT_SIZE 32

static bool minimal(const struct ff_loader *loader)
{
	return !loader->stub && (loader->chip->flags & FF_CHIP_MINIMAL_ROM);
}

static uint32_t scaled_ms(uint32_t ms_per_mb, uint64_t size)
{
	uint64_t ms = ms_per_mb * size / MB;
	return ms < FF_LOADER_TIMEOUT_MS ? FF_LOADER_TIMEOUT_MS : (uint32_t)ms;
}

uint32_t ff_flash_block_size(const struct ff_loader *loader)
{
	if (loader->console == FF_CONSOLE_USB_OTG) {
		return BLOCK_USB_OTG;
	}
	if (minimal(loader)) {
		return BLOCK_MINIMAL_ROM;
	}
	return loader->stub ? BLOCK_STUB : BLOCK_ROM;
}

bool ff_flash_can_inflate(const struct ff_loader *loader)
{
	return !minimal(loader);
}

/* The fifth word of BEGIN asks for it. esptool 5.3 cmds.py, write_flash(): the ESP32's ROM has no such word. */
bool ff_flash_can_encrypt(const struct ff_loader *loader)
{
	return loader->chip->protections && (loader->stub || (loader->chip->flags & FF_CHIP_BEGIN_FIFTH_WORD));
}

bool ff_flash_can_md5(const struct ff_loader *loader)
{
	return !minimal(loader) && !loader->secure_download;
}

/* esptool 5.3 targets/esp8266.py, get_erase_size(): the ROM counts the sectors before the next 64 KB boundary twice. */
uint32_t ff_flash_esp8266_erase_size(uint32_t offset, uint32_t size)
{
	uint32_t sectors = size / FF_FLASH_SECTOR + (size % FF_FLASH_SECTOR != 0);
	uint32_t head = SECTORS_PER_BLOCK - offset / FF_FLASH_SECTOR % SECTORS_PER_BLOCK;
	if (sectors < head) {
		head = sectors;
	}
	uint32_t told = sectors < 2 * head ? (sectors + 1) / 2 : sectors - head;
	return told * FF_FLASH_SECTOR;
}

uint64_t ff_flash_erase_end(const struct ff_loader *loader, uint32_t offset, uint32_t size)
{
	uint32_t first = offset / FF_FLASH_SECTOR;
	uint64_t sectors = size / FF_FLASH_SECTOR + (size % FF_FLASH_SECTOR != 0);
	if (minimal(loader)) {
		uint32_t told = ff_flash_esp8266_erase_size(offset, size) / FF_FLASH_SECTOR;
		uint32_t head = SECTORS_PER_BLOCK - first % SECTORS_PER_BLOCK;
		sectors = (uint64_t)told + (told < head ? told : head);
	}
	return (first + sectors) * FF_FLASH_SECTOR;
}

static uint32_t round_up(uint32_t size, uint32_t unit)
{
	return size > UINT32_MAX - unit + 1 ? size / unit * unit : (size + unit - 1) / unit * unit;
}

static enum ff_status begin(struct ff_loader *loader, const struct ff_flash_write *write, uint32_t timeout_ms,
			    struct ff_error *error)
{
	uint32_t block = ff_flash_block_size(loader);
	uint32_t size = write->size;
	if (minimal(loader)) {
		size = ff_flash_esp8266_erase_size(write->offset, write->size);
	} else if (write->deflated && !loader->stub) {
		size = round_up(size, ROM_DEFLATE_UNIT);
	}
	struct ff_command command;
	ff_packet_start(&command, write->deflated ? FF_OP_DEFLATE_BEGIN : FF_OP_FLASH_BEGIN);
	ff_packet_word(&command, size);
	ff_packet_word(&command, write->wire / block + (write->wire % block != 0));
	ff_packet_word(&command, block);
	ff_packet_word(&command, write->offset);
	if (loader->stub || (loader->chip->flags & FF_CHIP_BEGIN_FIFTH_WORD)) {
		ff_packet_word(&command, write->encrypted);
	}
	return ff_loader_call(loader, &command, 0, timeout_ms, NULL, error);
}

enum ff_status ff_flash_begin(struct ff_loader *loader, const struct ff_flash_write *write, struct ff_error *error)
{
	uint32_t timeout_ms = loader->stub ? FF_LOADER_TIMEOUT_MS : scaled_ms(ERASE_MS_PER_MB, write->size);
	return begin(loader, write, timeout_ms, error);
}

enum ff_status ff_flash_send(struct ff_loader *loader, const struct ff_flash_write *write, uint32_t sequence,
			     const uint8_t *block, size_t size, struct ff_error *error)
{
	struct ff_command command;
	ff_packet_data(&command, write->deflated ? FF_OP_DEFLATE_DATA : FF_OP_FLASH_DATA, sequence, block, size);
	ff_link_forget(&loader->link);
	return ff_link_send(&loader->link, &command, error);
}

/* A stub erases one 64 KB block before it starts on its input and one more for each window of output (esptool 5.3
 * cmds.py, _get_flash_defl_block_timeout). */
static uint32_t program_ms(const struct ff_loader *loader, uint32_t programmed)
{
	uint64_t size = programmed;
	if (loader->stub) {
		size += ((uint64_t)programmed / STUB_WINDOW + 2) * ERASE_BLOCK;
	}
	return scaled_ms(ERASE_MS_PER_MB, size);
}

enum ff_status ff_flash_acknowledge(struct ff_loader *loader, const struct ff_flash_write *write, uint32_t programmed,
				    struct ff_error *error)
{
	/* A ROM answers when the block is in flash, a stub when it has it in RAM and the one before is in flash. */
	uint32_t ms = program_ms(loader, programmed);
	uint32_t timeout_ms = loader->stub ? FF_LOADER_TIMEOUT_MS + loader->owed_ms : ms;
	loader->owed_ms = loader->stub ? ms : 0;
	return ff_link_finish(&loader->link, write->deflated ? FF_OP_DEFLATE_DATA : FF_OP_FLASH_DATA, 0,
			      ff_link_deadline(&loader->link, timeout_ms), NULL, error);
}

enum ff_status ff_flash_end(struct ff_loader *loader, const struct ff_flash_write *write, struct ff_error *error)
{
	if (!loader->stub) {
		return FF_OK;
	}
	struct ff_command command;
	ff_packet_start(&command, write->deflated ? FF_OP_DEFLATE_END : FF_OP_FLASH_END);
	ff_packet_word(&command, 1); /* stay in the loader */
	return ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, NULL, error);
}

enum ff_status ff_flash_run(struct ff_loader *loader, struct ff_error *error)
{
	struct ff_flash_write nothing = { .offset = 0 };
	enum ff_status status = begin(loader, &nothing, FF_LOADER_TIMEOUT_MS, error);
	if (status != FF_OK) {
		return status;
	}
	struct ff_command command;
	struct ff_error local = FF_ERROR_NONE;
	ff_packet_start(&command, FF_OP_FLASH_END);
	ff_packet_word(&command, 1); /* 1: run, 0: reboot */
	status = ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, NULL, &local);
	/* The application may be there before the reply has left, and a chip on USB may take the port along. */
	bool gone = status == FF_ERR_LOST || (status == FF_ERR_TIMEOUT && ff_link_has_heard_boot(&loader->link));
	if (status == FF_OK || gone) {
		return FF_OK;
	}
	ff_error_keep(error, &local);
	return status;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_md5(uint8_t md5[FF_FLASH_MD5_SIZE], const uint8_t *text)
{
	for (size_t i = 0; i < FF_FLASH_MD5_SIZE; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0) {
			return false;
		}
		md5[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

enum ff_status ff_flash_md5(struct ff_loader *loader, uint32_t offset, uint32_t size, uint8_t md5[FF_FLASH_MD5_SIZE],
			    struct ff_error *error)
{
	if (!ff_flash_can_md5(loader)) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the ROM of this %s cannot check what is in flash",
				    loader->chip->name);
	}
	struct ff_command command;
	struct ff_reply reply;
	ff_packet_start(&command, FF_OP_FLASH_MD5);
	ff_packet_word(&command, offset);
	ff_packet_word(&command, size);
	ff_packet_word(&command, 0);
	ff_packet_word(&command, 0);
	size_t payload = loader->stub ? FF_FLASH_MD5_SIZE : MD5_TEXT_SIZE;
	enum ff_status status =
		ff_loader_call(loader, &command, payload, scaled_ms(MD5_MS_PER_MB, size), &reply, error);
	if (status != FF_OK) {
		return status;
	}
	uint8_t found[FF_FLASH_MD5_SIZE];
	if (loader->stub) {
		memcpy(found, reply.data, sizeof(found));
	} else if (!parse_md5(found, reply.data)) {
		return ff_error_set(error, FF_ERR_PROTOCOL, "the ROM's MD5 is not hexadecimal");
	}
	memcpy(md5, found, sizeof(found));
	return FF_OK;
}

enum ff_status ff_flash_erase(struct ff_loader *loader, uint32_t offset, uint32_t size, struct ff_error *error)
{
	uint32_t timeout_ms = scaled_ms(ERASE_MS_PER_MB, size);
	if (!loader->stub) {
		/* A ROM has no erase command, but it erases when a write begins. */
		struct ff_flash_write write = { .offset = offset, .size = size, .wire = size };
		return begin(loader, &write, timeout_ms, error);
	}
	struct ff_command command;
	ff_packet_start(&command, FF_OP_ERASE_REGION);
	ff_packet_word(&command, offset);
	ff_packet_word(&command, size);
	return ff_loader_call(loader, &command, 0, timeout_ms, NULL, error);
}

enum ff_status ff_flash_erase_chip(struct ff_loader *loader, struct ff_error *error)
{
	if (!loader->stub) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the ROM of the %s has no chip erase",
				    loader->chip->name);
	}
	struct ff_command command;
	ff_packet_start(&command, FF_OP_ERASE_CHIP);
	return ff_loader_call(loader, &command, 0, CHIP_ERASE_MS, NULL, error);
}

static enum ff_status attach(struct ff_loader *loader, struct ff_error *error)
{
	if (minimal(loader)) {
		/* The ESP8266's ROM has no SPI_ATTACH; beginning an empty write does the same. */
		struct ff_flash_write nothing = { .offset = 0 };
		return begin(loader, &nothing, FF_LOADER_TIMEOUT_MS, error);
	}
	struct ff_command command;
	ff_packet_start(&command, FF_OP_SPI_ATTACH);
	ff_packet_word(&command, 0); /* the usual pins */
	if (!loader->stub) {
		ff_packet_word(&command, 0);
	}
	return ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, NULL, error);
}

enum ff_status ff_flash_tell_size(struct ff_loader *loader, struct ff_error *error)
{
	uint32_t size = loader->asked_size ? loader->asked_size : loader->flash_size;
	if (minimal(loader) || size == 0 || size == loader->told_size) {
		return FF_OK;
	}
	struct ff_command command;
	ff_packet_start(&command, FF_OP_SPI_SET_PARAMS);
	ff_packet_word(&command, 0); /* id */
	ff_packet_word(&command, size);
	ff_packet_word(&command, ERASE_BLOCK);
	ff_packet_word(&command, FF_FLASH_SECTOR);
	ff_packet_word(&command, 256);    /* page */
	ff_packet_word(&command, 0xFFFF); /* status mask */
	enum ff_status status = ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, NULL, error);
	if (status == FF_OK) {
		loader->told_size = size;
	}
	return status;
}

static void warn_of_flash(const struct ff_loader *loader)
{
	const struct ff_log *log = loader->link.hooks.log;
	if (loader->flash_id == 0) {
		ff_log(log, FF_LOG_WARN, "the flash chip does not tell its id: is it connected?");
	} else {
		ff_log(log, FF_LOG_WARN, "the size of flash chip %06x is unknown", loader->flash_id);
	}
}

enum ff_status ff_flash_attach(struct ff_loader *loader, struct ff_error *error)
{
	loader->flash_id = 0;
	loader->flash_size = 0;
	loader->spi_saved.user = false; /* attaching sets the controller up anew */
	loader->spi_saved.lengths = false;
	loader->told_size = 0;
	enum ff_status status = attach(loader, error);
	if (status != FF_OK || loader->secure_download) {
		return status == FF_OK ? ff_flash_tell_size(loader, error) : status;
	}
	status = ff_flash_chip_id(loader, &loader->flash_id, error);
	if (status != FF_OK) {
		return status;
	}
	loader->flash_size = ff_chip_flash_size(loader->flash_id);
	if (loader->flash_size == 0) {
		status = ff_flash_chip_size(loader, &loader->flash_size, error);
	}
	if (status != FF_OK) {
		return status;
	}
	if (loader->flash_size == 0) {
		warn_of_flash(loader);
	}
	return ff_flash_tell_size(loader, error);
}
