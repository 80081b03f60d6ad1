// SPDX-License-Identifier: Apache-2.0
/* What of a chip is locked: secure boot, flash encryption, secure download mode, as its efuses and its ROM tell.
 *
 * The places in the efuses and what the flags mean: esptool 5.3, targets/NAME.py and loader.py, get_security_info(). Secure
 * boot is told but not carried out: no image is refused for its signature. Plain values; one thread. */
#ifndef FF_VB_SECURITY_H
#define FF_VB_SECURITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#include "model.h"

#define FF_FLASH_KEY_MAX 64
#define FF_SECURITY_INFO_MAX 20

struct ff_words;

struct ff_security {
	bool secure_boot;
	bool secure_boot_v1; /* of the ESP32 */
	bool flash_encryption;
	bool no_manual_encrypt; /* the loaders cannot encrypt what they write */
	bool secure_download;
	uint8_t key[FF_FLASH_KEY_MAX];
	size_t key_size; /* 0: no flash encryption key is burnt */
};

/* Takes what --security takes: names between commas. FF_ERR_ARGUMENT says what is wrong with it. */
FF_WARN_UNUSED enum ff_status ff_security_parse(struct ff_security *security, const char *list, struct ff_error *error);

/* Takes the content of a key file. FF_ERR_ARGUMENT: the chip has no such keys; FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_security_load_key(struct ff_security *security, const struct ff_model *model,
						   const char *path, struct ff_error *error);

/* Whether a chip of this kind and revision can be in that state. FF_ERR_ARGUMENT says what it has not. */
FF_WARN_UNUSED enum ff_status ff_security_check(const struct ff_security *security, const struct ff_model *model,
						uint32_t revision, struct ff_error *error);

/* Sets the words of the efuses. */
void ff_security_fill(struct ff_words *words, const struct ff_model *model, const struct ff_security *security);

/* Writes the content of GET_SECURITY_INFO, model->security_info_bytes of it. */
void ff_security_info(const struct ff_security *security, const struct ff_model *model, uint32_t revision,
		      uint8_t *out);

#endif
