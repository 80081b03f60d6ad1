// SPDX-License-Identifier: Apache-2.0
#include "image_report.h"

#include <string.h>

#define HEX_DIGEST_SIZE (2 * FF_ESPIMAGE_DIGEST_SIZE + 1)
#define NAMES_SIZE 160
#define REVISION_SIZE 16

static void put_title(FILE *out, const char *chip, const char *title)
{
	char line[80];
	int length = snprintf(line, sizeof(line), "%s%s%s", chip, chip[0] != '\0' ? " " : "", title);

	fprintf(out, "\n%s\n", line);
	for (int i = 0; i < length; i++) {
		fputc('=', out);
	}
	fputc('\n', out);
}

static const char *chip_name(const struct ff_espimage *image)
{
	return image->chip != NULL ? image->chip->name : "Unknown Chip";
}

static void hex_digest(char text[HEX_DIGEST_SIZE], const uint8_t *digest)
{
	for (size_t i = 0; i < FF_ESPIMAGE_DIGEST_SIZE; i++) {
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	}
}

static void revision_text(char text[REVISION_SIZE], unsigned revision)
{
	snprintf(text, REVISION_SIZE, "%u.%u", revision / 100, revision % 100);
}

/* NULL where the chip or the number is not known. */
static const char *size_word(const struct ff_espimage *image)
{
	return image->chip != NULL ? ff_imagechip_word(image->chip->sizes, image->flash_size) : NULL;
}

static const char *freq_word(const struct ff_espimage *image)
{
	return image->chip != NULL ? ff_imagechip_word(image->chip->freqs, image->flash_freq) : NULL;
}

static void put_setting(FILE *out, const char *label, const char *word, unsigned value)
{
	if (word != NULL) {
		fprintf(out, "%s: %s\n", label, word);
	} else {
		fprintf(out, "%s: unknown (%u)\n", label, value);
	}
}

/* In capitals, as esptool prints it. */
static const char *mode_word(uint8_t mode)
{
	static const char *const words[] = { "QIO", "QOUT", "DIO", "DOUT" };

	return mode < sizeof(words) / sizeof(words[0]) ? words[mode] : NULL;
}

static void put_header(const struct ff_espimage *image, FILE *out)
{
	put_title(out, chip_name(image), "Image Header");
	fprintf(out, "Image version: %u\n", image->version);
	if (image->entry != 0) {
		fprintf(out, "Entry point: 0x%08x\n", image->entry);
	} else {
		fputs("Entry point not set\n", out);
	}
	fprintf(out, "Segments: %zu\n", image->segment_count);
	put_setting(out, "Flash size", size_word(image), image->flash_size);
	put_setting(out, "Flash freq", freq_word(image), image->flash_freq);
	put_setting(out, "Flash mode", mode_word(image->flash_mode), image->flash_mode);
}

static void put_extended(const struct ff_espimage *image, FILE *out)
{
	const uint8_t *drive = image->drive;
	char lowest[REVISION_SIZE], highest[REVISION_SIZE];

	put_title(out, chip_name(image), "Extended Image Header");
	fprintf(out, "WP pin: 0x%02x%s\n", image->wp_pin, image->wp_pin == FF_ESPIMAGE_NO_WP_PIN ? " (disabled)" : "");
	fprintf(out,
		"Flash pins drive settings: clk_drv: 0x%x, q_drv: 0x%x, d_drv: 0x%x, cs0_drv: 0x%x, hd_drv: 0x%x, "
		"wp_drv: 0x%x\n",
		drive[0], drive[1], drive[2], drive[3], drive[4], drive[5]);
	fprintf(out, "Chip ID: %u (%s)\n", image->chip_id, image->chip != NULL ? image->chip->name : "unknown");
	revision_text(lowest, image->min_revision);
	revision_text(highest, image->max_revision);
	fprintf(out, "Minimal chip revision: v%s, (legacy min_rev = %u)\n", lowest, image->min_revision_old);
	fprintf(out, "Maximal chip revision: v%s\n", highest);
}

static void segment_names(char names[NAMES_SIZE], const struct ff_espimage *image, uint32_t address)
{
	names[0] = '\0';
	if (image->chip != NULL) {
		ff_memmap_names(image->chip->memory, address, names, NAMES_SIZE);
	}
}

static void put_segments(const struct ff_espimage *image, FILE *out)
{
	put_title(out, "", "Segments Information");
	fputs("Segment   Length   Load addr   File offs  Memory types\n", out);
	fputs("-------  -------  ----------  ----------  ------------\n", out);
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct ff_espimage_segment *segment = &image->segments[i];
		char names[NAMES_SIZE];

		segment_names(names, image, segment->address);
		fprintf(out, "%7zu  0x%05x  0x%08x  0x%08zx  %s\n", i, segment->size, segment->address, segment->at,
			names);
	}
}

static void put_footer(const struct ff_espimage *image, FILE *out)
{
	char digest[HEX_DIGEST_SIZE], of_body[HEX_DIGEST_SIZE];

	put_title(out, chip_name(image), "Image Footer");
	if (image->checksum == image->checksum_of_data) {
		fprintf(out, "Checksum: 0x%02x (valid)\n", image->checksum);
	} else {
		fprintf(out, "Checksum: 0x%02x (invalid - calculated 0x%02x)\n", image->checksum,
			image->checksum_of_data);
	}
	if (!image->has_digest) {
		if (image->extended) {
			fputs("Validation hash: not appended\n", out);
		}
		return;
	}
	hex_digest(digest, image->digest);
	hex_digest(of_body, image->digest_of_body);
	if (strcmp(digest, of_body) == 0) {
		fprintf(out, "Validation hash: %s (valid)\n", digest);
	} else {
		fprintf(out, "Validation hash: %s (invalid - calculated %s)\n", digest, of_body);
	}
}

static void put_app(const struct ff_espimage_app *app, FILE *out)
{
	char digest[HEX_DIGEST_SIZE], lowest[REVISION_SIZE], highest[REVISION_SIZE];

	put_title(out, "", "Application Information");
	hex_digest(digest, app->elf_digest);
	revision_text(lowest, app->min_efuse_revision);
	revision_text(highest, app->max_efuse_revision);
	fprintf(out, "Project name: %s\nApp version: %s\n", app->project, app->version);
	fprintf(out, "Compile time: %s %s\n", app->date, app->time);
	fprintf(out, "ELF file SHA256: %s\nESP-IDF: %s\n", digest, app->idf_version);
	fprintf(out, "Minimal eFuse block revision: %s\nMaximal eFuse block revision: %s\n", lowest, highest);
	if (app->mmu_page_size > 0) {
		fprintf(out, "MMU page size: %u KB\n", app->mmu_page_size / 1024);
	}
	fprintf(out, "Secure version: %u\n", app->secure_version);
}

void ff_image_report_print(const struct ff_espimage *image, const uint8_t *bytes, FILE *out)
{
	struct ff_espimage_app app;
	struct ff_espimage_bootloader bootloader;

	put_header(image, out);
	if (image->extended) {
		put_extended(image, out);
	}
	put_segments(image, out);
	put_footer(image, out);
	if (ff_espimage_app(&app, image, bytes)) {
		put_app(&app, out);
	} else if (ff_espimage_bootloader(&bootloader, image, bytes)) {
		put_title(out, "", "Bootloader Information");
		fprintf(out, "Bootloader version: %u\nESP-IDF: %s\nCompile time: %s\n", bootloader.version,
			bootloader.idf_version, bootloader.date_time);
	}
}

static json_t *segments_json(const struct ff_espimage *image)
{
	json_t *list = json_array();

	for (size_t i = 0; i < image->segment_count; i++) {
		const struct ff_espimage_segment *segment = &image->segments[i];
		char names[NAMES_SIZE];

		segment_names(names, image, segment->address);
		json_array_append_new(list, json_pack("{s:I, s:I, s:I, s:s}", "address", (json_int_t)segment->address,
						      "size", (json_int_t)segment->size, "offset",
						      (json_int_t)segment->at, "memory", names));
	}
	return list;
}

static json_t *digest_json(const struct ff_espimage *image)
{
	char digest[HEX_DIGEST_SIZE], of_body[HEX_DIGEST_SIZE];

	if (!image->has_digest) {
		return json_null();
	}
	hex_digest(digest, image->digest);
	hex_digest(of_body, image->digest_of_body);
	return json_pack("{s:s, s:s, s:b}", "stored", digest, "computed", of_body, "valid",
			 strcmp(digest, of_body) == 0);
}

static json_t *description_json(const struct ff_espimage *image, const uint8_t *bytes, const char **kind)
{
	struct ff_espimage_app app;
	struct ff_espimage_bootloader bootloader;
	char digest[HEX_DIGEST_SIZE];

	if (ff_espimage_app(&app, image, bytes)) {
		*kind = "app";
		hex_digest(digest, app.elf_digest);
		return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:I}", "project", app.project,
				 "version", app.version, "date", app.date, "time", app.time, "idf_version",
				 app.idf_version, "elf_sha256", digest, "min_efuse_block_revision",
				 app.min_efuse_revision, "max_efuse_block_revision", app.max_efuse_revision,
				 "mmu_page_size", (json_int_t)app.mmu_page_size, "secure_version",
				 (json_int_t)app.secure_version);
	}
	if (ff_espimage_bootloader(&bootloader, image, bytes)) {
		*kind = "bootloader";
		return json_pack("{s:I, s:s, s:s}", "version", (json_int_t)bootloader.version, "idf_version",
				 bootloader.idf_version, "date_time", bootloader.date_time);
	}
	return NULL;
}

static void add_extended(json_t *object, const struct ff_espimage *image)
{
	char lowest[REVISION_SIZE], highest[REVISION_SIZE];

	revision_text(lowest, image->min_revision);
	revision_text(highest, image->max_revision);
	json_object_set_new(object, "chip_id", json_integer(image->chip_id));
	json_object_set_new(object, "wp_pin", json_integer(image->wp_pin));
	json_object_set_new(object, "min_revision", json_string(lowest));
	json_object_set_new(object, "max_revision", json_string(highest));
	json_object_set_new(object, "min_revision_old", json_integer(image->min_revision_old));
}

json_t *ff_image_report_json(const struct ff_espimage *image, const uint8_t *bytes)
{
	const char *kind = NULL;
	json_t *description = description_json(image, bytes, &kind);
	json_t *object =
		json_pack("{s:s?, s:i, s:I, s:I, s:{s:s?, s:s?, s:s?}, s:o, s:{s:i, s:i, s:b}, s:o, s:b}", "chip",
			  image->chip != NULL ? image->chip->name : NULL, "version", image->version, "entry",
			  (json_int_t)image->entry, "image_size", (json_int_t)image->size, "flash", "mode",
			  ff_imagechip_word(ff_imagechip_modes, image->flash_mode), "freq", freq_word(image), "size",
			  size_word(image), "segments", segments_json(image), "checksum", "stored", image->checksum,
			  "computed", image->checksum_of_data, "valid", image->checksum == image->checksum_of_data,
			  "sha256", digest_json(image), "valid", ff_espimage_is_whole(image));

	if (object != NULL && image->extended) {
		add_extended(object, image);
	}
	if (description != NULL) {
		json_object_set_new(object, kind, description);
	}
	return object;
}
