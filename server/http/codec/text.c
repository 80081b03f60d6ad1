// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Length of the UTF-8 sequence at `p`, which ends with a zero byte; 0: malformed, overlong, a surrogate, or too large. */
static size_t utf8_length(const unsigned char *p)
{
	static const struct {
		unsigned char lead_mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 }, { 0xE0, 0xC0, 0x80 }, { 0xF0, 0xE0, 0x800 }, { 0xF8, 0xF0, 0x10000 } };

	for (size_t extra = 0; extra < sizeof(forms) / sizeof(forms[0]); extra++) {
		if ((p[0] & forms[extra].lead_mask) != forms[extra].lead) {
			continue;
		}
		uint32_t code = p[0] & (unsigned char)~forms[extra].lead_mask;
		for (size_t i = 1; i <= extra; i++) {
			if ((p[i] & 0xC0) != 0x80) {
				return 0;
			}
			code = code << 6 | (p[i] & 0x3F);
		}
		if (code < forms[extra].least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
			return 0;
		}
		return extra + 1;
	}
	return 0;
}

/* U+0080 to U+009F as well: some terminals take U+009B for the beginning of a sequence. */
static bool is_control(const unsigned char *p)
{
	return *p < ' ' || *p == 0x7F || (*p == 0xC2 && p[1] < 0xA0);
}

void ff_text_clean(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p;) {
		size_t length = utf8_length(p);
		if (length == 0 || is_control(p)) {
			*p++ = '?';
			continue;
		}
		p += length;
	}
}

bool ff_text_is_shallow(const char *json, size_t size, size_t depth)
{
	size_t open = 0;
	bool quoted = false;
	for (size_t i = 0; i < size; i++) {
		if (quoted && json[i] == '\\') {
			i++;
		} else if (json[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && (json[i] == '[' || json[i] == '{')) {
			if (++open > depth) {
				return false;
			}
		} else if (!quoted && (json[i] == ']' || json[i] == '}') && open > 0) {
			open--;
		}
	}
	return true;
}

const char *ff_text_base_name(const char *path)
{
	const char *name = path;
	for (const char *p = path; *p; p++) {
		if (*p == '/' || *p == '\\') {
			name = p + 1;
		}
	}
	return name;
}

void ff_text_time(char text[FF_TEXT_TIME_SIZE], long long unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm parts;
	gmtime_r(&seconds, &parts);
	size_t used = strftime(text, FF_TEXT_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + used, FF_TEXT_TIME_SIZE - used, ".%03uZ", (unsigned)(unix_ms % 1000));
}

void ff_text_revision(char text[FF_TEXT_REVISION_SIZE], unsigned revision)
{
	snprintf(text, FF_TEXT_REVISION_SIZE, "v%u.%u", revision / 100, revision % 100);
}

void ff_text_mac(char text[FF_TEXT_MAC_SIZE], const unsigned char mac[6])
{
	snprintf(text, FF_TEXT_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}
