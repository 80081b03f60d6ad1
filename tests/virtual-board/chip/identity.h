// SPDX-License-Identifier: Apache-2.0
/* Who a chip is, and the words that tell: the magic word in its ROM; MAC address, revision, package and what is embedded,
 * in its efuses.
 *
 * Plain values; one thread. */
#ifndef FF_VB_IDENTITY_H
#define FF_VB_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "model.h"
#include "security.h"

#define FF_EFUSE_SETTINGS_MAX 32
#define FF_WORDS_MAX 80 /* all settings, and what a row and the security state make */

/* Bits of a word that somebody wants otherwise. */
struct ff_efuse_setting {
	uint32_t address, value, mask;
};

struct ff_identity {
	uint8_t mac[6];
	uint32_t revision; /* major * 100 + minor */
	struct ff_security security;
	struct ff_efuse_setting settings[FF_EFUSE_SETTINGS_MAX];
	size_t setting_count;
};

/* Adds what --efuse takes: ADDRESS=VALUE, or ADDRESS=VALUE/MASK for some bits of the word. FF_ERR_ARGUMENT says what is
 * wrong with it. */
FF_WARN_UNUSED enum ff_status ff_identity_add_efuse(struct ff_identity *identity, const char *text,
						    struct ff_error *error);

/* A handful of read-only words. */
struct ff_words {
	struct {
		uint32_t address, value;
	} at[FF_WORDS_MAX];
	size_t count;
};

/* Lays out the identity as the chip's efuses do. */
void ff_identity_fill(struct ff_words *words, const struct ff_model *model, const struct ff_identity *identity);

/* Sets bits of a word, which is 0 before. */
void ff_words_set(struct ff_words *words, uint32_t address, uint32_t bits);

/* The value at `address`, or NULL where no such word is. */
const uint32_t *ff_words_find(const struct ff_words *words, uint32_t address);

#endif
