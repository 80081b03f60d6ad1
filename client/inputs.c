// SPDX-License-Identifier: Apache-2.0
#include "inputs.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "hex.h"
#include "uf2.h"

void ff_inputs_init(struct ff_inputs *inputs)
{
	inputs->count = 0;
	inputs->part_count = 0;
}

static void free_input(struct ff_input *input)
{
	if (input != NULL) {
		ff_segments_release(&input->content);
		free(input->name);
		free(input);
	}
}

void ff_inputs_release(struct ff_inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++) {
		free_input(inputs->items[i]);
	}
	ff_inputs_init(inputs);
}

static struct ff_input *new_input(const char *path)
{
	struct ff_input *input = calloc(1, sizeof(*input));

	if (input == NULL) {
		return NULL;
	}
	ff_segments_init(&input->content, FF_INPUTS_MAX_CONTENT);
	input->name = strdup(path);
	if (input->name == NULL) {
		free_input(input);
		return NULL;
	}
	return input;
}

static enum ff_status take_content(struct ff_input *input, const struct ff_buf *file, uint32_t address,
				   struct ff_error *error)
{
	enum ff_status status;

	if (file->size == 0) {
		return ff_error_set(error, FF_ERR_EMPTY, "it is empty");
	}
	if (ff_hex_is(file->bytes, file->size)) {
		input->format = FF_INPUT_HEX;
		return ff_hex_read(&input->content, file->bytes, file->size, error);
	}
	if (ff_uf2_is(file->bytes, file->size)) {
		input->format = FF_INPUT_UF2;
		return ff_uf2_read(&input->content, &input->family, file->bytes, file->size, error);
	}
	status = ff_segments_add(&input->content, address, file->bytes, file->size, error);
	return status == FF_OK ? ff_segments_finish(&input->content, error) : status;
}

static enum ff_status add_parts(struct ff_inputs *inputs, const struct ff_input *input, struct ff_error *error)
{
	const struct ff_segments *content = &input->content;

	if (content->count > FF_INPUTS_MAX_PARTS - inputs->part_count) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "more than %d separate pieces", FF_INPUTS_MAX_PARTS);
	}
	for (size_t i = 0; i < content->count; i++) {
		inputs->parts[inputs->part_count++] = (struct ff_part){ .address = content->items[i].address,
									.bytes = ff_segments_bytes(content, i),
									.size = content->items[i].size,
									.name = input->name };
	}
	return FF_OK;
}

enum ff_status ff_inputs_add(struct ff_inputs *inputs, const char *path, uint32_t address, struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	struct ff_input *input = inputs->count < FF_MAX_REGIONS ? new_input(path) : NULL;
	struct ff_buf file;
	enum ff_status status;

	if (input == NULL) {
		return inputs->count < FF_MAX_REGIONS
			       ? ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory")
			       : ff_error_set(error, FF_ERR_ARGUMENT, "more than %d files at once", FF_MAX_REGIONS);
	}
	ff_buf_init(&file, FF_INPUTS_MAX_FILE);
	status = ff_file_read(&file, path, &why);
	if (status == FF_OK) {
		status = take_content(input, &file, address, &why);
	}
	ff_buf_release(&file);
	if (status == FF_OK) {
		status = add_parts(inputs, input, &why);
	}
	if (status != FF_OK) {
		free_input(input);
		return ff_error_set(error, status, "%.150s: %s", path, why.text);
	}
	inputs->items[inputs->count++] = input;
	return FF_OK;
}

uint8_t *ff_inputs_bytes(struct ff_inputs *inputs, const struct ff_part *part)
{
	for (size_t i = 0; i < inputs->count; i++) {
		struct ff_buf *data = &inputs->items[i]->content.data;

		if (part->bytes >= data->bytes && part->bytes < data->bytes + data->size) {
			return data->bytes + (part->bytes - data->bytes);
		}
	}
	return NULL;
}
