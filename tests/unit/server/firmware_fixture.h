// SPDX-License-Identifier: Apache-2.0
/* A firmware store in a directory of its own, for the tests of what it keeps. Failures end the test. */
#ifndef FF_TEST_FIRMWARE_FIXTURE_H
#define FF_TEST_FIRMWARE_FIXTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "firmware.h"

/* FIPS 180-2, appendix B.1: the digest of "abc". */
#define FF_SHA_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* A quota of more than any test stores, in bytes. */
#define FF_FIRMWARE_FIXTURE_LARGE ((uint64_t)1 << 40)

struct ff_firmware_fixture {
	char data_dir[64];
	struct ff_firmware_store *store;
	atomic_uint notified; /* how often the store has told that an image is settled */
};

/* For cmocka: the state is the fixture. Its store has more room than any test needs, and trims. */
int ff_firmware_fixture_set_up(void **state);
int ff_firmware_fixture_tear_down(void **state);

/* Opens the store, which is closed, with a quota in bytes. */
void ff_firmware_fixture_open(struct ff_firmware_fixture *fixture, uint64_t quota);
void ff_firmware_fixture_close(struct ff_firmware_fixture *fixture);
void ff_firmware_fixture_reopen(struct ff_firmware_fixture *fixture, uint64_t quota);

/* Of the whole data directory. */
unsigned ff_firmware_fixture_count_files(const struct ff_firmware_fixture *fixture);

/* An upload of the text, so many times over, that has not ended. */
struct ff_upload *ff_firmware_fixture_upload(struct ff_firmware_fixture *fixture, const char *text, unsigned repeat);

/* A reference to an image that is ready. */
struct ff_firmware *ff_firmware_fixture_store(struct ff_firmware_fixture *fixture, const char *text, unsigned repeat);

/* Stores an image that nobody uses, and tells its hash. */
void ff_firmware_fixture_leave(struct ff_firmware_fixture *fixture, const char *text, char sha256[FF_SHA256_HEX_SIZE]);

/* Whether the store lists it. */
bool ff_firmware_fixture_has(struct ff_firmware_fixture *fixture, const char *sha256);

/* Files of the store's folder, by their names in it. */
void ff_firmware_fixture_path_of(const struct ff_firmware_fixture *fixture, const char *name, char path[256]);
bool ff_firmware_fixture_file_exists(const struct ff_firmware_fixture *fixture, const char *name);
void ff_firmware_fixture_write_file(const struct ff_firmware_fixture *fixture, const char *name, const char *text);

/* The last use as the file tells it, which is all that outlives the process, in seconds since 1970. */
void ff_firmware_fixture_set_use(const struct ff_firmware_fixture *fixture, const char *sha256, int64_t seconds);

#endif
