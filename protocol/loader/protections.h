// SPDX-License-Identifier: Apache-2.0
/* What protects a chip's flash: secure boot, flash encryption and its key, from what the chip told and from its eFuses. */
#ifndef FF_LOADER_PROTECTIONS_H
#define FF_LOADER_PROTECTIONS_H

#include "loader.h"

/* Sets boot_protection, encryption and key_manager of an identified chip. In secure download mode only what it told
 * counts. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_protections_read(struct ff_loader *loader, struct ff_error *error);

/* What a write that the chip encrypts depends on. */
struct ff_protections_key {
	bool known;           /* false: secure download mode, or a chip that does not tell; the rest means nothing */
	bool may_encrypt;     /* the eFuses allow the loader to */
	bool present;         /* there is a key */
	uint8_t crypt_config; /* of the ESP32; FF_PROTECTIONS_CONFIG_ALL elsewhere */
};

#define FF_PROTECTIONS_CONFIG_ALL 0xF

/* Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_protections_read_key(struct ff_loader *loader, struct ff_protections_key *key,
						      struct ff_error *error);

#endif
