// SPDX-License-Identifier: Apache-2.0
/* The loadable parts of a 32-bit little-endian ELF executable, as the linkers for Espressif's chips write them.
 *
 * Pure; nothing is allocated, segments point into the caller's bytes. Any thread. Source: Tool Interface Standard,
 * "Executable and Linking Format", version 1.2; machine numbers from the System V ABI's registry. */
#ifndef FF_IMAGE_ELF_H
#define FF_IMAGE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_ELF_MAX_SEGMENTS 64
#define FF_ELF_XTENSA 94 /* ESP8266, ESP32, S2, S3 */
#define FF_ELF_RISCV 243 /* the others */

struct ff_elf_segment {
	uint32_t address; /* where it is loaded: the physical address, which is the virtual one where it runs there */
	const uint8_t *bytes;
	size_t size; /* in the file, never 0; what memory has beyond it is cleared by the program itself */
	bool executable;
};

struct ff_elf {
	uint16_t machine; /* FF_ELF_XTENSA or FF_ELF_RISCV */
	uint32_t entry;
	struct ff_elf_segment segments[FF_ELF_MAX_SEGMENTS]; /* in the order of the file */
	size_t count;
};

#define FF_ELF_MAX_SECTIONS 256

struct ff_elf_section {
	const char *name; /* in the caller's bytes, with its end */
	uint32_t address; /* where it runs, never 0 */
	const uint8_t *bytes;
	size_t size; /* never 0 */
};

struct ff_elf_sections {
	uint16_t machine;
	uint32_t entry;
	struct ff_elf_section items[FF_ELF_MAX_SECTIONS]; /* in the order of the file */
	size_t count;
};

/* True if the bytes begin with ELF's magic number. */
bool ff_elf_is(const uint8_t *bytes, size_t size);

/* Reads an executable. Errors: FF_ERR_FORMAT (not ELF, cut off), FF_ERR_UNSUPPORTED (64 bits, big endian, no executable,
 * another processor, too many segments), FF_ERR_EMPTY (nothing to load). */
FF_WARN_UNUSED enum ff_status ff_elf_parse(struct ff_elf *elf, const uint8_t *bytes, size_t size,
					   struct ff_error *error);

/* Reads the same executable's sections that have bytes and an address: finer than segments, and with names. Errors: as
 * above; FF_ERR_UNSUPPORTED for too many sections, FF_ERR_FORMAT if they were stripped. */
FF_WARN_UNUSED enum ff_status ff_elf_parse_sections(struct ff_elf_sections *sections, const uint8_t *bytes, size_t size,
						    struct ff_error *error);

#endif
