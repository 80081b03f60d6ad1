// SPDX-License-Identifier: Apache-2.0
#include "selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board_labels.h"
#include "query.h"
#include "text.h"

bool ff_selection_is_param(const char *name)
{
	return strcmp(name, "select") == 0 || strcmp(name, "all") == 0;
}

/* A token may be for some boards only: then those are meant of which both are true, now and while the job waits. */
static void narrow(struct ff_selection *selection, const struct ff_identity *identity)
{
	size_t used = strlen(selection->text);
	for (size_t i = 0; identity->has_boards && i < identity->boards.count && used < sizeof(selection->text); i++) {
		const struct ff_selector_term *term = &identity->boards.terms[i];
		const char *relation = term->negated ? "!=" : "=";
		used += (size_t)snprintf(selection->text + used, sizeof(selection->text) - used, ",%s%s%s%s",
					 term->negated && !term->value[0] ? "!" : "", term->key,
					 term->value[0] ? relation : "", term->value);
	}
}

static bool is_selected(const struct ff_selection *selection, struct ff_worker *board)
{
	struct ff_labels labels;
	ff_board_labels(board, &labels);
	return ff_selector_matches(&selection->selector, &labels);
}

enum ff_status ff_selection_find(const struct ff_request *request, struct ff_selected *selected)
{
	*selected = (struct ff_selected){ .list = ff_boards_list(request->http->boards) };
	size_t most = selected->list->count;
	selected->boards = calloc(most + 1, sizeof(struct ff_worker *));
	selected->quarantined = calloc(most + 1, sizeof(struct ff_worker *));
	if (!selected->boards || !selected->quarantined) {
		return FF_ERR_NO_MEMORY;
	}
	for (size_t i = 0; i < most; i++) {
		struct ff_worker *board = selected->list->workers[i];
		struct ff_quarantine_view view;
		if (!is_selected(request->selection, board)) {
			continue;
		}
		if (ff_quarantine_look(request->http->quarantine, ff_worker_name(board), &view)) {
			selected->quarantined[selected->quarantined_count++] = board;
		} else {
			selected->boards[selected->count++] = board;
		}
	}
	return FF_OK;
}

void ff_selected_release(struct ff_selected *selected)
{
	free(selected->boards);
	free(selected->quarantined);
	ff_board_list_unref(selected->list);
	*selected = (struct ff_selected){ .count = 0 };
}

char *ff_selected_left_out(const struct ff_selected *selected)
{
	size_t size = selected->quarantined_count * (FF_BOARD_NAME_SIZE + 1);
	char *names = size > 0 ? malloc(size) : NULL;
	size_t used = 0;
	for (size_t i = 0; i < selected->quarantined_count && names; i++) {
		used += (size_t)snprintf(names + used, size - used, "%s%s", i > 0 ? ", " : "",
					 ff_worker_name(selected->quarantined[i]));
	}
	return names;
}

/* What nobody can ever get is not waited for. */
static void check_boards(struct ff_request *request)
{
	struct ff_selected selected;
	char clean[128];
	enum ff_status status = ff_selection_find(request, &selected);
	snprintf(clean, sizeof(clean), "%.100s", request->selection->text);
	ff_text_clean(clean);
	if (status != FF_OK) {
		ff_problem_set_status(&request->problem, status, "the server is out of memory");
	} else if (selected.count + selected.quarantined_count == 0) {
		ff_problem_set(&request->problem, FF_PROBLEM_NO_SUCH_BOARD, "no board matches %s", clean);
	} else if (selected.count == 0 && request->selection->all) {
		ff_problem_set(&request->problem, FF_PROBLEM_BOARD_QUARANTINED,
			       "all boards that match %s are in quarantine", clean);
	}
	ff_selected_release(&selected);
}

void ff_selection_read(struct ff_request *request)
{
	const char *text = ff_request_param(request, "select");
	struct ff_error error = FF_ERROR_NONE;
	struct ff_selection *selection = calloc(1, sizeof(*selection));
	request->selection = selection;
	if (!selection) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		return;
	}
	if (text && strlen(text) <= FF_SELECTOR_MAX_TEXT) {
		snprintf(selection->text, sizeof(selection->text), "%s", text);
		narrow(selection, &request->identity);
	}
	ff_query_bool(request, "all", &selection->all);
	if (!text) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "say which boards will do, as in select=chip=esp32c3,rack!=1");
	} else if (ff_selector_parse(&selection->selector, text, &error) != FF_OK ||
		   ff_selector_parse(&selection->selector, selection->text, &error) != FF_OK) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "%s", error.text);
	} else {
		check_boards(request);
	}
}
