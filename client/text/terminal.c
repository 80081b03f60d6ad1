// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MIN_WIDTH 20
#define USUAL_WIDTH 80

bool ff_terminal_can_redraw(FILE *stream)
{
	const char *term = getenv("TERM");

	return isatty(fileno(stream)) && (term == NULL || strcmp(term, "dumb") != 0);
}

unsigned ff_terminal_width(FILE *stream)
{
	struct winsize size;

	if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
		return USUAL_WIDTH;
	}
	return size.ws_col < MIN_WIDTH ? MIN_WIDTH : size.ws_col;
}

bool ff_terminal_has_colour(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");

	return ff_terminal_can_redraw(stream) && (no_color == NULL || no_color[0] == '\0');
}

bool ff_terminal_raw_enter(struct ff_terminal_raw *raw, int fd)
{
	struct termios mode;

	*raw = (struct ff_terminal_raw){ .fd = fd };
	/* The shell would stop a job in the background that changes the terminal. */
	if (!isatty(fd) || tcgetpgrp(fd) != getpgrp() || tcgetattr(fd, &raw->before) != 0) {
		return false;
	}
	mode = raw->before;
	mode.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP | INPCK);
	mode.c_oflag |= OPOST | ONLCR; /* for lines that end in LF alone */
	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN | ISIG);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	raw->active = tcsetattr(fd, TCSANOW, &mode) == 0;
	return raw->active;
}

void ff_terminal_raw_leave(struct ff_terminal_raw *raw)
{
	if (raw->active) {
		tcsetattr(raw->fd, TCSANOW, &raw->before);
		raw->active = false;
	}
}
