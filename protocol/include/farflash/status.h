// SPDX-License-Identifier: Apache-2.0
/* Results of every call in libfarflash, and the error record that travels with them.
 *
 * A function that can fail returns enum ff_status and writes its out-parameters only on success. From the loader
 * upward a caller-owned struct ff_error goes along: the first failure writes it, later ones leave it alone, so that
 * the root cause survives clean-up. Both are plain values without locks: one record belongs to one thread at a time. */
#ifndef FARFLASH_STATUS_H
#define FARFLASH_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* X(constant, stable code for machines, text for people) */
#define FF_STATUS_MAP(X) \
	X(FF_OK, "ok", "done") \
	X(FF_ERR_ARGUMENT, "invalid-argument", "an argument is not valid") \
	X(FF_ERR_NO_MEMORY, "no-memory", "out of memory") \
	X(FF_ERR_IO, "io-error", "input or output failed") \
	X(FF_ERR_TIMEOUT, "timeout", "no answer in time") \
	X(FF_ERR_CANCELLED, "cancelled", "cancelled by the caller") \
	X(FF_ERR_NOT_FOUND, "port-not-found", "there is no such port") \
	X(FF_ERR_DENIED, "port-denied", "no permission to open the port") \
	X(FF_ERR_BUSY, "port-busy", "the port is in use by another program") \
	X(FF_ERR_UNREACHABLE, "unreachable", "the host or port of the board cannot be reached") \
	X(FF_ERR_LOST, "board-lost", "the port of the board went away") \
	X(FF_ERR_NO_ANSWER, "no-answer", "the board does not answer the bootloader protocol") \
	X(FF_ERR_PROTOCOL, "protocol-error", "the board sent a reply that makes no sense") \
	X(FF_ERR_REFUSED, "command-refused", "the bootloader refused a command") \
	X(FF_ERR_UNSUPPORTED, "unsupported", "this board or port cannot do that") \
	X(FF_ERR_UNKNOWN_CHIP, "unknown-chip", "the chip is not one that farflash knows") \
	X(FF_ERR_EMPTY, "empty-image", "the image is empty") \
	X(FF_ERR_ALIGNMENT, "unaligned-offset", "the offset is not aligned to a flash sector") \
	X(FF_ERR_OVERLAP, "overlapping-regions", "two regions overlap") \
	X(FF_ERR_TOO_LARGE, "too-large", "the image does not fit") \
	X(FF_ERR_FORMAT, "bad-format", "the file is not in the expected format") \
	X(FF_ERR_WRONG_CHIP, "wrong-chip", "the image is for another chip") \
	X(FF_ERR_WRONG_REVISION, "wrong-revision", "the image is for another revision of the chip") \
	X(FF_ERR_VERIFY, "verify-failed", "the flash does not hold what was written") \
	X(FF_ERR_NO_SPACE, "no-space", "no space left on the disk") \
	X(FF_ERR_PROTECTED, "protected", "the chip's protections make this dangerous or useless") \
	X(FF_ERR_TEST, "test-failed", "the board did not pass the test") /* farflashd's; the library does not test */ \
	X(FF_ERR_POWER, "power-failed", "the board's power could not be switched") /* farflashd's as well */ \
	X(FF_ERR_NO_BOARD, "no-board-free", "no board was free in time")           /* and this one */

enum ff_status {
#define FF_STATUS_ENUM(name, code, text) name,
	FF_STATUS_MAP(FF_STATUS_ENUM)
#undef FF_STATUS_ENUM
		FF_STATUS_COUNT
};

#define FF_WARN_UNUSED __attribute__((warn_unused_result))
#define FF_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))

#define FF_ERROR_TEXT_SIZE 320

/* What went wrong, for the program (status, sys_errno, rom_code) and for the reader (text, one sentence or two without
 * a final full stop). Start from FF_ERROR_NONE. */
struct ff_error {
	enum ff_status status;
	int sys_errno; /* errno of the failed system call, 0 where there was none */
	int rom_code;  /* status byte pair of the ROM or stub as 0xSSEE, -1 where no board refused anything */
	char text[FF_ERROR_TEXT_SIZE];
};

#define FF_ERROR_NONE \
	{ \
		FF_OK, 0, -1, "" \
	}

/* Stable kebab-case code, for JSON and scripts ("verify-failed"). Never NULL. Any thread. */
const char *ff_status_code(enum ff_status status);

/* A short English phrase ("the flash does not hold what was written"). Never NULL. Any thread. */
const char *ff_status_text(enum ff_status status);

/* Empties a record so that it can be used again. */
void ff_error_clear(struct ff_error *error);

/* Records a failure unless the record holds one already, and returns `status` either way, so that callers write
 * `return ff_error_set(...)`. `error` may be NULL. Texts longer than FF_ERROR_TEXT_SIZE are cut. */
enum ff_status ff_error_set(struct ff_error *error, enum ff_status status, const char *format, ...) FF_PRINTF(3, 4);

/* The same for a failed system call: keeps `sys_errno` and appends ": " and its text. */
enum ff_status ff_error_set_errno(struct ff_error *error, enum ff_status status, int sys_errno, const char *format, ...)
	FF_PRINTF(4, 5);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
