// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "options.h"

/* A descriptor that polls readable once SIGTERM or SIGINT has come. */
static int open_stop_fd(void)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0) {
		return -1;
	}
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct ff_options options;
	ff_options_parse(&options, argc, argv);
	int stop_fd = open_stop_fd();
	if (stop_fd < 0) {
		perror("farflash-board");
		return EXIT_FAILURE;
	}
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_board_run(&options.board, stop_fd, stdout, &error);
	close(stop_fd);
	if (status != FF_OK) {
		fprintf(stderr, "farflash-board: %s.\n", error.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
