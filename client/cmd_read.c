// SPDX-License-Identifier: Apache-2.0
/* read-flash. */
#include <stdio.h>
#include <strings.h>

#include "commands.h"
#include "direct.h"
#include "outfile.h"
#include "words.h"

struct read {
	uint32_t offset;
	uint32_t size;
	bool to_the_end; /* size is not known before the board is */
	struct ff_outfile file;
};

static enum ff_status find_end(struct read *read, const struct ff_board_info *info, struct ff_error *error)
{
	if (info->flash_size == 0) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the size of the flash is unknown: say how many bytes to read");
	}
	if (read->offset >= info->flash_size) {
		return ff_error_set(error, FF_ERR_TOO_LARGE, "0x%x is beyond the flash, which has 0x%x bytes",
				    read->offset, info->flash_size);
	}
	read->size = info->flash_size - read->offset;
	return FF_OK;
}

static enum ff_status read_flash(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct read *read = context;
	const struct ff_sink sink = ff_outfile_sink(&read->file);
	enum ff_status status = FF_OK;

	if (read->to_the_end) {
		status = find_end(read, ff_flasher_info(flasher), error);
	}
	if (status == FF_OK) {
		status = ff_flasher_read(flasher, read->offset, read->size, &sink, error);
	}
	if (status == FF_OK) {
		status = ff_outfile_commit(&read->file, error);
	}
	json_object_set_new(result, "bytes", json_integer(read->size));
	return status;
}

static enum ff_status parse(struct read *read, const struct ff_option_word *words, struct ff_error *error)
{
	enum ff_status status = ff_words_offset(&read->offset, words[0].text, error);

	read->to_the_end = strcasecmp(words[1].text, "all") == 0;
	if (status == FF_OK && !read->to_the_end) {
		status = ff_words_number(&read->size, words[1].text, "a size", error);
	}
	return status;
}

static void tell(const struct ff_run *run, const struct read *read)
{
	const json_t *phases = json_object_get(json_object_get(run->result, "result"), "phases");
	double seconds = json_number_value(json_object_get(phases, "read"));

	printf("%s: read %u bytes from 0x%x into %s", run->options->port, read->size, read->offset,
	       run->options->words[2].text);
	if (seconds > 0) {
		printf(" in %.1f s, %.1f kbit/s", seconds, read->size * 8.0 / 1000 / seconds);
	}
	putchar('\n');
}

bool ff_cmd_read_flash(struct ff_run *run)
{
	const struct ff_option_word *words = run->options->words;
	struct read read = { .size = 0 };
	const struct ff_direct_task task = { .kind = "read", .work = read_flash, .context = &read };
	struct ff_error error = FF_ERROR_NONE;
	bool good;

	if (run->options->word_count != 3) {
		return ff_failure_set(&run->failure, "invalid-argument", "read-flash wants OFFSET, SIZE and FILE");
	}
	if (parse(&read, words, &error) != FF_OK || ff_outfile_open(&read.file, words[2].text, 0666, &error) != FF_OK) {
		return ff_failure_set_error(&run->failure, NULL, &error);
	}
	good = ff_direct_work(run, &task);
	ff_outfile_abort(&read.file);
	ff_display_clear(run->display);
	if (good && !run->options->json) {
		tell(run, &read);
	}
	return good;
}
