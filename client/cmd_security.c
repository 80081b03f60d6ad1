// SPDX-License-Identifier: Apache-2.0
/* get-security-info. */
#include <stdio.h>

#include "commands.h"
#include "direct.h"

#define KEY_BLOCKS 6 /* no chip has more */

/* The meaning of each flag for people, and its name in JSON. */
static const struct {
	uint32_t flag;
	const char *name;
	const char *text;
} flags[] = {
	{ FF_SECURITY_AGGRESSIVE_REVOKE, "secure_boot_aggressive_revoke",
	  "Secure boot aggressive key revocation: enabled" },
	{ FF_SECURITY_DOWNLOAD, "secure_download", "Secure download mode: enabled" },
	{ FF_SECURITY_REVOKED_KEY_0, "secure_boot_key_revoke0", "Secure boot key 0: revoked" },
	{ FF_SECURITY_REVOKED_KEY_1, "secure_boot_key_revoke1", "Secure boot key 1: revoked" },
	{ FF_SECURITY_REVOKED_KEY_2, "secure_boot_key_revoke2", "Secure boot key 2: revoked" },
	{ FF_SECURITY_JTAG_SOFT_OFF, "soft_dis_jtag", "JTAG: disabled by software" },
	{ FF_SECURITY_JTAG_HARD_OFF, "hard_dis_jtag", "JTAG: disabled for good" },
	{ FF_SECURITY_USB_OFF, "dis_usb", "USB: disabled" },
	{ FF_SECURITY_DCACHE_OFF, "dis_download_dcache", "Data cache in download mode: disabled" },
	{ FF_SECURITY_ICACHE_OFF, "dis_download_icache", "Instruction cache in download mode: disabled" },
};

/* Those that mean the same on all chips (esptool 5.3, KEY_PURPOSES in the targets folder). */
static const char *purpose(uint8_t number)
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

	return number < sizeof(names) / sizeof(names[0]) && names[number] != NULL ? names[number] : "another purpose";
}

static bool flash_is_encrypted(const struct ff_security_info *info)
{
	return __builtin_popcount(info->crypt_count) % 2 == 1;
}

static json_t *flags_json(uint32_t set)
{
	json_t *object = json_object();

	json_object_set_new(object, "secure_boot", json_boolean(set & FF_SECURITY_BOOT));
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		json_object_set_new(object, flags[i].name, json_boolean(set & flags[i].flag));
	}
	return object;
}

static void fill(json_t *result, const struct ff_security_info *info)
{
	json_t *purposes = json_array();
	char text[16];

	snprintf(text, sizeof(text), "0x%08x", info->flags);
	for (size_t i = 0; i < KEY_BLOCKS; i++) {
		json_array_append_new(purposes, json_integer(info->key_purposes[i]));
	}
	json_object_set_new(result, "flags", json_string(text));
	json_object_set_new(result, "parsed_flags", flags_json(info->flags));
	json_object_set_new(result, "flash_encryption", json_boolean(flash_is_encrypted(info)));
	json_object_set_new(result, "flash_crypt_count", json_integer(info->crypt_count));
	json_object_set_new(result, "key_purposes", purposes);
	json_object_set_new(result, "chip_id", info->has_id ? json_integer(info->chip_id) : json_null());
	json_object_set_new(result, "api_version", info->has_id ? json_integer(info->api_version) : json_null());
}

static void print(const struct ff_security_info *info)
{
	printf("Flags: 0x%08x\n", info->flags);
	for (size_t i = 0; i < KEY_BLOCKS; i++) {
		printf("Key block %zu: %u, %s\n", i, info->key_purposes[i], purpose(info->key_purposes[i]));
	}
	if (info->has_id) {
		printf("Chip ID: %u\nAPI version: %u\n", info->chip_id, info->api_version);
	}
	printf("Secure boot: %s\n", info->flags & FF_SECURITY_BOOT ? "enabled" : "disabled");
	printf("Flash encryption: %s (SPI_BOOT_CRYPT_CNT 0x%x)\n", flash_is_encrypted(info) ? "enabled" : "disabled",
	       info->crypt_count);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (info->flags & flags[i].flag) {
			puts(flags[i].text);
		}
	}
}

static enum ff_status ask(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct ff_security_info *info = context;
	enum ff_status status = ff_flasher_security_info(flasher, info, error);

	if (status == FF_OK) {
		fill(result, info);
	}
	return status;
}

bool ff_cmd_get_security_info(struct ff_run *run)
{
	struct ff_security_info info = { .flags = 0 };
	const struct ff_direct_task task = { .kind = "security-info", .work = ask, .context = &info };

	if (!ff_direct_work(run, &task)) {
		return false;
	}
	ff_display_clear(run->display);
	if (!run->options->json) {
		print(&info);
	}
	return true;
}
