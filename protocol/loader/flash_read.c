// SPDX-License-Identifier: Apache-2.0
#include "flash_read.h"

#include <inttypes.h>
#include <string.h>

#include "bytes.h"

#define PACKET 0x1000   /* the most that esp-flasher-stub 1.1 sends, command_handler.c */
#define WINDOW 1        /* and it waits for each acknowledgement, whatever it is told */
#define PACKET_BEGUN 16 /* bytes of a packet that noise does not make up */
#define SLOW_PACKET 64
#define BITS_PER_BYTE 10
#define MS_PER_S 1000

enum ff_status ff_flash_check_read(const struct ff_loader *loader, struct ff_error *error)
{
	if (!loader->stub && (loader->chip->flags & FF_CHIP_MINIMAL_ROM)) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the ROM of the %s cannot read flash: use the stub",
				    loader->chip->name);
	}
	if (loader->secure_download) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the %s is in secure download mode, which does not allow to read flash",
				    loader->chip->name);
	}
	return FF_OK;
}

/* A slow line may need longer for a packet than an answer may take; escapes can double it. */
static uint32_t packet_ms(const struct ff_loader *loader, uint32_t size)
{
	return FF_LOADER_TIMEOUT_MS + (uint32_t)(2ULL * size * BITS_PER_BYTE * MS_PER_S / loader->link.baud);
}

static int64_t packet_deadline(const struct ff_loader *loader, uint32_t size)
{
	return ff_link_deadline(&loader->link, packet_ms(loader, size));
}

static enum ff_status explain_silence(enum ff_status status, struct ff_error *error)
{
	if (status == FF_ERR_TIMEOUT) {
		return ff_error_set(error, status,
				    "the board fell silent while its flash was read: check cable and power, or try a "
				    "lower rate");
	}
	return status;
}

/* The next frame, which must have `size` bytes. */
static enum ff_status receive(struct ff_loader *loader, uint32_t size, const uint8_t **frame, struct ff_error *error)
{
	struct ff_link *link = &loader->link;
	size_t got = 0;
	enum ff_status status =
		explain_silence(ff_link_receive(link, packet_deadline(loader, size), frame, &got, error), error);
	if (status == FF_OK && got != size) {
		return ff_error_set(error, FF_ERR_PROTOCOL,
				    "a packet of %zu bytes arrived while flash was read, where %" PRIu32 " were due",
				    got, size);
	}
	if (status == FF_OK) {
		ff_link_forget(link); /* what flash holds is no boot log, whatever it says */
	}
	return status;
}

static enum ff_status acknowledge(struct ff_loader *loader, uint32_t total, struct ff_error *error)
{
	uint8_t bytes[4];
	ff_put_le32(bytes, total);
	return ff_link_send_frame(&loader->link, bytes, sizeof(bytes), error);
}

/* The next packet, which brings the bytes read to `total`. It is acknowledged as soon as it has begun: the stub looks for
 * the acknowledgement only after it has sent the packet, and then need not wait for a round trip. Before a packet has
 * begun the stub may not have taken the acknowledgement of the one before, and of two at once it takes the second for
 * one of a packet that it never sent (esp-flasher-stub 1.1, command_handler.c, s_read_flash_post_process()). A damaged
 * packet is none the better for a late one: it is never sent again. */
static enum ff_status receive_packet(struct ff_loader *loader, uint32_t size, uint32_t total, const uint8_t **frame,
				     struct ff_error *error)
{
	enum ff_status status = explain_silence(
		ff_link_await_frame(&loader->link, PACKET_BEGUN, packet_deadline(loader, size), error), error);
	if (status == FF_OK) {
		status = acknowledge(loader, total, error);
	}
	return status == FF_OK ? receive(loader, size, frame, error) : status;
}

static enum ff_status read_fast(struct ff_loader *loader, const struct ff_flash_read *read, uint8_t *md5,
				struct ff_error *error)
{
	struct ff_command command;
	ff_packet_start(&command, FF_OP_READ_FLASH);
	ff_packet_word(&command, read->offset);
	ff_packet_word(&command, read->size);
	ff_packet_word(&command, PACKET);
	ff_packet_word(&command, WINDOW);
	enum ff_status status = ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, NULL, error);
	const uint8_t *frame = NULL;
	for (uint32_t at = 0; status == FF_OK && at < read->size;) {
		uint32_t size = read->size - at < PACKET ? read->size - at : PACKET;
		status = receive_packet(loader, size, at + size, &frame, error);
		if (status != FF_OK) {
			return status;
		}
		memcpy(read->bytes + at, frame, size);
		at += size;
		read->arrived(read->context, at);
	}
	if (status == FF_OK) {
		status = receive(loader, FF_FLASH_MD5_SIZE, &frame, error);
	}
	if (status == FF_OK) {
		memcpy(md5, frame, FF_FLASH_MD5_SIZE);
	}
	return status;
}

static enum ff_status read_slowly(struct ff_loader *loader, const struct ff_flash_read *read, uint8_t *md5,
				  struct ff_error *error)
{
	for (uint32_t at = 0; at < read->size;) {
		uint32_t size = read->size - at < SLOW_PACKET ? read->size - at : SLOW_PACKET;
		struct ff_command command;
		struct ff_reply reply;
		ff_packet_start(&command, FF_OP_READ_FLASH_SLOW);
		ff_packet_word(&command, read->offset + at);
		ff_packet_word(&command, size);
		/* The answer has 64 bytes, whatever was asked for (esptool 5.3 targets/esp32.py, read_flash_slow()). */
		enum ff_status status =
			ff_loader_call(loader, &command, SLOW_PACKET, FF_LOADER_TIMEOUT_MS, &reply, error);
		if (status != FF_OK) {
			return status;
		}
		memcpy(read->bytes + at, reply.data, size);
		at += size;
		read->arrived(read->context, at);
	}
	return ff_flash_md5(loader, read->offset, read->size, md5, error);
}

enum ff_status ff_flash_read(struct ff_loader *loader, const struct ff_flash_read *read, uint8_t md5[FF_FLASH_MD5_SIZE],
			     struct ff_error *error)
{
	return loader->stub ? read_fast(loader, read, md5, error) : read_slowly(loader, read, md5, error);
}
