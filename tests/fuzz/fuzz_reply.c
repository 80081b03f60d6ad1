// SPDX-License-Identifier: Apache-2.0
/* Whatever a board sends: parsing stays inside its bytes, and a connection, a detection and a checksum end. The port
 * breaks when the input is used up, so that nothing has to wait. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "connect.h"
#include "flash.h"
#include "identify.h"
#include "packet.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

struct input {
	const uint8_t *bytes;
	size_t size;
	size_t piece;
};

static enum ff_status input_read(void *self, uint8_t *bytes, size_t capacity, size_t *got, int64_t deadline_us,
				 struct ff_error *error)
{
	struct input *input = self;
	size_t count = input->size < input->piece ? input->size : input->piece;
	count = count < capacity ? count : capacity;
	if (deadline_us == 0) {
		return FF_ERR_TIMEOUT; /* a look in passing finds nothing */
	}
	if (count == 0) {
		return ff_error_set(error, FF_ERR_LOST, "used up");
	}
	memcpy(bytes, input->bytes, count);
	input->bytes += count;
	input->size -= count;
	*got = count;
	return FF_OK;
}

static enum ff_status input_write(void *self, const uint8_t *bytes, size_t size, int64_t deadline_us,
				  struct ff_error *error)
{
	(void)self;
	(void)bytes;
	(void)deadline_us;
	(void)error;
	CHECK(size > 0);
	return FF_OK;
}

static enum ff_status input_wait(void *self, int64_t deadline_us, struct ff_error *error)
{
	(void)self;
	(void)deadline_us;
	(void)error;
	return FF_OK;
}

static enum ff_status input_set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	(void)self;
	(void)baud;
	(void)deadline_us;
	(void)error;
	return FF_OK;
}

static enum ff_status input_set_lines(void *self, const struct ff_line_step *steps, size_t count,
				      struct ff_error *error)
{
	(void)self;
	(void)steps;
	(void)count;
	(void)error;
	return FF_OK;
}

static int input_poll_fd(void *self)
{
	(void)self;
	return -1;
}

static void input_close(void *self)
{
	(void)self;
}

static void parse(const uint8_t *bytes, size_t size)
{
	static const size_t payloads[] = { 0, 12, 16, 20, 32, 65535 };
	/* A copy of the right size, so that a step beyond it is seen. */
	uint8_t *frame = malloc(size + 1);
	CHECK(frame);
	memcpy(frame, bytes, size);
	struct ff_reply reply;
	if (ff_packet_parse(&reply, frame, size)) {
		CHECK(reply.size == size - FF_PACKET_HEADER_SIZE && reply.data == frame + FF_PACKET_HEADER_SIZE);
		for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
			uint16_t status = 0;
			if (ff_packet_status(&reply, payloads[i], &status) && status == 0) {
				CHECK(reply.size >= payloads[i] + 2);
			}
			CHECK(ff_packet_reason(status) && ff_packet_opcode_name(reply.opcode));
		}
	}
	free(frame);
}

static void converse(const uint8_t *bytes, size_t size, size_t piece)
{
	static const struct ff_transport_ops ops = {
		.read = input_read,
		.write = input_write,
		.drain = input_wait,
		.discard = input_wait,
		.set_baud = input_set_baud,
		.set_lines = input_set_lines,
		.poll_fd = input_poll_fd,
		.close = input_close,
	};
	static const struct ff_link_hooks hooks;
	static struct ff_loader loader;
	struct input input = { .bytes = bytes, .size = size, .piece = piece };
	struct ff_transport transport = { .ops = &ops, .self = &input };
	struct ff_connect_plan plan = { .attempts = 1 };
	struct ff_error error = FF_ERROR_NONE;
	uint8_t md5[FF_FLASH_MD5_SIZE];
	char heard[64];
	ff_loader_init(&loader, &transport, 115200, &hooks);
	enum ff_status status = ff_connect(&loader, &plan, &error);
	if (status == FF_OK) {
		status = ff_connect_detect(&loader, &error);
	}
	if (status == FF_OK) {
		CHECK(loader.chip);
		status = ff_identify(&loader, &error);
	}
	if (status == FF_OK) {
		status = ff_flash_attach(&loader, &error);
	}
	if (status == FF_OK) {
		status = ff_flash_md5(&loader, 0, 4096, md5, &error);
	}
	CHECK(status == error.status || status == FF_OK);
	ff_link_heard(&loader.link, heard, sizeof(heard));
	CHECK(strlen(heard) < sizeof(heard));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 1 || size > 16384) {
		return 0;
	}
	parse(bytes + 1, size - 1);
	converse(bytes + 1, size - 1, bytes[0] % 64 + 1);
	return 0;
}
