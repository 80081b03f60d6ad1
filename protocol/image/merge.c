// SPDX-License-Identifier: Apache-2.0
#include "merge.h"

#include <stdlib.h>
#include <string.h>

#include "hex.h"

#define SECTOR 4096
#define ADDRESS_END (UINT64_C(1) << 32)

static uint64_t end_of(const struct ff_part *part)
{
	return (uint64_t)part->address + part->size;
}

static int by_address(const void *a, const void *b)
{
	const struct ff_part *left = a, *right = b;

	return left->address < right->address ? -1 : left->address > right->address;
}

enum ff_status ff_merge_sort(struct ff_part *parts, size_t count, struct ff_error *error)
{
	if (count == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "nothing to merge");
	}
	qsort(parts, count, sizeof(*parts), by_address);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size == 0) {
			return ff_error_set(error, FF_ERR_EMPTY, "%.120s is empty", parts[i].name);
		}
		if (end_of(&parts[i]) > ADDRESS_END) {
			return ff_error_set(error, FF_ERR_TOO_LARGE, "%.120s at 0x%x goes past the last address",
					    parts[i].name, parts[i].address);
		}
		if (i > 0 && (end_of(&parts[i - 1]) - 1) / SECTOR >= parts[i].address / SECTOR) {
			return ff_error_set(error, FF_ERR_OVERLAP,
					    "%.120s at 0x%x and %.120s at 0x%x share a flash sector of 4096 bytes",
					    parts[i - 1].name, parts[i - 1].address, parts[i].name, parts[i].address);
		}
	}
	return FF_OK;
}

static enum ff_status fill(const struct ff_sink *sink, uint64_t size, struct ff_error *error)
{
	uint8_t blank[SECTOR];
	enum ff_status status = FF_OK;

	memset(blank, 0xFF, sizeof(blank));
	while (size > 0 && status == FF_OK) {
		size_t part = size < sizeof(blank) ? (size_t)size : sizeof(blank);

		status = ff_sink_write(sink, blank, part, error);
		size -= part;
	}
	return status;
}

static enum ff_status check_raw(const struct ff_part *parts, size_t count, uint32_t target, uint32_t pad_to,
				struct ff_error *error)
{
	uint64_t end = end_of(&parts[count - 1]);

	if (parts[0].address < target) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%.120s at 0x%x lies before the target offset 0x%x",
				    parts[0].name, parts[0].address, target);
	}
	if (pad_to > 0 && end > pad_to) {
		return ff_error_set(error, FF_ERR_TOO_LARGE, "%.120s ends at 0x%llx, beyond the size 0x%x to pad to",
				    parts[count - 1].name, (unsigned long long)end, pad_to);
	}
	if (end - target > FF_MERGE_MAX_RAW) {
		return ff_error_set(error, FF_ERR_TOO_LARGE,
				    "the merged file would take %llu MiB; the hex format leaves gaps out",
				    (unsigned long long)(end - target) >> 20);
	}
	return FF_OK;
}

enum ff_status ff_merge_raw(const struct ff_part *parts, size_t count, uint32_t target, uint32_t pad_to,
			    const struct ff_sink *sink, struct ff_error *error)
{
	enum ff_status status = check_raw(parts, count, target, pad_to, error);
	uint64_t at = target;

	for (size_t i = 0; i < count && status == FF_OK; i++) {
		status = fill(sink, parts[i].address - at, error);
		if (status == FF_OK) {
			status = ff_sink_write(sink, parts[i].bytes, parts[i].size, error);
		}
		at = end_of(&parts[i]);
	}
	if (status == FF_OK && pad_to > at) {
		status = fill(sink, pad_to - at, error);
	}
	return status;
}

enum ff_status ff_merge_hex(const struct ff_part *parts, size_t count, const struct ff_sink *sink,
			    struct ff_error *error)
{
	struct ff_hex_writer writer = { .sink = *sink };
	enum ff_status status = FF_OK;

	for (size_t i = 0; i < count && status == FF_OK; i++) {
		status = ff_hex_write(&writer, parts[i].address, parts[i].bytes, parts[i].size, error);
	}
	return status == FF_OK ? ff_hex_end(&writer, error) : status;
}

enum ff_status ff_merge_uf2(const struct ff_part *parts, size_t count, const struct ff_uf2_options *options,
			    const struct ff_sink *sink, struct ff_error *error)
{
	enum ff_status status = FF_OK;

	for (size_t i = 0; i < count && status == FF_OK; i++) {
		status = ff_uf2_write(options, sink, parts[i].address, parts[i].bytes, parts[i].size, error);
	}
	return status;
}
