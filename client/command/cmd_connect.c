// SPDX-License-Identifier: Apache-2.0
/* connect: a port of this machine that is the board's, however far away it is. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netdb.h>
#include <unistd.h>

#include "api.h"
#include "clock.h"
#include "commands.h"
#include "connect_listen.h"
#include "connect_local.h"
#include "connect_pty.h"

#define LISTENERS 2
#define FULL_PAUSE_MS 500 /* until one is let in again when no descriptor was left */

struct command {
	struct ff_run *run;
	const char *server; /* its URL */
	struct ff_connect connect;
	struct ff_connect_listener listeners[LISTENERS];
	struct ff_connect_pty pty;
	struct ff_connect_local *locals[FF_CONNECT_MAX];
	int64_t full_us; /* until then nobody is let in: there was no descriptor left */
};

/* ---- what is told at the start ---- */

static void print_rfc2217(const struct ff_connect_listener *listener, FILE *out)
{
	char url[300];

	snprintf(url, sizeof(url), "rfc2217://%s:%u", listener->host, (unsigned)listener->port);
	fprintf(out, "  %s\n\n", url);
	fprintf(out, "    esptool --port '%s?ign_set_control' flash-id\n", url);
	fprintf(out, "    idf.py -p '%s?ign_set_control' flash monitor\n", url);
	fprintf(out, "    pio run -t upload --upload-port '%s?ign_set_control'\n", url);
	fprintf(out, "    python3 -m serial.tools.miniterm '%s' 115200\n", url);
	fprintf(out, "    farflash --port %s flash-id\n\n", url);
}

static void print_places(const struct command *command, FILE *out)
{
	fprintf(out, "%s at %s is here:\n\n", command->connect.board, command->server);
	for (size_t i = 0; i < LISTENERS; i++) {
		const struct ff_connect_listener *listener = &command->listeners[i];

		if (listener->fd >= 0 && listener->rfc2217) {
			print_rfc2217(listener, out);
		} else if (listener->fd >= 0) {
			fprintf(out, "  socket://%s:%u   bytes only: no rate, no reset\n\n", listener->host,
				(unsigned)listener->port);
		}
	}
	if (command->pty.master >= 0) {
		fprintf(out, "  %s   a terminal: its rate is followed, no reset\n\n", command->pty.link);
	}
	fputs("Ctrl-C ends.\n", out);
}

static json_t *place(const struct ff_connect_listener *listener, const char *scheme)
{
	return listener->fd < 0 ? json_null()
				: json_sprintf("%s://%s:%u", scheme, listener->host, (unsigned)listener->port);
}

static void print_json(const struct command *command)
{
	json_t *told = json_pack("{s:s, s:s, s:o, s:o, s:o}", "board", command->connect.board, "server",
				 command->server, "rfc2217", place(&command->listeners[0], "rfc2217"), "raw",
				 place(&command->listeners[1], "socket"), "pty",
				 command->pty.master < 0 ? json_null() : json_string(command->pty.link));

	json_dumpf(told, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(told);
}

static bool print_start(struct command *command)
{
	if (command->run->options->json) {
		print_json(command);
	} else {
		print_places(command, stdout);
	}
	for (size_t i = 0; i < LISTENERS; i++) {
		if (command->listeners[i].fd >= 0 && !command->listeners[i].loopback) {
			ff_connect_tell(&command->connect, "everybody who reaches %s:%u can write to the board",
					command->listeners[i].host, (unsigned)command->listeners[i].port);
		}
	}
	return fflush(stdout) == 0 ||
	       ff_failure_set(&command->run->failure, "io-error", "cannot write to standard output");
}

/* ---- local connections ---- */

static struct ff_connect_local **free_slot(struct command *command)
{
	for (size_t i = 0; i < FF_CONNECT_MAX; i++) {
		if (command->locals[i] == NULL) {
			return &command->locals[i];
		}
	}
	return NULL;
}

static void name_peer(char *name, size_t size, const struct sockaddr_storage *address, socklen_t address_size)
{
	char host[64] = "?";
	char port[8] = "?";

	(void)!getnameinfo((const struct sockaddr *)address, address_size, host, sizeof(host), port, sizeof(port),
			   NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(name, size, "%s port %s", host, port);
}

static void turn_away(struct command *command, int fd, const char *name, const char *why)
{
	static const char line[] = "farflash: no more connections can be served\r\n";

	ff_connect_tell(&command->connect, "%s is turned away: %s", name, why);
	(void)!send(fd, line, sizeof(line) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void accept_one(struct command *command, const struct ff_connect_listener *listener)
{
	struct sockaddr_storage address = { 0 };
	socklen_t address_size = sizeof(address);
	struct ff_connect_local **slot = free_slot(command);
	int on = 1;
	char name[80];
	int fd = accept4(listener->fd, (struct sockaddr *)&address, &address_size, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		/* Whoever waits stays in the listener, which would be ready again at once. */
		bool full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;

		command->full_us = full ? ff_deadline_ms(FULL_PAUSE_MS) : 0;
		return;
	}
	name_peer(name, sizeof(name), &address, address_size);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (slot == NULL) {
		turn_away(command, fd, name, "there are eight connections already");
		return;
	}
	*slot = ff_connect_start(&command->connect, listener->rfc2217 ? FF_CONNECT_RFC2217 : FF_CONNECT_RAW, fd, name);
	if (*slot == NULL) {
		turn_away(command, fd, name, "out of memory");
	}
}

static bool pty_is_served(const struct command *command)
{
	for (size_t i = 0; i < FF_CONNECT_MAX; i++) {
		if (command->locals[i] != NULL && ff_connect_kind(command->locals[i]) == FF_CONNECT_PTY) {
			return true;
		}
	}
	return false;
}

static void serve_pty(struct command *command)
{
	struct ff_connect_local **slot = free_slot(command);
	/* Asked for first: what the watch has told would wake us again and again, and let no signal in. */
	bool used = command->pty.master >= 0 && ff_connect_pty_is_used(&command->pty);

	if (used && slot != NULL && !pty_is_served(command)) {
		*slot = ff_connect_start(&command->connect, FF_CONNECT_PTY, command->pty.master, command->pty.link);
	}
}

static void reap(struct command *command, bool all)
{
	eventfd_t count;

	eventfd_read(command->connect.wake_fd, &count);
	for (size_t i = 0; i < FF_CONNECT_MAX; i++) {
		if (command->locals[i] != NULL && (all || ff_connect_is_over(command->locals[i]))) {
			ff_connect_reap(command->locals[i]);
			command->locals[i] = NULL;
		}
	}
}

/* ---- the whole ---- */

static bool has_failed(struct command *command)
{
	struct ff_connect *connect = &command->connect;
	bool failed;

	pthread_mutex_lock(&connect->mutex);
	failed = connect->failure.code[0] != '\0';
	if (failed) {
		ff_failure_set(&command->run->failure, connect->failure.code, "%s", connect->failure.text);
	}
	pthread_mutex_unlock(&connect->mutex);
	return failed;
}

/* A signal is let through only while it waits, so that none is missed before. */
static void wait_for_events(struct command *command, const sigset_t *unblocked)
{
	struct pollfd fds[LISTENERS + 2];
	bool full = ff_now_us() < command->full_us;
	const struct timespec pause = { .tv_nsec = (long)FULL_PAUSE_MS * 1000000 };

	for (size_t i = 0; i < LISTENERS; i++) {
		fds[i] = (struct pollfd){ .fd = full ? -1 : command->listeners[i].fd, .events = POLLIN };
	}
	fds[LISTENERS] = (struct pollfd){ .fd = command->connect.wake_fd, .events = POLLIN };
	fds[LISTENERS + 1] = (struct pollfd){ .fd = command->pty.watch, .events = POLLIN };
	if (ppoll(fds, LISTENERS + 2, full ? &pause : NULL, unblocked) < 0) {
		return;
	}
	for (size_t i = 0; i < LISTENERS; i++) {
		if (fds[i].revents & POLLIN) {
			accept_one(command, &command->listeners[i]);
		}
	}
}

static bool serve(struct command *command)
{
	sigset_t signals, before;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	while (*command->run->interrupts == 0 && !has_failed(command)) {
		wait_for_events(command, &before);
		reap(command, false);
		serve_pty(command);
	}
	atomic_store(&command->connect.stopping, true);
	eventfd_write(command->connect.stop_fd, 1);
	reap(command, true);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return !has_failed(command);
}

static bool open_places(struct command *command)
{
	const struct ff_options *options = command->run->options;
	struct ff_failure *failure = &command->run->failure;
	bool usual = options->local_rfc2217 == NULL && options->local_raw == NULL && options->local_pty == NULL;

	return ((options->local_rfc2217 == NULL && !usual) ||
		ff_connect_listen(&command->listeners[0], options->local_rfc2217, true, "--rfc2217", failure)) &&
	       (options->local_raw == NULL ||
		ff_connect_listen(&command->listeners[1], options->local_raw, false, "--raw", failure)) &&
	       (options->local_pty == NULL || ff_connect_pty_open(&command->pty, options->local_pty, failure));
}

/* The board has to be there at the start; later it may come and go. */
static bool check_board(struct ff_api *api, const char *board, struct ff_failure *failure)
{
	char *path = ff_http_path("/api/v1/boards/", board, "");
	json_t *answer = NULL;
	bool good = path != NULL && (ff_api_get(api, path, &answer, failure) || ff_api_no_board(api, board, failure));

	json_decref(answer);
	free(path);
	return good;
}

static bool run_command(struct command *command, struct ff_api *api, const char *board)
{
	bool good = check_board(api, board, &command->run->failure);

	command->server = ff_http_url(api->http);
	if (good && !ff_connect_init(&command->connect, api, board)) {
		good = ff_failure_set(&command->run->failure, "io-error", "no descriptor is left");
	}
	good = good && open_places(command) && print_start(command) && serve(command);
	for (size_t i = 0; i < LISTENERS; i++) {
		ff_connect_unlisten(&command->listeners[i]);
	}
	ff_connect_pty_close(&command->pty);
	return good;
}

bool ff_cmd_connect(struct ff_run *run)
{
	const struct ff_options *options = run->options;
	struct command command = { .run = run,
				   .connect = { .wake_fd = -1, .stop_fd = -1 },
				   .listeners = { { .fd = -1 }, { .fd = -1 } },
				   .pty = { .master = -1, .watch = -1 } };
	struct ff_api api;
	char *board;
	bool good = false;

	if (options->port != NULL) {
		return ff_failure_set(&run->failure, "invalid-argument",
				      "connect leads to a board of a server: leave --port out");
	}
	if (!ff_api_init(&api, run)) {
		return false;
	}
	board = ff_api_choose_board(&api, options->word_count > 0 ? options->words[0].text : options->board,
				    &run->failure);
	if (board != NULL) {
		good = run_command(&command, &api, board);
		ff_connect_release(&command.connect);
	}
	ff_api_release(&api);
	free(board);
	return good;
}
