// SPDX-License-Identifier: Apache-2.0
#include "multipart.h"

#include <ctype.h>
#include <string.h>

#include "header.h"

enum state {
	PREAMBLE,
	AFTER_DELIMITER,
	AFTER_DASH,    /* the first of the two that close the form */
	AFTER_PADDING, /* blanks behind the boundary */
	AFTER_CR,
	HEADERS,
	CONTENT,
	EPILOGUE,
};

#define DELIMITER_PREFIX "\r\n--"

static enum ff_status refuse(struct ff_error *error, const struct ff_multipart *form, const char *what)
{
	return ff_error_set(error, FF_ERR_FORMAT, "part %u of the form: %s", form->parts + (form->state == HEADERS),
			    what);
}

static bool is_boundary(const char *text)
{
	size_t size = strlen(text);
	if (size == 0 || size > FF_MULTIPART_MAX_BOUNDARY || text[size - 1] == ' ') {
		return false;
	}
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && !strchr("'()+_,-./:=? ", *text)) {
			return false;
		}
	}
	return true;
}

enum ff_status ff_multipart_init(struct ff_multipart *form, const char *content_type, unsigned max_parts,
				 struct ff_error *error)
{
	const char *at = content_type;
	size_t type = strcspn(at, "; \t");
	if (!ff_header_equals(at, type, "multipart/form-data")) {
		return ff_error_set(error, FF_ERR_FORMAT, "the content type is not multipart/form-data");
	}
	at += type;
	char boundary[FF_MULTIPART_MAX_BOUNDARY + 1] = "";
	char value[FF_MULTIPART_MAX_BOUNDARY + 2];
	const char *name;
	size_t name_size;
	enum ff_header_param taken;
	while ((taken = ff_header_take_param(&at, &name, &name_size, value, sizeof(value))) == FF_HEADER_PARAM) {
		if (!ff_header_equals(name, name_size, "boundary")) {
			continue;
		}
		if (boundary[0] || !is_boundary(value)) {
			taken = FF_HEADER_BAD;
			break;
		}
		memcpy(boundary, value, strlen(value) + 1);
	}
	if (taken == FF_HEADER_BAD || !boundary[0]) {
		return ff_error_set(error, FF_ERR_FORMAT, "the content type of the form has %s boundary",
				    taken == FF_HEADER_BAD ? "a malformed" : "no");
	}
	memset(form, 0, sizeof(*form));
	form->max_parts = max_parts;
	form->delimiter_size = strlen(DELIMITER_PREFIX) + strlen(boundary);
	memcpy(form->delimiter, DELIMITER_PREFIX, strlen(DELIMITER_PREFIX));
	memcpy(form->delimiter + strlen(DELIMITER_PREFIX), boundary, strlen(boundary));
	/* The line break of a delimiter at the very beginning is implied. */
	form->matched = form->implied = 2;
	form->state = PREAMBLE;
	return FF_OK;
}

static void advance(const uint8_t **bytes, size_t *size, size_t count)
{
	*bytes += count;
	*size -= count;
}

/* Goes on with a delimiter of which `matched` bytes have been seen. If it is none after all, those bytes were content.
 * A boundary holds no CR, so no other delimiter can begin inside of them. */
static bool continue_delimiter(struct ff_multipart *form, const uint8_t **bytes, size_t *size,
			       struct ff_multipart_event *event)
{
	while (*size > 0 && form->matched < form->delimiter_size &&
	       **bytes == (uint8_t)form->delimiter[form->matched]) {
		form->matched++;
		advance(bytes, size, 1);
	}
	if (form->matched == form->delimiter_size) {
		return true;
	}
	if (*size > 0) {
		*event = (struct ff_multipart_event){ FF_MULTIPART_DATA,
						      (const uint8_t *)form->delimiter + form->implied,
						      form->matched - form->implied };
		form->matched = form->implied = 0;
	}
	return false;
}

/* Bytes at the end of the piece that may begin a delimiter. */
static size_t count_begun(const struct ff_multipart *form, const uint8_t *bytes, size_t size)
{
	size_t window = size < form->delimiter_size - 1 ? size : form->delimiter_size - 1;
	const uint8_t *cr = memrchr(bytes + size - window, '\r', window);
	size_t begun = cr ? (size_t)(bytes + size - cr) : 0;
	return begun > 0 && memcmp(cr, form->delimiter, begun) == 0 ? begun : 0;
}

/* Looks for the next delimiter. True: it is there and the input stands behind it. False: `event` holds content, or
 * nothing if more input is needed. */
static bool find_delimiter(struct ff_multipart *form, const uint8_t **bytes, size_t *size,
			   struct ff_multipart_event *event)
{
	if (form->matched > 0) {
		return continue_delimiter(form, bytes, size, event);
	}
	const uint8_t *found = memmem(*bytes, *size, form->delimiter, form->delimiter_size);
	size_t content = found ? (size_t)(found - *bytes) : *size - count_begun(form, *bytes, *size);
	if (content > 0) {
		*event = (struct ff_multipart_event){ FF_MULTIPART_DATA, *bytes, content };
		advance(bytes, size, content);
		return false;
	}
	return continue_delimiter(form, bytes, size, event);
}

static enum ff_status read_separator(struct ff_multipart *form, uint8_t byte, struct ff_error *error)
{
	if (form->state == AFTER_DELIMITER && byte == '-') {
		form->state = AFTER_DASH;
	} else if (form->state == AFTER_DASH && byte == '-') {
		form->state = EPILOGUE;
	} else if (form->state == AFTER_CR && byte == '\n') {
		form->state = HEADERS;
		form->headers = 0;
		form->line_size = 0;
		form->name[0] = form->filename[0] = 0;
		form->has_name = form->has_filename = form->has_disposition = false;
	} else if ((form->state == AFTER_DELIMITER || form->state == AFTER_PADDING) && byte == '\r') {
		form->state = AFTER_CR;
	} else if ((form->state == AFTER_DELIMITER || form->state == AFTER_PADDING) && (byte == ' ' || byte == '\t')) {
		form->state = AFTER_PADDING;
	} else {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "a boundary line of the form (after part %u) ends neither with CR LF nor with --",
				    form->parts);
	}
	return FF_OK;
}

static enum ff_status read_disposition(struct ff_multipart *form, const char *at, struct ff_error *error)
{
	if (form->has_disposition) {
		return refuse(error, form, "it has two Content-Disposition headers");
	}
	form->has_disposition = true;
	const char *type = at;
	if (!ff_header_equals(type, ff_header_take_token(&at), "form-data")) {
		return refuse(error, form, "its Content-Disposition is not form-data");
	}
	char value[FF_MULTIPART_NAME_SIZE];
	const char *name;
	size_t name_size;
	enum ff_header_param taken;
	while ((taken = ff_header_take_param(&at, &name, &name_size, value, sizeof(value))) == FF_HEADER_PARAM) {
		bool is_name = ff_header_equals(name, name_size, "name");
		bool is_filename = ff_header_equals(name, name_size, "filename");
		if ((is_name && form->has_name) || (is_filename && form->has_filename)) {
			return refuse(error, form, "its Content-Disposition gives the same parameter twice");
		}
		if (is_name) {
			memcpy(form->name, value, strlen(value) + 1);
			form->has_name = true;
		} else if (is_filename) {
			memcpy(form->filename, value, strlen(value) + 1);
			form->has_filename = true;
		}
	}
	return taken == FF_HEADER_BAD ? refuse(error, form, "its Content-Disposition is malformed or too long") : FF_OK;
}

/* Encodings that change nothing. RFC 7578 deprecates the header, but a base64 part must not be flashed as it is. */
static bool is_plain_encoding(const char *value)
{
	size_t size = strcspn(value, " \t");
	return ff_header_equals(value, size, "binary") || ff_header_equals(value, size, "8bit") ||
	       ff_header_equals(value, size, "7bit");
}

static enum ff_status read_header(struct ff_multipart *form, struct ff_error *error)
{
	if (++form->headers > FF_MULTIPART_MAX_HEADERS) {
		return refuse(error, form, "it has too many headers");
	}
	const char *at = form->line;
	size_t name = ff_header_take_token(&at);
	if (name == 0 || *at != ':') {
		return refuse(error, form, "one of its header lines is malformed");
	}
	at++;
	ff_header_skip_blanks(&at);
	if (ff_header_equals(form->line, name, "content-disposition")) {
		return read_disposition(form, at, error);
	}
	if (ff_header_equals(form->line, name, "content-transfer-encoding") && !is_plain_encoding(at)) {
		return refuse(error, form, "it has a Content-Transfer-Encoding; send the plain bytes");
	}
	return FF_OK;
}

/* Collects a header line. `*complete` is set when the line stands in `form->line`. */
static enum ff_status read_line(struct ff_multipart *form, const uint8_t **bytes, size_t *size, bool *complete,
				struct ff_error *error)
{
	const uint8_t *lf = memchr(*bytes, '\n', *size);
	size_t count = lf ? (size_t)(lf - *bytes) + 1 : *size;
	if (count > sizeof(form->line) - form->line_size) {
		return refuse(error, form, "one of its header lines is too long");
	}
	memcpy(form->line + form->line_size, *bytes, count);
	form->line_size += count;
	advance(bytes, size, count);
	*complete = lf != NULL;
	if (!lf) {
		return FF_OK;
	}
	if (form->line_size < 2 || form->line[form->line_size - 2] != '\r') {
		return refuse(error, form, "one of its header lines ends with LF instead of CR LF");
	}
	form->line_size -= 2;
	form->line[form->line_size] = 0;
	for (size_t i = 0; i < form->line_size; i++) {
		unsigned char c = (unsigned char)form->line[i];
		if ((c < ' ' && c != '\t') || c == 0x7F) {
			return refuse(error, form, "one of its header lines holds a control character");
		}
	}
	return FF_OK;
}

static enum ff_status begin_part(struct ff_multipart *form, struct ff_error *error)
{
	if (!form->has_name) {
		return refuse(error, form, "it has no name");
	}
	if (form->parts == form->max_parts) {
		return ff_error_set(error, FF_ERR_FORMAT, "the form has more than %u parts", form->max_parts);
	}
	form->parts++;
	form->state = CONTENT;
	/* The line break that ends the headers may be that of the delimiter: a part without content. */
	form->matched = form->implied = 2;
	return FF_OK;
}

static enum ff_status read_headers(struct ff_multipart *form, const uint8_t **bytes, size_t *size,
				   struct ff_multipart_event *event, struct ff_error *error)
{
	bool complete = false;
	enum ff_status status = read_line(form, bytes, size, &complete, error);
	if (status != FF_OK || !complete) {
		return status;
	}
	bool blank = form->line_size == 0;
	form->line_size = 0;
	if (!blank) {
		return read_header(form, error);
	}
	status = begin_part(form, error);
	if (status == FF_OK) {
		event->kind = FF_MULTIPART_PART;
	}
	return status;
}

/* One step. An event of kind FF_MULTIPART_MORE means only that there is none yet. */
static enum ff_status step(struct ff_multipart *form, const uint8_t **bytes, size_t *size,
			   struct ff_multipart_event *event, struct ff_error *error)
{
	switch (form->state) {
	case PREAMBLE:
		if (find_delimiter(form, bytes, size, event)) {
			form->state = AFTER_DELIMITER;
		}
		event->kind = FF_MULTIPART_MORE;
		return FF_OK;
	case HEADERS:
		return read_headers(form, bytes, size, event, error);
	case CONTENT:
		if (find_delimiter(form, bytes, size, event)) {
			form->state = AFTER_DELIMITER;
			event->kind = FF_MULTIPART_PART_END;
		}
		return FF_OK;
	case EPILOGUE:
		advance(bytes, size, *size);
		return FF_OK;
	default: {
		uint8_t byte = **bytes;
		advance(bytes, size, 1);
		return read_separator(form, byte, error);
	}
	}
}

enum ff_status ff_multipart_next(struct ff_multipart *form, const uint8_t **bytes, size_t *size,
				 struct ff_multipart_event *event, struct ff_error *error)
{
	struct ff_multipart_event next = { .kind = FF_MULTIPART_MORE };
	while (*size > 0 && next.kind == FF_MULTIPART_MORE) {
		next = (struct ff_multipart_event){ .kind = FF_MULTIPART_MORE };
		enum ff_status status = step(form, bytes, size, &next, error);
		if (status != FF_OK) {
			return status;
		}
		if (next.kind == FF_MULTIPART_DATA && next.size == 0) {
			next.kind = FF_MULTIPART_MORE;
		}
	}
	*event = next;
	return FF_OK;
}

enum ff_status ff_multipart_finish(const struct ff_multipart *form, struct ff_error *error)
{
	if (form->state != EPILOGUE) {
		return ff_error_set(
			error, FF_ERR_FORMAT,
			"the form ends without its closing boundary: the upload was cut off, or the boundary "
			"is not the one of the Content-Type header");
	}
	if (form->parts == 0) {
		return ff_error_set(error, FF_ERR_FORMAT, "the form has no parts");
	}
	return FF_OK;
}
