// SPDX-License-Identifier: Apache-2.0
/* What firmware images and their containers say differently for each chip, as data. A new chip is a new row.
 *
 * Constants of the program's whole life; any thread. Facts from esptool 5.3, targets folder (IMAGE_CHIP_ID,
 * BOOTLOADER_FLASH_OFFSET, FLASH_SIZES, FLASH_FREQUENCY, UF2_FAMILY_ID); the families are also in uf2families.json of
 * https://github.com/microsoft/uf2. */
#ifndef FF_IMAGE_IMAGECHIP_H
#define FF_IMAGE_IMAGECHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memmap.h"

/* Id of the ESP8266, whose images carry none. */
#define FF_IMAGECHIP_NO_ID 0xFFFF

/* A word of esptool's and the number that stands for it in an image's header. A list ends with a NULL word. */
struct ff_imagechip_word {
	const char *word;
	uint8_t value;
};

struct ff_imagechip {
	const char *name;                      /* "ESP32-C3" */
	uint16_t id;                           /* in the extended header */
	uint32_t bootloader_at;                /* flash address of the second stage bootloader */
	uint32_t uf2_family;                   /* 0 for none */
	const struct ff_imagechip_word *sizes; /* high half of header byte 3 */
	const struct ff_imagechip_word *freqs; /* low half of header byte 3 */
	const struct ff_memmap_range *memory;  /* ends with a NULL name */
};

/* Flash modes, header byte 2; the same for all chips. */
extern const struct ff_imagechip_word ff_imagechip_modes[];

/* The chip with this id, or NULL. FF_IMAGECHIP_NO_ID finds the ESP8266. */
const struct ff_imagechip *ff_imagechip_by_id(uint16_t id);

/* Case and hyphens do not matter: "esp32c3" and "ESP32-C3" are the same. */
bool ff_imagechip_is_same_name(const char *a, const char *b);

/* The chip of this name, or NULL; case and hyphens do not matter: "esp32c3" is the ESP32-C3. */
const struct ff_imagechip *ff_imagechip_by_name(const char *name);

/* The chip of this UF2 family, or NULL; 0 finds none. */
const struct ff_imagechip *ff_imagechip_by_family(uint32_t family);

/* The word for a number in one of the lists, or NULL. Where two words share a number, the first. */
const char *ff_imagechip_word(const struct ff_imagechip_word *list, uint8_t value);

/* Bytes of flash that a word of the size lists means ("4MB-c1": 4 MiB); 0 for other words. */
uint32_t ff_imagechip_size(const char *word);

/* The row of a word (case does not matter), or NULL. */
const struct ff_imagechip_word *ff_imagechip_find_word(const struct ff_imagechip_word *list, const char *word);

#endif
