// SPDX-License-Identifier: Apache-2.0
/* A board, a folder for its stub and an image to write, for the tests of the flasher. One per test. */
#ifndef TEST_FLASHER_FIXTURE_H
#define TEST_FLASHER_FIXTURE_H

#include <farflash/flasher.h>

#include "test_loader_chip.h"

#define FIXTURE_SIZE 100001

struct fixture {
	struct chip chip;
	struct ff_flasher *flasher;
	char stub_dir[32];
	uint8_t image[FIXTURE_SIZE];
	size_t fails_from; /* source: reads from here on fail */
	unsigned changes_at_read;
	unsigned reads;
	struct ff_progress last;
	enum ff_phase order[64];
	size_t order_count;
	uint64_t cancel_at; /* bytes written, erased or read; 0: never */
	char log[4096];
	char notes[2048]; /* a line each */
	unsigned retries[FF_RETRY_COUNT];
};

extern struct fixture *fixture;

int fixture_set_up(void **state);

int fixture_tear_down(void **state);

/* Puts NAME.json into the folder of the stubs. */
void fixture_put_stub(const char *name, const char *json);

/* Opens the board, whose chip the test has made. */
enum ff_status fixture_try_open(enum ff_before before, bool no_stub, uint32_t baud, struct ff_error *error);

/* Makes a chip and opens the board, through its stub or its ROM; expects success. */
void fixture_open(enum chip_kind kind, bool stub);

/* The same for a chip that the test has made. */
void fixture_open_chip(bool stub);

/* Closes it with a reset; expects success. */
void fixture_close(void);

/* The first `size` bytes of the image, for a flash address. */
struct ff_region fixture_region(uint32_t offset, uint64_t size);

/* Writes the whole image to 0x10000. */
enum ff_status fixture_write(const struct ff_write_options *options, struct ff_write_report *report,
			     struct ff_error *error);

/* Expects the image at a flash address, and nothing before it. */
void fixture_expect_image(uint32_t offset, size_t size);

#endif
