// SPDX-License-Identifier: Apache-2.0
/* The command line. One thread. */
#ifndef FF_VB_OPTIONS_H
#define FF_VB_OPTIONS_H

#include "board.h"

#define FF_OPTIONS_PATH_SIZE 4096

/* What the options point into. */
struct ff_options {
	struct ff_board_options board;
	char stub_dir[FF_OPTIONS_PATH_SIZE];
	char app_text[128];
};

/* Parses the arguments. Ends the program after --help, --version and wrong usage, as argp does. */
void ff_options_parse(struct ff_options *options, int argc, char **argv);

#endif
