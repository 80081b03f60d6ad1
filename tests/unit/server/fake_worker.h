// SPDX-License-Identifier: Apache-2.0
/* The owner of a fake port, for the tests of those who need one. Failures end the test. */
#ifndef FF_TEST_FAKE_WORKER_H
#define FF_TEST_FAKE_WORKER_H

#include "fake_port.h"
#include "worker.h"

/* The board "lab1" at this port, whose notices go to it; to be freed before the port is released. */
struct ff_worker *ff_fake_worker_new(struct ff_fake_port *port);

/* Waits until the board is in this state, as ff_fake_port_wait(). */
void ff_fake_worker_wait(struct ff_fake_port *port, struct ff_worker *worker, enum ff_board_state state);

#endif
