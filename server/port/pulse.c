// SPDX-License-Identifier: Apache-2.0
#include "pulse.h"

enum ff_pulse_state ff_pulse_ask(struct ff_pulse *pulse, int64_t now_us, int64_t patience_us)
{
	/* In this order: what was asked before the work has been answered when the thread is back. */
	if (atomic_load(&pulse->away)) {
		return FF_PULSE_FINE;
	}
	int64_t asked = atomic_load(&pulse->asked_us);
	if (asked != 0) {
		return now_us - asked > patience_us ? FF_PULSE_STUCK : FF_PULSE_FINE;
	}
	return atomic_compare_exchange_strong(&pulse->asked_us, &asked, now_us) ? FF_PULSE_ASKED : FF_PULSE_FINE;
}

void ff_pulse_answer(struct ff_pulse *pulse)
{
	atomic_store(&pulse->asked_us, 0);
}

void ff_pulse_leave(struct ff_pulse *pulse)
{
	atomic_store(&pulse->away, true);
}

void ff_pulse_return(struct ff_pulse *pulse)
{
	ff_pulse_answer(pulse);
	atomic_store(&pulse->away, false);
}
