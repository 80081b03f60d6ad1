// SPDX-License-Identifier: Apache-2.0
#include "known_stubs.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#define PATH_SIZE 4096
#define SEGMENT_MAX (256u * 1024)

/* Decodes one base64 string; `segment` stays empty on failure. */
static bool decode(struct ff_stub_segment *segment, const char *base64)
{
	size_t length = strlen(base64);
	if (length == 0 || length % 4 != 0 || length / 4 * 3 > SEGMENT_MAX) {
		return false;
	}
	uint8_t *bytes = malloc(length / 4 * 3);
	if (!bytes) {
		return false;
	}
	int size = EVP_DecodeBlock(bytes, (const unsigned char *)base64, (int)length);
	if (size < 0) {
		free(bytes);
		return false;
	}
	/* EVP_DecodeBlock counts the padding as zero bytes. */
	size -= base64[length - 1] == '=';
	size -= base64[length - 2] == '=';
	segment->bytes = bytes;
	segment->size = (size_t)size;
	return true;
}

static bool get_address(const json_t *root, const char *key, uint32_t *address)
{
	const json_t *value = json_object_get(root, key);
	json_int_t number = json_integer_value(value);
	if (!json_is_integer(value) || number < 0 || number > UINT32_MAX) {
		return false;
	}
	*address = (uint32_t)number;
	return true;
}

static bool get_segment(const json_t *root, const char *key, const char *start_key, struct ff_stub_segment *segment)
{
	const char *base64 = json_string_value(json_object_get(root, key));
	return base64 && get_address(root, start_key, &segment->address) && decode(segment, base64);
}

static bool parse(const json_t *root, struct ff_known_stub *stub)
{
	if (!get_address(root, "entry", &stub->entry) || !get_segment(root, "text", "text_start", &stub->text)) {
		return false;
	}
	return !json_object_get(root, "data") || get_segment(root, "data", "data_start", &stub->data);
}

static void release(struct ff_known_stub *stub)
{
	free(stub->text.bytes);
	free(stub->data.bytes);
	*stub = (struct ff_known_stub){ 0 };
}

static enum ff_status load_file(struct ff_known_stubs *stubs, const char *path, struct ff_error *error)
{
	json_error_t reason;
	json_t *root = json_load_file(path, 0, &reason);
	if (!root) {
		return ff_error_set(error, FF_ERR_FORMAT, "%s is not a stub flasher: %s", path, reason.text);
	}
	struct ff_known_stub stub = { 0 };
	bool understood = parse(root, &stub);
	json_decref(root);
	if (!understood) {
		release(&stub);
		return ff_error_set(error, FF_ERR_FORMAT,
				    "%s is not a stub flasher: it lacks entry, text, text_start or a valid data", path);
	}
	stubs->at[stubs->count++] = stub;
	return FF_OK;
}

static bool serves(const struct ff_model *model, size_t file, uint32_t revision)
{
	return !model->stub_files[1] || (file == 1) == (revision >= model->second_stub_since);
}

enum ff_status ff_known_stubs_load(struct ff_known_stubs *stubs, const struct ff_model *model, uint32_t revision,
				   const char *dir, struct ff_error *error)
{
	*stubs = (struct ff_known_stubs){ 0 };
	for (size_t i = 0; i < FF_KNOWN_STUBS_MAX && model->stub_files[i]; i++) {
		if (!serves(model, i, revision)) {
			continue;
		}
		char path[PATH_SIZE];
		int length = snprintf(path, sizeof(path), "%s/%s.json", dir, model->stub_files[i]);
		if (length < 0 || (size_t)length >= sizeof(path) || access(path, F_OK) != 0) {
			continue;
		}
		enum ff_status status = load_file(stubs, path, error);
		if (status != FF_OK) {
			ff_known_stubs_release(stubs);
			return status;
		}
	}
	return FF_OK;
}

void ff_known_stubs_release(struct ff_known_stubs *stubs)
{
	for (size_t i = 0; i < stubs->count; i++) {
		release(&stubs->at[i]);
	}
	stubs->count = 0;
}

static bool holds(const struct ff_bus *bus, const struct ff_stub_segment *segment)
{
	return ff_bus_holds(bus, segment->address, segment->bytes, segment->size);
}

bool ff_known_stubs_match(const struct ff_known_stubs *stubs, const struct ff_bus *bus, uint32_t entry)
{
	for (size_t i = 0; i < stubs->count; i++) {
		const struct ff_known_stub *stub = &stubs->at[i];
		if (stub->entry == entry && holds(bus, &stub->text) && holds(bus, &stub->data)) {
			return true;
		}
	}
	return false;
}

bool ff_known_stubs_have_entry(const struct ff_known_stubs *stubs, uint32_t entry)
{
	for (size_t i = 0; i < stubs->count; i++) {
		if (stubs->at[i].entry == entry) {
			return true;
		}
	}
	return false;
}
