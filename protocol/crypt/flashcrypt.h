// SPDX-License-Identifier: Apache-2.0
/* Flash encryption as the chips do it, for those who have the key: content for a flash that is encrypted, and back.
 *
 * Two schemes. The ESP32's own: AES-256 in single blocks of 16 bytes, used backwards (to encrypt flash is to decrypt
 * with AES) and on reversed bytes, with a key that is changed for every 32 bytes of flash by bits 5 to 23 of their
 * address; FLASH_CRYPT_CONF says which quarters of the key. Every later chip: AES-XTS on units of 128 bytes, reversed,
 * with the unit's flash address as tweak.
 *
 * Pure functions over the caller's bytes; any thread. Source: "Flash Encryption" of the ESP-IDF guide for each chip
 * (section on the algorithm), and espsecure 5.3, with which the results agree. */
#ifndef FF_CRYPT_FLASHCRYPT_H
#define FF_CRYPT_FLASHCRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

/* Addresses and sizes are multiples of it. */
#define FF_CRYPT_ALIGNMENT 16
#define FF_CRYPT_MAX_KEY 64
/* FLASH_CRYPT_CONF as every ESP32 with ESP-IDF has it: all quarters of the key. */
#define FF_CRYPT_CONF_ALL 0xF

enum ff_crypt_scheme {
	FF_CRYPT_ESP32,
	FF_CRYPT_XTS, /* all others */
};

/* A key as the cipher takes it. Wipe it as soon as it is not needed any more. */
struct ff_crypt_key {
	enum ff_crypt_scheme scheme;
	uint8_t bytes[FF_CRYPT_MAX_KEY];
	size_t size;
};

/* Takes a key as it stands in a key file. ESP32: 32 bytes, or 24 where the eFuses use 3/4 coding. XTS: 32 bytes
 * (AES-128), 64 (AES-256), or 16 that the chip extends to 32 by SHA-256 (ESP32-C2).
 * Errors: FF_ERR_ARGUMENT (another length, or XTS halves that are the same). */
FF_WARN_UNUSED enum ff_status ff_crypt_key_set(struct ff_crypt_key *key, enum ff_crypt_scheme scheme,
					       const uint8_t *bytes, size_t size, struct ff_error *error);

/* Overwrites it. Harmless on a zeroed one. */
void ff_crypt_key_wipe(struct ff_crypt_key *key);

struct ff_crypt_job {
	uint32_t address; /* of the first byte in flash */
	unsigned conf;    /* FLASH_CRYPT_CONF, 0 to 15; only the ESP32 has it */
	bool decrypt;
};

/* Encrypts or decrypts `bytes` in place.
 * Errors: FF_ERR_EMPTY, FF_ERR_ALIGNMENT (address or size is no multiple of 16), FF_ERR_TOO_LARGE (past the end of what
 * an address can name: 16 MiB on the ESP32, 4 GiB elsewhere), FF_ERR_ARGUMENT (conf), FF_ERR_UNSUPPORTED (libcrypto
 * refuses). After an error of libcrypto the content is lost. */
FF_WARN_UNUSED enum ff_status ff_crypt_run(const struct ff_crypt_key *key, const struct ff_crypt_job *job,
					   uint8_t *bytes, size_t size, struct ff_error *error);

#endif
