// SPDX-License-Identifier: Apache-2.0
/* What the chip's flash encryption makes of a piece of flash.
 *
 * The ESP32's own scheme: "Flash Encryption" in ESP-IDF's guide for the ESP32 and the tweak of the key in espsecure (esptool
 * 5.3). XTS-AES of the others: the "External Memory Encryption and Decryption" chapters of their reference manuals; units of
 * 128 bytes, whose bytes the hardware takes in reverse order. Written on the bare AES block, so that nothing is shared with
 * what the engine encrypts by.
 *
 * new/free; one thread. */
#ifndef FF_VB_CRYPT_H
#define FF_VB_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_CRYPT_BLOCK 16u

struct ff_crypt;

/* `key` has 32 bytes, or 64 for XTS-AES-256, in the order of a key file. `esp32`: the ESP32's own scheme, with all of its
 * tweak (FLASH_CRYPT_CONFIG 15). NULL when out of memory. */
struct ff_crypt *ff_crypt_new(const uint8_t *key, size_t key_size, bool esp32);

void ff_crypt_free(struct ff_crypt *crypt);

/* Encrypts or decrypts in place what is at `address` in flash; both are multiples of FF_CRYPT_BLOCK. */
void ff_crypt_run(struct ff_crypt *crypt, bool encrypt, uint32_t address, uint8_t *bytes, size_t size);

#endif
