// SPDX-License-Identifier: Apache-2.0
#include "present_inner.h"

#include <stdio.h>

#include "text.h"

json_t *ff_present_time(int64_t unix_ms)
{
	if (unix_ms == 0) {
		return json_null();
	}
	char text[FF_TEXT_TIME_SIZE];
	ff_text_time(text, unix_ms);
	return json_string(text);
}

json_t *ff_present_offset(uint32_t offset)
{
	char text[16];
	snprintf(text, sizeof(text), "0x%x", offset);
	return json_string(text);
}

json_t *ff_present_word(uint32_t value)
{
	char text[16];
	snprintf(text, sizeof(text), "0x%08x", value);
	return json_string(text);
}

json_t *ff_present_status(uint32_t value, uint64_t bytes)
{
	char text[16];
	snprintf(text, sizeof(text), "0x%0*x", (int)(2 * bytes), value);
	return json_string(text);
}

json_t *ff_present_known(const char *text)
{
	return text ? json_string(text) : json_null();
}

json_t *ff_present_count(uint64_t count)
{
	return count ? json_integer((json_int_t)count) : json_null();
}
