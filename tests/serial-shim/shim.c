// SPDX-License-Identifier: Apache-2.0
/* Makes a pty look like a serial port of the kernel, control lines included, so that the path through libserialport can
 * be tested without hardware.
 *
 *     FF_SHIM_LINK=/tmp/board LD_PRELOAD=libff_serial_shim.so farflash --port /tmp/board ...
 *
 * FF_SHIM_LINK names symbolic links to pty slaves, separated by colons. For those ports the shim
 * - answers lstat() and readlink() of /sys/class/tty/pts/N, as if the port were listed there,
 * - answers TIOCMGET, TIOCMSET, TIOCMBIS and TIOCMBIC, which a pty refuses,
 * - does what a serial driver does by itself: open() asserts both lines, the last close() releases them if HUPCL is set,
 *   and HUPCL is set at first.
 * Each change of the lines goes as a datagram of two characters, "<dtr><rts>" ("01": RTS asserted), to the unix socket
 * LINK.lines. Lines that one ioctl changes together travel in one datagram. Everything else is the pty's own.
 *
 * A program built with gcc's ASan wants its runtime first: set ASAN_OPTIONS=verify_asan_link_order=0 for it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define MAX_PORTS 16
#define SYSFS "/sys/class/tty/"
#define SYSFS_TARGET "../../devices/platform/serial-shim/tty/ttyS0"

struct port {
	char link[80]; /* LINK.lines must fit into sun_path */
	dev_t device;  /* of the slave that the link led to last: it may be gone while a descriptor is open */
	unsigned opens;
	int bits; /* TIOCM_DTR | TIOCM_RTS */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct port ports[MAX_PORTS];

/* ---- which port is meant; all with the mutex held ---- */

static struct port *port_of_link(const char *link, size_t size)
{
	if (size == 0 || size >= sizeof(ports[0].link)) {
		return NULL;
	}
	for (size_t i = 0; i < MAX_PORTS; i++) {
		if (ports[i].link[0] == 0) {
			memcpy(ports[i].link, link, size);
		}
		if (strlen(ports[i].link) == size && memcmp(ports[i].link, link, size) == 0) {
			return &ports[i];
		}
	}
	return NULL;
}

static struct port *port_of_device(dev_t device)
{
	const char *links = getenv("FF_SHIM_LINK");
	while (links && *links) {
		size_t size = strcspn(links, ":");
		struct port *port = port_of_link(links, size);
		struct stat info;
		if (port && stat(port->link, &info) == 0 && S_ISCHR(info.st_mode) && port->device != info.st_rdev) {
			port->device = info.st_rdev; /* plugged in anew */
			port->opens = 0;
			port->bits = 0;
		}
		if (port && port->device == device) {
			return port;
		}
		links += size + (links[size] == ':');
	}
	return NULL;
}

static struct port *port_of_fd(int fd)
{
	struct stat info;
	if (fstat(fd, &info) < 0 || !S_ISCHR(info.st_mode)) {
		return NULL;
	}
	return port_of_device(info.st_rdev);
}

/* The port whose entry in sysfs this would be. */
static struct port *port_of_sysfs(const char *path)
{
	char device[64];
	struct stat info;
	if (strncmp(path, SYSFS "pts/", strlen(SYSFS "pts/")) != 0) {
		return NULL;
	}
	snprintf(device, sizeof(device), "/dev/%s", path + strlen(SYSFS));
	return stat(device, &info) == 0 ? port_of_device(info.st_rdev) : NULL;
}

static bool is_listed(const char *path)
{
	int saved = errno;
	pthread_mutex_lock(&mutex);
	bool listed = port_of_sysfs(path) != NULL;
	pthread_mutex_unlock(&mutex);
	errno = saved;
	return listed;
}

/* ---- the control lines ---- */

static void tell(const struct port *port)
{
	static const struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char text[2] = { port->bits & TIOCM_DTR ? '1' : '0', port->bits & TIOCM_RTS ? '1' : '0' };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s.lines", port->link);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	/* Without a listener there is nobody whom it could matter to. */
	(void)sendto(fd, text, sizeof(text), MSG_NOSIGNAL, (const struct sockaddr *)&address, sizeof(address));
	syscall(SYS_close, fd);
}

static void set_lines(struct port *port, int bits)
{
	bits &= TIOCM_DTR | TIOCM_RTS;
	if (bits != port->bits) {
		port->bits = bits;
		tell(port);
	}
}

static bool has_hupcl(int fd)
{
	struct termios settings;
	return tcgetattr(fd, &settings) == 0 && (settings.c_cflag & HUPCL);
}

static void set_hupcl(int fd)
{
	struct termios settings;
	if (tcgetattr(fd, &settings) == 0) {
		settings.c_cflag |= HUPCL;
		tcsetattr(fd, TCSANOW, &settings);
	}
}

static int modem_ioctl(struct port *port, unsigned long request, int *bits)
{
	switch (request) {
	case TIOCMGET:
		*bits = port->bits | TIOCM_CTS | TIOCM_DSR;
		break;
	case TIOCMSET:
		set_lines(port, *bits);
		break;
	case TIOCMBIS:
		set_lines(port, port->bits | *bits);
		break;
	case TIOCMBIC:
		set_lines(port, port->bits & ~*bits);
		break;
	}
	return 0;
}

/* ---- what is interposed ---- */

static int opened(int fd)
{
	int saved = errno;
	pthread_mutex_lock(&mutex);
	struct port *port = fd < 0 ? NULL : port_of_fd(fd);
	if (port) {
		if (port->opens++ == 0) {
			set_hupcl(fd);
		}
		set_lines(port, TIOCM_DTR | TIOCM_RTS);
	}
	pthread_mutex_unlock(&mutex);
	errno = saved;
	return fd;
}

static int open_with_mode(const char *path, int flags, va_list args)
{
	mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
	return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	int fd = open_with_mode(path, flags, args);
	va_end(args);
	return fd;
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	int fd = open_with_mode(path, flags, args);
	va_end(args);
	return fd;
}

int __open_2(const char *path, int flags);

int __open_2(const char *path, int flags)
{
	return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, 0));
}

int __open64_2(const char *path, int flags);

int __open64_2(const char *path, int flags)
{
	return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, 0));
}

int close(int fd)
{
	int saved = errno;
	pthread_mutex_lock(&mutex);
	struct port *port = port_of_fd(fd);
	if (port && port->opens > 0 && --port->opens == 0 && has_hupcl(fd)) {
		set_lines(port, 0);
	}
	pthread_mutex_unlock(&mutex);
	errno = saved;
	return (int)syscall(SYS_close, fd);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	va_start(args, request);
	void *argument = va_arg(args, void *);
	va_end(args);
	if (request == TIOCMGET || request == TIOCMSET || request == TIOCMBIS || request == TIOCMBIC) {
		int saved = errno;
		pthread_mutex_lock(&mutex);
		struct port *port = port_of_fd(fd);
		int outcome = port ? modem_ioctl(port, request, argument) : -1;
		pthread_mutex_unlock(&mutex);
		errno = saved;
		if (outcome == 0) {
			return 0;
		}
	}
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

static int link_stat(const char *path, struct stat *info)
{
	if (is_listed(path)) {
		*info = (struct stat){ .st_mode = S_IFLNK | 0777 };
		return 0;
	}
	return fstatat(AT_FDCWD, path, info, AT_SYMLINK_NOFOLLOW);
}

int lstat(const char *path, struct stat *info)
{
	return link_stat(path, info);
}

/* What lstat() was to programs linked before glibc 2.33, as Debian's libserialport is. */
int __lxstat(int version, const char *path, struct stat *info);

int __lxstat(int version, const char *path, struct stat *info)
{
	(void)version;
	return link_stat(path, info);
}

ssize_t readlink(const char *path, char *target, size_t capacity)
{
	if (is_listed(path)) {
		size_t size = strlen(SYSFS_TARGET) < capacity ? strlen(SYSFS_TARGET) : capacity;
		memcpy(target, SYSFS_TARGET, size);
		return (ssize_t)size;
	}
	return syscall(SYS_readlink, path, target, capacity);
}
