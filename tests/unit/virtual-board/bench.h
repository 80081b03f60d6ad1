// SPDX-License-Identifier: Apache-2.0
/* A chip on the bench: a fresh flash, a wire that records what it sends, and a clock that the test turns. */
#ifndef FF_VB_BENCH_H
#define FF_VB_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "soc.h"

#define BENCH_FLASH_SIZE (4u << 20)
#define BENCH_OUT_MAX 65536u
#define BENCH_STUB_ENTRY 0x40090004u
#define BENCH_STUB_TEXT 0x40090000u
#define BENCH_STUB_DATA 0x3FFC0000u
#define MS INT64_C(1000000)

struct bench {
	struct ff_soc *soc;
	struct ff_nor *nor;
	struct ff_known_stubs stubs;
	char dir[64];
	int64_t now;
	bool io0_low;
	unsigned unplugged; /* how often the chip has taken its port away */
	bool paced;
	int64_t line_idle;
	uint8_t out[BENCH_OUT_MAX]; /* what the chip has sent and the test has not taken */
	size_t out_size;
	int64_t sent_at; /* start of the last send */
};

/* The first 32 bytes of the key of a chip that is opened with one. */
#define BENCH_KEY "farflash's own key of 32 bytes.."

/* A chip that waits for a download; its boot log is dropped. The bench knows one stub: 8 bytes "textTEXT" at
 * BENCH_STUB_TEXT and 4 bytes "data" at BENCH_STUB_DATA. */
void bench_open(struct bench *bench, const char *chip, bool real_timing);

/* The same of a chip whose security state is another one. */
void bench_open_locked(struct bench *bench, const char *chip, const struct ff_security *security);

/* The same of a chip on a USB port, `usb` as --usb has it. */
void bench_open_usb(struct bench *bench, const char *chip, const char *usb);

void bench_close(struct bench *bench);

/* Lets time pass. */
void bench_wait(struct bench *bench, int64_t ns);

/* Bytes as they are, at once. */
void bench_feed(struct bench *bench, const void *bytes, size_t size);

/* Sends the SYNC that the protocol page prints, all of its 46 bytes. */
void bench_sync(struct bench *bench);

/* Tells the chip where its flash is and how large, as a client does before it touches it. */
void bench_attach(struct bench *bench);

/* One command, framed; its answer is in bench->out unless it takes time. */
void bench_send(struct bench *bench, uint8_t op, const void *data, size_t size, uint32_t checksum);

/* The same with 32-bit words as data. */
void bench_send_words(struct bench *bench, uint8_t op, size_t count, const uint32_t *words);
#define bench_words(bench, op, ...) \
	bench_send_words(bench, op, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4, (const uint32_t[]){ __VA_ARGS__ })

/* A data command with its header of four words and the right checksum. */
void bench_block(struct bench *bench, uint8_t op, const void *bytes, uint32_t size, uint32_t sequence);

/* Whether the chip has sent exactly these bytes since the last look. */
void bench_expect(struct bench *bench, const void *bytes, size_t size);
#define bench_expect_hex(bench, ...) \
	bench_expect(bench, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* Whether it has sent nothing. */
void bench_expect_silence(struct bench *bench);

/* Drops what it has sent. */
void bench_drop(struct bench *bench);

/* Whether it has sent this text. */
bool bench_printed(const struct bench *bench, const char *text);

/* Uploads the stub that the bench knows, but with `last` for its last byte, and jumps to `entry`. */
void bench_upload_stub(struct bench *bench, uint8_t last, uint32_t entry);

/* The same with everything right, up to its OHAI. */
void bench_start_stub(struct bench *bench);

#endif
