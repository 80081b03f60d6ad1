// SPDX-License-Identifier: Apache-2.0
/* ff_flasher_load_ram(). */
#include <farflash/flasher.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "establish.h"
#include "ram.h"
#include "session.h"
#include "speed.h"
#include "stub.h"

#define MAX_REPEATS 2
#define WORD 4
#define MAX_END ((uint64_t)1 << 32)

struct loading {
	struct ff_flasher *flasher;
	const struct ff_ram_segment *segments;
	size_t count;
};

/* Addresses from `start` up to, but not with, `end`. */
struct range {
	uint64_t start;
	uint64_t end;
};

static struct range range_of(const struct ff_ram_segment *segment)
{
	return (struct range){ segment->address, (uint64_t)segment->address + segment->size };
}

static bool overlap(struct range one, struct range two)
{
	return one.start < two.end && one.end > two.start;
}

static enum ff_status check_segments(const struct loading *loading, struct ff_error *error)
{
	if (loading->count == 0 || loading->count > FF_MAX_RAM_SEGMENTS) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%zu segments: 1 to %d can be loaded into RAM",
				    loading->count, FF_MAX_RAM_SEGMENTS);
	}
	for (size_t i = 0; i < loading->count; i++) {
		struct range range = range_of(&loading->segments[i]);
		if (range.start == range.end) {
			return ff_error_set(error, FF_ERR_EMPTY, "segment %zu is empty", i);
		}
		if (range.end > MAX_END) {
			return ff_error_set(error, FF_ERR_TOO_LARGE, "segment %zu reaches beyond the last address", i);
		}
		for (size_t other = 0; other < i; other++) {
			if (overlap(range, range_of(&loading->segments[other]))) {
				return ff_error_set(error, FF_ERR_OVERLAP, "segments %zu and %zu overlap at 0x%" PRIx64,
						    other, i, range.start);
			}
		}
	}
	return FF_OK;
}

static enum ff_status check_against(const struct loading *loading, struct range stub, struct ff_error *error)
{
	for (size_t i = 0; i < loading->count; i++) {
		struct range range = range_of(&loading->segments[i]);
		if (overlap(range, stub)) {
			return ff_error_set(error, FF_ERR_OVERLAP,
					    "segment %zu (0x%" PRIx64 " to 0x%" PRIx64
					    ") would overwrite the stub flasher, which runs from 0x%" PRIx64
					    " to 0x%" PRIx64 ": use the ROM loader (no stub), or load elsewhere",
					    i, range.start, range.end, stub.start, stub.end);
		}
	}
	return FF_OK;
}

/* esptool 5.3 loader.py, mem_begin(): the stub needs its code, its data, and what lies between that and its zeroed memory. */
static enum ff_status check_stub(const struct loading *loading, struct ff_error *error)
{
	const struct ff_loader *loader = &loading->flasher->loader;
	const char *name = ff_chip_stub(loader->chip, loader->revision);
	struct ff_stub stub = { 0 };
	if (!loader->stub) {
		return FF_OK;
	}
	if (!name || ff_stub_load(&stub, loading->flasher->options.stub_dir, name, NULL) != FF_OK) {
		return ff_error_set(
			error, FF_ERR_UNSUPPORTED,
			"a stub flasher is running, and without its file nobody knows which memory it needs: use "
			"the ROM loader (no stub)");
	}
	struct range text = { stub.text.address, (uint64_t)stub.text.address + stub.text.size };
	struct range data = { stub.data.address, (uint64_t)stub.data.address + stub.data.size };
	if (stub.bss != 0 && stub.bss < data.start) {
		data.start = stub.bss;
	}
	ff_stub_release(&stub);
	enum ff_status status = check_against(loading, text, error);
	return status == FF_OK && data.end > 0 ? check_against(loading, data, error) : status;
}

/* RAM is written in words, so the last one is filled up with zeros. */
static enum ff_status write_segment(struct ff_loader *loader, const struct ff_ram_segment *segment,
				    struct ff_error *error)
{
	if (segment->size % WORD == 0) {
		return ff_ram_write(loader, segment->address, segment->bytes, segment->size, error);
	}
	uint32_t size = segment->size / WORD * WORD + WORD;
	uint8_t *padded = calloc(1, size);
	if (!padded) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory to load a segment of %" PRIu32 " bytes", size);
	}
	memcpy(padded, segment->bytes, segment->size);
	enum ff_status status = ff_ram_write(loader, segment->address, padded, size, error);
	free(padded);
	return status;
}

static enum ff_status write_all(void *context, struct ff_error *error)
{
	const struct loading *loading = context;
	struct ff_loader *loader = &loading->flasher->loader;
	enum ff_status status = FF_OK;
	uint64_t done = 0;
	for (size_t i = 0; i < loading->count && status == FF_OK; i++) {
		status = write_segment(loader, &loading->segments[i], error);
		done += loading->segments[i].size;
		if (status == FF_OK) {
			ff_session_progress(loading->flasher, done, (unsigned)i, loading->segments[i].address);
		}
	}
	/* What is started may go on talking at the loader's rate, so that has to be the one the port's owner knows. */
	if (status == FF_OK && loader->link.baud != loader->initial_baud) {
		status = ff_speed_set_baud(loader, loader->initial_baud, error);
	}
	return status;
}

static uint64_t sum(const struct loading *loading)
{
	uint64_t total = 0;
	for (size_t i = 0; i < loading->count; i++) {
		total += loading->segments[i].size;
	}
	return total;
}

static enum ff_status load(struct loading *loading, struct ff_error *error)
{
	struct ff_flasher *flasher = loading->flasher;
	enum ff_status status = check_segments(loading, error);
	if (status == FF_OK && flasher->loader.secure_download) {
		status = ff_error_set(error, FF_ERR_UNSUPPORTED, "secure download mode does not allow code in RAM");
	}
	if (status == FF_OK) {
		status = check_stub(loading, error);
	}
	if (status != FF_OK) {
		return status;
	}
	ff_session_enter(flasher, FF_PHASE_WRITE, sum(loading), loading->segments[0].address);
	status = ff_establish_ready(flasher, error);
	return status == FF_OK ? ff_establish_repeat(flasher, MAX_REPEATS, write_all, loading, error) : status;
}

enum ff_status ff_flasher_load_ram(struct ff_flasher *flasher, const struct ff_ram_segment *segments, size_t count,
				   uint32_t entry, struct ff_error *error)
{
	struct loading loading = { .flasher = flasher, .segments = segments, .count = count };
	if (entry == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "there is no entry point to start at");
	}
	enum ff_status status = load(&loading, error);
	if (status == FF_OK) {
		ff_session_enter(flasher, FF_PHASE_REBOOT, 0, entry);
		status = ff_ram_run(&flasher->loader, entry, error);
		flasher->left = status == FF_OK;
	}
	flasher->in_step = false;
	ff_session_rest(flasher);
	return status;
}
