// SPDX-License-Identifier: Apache-2.0
#include "work.h"

#include <stdio.h>

#include "clock.h"
#include "power.h"

#define COMEBACK_MS 5000 /* how long a port is waited for: USB takes a second or two to be found again */
#define SLICE_MS 100

struct switching {
	struct ff_job *job;
	const struct ff_port_care *care;
	bool port_open;
};

static bool meanwhile(void *context)
{
	struct switching *switching = context;
	switching->port_open = switching->care->look(switching->care->context);
	return !ff_job_cancelled(switching->job);
}

/* The next job must not find a port that is only on its way. That it does not come is for that job to tell. */
static enum ff_status await_port(struct switching *switching, struct ff_error *error)
{
	int64_t end = ff_deadline_ms(COMEBACK_MS);
	while (meanwhile(switching)) {
		if (switching->port_open) {
			return FF_OK;
		}
		if (ff_now_us() >= end) {
			ff_job_add_note(switching->job, "its port has not come back yet");
			return FF_OK;
		}
		ff_sleep_ms(SLICE_MS);
	}
	return ff_error_set(error, FF_ERR_CANCELLED, "cancelled while its port was waited for");
}

enum ff_status ff_work_power(struct ff_job *job, const struct ff_port_care *care, struct ff_error *error)
{
	struct ff_worker *worker = ff_job_worker(job);
	struct switching switching = { .job = job, .care = care };
	struct ff_board_view view;
	ff_worker_view(worker, &view);
	const struct ff_power_caller caller = {
		.board = ff_worker_name(worker),
		.address = view.place.address,
		.meanwhile = meanwhile,
		.context = &switching,
	};
	enum ff_power_action action = FF_POWER_CYCLE;
	if (ff_job_kind(job) == FF_JOB_POWER) {
		action = (enum ff_power_action)ff_job_target(job)->value;
	}
	ff_job_report(job, &(struct ff_progress){ .phase = FF_PHASE_POWER });
	enum ff_status status = ff_power_run(ff_worker_power(worker), action, &caller, error);
	if (status == FF_OK && action != FF_POWER_OFF) {
		status = await_port(&switching, error);
	}
	return status;
}
