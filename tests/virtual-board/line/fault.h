// SPDX-License-Identifier: Apache-2.0
/* What goes wrong on purpose: bytes lost, changed, doubled or held up at a rate, and events after so many received bytes.
 *
 * A plain value; one thread. Everything is decided by a generator with a fixed seed, so that a failing run can be
 * repeated. */
#ifndef FF_VB_FAULT_H
#define FF_VB_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_FAULT_TRIGGERS_MAX 16

/* Seen from the chip. */
enum ff_direction { FF_RX, FF_TX };

enum ff_fault_kind { FF_FAULT_NONE, FF_FAULT_HANG, FF_FAULT_RESET, FF_FAULT_VANISH, FF_FAULT_BAD_FLASH };

struct ff_fault_trigger {
	enum ff_fault_kind kind;
	bool always;      /* fires again after as many bytes more; otherwise once */
	bool fired;       /* and done with */
	uint64_t at;      /* bytes received by the chip; the address for FF_FAULT_BAD_FLASH */
	uint64_t next;    /* count at which it fires next */
	uint32_t gone_ms; /* FF_FAULT_VANISH: how long the port stays away */
};

struct ff_faults {
	double drop[2], corrupt[2], dup[2], delay[2]; /* probability per byte, by enum ff_direction */
	uint32_t delay_ms;
	struct ff_fault_trigger triggers[FF_FAULT_TRIGGERS_MAX];
	size_t trigger_count;
	uint64_t random;   /* state of the generator */
	uint64_t received; /* bytes that the chip has received */
};

/* No faults. */
void ff_faults_init(struct ff_faults *faults);

/* Adds one specification as --fault takes it (see ff_fault_help). FF_ERR_ARGUMENT says what is wrong with it. */
FF_WARN_UNUSED enum ff_status ff_faults_add(struct ff_faults *faults, const char *spec, struct ff_error *error);

/* The paragraph of --help that describes the specifications. */
extern const char ff_fault_help[];

/* Applies the rates to `size` bytes on their way in `direction`; `out` has room for twice as many. Answers how many came
 * out. */
size_t ff_faults_apply(struct ff_faults *faults, enum ff_direction direction, const uint8_t *bytes, size_t size,
		       uint8_t *out);

/* Looks for a delay behind one of the next `size` bytes in `direction`. Answers how many bytes pass before it, `size` if
 * there is none; *delay_ns is how long those behind them wait, 0 if there is none. */
size_t ff_faults_delay(struct ff_faults *faults, enum ff_direction direction, size_t size, int64_t *delay_ns);

/* Whether there can be delays. */
bool ff_faults_have_delay(const struct ff_faults *faults);

/* Counts one byte received by the chip, and answers the trigger that it sets off, or NULL. */
const struct ff_fault_trigger *ff_faults_received(struct ff_faults *faults);

/* What a UART makes of a byte that was sent at `sent_baud` when it listens at `heard_baud`: the byte itself while the
 * rates differ by less than 4 %, noise otherwise. A rate of 0 is unknown and fits every other. */
uint8_t ff_faults_hear(struct ff_faults *faults, uint8_t byte, uint32_t sent_baud, uint32_t heard_baud);

#endif
