// SPDX-License-Identifier: Apache-2.0
/* A thread with a name, for who looks at the process, and a stack of its own size. Any thread. */
#ifndef FF_BASE_THREAD_H
#define FF_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* Starts a thread. `name` has at most 15 characters; `stack_size` is in bytes. 0, or the errno of why it cannot be. */
int ff_thread_start(pthread_t *thread, const char *name, size_t stack_size, void *(*run)(void *), void *argument);

#endif
