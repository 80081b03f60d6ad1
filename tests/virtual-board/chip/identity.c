// SPDX-License-Identifier: Apache-2.0
#include "identity.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bytes.h"

#define MAGIC_ADDRESS 0x40001000u

/* The word at `address`, which is made if need be; NULL when there is no room for it. */
static uint32_t *word(struct ff_words *words, uint32_t address)
{
	for (size_t i = 0; i < words->count; i++) {
		if (words->at[i].address == address) {
			return &words->at[i].value;
		}
	}
	if (words->count == FF_WORDS_MAX) {
		return NULL;
	}
	words->at[words->count].address = address;
	words->at[words->count].value = 0;
	return &words->at[words->count++].value;
}

void ff_words_set(struct ff_words *words, uint32_t address, uint32_t bits)
{
	uint32_t *value = word(words, address);
	if (value) {
		*value |= bits;
	}
}

/* CRC-8 of Dallas/Maxim (polynomial 31, reflected), which the ESP32 keeps beside its MAC. */
static uint8_t mac_crc(const uint8_t *mac)
{
	uint8_t crc = 0;
	for (size_t i = 0; i < 6; i++) {
		crc ^= mac[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = (uint8_t)(crc & 1 ? (crc >> 1) ^ 0x8C : crc >> 1);
		}
	}
	return crc;
}

/* esptool 5.3: targets/esp8266.py, esp32.py and, for all later chips, esp32c3.py, read_mac() */
static void set_mac(struct ff_words *words, const struct ff_model *model, const uint8_t *mac)
{
	switch (model->mac_layout) {
	case FF_MAC_ESP8266:
		ff_words_set(words, model->mac_reg, (uint32_t)mac[5] << 24);
		ff_words_set(words, model->mac_reg + 4, (uint32_t)mac[3] << 8 | mac[4]);
		ff_words_set(words, model->mac_reg + 8, 0);
		ff_words_set(words, model->mac_reg + 12, (uint32_t)mac[0] << 16 | (uint32_t)mac[1] << 8 | mac[2]);
		break;
	case FF_MAC_ESP32:
		ff_words_set(words, model->mac_reg, ff_get_be32(mac + 2));
		ff_words_set(words, model->mac_reg + 4, (uint32_t)mac_crc(mac) << 16 | (uint32_t)mac[0] << 8 | mac[1]);
		break;
	case FF_MAC_BLOCK1:
		ff_words_set(words, model->mac_reg, ff_get_be32(mac + 2));
		ff_words_set(words, model->mac_reg + 4, (uint32_t)mac[0] << 8 | mac[1]);
		break;
	}
}

/* esptool 5.3 targets/esp32.py: get_major_chip_version(), get_minor_chip_version(),
 * get_rom_cal_crystal_freq(). */
static void set_esp32_efuses(struct ff_words *words, uint32_t efuses, uint32_t revision)
{
	static const uint8_t major_bits[] = { 0, 1, 3, 7 };
	uint32_t bits = major_bits[revision / 100 % 4];
	ff_words_set(words, efuses + 4 * 3, (bits & 1) << 15);
	ff_words_set(words, efuses + 4 * 5, (bits >> 1 & 1) << 20 | (revision % 100 & 3) << 24);
	ff_words_set(words, 0x3FF6607C, bits >> 2 << 31);
	/* The ROM measures its crystal against a rough oscillator: here it takes 40 MHz for 40.3 MHz. */
	const uint32_t oscillator = 52, calibration = 1984;
	ff_words_set(words, efuses + 4 * 4, oscillator);
	ff_words_set(words, 0x3FF5F06C, calibration << 7);
}

/* Writes the low bits of `value` into the field; answers those that have no place there. */
static uint32_t set_field(struct ff_words *words, uint32_t base, const struct ff_efuse_field *field, uint32_t value)
{
	if (field->bits == 0) {
		return value;
	}
	ff_words_set(words, base + 4u * field->word, (value & ((1u << field->bits) - 1)) << field->shift);
	return value >> field->bits;
}

static void set_revision(struct ff_words *words, const struct ff_model *model, uint32_t revision)
{
	const struct ff_revision_fields *fields = &model->revision;
	uint32_t minor = revision % 100, major = revision / 100;
	switch (model->revision_layout) {
	case FF_REVISION_NONE:
		break;
	case FF_REVISION_ESP32:
		set_esp32_efuses(words, model->mac_reg - 4, revision);
		break;
	case FF_REVISION_FIELDS:
		minor = set_field(words, model->mac_reg, &fields->minor, minor);
		set_field(words, model->mac_reg, &fields->minor_high, minor);
		major = set_field(words, model->mac_reg, &fields->major, major);
		set_field(words, model->mac_reg, &fields->major_high, major);
		break;
	}
}

void ff_identity_fill(struct ff_words *words, const struct ff_model *model, const struct ff_identity *identity)
{
	words->count = 0;
	ff_words_set(words, MAGIC_ADDRESS, model->magic);
	set_mac(words, model, identity->mac);
	set_revision(words, model, identity->revision);
	ff_security_fill(words, model, &identity->security);
	for (size_t i = 0; i < FF_MODEL_EFUSES_MAX && model->efuses[i].address; i++) {
		ff_words_set(words, model->efuses[i].address, model->efuses[i].value);
	}
	for (size_t i = 0; i < identity->setting_count; i++) {
		const struct ff_efuse_setting *setting = &identity->settings[i];
		uint32_t *value = word(words, setting->address);
		if (value) {
			*value = (*value & ~setting->mask) | (setting->value & setting->mask);
		}
	}
}

/* Reads a number up to 32 bits and steps over it. */
static bool take_word(const char **text, uint32_t *value)
{
	char *end;
	errno = 0;
	unsigned long long number = strtoull(*text, &end, 0);
	if (**text < '0' || **text > '9' || errno != 0 || number > UINT32_MAX) {
		return false;
	}
	*text = end;
	*value = (uint32_t)number;
	return true;
}

/* Steps over one character if it is the next. */
static bool take(const char **text, char expected)
{
	bool there = **text == expected;
	*text += there ? 1 : 0;
	return there;
}

enum ff_status ff_identity_add_efuse(struct ff_identity *identity, const char *text, struct ff_error *error)
{
	struct ff_efuse_setting setting = { .mask = UINT32_MAX };
	const char *rest = text;
	bool valid = take_word(&rest, &setting.address) && take(&rest, '=') && take_word(&rest, &setting.value);
	valid = valid && (!take(&rest, '/') || take_word(&rest, &setting.mask)) && *rest == '\0';
	if (!valid || setting.address % 4 != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "\"%s\" is not ADDRESS=VALUE or ADDRESS=VALUE/MASK with the address of a word",
				    text);
	}
	if (identity->setting_count == FF_EFUSE_SETTINGS_MAX) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "There can be %d efuse settings at most",
				    FF_EFUSE_SETTINGS_MAX);
	}
	identity->settings[identity->setting_count++] = setting;
	return FF_OK;
}

const uint32_t *ff_words_find(const struct ff_words *words, uint32_t address)
{
	for (size_t i = 0; i < words->count; i++) {
		if (words->at[i].address == address) {
			return &words->at[i].value;
		}
	}
	return NULL;
}
