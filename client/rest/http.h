// SPDX-License-Identifier: Apache-2.0
/* One HTTP request after the other to one server: libcurl behind a narrow door, nothing of it shows here. Every wait
 * has a deadline, and the caller is asked several times a second whether to go on. Belongs to one thread; connections are
 * kept between requests. */
#ifndef FF_CLIENT_HTTP_H
#define FF_CLIENT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>

#include "buf.h"

struct ff_http;

/* A file, or bytes in memory, as one part of a multipart form; all pointers are borrowed. */
struct ff_http_part {
	char name[16];
	const char *file_name; /* as the server is told; NULL: the content is a value and no file */
	const char *path;      /* NULL: the content is `bytes` */
	const uint8_t *bytes;
	size_t size; /* of the bytes */
};

struct ff_http_response {
	long status; /* 0 until the headers are there */
	struct ff_buf body;
	bool refused; /* the sink asked to stop */
};

struct ff_http_request {
	const char *method;               /* "GET", "POST", "DELETE" */
	const char *path;                 /* with its query: "/api/v1/jobs?board=lab1" */
	const char *accept;               /* may be NULL */
	bool respond_async;               /* Prefer: respond-async */
	const struct ff_http_part *parts; /* sent as a form, never copied as a whole; NULL for none */
	size_t part_count;
	const void *body; /* sent as it is when there are no parts; NULL for none */
	size_t body_size;
	uint32_t deadline_ms; /* for the whole request, 0 for none */
	uint32_t quiet_ms;    /* for a pause in which no byte moves, 0 for none */
	/* Takes the body of a 2xx response as it comes; false ends the request. NULL: it is collected in response.body,
	 * which also holds the body of every other response. */
	bool (*sink)(void *context, const char *bytes, size_t size);
	/* Asked at least five times a second, with the upload's progress; false ends the request. May be NULL. */
	bool (*go_on)(void *context, uint64_t sent, uint64_t to_send);
	void *context;
	int wake_fd; /* go_on is asked as soon as this can be read; 0 or less for none but the clock */
};

enum ff_http_end {
	FF_HTTP_ANSWERED,  /* response.status says how */
	FF_HTTP_STOPPED,   /* by go_on or the sink */
	FF_HTTP_TIMED_OUT, /* deadline or pause */
	FF_HTTP_NO_SERVER, /* no connection could be made */
	FF_HTTP_BROKEN,    /* the connection was lost */
	FF_HTTP_ALIEN,     /* what came is no HTTP */
	FF_HTTP_BAD_FILE,  /* a part cannot be read */
	FF_HTTP_TOO_LARGE, /* the response is past its cap */
};

/* `server` is a URL, or HOST[:PORT] with port 8217. NULL if it is neither or without memory. `log` may be NULL and must
 * outlive the handle. */
struct ff_http *ff_http_open(const char *server, const struct ff_log *log);

/* Shows the server a token, and takes its certificate only if one of these (a file of PEM) stands for it. Both are copied; NULL
 * for none, and for those of the system. Once at most, before the first request. False: out of memory. */
bool ff_http_identify(struct ff_http *http, const char *token, const char *cacert);

/* The token; NULL for none. Valid until close. */
const char *ff_http_token(const struct ff_http *http);

void ff_http_close(struct ff_http *http);

/* The server's URL without a slash at its end. Valid until close. */
const char *ff_http_url(const struct ff_http *http);

/* Whether the server is on this machine. */
bool ff_http_is_loopback(const struct ff_http *http);

/* What libcurl says of the last request that did not get FF_HTTP_ANSWERED. Never NULL. */
const char *ff_http_reason(const struct ff_http *http);

/* Runs one request. `response` is filled from zero and to be released with ff_http_response_release() whatever the
 * end. */
enum ff_http_end ff_http_perform(struct ff_http *http, const struct ff_http_request *request,
				 struct ff_http_response *response);

void ff_http_response_release(struct ff_http_response *response);

/* A path with one part percent-encoded: prefix + NAME + suffix. To be freed; NULL without memory. */
char *ff_http_path(const char *prefix, const char *name, const char *suffix);

#endif
