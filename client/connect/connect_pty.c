// SPDX-License-Identifier: Apache-2.0
#include "connect_pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define FIRST_BAUD B115200

/* Bytes pass the terminal as they are. Opening and closing it once also makes its master tell whether it is open. */
static bool make_raw(const char *slave)
{
	int fd = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios settings;
	bool done;

	if (fd < 0) {
		return false;
	}
	done = tcgetattr(fd, &settings) == 0;
	cfmakeraw(&settings);
	cfsetspeed(&settings, FIRST_BAUD);
	done = done && tcsetattr(fd, TCSANOW, &settings) == 0;
	close(fd);
	return done;
}

/* Whether what stands there may be replaced: a link that some earlier run has left. */
static bool is_left_over(const char *link)
{
	char target[PATH_MAX];
	ssize_t size = readlink(link, target, sizeof(target) - 1);
	struct stat info;

	if (size < 0) {
		return false;
	}
	target[size] = '\0';
	return strncmp(target, "/dev/pts/", strlen("/dev/pts/")) == 0 || stat(link, &info) != 0;
}

static bool make_link(const struct ff_connect_pty *pty, struct ff_failure *failure)
{
	if (symlink(pty->slave, pty->link) == 0) {
		return true;
	}
	if (errno == EEXIST && is_left_over(pty->link) && unlink(pty->link) == 0 &&
	    symlink(pty->slave, pty->link) == 0) {
		return true;
	}
	return ff_failure_set(failure, "invalid-argument", "cannot make the link %s: %s", pty->link, strerror(errno));
}

bool ff_connect_pty_open(struct ff_connect_pty *pty, const char *link, struct ff_failure *failure)
{
	struct ff_connect_pty made = { .master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK),
				       .watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK) };
	bool good = false;

	if (strlen(link) >= sizeof(made.link)) {
		ff_failure_set(failure, "invalid-argument", "the path of the link is too long");
	} else if (made.master < 0 || made.watch < 0 || grantpt(made.master) != 0 || unlockpt(made.master) != 0 ||
		   ptsname_r(made.master, made.slave, sizeof(made.slave)) != 0 || !make_raw(made.slave) ||
		   inotify_add_watch(made.watch, made.slave, IN_OPEN) < 0) {
		ff_failure_set(failure, "io-error", "cannot make a pseudo terminal: %s", strerror(errno));
	} else {
		snprintf(made.link, sizeof(made.link), "%s", link);
		good = make_link(&made, failure);
	}
	if (!good) {
		made.link[0] = '\0'; /* it is not ours */
		ff_connect_pty_close(&made);
	}
	*pty = made;
	return good;
}

void ff_connect_pty_close(struct ff_connect_pty *pty)
{
	char target[sizeof(pty->slave)] = "";

	/* Somebody else may have put a link of their own there meanwhile. */
	if (pty->master >= 0 && pty->link[0] != '\0' && readlink(pty->link, target, sizeof(target) - 1) > 0 &&
	    strcmp(target, pty->slave) == 0) {
		unlink(pty->link);
	}
	if (pty->master >= 0) {
		close(pty->master);
	}
	if (pty->watch >= 0) {
		close(pty->watch);
	}
	pty->master = pty->watch = -1;
}

bool ff_connect_pty_is_used(struct ff_connect_pty *pty)
{
	uint8_t events[sizeof(struct inotify_event) * 16];
	struct pollfd master = { .fd = pty->master, .events = POLLIN };

	while (read(pty->watch, events, sizeof(events)) > 0) {
	}
	return poll(&master, 1, 0) >= 0 && ((master.revents & POLLIN) || !(master.revents & POLLHUP));
}

void ff_connect_pty_forget_unread(int master)
{
	/* What lies at the program's end is flushed from there only: a flush of the master's output does not reach it. */
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave >= 0) {
		tcflush(slave, TCIFLUSH);
		close(slave);
	}
}
