// SPDX-License-Identifier: Apache-2.0
/* monitor: the board's output, live, and the keys typed, until the user has seen enough. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <farflash/flasher.h>
#include <farflash/transport.h>

#include "api.h"
#include "commands.h"
#include "direct.h"
#include "follow.h"
#include "job.h"
#include "terminal.h"
#include "utf8.h"

#define CONSOLE_BAUD 115200
#define POLL_MS 50
#define KEYS_SIZE 256  /* typed at once; the server takes 4096 */
#define LEAVE_KEY 0x1d /* Ctrl-] */
#define MAX_JSON_OUTPUT (1024 * 1024)
#define SEND_DEADLINE_MS 5000
#define COMEBACK_MS 10000
#define RESET_AFTER_US 1000000 /* if the server has not opened the console by then, it is reset all the same */

struct monitor {
	struct ff_run *run;
	const char *board;
	struct ff_terminal_raw raw;
	struct ff_buf output; /* for --json */
	bool cut;
	uint64_t bytes;
	bool in_line; /* the last byte was no newline */
	int64_t begun_us;
	bool over; /* the user has seen enough, or nobody reads us any more */
	bool reset_due;
	struct ff_api *input; /* for what goes to the server while its output comes in */
	const struct ff_http_response *console;
};

static bool is_over(struct monitor *monitor)
{
	int64_t limit_us = monitor->run->options->limit_us;

	return monitor->over || *monitor->run->interrupts != 0 ||
	       (limit_us > 0 && ff_now_us() - monitor->begun_us >= limit_us);
}

static void print_bytes(struct monitor *monitor, const uint8_t *bytes, size_t size)
{
	while (size > 0 && !monitor->over) {
		ssize_t written = write(STDOUT_FILENO, bytes, size);

		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		} else if (errno == EAGAIN || errno == EINTR) {
			poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, POLL_MS);
			monitor->over = is_over(monitor);
		} else {
			monitor->over = true;
		}
	}
}

static void deliver(struct monitor *monitor, const uint8_t *bytes, size_t size)
{
	monitor->bytes += size;
	monitor->in_line = bytes[size - 1] != '\n';
	if (!monitor->run->options->json) {
		print_bytes(monitor, bytes, size);
	} else if (ff_buf_append(&monitor->output, bytes, size) != FF_OK) {
		monitor->cut = true;
	}
}

/* Takes what was typed, without waiting; the key that leaves ends it. */
static size_t take_keys(struct monitor *monitor, uint8_t keys[KEYS_SIZE])
{
	struct pollfd typed = { .fd = STDIN_FILENO, .events = POLLIN };
	uint8_t *leave;
	ssize_t got;

	if (!monitor->raw.active || poll(&typed, 1, 0) <= 0) {
		return 0;
	}
	got = read(STDIN_FILENO, keys, KEYS_SIZE);
	if (got <= 0) {
		monitor->over = true;
		return 0;
	}
	leave = memchr(keys, LEAVE_KEY, (size_t)got);
	if (leave != NULL) {
		monitor->over = true;
		return (size_t)(leave - keys);
	}
	return (size_t)got;
}

static enum ff_status send_keys(struct monitor *monitor, struct ff_transport *transport, struct ff_error *error)
{
	uint8_t keys[KEYS_SIZE];
	size_t size = take_keys(monitor, keys);

	if (size == 0) {
		return FF_OK;
	}
	return transport->ops->write(transport->self, keys, size, ff_deadline_ms(SEND_DEADLINE_MS), error);
}

/* Takes what has come so far, but not for ever: a board may print faster than we read. FF_ERR_TIMEOUT: nothing is left,
 * so that the port's descriptor can be waited for. */
static enum ff_status take_input(struct monitor *monitor, struct ff_transport *transport, struct ff_error *error)
{
	enum ff_status status = FF_OK;

	for (unsigned pieces = 0; pieces < 16 && status == FF_OK && !monitor->over; pieces++) {
		uint8_t bytes[4096];
		size_t got = 0;

		ff_error_clear(error);
		status = transport->ops->read(transport->self, bytes, sizeof(bytes), &got, 0, error);
		if (status == FF_OK) {
			deliver(monitor, bytes, got);
		}
	}
	return status;
}

static void wait_input(struct monitor *monitor, struct ff_transport *transport)
{
	struct pollfd fds[] = { { .fd = transport->ops->poll_fd(transport->self), .events = POLLIN },
				{ .fd = monitor->raw.active ? STDIN_FILENO : -1, .events = POLLIN } };

	poll(fds, 2, POLL_MS);
}

static enum ff_status pump(struct monitor *monitor, struct ff_transport *transport, struct ff_error *error)
{
	enum ff_status status = FF_OK;

	while (status == FF_OK && !is_over(monitor)) {
		status = take_input(monitor, transport, error);
		if (status == FF_ERR_TIMEOUT) {
			wait_input(monitor, transport);
			status = FF_OK;
		}
		if (status == FF_OK) {
			ff_error_clear(error);
			status = send_keys(monitor, transport, error);
		}
	}
	return status;
}

/* Output goes on when a board that is itself on USB is back on the bus after a reset. */
static bool comes_back(struct monitor *monitor, struct ff_transport *transport, struct ff_error *error)
{
	int64_t deadline = ff_deadline_ms(COMEBACK_MS);
	enum ff_status status = FF_ERR_LOST;

	while (transport->ops->reopen != NULL && status == FF_ERR_LOST && !is_over(monitor) && ff_now_us() < deadline) {
		struct ff_error local = FF_ERROR_NONE;

		status = transport->ops->reopen(transport, ff_deadline_ms(POLL_MS), &local);
		if (status != FF_OK && status != FF_ERR_LOST) {
			*error = local;
		}
	}
	return status == FF_OK;
}

static enum ff_status pump_through_resets(struct monitor *monitor, struct ff_transport *transport,
					  struct ff_error *error)
{
	enum ff_status status;

	do {
		ff_error_clear(error);
		status = pump(monitor, transport, error);
	} while (status == FF_ERR_LOST && comes_back(monitor, transport, error));
	return status == FF_ERR_LOST && is_over(monitor) ? FF_OK : status;
}

static bool monitor_direct(struct monitor *monitor)
{
	const struct ff_options *options = monitor->run->options;
	const struct ff_transport_options transport_options = { .baud = options->baud_given && options->baud > 0
										? options->baud
										: CONSOLE_BAUD,
								.log = monitor->run->log };
	struct ff_transport transport = { .ops = NULL };
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_transport_open(&transport, options->port, &transport_options, &error);

	if (status == FF_OK && options->reset) {
		status = ff_direct_reset_lines(monitor->run, &transport, &error);
	}
	if (status == FF_OK) {
		status = pump_through_resets(monitor, &transport, &error);
	}
	ff_transport_close(&transport);
	return status == FF_OK || ff_failure_set_error(&monitor->run->failure, options->port, &error);
}

static bool take_console(void *context, const char *bytes, size_t size)
{
	struct monitor *monitor = context;

	if (size > 0) {
		deliver(monitor, (const uint8_t *)bytes, size);
	}
	return !is_over(monitor);
}

static bool post_keys(struct monitor *monitor, const uint8_t *keys, size_t size)
{
	char *path = ff_http_path("/api/v1/boards/", monitor->board, "/console");
	const struct ff_http_request request = {
		.method = "POST", .path = path, .body = keys, .body_size = size, .deadline_ms = SEND_DEADLINE_MS
	};
	json_t *answer = NULL;
	bool good = path != NULL && ff_api_call(monitor->input, &request, &answer, &monitor->run->failure);

	json_decref(answer);
	free(path);
	return good;
}

static bool reset_remote(struct monitor *monitor)
{
	struct ff_failure *failure = &monitor->run->failure;
	json_t *job = NULL;
	bool good = ff_api_start(monitor->input, monitor->board, "reset", &job, failure) &&
		    ff_follow_job(monitor->input, &job, monitor->run->display, failure) && ff_job_check(job, failure);

	monitor->reset_due = false;
	monitor->begun_us = ff_now_us(); /* --seconds are those that the user sees */
	json_decref(job);
	return good;
}

/* The console is opened first, so that nothing of the boot log is missed. */
static bool tend(void *context, uint64_t sent, uint64_t to_send)
{
	struct monitor *monitor = context;
	bool is_open = monitor->console->status == 200 || ff_now_us() - monitor->begun_us > RESET_AFTER_US;
	uint8_t keys[KEYS_SIZE];
	size_t size;

	(void)sent;
	(void)to_send;
	if (is_over(monitor) || (monitor->reset_due && is_open && !reset_remote(monitor))) {
		return false;
	}
	size = take_keys(monitor, keys);
	return (size == 0 || post_keys(monitor, keys, size)) && !is_over(monitor);
}

static bool watch(struct monitor *monitor, struct ff_api *output)
{
	char *path = ff_http_path("/api/v1/boards/", monitor->board, "/console");
	const struct ff_http_request request = { .method = "GET",
						 .path = path,
						 .accept = "application/octet-stream",
						 .sink = take_console,
						 .go_on = tend,
						 .context = monitor,
						 .wake_fd = monitor->raw.active ? STDIN_FILENO : -1 };
	struct ff_failure *failure = &monitor->run->failure;
	struct ff_http_response response;
	enum ff_http_end end;

	if (path == NULL) {
		return ff_failure_set(failure, "no-memory", "out of memory");
	}
	monitor->console = &response;
	end = ff_http_perform(output->http, &request, &response);
	free(path);
	if (end == FF_HTTP_ANSWERED && response.status >= 400) {
		ff_api_problem(output, &response, NULL, failure);
		ff_api_no_board(output, monitor->board, failure);
	} else if (end == FF_HTTP_ANSWERED && !is_over(monitor)) {
		ff_failure_set(failure, "server-unreachable", "%s: the server ended the console", monitor->board);
	} else if (end != FF_HTTP_ANSWERED && end != FF_HTTP_STOPPED) {
		ff_api_explain(output, end, failure);
	}
	ff_http_response_release(&response);
	return failure->code[0] == '\0';
}

/* What --json prints; a run that failed has its failure instead. */
static void set_result(struct monitor *monitor)
{
	json_t *text = ff_utf8_json(monitor->output.bytes, monitor->output.size);

	monitor->run->result = json_pack("{s:s, s:f, s:I, s:o, s:b}", "board", monitor->board, "seconds",
					 (double)(ff_now_us() - monitor->begun_us) / 1e6, "bytes",
					 (json_int_t)monitor->bytes, "output", text, "truncated", monitor->cut);
}

static bool run_monitor(struct monitor *monitor, struct ff_api *output)
{
	bool good;

	if (!monitor->run->options->json && ff_terminal_raw_enter(&monitor->raw, STDIN_FILENO)) {
		fputs("Ctrl-] or Ctrl-C leaves.\r\n", stderr);
	}
	good = output != NULL ? watch(monitor, output) : monitor_direct(monitor);
	if (monitor->raw.active && monitor->in_line) {
		fputs("\r\n", stderr);
	}
	ff_terminal_raw_leave(&monitor->raw);
	return good;
}

static bool run_remote(struct monitor *monitor)
{
	struct ff_api output, input = { .http = NULL };
	struct ff_run *run = monitor->run;
	char *board = NULL;
	bool good = false;

	if (!ff_api_init(&output, run)) {
		return false;
	}
	board = ff_api_choose_board(&output, run->options->board, &run->failure);
	if (board != NULL && ff_api_init(&input, run)) {
		monitor->board = board;
		monitor->input = &input;
		good = run_monitor(monitor, &output);
		set_result(monitor);
	}
	ff_api_release(&input);
	ff_api_release(&output);
	free(board);
	return good;
}

bool ff_cmd_monitor(struct ff_run *run)
{
	struct monitor monitor = { .run = run, .begun_us = ff_now_us(), .reset_due = run->options->reset };
	bool good;

	ff_buf_init(&monitor.output, MAX_JSON_OUTPUT);
	if (run->options->port == NULL) {
		good = run_remote(&monitor);
	} else {
		monitor.board = run->options->port;
		good = run_monitor(&monitor, NULL);
		set_result(&monitor);
	}
	ff_buf_release(&monitor.output);
	return good;
}
