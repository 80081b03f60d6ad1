// SPDX-License-Identifier: Apache-2.0
#include "monitor_view.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <farflash/transport.h>

#define MAX_JSON_OUTPUT (1024 * 1024)
#define POLL_MS 50

void ff_view_init(struct ff_view *view, bool json, const char *stamps, const volatile sig_atomic_t *interrupts)
{
	*view = (struct ff_view){ .stamps = { .on = stamps != NULL,
					      .format = stamps != NULL ? stamps : FF_STAMPS_DEFAULT },
				  .interrupts = interrupts,
				  .end_us = INT64_MAX,
				  .json = json,
				  .on_terminal = isatty(STDOUT_FILENO) == 1,
				  .log_fd = -1 };
	ff_buf_init(&view->collected, MAX_JSON_OUTPUT);
}

static void close_log(struct ff_view *view)
{
	if (view->log_fd >= 0) {
		close(view->log_fd);
		view->log_fd = -1;
	}
}

void ff_view_release(struct ff_view *view)
{
	close_log(view);
	ff_buf_release(&view->collected);
}

void ff_view_end_line(struct ff_view *view)
{
	if (view->on_terminal && !view->json && view->in_line) {
		fputs("\r\n", stderr);
		view->in_line = false;
	}
}

void ff_view_say(struct ff_view *view, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	if (view->json) {
		return;
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (char *p = text; *p != '\0'; p++) {
		*p = iscntrl((unsigned char)*p) && *p != '\n' ? ' ' : *p;
	}
	ff_view_end_line(view);
	fprintf(stderr, "--- %s\n", text);
}

bool ff_view_open_log(struct ff_view *view, const char *path, struct ff_failure *failure)
{
	close_log(view);
	if (strlen(path) >= sizeof(view->log_path)) {
		return ff_failure_set(failure, "invalid-argument", "%s: the name is too long", path);
	}
	view->log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	if (view->log_fd < 0) {
		return ff_failure_set(failure, "invalid-argument", "cannot open the log %s: %s", path, strerror(errno));
	}
	memmove(view->log_path, path, strlen(path) + 1);
	return true;
}

/* "lab1-20261126-125500.log" */
static void name_log(char path[FF_VIEW_PATH_SIZE], const char *board)
{
	time_t now = time(NULL);
	struct tm local = { .tm_year = 0 };
	char when[32];

	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &local);
	snprintf(path, FF_VIEW_PATH_SIZE, "%.100s-%s.log", board, when);
	for (char *p = path; *p != '\0'; p++) {
		*p = isalnum((unsigned char)*p) || *p == '.' || *p == '_' ? *p : '-';
	}
	path[0] = path[0] == '-' || path[0] == '.' ? '_' : path[0];
}

void ff_view_toggle_log(struct ff_view *view, const char *board)
{
	struct ff_failure failure = { .code = "" };
	char path[FF_VIEW_PATH_SIZE];

	if (view->log_fd >= 0) {
		close_log(view);
		ff_view_say(view, "log off: %s", view->log_path);
		return;
	}
	if (view->log_path[0] != '\0') {
		memcpy(path, view->log_path, sizeof(path));
	} else {
		name_log(path, board);
	}
	if (ff_view_open_log(view, path, &failure)) {
		ff_view_say(view, "log on: %s", path);
	} else {
		ff_view_say(view, "%s", failure.text);
	}
}

void ff_view_toggle_stamps(struct ff_view *view)
{
	view->stamps.on = !view->stamps.on;
	ff_view_say(view, "time stamps %s", view->stamps.on ? "on" : "off");
}

static void print_bytes(struct ff_view *view, const uint8_t *bytes, size_t size)
{
	while (size > 0 && !view->closed) {
		ssize_t written = write(STDOUT_FILENO, bytes, size);

		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		} else if (errno == EAGAIN || errno == EINTR) {
			poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, POLL_MS);
			if (*view->interrupts != 0 || ff_now_us() >= view->end_us) {
				return;
			}
		} else {
			view->closed = true;
		}
	}
}

/* A log that cannot be written is no reason to see nothing any more. It comes before the terminal, which may be stopped. */
static void log_bytes(struct ff_view *view, const uint8_t *bytes, size_t size)
{
	while (size > 0 && view->log_fd >= 0) {
		ssize_t written = write(view->log_fd, bytes, size);

		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		} else if (written < 0 && errno != EINTR) {
			int number = errno;

			close_log(view);
			ff_view_say(view, "cannot write the log %s: %s; it ends here", view->log_path,
				    strerror(number));
		}
	}
}

static void put_piece(void *context, const uint8_t *bytes, size_t size)
{
	struct ff_view *view = context;

	log_bytes(view, bytes, size);
	if (view->json) {
		view->cut |= ff_buf_append(&view->collected, bytes, size) != FF_OK;
	} else {
		print_bytes(view, bytes, size);
	}
}

void ff_view_put(struct ff_view *view, const uint8_t *bytes, size_t size)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	view->bytes += size;
	ff_stamps_put(&view->stamps, bytes, size, &now, put_piece, view);
	view->in_line = view->stamps.in_line;
}
