// SPDX-License-Identifier: Apache-2.0
#include "work.h"

enum ff_status ff_work_read_flash_status(struct ff_work *work, struct ff_error *error)
{
	const struct ff_job_target *target = ff_job_target(work->job);
	work->done = "the status is read";
	work->result.bytes = target->size;
	return ff_flasher_read_flash_status(work->flasher, target->size, &work->result.value, error);
}

enum ff_status ff_work_write_flash_status(struct ff_work *work, struct ff_error *error)
{
	const struct ff_job_target *target = ff_job_target(work->job);
	struct ff_job_result *result = &work->result;
	work->done = "the status is written";
	result->bytes = target->size;
	enum ff_status status = ff_flasher_read_flash_status(work->flasher, target->size, &result->before, error);
	if (status == FF_OK) {
		status = ff_flasher_write_flash_status(work->flasher, target->size, target->value, target->non_volatile,
						       error);
	}
	if (status == FF_OK) {
		status = ff_flasher_read_flash_status(work->flasher, target->size, &result->value, error);
	}
	return status;
}
