// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "timing.h"

static void put32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++) {
		p[i] = (uint8_t)(value >> (8 * i));
	}
}

static int64_t on_send(void *context, const uint8_t *bytes, size_t size, int64_t start, uint32_t baud)
{
	struct bench *bench = context;
	assert_true(size <= sizeof(bench->out) - bench->out_size);
	memcpy(bench->out + bench->out_size, bytes, size);
	bench->out_size += size;
	bench->sent_at = start;
	if (!bench->paced) {
		return start;
	}
	bench->line_idle =
		(bench->line_idle > start ? bench->line_idle : start) + (int64_t)size * 10 * 1000 * MS / baud;
	return bench->line_idle;
}

static bool on_io0_low(void *context)
{
	const struct bench *bench = context;
	return bench->io0_low;
}

static void on_unplug(void *context)
{
	struct bench *bench = context;
	bench->unplugged++;
}

static void write_stub(const struct bench *bench, const char *chip)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s.json", bench->dir, chip);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file,
		"{\"entry\": %u, \"text\": \"dGV4dFRFWFQ=\", \"text_start\": %u, \"data\": \"ZGF0YQ==\", "
		"\"data_start\": %u, \"bss_start\": 0}",
		BENCH_STUB_ENTRY, BENCH_STUB_TEXT, BENCH_STUB_DATA);
	fclose(file);
}

static void open_chip(struct bench *bench, const struct ff_model *model, bool real_timing,
		      const struct ff_security *security, const struct ff_usb *usb)
{
	const char *chip = model->name;
	*bench = (struct bench){ .dir = "/tmp/farflash-bench-XXXXXX", .paced = real_timing };
	assert_non_null(mkdtemp(bench->dir));
	write_stub(bench, chip);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_known_stubs_load(&bench->stubs, model, model->default_revision, bench->dir, &error), FF_OK);
	char path[128];
	snprintf(path, sizeof(path), "%s/flash.bin", bench->dir);
	assert_int_equal(ff_nor_open(&bench->nor, path, BENCH_FLASH_SIZE, &error), FF_OK);
	struct ff_soc_options options = {
		.model = model,
		.nor = bench->nor,
		.stubs = &bench->stubs,
		.timing = real_timing ? &ff_timing_real : &ff_timing_fast,
		.identity = { .mac = { 0x24, 0x0A, 0xC4, 0x12, 0x34, 0x56 },
			      .revision = model->default_revision,
			      .security = *security },
		.usb = *usb,
		.app_text = "hello",
		.line = { .context = bench, .io0_low = on_io0_low, .send = on_send, .unplug = on_unplug },
	};
	bench->soc = ff_soc_new(&options);
	assert_non_null(bench->soc);
	ff_soc_start(bench->soc, true, bench->now);
	bench_wait(bench, 100 * MS);
	bench_drop(bench);
}

void bench_open(struct bench *bench, const char *chip, bool real_timing)
{
	const struct ff_model *model = ff_model_find(chip);
	assert_non_null(model);
	open_chip(bench, model, real_timing, &(struct ff_security){ 0 }, &(struct ff_usb){ 0 });
}

void bench_open_locked(struct bench *bench, const char *chip, const struct ff_security *security)
{
	const struct ff_model *model = ff_model_find(chip);
	assert_non_null(model);
	open_chip(bench, model, false, security, &(struct ff_usb){ 0 });
}

void bench_open_usb(struct bench *bench, const char *chip, const char *usb)
{
	const struct ff_model *model = ff_model_find(chip);
	struct ff_error error = FF_ERROR_NONE;
	struct ff_usb port;
	assert_non_null(model);
	assert_int_equal(ff_usb_parse(&port, usb, &error), FF_OK);
	assert_int_equal(ff_usb_check(&port, model, &error), FF_OK);
	open_chip(bench, model, false, &(struct ff_security){ 0 }, &port);
}

void bench_close(struct bench *bench)
{
	char command[128];
	ff_soc_free(bench->soc);
	ff_nor_close(bench->nor);
	ff_known_stubs_release(&bench->stubs);
	snprintf(command, sizeof(command), "rm -r %s", bench->dir);
	assert_int_equal(system(command), 0);
}

void bench_wait(struct bench *bench, int64_t ns)
{
	bench->now += ns;
	ff_soc_advance(bench->soc, bench->now);
}

void bench_feed(struct bench *bench, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		(void)ff_soc_tune(bench->soc, 115200);
		ff_soc_receive(bench->soc, ((const uint8_t *)bytes)[i], bench->now);
	}
	ff_soc_advance(bench->soc, bench->now);
}

void bench_sync(struct bench *bench)
{
	static const uint8_t frame[] = "\xC0\x00\x08\x24\x00\x00\x00\x00\x00\x07\x07\x12\x20"
				       "UUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUU\xC0";
	bench_feed(bench, frame, sizeof(frame) - 1);
}

void bench_send(struct bench *bench, uint8_t op, const void *data, size_t size, uint32_t checksum)
{
	uint8_t packet[8 + 0x5000] = { 0x00, op, (uint8_t)size, (uint8_t)(size >> 8) };
	assert_true(size <= sizeof(packet) - 8);
	put32(packet + 4, checksum);
	if (size > 0) {
		memcpy(packet + 8, data, size);
	}
	bench_feed(bench, "\xC0", 1);
	for (size_t i = 0; i < 8 + size; i++) {
		if (packet[i] == 0xC0) {
			bench_feed(bench, "\xDB\xDC", 2);
		} else if (packet[i] == 0xDB) {
			bench_feed(bench, "\xDB\xDD", 2);
		} else {
			bench_feed(bench, packet + i, 1);
		}
	}
	bench_feed(bench, "\xC0", 1);
}

void bench_send_words(struct bench *bench, uint8_t op, size_t count, const uint32_t *words)
{
	uint8_t data[64];
	assert_true(count <= sizeof(data) / 4);
	for (size_t i = 0; i < count; i++) {
		put32(data + 4 * i, words[i]);
	}
	bench_send(bench, op, data, 4 * count, 0);
}

void bench_block(struct bench *bench, uint8_t op, const void *bytes, uint32_t size, uint32_t sequence)
{
	uint8_t data[16 + 0x4800] = { 0 };
	assert_true(size <= sizeof(data) - 16);
	put32(data, size);
	put32(data + 4, sequence);
	memcpy(data + 16, bytes, size);
	uint8_t checksum = 0xEF;
	for (uint32_t i = 0; i < size; i++) {
		checksum ^= data[16 + i];
	}
	bench_send(bench, op, data, 16 + size, checksum);
}

void bench_expect(struct bench *bench, const void *bytes, size_t size)
{
	assert_int_equal(bench->out_size, size);
	assert_memory_equal(bench->out, bytes, size);
	bench->out_size = 0;
}

void bench_expect_silence(struct bench *bench)
{
	assert_int_equal(bench->out_size, 0);
}

void bench_drop(struct bench *bench)
{
	bench->out_size = 0;
}

bool bench_printed(const struct bench *bench, const char *text)
{
	return memmem(bench->out, bench->out_size, text, strlen(text)) != NULL;
}

void bench_upload_stub(struct bench *bench, uint8_t last, uint32_t entry)
{
	uint8_t data[4] = { 'd', 'a', 't', last };
	bench_words(bench, 0x05, 8, 1, 0x1800, BENCH_STUB_TEXT);
	bench_block(bench, 0x07, "textTEXT", 8, 0);
	bench_words(bench, 0x05, 4, 1, 0x1800, BENCH_STUB_DATA);
	bench_block(bench, 0x07, data, 4, 0);
	bench_drop(bench);
	bench_words(bench, 0x06, 0, entry);
}

void bench_start_stub(struct bench *bench)
{
	bench_upload_stub(bench, 'a', BENCH_STUB_ENTRY);
	bench_wait(bench, 100 * MS);
	static const uint8_t ohai[] = { 0xC0, 'O', 'H', 'A', 'I', 0xC0 };
	assert_true(bench->out_size > sizeof(ohai));
	assert_memory_equal(bench->out + bench->out_size - sizeof(ohai), ohai, sizeof(ohai));
	bench_drop(bench);
}

void bench_attach(struct bench *bench)
{
	bench_words(bench, 0x0D, 0, 0);
	bench_words(bench, 0x0B, 0, BENCH_FLASH_SIZE, 0x10000, 0x1000, 0x100, 0xFFFF);
	bench_drop(bench);
}
