// SPDX-License-Identifier: Apache-2.0
/* A pseudo terminal behind a link, for clients that want a device file. It has a rate but no control lines: those come
 * as datagrams of two digits, DTR and RTS, to the socket LINK.lines. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "port.h"
#include "pty_baud.h"

#define READ_SIZE 4096
#define SLAVE_NAME_SIZE 64
#define LINES_SUFFIX ".lines"
#define FIRST_BAUD B115200

struct pty {
	const struct ff_port_events *events;
	char link[FF_PORT_ADDRESS_SIZE];
	int master;  /* -1 while the port has vanished */
	int watch;   /* inotify: tells when somebody opens the slave */
	int lines;   /* datagram socket */
	bool opened; /* somebody has the slave open; otherwise its master would poll as hung up for ever */
	bool blocked;
};

/* ---- making and removing ---- */

static enum ff_status fail(struct ff_error *error, const char *what, const struct pty *pty)
{
	return ff_error_set_errno(error, FF_ERR_IO, errno, "Cannot %s for %s", what, pty->link);
}

/* Bytes pass the terminal as they are. */
static bool make_raw(const char *slave)
{
	int fd = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	struct termios settings;
	bool done = tcgetattr(fd, &settings) == 0;
	cfmakeraw(&settings);
	cfsetspeed(&settings, FIRST_BAUD);
	done = done && tcsetattr(fd, TCSANOW, &settings) == 0;
	close(fd);
	return done;
}

/* Replaces a link that an earlier board has left, and nothing else. */
static bool make_link(const char *slave, const char *link)
{
	struct stat info;
	if (lstat(link, &info) == 0 && S_ISLNK(info.st_mode)) {
		unlink(link);
	}
	return symlink(slave, link) == 0;
}

static enum ff_status open_terminal(struct pty *pty, struct ff_error *error)
{
	char slave[SLAVE_NAME_SIZE];
	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty->master < 0 || grantpt(pty->master) != 0 || unlockpt(pty->master) != 0 ||
	    ptsname_r(pty->master, slave, sizeof(slave)) != 0 || !make_raw(slave)) {
		return fail(error, "make a pseudo terminal", pty);
	}
	pty->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (pty->watch < 0 || inotify_add_watch(pty->watch, slave, IN_OPEN) < 0) {
		return fail(error, "watch the pseudo terminal", pty);
	}
	if (!make_link(slave, pty->link)) {
		return fail(error, "make the link", pty);
	}
	pty->opened = false;
	return FF_OK;
}

static enum ff_status open_lines(struct pty *pty, struct ff_error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s" LINES_SUFFIX, pty->link);
	if (length < 0 || (size_t)length >= sizeof(address.sun_path)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "The path %s" LINES_SUFFIX " is too long for a socket",
				    pty->link);
	}
	unlink(address.sun_path);
	pty->lines = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (pty->lines < 0 || bind(pty->lines, (struct sockaddr *)&address, sizeof(address)) != 0) {
		return fail(error, "make the socket of the control lines", pty);
	}
	return FF_OK;
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

static void vanish(void *self)
{
	struct pty *pty = self;
	if (pty->master >= 0) {
		unlink(pty->link);
	}
	if (pty->lines >= 0) {
		char path[FF_PORT_ADDRESS_SIZE + sizeof(LINES_SUFFIX)];
		snprintf(path, sizeof(path), "%s" LINES_SUFFIX, pty->link);
		unlink(path);
	}
	close_fd(&pty->master);
	close_fd(&pty->watch);
	close_fd(&pty->lines);
	pty->opened = pty->blocked = false;
}

static enum ff_status come_back(void *self, struct ff_error *error)
{
	struct pty *pty = self;
	enum ff_status status = open_terminal(pty, error);
	if (status == FF_OK) {
		status = open_lines(pty, error);
	}
	if (status != FF_OK) {
		vanish(pty);
	}
	return status;
}

/* ---- service ---- */

static size_t poll_fds(void *self, struct pollfd *fds)
{
	struct pty *pty = self;
	bool room = pty->events->room(pty->events->context) > 0;
	short wanted = (short)((room ? POLLIN : 0) | (pty->blocked ? POLLOUT : 0));
	/* Left out when nothing is wanted: a hangup is reported all the same, and could not be dealt with. */
	fds[0] = (struct pollfd){ .fd = pty->opened && wanted ? pty->master : -1, .events = wanted };
	fds[1] = (struct pollfd){ .fd = pty->watch, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = pty->lines, .events = POLLIN };
	return 3;
}

static void read_opens(struct pty *pty)
{
	uint8_t events[sizeof(struct inotify_event) * 16];
	while (read(pty->watch, events, sizeof(events)) > 0) {
		pty->opened = true;
	}
}

static void read_lines(struct pty *pty)
{
	char text[8];
	ssize_t size;
	while ((size = recv(pty->lines, text, sizeof(text), 0)) >= 0) {
		bool valid = size == 2 && (text[0] == '0' || text[0] == '1') && (text[1] == '0' || text[1] == '1');
		if (valid) {
			pty->events->lines(pty->events->context, text[0] == '1', text[1] == '1');
		}
	}
}

static void tell_baud(struct pty *pty)
{
	uint32_t baud = ff_pty_baud_get(pty->master);
	if (baud > 0) {
		pty->events->baud(pty->events->context, baud);
	}
}

static void read_bytes(struct pty *pty)
{
	uint8_t bytes[READ_SIZE];
	size_t room = pty->events->room(pty->events->context);
	if (room == 0) {
		return;
	}
	ssize_t got = read(pty->master, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
	if (got > 0) {
		tell_baud(pty);
		pty->events->bytes(pty->events->context, bytes, (size_t)got);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		pty->opened = false; /* everybody has closed it */
	}
}

static void service(void *self, const struct pollfd *fds, size_t count)
{
	struct pty *pty = self;
	(void)count;
	if (fds[2].revents & POLLIN) {
		read_lines(pty);
	}
	if (fds[0].revents & (POLLIN | POLLHUP)) {
		read_bytes(pty);
	}
	if (fds[1].revents & POLLIN) {
		read_opens(pty);
	}
	pty->blocked = false;
}

static size_t write_bytes(void *self, const uint8_t *bytes, size_t size)
{
	struct pty *pty = self;
	if (pty->master < 0 || !pty->opened || size == 0) {
		return size;
	}
	ssize_t sent = write(pty->master, bytes, size);
	size_t taken = sent > 0 ? (size_t)sent : 0;
	pty->blocked = taken < size;
	return taken;
}

static bool writable(void *self)
{
	const struct pty *pty = self;
	return !pty->blocked;
}

static void close_port(void *self)
{
	vanish(self);
	free(self);
}

static const struct ff_port_ops ops = {
	.poll_fds = poll_fds,
	.service = service,
	.write = write_bytes,
	.writable = writable,
	.vanish = vanish,
	.detach = vanish,
	.come_back = come_back,
	.close = close_port,
};

enum ff_status ff_port_pty_open(struct ff_port *port, const char *where, const struct ff_port_events *events,
				struct ff_error *error)
{
	struct pty *pty = calloc(1, sizeof(*pty));
	if (!pty) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "Out of memory");
	}
	pty->events = events;
	pty->master = pty->watch = pty->lines = -1;
	if (strlen(where) >= sizeof(pty->link)) {
		free(pty);
		return ff_error_set(error, FF_ERR_ARGUMENT, "The path of the link is too long");
	}
	strcpy(pty->link, where);
	enum ff_status status = come_back(pty, error);
	if (status != FF_OK) {
		free(pty);
		return status;
	}
	*port = (struct ff_port){ .ops = &ops, .self = pty, .may_have_lines = true };
	snprintf(port->address, sizeof(port->address), "%.*s", (int)sizeof(port->address) - 1, pty->link);
	tell_baud(pty);
	return FF_OK;
}
