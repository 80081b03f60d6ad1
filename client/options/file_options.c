// SPDX-License-Identifier: Apache-2.0
#include "file_options.h"

#include <string.h>

#include "command.h"
#include "words.h"

enum file_option {
	OPTION_PAD_TO_SIZE = 0x300,
	OPTION_CHUNK_SIZE,
	OPTION_MD5_DISABLE,
	OPTION_FLASH_CRYPT_CONF,
	OPTION_MIN_REV,
	OPTION_MIN_REV_FULL,
	OPTION_MAX_REV_FULL,
	OPTION_MMU_PAGE_SIZE,
};

const struct argp_option ff_merge_options[] = {
	{ "output", 'o', "FILE", 0, "Where to write; replaced only when everything went well", 1 },
	{ "format", 'f', "FORMAT", 0, "raw (default), hex (Intel HEX) or uf2", 1 },
	{ "build-dir", 'C', "DIR", 0,
	  "Merge what DIR/flasher_args.json of an ESP-IDF build lists; a zip or tar.gz of DIR will do", 1 },
	{ "flash-mode", FF_OPTION_FLASH_MODE, "MODE", 0, "Put it into the bootloader's header (keep)", 1 },
	{ "flash-freq", FF_OPTION_FLASH_FREQ, "FREQ", 0, "Put it into the bootloader's header (keep)", 1 },
	{ "flash-size", FF_OPTION_FLASH_SIZE, "SIZE", 0, "Put it into the bootloader's header (keep)", 1 },
	{ "target-offset", 't', "OFFSET", 0, "raw: where in flash the merged file will begin (0)", 1 },
	{ "pad-to-size", OPTION_PAD_TO_SIZE, "SIZE", 0, "raw: fill up with 0xFF to this flash size (256KB to 128MB)",
	  1 },
	{ "chunk-size", OPTION_CHUNK_SIZE, "N", 0, "uf2: data bytes of a block, a multiple of 4 (as many as fit)", 1 },
	{ "md5-disable", OPTION_MD5_DISABLE, NULL, 0, "uf2: no MD5 in the blocks", 1 },
	{ 0 },
};

const struct argp_option ff_elf_options[] = {
	{ "output", 'o', "FILE", 0,
	  "Where to write (the ELF file's name with .bin at its end); of two files what their names "
	  "begin with",
	  1 },
	{ "version", 'e', "N", 0, "ESP8266: form of the image, 1 (default), 2 or 3", 1 },
	{ "flash-mode", FF_OPTION_FLASH_MODE, "MODE", 0, "qio (default), qout, dio or dout", 1 },
	{ "flash-freq", FF_OPTION_FLASH_FREQ, "FREQ", 0, "Such as 80m (what the chip's header says with 0)", 1 },
	{ "flash-size", FF_OPTION_FLASH_SIZE, "SIZE", 0, "1MB (default) to 128MB", 1 },
	{ "min-rev", OPTION_MIN_REV, "N", 0, "Least chip revision, 0 to 255, where old bootloaders look for it (0)",
	  1 },
	{ "min-rev-full", OPTION_MIN_REV_FULL, "N", 0, "Least chip revision, as major * 100 + minor (0)", 1 },
	{ "max-rev-full", OPTION_MAX_REV_FULL, "N", 0, "Last chip revision, as major * 100 + minor (any)", 1 },
	{ "flash-mmu-page-size", OPTION_MMU_PAGE_SIZE, "SIZE", 0, "8KB to 256KB (what the application says, or 64KB)",
	  1 },
	{ 0 },
};

const struct argp_option ff_crypt_options[] = {
	{ "keyfile", 'k', "FILE", 0, "The key, in plain bytes", 1 },
	{ "output", 'o', "FILE", 0, "Where to write; replaced only when everything went well", 1 },
	{ "address", 'a', "OFFSET", 0, "Flash address of the content, a multiple of 16", 1 },
	{ "aes-xts", 'x', NULL, 0, "AES-XTS, as every chip but the ESP32 has it", 1 },
	{ "flash-crypt-conf", OPTION_FLASH_CRYPT_CONF, "N", 0, "ESP32: the eFuse of this name, 0 to 0xF (0xF)", 1 },
	{ 0 },
};

static uint32_t number(struct argp_state *state, const char *option, const char *text)
{
	uint32_t value = 0;

	if (ff_words_offset(&value, text, NULL) != FF_OK) {
		argp_error(state, "%s wants a number like 0x10000 or 65536, not '%s'", option, text);
	}
	return value;
}

static enum ff_file_format format(struct argp_state *state, const char *word)
{
	static const char *const words[] = { [FF_FILE_RAW] = "raw", [FF_FILE_HEX] = "hex", [FF_FILE_UF2] = "uf2" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0) {
			return (enum ff_file_format)i;
		}
	}
	argp_error(state, "--format knows raw, hex and uf2, not '%s'", word);
	return FF_FILE_RAW;
}

static uint32_t flash_size(struct argp_state *state, const char *word)
{
	static const char *const words[] = { "256KB", "512KB", "1MB",  "2MB",  "4MB",
					     "8MB",   "16MB",  "32MB", "64MB", "128MB" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0) {
			return UINT32_C(0x40000) << i;
		}
	}
	argp_error(state, "--pad-to-size wants a flash size from 256KB to 128MB, such as 4MB, not '%s'", word);
	return 0;
}

error_t ff_file_options_parse_merge(int key, char *argument, struct argp_state *state, struct ff_file_options *options)
{
	switch (key) {
	case 'o':
		options->output = argument;
		return 0;
	case 'f':
		options->format = format(state, argument);
		return 0;
	case 't':
		options->target = number(state, "--target-offset", argument);
		return 0;
	case OPTION_PAD_TO_SIZE:
		options->pad_to = flash_size(state, argument);
		return 0;
	case OPTION_CHUNK_SIZE:
		options->chunk = number(state, "--chunk-size", argument);
		if (options->chunk == 0) {
			argp_error(state, "--chunk-size wants a multiple of 4, not 0");
		}
		return 0;
	case OPTION_MD5_DISABLE:
		options->no_md5 = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static uint16_t revision(struct argp_state *state, const char *option, const char *text, uint32_t most)
{
	uint32_t value = number(state, option, text);

	if (value > most) {
		argp_error(state, "%s wants a number from 0 to %u, not '%s'", option, most, text);
	}
	return (uint16_t)value;
}

static uint32_t page_size(struct argp_state *state, const char *word)
{
	static const char *const words[] = { "8KB", "16KB", "32KB", "64KB", "128KB", "256KB" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) == 0) {
			return UINT32_C(0x2000) << i;
		}
	}
	argp_error(state, "--flash-mmu-page-size wants a size from 8KB to 256KB, such as 64KB, not '%s'", word);
	return 0;
}

error_t ff_file_options_parse_elf(int key, char *argument, struct argp_state *state, struct ff_file_options *options)
{
	switch (key) {
	case 'o':
		options->output = argument;
		return 0;
	case OPTION_MIN_REV:
		options->min_rev = (uint8_t)revision(state, "--min-rev", argument, 255);
		return 0;
	case OPTION_MIN_REV_FULL:
		options->min_rev_full = revision(state, "--min-rev-full", argument, 65535);
		return 0;
	case OPTION_MAX_REV_FULL:
		options->max_rev_full = revision(state, "--max-rev-full", argument, 65535);
		options->max_rev_given = true;
		return 0;
	case 'e':
		if (argument[0] < '1' || argument[0] > '3' || argument[1] != '\0') {
			argp_error(state, "--version wants 1, 2 or 3, not '%s'", argument);
		}
		options->version = (uint8_t)(argument[0] - '0');
		return 0;
	case OPTION_MMU_PAGE_SIZE:
		options->mmu_page = page_size(state, argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

error_t ff_file_options_parse_crypt(int key, char *argument, struct argp_state *state, struct ff_file_options *options)
{
	switch (key) {
	case 'k':
		options->key_file = argument;
		return 0;
	case 'o':
		options->output = argument;
		return 0;
	case 'a':
		options->address = number(state, "--address", argument);
		options->address_given = true;
		return 0;
	case 'x':
		options->aes_xts = true;
		return 0;
	case OPTION_FLASH_CRYPT_CONF:
		options->conf = number(state, "--flash-crypt-conf", argument);
		options->conf_given = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}
