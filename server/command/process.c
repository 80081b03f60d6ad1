// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#define DESCRIPTORS 4096
#define MALLOC_ARENAS 2 /* one more costs more memory than a few threads can gain */
/* What is at least so large goes back to the system when it is freed: the buffers of a job should not stay behind it. */
#define MALLOC_OWN_PAGES (8 * 1024)

/* All the connections that HTTP and the boards' ports admit need more descriptors than many systems give at first. */
static void allow_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
		(void)!setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* All threads inherit the mask, so the signals arrive at sigwait() in main() alone. */
static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* where it is ignored, nobody learns how a power hook's program ended */
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is one more full disk */
}

void ff_process_prepare(sigset_t *signals)
{
	allow_descriptors();
	block_signals(signals);
	mallopt(M_ARENA_MAX, MALLOC_ARENAS);
	mallopt(M_MMAP_THRESHOLD, MALLOC_OWN_PAGES);
}
