// SPDX-License-Identifier: Apache-2.0
/* All that can be said of a board to choose it by: its owner's labels, and what is known without being said. */
#ifndef FF_PORT_BOARD_LABELS_H
#define FF_PORT_BOARD_LABELS_H

#include "labels.h"
#include "worker.h"

/* The owner's labels, then board=NAME, and chip=esp32s3 and mac=24:0a:c4:00:00:01 once they are known, unless the owner
 * says something else under these keys. Any thread. */
void ff_board_labels(struct ff_worker *worker, struct ff_labels *labels);

#endif
