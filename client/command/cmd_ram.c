// SPDX-License-Identifier: Apache-2.0
/* load-ram, run: programs that are started without a reset. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "direct.h"
#include "file.h"
#include "job.h"
#include "program.h"
#include "work.h"

#define MAX_FILE ((size_t)128 << 20) /* an ELF file with its debug information */

struct loading {
	const char *path;
	struct ff_buf file;
	struct ff_program program;
	bool force;
};

static enum ff_status load(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	const struct loading *loading = context;
	const struct ff_program *program = &loading->program;
	struct ff_error why = FF_ERROR_NONE;

	if (!loading->force && ff_program_check(program, ff_flasher_info(flasher)->chip, &why) != FF_OK) {
		return ff_error_set(error, why.status, "%.120s: %s", loading->path, why.text);
	}
	json_object_set_new(result, "bytes", json_integer((json_int_t)program->bytes));
	json_object_set_new(result, "segments", json_integer((json_int_t)program->count));
	return ff_flasher_load_ram(flasher, program->segments, program->count, program->entry, error);
}

/* Here as well as on the server, so that a wrong file is refused before it travels. */
static bool read_program(struct loading *loading, struct ff_failure *failure)
{
	struct ff_error why = FF_ERROR_NONE;
	enum ff_status status = ff_file_read(&loading->file, loading->path, &why);

	if (status == FF_OK) {
		status = ff_program_parse(&loading->program, loading->file.bytes, loading->file.size, &why);
	}
	return status == FF_OK ||
	       ff_failure_set(failure, ff_status_code(status), "%.120s: %s", loading->path, why.text);
}

static bool load_program(struct ff_run *run, struct loading *loading)
{
	struct ff_images images = { .count = 0 };
	const struct ff_direct_task here = {
		.kind = "load-ram", .work = load, .context = loading, .leaves = true, .takes_force = true
	};
	struct ff_remote_task there = { .resource = "ram", .images = &images };
	struct ff_error error = FF_ERROR_NONE;
	bool good = ff_images_add_bytes(&images, 0, loading->path, loading->file.bytes, loading->file.size, NULL,
					&error) == FF_OK;

	if (loading->force) {
		snprintf(there.resource, sizeof(there.resource), "ram?force=true");
	}
	good = good ? ff_work(run, &here, &there) : ff_failure_set_error(&run->failure, NULL, &error);
	ff_images_release(&images);
	return good;
}

bool ff_cmd_load_ram(struct ff_run *run)
{
	struct loading loading = { .force = run->options->force };
	bool good;

	if (run->options->word_count != 1) {
		return ff_failure_set(&run->failure, "invalid-argument", "load-ram wants FILE");
	}
	loading.path = run->options->words[0].text;
	ff_buf_init(&loading.file, MAX_FILE);
	good = read_program(&loading, &run->failure) && load_program(run, &loading);
	ff_buf_release(&loading.file);
	if (good && !run->options->json) {
		printf("%s: loaded %llu bytes into RAM and started them at 0x%08x\n", ff_job_board(run->result),
		       (unsigned long long)loading.program.bytes, loading.program.entry);
	}
	return good;
}

static enum ff_status run_flash(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	(void)context;
	(void)result;
	return ff_flasher_run(flasher, error);
}

bool ff_cmd_run(struct ff_run *run)
{
	const struct ff_direct_task here = { .kind = "run", .work = run_flash, .needs_rom = true, .leaves = true };
	const struct ff_remote_task there = { .resource = "run", .takes = FF_REMOTE_TAKES_RESETS };
	bool good = ff_work(run, &here, &there);

	if (good && !run->options->json) {
		printf("%s: the application was started\n", ff_job_board(run->result));
	}
	return good;
}
