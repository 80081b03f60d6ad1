// SPDX-License-Identifier: Apache-2.0
#include "work.h"

#include <stdio.h>

#include "batch.h"
#include "job.h"

bool ff_work(struct ff_run *run, const struct ff_direct_task *here, const struct ff_remote_task *there)
{
	bool good;

	if (run->options->port != NULL) {
		good = ff_direct_work(run, here);
	} else {
		json_decref(here->target);
		good = ff_remote_work(run, there);
	}
	ff_display_clear(run->display);
	return good;
}

bool ff_work_info(struct ff_run *run, const json_t **info)
{
	const struct ff_remote_task there = { .resource = "info", .takes = FF_REMOTE_TAKES_RESETS };

	if (run->options->port != NULL ? !ff_direct_info(run) : !ff_remote_work(run, &there)) {
		return false;
	}
	ff_display_clear(run->display);
	*info = json_object_get(run->result, "info");
	if (ff_batch_is_one(run->result)) {
		return true;
	}
	if (!json_is_object(*info)) {
		return ff_failure_set(&run->failure, "internal-error", "%s: the server did not say what it found out",
				      ff_job_board(run->result));
	}
	if (run->options->select != NULL && !run->options->json) {
		printf("%-20s%s\n", "Board:", ff_job_board(run->result));
	}
	return true;
}
