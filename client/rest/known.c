// SPDX-License-Identifier: Apache-2.0
#include "known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE ((size_t)64 * 1024)
#define LONGEST_FILE_NAME 255
#define QUESTION "/api/v1/firmware?sha256="

static bool hash_file(struct ff_digest *digest, const char *path)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *piece = malloc(PIECE);
	size_t got = file != NULL && piece != NULL ? fread(piece, 1, PIECE, file) : 0;
	bool good;

	while (got > 0) {
		ff_digest_add(digest, piece, got);
		got = fread(piece, 1, PIECE, file);
	}
	good = file != NULL && piece != NULL && !ferror(file);
	if (file != NULL) {
		fclose(file);
	}
	free(piece);
	return good;
}

bool ff_known_hash(const struct ff_image *image, char sha256[FF_DIGEST_HEX_SIZE])
{
	struct ff_digest digest;
	bool good = true;

	ff_digest_begin(&digest);
	if (image->path != NULL) {
		good = hash_file(&digest, image->path);
	} else {
		ff_digest_add(&digest, image->bytes, (size_t)image->size);
	}
	return ff_digest_end(&digest, sha256) && good;
}

/* The names of the images that it is worth to ask for. False: out of memory. */
static bool name_images(struct ff_known *known, const struct ff_images *images)
{
	for (size_t i = 0; i < images->count && i < FF_MAX_REGIONS; i++) {
		const struct ff_image *image = &images->items[i];
		char sha256[FF_DIGEST_HEX_SIZE];
		bool tell = image->name != NULL && image->name[0] != '\0' && strlen(image->name) <= LONGEST_FILE_NAME;

		/* What cannot be read now is for the upload to find out. */
		if (image->size < FF_KNOWN_LEAST || !ff_known_hash(image, sha256)) {
			continue;
		}
		if (asprintf(&known->names[i], "sha256:%s%s%s", sha256, tell ? " " : "", tell ? image->name : "") < 0) {
			known->names[i] = NULL;
			return false;
		}
	}
	return true;
}

static const char *hash_of(const char *name)
{
	return name + strlen("sha256:");
}

/* NULL: there is nothing to ask, or no memory for it. */
static char *make_question(const struct ff_known *known)
{
	char *question = malloc(sizeof(QUESTION) + (size_t)FF_MAX_REGIONS * FF_DIGEST_HEX_SIZE);
	char *end = question != NULL ? stpcpy(question, QUESTION) : NULL;
	bool any = false;

	for (size_t i = 0; i < FF_MAX_REGIONS && question != NULL; i++) {
		if (known->names[i] != NULL) {
			end += sprintf(end, "%s%.64s", any ? "," : "", hash_of(known->names[i]));
			any = true;
		}
	}
	if (!any) {
		free(question);
		return NULL;
	}
	return question;
}

static bool is_listed(const json_t *list, const char *name)
{
	size_t index;
	json_t *row;

	json_array_foreach(list, index, row)
	{
		const char *sha256 = json_string_value(json_object_get(row, "sha256"));

		if (sha256 != NULL && strlen(sha256) == 64 && strncmp(hash_of(name), sha256, 64) == 0) {
			return true;
		}
	}
	return false;
}

void ff_known_keep(struct ff_known *known, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "firmware");

	for (size_t i = 0; i < FF_MAX_REGIONS; i++) {
		if (known->names[i] != NULL && is_listed(list, known->names[i])) {
			known->count++;
		} else {
			free(known->names[i]);
			known->names[i] = NULL;
		}
	}
}

bool ff_known_begin(struct ff_known *known, const struct ff_images *images, char **question)
{
	*known = (struct ff_known){ .count = 0 };
	*question = NULL;
	if (!name_images(known, images)) {
		return false;
	}
	*question = make_question(known);
	return true;
}

void ff_known_release(struct ff_known *known)
{
	for (size_t i = 0; i < FF_MAX_REGIONS; i++) {
		free(known->names[i]);
	}
	*known = (struct ff_known){ .count = 0 };
}
