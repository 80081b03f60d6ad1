// SPDX-License-Identifier: Apache-2.0
/* Writes one file, fast, and shows how it goes; Ctrl-C ends it: progress PORT OFFSET FILE */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <farflash/farflash.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static bool is_cancelled(void *context)
{
	(void)context;
	return interrupted;
}

static void show_progress(void *context, const struct ff_progress *progress)
{
	FILE *screen = context;
	if (progress->total > 0) {
		unsigned percent = (unsigned)(progress->done * 100 / progress->total);
		fprintf(screen, "%s 0x%08x: %u %%\n", ff_phase_name(progress->phase), progress->offset, percent);
	} else {
		fprintf(screen, "%s\n", ff_phase_name(progress->phase));
	}
}

static void write_log(void *context, enum ff_log_level level, const char *line)
{
	fprintf(context, "%s%s\n", level <= FF_LOG_WARN ? "warning: " : "", line);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: progress PORT OFFSET FILE\n");
		return 2;
	}
	signal(SIGINT, on_interrupt);
	struct ff_log log = { .write = write_log, .context = stderr, .level = FF_LOG_INFO };
	struct ff_observer observer = {
		.progress = show_progress, .cancelled = is_cancelled, .context = stderr, .log = &log
	};
	struct ff_transport_options port_options = { .log = &log };
	struct ff_connect_options board_options = { .baud = 921600 };
	struct ff_region app = { .offset = (uint32_t)strtoul(argv[2], NULL, 0), .name = argv[3] };
	struct ff_write_report report = { 0 };
	struct ff_transport port = { 0 };
	struct ff_flasher *board = NULL;
	struct ff_error error = FF_ERROR_NONE;

	if (ff_source_open_file(&app.source, argv[3], &error) == FF_OK &&
	    ff_transport_open(&port, argv[1], &port_options, &error) == FF_OK &&
	    ff_flasher_open(&board, &port, &board_options, &observer, &error) == FF_OK &&
	    ff_flasher_write(board, &app, 1, NULL, &report, &error) == FF_OK) {
		printf("%llu bytes written, %llu on the wire\n", (unsigned long long)report.bytes,
		       (unsigned long long)report.wire_bytes);
	}
	ff_flasher_close(board, FF_AFTER_HARD_RESET, &error);
	ff_transport_close(&port);
	ff_source_close(&app.source);
	if (error.status != FF_OK) {
		fprintf(stderr, "%s: %s\n", ff_status_code(error.status), error.text);
	}
	return error.status == FF_OK ? 0 : 1;
}
