// SPDX-License-Identifier: Apache-2.0
#include "test_elfimage_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PROGBITS 1
#define STRTAB 3
#define APP_SIZE 256

static void append(struct ff_buf *buf, const void *bytes, size_t size)
{
	assert_int_equal(ff_buf_append(buf, bytes, size), FF_OK);
}

static void append_word(struct ff_buf *buf, uint32_t word)
{
	uint8_t bytes[4];

	ff_put_le32(bytes, word);
	append(buf, bytes, 4);
}

static void append_section_header(struct ff_buf *buf, uint32_t name, const struct test_section *section, uint32_t at)
{
	const uint32_t words[] = { name, section->type != 0 ? section->type : PROGBITS,
				   2,    section->address,
				   at,   (uint32_t)section->size,
				   0,    0,
				   4,    0 };

	for (size_t i = 0; i < COUNT(words); i++) {
		append_word(buf, words[i]);
	}
}

/* The bytes of a section; an application description has its magic number and room for a digest. */
static void append_content(struct ff_buf *buf, const struct test_section *section)
{
	uint8_t *content = calloc(1, section->size);

	assert_non_null(content);
	memset(content, section->fill, section->size);
	if (strcmp(section->name, ".flash.appdesc") == 0) {
		memset(content, 0, APP_SIZE);
		ff_put_le32(content, 0xABCD5432);
		content[180] = section->fill;
	}
	append(buf, content, section->size);
	free(content);
}

struct ff_buf test_elf_make(uint8_t machine, const struct test_section *sections)
{
	uint8_t head[52] = {
		0x7f,           'E',      'L',      'F',         1,           1,         1,         [16] = 2,
		[18] = machine, [20] = 1, [24] = 4, [26] = 0x38, [27] = 0x40, [40] = 52, [42] = 32, [46] = 40
	};
	struct ff_buf elf, headers;
	char names[1024] = "";
	uint32_t used = 1;
	uint8_t count = 1;

	ff_buf_init(&elf, 1 << 24);
	ff_buf_init(&headers, 1 << 16);
	append(&elf, head, sizeof(head));
	append_section_header(&headers, 0, &(const struct test_section){ .name = "" }, 0);
	for (; sections->name != NULL; sections++, count++) {
		append_section_header(&headers, used, sections, (uint32_t)elf.size);
		used += (uint32_t)snprintf(names + used, sizeof(names) - used, "%s", sections->name) + 1;
		append_content(&elf, sections);
	}
	append_section_header(&headers, 0, &(const struct test_section){ .name = "", .size = used, .type = STRTAB },
			      (uint32_t)elf.size);
	append(&elf, names, used);
	ff_put_le32(elf.bytes + 32, (uint32_t)elf.size);
	elf.bytes[48] = count + 1;
	elf.bytes[50] = count;
	append(&elf, headers.bytes, headers.size);
	ff_buf_release(&headers);
	return elf;
}

struct ff_elfimage_options test_elf_options(const char *chip)
{
	struct ff_elfimage_options options = { .chip = ff_imagechip_by_name(chip),
					       .max_revision = FF_IMAGEHEADER_ANY_REVISION };

	assert_non_null(options.chip);
	return options;
}
