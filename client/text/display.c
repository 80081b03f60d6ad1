// SPDX-License-Identifier: Apache-2.0
#include "display.h"

#include <stdarg.h>
#include <string.h>

#include <farflash/transport.h>

#include "terminal.h"

#define REDRAW_US 100000
#define RATE_AFTER_US 500000 /* earlier, a rate would jump about */
#define MIN_BAR 8
#define MAX_BAR 40
#define SPARE_COLUMNS 3 /* for the "^C" that a terminal echoes, and the last column, which makes some of them wrap */
#define LINE_SIZE 256

static unsigned percent_of(const struct ff_display_view *view)
{
	if (view->done >= view->total) {
		return 100;
	}
	return (unsigned)((double)view->done * 100.0 / (double)view->total);
}

/* "61.2 kB/s", in decimal units as baud rates are. */
static void format_rate(char *text, size_t size, double bytes_per_s)
{
	if (bytes_per_s >= 1e6) {
		snprintf(text, size, "%.1f MB/s", bytes_per_s / 1e6);
	} else {
		snprintf(text, size, "%.1f kB/s", bytes_per_s / 1e3);
	}
}

/* Rate and time left, with two blanks in front of each; empty while too little is known. */
static void format_speed(char *text, size_t size, const struct ff_display_view *view)
{
	double rate, left;
	char rate_text[32];

	text[0] = '\0';
	if (view->elapsed_us < RATE_AFTER_US || view->done == 0) {
		return;
	}
	rate = (double)view->done * 1e6 / (double)view->elapsed_us;
	left = view->done < view->total ? (double)(view->total - view->done) / rate : 0;
	format_rate(rate_text, sizeof(rate_text), rate);
	if (left > 359999) {
		snprintf(text, size, "  %s", rate_text);
		return;
	}
	snprintf(text, size, "  %s  %u:%02u left", rate_text, (unsigned)left / 60, (unsigned)left % 60);
}

static void format_bar(char *bar, size_t size, const struct ff_display_view *view, unsigned cells)
{
	unsigned full = percent_of(view) * cells / 100;
	size_t at = 0;

	bar[at++] = '[';
	for (unsigned i = 0; i < cells && at + 2 < size; i++) {
		bar[at++] = i < full ? '#' : '-';
	}
	bar[at++] = ']';
	bar[at] = '\0';
}

void ff_display_line(char *line, size_t size, const struct ff_display_view *view, unsigned width)
{
	char full[LINE_SIZE], speed[64], bar[MAX_BAR + 3] = "";
	size_t shown = width + (size_t)1 < size ? width : size - 1;

	if (view->total == 0) {
		snprintf(full, sizeof(full), "%s", view->phase);
	} else {
		int head = snprintf(full, sizeof(full), "%-8s  %3u %%", view->phase, percent_of(view));
		unsigned rest = width > (unsigned)head + 2 ? width - (unsigned)head - 2 : 0;

		format_speed(speed, sizeof(speed), view);
		if (rest < strlen(speed) + MIN_BAR + 2) {
			speed[0] = '\0';
		}
		rest -= rest < strlen(speed) ? rest : (unsigned)strlen(speed);
		if (rest >= MIN_BAR + 2) {
			format_bar(bar, sizeof(bar), view, rest - 2 < MAX_BAR ? rest - 2 : MAX_BAR);
			snprintf(full, sizeof(full), "%-8s  %s  %3u %%%s", view->phase, bar, percent_of(view), speed);
		}
	}
	full[shown < sizeof(full) ? shown : sizeof(full) - 1] = '\0';
	memcpy(line, full, strlen(full) + 1);
}

bool ff_display_plain(char *line, size_t size, const struct ff_display_view *view, struct ff_display_mark *mark)
{
	bool same = strcmp(mark->phase, view->phase) == 0;
	unsigned tenth = view->total > 0 ? percent_of(view) / 10 : 0;

	if (same && tenth <= mark->tenth) {
		return false;
	}
	memcpy(mark->phase, view->phase, sizeof(mark->phase));
	mark->tenth = tenth;
	if (view->total == 0) {
		snprintf(line, size, "%s", view->phase);
	} else {
		snprintf(line, size, "%s: %u %%", view->phase, tenth * 10);
	}
	return true;
}

void ff_display_init(struct ff_display *display, FILE *out)
{
	*display = (struct ff_display){ .out = out, .terminal = out != NULL && ff_terminal_can_redraw(out) };
}

static void draw(struct ff_display *display, bool now)
{
	int64_t time_us = ff_now_us();
	char line[LINE_SIZE];

	display->view.elapsed_us = time_us - display->phase_since_us;
	if (!display->terminal) {
		if (ff_display_plain(line, sizeof(line), &display->view, &display->mark)) {
			fprintf(display->out, "%s\n", line);
			fflush(display->out);
		}
		return;
	}
	if (!now && time_us - display->drawn_at_us < REDRAW_US) {
		return;
	}
	ff_display_line(line, sizeof(line), &display->view, ff_terminal_width(display->out) - SPARE_COLUMNS);
	fprintf(display->out, "\r%s\033[K", line);
	fflush(display->out);
	display->drawn = true;
	display->drawn_at_us = time_us;
}

void ff_display_update(struct ff_display *display, const char *phase, uint64_t done, uint64_t total)
{
	bool new_phase = strncmp(display->view.phase, phase, sizeof(display->view.phase) - 1) != 0;

	if (display->out == NULL || phase[0] == '\0') {
		return;
	}
	if (new_phase) {
		snprintf(display->view.phase, sizeof(display->view.phase), "%s", phase);
		display->phase_since_us = ff_now_us();
	}
	display->view.done = done;
	display->view.total = total;
	draw(display, new_phase);
}

void ff_display_tick(struct ff_display *display)
{
	if (display->terminal && display->view.phase[0] != '\0') {
		draw(display, false);
	}
}

void ff_display_clear(struct ff_display *display)
{
	if (display->drawn) {
		fputs("\r\033[K", display->out);
		fflush(display->out);
		display->drawn = false;
	}
}

void ff_display_note(struct ff_display *display, const char *format, ...)
{
	va_list arguments;

	ff_display_clear(display);
	fputs("note: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

void ff_display_output(struct ff_display *display, const char *text, size_t size)
{
	if (display->out != NULL) {
		ff_display_clear(display);
		fwrite(text, 1, size, stdout);
		fflush(stdout);
	}
}
