// SPDX-License-Identifier: Apache-2.0
/* The engine sends exactly the golden requests and understands the golden answers (tests/golden/frames.txt), to which the
 * virtual board is held as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connect.h"
#include "flash.h"
#include "flash_read.h"
#include "loader.h"
#include "speed.h"
#include "stub.h"
#include "test_link_script.h"

#define LINE_SIZE 1024
#define FRAME_SIZE 256
#define STEPS_MAX 24

struct step {
	bool from_host;
	uint8_t bytes[FRAME_SIZE];
	size_t size;
};

struct exchange {
	struct step steps[STEPS_MAX];
	size_t count;
	size_t at; /* the step that comes next */
};

/* Appends "XX", "XXxN" or "??": an answer may have any byte there, and these are `filler`. */
static void append(struct step *step, const char *word, uint8_t filler)
{
	const char *times = strchr(word, 'x');
	size_t count = times ? strtoul(times + 1, NULL, 10) : 1;
	uint8_t value = word[0] == '?' ? filler : (uint8_t)strtoul(word, NULL, 16);
	assert_true(count <= FRAME_SIZE - step->size);
	memset(step->bytes + step->size, value, count);
	step->size += count;
}

static void take_line(struct exchange *exchange, char *line, uint8_t filler)
{
	char *rest = NULL;
	const char *mark = strtok_r(line, " \n", &rest);
	assert_true(exchange->count < STEPS_MAX);
	struct step *step = &exchange->steps[exchange->count++];
	*step = (struct step){ .from_host = mark[0] == '>' };
	for (const char *word; (word = strtok_r(NULL, " \n", &rest));) {
		append(step, word, filler);
	}
}

/* Reads the exchange with this name; it must be there. */
static void find(struct exchange *exchange, const char *name, uint8_t filler)
{
	FILE *file = fopen(FF_GOLDEN_FRAMES, "re");
	char line[LINE_SIZE];
	bool inside = false;
	assert_non_null(file);
	exchange->count = exchange->at = 0;
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '=') {
			line[strcspn(line, "\n")] = '\0';
			inside = strcmp(line + 2, name) == 0;
		} else if (inside && (line[0] == '>' || line[0] == '<')) {
			take_line(exchange, line, filler);
		}
	}
	fclose(file);
	assert_true(exchange->count >= 2);
}

/* The host has said something: it must be the next request. The answers that follow it are put in front of it. */
static void on_frame(struct script *script, const uint8_t *frame, size_t size)
{
	struct exchange *exchange = script->context;
	(void)frame;
	(void)size;
	assert_true(exchange->at < exchange->count);
	const struct step *step = &exchange->steps[exchange->at++];
	assert_true(step->from_host);
	assert_int_equal(script->wire_size, step->size);
	assert_memory_equal(script->wire, step->bytes, step->size);
	while (exchange->at < exchange->count && !exchange->steps[exchange->at].from_host) {
		step = &exchange->steps[exchange->at++];
		script_put(script, step->bytes, step->size);
	}
}

static const uint8_t content[] = { 0xC0, 0xDB, 0x01, 0x02 };
static const uint8_t stored[] = { 0x78, 0x01, 0x01, 0x04, 0x00, 0xFB, 0xFF, 0xC0,
				  0xDB, 0x01, 0x02, 0x05, 0x99, 0x01, 0x9F };
static const uint8_t md5_of_content[] = { 0x2F, 0x74, 0x41, 0xDE, 0x58, 0x08, 0xE1, 0x90,
					  0x49, 0x85, 0xD9, 0xE1, 0xD5, 0x9C, 0xBA, 0xAA };
static const uint8_t md5_of_erased[] = { 0x6A, 0xE5, 0x9E, 0x64, 0x85, 0x03, 0x77, 0xEE,
					 0x54, 0x70, 0xC8, 0x54, 0x76, 0x15, 0x51, 0xEA };
static const struct ff_flash_write plain = { .offset = 0x1000, .size = 4, .wire = 4 };
static const struct ff_flash_write deflated = { .offset = 0x2000, .size = 4, .wire = sizeof(stored), .deflated = true };

static void do_sync(struct ff_loader *loader)
{
	bool stub = loader->stub;
	assert_int_equal(ff_connect_sync(loader, 1, NULL), FF_OK);
	assert_int_equal(loader->stub, stub);
}

static void do_read_reg(struct ff_loader *loader)
{
	uint32_t value = 0;
	assert_int_equal(ff_loader_read_register(loader, 0x40001000, &value, NULL), FF_OK);
	assert_int_equal(value, loader->chip->magic ? loader->chip->magic : 0x1B31506F);
}

static void do_write_reg(struct ff_loader *loader)
{
	assert_int_equal(ff_loader_write_register(loader, 0x3FFE0000, 0x12345678, NULL), FF_OK);
}

static void do_flash_begin(struct ff_loader *loader)
{
	assert_int_equal(ff_flash_begin(loader, &plain, NULL), FF_OK);
}

static void do_flash_data(struct ff_loader *loader)
{
	assert_int_equal(ff_flash_send(loader, &plain, 0, content, sizeof(content), NULL), FF_OK);
	assert_int_equal(ff_flash_acknowledge(loader, &plain, sizeof(content), NULL), FF_OK);
}

static void do_flash_end(struct ff_loader *loader)
{
	assert_int_equal(ff_flash_end(loader, &plain, NULL), FF_OK);
}

static void do_deflate_begin(struct ff_loader *loader)
{
	assert_int_equal(ff_flash_begin(loader, &deflated, NULL), FF_OK);
}

static void do_deflate_data(struct ff_loader *loader)
{
	assert_int_equal(ff_flash_send(loader, &deflated, 0, stored, sizeof(stored), NULL), FF_OK);
	assert_int_equal(ff_flash_acknowledge(loader, &deflated, sizeof(content), NULL), FF_OK);
}

static void do_deflate_end(struct ff_loader *loader)
{
	assert_int_equal(ff_flash_end(loader, &deflated, NULL), FF_OK);
}

static void do_md5(struct ff_loader *loader)
{
	uint8_t md5[FF_FLASH_MD5_SIZE];
	assert_int_equal(ff_flash_md5(loader, 0x3000, 0x1000, md5, NULL), FF_OK);
	assert_memory_equal(md5, md5_of_erased, sizeof(md5));
}

static void arrived(void *context, uint32_t count)
{
	*(uint32_t *)context = count;
}

static void do_read_flash(struct ff_loader *loader)
{
	uint8_t bytes[sizeof(content)];
	uint8_t md5[FF_FLASH_MD5_SIZE];
	uint32_t count = 0;
	const struct ff_flash_read read = {
		.size = sizeof(bytes), .bytes = bytes, .arrived = arrived, .context = &count
	};
	assert_int_equal(ff_flash_read(loader, &read, md5, NULL), FF_OK);
	assert_int_equal(count, sizeof(bytes));
	assert_memory_equal(bytes, content, sizeof(bytes));
	assert_memory_equal(md5, md5_of_content, sizeof(md5));
}

static void do_erase_region(struct ff_loader *loader)
{
	assert_int_equal(ff_flash_erase(loader, 0x5000, 0x1000, NULL), FF_OK);
}

static void do_erase_flash(struct ff_loader *loader)
{
	assert_int_equal(ff_flash_erase_chip(loader, NULL), FF_OK);
}

static void do_run_stub(struct ff_loader *loader)
{
	uint8_t text[sizeof(content)];
	memcpy(text, content, sizeof(text));
	const struct ff_stub stub = {
		.entry = 0x40090000,
		.text = { .address = 0x40090000, .bytes = text, .size = sizeof(text) },
	};
	assert_int_equal(ff_speed_run_stub(loader, &stub, NULL), FF_OK);
	assert_true(loader->stub);
}

static void do_security_info(struct ff_loader *loader)
{
	assert_int_equal(ff_connect_detect(loader, NULL), FF_OK);
	assert_string_equal(loader->chip->name, "ESP32-C3");
}

static const struct row {
	const char *name;
	void (*work)(struct ff_loader *loader);
} rows[] = {
	{ "esp32 rom sync", do_sync },
	{ "esp32 rom read_reg", do_read_reg },
	{ "esp32 rom write_reg", do_write_reg },
	{ "esp32 rom flash_begin", do_flash_begin },
	{ "esp32 rom flash_data", do_flash_data },
	{ "esp32 rom deflate_begin", do_deflate_begin },
	{ "esp32 rom deflate_data", do_deflate_data },
	{ "esp32 rom md5", do_md5 },
	{ "esp32 rom read_flash_slow", do_read_flash },
	{ "esp32 rom run_stub", do_run_stub },
	{ "esp32c3 rom security_info", do_security_info },
	{ "esp32c3 rom flash_begin", do_flash_begin },
	{ "esp32c3 rom deflate_begin", do_deflate_begin },
	{ "esp32c3 stub sync", do_sync },
	{ "esp32c3 stub read_reg", do_read_reg },
	{ "esp32c3 stub write_reg", do_write_reg },
	{ "esp32c3 stub security_info", do_security_info },
	{ "esp32c3 stub flash_begin", do_flash_begin },
	{ "esp32c3 stub flash_data", do_flash_data },
	{ "esp32c3 stub flash_end", do_flash_end },
	{ "esp32c3 stub deflate_begin", do_deflate_begin },
	{ "esp32c3 stub deflate_data", do_deflate_data },
	{ "esp32c3 stub deflate_end", do_deflate_end },
	{ "esp32c3 stub md5", do_md5 },
	{ "esp32c3 stub erase_region", do_erase_region },
	{ "esp32c3 stub read_flash", do_read_flash },
	{ "esp32c3 stub erase_flash", do_erase_flash },
};

static void check(const struct row *row, uint8_t filler)
{
	static struct script script;
	static struct ff_loader loader;
	static struct exchange exchange;
	static const struct ff_link_hooks hooks;
	print_message("%s\n", row->name);
	find(&exchange, row->name, filler);
	script_init(&script, on_frame, &exchange);
	ff_loader_init(&loader, &script.transport, 115200, &hooks);
	loader.chip = ff_chip_by_name(strncmp(row->name, "esp32c3", 7) == 0 ? "ESP32-C3" : "ESP32");
	loader.stub = strstr(row->name, " stub ") != NULL;
	row->work(&loader);
	assert_int_equal(exchange.at, exchange.count);
}

static void test_golden_frames__of_the_engine(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check(&rows[i], 0x00);
		check(&rows[i], 0x5A);
	}
}

/* ---- requests that come among others ---- */

static struct ff_loader loader_among;

/* Answers whatever is asked, as a chip with a flash of 4 MB, and looks for the request in between. */
static void on_frame_among(struct script *script, const uint8_t *frame, size_t size)
{
	struct exchange *exchange = script->context;
	const struct step *step = &exchange->steps[0];
	static const uint8_t good[4];
	assert_true(size >= 8);
	if (script->wire_size == step->size && memcmp(script->wire, step->bytes, step->size) == 0) {
		exchange->at++;
	}
	uint32_t value = 0;
	if (frame[1] == 0x08 && !loader_among.stub) {
		value = 0x20120707;
	} else if (frame[1] == 0x0A) {
		/* The controller's command register says that it is done; everything else holds the flash's id. */
		uint32_t address = frame[8] | frame[9] << 8 | frame[10] << 16 | (uint32_t)frame[11] << 24;
		value = address == loader_among.chip->spi_base ? 0 : 0x1640EF;
	}
	for (int replies = frame[1] == 0x08 ? 8 : 1; replies > 0; replies--) {
		script_put_reply(script, frame[1], value, NULL, 0, good, loader_among.stub ? 2 : 4);
	}
}

static void look_for(const char *name, enum ff_status (*work)(struct ff_loader *loader))
{
	static struct script script;
	static struct exchange exchange;
	static const struct ff_link_hooks hooks;
	print_message("%s\n", name);
	find(&exchange, name, 0);
	script_init(&script, on_frame_among, &exchange);
	ff_loader_init(&loader_among, &script.transport, 115200, &hooks);
	loader_among.chip = ff_chip_by_name(strncmp(name, "esp32c3", 7) == 0 ? "ESP32-C3" : "ESP32");
	loader_among.stub = strstr(name, " stub ") != NULL;
	assert_int_equal(work(&loader_among), FF_OK);
	assert_int_equal(exchange.at, 1);
}

static enum ff_status attach(struct ff_loader *loader)
{
	return ff_flash_attach(loader, NULL);
}

static enum ff_status change_baud(struct ff_loader *loader)
{
	return ff_speed_set_baud(loader, 230400, NULL);
}

static void test_golden_frames__among_others(void **state)
{
	(void)state;
	look_for("esp32 rom spi_attach", attach);
	look_for("esp32 rom spi_set_params", attach);
	look_for("esp32c3 rom spi_attach", attach);
	look_for("esp32c3 rom change_baud", change_baud);
	look_for("esp32c3 stub spi_attach", attach);
	look_for("esp32c3 stub spi_set_params", attach);
	look_for("esp32c3 stub change_baud", change_baud);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_frames__of_the_engine),
		cmocka_unit_test(test_golden_frames__among_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
