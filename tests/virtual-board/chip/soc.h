// SPDX-License-Identifier: Apache-2.0
/* The chip: one processor with its own time that runs the ROM, the stub or an application, one UART, and the flash.
 *
 * new/free; one thread. The chip does nothing by itself: its owner hands it bytes as they arrive and lets time pass. The
 * processor's time never runs ahead of a byte that might interrupt it, so all that depends on order (an acknowledgement
 * before a write, a frame lost because both buffers are full) comes out the same however late the owner calls.
 *
 * Times are nanoseconds of any one clock that never steps back. */
#ifndef FF_VB_SOC_H
#define FF_VB_SOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus.h"
#include "known_stubs.h"
#include "model.h"
#include "nor.h"
#include "timing.h"
#include "usb.h"

#define FF_SOC_NEVER INT64_MAX

/* What is at the chip's pins. */
struct ff_soc_line {
	void *context;
	/* Whether IO0 is low, for a reset that samples it again. */
	bool (*io0_low)(void *context);
	/* Takes bytes that the chip starts to send at `start`; answers when the last one will have left. */
	int64_t (*send)(void *context, const uint8_t *bytes, size_t size, int64_t start, uint32_t baud);
	/* The chip resets and its USB port goes away; the owner lets it come back. Only where options.usb.reenumerates. */
	void (*unplug)(void *context);
};

struct ff_soc_options {
	const struct ff_model *model;
	struct ff_nor *nor;                 /* borrowed */
	const struct ff_known_stubs *stubs; /* borrowed */
	const struct ff_timing *timing;     /* borrowed */
	struct ff_identity identity;
	struct ff_usb usb;
	const char *app_text; /* borrowed: what the application prints */
	struct ff_soc_line line;
};

struct ff_soc;

/* A chip without power. NULL when out of memory. */
struct ff_soc *ff_soc_new(const struct ff_soc_options *options);

void ff_soc_free(struct ff_soc *soc);

/* EN falls: everything stops, RAM is lost. */
void ff_soc_stop(struct ff_soc *soc);

/* EN rises: the ROM starts, with IO0 low when `download`. */
void ff_soc_start(struct ff_soc *soc, bool download, int64_t now);

/* A reset by watchdog or brown-out: it samples IO0 again. Nothing without power. */
void ff_soc_crash(struct ff_soc *soc, int64_t now);

/* The lines of its USB port ask for a reset, into download mode if `download`. A port that is software listens only while
 * that runs. */
void ff_soc_reset_by_usb(struct ff_soc *soc, bool download, int64_t now);

/* The processor stops for good; only EN helps, or a watchdog. */
void ff_soc_hang(struct ff_soc *soc);

/* What rate the UART listens at; bytes sent at another one are noise. While the ROM has not found its rate yet (autobaud)
 * it takes over `peer_baud`, or 115200 where that is 0 for unknown. */
uint32_t ff_soc_tune(struct ff_soc *soc, uint32_t peer_baud);

/* A byte has arrived at `now`. */
void ff_soc_receive(struct ff_soc *soc, uint8_t byte, int64_t now);

/* Runs the processor up to `now`. */
void ff_soc_advance(struct ff_soc *soc, int64_t now);

/* When the processor has something to do next, FF_SOC_NEVER while it waits for a byte or has stopped. */
int64_t ff_soc_next_time(const struct ff_soc *soc);

#endif
