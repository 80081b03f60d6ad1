// SPDX-License-Identifier: Apache-2.0
#include "thread.h"

int ff_thread_start(pthread_t *thread, const char *name, size_t stack_size, void *(*run)(void *), void *argument)
{
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, stack_size);
	int failed = pthread_create(thread, &attributes, run, argument);
	pthread_attr_destroy(&attributes);
	if (!failed) {
		pthread_setname_np(*thread, name);
	}
	return failed;
}
