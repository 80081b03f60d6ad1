// SPDX-License-Identifier: Apache-2.0
/* The connections that are open, and how long each may take: one that dawdles over its headers, or its body, holds a place that
 * others want. A thread looks once a second. Where nearly all places are taken, by all or by one address, each newcomer's is that
 * of whoever has been waited for the longest; so whoever asks at once is served, however many dawdle. new/free; the rest from
 * libmicrohttpd's threads. */
#ifndef FF_HTTP_CALLERS_H
#define FF_HTTP_CALLERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_CALLERS_BODY_PIECE 65536 /* bytes of a body that have to come in the time for one */
#define FF_CALLERS_ADDRESSES 1024   /* whose rate is remembered; the one that asked first is forgotten first */

struct ff_callers;
struct ff_caller; /* a connection */

struct ff_callers_limits {
	uint32_t header_timeout_s; /* from the connection, or the last answer, to the end of the headers */
	uint32_t body_timeout_s;   /* for each FF_CALLERS_BODY_PIECE of a body */
	uint32_t max_connections;  /* that libmicrohttpd lets in, like the next one; 0: any number */
	uint32_t max_connections_per_address;
	uint32_t max_rate; /* requests a second of one address, twice as many at once; 0: any */
};

/* NULL: out of memory or threads. */
struct ff_callers *ff_callers_new(const struct ff_callers_limits *limits);

/* All connections are closed. NULL is harmless. */
void ff_callers_free(struct ff_callers *callers);

/* A connection begins; NULL, which is harmless below: out of memory. */
struct ff_caller *ff_callers_add(struct ff_callers *callers, int fd);

/* It ends: its descriptor is not touched any more after the return. */
void ff_callers_remove(struct ff_callers *callers, struct ff_caller *caller);

/* Its headers are there. False: too many requests have come from its address. */
bool ff_callers_begin(struct ff_callers *callers, struct ff_caller *caller, bool has_body);

/* So much of the body has come; 0: all of it. */
void ff_callers_body(struct ff_callers *callers, struct ff_caller *caller, size_t size);

/* It is a WebSocket now, which the bridge looks after. */
void ff_callers_let_go(struct ff_callers *callers, struct ff_caller *caller);

/* The request has ended, and the next one may come. */
void ff_callers_end(struct ff_callers *callers, struct ff_caller *caller);

#endif
