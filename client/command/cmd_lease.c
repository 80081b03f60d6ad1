// SPDX-License-Identifier: Apache-2.0
/* lease: a command that has a board for as long as it runs.
 *
 * Three processes: this one renews the lease and passes signals on; the command; and a guard, which does nothing but hand the
 * lease back when this one dies without having done so. The pipe between the two tells it: at its end there is nobody. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api.h"
#include "clock.h"
#include "commands.h"
#include "lease_id.h"
#include "leases.h"

#define USUAL_SECONDS 120
#define USUAL_WAIT_S 3600
#define LONGEST_ASK_S 10 /* one request waits no longer, and then tells how many are before us */
#define ANSWER_MS 15000
#define RETRY_MS 2000 /* until a renewal that did not arrive is tried again */
#define AWAY_MS 60000 /* who waits puts up with a server that is being started anew, for so long */
#define AWAY_PAUSE_MS 500
#define EXIT_NOT_FOUND 127
#define EXIT_NOT_RUN 126
#define OWNER_SIZE 65

struct lease {
	char id[FF_LEASE_ID_TEXT_SIZE];
	const char *board; /* run->result's */
	char *path;        /* owned */
	unsigned seconds;
	pid_t guard;
	int guard_fd;
	pid_t command;
	int signal_fd;
	int64_t asked_us; /* when the request that gave it was sent: it may have begun then */
	int64_t renew_us;
	int64_t expires_us;
	bool stirred; /* the command's state has changed */
	bool lost;    /* the server has said so, or could not be reached for too long */
};

/* ---- the server ---- */

static void name_owner(char owner[OWNER_SIZE])
{
	const struct passwd *user = getpwuid(getuid());
	char host[33] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(owner, OWNER_SIZE, "%.30s@%s", user != NULL ? user->pw_name : "somebody", host);
}

static json_t *make_wish(struct ff_api *api, struct ff_run *run, unsigned seconds)
{
	const struct ff_options *options = run->options;
	const char *select = options->word_count > 0 ? options->words[0].text : options->select;
	char *board = select == NULL ? ff_api_choose_board(api, options->board, &run->failure) : NULL;
	char owner[OWNER_SIZE];
	json_t *wish;

	if (select == NULL && board == NULL) {
		return NULL;
	}
	name_owner(owner);
	wish = json_pack("{s:s, s:s, s:i}", select != NULL ? "select" : "board", select != NULL ? select : board,
			 "owner", owner, "seconds", (int)seconds);
	free(board);
	if (wish != NULL && options->address != NULL) {
		json_object_set_new(wish, "address", json_string(options->address));
	}
	if (wish == NULL) {
		ff_failure_set(&run->failure, "invalid-argument", "names and labels are UTF-8");
	}
	return wish;
}

static bool ask(struct ff_api *api, struct ff_run *run, json_t *wish, unsigned wait_s, int64_t *asked_us)
{
	char *body;
	bool good;

	*asked_us = ff_now_us();
	json_object_set_new(wish, "wait", json_integer(wait_s));
	body = json_dumps(wish, JSON_COMPACT);
	if (body == NULL) {
		return ff_failure_set(&run->failure, "no-memory", "out of memory");
	}
	json_decref(run->result);
	run->result = NULL;
	run->failure = (struct ff_failure){ .code = "" };
	good = ff_api_call(api,
			   &(struct ff_http_request){ .method = "POST",
						      .path = "/api/v1/leases",
						      .body = body,
						      .body_size = strlen(body),
						      .deadline_ms = wait_s * 1000 + ANSWER_MS },
			   &run->result, &run->failure);
	free(body);
	return good;
}

static bool is_busy(const struct ff_failure *failure)
{
	return strcmp(failure->code, "board-leased") == 0 || strcmp(failure->code, "board-busy") == 0;
}

/* Where we stand among those who wait, told whenever that has changed; and the ticket with which we keep the place. */
static void keep_place(struct ff_run *run, json_t *wish, json_int_t *told)
{
	json_t *ticket = json_object_get(run->result, "ticket");
	json_int_t position = json_integer_value(json_object_get(run->result, "position"));

	if (json_is_string(ticket)) {
		json_object_set(wish, "ticket", ticket);
	}
	if (position > 0 && position != *told) {
		fprintf(stderr, "farflash: waiting, position %lld\n", (long long)position);
		*told = position;
	}
}

/* Whether to ask once more, which it pauses for if the server is away. `until_us`: when that has lasted too long, 0: it is there. */
static bool may_ask_again(const struct ff_run *run, int64_t *until_us)
{
	if (is_busy(&run->failure)) {
		*until_us = 0;
		return true;
	}
	if (!ff_failure_may_pass(&run->failure)) {
		return false;
	}
	if (*until_us == 0) {
		fprintf(stderr, "farflash: %s; asking again\n", run->failure.text);
		*until_us = ff_deadline_ms(AWAY_MS);
	}
	ff_sleep_ms(AWAY_PAUSE_MS);
	return ff_now_us() < *until_us && *run->interrupts == 0;
}

/* Asks until there is a lease. The place in the line is lost with a server that is started anew. */
static bool wait_for_lease(struct ff_api *api, struct ff_run *run, struct lease *lease, json_t *wish, unsigned wait_s)
{
	int64_t deadline_us = ff_now_us() + (int64_t)wait_s * 1000000;
	int64_t away_until_us = 0;
	json_int_t told = 0;
	bool good = false;

	while (!good && ff_now_us() < deadline_us && may_ask_again(run, &away_until_us)) {
		int64_t left_s = (deadline_us - ff_now_us()) / 1000000 + 1;

		told = away_until_us > 0 ? 0 : told;
		keep_place(run, wish, &told);
		good = ask(api, run, wish, left_s < LONGEST_ASK_S ? (unsigned)left_s : LONGEST_ASK_S, &lease->asked_us);
	}
	return good;
}

static bool take(struct ff_api *api, struct ff_run *run, struct lease *lease)
{
	unsigned wait_s = run->options->waits ? run->options->wait_s : USUAL_WAIT_S;
	json_t *wish = make_wish(api, run, lease->seconds);
	const char *id;
	bool good = wish != NULL && ask(api, run, wish, 0, &lease->asked_us);

	if (!good && wish != NULL && is_busy(&run->failure) && wait_s > 0) {
		fprintf(stderr, "farflash: %s\n", run->failure.text);
		good = wait_for_lease(api, run, lease, wish, wait_s);
	}
	json_decref(wish);
	if (!good) {
		return false;
	}
	id = json_string_value(json_object_get(run->result, "id"));
	lease->board = json_string_value(json_object_get(run->result, "board"));
	if (id == NULL || lease->board == NULL || !ff_lease_id_is_one(id) ||
	    asprintf(&lease->path, "/api/v1/leases/%s", id) < 0) {
		lease->path = NULL;
		return ff_failure_set(&run->failure, "not-a-server", "%s answered without a lease",
				      ff_http_url(api->http));
	}
	snprintf(lease->id, sizeof(lease->id), "%s", id);
	json_object_del(run->result, "id"); /* a secret: not for --json */
	return true;
}

static bool call(struct ff_api *api, const char *method, const char *path, uint32_t deadline_ms,
		 struct ff_failure *failure)
{
	const struct ff_http_request request = { .method = method, .path = path, .deadline_ms = deadline_ms };
	json_t *answer = NULL;
	bool good = ff_api_call(api, &request, &answer, failure);

	json_decref(answer);
	return good;
}

/* A lease that begins at this time. */
static void plan_renewal(struct lease *lease, int64_t begin_us)
{
	lease->renew_us = begin_us + (int64_t)lease->seconds * 1000000 / 3;
	lease->expires_us = begin_us + (int64_t)lease->seconds * 1000000;
}

static void renew(struct ff_api *api, struct lease *lease)
{
	struct ff_failure failure = { .code = "" };
	int64_t sent_us = ff_now_us();
	int64_t left_ms = (lease->expires_us - sent_us) / 1000 + 1;
	int64_t retry_us;
	char *path;
	bool good;

	if (asprintf(&path, "%s/renew?seconds=%u", lease->path, lease->seconds) < 0) {
		return;
	}
	/* A server that is away is not waited for longer than the lease lasts: the board is somebody else's then. */
	left_ms = left_ms < 1 ? 1 : left_ms;
	good = call(api, "POST", path, left_ms < ANSWER_MS ? (uint32_t)left_ms : ANSWER_MS, &failure);
	free(path);
	if (good) {
		plan_renewal(lease, sent_us); /* the answer may have taken its time */
		return;
	}
	retry_us = ff_deadline_ms(RETRY_MS);
	lease->renew_us = retry_us < lease->expires_us ? retry_us : lease->expires_us;
	lease->lost = strcmp(failure.code, "lease-ended") == 0 || strcmp(failure.code, "no-such-lease") == 0 ||
		      ff_now_us() >= lease->expires_us;
}

/* ---- the guard ---- */

static void watch_over(struct ff_run *run, const struct lease *lease, int fd)
{
	struct ff_failure failure = { .code = "" };
	struct ff_api api = { .http = NULL };
	int null = open("/dev/null", O_RDWR);
	ssize_t got;
	char byte;

	setsid(); /* a terminal's signals are for the others */
	for (int i = 0; i <= 2; i++) {
		dup2(null, i); /* whoever waits for the end of our output must not wait for this one */
	}
	do {
		got = read(fd, &byte, 1);
	} while (got < 0 && errno == EINTR);
	if (got == 0 && ff_api_init(&api, run)) {
		api.interrupts = NULL;
		(void)call(&api, "DELETE", lease->path, ANSWER_MS, &failure);
	}
	ff_api_release(&api);
}

static bool start_guard(struct ff_run *run, struct lease *lease)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		return ff_failure_set(&run->failure, "io-error", "no descriptor is left");
	}
	lease->guard = fork();
	if (lease->guard == 0) {
		close(ends[1]);
		watch_over(run, lease, ends[0]);
		_exit(0);
	}
	close(ends[0]);
	lease->guard_fd = ends[1];
	return lease->guard > 0 || ff_failure_set(&run->failure, "io-error", "no process can be started");
}

/* ---- the command ---- */

static void run_command(const struct ff_run *run, const struct lease *lease, const struct ff_http *http,
			const sigset_t *mask, pid_t parent)
{
	setenv("FARFLASH_LEASE", lease->id, 1);
	setenv("FARFLASH_BOARD", lease->board, 1);
	setenv("FARFLASH_SERVER", ff_http_url(http), 1);
	if (ff_http_token(http) != NULL) {
		setenv("FARFLASH_TOKEN", ff_http_token(http), 1);
	}
	if (run->options->cacert != NULL) {
		setenv("FARFLASH_CACERT", run->options->cacert, 1);
	}
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	/* Without us it would go on with a board that is somebody else's. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) {
		_exit(EXIT_NOT_RUN);
	}
	execvp(run->options->program[0], run->options->program);
	fprintf(stderr, "farflash: cannot run %s: %s\n", run->options->program[0], strerror(errno));
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN);
}

static void pass_signals(struct lease *lease)
{
	struct signalfd_siginfo info;

	while (read(lease->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		lease->stirred |= info.ssi_signo == SIGCHLD;
		/* What a terminal sends, it sends to all of its processes. */
		if (info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL) {
			kill(lease->command, (int)info.ssi_signo);
		}
	}
}

/* While a renewal runs, which may take as long as a server that is away: signals are for the command, and when that has ended,
 * nobody needs the renewal. */
static bool pass_meanwhile(void *context)
{
	struct lease *lease = context;

	pass_signals(lease);
	return !lease->stirred;
}

/* Until the command has ended: its status as of waitpid(). */
static int look_after(struct ff_api *api, struct lease *lease)
{
	bool told = false;
	int status = 0;

	api->meanwhile = pass_meanwhile;
	api->meanwhile_context = lease;
	while (waitpid(lease->command, &status, WNOHANG) == 0) {
		struct pollfd waited = { .fd = lease->signal_fd, .events = POLLIN };

		poll(&waited, 1, told ? -1 : ff_deadline_poll_ms(lease->renew_us));
		lease->stirred = false;
		pass_signals(lease);
		if (!told && ff_now_us() >= lease->renew_us) {
			renew(api, lease);
		}
		if (lease->lost && !told) {
			told = true;
			fprintf(stderr, "farflash: the lease of %s has ended: ending the command\n", lease->board);
			kill(lease->command, SIGTERM);
		}
	}
	api->meanwhile = NULL;
	return status;
}

static bool work(struct ff_run *run, struct ff_api *api, struct lease *lease)
{
	pid_t parent = getpid();
	sigset_t ours, before;
	int status;

	/* Where it is ignored, which whoever started us may have wanted, there is no status to wait for. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&ours);
	for (size_t i = 0; i < 5; i++) {
		sigaddset(&ours, (const int[]){ SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD }[i]);
	}
	sigprocmask(SIG_BLOCK, &ours, &before);
	lease->signal_fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	if (lease->signal_fd < 0 || !start_guard(run, lease)) {
		return ff_failure_set(&run->failure, "io-error", "no descriptor is left");
	}
	lease->command = fork();
	if (lease->command == 0) {
		run_command(run, lease, api->http, &before, parent);
	}
	if (lease->command < 0) {
		return ff_failure_set(&run->failure, "io-error", "no process can be started");
	}
	status = look_after(api, lease);
	run->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return !lease->lost || ff_failure_set(&run->failure, "lease-ended",
					      "the lease of %s has ended before the command", lease->board);
}

static bool run_leased(struct ff_run *run)
{
	struct lease lease = { .guard_fd = -1, .signal_fd = -1 };
	struct ff_failure ignored = { .code = "" };
	struct ff_api api = { .http = NULL };
	bool good = ff_api_init(&api, run);

	lease.seconds = run->options->lease_s > 0 ? run->options->lease_s : USUAL_SECONDS;
	if (good && take(&api, run, &lease)) {
		plan_renewal(&lease, ff_now_us());
		lease.renew_us -= ff_now_us() - lease.asked_us; /* sooner by what the answer took, which may be much */
		good = work(run, &api, &lease);
		api.interrupts = NULL; /* whoever wants us to stop wants the board to be free */
		if (lease.lost || call(&api, "DELETE", lease.path, ANSWER_MS, &ignored)) {
			(void)!write(lease.guard_fd, "", 1); /* there is nothing to hand back any more */
		}
	} else {
		good = false;
	}
	if (lease.guard_fd >= 0) {
		close(lease.guard_fd);
		waitpid(lease.guard, NULL, 0);
	}
	if (lease.signal_fd >= 0) {
		close(lease.signal_fd);
	}
	ff_api_release(&api);
	free(lease.path);
	return good;
}

/* ---- what is asked for ---- */

bool ff_cmd_lease(struct ff_run *run)
{
	const struct ff_options *options = run->options;

	if (options->port != NULL) {
		return ff_failure_set(&run->failure, "invalid-argument", "lease asks a server: leave --port out");
	}
	if (options->program != NULL && options->program[0] != NULL && !options->end) {
		return run_leased(run);
	}
	if (options->program == NULL && options->end) {
		return ff_leases_end(run);
	}
	if (options->program != NULL || options->word_count > 0 || options->select != NULL) {
		return ff_failure_set(&run->failure, "invalid-argument",
				      options->end ? "--end takes a board away from whoever has it, and runs no command"
						   : "a lease is for a command, which stands behind --");
	}
	return ff_leases_list(run);
}
