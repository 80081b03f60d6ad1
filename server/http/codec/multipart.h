// SPDX-License-Identifier: Apache-2.0
/* A strict, streaming parser of multipart/form-data (RFC 7578, on top of RFC 2046 section 5.1).
 *
 * It takes the body in pieces of any size and hands out events; it does no I/O, allocates nothing, and its answers do
 * not depend on where the pieces are cut. Anything that a form by the book does not have is refused with its own text:
 * guessing could flash the wrong bytes. libmicrohttpd's post processor skips what it does not understand, and
 * cannot be tested without a connection. Plain value; one thread. */
#ifndef FF_HTTP_MULTIPART_H
#define FF_HTTP_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_MULTIPART_MAX_BOUNDARY 70 /* RFC 2046 */
#define FF_MULTIPART_LINE_SIZE 1024  /* one header line of a part */
#define FF_MULTIPART_MAX_HEADERS 16  /* per part */
#define FF_MULTIPART_NAME_SIZE 256

enum ff_multipart_event_kind {
	FF_MULTIPART_MORE,     /* the piece is used up */
	FF_MULTIPART_PART,     /* a part begins; name and file name are in struct ff_multipart */
	FF_MULTIPART_DATA,     /* some of its content */
	FF_MULTIPART_PART_END, /* its content is complete */
};

struct ff_multipart_event {
	enum ff_multipart_event_kind kind;
	const uint8_t *bytes; /* of FF_MULTIPART_DATA: in the piece or in the parser, valid until the next call */
	size_t size;
};

struct ff_multipart {
	/* Of the part at hand, as sent, with the escapes of its quotes removed. */
	char name[FF_MULTIPART_NAME_SIZE];
	char filename[FF_MULTIPART_NAME_SIZE];
	bool has_filename;
	unsigned parts; /* begun so far */

	/* The parser's. */
	unsigned max_parts;
	int state;
	char delimiter[FF_MULTIPART_MAX_BOUNDARY + 5]; /* CR LF - - boundary */
	size_t delimiter_size;
	size_t matched; /* bytes of the delimiter that the input so far ends with */
	size_t implied; /* of those, the first ones that no byte of content stands for */
	bool has_name;
	bool has_disposition;
	unsigned headers;
	char line[FF_MULTIPART_LINE_SIZE];
	size_t line_size;
};

/* Begins a form with the boundary in the value of a Content-Type header. FF_ERR_FORMAT: it is not
 * multipart/form-data, or the boundary is missing or malformed. */
FF_WARN_UNUSED enum ff_status ff_multipart_init(struct ff_multipart *form, const char *content_type, unsigned max_parts,
						struct ff_error *error);

/* The next event of the piece at `*bytes`, which is moved on; call it until it answers FF_MULTIPART_MORE.
 * FF_ERR_FORMAT: the form is malformed, and the parser is of no use any more. */
FF_WARN_UNUSED enum ff_status ff_multipart_next(struct ff_multipart *form, const uint8_t **bytes, size_t *size,
						struct ff_multipart_event *event, struct ff_error *error);

/* To be asked after the last piece. FF_ERR_FORMAT: the closing boundary is missing, or the form has no part. */
FF_WARN_UNUSED enum ff_status ff_multipart_finish(const struct ff_multipart *form, struct ff_error *error);

#endif
