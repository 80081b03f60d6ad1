// SPDX-License-Identifier: Apache-2.0
/* image-info: what is in a file, without a board. */
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "espimage.h"
#include "image_report.h"
#include "inputs.h"

static const char *const format_names[] = { [FF_INPUT_RAW] = "raw", [FF_INPUT_HEX] = "hex", [FF_INPUT_UF2] = "uf2" };

/* Where an image is among the pieces of a merged file. */
static void print_place(const struct ff_inputs *inputs, size_t index)
{
	printf("\nPiece %zu of %zu, offset 0x%x, size %zu bytes\n", index + 1, inputs->part_count,
	       inputs->parts[index].address, inputs->parts[index].size);
}

static json_t *place_json(const struct ff_part *part, const struct ff_espimage *image, const struct ff_error *error)
{
	json_t *object = error->status == FF_OK ? ff_image_report_json(image, part->bytes)
						: json_pack("{s:s}", "error", error->text);

	json_object_set_new(object, "offset", json_integer(part->address));
	json_object_set_new(object, "size", json_integer((json_int_t)part->size));
	return object;
}

/* Reads and shows one piece; answers whether it is an image. */
static enum ff_status show(struct ff_run *run, const struct ff_inputs *inputs, size_t index,
			   const struct ff_imagechip *chip, struct ff_error *error)
{
	const struct ff_part *part = &inputs->parts[index];
	struct ff_espimage image;
	enum ff_status status = ff_espimage_parse(&image, part->bytes, part->size, chip, error);

	if (run->options->json) {
		json_array_append_new(json_object_get(run->result, "images"), place_json(part, &image, error));
		return status;
	}
	if (inputs->items[0]->format != FF_INPUT_RAW) {
		print_place(inputs, index);
	}
	if (status == FF_OK) {
		if (inputs->items[0]->format == FF_INPUT_RAW) {
			printf("Image size: %zu bytes\n", part->size);
		}
		printf("Detected image type: %s\n", image.chip != NULL ? image.chip->name : "unknown chip");
		ff_image_report_print(&image, part->bytes, stdout);
	} else if (inputs->items[0]->format != FF_INPUT_RAW) {
		printf("%s\n", error->text);
	}
	return status;
}

/* A merged file may hold partition tables and data: one image in it is enough. */
static enum ff_status show_all(struct ff_run *run, const struct ff_inputs *inputs, const struct ff_imagechip *chip,
			       struct ff_error *error)
{
	enum ff_status best = FF_ERR_FORMAT;
	struct ff_error first = FF_ERROR_NONE;

	for (size_t i = 0; i < inputs->part_count; i++) {
		struct ff_error why = FF_ERROR_NONE;
		enum ff_status status = show(run, inputs, i, chip, &why);

		if (status == FF_OK) {
			best = FF_OK;
		} else if (first.status == FF_OK) {
			first = why;
		}
	}
	return best == FF_OK ? FF_OK
			     : ff_error_set(error, first.status, "%.120s: %s", inputs->items[0]->name, first.text);
}

static enum ff_status run_info(struct ff_run *run, struct ff_inputs *inputs, struct ff_error *error)
{
	const struct ff_options *options = run->options;
	const struct ff_imagechip *chip = NULL;
	enum ff_status status;

	if (options->word_count == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "which image? give a FILE");
	}
	if (options->chip != NULL) {
		chip = ff_imagechip_by_name(options->chip);
		if (chip == NULL) {
			return ff_error_set(error, FF_ERR_ARGUMENT, "there is no chip '%.40s'", options->chip);
		}
	}
	status = ff_inputs_add(inputs, options->words[0].text, 0, error);
	if (status != FF_OK) {
		return status;
	}
	run->result = json_pack("{s:s, s:s, s:[]}", "file", options->words[0].text, "format",
				format_names[inputs->items[0]->format], "images");
	return show_all(run, inputs, chip, error);
}

bool ff_cmd_image_info(struct ff_run *run)
{
	struct ff_inputs *inputs = malloc(sizeof(*inputs));
	struct ff_error error = FF_ERROR_NONE;
	bool good;

	if (inputs == NULL) {
		return ff_failure_set(&run->failure, "no-memory", "out of memory");
	}
	ff_inputs_init(inputs);
	good = run_info(run, inputs, &error) == FF_OK;
	if (!good) {
		ff_failure_set_error(&run->failure, NULL, &error);
	}
	ff_inputs_release(inputs);
	free(inputs);
	return good;
}
