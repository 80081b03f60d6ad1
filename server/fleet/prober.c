// SPDX-License-Identifier: Apache-2.0
#include "prober.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"

#define LONGEST_PAUSE_US ((int64_t)86400 * 1000000)

static struct ff_patient *find_patient(struct ff_prober *prober, const char *board)
{
	for (size_t i = 0; i < prober->count; i++) {
		if (strcmp(prober->patients[i].board, board) == 0) {
			return &prober->patients[i];
		}
	}
	return NULL;
}

/* The board as a patient, a new one if this is another quarantine than the last. */
static struct ff_patient *admit(struct ff_prober *prober, const char *board, const struct ff_quarantine_view *view)
{
	struct ff_patient *patient = find_patient(prober, board);
	if (!patient) {
		patient = &prober->patients[prober->count++];
		patient->since_ms = 0;
		snprintf(patient->board, sizeof(patient->board), "%s", board);
	}
	if (patient->since_ms != view->since_ms) {
		patient->since_ms = view->since_ms;
		patient->pause_us = (int64_t)prober->first_s * 1000000;
		patient->due_us = ff_now_us() + patient->pause_us;
	}
	return patient;
}

static bool is_ready(struct ff_worker *board)
{
	struct ff_board_use use;
	ff_worker_use(board, &use);
	return use.free && !use.lost;
}

static void probe(struct ff_prober *prober, struct ff_worker *board)
{
	const struct ff_queue_request request = {
		.kind = FF_JOB_INFO,
		.worker = board,
		.options = { .stub = true, .who = "farflashd" },
	};
	struct ff_error error = FF_ERROR_NONE;
	struct ff_job *job = NULL;
	enum ff_status status = ff_queue_submit(prober->queue, &request, &job, &error);
	if (status != FF_OK) {
		ff_log(ff_worker_log(board), FF_LOG_WARN, "it cannot be probed now: %s",
		       error.text[0] ? error.text : ff_status_text(status));
		return;
	}
	ff_log(ff_worker_log(board), FF_LOG_INFO, "it is in quarantine: job %s finds out whether it is well again",
	       ff_job_id(job));
	ff_job_unref(job);
}

static void look_at(struct ff_prober *prober, struct ff_worker *board)
{
	struct ff_quarantine_view view;
	if (!ff_quarantine_look(prober->quarantine, ff_worker_name(board), &view) || view.by_hand) {
		return;
	}
	struct ff_patient *patient = admit(prober, ff_worker_name(board), &view);
	if (ff_now_us() < patient->due_us || !is_ready(board)) {
		return;
	}
	patient->pause_us = patient->pause_us * 2 < LONGEST_PAUSE_US ? patient->pause_us * 2 : LONGEST_PAUSE_US;
	patient->due_us = ff_now_us() + patient->pause_us;
	probe(prober, board);
}

/* Those who are well, or not there. */
static void dismiss(struct ff_prober *prober)
{
	size_t kept = 0;
	for (size_t i = 0; i < prober->count; i++) {
		struct ff_quarantine_view view;
		struct ff_worker *board = ff_boards_find(prober->boards, prober->patients[i].board);
		bool in = ff_quarantine_look(prober->quarantine, prober->patients[i].board, &view) && !view.by_hand;
		if (board && in) {
			prober->patients[kept++] = prober->patients[i];
		}
		ff_worker_unref(board);
	}
	prober->count = kept;
}

void ff_prober_look(struct ff_prober *prober)
{
	if (prober->first_s == 0) {
		return;
	}
	dismiss(prober);
	const struct ff_board_list *list = ff_boards_list(prober->boards);
	for (size_t i = 0; i < list->count; i++) {
		look_at(prober, list->workers[i]);
	}
	ff_board_list_unref(list);
}
