// SPDX-License-Identifier: Apache-2.0
#include "elfpieces.h"

#include <stdbool.h>
#include <stdlib.h>

/* Both addresses are of the same kinds of memory. */
static bool same_memory(const struct ff_memmap_range *map, uint32_t a, uint32_t b)
{
	for (; map->name != NULL; map++) {
		if ((a >= map->from && a < map->to) != (b >= map->from && b < map->to)) {
			return false;
		}
	}
	return true;
}

/* Whether a section continues the piece that ends with the section before it. Memory is compared by where that section
 * begins, because esptool joins from the back. */
static bool continues(const struct ff_memmap_range *memory, const struct ff_elfpiece *piece,
		      const struct ff_elf_section *before, const struct ff_elf_section *section)
{
	return (uint64_t)piece->address + piece->size == section->address &&
	       same_memory(memory, before->address, section->address);
}

static enum ff_status append(struct ff_buf *data, const struct ff_elf_section *section, size_t padding,
			     struct ff_error *error)
{
	static const uint8_t zeros[4];
	enum ff_status status = ff_buf_append(data, section->bytes, section->size);

	if (status == FF_OK) {
		status = ff_buf_append(data, zeros, padding);
	}
	if (status == FF_OK) {
		return FF_OK;
	}
	return ff_error_set(error, status, "%s",
			    status == FF_ERR_TOO_LARGE ? "the image would be larger than any flash" : "out of memory");
}

enum ff_status ff_elfpieces_join(struct ff_elfpieces *pieces, struct ff_buf *data,
				 const struct ff_elf_sections *sections, const struct ff_memmap_range *memory,
				 struct ff_error *error)
{
	enum ff_status status = FF_OK;

	pieces->count = 0;
	for (size_t i = 0; i < sections->count && status == FF_OK; i++) {
		const struct ff_elf_section *section = &sections->items[i];
		size_t padding = (4 - section->size % 4) % 4;

		if (i == 0 || !continues(memory, &pieces->items[pieces->count - 1], section - 1, section)) {
			if (pieces->count == FF_IMAGEHEADER_MAX_SEGMENTS) {
				return ff_error_set(
					error, FF_ERR_FORMAT,
					"the ELF file has more than %d separate pieces, and no image holds more: is "
					"its linker script right?",
					FF_IMAGEHEADER_MAX_SEGMENTS);
			}
			pieces->items[pieces->count++] = (struct ff_elfpiece){ .name = section->name,
									       .address = section->address,
									       .at = data->size };
		}
		pieces->items[pieces->count - 1].size += section->size + padding;
		status = append(data, section, padding, error);
	}
	return status;
}

static int by_address(const void *a, const void *b)
{
	const struct ff_elfpiece *left = a, *right = b;

	if (left->address != right->address) {
		return left->address < right->address ? -1 : 1;
	}
	return left->at < right->at ? -1 : left->at > right->at; /* as in the file */
}

void ff_elfpieces_sort(struct ff_elfpieces *pieces)
{
	qsort(pieces->items, pieces->count, sizeof(pieces->items[0]), by_address);
}

enum ff_status ff_elfpieces_check_pages(const struct ff_elfpieces *pieces, uint32_t page, struct ff_error *error)
{
	for (size_t i = 1; i < pieces->count; i++) {
		uint32_t before = pieces->items[i - 1].address, here = pieces->items[i].address;

		if (here / page == before / page) {
			return ff_error_set(error, FF_ERR_FORMAT,
					    "the pieces for 0x%08x and 0x%08x lie in one page of %u KiB of the flash "
					    "mapping, and no image can hold both: is the linker script right?",
					    before, here, page / 1024);
		}
	}
	return FF_OK;
}
