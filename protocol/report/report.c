// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "list.h"

#define ADDRESS_MAX 8 /* bytes of an EUI-64 */

/* Bytes with colons between them; null where they are all 0, which no board's are. */
static json_t *address(const uint8_t *bytes, size_t count)
{
	static const uint8_t unknown[ADDRESS_MAX];
	char text[3 * ADDRESS_MAX + 1] = "";
	for (size_t i = 0; i < count; i++) {
		snprintf(text + 3 * i, 4, i + 1 < count ? "%02x:" : "%02x", bytes[i]);
	}
	return memcmp(bytes, unknown, count) != 0 ? json_string(text) : json_null();
}

static json_t *revision(const struct ff_board_info *info)
{
	static const uint8_t unknown[sizeof(info->mac)];
	char text[24];
	snprintf(text, sizeof(text), "v%u.%u", info->revision / 100, info->revision % 100);
	/* A chip in secure download mode tells neither its address nor its revision. */
	return memcmp(info->mac, unknown, sizeof(unknown)) != 0 ? json_string(text) : json_null();
}

static json_t *hex(uint32_t value, int digits)
{
	char text[16];
	snprintf(text, sizeof(text), "0x%0*x", digits, value);
	return json_string(text);
}

static json_t *count_or_null(uint32_t count)
{
	return count ? json_integer(count) : json_null();
}

static json_t *list(const char *text)
{
	json_t *array = json_array();
	size_t size = 0;
	for (const char *item; (item = ff_list_next(&text, &size)) != NULL;) {
		if (json_array_append_new(array, json_stringn(item, size)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *flags(uint32_t set)
{
	json_t *object = json_object();
#define SET_FLAG(flag, name) json_object_set_new(object, name, json_boolean(set &(flag)));
	FF_SECURITY_FLAG_MAP(SET_FLAG)
#undef SET_FLAG
	return object;
}

json_t *ff_report_security(const struct ff_security_info *security)
{
	json_t *purposes = json_array();
	for (int i = 0; i < FF_SECURITY_KEY_BLOCKS; i++) {
		json_array_append_new(purposes, json_integer(security->key_purposes[i]));
	}
	return json_pack("{s:o, s:o, s:b, s:i, s:o, s:o, s:o}", "flags", hex(security->flags, 8), "parsed_flags",
			 flags(security->flags), "flash_encryption", __builtin_popcount(security->crypt_count) % 2 == 1,
			 "flash_crypt_count", security->crypt_count, "key_purposes", purposes, "chip_id",
			 security->has_id ? json_integer(security->chip_id) : json_null(), "api_version",
			 security->has_id ? json_integer(security->api_version) : json_null());
}

json_t *ff_report_info(const struct ff_board_info *info, const struct ff_security_info *security, const char *probed)
{
	static const struct ff_board_info nothing;
	bool known = info != NULL;
	const struct ff_board_info *told = known ? info : &nothing;
	const char *boot = told->secure_boot ? ff_secure_boot_name(told->secure_boot) : NULL;
	const char *encryption = told->flash_encryption ? ff_flash_encryption_name(told->flash_encryption) : NULL;
	return json_pack("{s:s?, s:o, s:o, s:o, s:o, s:o, s:s?, s:o, s:s?, s:o, s:o, s:s?, s:s?}", "chip", told->chip,
			 "revision", revision(told), "mac", address(told->mac, sizeof(told->mac)), "crystal_mhz",
			 count_or_null(told->crystal_mhz), "flash_id",
			 told->flash_id ? hex(told->flash_id, 6) : json_null(), "flash_size",
			 count_or_null(told->flash_size), "probed", probed, "security",
			 security ? ff_report_security(security) : json_null(), "description", told->description,
			 "features", known ? list(told->features) : json_null(), "eui64",
			 told->has_eui64 ? address(told->eui64, sizeof(told->eui64)) : json_null(), "secure_boot", boot,
			 "flash_encryption", encryption);
}
