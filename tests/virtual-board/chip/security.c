// SPDX-License-Identifier: Apache-2.0
#include "security.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "identity.h"

#define NO_PURPOSE 12 /* what chips report for the seventh block, which they have not */
#define SHORT_KEY 32u
#define SECURE_BOOT_V2_SINCE 300u /* ESP32 */
#define FLAG_SECURE_BOOT 1u
#define FLAG_SECURE_DOWNLOAD 4u

enum purpose {
	XTS_AES_256_KEY_1 = 2,
	XTS_AES_256_KEY_2 = 3,
	XTS_AES_128_KEY = 4,
	SECURE_BOOT_DIGEST0 = 9,
};

/* ---- what the user wants ---- */

static bool *find_flag(struct ff_security *security, const char *name, size_t size)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "secure-boot", &security->secure_boot },
		{ "secure-boot-v1", &security->secure_boot_v1 },
		{ "flash-encryption", &security->flash_encryption },
		{ "no-manual-encrypt", &security->no_manual_encrypt },
		{ "secure-download", &security->secure_download },
	};
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strlen(flags[i].name) == size && memcmp(flags[i].name, name, size) == 0) {
			return flags[i].flag;
		}
	}
	return NULL;
}

enum ff_status ff_security_parse(struct ff_security *security, const char *list, struct ff_error *error)
{
	for (const char *name = list;; name++) {
		size_t size = strcspn(name, ",");
		bool *flag = find_flag(security, name, size);
		if (!flag) {
			return ff_error_set(error, FF_ERR_ARGUMENT,
					    "\"%.*s\" is not secure-boot, secure-boot-v1, flash-encryption, "
					    "no-manual-encrypt or secure-download",
					    (int)size, name);
		}
		*flag = true;
		name += size;
		if (*name == '\0') {
			return FF_OK;
		}
	}
}

enum ff_status ff_security_load_key(struct ff_security *security, const struct ff_model *model, const char *path,
				    struct ff_error *error)
{
	uint8_t key[FF_FLASH_KEY_MAX + 1];
	FILE *file = fopen(path, "rb");
	if (!file) {
		return ff_error_set_errno(error, FF_ERR_IO, errno, "Cannot open the key file %s", path);
	}
	size_t size = fread(key, 1, sizeof(key), file);
	fclose(file);
	bool long_key = model->security.long_keys && size == FF_FLASH_KEY_MAX;
	if (model->security.crypt_count.bits == 0 || (size != SHORT_KEY && !long_key)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s is not a flash encryption key of an %s: those have %s",
				    path, model->name,
				    model->security.crypt_count.bits == 0 ? "no such keys"
				    : model->security.long_keys           ? "32 or 64 bytes"
									  : "32 bytes");
	}
	memcpy(security->key, key, size);
	security->key_size = size;
	return FF_OK;
}

enum ff_status ff_security_check(const struct ff_security *security, const struct ff_model *model, uint32_t revision,
				 struct ff_error *error)
{
	const struct ff_security_layout *layout = &model->security;
	bool boot_too_old = layout->secure_boot_v1.bits && revision < SECURE_BOOT_V2_SINCE;
	const struct {
		bool wanted, missing;
		const char *name;
	} states[] = {
		{ security->flash_encryption, layout->crypt_count.bits == 0, "flash-encryption" },
		{ security->no_manual_encrypt, layout->no_manual_encrypt.bits == 0, "no-manual-encrypt" },
		{ security->secure_boot, layout->secure_boot.bits == 0 || boot_too_old, "secure-boot" },
		{ security->secure_boot_v1, layout->secure_boot_v1.bits == 0, "secure-boot-v1" },
		{ security->secure_download, !layout->secure_download, "secure-download" },
	};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (states[i].wanted && states[i].missing) {
			return ff_error_set(error, FF_ERR_ARGUMENT, "%s of revision %u has no %s", model->name,
					    revision, states[i].name);
		}
	}
	return FF_OK;
}

/* ---- what the chip says ---- */

/* Its bits as they are when no boot without encryption is possible any more, or with the first one burnt while the owner
 * still wants to flash through the loader. */
static uint32_t crypt_count(const struct ff_security *security, const struct ff_model *model)
{
	uint32_t all = (1u << model->security.crypt_count.bits) - 1;
	return !security->flash_encryption ? 0 : security->no_manual_encrypt ? all : 1;
}

static void list_purposes(const struct ff_security *security, const struct ff_model *model,
			  uint8_t purposes[FF_KEY_BLOCKS_MAX])
{
	size_t count = 0;
	memset(purposes, 0, FF_KEY_BLOCKS_MAX);
	if (model->security.purposes[0].bits == 0) {
		return; /* its keys have fixed places */
	}
	if (security->key_size == SHORT_KEY) {
		purposes[count++] = XTS_AES_128_KEY;
	} else if (security->key_size > SHORT_KEY) {
		purposes[count++] = XTS_AES_256_KEY_1;
		purposes[count++] = XTS_AES_256_KEY_2;
	}
	if (security->secure_boot) {
		purposes[count] = SECURE_BOOT_DIGEST0;
	}
}

static void burn(struct ff_words *words, const struct ff_efuse_bits *place, uint32_t value)
{
	if (place->bits > 0) {
		ff_words_set(words, place->address, (value & ((1u << place->bits) - 1)) << place->shift);
	}
}

void ff_security_fill(struct ff_words *words, const struct ff_model *model, const struct ff_security *security)
{
	const struct ff_security_layout *layout = &model->security;
	uint8_t purposes[FF_KEY_BLOCKS_MAX];
	list_purposes(security, model, purposes);
	burn(words, &layout->crypt_count, crypt_count(security, model));
	burn(words, &layout->secure_boot, security->secure_boot);
	burn(words, &layout->secure_boot_v1, security->secure_boot_v1);
	burn(words, &layout->no_manual_encrypt, security->no_manual_encrypt);
	for (size_t i = 0; i < 2 && security->key_size > 0; i++) {
		burn(words, &layout->key_burnt[i], UINT32_MAX);
	}
	for (size_t i = 0; i < FF_KEY_BLOCKS_MAX; i++) {
		burn(words, &layout->purposes[i], purposes[i]);
	}
}

void ff_security_info(const struct ff_security *security, const struct ff_model *model, uint32_t revision, uint8_t *out)
{
	/* flags, crypt count, seven key purposes, chip id, revision */
	uint8_t info[FF_SECURITY_INFO_MAX] = { [11] = NO_PURPOSE };
	ff_put_le32(info, (security->secure_boot ? FLAG_SECURE_BOOT : 0) |
				  (security->secure_download ? FLAG_SECURE_DOWNLOAD : 0));
	info[4] = (uint8_t)crypt_count(security, model);
	list_purposes(security, model, info + 5);
	ff_put_le32(info + 12, model->chip_id);
	ff_put_le32(info + 16, revision);
	memcpy(out, info, model->security_info_bytes);
}
