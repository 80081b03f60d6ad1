// SPDX-License-Identifier: Apache-2.0
/* monitor: the board's output, live, and what is typed, until the user has seen enough. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <farflash/transport.h>

#include "commands.h"
#include "keys.h"
#include "monitor_feed.h"
#include "monitor_view.h"
#include "terminal.h"
#include "utf8.h"

#define POLL_MS 50
#define KEYS_SIZE 256
#define OUT_SIZE 4096
#define CTRL_C 0x03
#define HINT_MS 1000 /* so long does nobody hesitate who knows the key */
#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 3000
#define COMEBACK_MS 10000 /* with --no-reconnect: for a board on USB that a reset takes away */

struct monitor {
	struct ff_run *run;
	struct ff_feed *feed;
	struct ff_view view;
	struct ff_terminal_raw raw;
	struct ff_keys keys;
	int64_t hint_us;       /* when to say what goes behind Ctrl-]; 0: never */
	uint8_t out[OUT_SIZE]; /* for the board */
	size_t out_size;
	bool reads; /* standard input may have more */
	bool greeted;
	bool up;
	bool over; /* the user has seen enough */
	int64_t begun_us;
};

#define MENU_HINT "behind Ctrl-]: q or another Ctrl-] quits, r resets the board, h lists all keys"

static bool is_left(const struct monitor *monitor)
{
	return monitor->over || monitor->view.closed || *monitor->run->interrupts != 0;
}

static bool is_over(const struct monitor *monitor)
{
	return is_left(monitor) || ff_now_us() >= monitor->view.end_us;
}

static void take_output(void *context, const uint8_t *bytes, size_t size)
{
	struct monitor *monitor = context;

	ff_view_put(&monitor->view, bytes, size);
}

static void take_words(void *context, const char *text)
{
	struct monitor *monitor = context;

	ff_view_say(&monitor->view, "%s", text);
}

/* ---- keys ---- */

static void act(struct monitor *monitor, enum ff_keys_action action)
{
	struct ff_view *view = &monitor->view;
	struct ff_feed *feed = monitor->feed;

	switch (action) {
	case FF_KEYS_QUIT:
		monitor->over = true;
		return;
	case FF_KEYS_RESET:
	case FF_KEYS_BREAK:
		if (!monitor->up) {
			ff_view_say(view, "not now: there is no connection");
		} else if (action == FF_KEYS_RESET) {
			feed->ops->reset(feed);
		} else {
			feed->ops->send_break(feed);
		}
		return;
	case FF_KEYS_STAMPS:
		ff_view_toggle_stamps(view);
		return;
	case FF_KEYS_LOG:
		ff_view_toggle_log(view, feed->board);
		return;
	case FF_KEYS_NEXT_EOL:
		ff_view_say(view, "Enter sends %s", ff_keys_eol_name(monitor->keys.eol));
		return;
	case FF_KEYS_HELP:
		ff_view_say(view, "keys of the monitor:\n%s", ff_keys_help);
		return;
	case FF_KEYS_UNKNOWN:
		ff_view_say(view, MENU_HINT);
		return;
	default:
		return;
	}
}

static void queue(struct monitor *monitor, const uint8_t *bytes, size_t size)
{
	size_t room = OUT_SIZE - monitor->out_size;

	size = size < room ? size : room;
	memcpy(monitor->out + monitor->out_size, bytes, size);
	monitor->out_size += size;
}

static void send_queued(struct monitor *monitor)
{
	size_t sent = 0;

	if (monitor->out_size > 0) {
		sent = monitor->feed->ops->write(monitor->feed, monitor->out, monitor->out_size);
	}
	monitor->out_size -= sent;
	memmove(monitor->out, monitor->out + sent, monitor->out_size);
}

/* What is typed while there is no connection goes nowhere, and Ctrl-C leaves. */
static void take_typed(struct monitor *monitor, const uint8_t *typed, size_t size)
{
	while (size > 0 && !monitor->over) {
		uint8_t bytes[2 * KEYS_SIZE];
		size_t made;
		enum ff_keys_action action;
		size_t taken = ff_keys_take(&monitor->keys, typed, size, bytes, &made, &action);

		if (monitor->up) {
			queue(monitor, bytes, made);
		} else if (memchr(bytes, CTRL_C, made) != NULL) {
			monitor->over = true;
		}
		if (action != FF_KEYS_NONE && monitor->up) {
			send_queued(monitor); /* what was typed before a reset or a break comes before it */
		}
		act(monitor, action);
		typed += taken;
		size -= taken;
	}
	monitor->hint_us = monitor->keys.in_menu ? ff_deadline_ms(HINT_MS) : 0;
}

/* A pipe's bytes are the board's as they are, unless --eol says what their line feeds become. */
static void take_piped(struct monitor *monitor, const uint8_t *bytes, size_t size)
{
	const char *eol = monitor->keys.eol == FF_KEYS_CR ? "\r" : monitor->keys.eol == FF_KEYS_LF ? "\n" : "\r\n";

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n' && monitor->run->options->eol_given) {
			queue(monitor, (const uint8_t *)eol, strlen(eol));
		} else {
			queue(monitor, bytes + i, 1);
		}
	}
}

static bool wants_input(const struct monitor *monitor)
{
	/* A terminal is always read: the user may want to quit. */
	return monitor->reads &&
	       (monitor->raw.active || (monitor->up && OUT_SIZE - monitor->out_size >= 2 * KEYS_SIZE));
}

static void take_input(struct monitor *monitor)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	uint8_t bytes[KEYS_SIZE];
	ssize_t got;

	if (!wants_input(monitor) || poll(&input, 1, 0) <= 0) {
		return;
	}
	got = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
		return;
	}
	if (got <= 0) {
		monitor->reads = false;
		monitor->over |= monitor->raw.active; /* the terminal has gone */
	} else if (monitor->raw.active) {
		take_typed(monitor, bytes, (size_t)got);
	} else {
		take_piped(monitor, bytes, (size_t)got);
	}
}

static bool go_on(void *context)
{
	struct monitor *monitor = context;

	take_input(monitor);
	if (monitor->hint_us != 0 && ff_now_us() >= monitor->hint_us) {
		monitor->hint_us = 0;
		ff_view_say(&monitor->view, MENU_HINT);
	}
	return !is_over(monitor);
}

/* ---- the connection ---- */

static void wait_more(struct monitor *monitor)
{
	struct pollfd fds[] = { { .fd = -1 }, { .fd = wants_input(monitor) ? STDIN_FILENO : -1, .events = POLLIN } };

	fds[0].fd = monitor->feed->ops->fd(monitor->feed, &fds[0].events);
	(void)!poll(fds, 2, POLL_MS);
}

static enum ff_feed_state watch(struct monitor *monitor, struct ff_failure *failure)
{
	enum ff_feed_state state = FF_FEED_UP;

	monitor->up = true;
	while (state == FF_FEED_UP && go_on(monitor)) {
		send_queued(monitor);
		state = monitor->feed->ops->turn(monitor->feed, failure);
		if (state == FF_FEED_UP && !is_over(monitor)) {
			wait_more(monitor);
		}
	}
	monitor->up = false;
	return state;
}

static void pause_for(struct monitor *monitor, int64_t until_us)
{
	while (go_on(monitor) && ff_now_us() < until_us) {
		struct pollfd input = { .fd = wants_input(monitor) ? STDIN_FILENO : -1, .events = POLLIN };

		(void)!poll(&input, 1, POLL_MS);
	}
}

static bool ends_asking(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && text[length - 1] == '?';
}

/* Tries until it is there again, ever less often. With --no-reconnect only a port is waited for, and not for long: a board
 * that is on USB itself goes away with each reset. */
static enum ff_feed_state come_back(struct monitor *monitor, struct ff_failure *failure)
{
	const struct ff_options *options = monitor->run->options;
	bool persists = !options->no_reconnect && !options->json;
	int64_t give_up_us = persists ? INT64_MAX : options->port != NULL ? ff_deadline_ms(COMEBACK_MS) : 0;
	struct ff_failure first = *failure;
	enum ff_feed_state state = FF_FEED_LOST;
	int pause_ms = FIRST_PAUSE_MS;

	if (ff_now_us() >= give_up_us) {
		return state;
	}
	ff_view_say(&monitor->view, "%s%s trying again (Ctrl-C leaves)", failure->text,
		    ends_asking(failure->text) ? "" : ";");
	while (state == FF_FEED_LOST && !is_over(monitor) && ff_now_us() < give_up_us) {
		pause_for(monitor, ff_deadline_ms((uint32_t)pause_ms));
		if (options->port == NULL) {
			pause_ms = pause_ms * 2 < LONGEST_PAUSE_MS ? pause_ms * 2 : LONGEST_PAUSE_MS;
		}
		*failure = (struct ff_failure){ .code = "" };
		if (!is_over(monitor)) {
			state = monitor->feed->ops->open(monitor->feed, failure);
		}
	}
	if (state == FF_FEED_LOST || (state == FF_FEED_FAILED && is_over(monitor))) {
		*failure = first;
	}
	return state;
}

/* Watches, through losses. False: the failure, also where the time is up and the connection is not back: a script wants to
 * know. */
static bool stay(struct monitor *monitor)
{
	struct ff_failure failure = { .code = "" };
	enum ff_feed_state state = FF_FEED_UP;

	while (state == FF_FEED_UP && !is_over(monitor)) {
		state = watch(monitor, &failure);
		if (state == FF_FEED_LOST && !is_over(monitor)) {
			state = come_back(monitor, &failure);
		}
	}
	if (state == FF_FEED_UP || is_left(monitor)) {
		return true;
	}
	return ff_failure_set(&monitor->run->failure, failure.code, "%s", failure.text);
}

/* ---- the command ---- */

/* What --json prints; a run that failed has its failure instead. */
static void set_result(struct monitor *monitor)
{
	const struct ff_view *view = &monitor->view;
	json_t *text = ff_utf8_json(view->collected.bytes, view->collected.size);

	monitor->run->result = json_pack("{s:s, s:f, s:I, s:o, s:b}", "board", monitor->feed->board, "seconds",
					 (double)(ff_now_us() - monitor->begun_us) / 1e6, "bytes",
					 (json_int_t)view->bytes, "output", text, "truncated", view->cut);
}

/* From here on the keys are the monitor's. */
static void greet(struct monitor *monitor)
{
	if (monitor->greeted) {
		return;
	}
	monitor->greeted = true;
	if (!monitor->run->options->json && ff_terminal_raw_enter(&monitor->raw, STDIN_FILENO)) {
		ff_view_say(&monitor->view, "%s: Ctrl-] q quits, Ctrl-] h lists the other keys", monitor->feed->board);
	}
}

/* Before the first output, but for a reset, which Ctrl-C has to be able to end. */
static void note_opened(void *context)
{
	struct monitor *monitor = context;

	if (!monitor->run->options->reset) {
		greet(monitor);
	}
}

/* The port is open and the board may have been reset: from here on the user is served. */
static bool serve(struct monitor *monitor)
{
	const struct ff_options *options = monitor->run->options;
	bool good;

	monitor->begun_us = ff_now_us();
	if (options->limit_us > 0) {
		monitor->view.end_us = monitor->begun_us + options->limit_us;
	}
	greet(monitor);
	monitor->reads = !options->json && (monitor->raw.active || isatty(STDIN_FILENO) != 1);
	good = stay(monitor);
	ff_view_end_line(&monitor->view);
	return good;
}

static bool begin(struct monitor *monitor)
{
	struct ff_feed *feed = monitor->feed;
	struct ff_failure *failure = &monitor->run->failure;

	if (feed->ops->open(feed, failure) != FF_FEED_UP) {
		if (*monitor->run->interrupts == 0) {
			return false;
		}
		*failure = (struct ff_failure){ .code = "" };
		return true;
	}
	return (!monitor->run->options->reset || feed->ops->begin(feed, failure)) && serve(monitor);
}

bool ff_cmd_monitor(struct ff_run *run)
{
	const struct ff_options *options = run->options;
	struct monitor monitor = { .run = run, .keys = { .eol = options->eol }, .begun_us = ff_now_us() };
	const struct ff_feed_events events = {
		.opened = note_opened, .output = take_output, .told = take_words, .go_on = go_on, .context = &monitor
	};
	bool good;

	ff_view_init(&monitor.view, options->json, options->stamps, run->interrupts);
	good = options->log == NULL || ff_view_open_log(&monitor.view, options->log, &run->failure);
	if (good) {
		monitor.feed = options->port != NULL ? ff_feed_port(run, &events) : ff_feed_remote(run, &events);
		good = monitor.feed != NULL;
	}
	if (good) {
		good = begin(&monitor);
		ff_terminal_raw_leave(&monitor.raw);
		set_result(&monitor);
		monitor.feed->ops->close(monitor.feed);
	}
	ff_view_release(&monitor.view);
	return good;
}
