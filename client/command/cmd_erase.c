// SPDX-License-Identifier: Apache-2.0
/* erase-flash, erase-region. */
#include <stdio.h>

#include "batch.h"
#include "commands.h"
#include "job.h"
#include "words.h"
#include "work.h"

#define SECTOR 4096

struct erase {
	bool everything;
	struct ff_erase_options options;
	uint32_t offset;
	uint32_t size;
};

static enum ff_status erase(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct erase *erase = context;
	enum ff_status status;

	if (erase->everything) {
		erase->size = ff_flasher_info(flasher)->flash_size;
		status = ff_flasher_erase_chip(flasher, &erase->options, error);
	} else {
		status = ff_flasher_erase_region(flasher, erase->offset, erase->size, &erase->options, error);
	}
	json_object_set_new(result, "bytes", json_integer(erase->size));
	return status;
}

/* What needs no board is said before one is reset. */
static enum ff_status check_region(const struct erase *what, struct ff_error *error)
{
	if (what->size == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "nothing to erase: the size is 0");
	}
	if (what->offset % SECTOR != 0 || what->size % SECTOR != 0) {
		return ff_error_set(error, FF_ERR_ALIGNMENT,
				    "flash is erased in sectors: offset 0x%x and size 0x%x must be multiples of %d",
				    what->offset, what->size, SECTOR);
	}
	return FF_OK;
}

static bool run_erase(struct ff_run *run, struct erase *what)
{
	const struct ff_direct_task here = { .kind = "erase",
					     .work = erase,
					     .context = what,
					     .takes_force = true,
					     .target = ff_job_flash_target(what->offset, what->size) };
	bool force = what->options.force;
	struct ff_remote_task there = { .method = NULL };

	if (what->everything) {
		snprintf(there.resource, sizeof(there.resource), "erase%s", force ? "?force=true" : "");
	} else {
		snprintf(there.resource, sizeof(there.resource), "erase?offset=0x%x&size=0x%x%s", what->offset,
			 what->size, force ? "&force=true" : "");
	}
	if (!ff_work(run, &here, &there)) {
		return false;
	}
	if (run->options->json || ff_batch_is_one(run->result)) {
		return true;
	}
	if (what->everything) {
		printf("%s: the flash is erased\n", ff_job_board(run->result));
	} else {
		printf("%s: erased %lld bytes at 0x%x\n", ff_job_board(run->result), ff_job_bytes(run->result),
		       what->offset);
	}
	return true;
}

bool ff_cmd_erase_flash(struct ff_run *run)
{
	struct erase what = { .everything = true, .options.force = run->options->force };

	return run_erase(run, &what);
}

bool ff_cmd_erase_region(struct ff_run *run)
{
	const struct ff_option_word *words = run->options->words;
	struct erase what = { .options.force = run->options->force };
	struct ff_error error = FF_ERROR_NONE;

	if (run->options->word_count != 2) {
		return ff_failure_set(&run->failure, "invalid-argument", "erase-region wants OFFSET and SIZE");
	}
	if (ff_words_offset(&what.offset, words[0].text, &error) != FF_OK ||
	    ff_words_number(&what.size, words[1].text, "a size", &error) != FF_OK ||
	    check_region(&what, &error) != FF_OK) {
		return ff_failure_set_error(&run->failure, NULL, &error);
	}
	return run_erase(run, &what);
}
