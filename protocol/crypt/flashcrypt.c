// SPDX-License-Identifier: Apache-2.0
#include "flashcrypt.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "bytes.h"

#define BLOCK_SIZE 16
#define KEY_UNIT 32 /* bytes of ESP32 flash that share a key */
#define XTS_UNIT 128
#define ESP32_KEY_SIZE 32
#define ESP32_END (UINT64_C(1) << 24)
#define XTS_END (UINT64_C(1) << 32)

static enum ff_status refuse_length(size_t size, const char *wanted, struct ff_error *error)
{
	return ff_error_set(error, FF_ERR_ARGUMENT, "the key has %zu bytes, not %s", size, wanted);
}

/* In eFuses with 3/4 coding there is room for 192 bits; the hardware repeats the middle third. */
static enum ff_status set_esp32(struct ff_crypt_key *key, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	if (size != 24 && size != ESP32_KEY_SIZE) {
		return refuse_length(size, "32 or 24 as the ESP32 has them (other chips use AES-XTS)", error);
	}
	memcpy(key->bytes, bytes, size);
	if (size == 24) {
		memcpy(key->bytes + 24, bytes + 8, 8);
	}
	key->size = ESP32_KEY_SIZE;
	return FF_OK;
}

static enum ff_status set_xts(struct ff_crypt_key *key, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	if (size != 16 && size != 32 && size != 64) {
		return refuse_length(size, "16, 32 or 64 as AES-XTS has them", error);
	}
	if (size == 16) {
		SHA256(bytes, size, key->bytes);
		key->size = SHA256_DIGEST_LENGTH;
		return FF_OK;
	}
	if (CRYPTO_memcmp(bytes, bytes + size / 2, size / 2) == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "the two halves of the key are the same, which makes AES-XTS unsafe");
	}
	memcpy(key->bytes, bytes, size);
	key->size = size;
	return FF_OK;
}

enum ff_status ff_crypt_key_set(struct ff_crypt_key *key, enum ff_crypt_scheme scheme, const uint8_t *bytes,
				size_t size, struct ff_error *error)
{
	key->scheme = scheme;
	return scheme == FF_CRYPT_ESP32 ? set_esp32(key, bytes, size, error) : set_xts(key, bytes, size, error);
}

void ff_crypt_key_wipe(struct ff_crypt_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

static void reverse(uint8_t *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		to[i] = from[size - 1 - i];
	}
}

/* Flips the key's bits, the highest first, by bits of the address: in each quarter three times bits 23 to 5, then a
 * shorter run that ends at bit 5 too. The quarters are 67, 65, 63 and 61 bits long. */
static void tweak_key(uint8_t tweaked[ESP32_KEY_SIZE], const uint8_t *key, uint32_t address, unsigned conf)
{
	unsigned at = 0;

	memcpy(tweaked, key, ESP32_KEY_SIZE);
	for (unsigned quarter = 0; quarter < 4; quarter++) {
		for (unsigned run = 0; run < 4; run++) {
			for (unsigned bit = run < 3 ? 23 : 14 - 2 * quarter; bit >= 5; bit--, at++) {
				unsigned flip = (conf >> quarter) & (address >> bit) & 1;

				tweaked[at / 8] ^= (uint8_t)(flip << (7 - at % 8));
			}
		}
	}
}

static bool run_esp32(EVP_CIPHER_CTX *cipher, const struct ff_crypt_key *key, const struct ff_crypt_job *job,
		      uint8_t *bytes, size_t size)
{
	uint8_t tweaked[ESP32_KEY_SIZE];
	bool good = EVP_CipherInit_ex(cipher, EVP_aes_256_ecb(), NULL, NULL, NULL, job->decrypt) == 1 &&
		    EVP_CIPHER_CTX_set_padding(cipher, 0) == 1;

	for (size_t at = 0; at < size && good; at += BLOCK_SIZE) {
		uint32_t address = job->address + (uint32_t)at;
		uint8_t block[BLOCK_SIZE];
		int length;

		if (at == 0 || address % KEY_UNIT == 0) {
			tweak_key(tweaked, key->bytes, address, job->conf);
			good = EVP_CipherInit_ex(cipher, NULL, NULL, tweaked, NULL, job->decrypt) == 1;
		}
		reverse(block, bytes + at, BLOCK_SIZE);
		good = good && EVP_CipherUpdate(cipher, block, &length, block, BLOCK_SIZE) == 1;
		reverse(bytes + at, block, BLOCK_SIZE);
	}
	OPENSSL_cleanse(tweaked, sizeof(tweaked));
	return good;
}

/* One unit, of which `size` bytes from `skip` on are content; each block of 16 bytes is on its own, so zeros may stand
 * in for the others. */
static bool run_unit(EVP_CIPHER_CTX *cipher, const struct ff_crypt_job *job, uint32_t address, uint8_t *bytes,
		     size_t skip, size_t size)
{
	uint8_t tweak[16] = { 0 }, unit[XTS_UNIT] = { 0 }, reversed[XTS_UNIT];
	int length;

	ff_put_le32(tweak, address);
	memcpy(unit + skip, bytes, size);
	reverse(reversed, unit, XTS_UNIT);
	if (EVP_CipherInit_ex(cipher, NULL, NULL, NULL, tweak, !job->decrypt) != 1 ||
	    EVP_CipherUpdate(cipher, reversed, &length, reversed, XTS_UNIT) != 1) {
		return false;
	}
	reverse(unit, reversed, XTS_UNIT);
	memcpy(bytes, unit + skip, size);
	return true;
}

static bool run_xts(EVP_CIPHER_CTX *cipher, const struct ff_crypt_key *key, const struct ff_crypt_job *job,
		    uint8_t *bytes, size_t size)
{
	const EVP_CIPHER *kind = key->size == FF_CRYPT_MAX_KEY ? EVP_aes_256_xts() : EVP_aes_128_xts();
	bool good = EVP_CipherInit_ex(cipher, kind, NULL, key->bytes, NULL, !job->decrypt) == 1;

	for (size_t at = 0, part; at < size && good; at += part) {
		uint32_t address = job->address + (uint32_t)at;
		size_t skip = address % XTS_UNIT;

		part = size - at < XTS_UNIT - skip ? size - at : XTS_UNIT - skip;
		good = run_unit(cipher, job, address - (uint32_t)skip, bytes + at, skip, part);
	}
	return good;
}

static enum ff_status check(const struct ff_crypt_key *key, const struct ff_crypt_job *job, size_t size,
			    struct ff_error *error)
{
	uint64_t end = key->scheme == FF_CRYPT_ESP32 ? ESP32_END : XTS_END;

	if (job->address % FF_CRYPT_ALIGNMENT != 0) {
		return ff_error_set(error, FF_ERR_ALIGNMENT, "the flash address 0x%x is no multiple of 16",
				    job->address);
	}
	if (size == 0) {
		return ff_error_set(error, FF_ERR_EMPTY, "there is no data");
	}
	if (size % FF_CRYPT_ALIGNMENT != 0) {
		return ff_error_set(error, FF_ERR_ALIGNMENT,
				    "its size, %zu bytes, is no multiple of 16, the smallest unit of flash encryption",
				    size);
	}
	if (job->address >= end || size > end - job->address) {
		return ff_error_set(error, FF_ERR_TOO_LARGE,
				    "%zu bytes at 0x%x go past the %u MiB that can be encrypted", size, job->address,
				    (unsigned)(end >> 20));
	}
	if (job->conf > FF_CRYPT_CONF_ALL) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "FLASH_CRYPT_CONF is 0 to 15, not %u", job->conf);
	}
	return FF_OK;
}

enum ff_status ff_crypt_run(const struct ff_crypt_key *key, const struct ff_crypt_job *job, uint8_t *bytes, size_t size,
			    struct ff_error *error)
{
	enum ff_status status = check(key, job, size, error);

	if (status != FF_OK) {
		return status;
	}
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	if (cipher == NULL) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	bool good = key->scheme == FF_CRYPT_ESP32 ? run_esp32(cipher, key, job, bytes, size)
						  : run_xts(cipher, key, job, bytes, size);
	EVP_CIPHER_CTX_free(cipher); /* wipes its copy of the key */
	return good ? FF_OK : ff_error_set(error, FF_ERR_UNSUPPORTED, "this machine's libcrypto refuses the cipher");
}
