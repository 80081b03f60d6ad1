// SPDX-License-Identifier: Apache-2.0
/* The options of the commands that work on files alone: merge-bin, elf2image, encrypt-flash-data, decrypt-flash-data. */
#ifndef FF_CLIENT_FILE_OPTIONS_H
#define FF_CLIENT_FILE_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ff_file_format { FF_FILE_RAW, FF_FILE_HEX, FF_FILE_UF2 };

/* Strings are the command line's. */
struct ff_file_options {
	const char *output; /* NULL: not given */
	enum ff_file_format format;
	uint32_t target; /* flash address of the first byte of a raw file */
	uint32_t pad_to; /* bytes of flash to fill, 0: none */
	uint32_t chunk;  /* data bytes of a UF2 block, 0: as many as fit */
	bool no_md5;
	const char *key_file; /* NULL: not given */
	bool address_given;
	uint32_t address; /* flash address of the content */
	bool conf_given;
	uint32_t conf; /* FLASH_CRYPT_CONF */
	bool aes_xts;
	uint8_t min_rev;       /* of elf2image, in the old field of the image's header */
	uint16_t min_rev_full; /* major * 100 + minor */
	bool max_rev_given;
	uint16_t max_rev_full; /* the same */
	uint32_t mmu_page;     /* bytes, 0: to be found out */
	uint8_t version;       /* of the ESP8266's image, 1 to 3; 0: not given */
};

/* Options of merge-bin, of elf2image, and of the two commands about encryption, for argp. */
extern const struct argp_option ff_merge_options[];
extern const struct argp_option ff_elf_options[];
extern const struct argp_option ff_crypt_options[];

/* Each takes one of its options; ARGP_ERR_UNKNOWN if it is none. Wrong values end the process, as argp does. */
error_t ff_file_options_parse_merge(int key, char *argument, struct argp_state *state, struct ff_file_options *options);
error_t ff_file_options_parse_elf(int key, char *argument, struct argp_state *state, struct ff_file_options *options);
error_t ff_file_options_parse_crypt(int key, char *argument, struct argp_state *state, struct ff_file_options *options);

#endif
