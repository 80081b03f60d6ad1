// SPDX-License-Identifier: Apache-2.0
/* Reset sequences as users write them: whatever is taken stays within what a transport runs. */
#include <stdlib.h>
#include <string.h>

#include "sequence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	if (!text) {
		abort();
	}
	struct ff_sequence sequence = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;
	if (ff_sequence_parse(&sequence, text, &error) == FF_OK) {
		bool moves = false;
		if (sequence.count > FF_SEQUENCE_MAX_STEPS) {
			abort();
		}
		for (size_t i = 0; i < sequence.count; i++) {
			const struct ff_line_step *step = &sequence.steps[i];
			if (step->dtr < -1 || step->dtr > 1 || step->rts < -1 || step->rts > 1 ||
			    step->hold_ms > FF_SEQUENCE_MAX_WAIT_MS) {
				abort();
			}
			moves = moves || step->dtr >= 0 || step->rts >= 0;
		}
		if (!moves) {
			abort();
		}
	} else if (error.status != FF_ERR_ARGUMENT || error.text[0] == '\0') {
		abort();
	}
	free(text);
	return 0;
}
