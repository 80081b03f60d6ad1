// SPDX-License-Identifier: Apache-2.0
#include "efuse.h"

enum ff_status ff_efuses_word(struct ff_efuses *efuses, uint32_t address, uint32_t *value, struct ff_error *error)
{
	for (size_t i = 0; i < efuses->count; i++) {
		if (efuses->words[i].address == address) {
			*value = efuses->words[i].value;
			return FF_OK;
		}
	}
	uint32_t word = 0;
	enum ff_status status = ff_loader_read_register(efuses->loader, address, &word, error);
	if (status != FF_OK) {
		return status;
	}
	if (efuses->count < FF_EFUSES_KEPT) {
		efuses->words[efuses->count].address = address;
		efuses->words[efuses->count].value = word;
		efuses->count++;
	}
	*value = word;
	return FF_OK;
}

enum ff_status ff_efuses_bits(struct ff_efuses *efuses, const struct ff_chip_bits *fields, size_t count,
			      uint32_t *value, struct ff_error *error)
{
	uint32_t found = 0;
	unsigned at = 0;
	for (size_t i = 0; i < count && fields[i].width > 0; i++) {
		uint32_t word = 0;
		enum ff_status status = ff_efuses_word(efuses, fields[i].address, &word, error);
		if (status != FF_OK) {
			return status;
		}
		found |= ((word >> fields[i].shift) & ((1U << fields[i].width) - 1)) << at;
		at += fields[i].width;
	}
	*value = found;
	return FF_OK;
}
