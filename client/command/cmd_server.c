// SPDX-License-Identifier: Apache-2.0
/* boards, jobs, audit: what the server knows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "commands.h"
#include "job.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "-";
}

/* A TCP port of the server, or "-". */
static const char *port_of(const json_t *board, const char *key, char text[8])
{
	json_int_t port = json_integer_value(json_object_get(board, key));

	snprintf(text, 8, "%u", (unsigned)(port & 0xFFFF));
	return port > 0 ? text : "-";
}

/* How many of the board's last jobs that came to an end of their own went well: "97%", or "-". */
static const char *share_of(const json_t *board, char text[8])
{
	const json_t *recent = json_object_get(json_object_get(board, "history"), "recent");
	json_int_t done = json_integer_value(json_object_get(recent, "done"));
	json_int_t failed = json_integer_value(json_object_get(recent, "failed"));

	snprintf(text, 8, "%u%%", done + failed > 0 ? (unsigned)(100 * done / (done + failed)) % 1000 : 0);
	return done + failed > 0 ? text : "-";
}

/* Those that have a column of their own. */
static bool is_in_table(const char *key)
{
	return strcmp(key, "board") == 0 || strcmp(key, "chip") == 0 || strcmp(key, "mac") == 0;
}

/* What its port is, of a board whose port is known; the server has made the device's own words harmless. */
static void print_usb(const json_t *board)
{
	const char *usb = json_string_value(json_object_get(board, "usb"));
	const char *serial = json_string_value(json_object_get(board, "serial"));
	const char *product = json_string_value(json_object_get(board, "product"));
	if (usb) {
		printf("  usb %s%s%s%s%s\n", usb, serial ? ", serial " : "", serial ? serial : "", product ? ", " : "",
		       product ? product : "");
	}
}

/* A line of them: "rack=2 has=display has=lora". */
static void print_labels(const json_t *board)
{
	json_t *labels = json_object_get(board, "labels");
	json_t *values, *value;
	const char *key;
	size_t index, count = 0;

	json_object_foreach(labels, key, values)
	{
		json_array_foreach(values, index, value)
		{
			if (!is_in_table(key)) {
				printf("%s%s=%s", count++ == 0 ? "  " : " ", key, json_string_value(value));
			}
		}
	}
	if (count > 0) {
		putchar('\n');
	}
}

static void print_quarantine(const json_t *board)
{
	const json_t *quarantine = json_object_get(board, "quarantine");

	if (json_is_object(quarantine)) {
		printf("  in quarantine: %s\n", text_of(quarantine, "reason"));
	}
}

static void print_boards(const json_t *boards, const char *select)
{
	size_t index;
	json_t *board;

	if (json_array_size(boards) == 0) {
		puts(select != NULL ? "No board is like that."
				    : "The server has no boards: start it with --board NAME=ADDRESS.");
		return;
	}
	printf("%-16s %-6s %-6s %-5s %-7s %-6s %-12s %-18s %s\n", "NAME", "STATE", "QUEUED", "OK", "RFC2217", "RAW",
	       "CHIP", "MAC", "ADDRESS");
	json_array_foreach(boards, index, board)
	{
		const json_t *info = json_object_get(board, "info");
		const char *detail = json_string_value(json_object_get(board, "detail"));
		const char *holder = json_string_value(json_object_get(board, "holder"));
		char rfc2217[8];
		char raw[8];
		char share[8];

		printf("%-16s %-6s %-6lld %-5s %-7s %-6s %-12s %-18s %s\n", text_of(board, "name"),
		       text_of(board, "state"), (long long)json_integer_value(json_object_get(board, "queued")),
		       share_of(board, share), port_of(board, "rfc2217", rfc2217), port_of(board, "raw", raw),
		       text_of(info, "chip"), text_of(info, "mac"), text_of(board, "address"));
		print_labels(board);
		print_usb(board);
		if (detail != NULL) {
			printf("  %s\n", detail);
		}
		print_quarantine(board);
		if (holder != NULL) {
			printf("  in use by the %s\n", holder);
		}
	}
}

static bool refuse_port(struct ff_run *run)
{
	if (run->options->port != NULL) {
		ff_failure_set(&run->failure, "invalid-argument", "%s asks a server: leave --port out",
			       run->options->command->name);
	}
	return run->options->port != NULL;
}

/* GETs `path`, which is freed, into run->result. */
static bool fetch(struct ff_run *run, char *path)
{
	struct ff_api api = { .http = NULL };
	bool good;

	if (path == NULL) {
		return ff_failure_set(&run->failure, "no-memory", "out of memory");
	}
	good = ff_api_init(&api, run) && ff_api_get(&api, path, &run->result, &run->failure);
	ff_api_release(&api);
	free(path);
	return good;
}

bool ff_cmd_boards(struct ff_run *run)
{
	const char *select = run->options->select;

	if (refuse_port(run) || !fetch(run, select != NULL ? ff_http_path("/api/v1/boards?select=", select, "")
							   : strdup("/api/v1/boards"))) {
		return false;
	}
	if (!run->options->json) {
		print_boards(json_object_get(run->result, "boards"), select);
	}
	return true;
}

/* The board, or what selects it while none is chosen. */
static const char *place_of(const json_t *job)
{
	const char *board = json_string_value(json_object_get(job, "board"));

	return board != NULL ? board : text_of(job, "select");
}

/* The error's code, or of one that waits when it is its turn. */
static const char *turn_of(const json_t *job, char *text, size_t size)
{
	json_int_t position = json_integer_value(json_object_get(job, "position"));
	const char *start = json_string_value(json_object_get(job, "expected_start"));

	if (position <= 0) {
		return text_of(json_object_get(job, "error"), "code");
	}
	snprintf(text, size, "position %u%s%.40s", (unsigned)position, start != NULL ? ", about " : "",
		 start != NULL ? start : "");
	return text;
}

static void print_jobs(const json_t *jobs)
{
	size_t index;
	json_t *job;

	if (json_array_size(jobs) == 0) {
		puts("No jobs.");
		return;
	}
	printf("%-6s %-16s %-18s %-10s %10s  %-24s %s\n", "ID", "BOARD", "KIND", "STATE", "BYTES", "CREATED",
	       "ERROR, OR ITS TURN");
	json_array_foreach(jobs, index, job)
	{
		char turn[96];

		printf("%-6s %-16s %-18s %-10s %10lld  %-24s %s\n", text_of(job, "id"), place_of(job),
		       text_of(job, "kind"), text_of(job, "state"), ff_job_bytes(job), text_of(job, "created"),
		       turn_of(job, turn, sizeof(turn)));
	}
}

static bool list_jobs(struct ff_run *run)
{
	const char *board = run->options->board;

	if (!fetch(run, board != NULL ? ff_http_path("/api/v1/jobs?board=", board, "") : strdup("/api/v1/jobs"))) {
		return false;
	}
	if (!run->options->json) {
		print_jobs(json_object_get(run->result, "jobs"));
	}
	return true;
}

static bool show_job(struct ff_run *run, const char *id)
{
	if (!fetch(run, ff_http_path("/api/v1/jobs/", id, ""))) {
		return false;
	}
	if (!run->options->json) {
		ff_job_print(run->result, stdout);
	}
	return true;
}

static bool cancel_job(struct ff_run *run, const char *id)
{
	char *path = ff_http_path("/api/v1/jobs/", id, "");
	const struct ff_http_request request = { .method = "DELETE", .path = path, .deadline_ms = 15000 };
	struct ff_api api;
	bool good;

	if (path == NULL) {
		return ff_failure_set(&run->failure, "no-memory", "out of memory");
	}
	good = ff_api_init(&api, run) && ff_api_call(&api, &request, &run->result, &run->failure);
	ff_api_release(&api);
	free(path);
	if (good && !run->options->json) {
		printf("job %s is being cancelled\n", id);
	}
	return good;
}

bool ff_cmd_jobs(struct ff_run *run)
{
	const struct ff_options *options = run->options;

	if (refuse_port(run)) {
		return false;
	}
	if (options->cancel != NULL && options->word_count > 0) {
		return ff_failure_set(&run->failure, "invalid-argument", "one job at a time: '%.40s' or --cancel %.40s",
				      options->words[0].text, options->cancel);
	}
	if (options->cancel != NULL) {
		return cancel_job(run, options->cancel);
	}
	return options->word_count > 0 ? show_job(run, options->words[0].text) : list_jobs(run);
}

static void print_audit(const json_t *lines)
{
	size_t index;
	json_t *line;

	if (json_array_size(lines) == 0) {
		puts("Nothing.");
		return;
	}
	printf("%-24s %-16s %-15s %-16s %-6s %-14s %s\n", "WHEN", "WHO", "FROM", "BOARD", "JOB", "RESULT", "WHAT");
	json_array_foreach(lines, index, line)
	{
		printf("%-24s %-16s %-15s %-16s %-6s %-14s %s\n", text_of(line, "at"), text_of(line, "who"),
		       text_of(line, "from"), text_of(line, "board"), text_of(line, "job"), text_of(line, "result"),
		       text_of(line, "action"));
	}
}

/* Adds a parameter to a path, which is freed. NULL: out of memory, or there was no path. */
static char *with_param(char *path, const char *name, const char *value)
{
	char *longer = NULL;
	char *begin = NULL;

	if (value == NULL || path == NULL) {
		return path;
	}
	if (asprintf(&begin, "%s%c%s=", path, strchr(path, '?') != NULL ? '&' : '?', name) >= 0) {
		longer = ff_http_path(begin, value, "");
		free(begin);
	}
	free(path);
	return longer;
}

bool ff_cmd_audit(struct ff_run *run)
{
	const struct ff_options *options = run->options;
	char limit[16];
	char *path = strdup("/api/v1/audit");

	snprintf(limit, sizeof(limit), "%u", options->limit);
	path = with_param(path, "board", options->board);
	path = with_param(path, "since", options->since);
	path = with_param(path, "limit", options->limit > 0 ? limit : NULL);
	if (refuse_port(run)) {
		free(path);
		return false;
	}
	if (!fetch(run, path)) {
		return false;
	}
	if (!options->json) {
		print_audit(json_object_get(run->result, "audit"));
	}
	return true;
}
