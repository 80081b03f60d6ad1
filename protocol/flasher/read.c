// SPDX-License-Identifier: Apache-2.0
/* ff_flasher_read(): pieces of flash, each compared with its MD5 before the caller gets it. */
#include <farflash/flasher.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "error.h"
#include "establish.h"
#include "flash_read.h"
#include "session.h"

#define LARGEST_PIECE (64 * 1024) /* beside it the command, its reply and the MD5 weigh nothing */
#define SMALLEST_PIECE 1024       /* gets through a line that damages one byte in a thousand, now and then */
#define SHRINK 4
#define GOOD_ONES_TO_GROW 4
#define MAX_FAILURES 8
#define FAILURES_TO_SLOW_DOWN 3
#define MAX_END ((uint64_t)1 << 32)

struct reading {
	struct ff_flasher *flasher;
	const struct ff_sink *sink;
	uint8_t *bytes; /* LARGEST_PIECE of them */
	uint32_t offset;
	uint32_t size;
	uint32_t done;     /* handed to the sink */
	uint32_t piece;    /* how much to try at once */
	unsigned good;     /* pieces since it was changed */
	unsigned failures; /* in a row */
};

static void on_arrived(void *context, uint32_t arrived)
{
	const struct reading *reading = context;
	uint32_t done = reading->done + arrived;
	ff_session_progress(reading->flasher, done, 0, reading->offset + done);
}

static enum ff_status check_md5(const uint8_t *bytes, uint32_t size, const uint8_t *told, struct ff_error *error)
{
	uint8_t found[EVP_MAX_MD_SIZE];
	if (EVP_Digest(bytes, size, found, NULL, EVP_md5(), NULL) != 1) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for an MD5");
	}
	if (memcmp(found, told, FF_FLASH_MD5_SIZE) != 0) {
		return ff_error_set(error, FF_ERR_PROTOCOL,
				    "what was read of the flash was damaged on the way (its MD5 is another): check the "
				    "cable, or try a lower rate");
	}
	return FF_OK;
}

static enum ff_status read_piece(struct reading *reading, uint32_t size, struct ff_error *error)
{
	const struct ff_flash_read read = {
		.offset = reading->offset + reading->done,
		.size = size,
		.bytes = reading->bytes,
		.arrived = on_arrived,
		.context = reading,
	};
	uint8_t md5[FF_FLASH_MD5_SIZE];
	reading->flasher->in_step = false;
	enum ff_status status = ff_flash_read(&reading->flasher->loader, &read, md5, error);
	if (status == FF_OK) {
		reading->flasher->in_step = true;
		status = check_md5(reading->bytes, size, md5, error);
	}
	return status;
}

static enum ff_status take_piece(struct reading *reading, uint32_t size, struct ff_error *error)
{
	enum ff_status status = reading->sink->write(reading->sink->context, reading->bytes, size, error);
	if (status != FF_OK) {
		return ff_error_set(error, status, "what was read could not be stored: %s", ff_status_text(status));
	}
	reading->done += size;
	reading->failures = 0;
	if (++reading->good >= GOOD_ONES_TO_GROW && reading->piece < LARGEST_PIECE) {
		reading->piece *= 2;
		reading->good = 0;
	}
	return FF_OK;
}

/* Whether to try again after this failure; if so, the board is ready for it. */
static bool recovers(struct reading *reading, enum ff_status failure, struct ff_error *why)
{
	if (!ff_session_may_retry(failure) || ++reading->failures >= MAX_FAILURES) {
		return false;
	}
	reading->good = 0;
	uint32_t smaller = reading->piece / SHRINK;
	reading->piece = smaller > SMALLEST_PIECE ? smaller : SMALLEST_PIECE;
	ff_log(reading->flasher->observer.log, FF_LOG_WARN, "%s; going on at 0x%" PRIx32 " (%u of %d)", why->text,
	       reading->offset + reading->done, reading->failures, MAX_FAILURES - 1);
	ff_session_retry(reading->flasher, FF_RETRY_READ);
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status = reading->failures % FAILURES_TO_SLOW_DOWN == 0
					? ff_establish_slower(reading->flasher, &local)
					: ff_establish_again(reading->flasher, &local);
	if (status == FF_ERR_LOST || status == FF_ERR_CANCELLED) {
		*why = local;
	}
	return status == FF_OK;
}

static enum ff_status read_all(struct reading *reading, struct ff_error *error)
{
	while (reading->done < reading->size) {
		uint32_t left = reading->size - reading->done;
		uint32_t size = left < reading->piece ? left : reading->piece;
		struct ff_error local = FF_ERROR_NONE;
		enum ff_status status = read_piece(reading, size, &local);
		if (status == FF_OK) {
			status = take_piece(reading, size, error);
			if (status != FF_OK) {
				return status;
			}
		} else if (!recovers(reading, status, &local)) {
			ff_error_keep(error, &local);
			return local.status;
		}
	}
	return FF_OK;
}

static enum ff_status check(const struct ff_flasher *flasher, uint32_t offset, uint32_t size, struct ff_error *error)
{
	uint64_t known = flasher->loader.flash_size;
	uint64_t flash_size = known > 0 ? known : MAX_END;
	if (size == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "nothing to read: the size is 0");
	}
	if ((uint64_t)offset + size > flash_size) {
		return ff_error_set(error, FF_ERR_TOO_LARGE,
				    "0x%" PRIx32 " bytes from 0x%" PRIx32
				    " reach beyond the flash, which has 0x%" PRIx64,
				    size, offset, flash_size);
	}
	return ff_flash_check_read(&flasher->loader, error);
}

enum ff_status ff_flasher_read(struct ff_flasher *flasher, uint32_t offset, uint32_t size, const struct ff_sink *sink,
			       struct ff_error *error)
{
	enum ff_status status = check(flasher, offset, size, error);
	if (status != FF_OK) {
		return status;
	}
	struct reading reading = { .flasher = flasher,
				   .sink = sink,
				   .bytes = malloc(LARGEST_PIECE),
				   .offset = offset,
				   .size = size,
				   .piece = LARGEST_PIECE };
	if (!reading.bytes) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory to read flash");
	}
	ff_session_enter(flasher, FF_PHASE_READ, size, offset);
	status = ff_establish_ready(flasher, error);
	if (status == FF_OK) {
		status = read_all(&reading, error);
	}
	ff_session_rest(flasher);
	free(reading.bytes);
	return status;
}
