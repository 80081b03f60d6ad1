// SPDX-License-Identifier: Apache-2.0
#include "work.h"

enum ff_status ff_work_erase(struct ff_work *work, struct ff_error *error)
{
	const struct ff_job_target *target = ff_job_target(work->job);
	const struct ff_erase_options options = { .force = ff_job_options(work->job)->force };
	work->done = "the flash is erased";
	if (target->size == 0) {
		work->result.bytes = ff_flasher_info(work->flasher)->flash_size;
		return ff_flasher_erase_chip(work->flasher, &options, error);
	}
	work->result.bytes = target->size;
	return ff_flasher_erase_region(work->flasher, target->start, target->size, &options, error);
}

enum ff_status ff_work_write_memory(struct ff_work *work, struct ff_error *error)
{
	const struct ff_job_target *target = ff_job_target(work->job);
	work->done = "the word is written";
	work->result.bytes = target->size;
	return ff_flasher_write_word(work->flasher, target->start, target->value, target->mask, error);
}

enum ff_status ff_work_run(struct ff_work *work, struct ff_error *error)
{
	work->done = "the application was started";
	return ff_flasher_run(work->flasher, error);
}
