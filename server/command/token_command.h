// SPDX-License-Identifier: Apache-2.0
/* farflashd token: makes, lists and removes the tokens of a server, which notices by itself. Main thread. */
#ifndef FF_COMMAND_TOKEN_COMMAND_H
#define FF_COMMAND_TOKEN_COMMAND_H

/* Runs it with the arguments behind "token"; the exit status. */
int ff_token_command(int argc, char **argv);

#endif
