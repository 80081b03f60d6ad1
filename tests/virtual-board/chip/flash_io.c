// SPDX-License-Identifier: Apache-2.0
#include "cpu.h"

#include <string.h>

#define ENCRYPT_ALIGN_ESP32 32u
#define ENCRYPT_ALIGN 16u
#define HASH_STEP 16384u
#define COMMAND_BYTES 4 /* opcode and address before the data */

static const struct ff_timing *timing(const struct ff_soc *soc)
{
	return soc->options.timing;
}

void ff_flash_io_wait(struct ff_soc *soc)
{
	if (soc->flash_ready > soc->time) {
		soc->time = soc->flash_ready;
	}
}

bool ff_flash_io_busy(const struct ff_soc *soc)
{
	return soc->flash_ready > soc->time;
}

void ff_flash_io_read(struct ff_soc *soc, uint32_t address, void *bytes, size_t size)
{
	ff_flash_io_wait(soc);
	ff_nor_read(soc->options.nor, address, bytes, size);
	ff_cpu_spend(soc, (int64_t)(size + COMMAND_BYTES) * timing(soc)->spi_byte);
}

void ff_flash_io_fetch(struct ff_soc *soc, uint32_t address, uint8_t *bytes, size_t size)
{
	if (!soc->options.identity.security.flash_encryption) {
		ff_flash_io_read(soc, address, bytes, size);
		return;
	}
	for (size_t done = 0; done < size;) {
		uint8_t block[FF_CRYPT_BLOCK];
		uint32_t at = address + (uint32_t)done;
		uint32_t start = at / FF_CRYPT_BLOCK * FF_CRYPT_BLOCK;
		size_t run = start + FF_CRYPT_BLOCK - at;
		run = run < size - done ? run : size - done;
		ff_flash_io_read(soc, start, block, sizeof(block));
		ff_crypt_run(soc->crypt, false, start, block, sizeof(block));
		memcpy(bytes + done, block + (at - start), run);
		done += run;
	}
}

bool ff_flash_io_encrypt(struct ff_soc *soc, uint32_t address, uint8_t *bytes, size_t size)
{
	const struct ff_security *security = &soc->options.identity.security;
	uint32_t align = soc->model->security.esp32_cipher ? ENCRYPT_ALIGN_ESP32 : ENCRYPT_ALIGN;
	if (security->key_size == 0 || security->no_manual_encrypt || address % align != 0 || size % align != 0) {
		return false;
	}
	ff_crypt_run(soc->crypt, true, address, bytes, size);
	return true;
}

void ff_flash_io_program(struct ff_soc *soc, uint32_t address, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		uint32_t at = address + (uint32_t)done;
		size_t run = FF_NOR_PAGE - at % FF_NOR_PAGE;
		run = run < size - done ? run : size - done;
		ff_flash_io_wait(soc);
		ff_cpu_spend(soc, (int64_t)(run + COMMAND_BYTES) * timing(soc)->spi_byte);
		ff_nor_program(soc->options.nor, at, bytes + done, run);
		soc->flash_ready = soc->time + timing(soc)->page_program;
		done += run;
	}
	ff_flash_io_wait(soc);
}

void ff_flash_io_start_erase(struct ff_soc *soc, uint32_t address, uint32_t size)
{
	ff_flash_io_wait(soc);
	ff_nor_erase(soc->options.nor, address, size);
	soc->flash_ready = soc->time + (size == FF_NOR_BLOCK ? timing(soc)->block_erase : timing(soc)->sector_erase);
}

void ff_flash_io_erase_chip(struct ff_soc *soc)
{
	uint32_t size = ff_nor_size(soc->options.nor);
	ff_flash_io_wait(soc);
	ff_nor_erase(soc->options.nor, 0, size);
	soc->flash_ready = soc->time + timing(soc)->chip_erase_per_mb * size / (1024 * 1024);
	ff_flash_io_wait(soc);
}

bool ff_flash_io_erase_step(struct ff_soc *soc)
{
	struct ff_task *task = &soc->task;
	if (task->left == 0) {
		return true;
	}
	bool block = task->address % FF_NOR_BLOCK == 0 && task->left >= FF_NOR_BLOCK;
	uint32_t size = block ? FF_NOR_BLOCK : FF_NOR_SECTOR;
	ff_flash_io_start_erase(soc, task->address, size);
	ff_flash_io_wait(soc);
	task->address += size;
	task->left -= size < task->left ? size : task->left;
	return task->left == 0;
}

void ff_flash_io_md5_start(struct ff_soc *soc)
{
	EVP_DigestInit_ex(soc->md5, EVP_md5(), NULL);
}

bool ff_flash_io_md5_step(struct ff_soc *soc, uint8_t *md5)
{
	struct ff_task *task = &soc->task;
	uint8_t bytes[HASH_STEP];
	uint32_t run = task->left < HASH_STEP ? task->left : HASH_STEP;
	ff_flash_io_read(soc, task->address, bytes, run);
	ff_cpu_spend(soc, (int64_t)run * timing(soc)->md5_byte);
	EVP_DigestUpdate(soc->md5, bytes, run);
	task->address += run;
	task->left -= run;
	if (task->left > 0) {
		return false;
	}
	EVP_DigestFinal_ex(soc->md5, md5, NULL);
	return true;
}
