// SPDX-License-Identifier: Apache-2.0
#include "errands.h"

#include <pthread.h>
#include <stdlib.h>

#include "reply.h"
#include "request.h"
#include "thread.h"

/* Each waits for its own change, so this is also how many changes share a wait for the disk. */
#define THREADS 16
#define STACK_SIZE ((size_t)256 * 1024)

struct ff_errands {
	struct ff_waker *waker;
	pthread_t threads[THREADS];
	size_t thread_count;

	/* Behind the mutex. */
	pthread_mutex_t mutex;
	pthread_cond_t work;
	pthread_cond_t done;
	struct ff_request *first; /* those that wait */
	struct ff_request *last;
	bool quit;
};

/* Under the mutex, which it gives up meanwhile. */
static void do_first(struct ff_errands *errands)
{
	struct ff_request *request = errands->first;
	struct ff_errand *errand = &request->errand;
	errands->first = errand->next;
	pthread_mutex_unlock(&errands->mutex);
	errand->work(request, errand->context);
	pthread_mutex_lock(&errands->mutex);
	/* From here on the request may be gone. */
	atomic_store(&errand->done, true);
	pthread_cond_broadcast(&errands->done);
	ff_waker_kick(errands->waker);
}

static void *serve(void *argument)
{
	struct ff_errands *errands = argument;
	pthread_mutex_lock(&errands->mutex);
	while (errands->first || !errands->quit) {
		if (errands->first) {
			do_first(errands);
		} else {
			pthread_cond_wait(&errands->work, &errands->mutex);
		}
	}
	pthread_mutex_unlock(&errands->mutex);
	return NULL;
}

struct ff_errands *ff_errands_new(struct ff_waker *waker)
{
	struct ff_errands *errands = calloc(1, sizeof(*errands));
	if (!errands) {
		return NULL;
	}
	errands->waker = waker;
	pthread_mutex_init(&errands->mutex, NULL);
	pthread_cond_init(&errands->work, NULL);
	pthread_cond_init(&errands->done, NULL);
	while (errands->thread_count < THREADS && ff_thread_start(&errands->threads[errands->thread_count], "ff-errand",
								  STACK_SIZE, serve, errands) == 0) {
		errands->thread_count++;
	}
	if (errands->thread_count < THREADS) {
		ff_errands_free(errands);
		return NULL;
	}
	return errands;
}

void ff_errands_free(struct ff_errands *errands)
{
	if (!errands) {
		return;
	}
	pthread_mutex_lock(&errands->mutex);
	errands->quit = true;
	pthread_cond_broadcast(&errands->work);
	pthread_mutex_unlock(&errands->mutex);
	for (size_t i = 0; i < errands->thread_count; i++) {
		pthread_join(errands->threads[i], NULL);
	}
	pthread_cond_destroy(&errands->done);
	pthread_cond_destroy(&errands->work);
	pthread_mutex_destroy(&errands->mutex);
	free(errands);
}

static int64_t due_when_done(void *context, int64_t now_us)
{
	const struct ff_request *request = context;
	return atomic_load(&request->errand.done) ? now_us : FF_WAKER_NEVER;
}

enum MHD_Result ff_errand_run(struct ff_request *request, ff_errand_function work, void *context)
{
	struct ff_errands *errands = request->http->errands;
	struct ff_errand *errand = &request->errand;
	errand->work = work;
	errand->context = context;
	errand->next = NULL;
	atomic_store(&errand->done, false);
	pthread_mutex_lock(&errands->mutex);
	*(errands->first ? &errands->last->errand.next : &errands->first) = request;
	errands->last = request;
	pthread_cond_signal(&errands->work);
	pthread_mutex_unlock(&errands->mutex);
	if (ff_request_park(request, due_when_done)) {
		return MHD_YES;
	}
	/* The server stops, and what has been begun is still answered. */
	ff_errand_wait(request);
	return request->problem.http_status ? ff_reply_problem(request) : request->handler->answer(request);
}

void ff_errand_wait(struct ff_request *request)
{
	struct ff_errands *errands = request->http->errands;
	if (!request->errand.work || atomic_load(&request->errand.done)) {
		return;
	}
	pthread_mutex_lock(&errands->mutex);
	while (!atomic_load(&request->errand.done)) {
		pthread_cond_wait(&errands->done, &errands->mutex);
	}
	pthread_mutex_unlock(&errands->mutex);
}
