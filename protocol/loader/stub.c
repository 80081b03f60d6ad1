// SPDX-License-Identifier: Apache-2.0
#include "stub.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#define MAX_FILE_SIZE (2 * 1024 * 1024)
#define SHARE_DIR "share/farflash/stubs"

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (c >= '0' && c <= '9') {
		return c - '0' + 52;
	}
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Strict RFC 4648: whole groups of four, padding at the end only. `out` has room for length / 4 * 3 bytes. */
static bool decode_base64(const char *text, size_t length, uint8_t *out, size_t *size)
{
	if (length % 4 != 0) {
		return false;
	}
	size_t padding = 0;
	while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
		padding++;
	}
	size_t used = 0;
	uint32_t bits = 0;
	for (size_t i = 0; i < length; i++) {
		int value = i >= length - padding ? 0 : base64_value(text[i]);
		if (value < 0) {
			return false;
		}
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 == 3) {
			out[used++] = (uint8_t)(bits >> 16);
			out[used++] = (uint8_t)(bits >> 8);
			out[used++] = (uint8_t)bits;
		}
	}
	*size = used - padding;
	return true;
}

static bool read_word(const json_t *root, const char *key, uint32_t *word)
{
	const json_t *value = json_object_get(root, key);
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > UINT32_MAX) {
		return false;
	}
	*word = (uint32_t)json_integer_value(value);
	return true;
}

static enum ff_status read_segment(const json_t *root, const char *key, const char *start_key,
				   struct ff_stub_segment *segment)
{
	const json_t *value = json_object_get(root, key);
	size_t length = json_string_length(value);
	if (!json_is_string(value) || length == 0 || length / 4 * 3 > FF_STUB_MAX_SEGMENT ||
	    !read_word(root, start_key, &segment->address)) {
		return FF_ERR_FORMAT;
	}
	segment->bytes = malloc(length / 4 * 3 + 1);
	if (!segment->bytes) {
		return FF_ERR_NO_MEMORY;
	}
	size_t size = 0;
	if (!decode_base64(json_string_value(value), length, segment->bytes, &size) || size == 0 ||
	    size > UINT32_MAX - segment->address) {
		return FF_ERR_FORMAT;
	}
	segment->size = (uint32_t)size;
	return FF_OK;
}

static enum ff_status read_stub(struct ff_stub *stub, const json_t *root)
{
	if (!json_is_object(root) || !read_word(root, "entry", &stub->entry)) {
		return FF_ERR_FORMAT;
	}
	if (json_object_get(root, "bss_start") && !read_word(root, "bss_start", &stub->bss)) {
		return FF_ERR_FORMAT;
	}
	enum ff_status status = read_segment(root, "text", "text_start", &stub->text);
	if (status != FF_OK || !json_object_get(root, "data")) {
		return status;
	}
	return read_segment(root, "data", "data_start", &stub->data);
}

enum ff_status ff_stub_parse(struct ff_stub *stub, const char *json, size_t size, const char *name,
			     struct ff_error *error)
{
	json_error_t reason;
	json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, &reason);
	if (!root) {
		return ff_error_set(error, FF_ERR_FORMAT, "%s is not a stub flasher: line %d: %s", name, reason.line,
				    reason.text);
	}
	struct ff_stub found = { 0 };
	enum ff_status status = read_stub(&found, root);
	json_decref(root);
	if (status != FF_OK) {
		ff_stub_release(&found);
		return ff_error_set(error, status,
				    "%s is not a stub flasher: entry, text, text_start, data, data_start "
				    "or bss_start is missing or wrong",
				    name);
	}
	*stub = found;
	return FF_OK;
}

static enum ff_status load_file(struct ff_stub *stub, FILE *file, const char *path, struct ff_error *error)
{
	char *json = malloc(MAX_FILE_SIZE);
	if (!json) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for %s", path);
	}
	size_t size = fread(json, 1, MAX_FILE_SIZE, file);
	enum ff_status status = FF_OK;
	if (ferror(file)) {
		status = ff_error_set_errno(error, FF_ERR_IO, errno, "cannot read %s", path);
	} else if (size == MAX_FILE_SIZE) {
		status = ff_error_set(error, FF_ERR_FORMAT, "%s is too large for a stub flasher", path);
	} else {
		status = ff_stub_parse(stub, json, size, path, error);
	}
	free(json);
	return status;
}

/* FF_ERR_NOT_FOUND without touching `error`. */
static enum ff_status load_from(struct ff_stub *stub, const char *dir, const char *name, struct ff_error *error)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s/%s.json", dir, name);
	if (length < 0 || (size_t)length >= sizeof(path)) {
		return FF_ERR_NOT_FOUND;
	}
	FILE *file = fopen(path, "re");
	if (!file) {
		return errno == ENOENT || errno == ENOTDIR
			       ? FF_ERR_NOT_FOUND
			       : ff_error_set_errno(error, FF_ERR_IO, errno, "cannot open %s", path);
	}
	enum ff_status status = load_file(stub, file, path, error);
	fclose(file);
	return status;
}

/* The folder ../share/farflash/stubs of the running program. */
static bool beside_program(char *dir, size_t size)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (length <= 0) {
		return false;
	}
	program[length] = '\0';
	for (int levels = 0; levels < 2; levels++) {
		char *slash = strrchr(program, '/');
		if (!slash) {
			return false;
		}
		*slash = '\0';
	}
	int written = snprintf(dir, size, "%s/%s", program, SHARE_DIR);
	return written > 0 && (size_t)written < size;
}

/* The folder of the tree into which the library was installed, wherever that was moved. In a program that was linked with
 * the static library this is beside the program once more. */
static bool beside_library(char *dir, size_t size)
{
	static const char here;
	Dl_info library;
	const char *slash = dladdr(&here, &library) != 0 ? strrchr(library.dli_fname, '/') : NULL;
	if (!slash) {
		return false;
	}
	int written =
		snprintf(dir, size, "%.*s/" FF_STUBS_FROM_LIB, (int)(slash - library.dli_fname), library.dli_fname);
	return written > 0 && (size_t)written < size;
}

enum ff_status ff_stub_load(struct ff_stub *stub, const char *dir, const char *name, struct ff_error *error)
{
	if (!dir) {
		dir = getenv("FARFLASH_STUB_DIR");
	}
	enum ff_status status = FF_ERR_NOT_FOUND;
	if (dir) {
		status = load_from(stub, dir, name, error);
	} else {
		char beside[PATH_MAX];
		if (beside_program(beside, sizeof(beside))) {
			status = load_from(stub, beside, name, error);
		}
		if (status == FF_ERR_NOT_FOUND && beside_library(beside, sizeof(beside))) {
			status = load_from(stub, beside, name, error);
		}
		if (status == FF_ERR_NOT_FOUND) {
			status = load_from(stub, FF_STUB_DIR, name, error);
		}
	}
	if (status == FF_ERR_NOT_FOUND) {
		return ff_error_set(error, status, "there is no stub flasher %s.json in %s", name,
				    dir ? dir : FF_STUB_DIR);
	}
	return status;
}

void ff_stub_release(struct ff_stub *stub)
{
	free(stub->text.bytes);
	free(stub->data.bytes);
	*stub = (struct ff_stub){ 0 };
}
