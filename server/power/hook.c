// SPDX-License-Identifier: Apache-2.0
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define SLICE_MS 100
#define GRACE_MS 1000 /* from the request to end to the kill */
#define KEPT 160      /* bytes of what it says last */
#define VARIABLE_SIZE 320
#define PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* One that runs. */
struct running {
	pid_t pid;
	int pidfd;
	int output; /* the end of its output and error that is read; -1: nobody writes there any more */
	char said[KEPT];
	size_t said_size;
	bool stopped; /* it was told to end */
};

static int add_actions(posix_spawn_file_actions_t *actions, int output)
{
	int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
	failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
	failed = failed ? failed : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	return failed ? failed : posix_spawn_file_actions_addchdir_np(actions, "/");
}

static int add_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all;
	sigset_t none;
	sigfillset(&all);
	sigemptyset(&none);
	int failed = posix_spawnattr_setsigdefault(attributes, &all);
	failed = failed ? failed : posix_spawnattr_setsigmask(attributes, &none);
	failed = failed ? failed : posix_spawnattr_setpgroup(attributes, 0);
	return failed ? failed
		      : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
								     POSIX_SPAWN_SETPGROUP);
}

static int spawn(pid_t *pid, const struct ff_hook *hook, int output)
{
	char board[VARIABLE_SIZE];
	char address[VARIABLE_SIZE];
	char action[VARIABLE_SIZE];
	char *environment[] = { PATH, board, address, action, NULL };
	snprintf(board, sizeof(board), "FARFLASH_BOARD=%s", hook->caller->board);
	snprintf(address, sizeof(address), "FARFLASH_ADDRESS=%s", hook->caller->address);
	snprintf(action, sizeof(action), "FARFLASH_POWER=%s", hook->action);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	int failed = add_actions(&actions, output);
	failed = failed ? failed : add_attributes(&attributes);
	failed = failed ? failed : posix_spawn(pid, hook->argv[0], &actions, &attributes, hook->argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

static void reap(const struct running *running, siginfo_t *end)
{
	int failed;
	do {
		failed = waitid(P_PID, (id_t)running->pid, end, WEXITED);
	} while (failed != 0 && errno == EINTR);
}

static enum ff_status start(struct running *running, const struct ff_hook *hook, struct ff_error *error)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) {
		return ff_error_set_errno(error, FF_ERR_POWER, errno, "power %s: no pipe for its program",
					  hook->action);
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	int failed = spawn(&running->pid, hook, ends[1]);
	close(ends[1]);
	if (failed) {
		close(ends[0]);
		return ff_error_set_errno(error, FF_ERR_POWER, failed, "power %s: cannot run %.100s", hook->action,
					  hook->argv[0]);
	}
	running->output = ends[0];
	running->pidfd = pidfd_open(running->pid, 0);
	if (running->pidfd < 0) {
		int reason = errno;
		siginfo_t end;
		kill(-running->pid, SIGKILL);
		reap(running, &end);
		close(running->output);
		return ff_error_set_errno(error, FF_ERR_POWER, reason, "power %s: cannot watch its program",
					  hook->action);
	}
	return FF_OK;
}

/* Keeps the last KEPT bytes. */
static void keep(struct running *running, const char *bytes, size_t size)
{
	if (size > KEPT) {
		bytes += size - KEPT;
		size = KEPT;
	}
	size_t old = running->said_size + size > KEPT ? KEPT - size : running->said_size;
	memmove(running->said, running->said + running->said_size - old, old);
	memcpy(running->said + old, bytes, size);
	running->said_size = old + size;
}

/* Takes what it has said, up to a limit, so that one which never stops does not stop us. */
static void hear(struct running *running)
{
	char bytes[4096];
	for (int i = 0; i < 16 && running->output >= 0; i++) {
		ssize_t got = read(running->output, bytes, sizeof(bytes));
		if (got > 0) {
			keep(running, bytes, (size_t)got);
		} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
			close(running->output);
			running->output = -1;
		} else {
			return;
		}
	}
}

/* True: it has ended. */
static bool wait_slice(struct running *running)
{
	struct pollfd fds[] = { { .fd = running->pidfd, .events = POLLIN },
				{ .fd = running->output, .events = POLLIN } };
	if (poll(fds, 2, SLICE_MS) > 0 && fds[1].revents) {
		hear(running);
	}
	return (fds[0].revents & POLLIN) != 0;
}

/* The group is its own as long as it has not been reaped. */
static void stop(struct running *running, int64_t *deadline_us)
{
	kill(-running->pid, running->stopped ? SIGKILL : SIGTERM);
	running->stopped = true;
	*deadline_us = ff_deadline_ms(GRACE_MS);
}

/* Until it has ended, whatever that takes. What answers is why it was stopped. */
static enum ff_status watch(struct running *running, const struct ff_hook *hook, struct ff_error *error)
{
	enum ff_status status = FF_OK;
	int64_t deadline_us = ff_deadline_ms(hook->limit_ms);
	while (!wait_slice(running)) {
		bool wanted = hook->caller->meanwhile(hook->caller->context);
		if (!wanted && !running->stopped) {
			status = ff_error_set(error, FF_ERR_CANCELLED, "cancelled while power %s was under way",
					      hook->action);
			stop(running, &deadline_us);
		} else if (ff_now_us() >= deadline_us) {
			status = status == FF_OK ? FF_ERR_POWER : status;
			stop(running, &deadline_us);
		}
	}
	hear(running); /* its last words */
	return status;
}

/* ": and what it said last", in one line; empty if it said nothing. */
static void quote(const struct running *running, char text[KEPT + 3])
{
	size_t begin = 0;
	size_t end = running->said_size;
	while (end > 0 && (unsigned char)running->said[end - 1] <= ' ') {
		end--;
	}
	while (begin < end && (unsigned char)running->said[begin] <= ' ') {
		begin++;
	}
	snprintf(text, KEPT + 3, "%s%.*s", end > begin ? ": " : "", (int)(end - begin), running->said + begin);
	for (char *at = text; *at; at++) {
		*at = (unsigned char)*at < ' ' ? ' ' : *at;
	}
}

static enum ff_status judge(const struct running *running, const struct ff_hook *hook, const siginfo_t *end,
			    enum ff_status status, struct ff_error *error)
{
	char said[KEPT + 3];
	quote(running, said);
	if (status == FF_ERR_POWER) {
		return ff_error_set(error, status, "power %s: its program took longer than %u s and was ended%s",
				    hook->action, hook->limit_ms / 1000, said);
	}
	if (status != FF_OK) {
		return status;
	}
	if (end->si_code != CLD_EXITED) {
		return ff_error_set(error, FF_ERR_POWER, "power %s: its program was ended by signal %d%s", hook->action,
				    end->si_status, said);
	}
	if (end->si_status != 0) {
		return ff_error_set(error, FF_ERR_POWER, "power %s: its program ended with status %d%s", hook->action,
				    end->si_status, said);
	}
	return FF_OK;
}

enum ff_status ff_hook_run(const struct ff_hook *hook, struct ff_error *error)
{
	struct running running = { .output = -1 };
	siginfo_t end = { .si_code = 0 };
	enum ff_status status = start(&running, hook, error);
	if (status != FF_OK) {
		return status;
	}
	status = watch(&running, hook, error);
	if (running.stopped) {
		kill(-running.pid, SIGKILL); /* what it has started, before the group's number can be another's */
	}
	reap(&running, &end);
	close(running.pidfd);
	if (running.output >= 0) {
		close(running.output);
	}
	return judge(&running, hook, &end, status, error);
}
