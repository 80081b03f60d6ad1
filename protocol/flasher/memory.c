// SPDX-License-Identifier: Apache-2.0
/* Words of a chip's memory and registers, read and written through its loader. */
#include <farflash/flasher.h>

#include <inttypes.h>

#include "bytes.h"
#include "establish.h"
#include "session.h"

#define WORD 4
#define PIECE 1024
#define MAX_END ((uint64_t)1 << 32)

static enum ff_status check(const struct ff_flasher *flasher, uint32_t address, uint32_t size, struct ff_error *error)
{
	const struct ff_loader *loader = &flasher->loader;
	if (size == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "nothing to read: the size is 0");
	}
	if (address % WORD != 0 || size % WORD != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "memory is accessed in words: address 0x%" PRIx32 " and size 0x%" PRIx32
				    " must be multiples of 4",
				    address, size);
	}
	if ((uint64_t)address + size > MAX_END) {
		return ff_error_set(error, FF_ERR_TOO_LARGE,
				    "0x%" PRIx32 " bytes from 0x%" PRIx32 " reach beyond the last address", size,
				    address);
	}
	if (loader->secure_download) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the %s is in secure download mode, which does not allow to access memory",
				    loader->chip->name);
	}
	return FF_OK;
}

/* A refusal is an answer; anything else that fails leaves us out of step. */
static enum ff_status settle(struct ff_flasher *flasher, enum ff_status status)
{
	flasher->in_step = status == FF_OK || status == FF_ERR_REFUSED;
	return status;
}

enum ff_status ff_flasher_read_word(struct ff_flasher *flasher, uint32_t address, uint32_t *value,
				    struct ff_error *error)
{
	enum ff_status status = check(flasher, address, WORD, error);
	if (status == FF_OK) {
		status = ff_establish_ready(flasher, error);
	}
	if (status != FF_OK) {
		return status;
	}
	return settle(flasher, ff_loader_read_register(&flasher->loader, address, value, error));
}

enum ff_status ff_flasher_write_word(struct ff_flasher *flasher, uint32_t address, uint32_t value, uint32_t mask,
				     struct ff_error *error)
{
	enum ff_status status = check(flasher, address, WORD, error);
	if (status == FF_OK) {
		status = ff_establish_ready(flasher, error);
	}
	if (status != FF_OK) {
		return status;
	}
	return settle(flasher, ff_loader_write_bits(&flasher->loader, address, value, mask, error));
}

static enum ff_status read_piece(struct ff_flasher *flasher, uint32_t address, uint8_t *bytes, uint32_t size,
				 struct ff_error *error)
{
	enum ff_status status = FF_OK;
	for (uint32_t at = 0; at < size && status == FF_OK; at += WORD) {
		uint32_t value = 0;
		status = ff_loader_read_register(&flasher->loader, address + at, &value, error);
		ff_put_le32(bytes + at, value);
	}
	return settle(flasher, status);
}

static enum ff_status read_all(struct ff_flasher *flasher, uint32_t address, uint32_t size, const struct ff_sink *sink,
			       struct ff_error *error)
{
	for (uint32_t at = 0; at < size;) {
		uint8_t bytes[PIECE];
		uint32_t count = size - at < PIECE ? size - at : PIECE;
		enum ff_status status = read_piece(flasher, address + at, bytes, count, error);
		if (status != FF_OK) {
			return status;
		}
		status = sink->write(sink->context, bytes, count, error);
		if (status != FF_OK) {
			return ff_error_set(error, status, "what was read could not be stored: %s",
					    ff_status_text(status));
		}
		at += count;
		ff_session_progress(flasher, at, 0, address + at);
	}
	return FF_OK;
}

enum ff_status ff_flasher_read_memory(struct ff_flasher *flasher, uint32_t address, uint32_t size,
				      const struct ff_sink *sink, struct ff_error *error)
{
	enum ff_status status = check(flasher, address, size, error);
	if (status != FF_OK) {
		return status;
	}
	ff_session_enter(flasher, FF_PHASE_READ, size, address);
	status = ff_establish_ready(flasher, error);
	if (status == FF_OK) {
		status = read_all(flasher, address, size, sink, error);
	}
	ff_session_rest(flasher);
	return status;
}
