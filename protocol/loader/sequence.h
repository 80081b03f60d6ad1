// SPDX-License-Identifier: Apache-2.0
/* Reset sequences as users write them, in esptool's notation: steps divided by '|', such as "D0|R1|W0.1|D1|R0|W0.05|D0".
 *
 *     D0 D1           releases or asserts DTR
 *     R0 R1           the same for RTS
 *     U0,1 (DTR,RTS)  sets both at once
 *     W0.1            waits so many seconds
 *
 * Letters may be small; spaces around steps and empty steps do no harm. Pure, any thread. Source: esptool 5.3,
 * docs/en/esptool/configuration-file.rst. */
#ifndef FF_LOADER_SEQUENCE_H
#define FF_LOADER_SEQUENCE_H

#include <stddef.h>

#include <farflash/status.h>
#include <farflash/transport.h>

#define FF_SEQUENCE_MAX_STEPS 32      /* what a transport takes at once */
#define FF_SEQUENCE_MAX_WAIT_MS 10000 /* of one step */

/* Empty: count is 0. */
struct ff_sequence {
	struct ff_line_step steps[FF_SEQUENCE_MAX_STEPS];
	size_t count;
};

/* FF_ERR_ARGUMENT with a text that shows the step: not of this form, too many, a wait that is too long, or a sequence that
 * moves no line. Texts are shorter than FF_RESET_SEQUENCE_SIZE. */
FF_WARN_UNUSED enum ff_status ff_sequence_parse(struct ff_sequence *sequence, const char *text, struct ff_error *error);

#endif
