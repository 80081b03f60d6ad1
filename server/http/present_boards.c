// SPDX-License-Identifier: Apache-2.0
/* Boards, what is known of them, and those who have or want them. */
#include "present.h"

#include <string.h>

#include "board_labels.h"
#include "present_inner.h"
#include "report.h"
#include "text.h"

json_t *ff_present_info(const struct ff_board_facts *facts)
{
	char probed[FF_TEXT_TIME_SIZE];
	if (!facts->known) {
		return ff_report_info(NULL, NULL, NULL);
	}
	struct ff_board_info info = {
		.chip = facts->chip,
		.revision = facts->revision,
		.crystal_mhz = facts->crystal_mhz,
		.flash_id = facts->flash_id,
		.flash_size = facts->flash_size,
		.description = facts->description,
		.features = facts->features,
		.has_eui64 = facts->has_eui64,
		.secure_boot = facts->secure_boot,
		.flash_encryption = facts->flash_encryption,
	};
	memcpy(info.mac, facts->mac, sizeof(info.mac));
	memcpy(info.eui64, facts->eui64, sizeof(info.eui64));
	ff_text_time(probed, facts->probed_ms);
	return ff_report_info(&info, facts->tells_security ? &facts->security : NULL, probed);
}

static json_t *present_port(uint16_t port)
{
	return port ? json_integer(port) : json_null();
}

/* By key, each with all its values. */
static json_t *present_labels(struct ff_worker *worker)
{
	struct ff_labels labels;
	ff_board_labels(worker, &labels);
	json_t *object = json_object();
	for (size_t i = 0; i < labels.count; i++) {
		const struct ff_label *label = &labels.labels[i];
		json_t *values = json_object_get(object, label->key);
		if (!values) {
			values = json_array();
			json_object_set_new(object, label->key, values);
		}
		json_array_append_new(values, json_string(label->value));
	}
	return object;
}

json_t *ff_present_lease(const struct ff_lease *lease, const char *board)
{
	json_t *object = json_pack("{s:s, s:s, s:s?, s:o, s:o}", "board", board, "owner", lease->keep.owner, "address",
				   lease->keep.peer[0] ? lease->keep.peer : NULL, "created",
				   ff_present_time(lease->created_ms), "expires", ff_present_time(lease->expires_ms));
	if (object && lease->id[0]) {
		json_object_set_new(object, "id", json_string(lease->id));
	}
	return object;
}

static json_t *present_boards_lease(const struct ff_lease *lease)
{
	return lease ? json_pack("{s:s, s:o}", "owner", lease->keep.owner, "expires",
				 ff_present_time(lease->expires_ms))
		     : json_null();
}

/* The actions that there are programs for. */
static json_t *present_power(const struct ff_power *power)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < FF_POWER_ACTION_COUNT; i++) {
		if (ff_power_can(power, (enum ff_power_action)i)) {
			json_array_append_new(list, json_string(ff_power_action_name((enum ff_power_action)i)));
		}
	}
	return list;
}

/* How its jobs have ended, ever or lately. */
static json_t *present_ends(const uint64_t counts[FF_JOB_STATE_COUNT])
{
	return json_pack("{s:I, s:I, s:I, s:I}", "done", (json_int_t)counts[FF_JOB_DONE], "failed",
			 (json_int_t)counts[FF_JOB_FAILED], "cancelled", (json_int_t)counts[FF_JOB_CANCELLED],
			 "interrupted", (json_int_t)counts[FF_JOB_INTERRUPTED]);
}

static json_t *present_history(const struct ff_board_history *history)
{
	json_t *object = history ? present_ends(history->counts) : NULL;
	if (object) {
		json_object_set_new(object, "last_success", ff_present_time(history->last_success_ms));
		json_object_set_new(object, "recent", present_ends(history->recent));
	}
	return history ? object : json_null();
}

json_t *ff_present_quarantine(const struct ff_quarantine_view *view)
{
	char reason[sizeof(view->reason)];
	if (!view->in) {
		return json_null();
	}
	memcpy(reason, view->reason, sizeof(reason));
	ff_text_clean(reason);
	return json_pack("{s:s, s:o, s:b, s:s?, s:i}", "reason", reason, "since", ff_present_time(view->since_ms),
			 "by_hand", view->by_hand, "who", view->who[0] ? view->who : NULL, "failures",
			 (int)view->failures);
}

json_t *ff_present_board(struct ff_worker *worker, const struct ff_board_standing *standing)
{
	struct ff_board_view view;
	ff_worker_view(worker, &view);
	ff_text_clean(view.detail);
	const struct ff_board_place *place = &view.place;
	return json_pack(
		"{s:s, s:s?, s:s?, s:s?, s:s?, s:o, s:s, s:s?, s:s?, s:I, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"name", ff_worker_name(worker), "address", place->address[0] ? place->address : NULL, "usb",
		place->usb[0] ? place->usb : NULL, "serial", place->serial[0] ? place->serial : NULL, "product",
		place->product[0] ? place->product : NULL, "present",
		place->sought ? json_boolean(place->present) : json_null(), "state", ff_board_state_name(view.state),
		"detail", view.detail[0] ? view.detail : NULL, "job", view.task[0] ? view.task : NULL, "queued",
		(json_int_t)view.waiting + (json_int_t)standing->waiting, "holder",
		view.holder.kind != FF_HOLDER_NONE ? view.holder.name : NULL, "lease",
		present_boards_lease(standing->lease), "quarantine", ff_present_quarantine(&standing->quarantine),
		"rfc2217", present_port(ff_worker_rfc2217_port(worker)), "raw",
		present_port(ff_worker_raw_port(worker)), "labels", present_labels(worker), "power",
		present_power(ff_worker_power(worker)), "info", ff_present_info(&view.facts), "history",
		present_history(standing->history));
}

json_t *ff_present_forecast(const struct ff_forecast *forecast)
{
	return json_pack("{s:o, s:o}", "position", ff_present_count(forecast->position), "expected_start",
			 ff_present_time(forecast->start_ms));
}

json_t *ff_present_waiting(const struct ff_waiting *waiting)
{
	json_t *object = ff_present_forecast(&waiting->forecast);
	if (object) {
		json_object_set_new(object, "owner", json_string(waiting->owner));
		json_object_set_new(object, "board", waiting->board[0] ? json_string(waiting->board) : json_null());
		json_object_set_new(object, "since", ff_present_time(waiting->since_ms));
	}
	return object;
}
