// SPDX-License-Identifier: Apache-2.0
/* Work on a board, wherever it hangs: one job either way, which is in run->result afterwards. Belongs to one thread. */
#ifndef FF_CLIENT_WORK_H
#define FF_CLIENT_WORK_H

#include "direct.h"
#include "remote.h"
#include "run.h"

/* Does `here` with --port, `there` without; takes the reference to `here`'s target either way. Wipes the display, so that the result can be printed. */
bool ff_work(struct ff_run *run, const struct ff_direct_task *here, const struct ff_remote_task *there);

/* Identifies the board; `info` is borrowed from run->result. NULL: of all boards that a selector matches, and what there is to
 * print has been. */
bool ff_work_info(struct ff_run *run, const json_t **info);

#endif
