// SPDX-License-Identifier: Apache-2.0
/* ELF files that are built section by section. */
#ifndef FF_TEST_ELFIMAGE_FIXTURE_H
#define FF_TEST_ELFIMAGE_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "elfimage.h"

#define NOBITS 8

struct test_section {
	const char *name;
	uint32_t address;
	size_t size;
	uint8_t fill;
	uint32_t type; /* 0: PROGBITS */
};

/* Entry point 0x40380004. `sections` ends with a NULL name. To be released. */
struct ff_buf test_elf_make(uint8_t machine, const struct test_section *sections);

/* The defaults for a chip. */
struct ff_elfimage_options test_elf_options(const char *chip);

#endif
