// SPDX-License-Identifier: Apache-2.0
#include "work.h"

#include <inttypes.h>
#include <string.h>

#include "bytes.h"
#include "firmware.h"

/* Where the bytes go on their way. */
struct spool {
	struct ff_upload *upload;
	uint8_t first[FF_JOB_WORD]; /* a short content's value can be told without a look into the file */
	size_t size;
};

static enum ff_status take(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct spool *spool = context;
	for (size_t i = 0; i < size && spool->size + i < sizeof(spool->first); i++) {
		spool->first[spool->size + i] = bytes[i];
	}
	spool->size += size;
	return ff_upload_write(spool->upload, bytes, size, error);
}

/* What is read goes to disk as it comes, and becomes the job's content when it is complete. */
static enum ff_status spool_all(struct ff_work *work, const struct ff_job_target *target,
				enum ff_status (*read)(struct ff_flasher *flasher, uint32_t start, uint32_t size,
						       const struct ff_sink *sink, struct ff_error *error),
				struct ff_error *error)
{
	struct spool spool = { .upload = NULL };
	if (target->size > ff_job_max_content(work->job)) {
		return ff_error_set(error, FF_ERR_TOO_LARGE,
				    "%" PRIu32 " bytes are more than the %" PRIu64
				    " that the server keeps (farflashd --max-content): read them in parts",
				    target->size, ff_job_max_content(work->job));
	}
	enum ff_status status = ff_upload_begin(&spool.upload, ff_job_store(work->job), error);
	if (status != FF_OK) {
		return status;
	}
	const struct ff_sink sink = { .write = take, .context = &spool };
	status = read(work->flasher, target->start, target->size, &sink, error);
	if (status != FF_OK) {
		ff_upload_abort(spool.upload);
		return status;
	}
	struct ff_firmware *content = NULL;
	status = ff_upload_finish_content(spool.upload, &content, error);
	if (status == FF_OK) {
		ff_job_set_content(work->job, content);
		work->result.bytes = target->size;
		work->result.value = ff_get_le32(spool.first);
	}
	return status;
}

static enum ff_status find_end(struct ff_job_target *target, const struct ff_board_info *info, struct ff_error *error)
{
	if (info->flash_size == 0) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the size of the flash is unknown: say how many bytes to read");
	}
	if (target->start >= info->flash_size) {
		return ff_error_set(error, FF_ERR_TOO_LARGE,
				    "0x%" PRIx32 " is beyond the flash, which has 0x%" PRIx32 " bytes", target->start,
				    info->flash_size);
	}
	target->size = info->flash_size - target->start;
	return FF_OK;
}

enum ff_status ff_work_read(struct ff_work *work, struct ff_error *error)
{
	struct ff_job_target target = *ff_job_target(work->job);
	enum ff_status status = FF_OK;
	work->done = "the flash is read";
	if (target.size == 0) {
		status = find_end(&target, ff_flasher_info(work->flasher), error);
	}
	return status == FF_OK ? spool_all(work, &target, ff_flasher_read, error) : status;
}

enum ff_status ff_work_read_memory(struct ff_work *work, struct ff_error *error)
{
	work->done = "the memory is read";
	return spool_all(work, ff_job_target(work->job), ff_flasher_read_memory, error);
}
