// SPDX-License-Identifier: Apache-2.0
#include "nor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERASED 0xFF
#define WINBOND 0xEFu
#define TYPE_W25Q 0x40u

struct bad_cell {
	uint32_t address;
	bool always;
};

struct ff_nor {
	int fd;         /* holds the lock */
	uint8_t *cells; /* mapped */
	uint32_t size;  /* a power of two */
	uint32_t id;    /* 0: the one of its size */
	struct ff_status_registers registers;
	struct bad_cell bad[FF_NOR_BAD_CELLS_MAX];
	size_t bad_count;
};

static bool is_chip_size(uint32_t size)
{
	return size >= FF_NOR_MIN_SIZE && size <= FF_NOR_MAX_SIZE && (size & (size - 1)) == 0;
}

static enum ff_status fill_erased(int fd, const char *path, uint32_t size, struct ff_error *error)
{
	uint8_t block[FF_NOR_BLOCK];
	memset(block, ERASED, sizeof(block));
	for (uint32_t at = 0; at < size; at += sizeof(block)) {
		if (pwrite(fd, block, sizeof(block), at) != (ssize_t)sizeof(block)) {
			return ff_error_set_errno(error, FF_ERR_IO, errno, "Cannot fill the flash file %s", path);
		}
	}
	return FF_OK;
}

/* Claims the open file, makes it `size` bytes long if it is new, and insists on that size otherwise. */
static enum ff_status lock_and_check_file(int fd, const char *path, uint32_t size, struct ff_error *error)
{
	struct stat info;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		return ff_error_set(error, FF_ERR_BUSY, "The flash file %s is in use by another board", path);
	}
	if (fstat(fd, &info) != 0) {
		return ff_error_set_errno(error, FF_ERR_IO, errno, "Cannot look at the flash file %s", path);
	}
	if (!S_ISREG(info.st_mode)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "The flash file %s is not a regular file", path);
	}
	if (info.st_size == 0) {
		return fill_erased(fd, path, size, error);
	}
	if (info.st_size != (off_t)size) {
		return ff_error_set(
			error, FF_ERR_ARGUMENT,
			"The flash file %s has %lld bytes, but the flash has %u: give the right --flash-size, "
			"or another file",
			path, (long long)info.st_size, size);
	}
	return FF_OK;
}

enum ff_status ff_nor_open(struct ff_nor **nor, const char *path, uint32_t size, struct ff_error *error)
{
	if (!is_chip_size(size)) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "No flash chip has %u bytes: sizes are powers of two from 256KB to 128MB", size);
	}
	struct ff_nor *made = calloc(1, sizeof(*made));
	if (!made) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "Out of memory");
	}
	made->size = size;
	ff_status_init(&made->registers);
	enum ff_status status = FF_OK;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		status = ff_error_set_errno(error, FF_ERR_IO, errno, "Cannot open the flash file %s", path);
		goto out;
	}
	status = lock_and_check_file(fd, path, size, error);
	if (status != FF_OK) {
		goto out;
	}
	void *cells = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (cells == MAP_FAILED) {
		status = ff_error_set_errno(error, FF_ERR_IO, errno, "Cannot map the flash file %s", path);
		goto out;
	}
	made->cells = cells;
	made->fd = fd;
	*nor = made;
	return FF_OK;
out:
	if (fd >= 0) {
		close(fd);
	}
	free(made);
	return status;
}

void ff_nor_close(struct ff_nor *nor)
{
	if (nor) {
		munmap(nor->cells, nor->size);
		close(nor->fd);
		free(nor);
	}
}

uint32_t ff_nor_size(const struct ff_nor *nor)
{
	return nor->size;
}

void ff_nor_set_jedec_id(struct ff_nor *nor, uint32_t id)
{
	nor->id = id;
}

struct ff_status_registers *ff_nor_registers(struct ff_nor *nor)
{
	return &nor->registers;
}

static bool is_protected(const struct ff_nor *nor, uint32_t address, uint32_t size)
{
	return ff_status_protects(&nor->registers, nor->size, address & (nor->size - 1), size);
}

uint32_t ff_nor_jedec_id(const struct ff_nor *nor)
{
	if (nor->id) {
		return nor->id;
	}
	uint32_t log2_size = 0;
	while ((1u << log2_size) < nor->size) {
		log2_size++;
	}
	/* Up to 32 MB the third byte is log2 of the size; from 64 MB on Winbond counts on from 0x20 (W25Q512JV). */
	uint32_t capacity = log2_size > 25 ? log2_size + 6 : log2_size;
	return WINBOND | TYPE_W25Q << 8 | capacity << 16;
}

void ff_nor_read(const struct ff_nor *nor, uint32_t address, void *bytes, size_t size)
{
	uint8_t *out = bytes;
	for (size_t done = 0; done < size;) {
		uint32_t at = (address + (uint32_t)done) & (nor->size - 1);
		size_t run = nor->size - at;
		if (run > size - done) {
			run = size - done;
		}
		memcpy(out + done, nor->cells + at, run);
		done += run;
	}
}

/* Whether the cell refuses this time; a cell that is broken once is sound afterwards. */
static bool cell_refuses(struct ff_nor *nor, uint32_t address)
{
	for (size_t i = 0; i < nor->bad_count; i++) {
		if (nor->bad[i].address == address) {
			if (!nor->bad[i].always) {
				nor->bad[i] = nor->bad[--nor->bad_count];
			}
			return true;
		}
	}
	return false;
}

void ff_nor_program(struct ff_nor *nor, uint32_t address, const uint8_t *bytes, size_t size)
{
	if (is_protected(nor, address, (uint32_t)size)) {
		return;
	}
	for (size_t i = 0; i < size; i++) {
		uint32_t at = (address + (uint32_t)i) & (nor->size - 1);
		/* A byte of FF asks nothing of its cell, so that a broken one shows up where it matters. */
		if (bytes[i] != ERASED && nor->bad_count > 0 && cell_refuses(nor, at)) {
			continue;
		}
		nor->cells[at] &= bytes[i];
	}
}

void ff_nor_erase(struct ff_nor *nor, uint32_t address, uint32_t size)
{
	if (is_protected(nor, address, size)) {
		return;
	}
	uint64_t end = ((uint64_t)address + size + FF_NOR_SECTOR - 1) / FF_NOR_SECTOR * FF_NOR_SECTOR;
	uint64_t at = address / FF_NOR_SECTOR * FF_NOR_SECTOR;
	for (; at < end; at += FF_NOR_SECTOR) {
		memset(nor->cells + (at & (nor->size - 1)), ERASED, FF_NOR_SECTOR);
	}
}

bool ff_nor_is_blank(const struct ff_nor *nor, uint32_t address, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (nor->cells[(address + i) & (nor->size - 1)] != ERASED) {
			return false;
		}
	}
	return true;
}

bool ff_nor_break_cell(struct ff_nor *nor, uint32_t address, bool always)
{
	if (nor->bad_count == FF_NOR_BAD_CELLS_MAX || address >= nor->size) {
		return false;
	}
	nor->bad[nor->bad_count++] = (struct bad_cell){ .address = address, .always = always };
	return true;
}
