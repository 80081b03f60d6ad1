// SPDX-License-Identifier: Apache-2.0
#include "security.h"

#include <stdbool.h>
#include <stdint.h>

/* The meaning of the flags for people, by their names in JSON. */
static const char *const flags[][2] = {
	{ "secure_boot_aggressive_revoke", "Secure boot aggressive key revocation: enabled" },
	{ "secure_download", "Secure download mode: enabled" },
	{ "secure_boot_key_revoke0", "Secure boot key 0: revoked" },
	{ "secure_boot_key_revoke1", "Secure boot key 1: revoked" },
	{ "secure_boot_key_revoke2", "Secure boot key 2: revoked" },
	{ "soft_dis_jtag", "JTAG: disabled by software" },
	{ "hard_dis_jtag", "JTAG: disabled for good" },
	{ "dis_usb", "USB: disabled" },
	{ "dis_download_dcache", "Data cache in download mode: disabled" },
	{ "dis_download_icache", "Instruction cache in download mode: disabled" },
};

/* Those that mean the same on all chips (esptool 5.3, KEY_PURPOSES in the targets folder). */
static const char *purpose(json_int_t number)
{
	static const char *const names[] = {
		[0] = "user or empty",
		[2] = "XTS_AES_256_KEY_1",
		[3] = "XTS_AES_256_KEY_2",
		[4] = "XTS_AES_128_KEY",
		[5] = "HMAC_DOWN_ALL",
		[6] = "HMAC_DOWN_JTAG",
		[7] = "HMAC_DOWN_DIGITAL_SIGNATURE",
		[8] = "HMAC_UP",
		[9] = "SECURE_BOOT_DIGEST0",
		[10] = "SECURE_BOOT_DIGEST1",
		[11] = "SECURE_BOOT_DIGEST2",
	};
	const json_int_t count = sizeof(names) / sizeof(names[0]);

	return number >= 0 && number < count && names[number] != NULL ? names[number] : "another purpose";
}

static void print_number(FILE *out, const char *label, const json_t *number)
{
	if (json_is_integer(number)) {
		fprintf(out, "%s: %lld\n", label, (long long)json_integer_value(number));
	}
}

void ff_security_print(const json_t *security, FILE *out)
{
	const char *word = json_string_value(json_object_get(security, "flags"));
	const json_t *set = json_object_get(security, "parsed_flags");
	bool encrypted = json_is_true(json_object_get(security, "flash_encryption"));
	size_t index;
	json_t *number;

	fprintf(out, "Flags: %s\n", word != NULL ? word : "unknown");
	json_array_foreach(json_object_get(security, "key_purposes"), index, number)
	{
		fprintf(out, "Key block %zu: %lld, %s\n", index, (long long)json_integer_value(number),
			purpose(json_integer_value(number)));
	}
	print_number(out, "Chip ID", json_object_get(security, "chip_id"));
	print_number(out, "API version", json_object_get(security, "api_version"));
	fprintf(out, "Secure boot: %s\n", json_is_true(json_object_get(set, "secure_boot")) ? "enabled" : "disabled");
	fprintf(out, "Flash encryption: %s (SPI_BOOT_CRYPT_CNT 0x%llx)\n", encrypted ? "enabled" : "disabled",
		(unsigned long long)json_integer_value(json_object_get(security, "flash_crypt_count")));
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (json_is_true(json_object_get(set, flags[i][0]))) {
			fprintf(out, "%s\n", flags[i][1]);
		}
	}
}
