// SPDX-License-Identifier: Apache-2.0
#include "plan.h"

#include <inttypes.h>
#include <stdio.h>

#include "imageheader.h"

#define SECTOR 4096
#define KB 1024
#define MB (1024 * KB)
#define SIZE_TEXT 32
#define ADDRESS_SPACE (1ULL << 32)

const char *ff_plan_label(const struct ff_region *regions, size_t index, char label[FF_PLAN_LABEL_SIZE])
{
	if (regions[index].name) {
		snprintf(label, FF_PLAN_LABEL_SIZE, "%s", regions[index].name);
	} else {
		snprintf(label, FF_PLAN_LABEL_SIZE, "region %zu", index + 1);
	}
	return label;
}

static const char *size_text(uint64_t size, char text[SIZE_TEXT])
{
	if (size % MB == 0) {
		snprintf(text, SIZE_TEXT, "%" PRIu64 " MB", size / MB);
	} else {
		snprintf(text, SIZE_TEXT, "%" PRIu64 " KB", size / KB);
	}
	return text;
}

static enum ff_status check_region(const struct ff_region *regions, size_t index, uint64_t limit,
				   struct ff_error *error)
{
	const struct ff_region *region = &regions[index];
	char label[FF_PLAN_LABEL_SIZE];
	char size[SIZE_TEXT];
	ff_plan_label(regions, index, label);
	if (region->source.size == 0) {
		return ff_error_set(error, FF_ERR_EMPTY, "%s is empty: there is nothing to write", label);
	}
	if (region->offset % SECTOR != 0) {
		return ff_error_set(error, FF_ERR_ALIGNMENT,
				    "%s: offset 0x%" PRIx32 " is not a multiple of 0x%x, the size of a flash sector",
				    label, region->offset, SECTOR);
	}
	if (region->offset >= limit || region->source.size > limit - region->offset) {
		return ff_error_set(error, FF_ERR_TOO_LARGE,
				    "%s (%" PRIu64 " bytes at 0x%" PRIx32 ") does not fit into the flash of %s", label,
				    region->source.size, region->offset, size_text(limit, size));
	}
	return FF_OK;
}

static uint64_t end_of_sectors(const struct ff_region *region)
{
	return (region->offset + region->source.size + SECTOR - 1) / SECTOR * SECTOR;
}

static enum ff_status check_overlap(const struct ff_region *regions, size_t first, size_t second,
				    struct ff_error *error)
{
	const struct ff_region *a = &regions[first];
	const struct ff_region *b = &regions[second];
	if (a->offset >= end_of_sectors(b) || b->offset >= end_of_sectors(a)) {
		return FF_OK;
	}
	char label_a[FF_PLAN_LABEL_SIZE];
	char label_b[FF_PLAN_LABEL_SIZE];
	return ff_error_set(error, FF_ERR_OVERLAP,
			    "%s (0x%" PRIx32 " to 0x%" PRIx64 ") and %s (0x%" PRIx32 " to 0x%" PRIx64
			    ") share a flash sector",
			    ff_plan_label(regions, first, label_a), a->offset, a->offset + a->source.size - 1,
			    ff_plan_label(regions, second, label_b), b->offset, b->offset + b->source.size - 1);
}

enum ff_status ff_check_regions(const struct ff_region *regions, size_t count, uint32_t flash_size,
				struct ff_error *error)
{
	if (count == 0 || count > FF_MAX_REGIONS) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%zu images given: one write takes 1 to %d", count,
				    FF_MAX_REGIONS);
	}
	uint64_t limit = flash_size ? flash_size : ADDRESS_SPACE;
	for (size_t i = 0; i < count; i++) {
		enum ff_status status = check_region(regions, i, limit, error);
		if (status != FF_OK) {
			return status;
		}
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++) {
			enum ff_status status = check_overlap(regions, i, j, error);
			if (status != FF_OK) {
				return status;
			}
		}
	}
	return FF_OK;
}

static enum ff_status check_chip(const struct ff_imageheader *image, const char *label, const struct ff_chip *chip,
				 struct ff_error *error)
{
	bool chip_is_esp8266 = chip->id == FF_CHIP_NO_ID;
	if (image->extended ? image->chip_id == chip->id : chip_is_esp8266) {
		return FF_OK;
	}
	const struct ff_chip *meant = ff_chip_by_id(image->chip_id);
	char unknown[40];
	snprintf(unknown, sizeof(unknown), "a chip with the unknown id %u", image->chip_id);
	const char *name = !image->extended ? "ESP8266" : meant ? meant->name : unknown;
	return ff_error_set(
		error, FF_ERR_WRONG_CHIP,
		"%s is an image for %s, but the board has an %s: nothing was erased; choose the right image, or "
		"set force to write it all the same",
		label, name, chip->name);
}

static enum ff_status refuse_revision(const struct ff_imageheader *image, const char *label, const struct ff_chip *chip,
				      unsigned revision, struct ff_error *error)
{
	char limit[32] = " or later";
	if (image->max_revision != FF_IMAGEHEADER_ANY_REVISION) {
		snprintf(limit, sizeof(limit), " to v%u.%u", image->max_revision / 100, image->max_revision % 100);
	}
	return ff_error_set(error, FF_ERR_WRONG_REVISION,
			    "%s needs an %s of revision v%u.%u%s, but the board has v%u.%u: nothing was erased; choose "
			    "another image, or set force to write it all the same",
			    label, chip->name, image->min_revision / 100, image->min_revision % 100, limit,
			    revision / 100, revision % 100);
}

/* esptool 5.3 cmds.py, write_flash(): images from before the two full fields have 0 in both; those that only set the
 * old field still have "any" in the upper one. */
static enum ff_status check_revision(const struct ff_imageheader *image, const char *label, const struct ff_chip *chip,
				     unsigned revision, struct ff_error *error)
{
	bool old = image->max_revision == 0 || (image->max_revision == FF_IMAGEHEADER_ANY_REVISION &&
						image->min_revision == 0 && image->min_revision_old != 0);
	if (!old) {
		bool fits = revision >= image->min_revision && revision <= image->max_revision;
		return fits ? FF_OK : refuse_revision(image, label, chip, revision, error);
	}
	bool minor = chip->flags & FF_CHIP_MIN_REVISION_IS_MINOR;
	if ((minor ? revision % 100 : revision / 100) >= image->min_revision_old) {
		return FF_OK;
	}
	struct ff_imageheader meant = *image;
	meant.min_revision = (uint16_t)(image->min_revision_old * (minor ? 1 : 100));
	meant.max_revision = FF_IMAGEHEADER_ANY_REVISION;
	return refuse_revision(&meant, label, chip, revision, error);
}

/* Where in a region an image may begin: at its start, and where the chip looks for its bootloader, for merged files. */
static enum ff_status check_image_at(const struct ff_region *region, uint64_t at, const char *label,
				     const struct ff_chip *chip, unsigned revision, bool revision_known,
				     struct ff_error *error)
{
	if (region->source.size < FF_IMAGEHEADER_FULL_SIZE || at > region->source.size - FF_IMAGEHEADER_FULL_SIZE) {
		return FF_OK;
	}
	uint8_t header[FF_IMAGEHEADER_FULL_SIZE];
	enum ff_status status = region->source.read(region->source.context, at, header, sizeof(header), error);
	if (status != FF_OK) {
		return ff_error_set(error, status, "cannot read %s: %s", label, ff_status_text(status));
	}
	struct ff_imageheader image;
	if (!ff_imageheader_recognise(&image, header, sizeof(header))) {
		return FF_OK;
	}
	status = check_chip(&image, label, chip, error);
	if (status == FF_OK && image.extended && revision_known) {
		status = check_revision(&image, label, chip, revision, error);
	}
	return status;
}

enum ff_status ff_plan_check_images(const struct ff_region *regions, size_t count, const struct ff_chip *chip,
				    unsigned revision, bool revision_known, struct ff_error *error)
{
	for (size_t i = 0; i < count; i++) {
		char label[FF_PLAN_LABEL_SIZE];
		ff_plan_label(regions, i, label);
		enum ff_status status = check_image_at(&regions[i], 0, label, chip, revision, revision_known, error);
		if (status == FF_OK && regions[i].offset < chip->bootloader_at) {
			status = check_image_at(&regions[i], chip->bootloader_at - regions[i].offset, label, chip,
						revision, revision_known, error);
		}
		if (status != FF_OK) {
			return status;
		}
	}
	return FF_OK;
}
