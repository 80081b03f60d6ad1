// SPDX-License-Identifier: Apache-2.0
/* farflash, the client: one command, one exit status. */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "commands.h"
#include "standard.h"
#include "terminal.h"
#include "utf8.h"

/* How many signals have asked us to stop; the only thing that a signal handler may touch. */
static volatile sig_atomic_t interrupts;

static void count_interrupt(int signal_number)
{
	(void)signal_number;
	interrupts = interrupts + 1;
	if (interrupts > 2) {
		/* Somebody insists: the next one ends the process the hard way. */
		signal(SIGINT, SIG_DFL);
	}
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = count_interrupt };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* A reader who has seen enough shows as a failed write. */
	signal(SIGPIPE, SIG_IGN);
}

static void print_log(void *context, enum ff_log_level level, const char *line)
{
	struct ff_display *display = context;

	(void)level;
	ff_display_clear(display);
	fprintf(stderr, "%s\n", line);
}

static void print_failure(const struct ff_failure *failure)
{
	bool colour = ff_terminal_has_colour(stderr);

	fprintf(stderr, "farflash: %s%s%s\n", colour ? "\033[31m" : "", failure->text, colour ? "\033[0m" : "");
}

/* The job, if there is one, else just the error. */
static void print_json(struct ff_run *run)
{
	json_t *job = json_object_get(run->result, "job");
	json_t *shown = json_is_object(job) ? job : run->result;

	if (run->failure.code[0] != '\0') {
		json_t *error =
			json_pack("{s:s, s:o}", "code", run->failure.code, "detail", ff_utf8_text(run->failure.text));

		if (json_object_get(shown, "state") == NULL) {
			json_decref(run->result);
			shown = run->result = json_object();
		}
		if (!json_is_object(json_object_get(shown, "error"))) {
			json_object_set(shown, "error", error);
		}
		json_decref(error);
	}
	if (shown != NULL) { /* some have told before, and have nothing to add */
		json_dumpf(shown, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
		putchar('\n');
	}
}

/* Where progress goes, NULL for nowhere. */
static FILE *progress_stream(const struct ff_options *options)
{
	enum ff_telling telling = options->command->telling;

	if (options->json || telling == FF_TELL_NOTHING ||
	    (telling == FF_TELL_TERMINAL && !ff_terminal_can_redraw(stdout))) {
		return NULL;
	}
	return stdout;
}

static enum ff_exit report(struct ff_run *run, bool good)
{
	ff_display_clear(run->display);
	if (run->options->json) {
		print_json(run);
	}
	if (!good) {
		print_failure(&run->failure);
		return ff_failure_exit(run->failure.code);
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("farflash: cannot write to standard output\n", stderr);
		return FF_EXIT_FAILED;
	}
	return FF_EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct ff_options options;
	struct ff_display display;
	struct ff_log log = { .write = print_log, .context = &display, .level = FF_LOG_DEBUG };
	struct ff_run run = { .options = &options, .interrupts = &interrupts, .display = &display };
	enum ff_exit status;

	ff_standard_occupy();
	argp_err_exit_status = FF_EXIT_USAGE;
	ff_options_parse(&options, ff_commands, argc, argv);
	catch_signals();
	ff_display_init(&display, progress_stream(&options));
	log.level = options.trace ? FF_LOG_TRACE : FF_LOG_DEBUG;
	run.log = options.verbose || options.trace ? &log : NULL;
	status = report(&run, options.command->run(&run));
	status = status == FF_EXIT_DONE ? (enum ff_exit)run.status : status;
	json_decref(run.result);
	ff_options_release(&options);
	return status;
}
