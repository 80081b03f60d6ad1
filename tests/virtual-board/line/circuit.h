// SPDX-License-Identifier: Apache-2.0
/* What stands between the control lines of the serial port and the chip on nearly every board: two transistors that
 * cross DTR and RTS, and a capacitor at EN.
 *
 * EN is pulled low only while DTR is released and RTS asserted, IO0 only while DTR is asserted and RTS released (see
 * "Automatic Bootloader" on esptool's page "Boot Mode Selection"). EN falls at once; released, it charges through
 * 10 kOhm and 1 uF and counts as high EN_RISE_NS later. At that moment the chip samples IO0. So a pause between two line
 * changes matters exactly as it does on the bench.
 *
 * A plain value; one thread. Times are nanoseconds of any one clock that never steps back. */
#ifndef FF_VB_CIRCUIT_H
#define FF_VB_CIRCUIT_H

#include <stdbool.h>
#include <stdint.h>

#define FF_CIRCUIT_EN_RISE_NS INT64_C(10000000)
#define FF_CIRCUIT_NEVER INT64_MAX

enum ff_circuit_event {
	FF_CIRCUIT_NOTHING,
	FF_CIRCUIT_RESET,        /* EN has fallen: the chip stops */
	FF_CIRCUIT_BOOT,         /* EN has risen with IO0 high: the chip starts from flash */
	FF_CIRCUIT_BOOT_DOWNLOAD /* EN has risen with IO0 low: the chip waits for a download */
};

struct ff_circuit {
	bool dtr;          /* asserted */
	bool rts;          /* asserted */
	bool en;           /* the level at the chip */
	int64_t rise_time; /* when EN will be high, FF_CIRCUIT_NEVER while it is high or held low */
};

/* Both lines released, EN high: a board that has been powered for a while. */
void ff_circuit_init(struct ff_circuit *circuit);

/* Changes both lines at `now`; call ff_circuit_advance with the same time first. Answers NOTHING or RESET. */
enum ff_circuit_event ff_circuit_set(struct ff_circuit *circuit, bool dtr, bool rts, int64_t now);

/* What has happened by `now`: NOTHING or one of the boots. */
enum ff_circuit_event ff_circuit_advance(struct ff_circuit *circuit, int64_t now);

#endif
