// SPDX-License-Identifier: Apache-2.0
#include "crypt.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "bytes.h"

#define UNIT 128u /* bytes with one tweak, XTS */
#define ESP32_KEY 32u
#define ESP32_UNIT 32u /* bytes with one key, ESP32 */
#define KEY_MAX 64u
#define XTS_POLYNOMIAL 0x87

struct ff_crypt {
	bool esp32;
	uint8_t key[KEY_MAX];
	size_t key_size;
	EVP_CIPHER_CTX *encrypt,
		*decrypt;      /* the block cipher with the first half of the key, or the ESP32's for `unit` */
	EVP_CIPHER_CTX *tweak; /* with the second half */
	uint32_t unit;         /* number of the one that the ESP32's key is for */
};

/* The bare block cipher with 16 or 32 bytes of key. */
static void set_key(EVP_CIPHER_CTX *context, const uint8_t *key, size_t size, bool encrypt)
{
	const EVP_CIPHER *cipher = size == ESP32_KEY ? EVP_aes_256_ecb() : EVP_aes_128_ecb();
	EVP_CipherInit_ex(context, cipher, NULL, key, NULL, encrypt);
	EVP_CIPHER_CTX_set_padding(context, 0);
}

static void run_block(EVP_CIPHER_CTX *context, uint8_t *block)
{
	int size;
	EVP_CipherUpdate(context, block, &size, block, FF_CRYPT_BLOCK);
}

static void reverse(uint8_t *block)
{
	for (size_t i = 0; i < FF_CRYPT_BLOCK / 2; i++) {
		uint8_t byte = block[i];
		block[i] = block[FF_CRYPT_BLOCK - 1 - i];
		block[FF_CRYPT_BLOCK - 1 - i] = byte;
	}
}

/* ---- the ESP32's scheme ---- */

/* Which bit of the address is added to which bit of the key, counted from the first byte's highest: four runs, each of
 * which goes through the bits 23 to 5 three times and then once more from a lower one. */
static void tweak_key(uint8_t *key, uint32_t address)
{
	static const unsigned last_from[] = { 14, 12, 10, 8 };
	const unsigned top = 23, bottom = 5, passes = 3;
	unsigned at = 0;
	for (size_t run = 0; run < sizeof(last_from) / sizeof(last_from[0]); run++) {
		for (unsigned pass = 0; pass <= passes; pass++) {
			unsigned from = pass < passes ? top : last_from[run];
			for (unsigned bit = from; bit >= bottom; bit--, at++) {
				key[at / 8] ^= (uint8_t)((address >> bit & 1) << (7 - at % 8));
			}
		}
	}
}

/* The hardware decrypts in order to encrypt, so that its pipeline is the short one when it reads. */
static void run_esp32(struct ff_crypt *crypt, bool encrypt, uint32_t address, uint8_t *block)
{
	if (crypt->unit != address / ESP32_UNIT) {
		uint8_t key[ESP32_KEY];
		memcpy(key, crypt->key, sizeof(key));
		tweak_key(key, address);
		set_key(crypt->encrypt, key, sizeof(key), true);
		set_key(crypt->decrypt, key, sizeof(key), false);
		crypt->unit = address / ESP32_UNIT;
	}
	reverse(block);
	run_block(encrypt ? crypt->decrypt : crypt->encrypt, block);
	reverse(block);
}

/* ---- XTS-AES ---- */

/* Multiplies by alpha (IEEE 1619, 5.2). */
static void step_tweak(uint8_t *tweak)
{
	unsigned carry = 0;
	for (size_t i = 0; i < FF_CRYPT_BLOCK; i++) {
		unsigned doubled = (unsigned)tweak[i] << 1 | carry;
		tweak[i] = (uint8_t)doubled;
		carry = doubled >> 8;
	}
	tweak[0] ^= carry ? XTS_POLYNOMIAL : 0;
}

static void add(uint8_t *block, const uint8_t *tweak)
{
	for (size_t i = 0; i < FF_CRYPT_BLOCK; i++) {
		block[i] ^= tweak[i];
	}
}

static void run_xts(struct ff_crypt *crypt, bool encrypt, uint32_t address, uint8_t *block)
{
	uint8_t tweak[FF_CRYPT_BLOCK] = { 0 };
	ff_put_le32(tweak, address / UNIT * UNIT);
	run_block(crypt->tweak, tweak);
	/* The last block of the unit is the first of the reversed one. */
	for (uint32_t i = address % UNIT / FF_CRYPT_BLOCK; i < UNIT / FF_CRYPT_BLOCK - 1; i++) {
		step_tweak(tweak);
	}
	reverse(block);
	add(block, tweak);
	run_block(encrypt ? crypt->encrypt : crypt->decrypt, block);
	add(block, tweak);
	reverse(block);
}

/* ---- both ---- */

struct ff_crypt *ff_crypt_new(const uint8_t *key, size_t key_size, bool esp32)
{
	struct ff_crypt *crypt = calloc(1, sizeof(*crypt));
	if (!crypt) {
		return NULL;
	}
	crypt->esp32 = esp32;
	crypt->unit = UINT32_MAX;
	memcpy(crypt->key, key, key_size);
	crypt->encrypt = EVP_CIPHER_CTX_new();
	crypt->decrypt = EVP_CIPHER_CTX_new();
	crypt->tweak = EVP_CIPHER_CTX_new();
	if (!crypt->encrypt || !crypt->decrypt || !crypt->tweak) {
		ff_crypt_free(crypt);
		return NULL;
	}
	if (!esp32) {
		size_t half = key_size / 2;
		set_key(crypt->encrypt, key, half, true);
		set_key(crypt->decrypt, key, half, false);
		set_key(crypt->tweak, key + half, half, true);
	}
	return crypt;
}

void ff_crypt_free(struct ff_crypt *crypt)
{
	if (crypt) {
		EVP_CIPHER_CTX_free(crypt->encrypt);
		EVP_CIPHER_CTX_free(crypt->decrypt);
		EVP_CIPHER_CTX_free(crypt->tweak);
		free(crypt);
	}
}

void ff_crypt_run(struct ff_crypt *crypt, bool encrypt, uint32_t address, uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size; done += FF_CRYPT_BLOCK) {
		uint32_t at = address + (uint32_t)done;
		if (crypt->esp32) {
			run_esp32(crypt, encrypt, at, bytes + done);
		} else {
			run_xts(crypt, encrypt, at, bytes + done);
		}
	}
}
