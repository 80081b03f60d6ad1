// SPDX-License-Identifier: Apache-2.0
/* What goes over the wire, as lines for people: the name of a command and of its fields, a reply's status and what it means,
 * bytes in hex. Of more than FF_TRACE_SHOWN bytes the first are shown, and how many there are.
 *
 *     FLASH_DEFL_BEGIN size=0x1000 blocks=1 block_size=0x4000 offset=0x10000 encrypt=0
 *     FLASH_DEFL_DATA size=0x123 seq=0 checksum=5a data=78da9d5b... (291 bytes)
 *     READ_REG value=0x00f01d83 ok
 *     FLASH_DATA 0107 checksum error
 *
 * Pure: bytes in, text out; any thread. A line always ends with its zero, and has no line end. */
#ifndef FF_LOADER_TRACE_H
#define FF_LOADER_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/transport.h>

#include "packet.h"

#define FF_TRACE_LINE_SIZE 400 /* with room for a time and a board's name in a line of the log */
#define FF_TRACE_SHOWN 64

/* A command, as it is about to be sent. */
void ff_trace_command(char line[FF_TRACE_LINE_SIZE], const struct ff_command *command);

/* A decoded frame that came: a reply, or whatever else it is. */
void ff_trace_received(char line[FF_TRACE_LINE_SIZE], const uint8_t *frame, size_t size);

/* A frame that is no command. */
void ff_trace_frame(char line[FF_TRACE_LINE_SIZE], const uint8_t *frame, size_t size);

/* Bytes outside frames, as text: boot logs, noise. */
void ff_trace_raw(char line[FF_TRACE_LINE_SIZE], const uint8_t *bytes, size_t size);

/* A step of a reset sequence: "DTR=0 RTS=1 hold=100ms"; a line that stays as it is has a "-". */
void ff_trace_step(char line[FF_TRACE_LINE_SIZE], const struct ff_line_step *step);

#endif
