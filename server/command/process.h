// SPDX-License-Identifier: Apache-2.0
/* What a process must have before its first thread. Main thread. */
#ifndef FF_COMMAND_PROCESS_H
#define FF_COMMAND_PROCESS_H

#include <signal.h>

/* Signals, descriptors and memory. `signals` gets those that from now on only wait for sigwait(): SIGTERM, SIGINT, SIGHUP. */
void ff_process_prepare(sigset_t *signals);

#endif
