// SPDX-License-Identifier: Apache-2.0
/* Selectors as users write them: each term that is taken holds or not, and its opposite the other way round. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ff_labels board = { .count = 2, .labels = { { "chip", "esp32" }, { "a", "1" } } };
	char *text = strndup((const char *)data, size);
	if (!text) {
		abort();
	}
	struct ff_selector selector = { .count = 0 };
	struct ff_error error = FF_ERROR_NONE;
	if (ff_selector_parse(&selector, text, &error) == FF_OK) {
		bool all = true;
		for (size_t i = 0; i < selector.count; i++) {
			struct ff_selector one = { .count = 1, .terms = { selector.terms[i] } };
			bool holds = ff_selector_matches(&one, &board);
			one.terms[0].negated = !one.terms[0].negated;
			if (ff_selector_matches(&one, &board) == holds) {
				abort();
			}
			all = all && holds;
		}
		if (selector.count == 0 || all != ff_selector_matches(&selector, &board)) {
			abort();
		}
	} else if (error.text[0] == '\0') {
		abort();
	}
	free(text);
	return 0;
}
