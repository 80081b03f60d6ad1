// SPDX-License-Identifier: Apache-2.0
/* get-security-info. */
#include <stdio.h>

#include "commands.h"
#include "job.h"
#include "security.h"
#include "work.h"

bool ff_cmd_get_security_info(struct ff_run *run)
{
	const json_t *info;
	const json_t *security;
	const char *chip;

	if (!ff_work_info(run, &info)) {
		return false;
	}
	security = json_object_get(info, "security");
	chip = json_string_value(json_object_get(info, "chip"));
	if (!json_is_object(security)) {
		return ff_failure_set(&run->failure, "unsupported", "%s: the %s does not tell its security state",
				      ff_job_board(run->result), chip != NULL ? chip : "chip");
	}
	if (!run->options->json) {
		ff_security_print(security, stdout);
	}
	return true;
}
