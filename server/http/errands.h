// SPDX-License-Identifier: Apache-2.0
/* What requests have to wait for while a disk writes, done by threads of its own: libmicrohttpd's few threads, which serve
 * everybody, never wait for a disk. Errands are begun in the order in which they came, and several at a time, so that the
 * database can make all of their changes in one go.
 *
 * new/free; any thread, each request one errand at a time. */
#ifndef FF_HTTP_ERRANDS_H
#define FF_HTTP_ERRANDS_H

#include <stdatomic.h>

#include <microhttpd.h>

struct ff_errands;
struct ff_request;
struct ff_waker;

/* What is to be done for a request. It may use all of the request, but not answer it: that is for the handler's answer(),
 * which is called again afterwards, unless it has set the request's problem. */
typedef void (*ff_errand_function)(struct ff_request *request, void *context);

/* A request's errand. Embedded in it, zero at first. */
struct ff_errand {
	ff_errand_function work; /* NULL: there was none */
	void *context;
	atomic_bool done;
	struct ff_request *next; /* the errands' */
};

/* Starts the threads. The waker is kicked whenever an errand is done, and must outlive this. NULL: no memory or thread left. */
struct ff_errands *ff_errands_new(struct ff_waker *waker);

/* Does what waits, and ends the threads. NULL is harmless. */
void ff_errands_free(struct ff_errands *errands);

/* For a handler's answer(), whose answer this is: has the work done while the connection is parked. */
enum MHD_Result ff_errand_run(struct ff_request *request, ff_errand_function work, void *context);

/* Waits for the request's errand, if it has one that is not done. Before the request is answered, and before it is freed: when the
 * server stops, it is resumed early. */
void ff_errand_wait(struct ff_request *request);

#endif
