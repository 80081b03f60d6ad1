// SPDX-License-Identifier: Apache-2.0
#include "flasher_args.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "words.h"

static enum ff_status fail_format(struct ff_error *error, const char *what, const char *where)
{
	return ff_error_set(error, FF_ERR_FORMAT, "%s: '%.80s'", what, where);
}

static enum ff_status add_file(struct ff_flasher_args *args, const char *offset_text, const json_t *path,
			       struct ff_error *error)
{
	const char *text = json_string_value(path);
	struct ff_error bad_offset = FF_ERROR_NONE;
	struct ff_flasher_args_file *file = &args->files[args->count];

	if (args->count == FF_MAX_REGIONS) {
		return ff_error_set(error, FF_ERR_TOO_LARGE, "flash_files names more than %d files", FF_MAX_REGIONS);
	}
	if (ff_words_offset(&file->offset, offset_text, &bad_offset) != FF_OK) {
		return ff_error_set(error, FF_ERR_FORMAT, "flash_files: %s", bad_offset.text);
	}
	if (text == NULL || text[0] == '\0' || json_string_length(path) != strlen(text) ||
	    strlen(text) >= FF_FLASHER_ARGS_MAX_PATH) {
		return fail_format(error, "flash_files has no usable file name at offset", offset_text);
	}
	file->path = strdup(text);
	if (file->path == NULL) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	args->count++;
	return FF_OK;
}

static enum ff_status read_files(struct ff_flasher_args *args, json_t *root, struct ff_error *error)
{
	json_t *files = json_object_get(root, "flash_files");
	const char *offset;
	json_t *path;

	if (!json_is_object(files) || json_object_size(files) == 0) {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "it names no flash_files; is the project built, and is this its build directory?");
	}
	json_object_foreach(files, offset, path)
	{
		enum ff_status status = add_file(args, offset, path, error);

		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}

static bool says_true(const json_t *value)
{
	const char *text = json_string_value(value);

	return json_is_true(value) || (text != NULL && strcmp(text, "true") == 0);
}

/* Entries such as "app" and "bootloader" repeat a file of flash_files and say whether it is to be encrypted. */
static void mark_encrypted(struct ff_flasher_args *args, json_t *root)
{
	const char *key;
	json_t *entry;

	json_object_foreach(root, key, entry)
	{
		const char *offset_text = json_string_value(json_object_get(entry, "offset"));
		uint32_t offset;

		if (!says_true(json_object_get(entry, "encrypted")) || offset_text == NULL ||
		    ff_words_offset(&offset, offset_text, NULL) != FF_OK) {
			continue;
		}
		for (size_t i = 0; i < args->count; i++) {
			if (args->files[i].offset == offset) {
				args->files[i].encrypted = true;
			}
		}
	}
}

/* Settings are short words; a longer one is none that esptool knows, so that cutting it loses nothing. */
static void copy_word(char *to, size_t size, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text != NULL && strlen(text) < size) {
		memcpy(to, text, strlen(text) + 1);
	}
}

static void read_settings(struct ff_flasher_args *args, json_t *root)
{
	json_t *settings = json_object_get(root, "flash_settings");
	json_t *extra = json_object_get(root, "extra_esptool_args");
	const char *after = json_string_value(json_object_get(extra, "after"));

	copy_word(args->settings.mode, sizeof(args->settings.mode), json_object_get(settings, "flash_mode"));
	copy_word(args->settings.freq, sizeof(args->settings.freq), json_object_get(settings, "flash_freq"));
	copy_word(args->settings.size, sizeof(args->settings.size), json_object_get(settings, "flash_size"));
	copy_word(args->chip, sizeof(args->chip), json_object_get(extra, "chip"));
	args->no_stub = json_is_false(json_object_get(extra, "stub"));
	args->no_reset_after = after != NULL && strncmp(after, "no", 2) == 0;
}

/* ESP-IDF 6 spells options with hyphens, 4 and 5 with underscores. */
static void spell_with_hyphens(char *word)
{
	for (; *word != '\0'; word++) {
		if (*word == '_') {
			*word = '-';
		}
	}
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcmp(word, *list) == 0) {
			return true;
		}
	}
	return false;
}

/* Returns how many words of the array the option takes, 0 if farflash does not have it. */
static size_t apply_option(struct ff_flasher_args *args, const char *option, const json_t *value)
{
	static const char *const already_so[] = { "-z", "--compress", "--verify", "--no-progress", NULL };

	if (strcmp(option, "--flash-mode") == 0) {
		copy_word(args->settings.mode, sizeof(args->settings.mode), value);
		return 2;
	}
	if (strcmp(option, "--flash-freq") == 0) {
		copy_word(args->settings.freq, sizeof(args->settings.freq), value);
		return 2;
	}
	if (strcmp(option, "--flash-size") == 0) {
		copy_word(args->settings.size, sizeof(args->settings.size), value);
		return 2;
	}
	if (strcmp(option, "--force") == 0) {
		args->force = true;
		return 1;
	}
	if (strcmp(option, "--encrypt") == 0) {
		args->encrypt = true;
		return 1;
	}
	if (strcmp(option, "--no-compress") == 0 || strcmp(option, "-u") == 0) {
		args->no_compress = true;
		return 1;
	}
	return is_one_of(option, already_so) ? 1 : 0;
}

static enum ff_status read_write_flash_args(struct ff_flasher_args *args, json_t *root, struct ff_error *error)
{
	json_t *list = json_object_get(root, "write_flash_args");
	size_t i = 0;

	while (i < json_array_size(list)) {
		const char *word = json_string_value(json_array_get(list, i));
		char option[32];
		size_t taken = 0;

		if (word != NULL && strlen(word) < sizeof(option)) {
			memcpy(option, word, strlen(word) + 1);
			spell_with_hyphens(option);
			taken = apply_option(args, option, json_array_get(list, i + 1));
		}
		if (taken == 0) {
			return fail_format(error, "write_flash_args asks for what farflash cannot do",
					   word ? word : "(not a word)");
		}
		i += taken;
	}
	return FF_OK;
}

static enum ff_status read_root(struct ff_flasher_args *args, json_t *root, struct ff_error *error)
{
	enum ff_status status;

	if (!json_is_object(root)) {
		return ff_error_set(error, FF_ERR_FORMAT, "it is not a JSON object");
	}
	status = read_files(args, root, error);
	if (status != FF_OK) {
		return status;
	}
	mark_encrypted(args, root);
	read_settings(args, root);
	return read_write_flash_args(args, root, error);
}

enum ff_status ff_flasher_args_parse(struct ff_flasher_args *args, const char *text, size_t size,
				     struct ff_error *error)
{
	struct ff_flasher_args found = { .count = 0 };
	json_error_t json_error;
	json_t *root;
	enum ff_status status;

	if (size > FF_FLASHER_ARGS_MAX_SIZE) {
		return ff_error_set(error, FF_ERR_TOO_LARGE, "larger than %d bytes", FF_FLASHER_ARGS_MAX_SIZE);
	}
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &json_error);
	if (root == NULL) {
		return ff_error_set(error, FF_ERR_FORMAT, "not valid JSON in line %d: %s", json_error.line,
				    json_error.text);
	}
	status = read_root(&found, root, error);
	json_decref(root);
	if (status != FF_OK) {
		ff_flasher_args_release(&found);
		return status;
	}
	*args = found;
	return FF_OK;
}

void ff_flasher_args_release(struct ff_flasher_args *args)
{
	for (size_t i = 0; i < args->count; i++) {
		free(args->files[i].path);
	}
	*args = (struct ff_flasher_args){ .count = 0 };
}
