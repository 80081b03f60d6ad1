// SPDX-License-Identifier: Apache-2.0
/* Files of tokens, damaged: what is taken is written and taken again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ff_tokens tokens = { .list = NULL };
	struct ff_tokens again = { .list = NULL };
	struct ff_error error = FF_ERROR_NONE;
	if (ff_tokens_parse(&tokens, (const char *)data, size, &error) != FF_OK) {
		if (!error.text[0] || tokens.list) {
			abort();
		}
		return 0;
	}
	char *text = ff_tokens_print(&tokens);
	if (!text || ff_tokens_parse(&again, text, strlen(text), &error) != FF_OK || again.count != tokens.count ||
	    (again.count > 0 && memcmp(again.list, tokens.list, again.count * sizeof(*again.list)) != 0)) {
		abort();
	}
	free(text);
	ff_tokens_release(&tokens);
	ff_tokens_release(&again);
	return 0;
}
