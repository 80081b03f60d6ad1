// SPDX-License-Identifier: Apache-2.0
/* Makes a pty look like a serial port of the kernel, control lines included, so that the path through libserialport can
 * be tested without hardware.
 *
 *     FF_SHIM_LINK=/tmp/board LD_PRELOAD=libff_serial_shim.so farflash --port /tmp/board ...
 *
 * FF_SHIM_LINK names symbolic links to pty slaves, separated by colons. For those ports the shim
 * - answers for /sys/class/tty/pts/N, as if the port were listed there (sysfs.c),
 * - answers TIOCMGET, TIOCMSET, TIOCMBIS and TIOCMBIC, which a pty refuses,
 * - does what a serial driver does by itself: open() asserts both lines, the last close() releases them if HUPCL is set,
 *   and HUPCL is set at first.
 * Each change of the lines goes as a datagram of two characters, "<dtr><rts>" ("01": RTS asserted), to the unix socket
 * LINK.lines. Lines that one ioctl changes together travel in one datagram. Everything else is the pty's own.
 *
 *     FF_SHIM_USB=303a,1001,24:0A:C4:00:00:01,1,5,1-1.2
 *
 * gives the ports of FF_SHIM_LINK, in their order and with semicolons between, what they are on USB: vendor, product (hex),
 * serial number, bus, address, place, and behind a further comma the number of the interface (0). Such a port is also
 * /dev/ttyACMN, with the N of its slave /dev/pts/N, and is listed in /sys/class/tty. A board that takes its pty away and
 * comes back on another one so comes back under another name, and is known by serial number and place. To make sure of
 * another name, keep the old slave open.
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
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "ports.h"

/* ---- the control lines ---- */

static void tell(const struct shim_port *port)
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

static void set_lines(struct shim_port *port, int bits)
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

static int modem_ioctl(struct shim_port *port, unsigned long request, int *bits)
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
	pthread_mutex_lock(&shim_mutex);
	struct shim_port *port = fd < 0 ? NULL : shim_port_of_fd(fd);
	if (port) {
		if (port->opens++ == 0) {
			set_hupcl(fd);
		}
		set_lines(port, TIOCM_DTR | TIOCM_RTS);
	}
	pthread_mutex_unlock(&shim_mutex);
	errno = saved;
	return fd;
}

static int open_path(const char *path, int flags, mode_t mode)
{
	char real[64];
	pthread_mutex_lock(&shim_mutex);
	const char *device = shim_device_path(path, real, sizeof(real));
	pthread_mutex_unlock(&shim_mutex);
	return opened((int)syscall(SYS_openat, AT_FDCWD, device, flags, mode));
}

static int open_with_mode(const char *path, int flags, va_list args)
{
	mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
	return open_path(path, flags, mode);
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
	return open_path(path, flags, 0);
}

int __open64_2(const char *path, int flags);

int __open64_2(const char *path, int flags)
{
	return open_path(path, flags, 0);
}

int close(int fd)
{
	int saved = errno;
	pthread_mutex_lock(&shim_mutex);
	struct shim_port *port = shim_port_of_fd(fd);
	if (port && port->opens > 0 && --port->opens == 0 && has_hupcl(fd)) {
		set_lines(port, 0);
	}
	pthread_mutex_unlock(&shim_mutex);
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
		pthread_mutex_lock(&shim_mutex);
		struct shim_port *port = shim_port_of_fd(fd);
		int outcome = port ? modem_ioctl(port, request, argument) : -1;
		pthread_mutex_unlock(&shim_mutex);
		errno = saved;
		if (outcome == 0) {
			return 0;
		}
	}
	return (int)syscall(SYS_ioctl, fd, request, argument);
}
