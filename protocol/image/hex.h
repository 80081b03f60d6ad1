// SPDX-License-Identifier: Apache-2.0
/* Intel HEX. Pure functions; any thread. Source: Intel, "Hexadecimal Object File Format Specification", revision A
 * (1988): record types 0 to 5, all of which are read; 0, 1 and 4 are written. */
#ifndef FF_IMAGE_HEX_H
#define FF_IMAGE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "segments.h"
#include "sink.h"

/* True if the bytes begin as only Intel HEX does: a colon and the eight digits of a record's head. */
bool ff_hex_is(const uint8_t *bytes, size_t size);

/* Reads a whole file into `segments` (after init; finish is done here). Start addresses are checked and dropped: they
 * mean nothing in flash. Text behind the end record is refused, and so is a file without one: it is not complete.
 * Errors: FF_ERR_FORMAT (with the line), and those of ff_segments_add() and ff_segments_finish(). */
FF_WARN_UNUSED enum ff_status ff_hex_read(struct ff_segments *segments, const uint8_t *bytes, size_t size,
					  struct ff_error *error);

/* A file in the making. */
struct ff_hex_writer {
	struct ff_sink sink;
	uint32_t base; /* upper half of the address as last written */
	bool begun;
};

/* Writes bytes at an address, in records of at most 16. Errors: FF_ERR_ARGUMENT (past 4 GiB), and the sink's. */
FF_WARN_UNUSED enum ff_status ff_hex_write(struct ff_hex_writer *writer, uint32_t address, const uint8_t *bytes,
					   size_t size, struct ff_error *error);

/* Writes the end record. Errors: the sink's. */
FF_WARN_UNUSED enum ff_status ff_hex_end(struct ff_hex_writer *writer, struct ff_error *error);

#endif
