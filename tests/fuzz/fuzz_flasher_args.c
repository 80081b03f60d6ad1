// SPDX-License-Identifier: Apache-2.0
/* The client's two readers of what a build left behind, on the same bytes: flasher_args.json and the words of an
 * argument file. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flasher_args.h"
#include "words.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(int holds)
{
	if (!holds) {
		abort();
	}
}

static void read_json(const char *text, size_t size)
{
	struct ff_flasher_args args;
	struct ff_error error = FF_ERROR_NONE;

	if (ff_flasher_args_parse(&args, text, size, &error) != FF_OK) {
		check(error.text[0] != '\0');
		return;
	}
	check(args.count > 0 && args.count <= FF_MAX_REGIONS);
	check(strlen(args.settings.mode) < sizeof(args.settings.mode));
	check(strlen(args.settings.freq) < sizeof(args.settings.freq));
	check(strlen(args.settings.size) < sizeof(args.settings.size));
	for (size_t i = 0; i < args.count; i++) {
		check(args.files[i].path[0] != '\0' && strlen(args.files[i].path) < FF_FLASHER_ARGS_MAX_PATH);
	}
	ff_flasher_args_release(&args);
}

static void read_words(const char *text, size_t size)
{
	struct ff_words words;
	struct ff_error error = FF_ERROR_NONE;
	size_t letters = 0;

	if (ff_words_split(&words, text, size, &error) != FF_OK) {
		check(error.text[0] != '\0');
		return;
	}
	check(words.count <= FF_WORDS_MAX && words.items[words.count] == NULL);
	for (size_t i = 0; i < words.count; i++) {
		uint32_t offset;

		letters += strlen(words.items[i]);
		(void)ff_words_offset(&offset, words.items[i], NULL);
	}
	check(letters <= size);
	ff_words_release(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	read_json((const char *)bytes, size);
	read_words((const char *)bytes, size);
	return 0;
}
