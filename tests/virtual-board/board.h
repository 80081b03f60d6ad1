// SPDX-License-Identifier: Apache-2.0
/* The whole board: the port that clients reach, the two directions of its serial line, the reset circuit, and the chip
 * with its flash, or a loopback plug in its place. One loop moves them through time.
 *
 * run; one thread. */
#ifndef FF_VB_BOARD_H
#define FF_VB_BOARD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <farflash/status.h>

#include "bus.h"
#include "fault.h"
#include "model.h"
#include "usb.h"

/* Where the chip starts when it gets power. AUTO: where there are control lines the application, as on any board; without
 * them the download mode, as if somebody held the BOOT button. A USB port has lines on a pty too. */
enum ff_board_boot { FF_BOARD_BOOT_AUTO, FF_BOARD_BOOT_APP, FF_BOARD_BOOT_DOWNLOAD };

struct ff_board_options {
	const char *listen; /* rfc2217:..., raw:..., pty:... */
	bool real_timing;
	bool echo; /* a loopback plug instead of a chip; all below is unused */
	const struct ff_model *model;
	const char *flash_path;
	uint32_t flash_size;
	uint32_t flash_id; /* JEDEC id, first byte lowest; 0: the one of its size */
	enum ff_board_boot boot;
	const char *app_text;
	const char *stub_dir;
	struct ff_identity identity;
	struct ff_usb usb;
	struct ff_faults faults;
};

/* Runs the board until `stop_fd` polls readable. Prints "listening on ADDRESS" to `out` once clients can come, and
 * "stopped" at the end. */
FF_WARN_UNUSED enum ff_status ff_board_run(const struct ff_board_options *options, int stop_fd, FILE *out,
					   struct ff_error *error);

#endif
