// SPDX-License-Identifier: Apache-2.0
#include "pass.h"

#include <string.h>

static void tell_progress(const struct ff_pass *pass, uint64_t done)
{
	if (done > pass->region.source.size) {
		done = pass->region.source.size;
	}
	ff_session_progress(pass->flasher, pass->before + done, (unsigned)pass->index,
			    pass->region.offset + (uint32_t)done);
}

/* Goes once through the content. *wire is what its blocks sum up to. */
static enum ff_status walk(struct ff_pass *pass, bool deflated, uint64_t *wire, struct ff_error *error)
{
	uint64_t sum = 0;
	uint64_t done = 0;
	enum ff_status status =
		ff_blocks_start(pass->blocks, &pass->region, pass->unit,
				deflated ? FF_BLOCKS_DEFLATED : FF_BLOCKS_PLAIN, FF_BLOCKS_MAX_BLOCK, error);
	for (;;) {
		struct ff_block block;
		if (status == FF_OK) {
			status = ff_session_check(pass->flasher, error);
		}
		if (status == FF_OK) {
			status = ff_blocks_next(pass->blocks, &block, error);
		}
		if (status != FF_OK) {
			return status;
		}
		if (block.size == 0) {
			break;
		}
		sum += block.size;
		done += block.programmed;
		if (pass->flasher->phase ==
		    FF_PHASE_PREPARE) { /* a piece is measured between others that are written */
			tell_progress(pass, done);
		}
	}
	*wire = sum;
	return ff_blocks_md5(pass->blocks, pass->md5, error);
}

/* Whether the caller knows already what a walk would find: of deflated content, where the chip programs no more than was
 * measured. */
static bool is_known(const struct ff_pass *pass)
{
	const struct ff_region *region = &pass->region;
	return pass->may_deflate && region->source.measure &&
	       ff_blocks_flash_size(region, pass->unit) == ff_blocks_flash_size(region, FF_BLOCKS_WORD);
}

static enum ff_status find_out(struct ff_pass *pass, uint64_t *wire, struct ff_error *error)
{
	if (!is_known(pass)) {
		return walk(pass, pass->may_deflate, wire, error);
	}
	const struct ff_measure *measure = pass->region.source.measure;
	*wire = measure->wire;
	memcpy(pass->md5, measure->md5, sizeof(pass->md5));
	return ff_session_check(pass->flasher, error);
}

enum ff_status ff_pass_measure(struct ff_pass *pass, struct ff_error *error)
{
	uint64_t wire = 0;
	enum ff_status status = find_out(pass, &wire, error);
	if (status != FF_OK) {
		return status;
	}
	uint32_t size = ff_blocks_flash_size(&pass->region, pass->unit);
	uint32_t block = ff_flash_block_size(&pass->flasher->loader);
	uint64_t plain =
		((uint64_t)size + block - 1) / block * block; /* whole blocks, where deflated ones may be short */
	bool deflated = pass->may_deflate && wire < plain;
	pass->write = (struct ff_flash_write){
		.offset = pass->region.offset,
		.size = size,
		.wire = deflated ? (uint32_t)wire : size,
		.deflated = deflated,
		.encrypted = pass->region.encrypt,
	};
	return FF_OK;
}

/* Sends each block while the chip is busy with the one before it, and makes the next while this one's
 * acknowledgement is on its way. */
static enum ff_status send_blocks(struct ff_pass *pass, struct ff_error *error)
{
	struct ff_loader *loader = &pass->flasher->loader;
	const struct ff_flash_write *write = &pass->write;
	uint64_t done = 0;
	uint32_t blocks_left =
		write->wire / ff_flash_block_size(loader) + (write->wire % ff_flash_block_size(loader) != 0);
	struct ff_block block;
	enum ff_status status = ff_blocks_next(pass->blocks, &block, error);
	for (uint32_t sequence = 0; status == FF_OK && block.size > 0; sequence++) {
		if (blocks_left-- == 0) {
			return ff_error_set(error, FF_ERR_IO, "the image changed while it was written");
		}
		uint32_t programmed = block.programmed;
		status = ff_flash_send(loader, write, sequence, block.bytes, block.size, error);
		if (status == FF_OK) {
			status = ff_blocks_next(pass->blocks, &block, error);
		}
		if (status == FF_OK) {
			status = ff_flash_acknowledge(loader, write, programmed, error);
		}
		if (status == FF_OK) {
			done += programmed;
			tell_progress(pass, done);
		}
	}
	return status;
}

static enum ff_status check_unchanged(const struct ff_pass *pass, struct ff_error *error)
{
	uint8_t md5[FF_BLOCKS_MD5_SIZE];
	enum ff_status status = ff_blocks_md5(pass->blocks, md5, error);
	if (status == FF_OK && memcmp(md5, pass->md5, sizeof(md5)) != 0) {
		status = ff_error_set(error, FF_ERR_IO, "%s changed while it was written: write it again", pass->label);
	}
	return status;
}

static enum ff_blocks_form form(const struct ff_pass *pass)
{
	if (!pass->write.deflated) {
		return FF_BLOCKS_PLAIN;
	}
	return is_known(pass) && pass->region.source.deflated ? FF_BLOCKS_KEPT : FF_BLOCKS_DEFLATED;
}

enum ff_status ff_pass_write(struct ff_pass *pass, struct ff_error *error)
{
	struct ff_loader *loader = &pass->flasher->loader;
	enum ff_status status = ff_blocks_start(pass->blocks, &pass->region, pass->unit, form(pass),
						ff_flash_block_size(loader), error);
	if (status == FF_OK) {
		status = ff_flash_begin(loader, &pass->write, error);
	}
	if (status == FF_OK) {
		status = send_blocks(pass, error);
	}
	if (status == FF_OK) {
		status = check_unchanged(pass, error);
	}
	return status == FF_OK ? ff_flash_end(loader, &pass->write, error) : status;
}

enum ff_status ff_pass_compare(const struct ff_pass *pass, bool *same, uint8_t found[FF_BLOCKS_MD5_SIZE],
			       struct ff_error *error)
{
	/* Replies carry no checksum, so one wrong answer may be noise: ask twice. */
	for (int i = 0; i < 2; i++) {
		enum ff_status status =
			ff_flash_md5(&pass->flasher->loader, pass->write.offset, pass->write.size, found, error);
		if (status != FF_OK) {
			return status;
		}
		*same = memcmp(found, pass->md5, FF_BLOCKS_MD5_SIZE) == 0;
		if (*same) {
			break;
		}
	}
	return FF_OK;
}
