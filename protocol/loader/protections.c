// SPDX-License-Identifier: Apache-2.0
#include "protections.h"

#include "efuse.h"

#define KEY_BLOCK_WORDS 8
#define SECURE_BOOT_V2_SINCE 300
/* Key purposes (esptool 5.3, KEY_PURPOSES in the targets folder). */
#define PURPOSE_XTS_AES_256_1 2
#define PURPOSE_XTS_AES_256_2 3
#define PURPOSE_XTS_AES_128 4

/* With each bit that is set the chip changes its mind. */
static bool is_odd(uint32_t bits)
{
	return __builtin_popcount(bits) % 2 == 1;
}

static enum ff_status read_esp32_boot(struct ff_loader *loader, struct ff_efuses *words, struct ff_error *error)
{
	const struct ff_chip_protections *efuses = loader->chip->protections;
	uint32_t v1 = 0;
	uint32_t v2 = 0;
	enum ff_status status = ff_efuses_bits(words, &efuses->secure_boot_v1, 1, &v1, error);
	if (status == FF_OK && loader->revision >= SECURE_BOOT_V2_SINCE) {
		status = ff_efuses_bits(words, &efuses->secure_boot_v2, 1, &v2, error);
	}
	if (status == FF_OK) {
		loader->boot_protection = v1 ? FF_SECURE_BOOT_V1 : v2 ? FF_SECURE_BOOT_V2 : FF_SECURE_BOOT_OFF;
	}
	return status;
}

/* Both states, without a difference between development and release. */
static enum ff_status read_states(struct ff_loader *loader, struct ff_efuses *words, struct ff_error *error)
{
	uint32_t count = loader->security.crypt_count;
	enum ff_status status = FF_OK;
	if (loader->security_known) {
		loader->boot_protection = loader->secure_boot ? FF_SECURE_BOOT_V2 : FF_SECURE_BOOT_OFF;
	} else if (loader->chip->protections && loader->chip->protections->crypt_count.width > 0) {
		status = read_esp32_boot(loader, words, error);
		if (status == FF_OK) {
			status = ff_efuses_bits(words, &loader->chip->protections->crypt_count, 1, &count, error);
		}
	} else {
		return FF_OK;
	}
	if (status == FF_OK) {
		loader->encryption = is_odd(count) ? FF_FLASH_ENCRYPTION_ON : FF_FLASH_ENCRYPTION_OFF;
	}
	return status;
}

enum ff_status ff_protections_read(struct ff_loader *loader, struct ff_error *error)
{
	const struct ff_chip_protections *efuses = loader->chip->protections;
	struct ff_efuses words = { .loader = loader };
	loader->boot_protection = FF_SECURE_BOOT_UNKNOWN;
	loader->encryption = FF_FLASH_ENCRYPTION_UNKNOWN;
	loader->key_manager = false;
	enum ff_status status = read_states(loader, &words, error);
	if (status != FF_OK || loader->secure_download || !efuses || loader->encryption != FF_FLASH_ENCRYPTION_ON) {
		return status;
	}
	uint32_t barred = 0;
	uint32_t manager = 0;
	status = ff_efuses_bits(&words, &efuses->no_manual_encrypt, 1, &barred, error);
	if (status == FF_OK) {
		status = ff_efuses_bits(&words, &efuses->key_manager, 1, &manager, error);
	}
	if (status == FF_OK) {
		loader->encryption = barred ? FF_FLASH_ENCRYPTION_RELEASE : FF_FLASH_ENCRYPTION_DEVELOPMENT;
		loader->key_manager = manager != 0;
	}
	return status;
}

/* A key that cannot be read is one; one that can be read is not all zeros. */
static enum ff_status look_into_block(struct ff_loader *loader, struct ff_efuses *words, bool *present,
				      struct ff_error *error)
{
	const struct ff_chip_protections *efuses = loader->chip->protections;
	uint32_t hidden = 0;
	uint32_t whole = 1;
	enum ff_status status = ff_efuses_bits(words, &efuses->key_hidden, 1, &hidden, error);
	if (status == FF_OK && efuses->key_whole.width > 0) {
		status = ff_efuses_bits(words, &efuses->key_whole, 1, &whole, error);
	}
	uint32_t all = whole ? (1U << efuses->key_hidden.width) - 1 : 1;
	bool found = (hidden & all) == all;
	unsigned count = whole ? KEY_BLOCK_WORDS : KEY_BLOCK_WORDS / 2;
	for (unsigned i = 0; status == FF_OK && !found && i < count; i++) {
		uint32_t word = 0;
		status = ff_efuses_word(words, efuses->key_block + 4 * i, &word, error);
		found = word != 0;
	}
	if (status == FF_OK) {
		*present = found;
	}
	return status;
}

static bool has_purpose(const struct ff_loader *loader, uint8_t purpose)
{
	for (size_t i = 0; i < FF_SECURITY_KEY_BLOCKS; i++) {
		if (loader->security.key_purposes[i] == purpose) {
			return true;
		}
	}
	return false;
}

static enum ff_status find_key(struct ff_loader *loader, struct ff_efuses *words, bool *present, struct ff_error *error)
{
	const struct ff_chip_protections *efuses = loader->chip->protections;
	if (efuses->key_block != 0) {
		return look_into_block(loader, words, present, error);
	}
	uint32_t manager = 0;
	enum ff_status status = ff_efuses_bits(words, &efuses->key_manager, 1, &manager, error);
	if (status == FF_OK) {
		*present = manager != 0 || has_purpose(loader, PURPOSE_XTS_AES_128) ||
			   (efuses->aes_256 && has_purpose(loader, PURPOSE_XTS_AES_256_1) &&
			    has_purpose(loader, PURPOSE_XTS_AES_256_2));
	}
	return status;
}

/* A configuration that cannot be read is taken for the right one, as esptool does. */
static enum ff_status read_config(struct ff_loader *loader, struct ff_efuses *words, uint8_t *config,
				  struct ff_error *error)
{
	const struct ff_chip_protections *efuses = loader->chip->protections;
	uint32_t hidden = 1;
	uint32_t value = FF_PROTECTIONS_CONFIG_ALL;
	enum ff_status status = FF_OK;
	if (efuses->crypt_config.width > 0) {
		status = ff_efuses_bits(words, &efuses->crypt_config_hidden, 1, &hidden, error);
	}
	if (status == FF_OK && !hidden) {
		status = ff_efuses_bits(words, &efuses->crypt_config, 1, &value, error);
	}
	if (status == FF_OK) {
		*config = (uint8_t)value;
	}
	return status;
}

enum ff_status ff_protections_read_key(struct ff_loader *loader, struct ff_protections_key *key, struct ff_error *error)
{
	const struct ff_chip_protections *efuses = loader->chip->protections;
	struct ff_protections_key found = { .known = efuses && !loader->secure_download };
	struct ff_efuses words = { .loader = loader };
	uint32_t barred = 0;
	enum ff_status status = FF_OK;
	/* Key purposes are known from what the chip told, and a stub that was running before may not have told it. */
	if (found.known && efuses->key_block == 0 && !loader->security_known) {
		found.known = false;
	}
	if (found.known) {
		status = ff_efuses_bits(&words, &efuses->no_manual_encrypt, 1, &barred, error);
		found.may_encrypt = !barred;
	}
	if (status == FF_OK && found.known) {
		status = find_key(loader, &words, &found.present, error);
	}
	if (status == FF_OK && found.known) {
		status = read_config(loader, &words, &found.crypt_config, error);
	}
	if (status == FF_OK) {
		*key = found;
	}
	return status;
}
