// SPDX-License-Identifier: Apache-2.0
/* Whether a thread that waits for events still answers. Whoever wants to know asks and wakes it; it answers at its next
 * turn. So it costs nothing while nobody asks, and who asks never waits: one that has not answered an earlier question for
 * long is stuck. All zero at first; any thread unless a function says otherwise. */
#ifndef FF_PORT_PULSE_H
#define FF_PORT_PULSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ff_pulse {
	atomic_int_least64_t asked_us; /* 0: nothing is asked */
	atomic_bool away;              /* does work that may take long, and has deadlines of its own */
};

enum ff_pulse_state {
	FF_PULSE_FINE,
	FF_PULSE_ASKED, /* the same so far; the caller has to wake the thread */
	FF_PULSE_STUCK
};

/* Asks, unless a question is open. Stuck: one is, for longer than `patience_us`. */
enum ff_pulse_state ff_pulse_ask(struct ff_pulse *pulse, int64_t now_us, int64_t patience_us);

/* The thread's turn. */
void ff_pulse_answer(struct ff_pulse *pulse);

/* The thread goes to such work; it is back. */
void ff_pulse_leave(struct ff_pulse *pulse);
void ff_pulse_return(struct ff_pulse *pulse);

#endif
